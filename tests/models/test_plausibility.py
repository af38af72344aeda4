"""What no network knows: the elements that a prototype can have, and how far apart atoms can be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.spacegroup import crystal as in_spacegroup

from xtalprint import Crystal, from_ase, load_model
from xtalprint.defects import vacancies
from xtalprint.geometry import central_block, supercell, supercell_to, to_cluster
from xtalprint.models.answering import notice_of_distances
from xtalprint.models.presentations import random_piece
from xtalprint.models.stoichiometry import objections_of_stoichiometry
from xtalprint.prototypes.named import named_prototypes

ROOT = Path(__file__).resolve().parents[2]
BINARIES = [p for p in named_prototypes() if p.n_elements > 1]


def cubic(symbols, basis, number, a):
    return from_ase(in_spacegroup(symbols, basis, spacegroup=number, cellpar=[a, a, a, 90, 90, 90]))


CAF2 = cubic(["Ca", "F"], [(0, 0, 0), (0.25, 0.25, 0.25)], 225, 5.46)
SRTIO3 = cubic(["Sr", "Ti", "O"], [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0)], 221, 3.905)
NACL = from_ase(bulk("NaCl", "rocksalt", a=5.64, cubic=True))


@pytest.fixture(scope="module")
def model():
    return load_model("prototype")


@pytest.mark.parametrize(
    ("crystal", "message"),
    [
        (CAF2, "the elements stand in the ratio 1 : 2, those of CsCl in 1 : 1: it cannot be CsCl"),
        (supercell(CAF2, (2, 2, 2)), "the elements stand in the ratio 1 : 2, those of CsCl in 1 : 1"),
        (SRTIO3, "3 elements, and rock salt has 2: it cannot be rock salt"),
    ],
    ids=["CaF2", "box of CaF2", "SrTiO3"],
)
def test_an_answer_that_the_elements_rule_out_is_not_known(model, crystal, message):
    [answer] = model.predict(crystal)
    assert answer.known is False
    assert message in " ".join(answer.warnings)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4])
def test_random_vacancies_leave_rock_salt_known(model, share):
    box = vacancies(supercell(NACL, (3, 3, 3)), share, np.random.default_rng(0))
    [answer] = model.predict(box)
    assert (answer.prototype, answer.known, answer.warnings) == ("rock salt", True, ())


@pytest.mark.parametrize("prototype", BINARIES, ids=lambda p: p.name)
def test_cells_boxes_and_pieces_of_the_list_pass(prototype):
    crystal = prototype.crystal
    assert objections_of_stoichiometry(crystal, prototype.name) == []
    many = to_cluster(supercell_to(crystal, min_atoms=2000))
    for n_atoms in (30, 60, 250):
        assert objections_of_stoichiometry(central_block(many, n_atoms=n_atoms), prototype.name) == []
    box = supercell_to(crystal, min_atoms=100)
    for seed in range(20):
        left = vacancies(box, 0.4, np.random.default_rng(seed))
        assert objections_of_stoichiometry(left, prototype.name) == []


CDI2 = from_ase(
    in_spacegroup(
        ["Cd", "I"], [(0, 0, 0), (1 / 3, 2 / 3, 0.25)], spacegroup=164, cellpar=[4.24, 4.24, 6.84, 90, 90, 120]
    )
)
REO3 = cubic(["Re", "O"], [(0, 0, 0), (0.5, 0, 0)], 221, 3.75)


@pytest.mark.parametrize(
    ("crystal", "atoms"),
    [(CAF2, 60), (CAF2, 250), (CDI2, 100), (REO3, 60)],
    ids=["CaF2", "more CaF2", "CdI2", "ReO3"],
)
def test_a_piece_of_another_ratio_is_not_known_and_says_why(model, crystal, atoms):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        piece = (
            random_piece(crystal, atoms, rng)
            if seed % 2
            else vacancies(random_piece(crystal, 2 * atoms, rng), 0.4, rng)
        )
        [answer] = model.predict(piece)
        assert answer.known is False
        symbols, counts = np.unique(piece.symbols, return_counts=True)
        few, many = np.argsort(counts)
        message = f"the piece has {counts[few]} {symbols[few]} and {counts[many]} {symbols[many]}, 1 : "
        assert any(
            warning.startswith(message) and f"the elements of {answer.prototype} stand in 1 : 1" in warning
            for warning in answer.warnings
        )


@pytest.mark.parametrize("crystal", [CAF2, NACL], ids=["CaF2", "NaCl"])
def test_a_piece_in_a_vacuum_is_the_same_piece(model, crystal):
    piece = random_piece(crystal, 150, np.random.default_rng(0))
    middle, edges = piece.positions.mean(axis=0), np.ptp(piece.positions, axis=0) + 20
    # Across the faces of the box, as programs leave it.
    boxed = Crystal((piece.positions - middle) % edges, piece.numbers, cell=np.diag(edges))
    [alone], [in_box] = model.predict(piece), model.predict(boxed)
    assert (alone.prototype, alone.known) == (in_box.prototype, in_box.known)
    assert [w for w in in_box.warnings if not w.startswith("vacuum")] == list(alone.warnings)
    assert bool(alone.warnings) == (crystal is CAF2)


def test_a_piece_that_ends_in_one_element_all_around_keeps_its_answer(model):
    """A cube of CsCl with 125 corners and 64 centres: nearly two to one, and one to one inside."""
    cube = 4.12 * np.array(list(np.ndindex(5, 5, 5)), dtype=float)
    centres = cube[(cube < 4 * 4.12 - 1e-9).all(axis=1)] + 2.06
    [answer] = model.predict(Crystal(np.concatenate([cube, centres]), [55] * 125 + [17] * 64))
    assert (answer.prototype, answer.known, answer.warnings) == ("CsCl", True, ())


def test_of_few_atoms_the_ratio_tells_nothing():
    piece = central_block(to_cluster(supercell(CAF2, (5, 5, 5))), n_atoms=60)
    nearest = np.argsort(np.linalg.norm(piece.positions - piece.positions.mean(axis=0), axis=1))
    for n, objects in ((33, False), (60, True)):
        few = Crystal(piece.positions[nearest[:n]], piece.numbers[nearest[:n]])
        assert bool(objections_of_stoichiometry(few, "CsCl")) is objects
    flat = Crystal([[x, y, 0] for x in range(6) for y in range(6)], [11] * 9 + [17] * 27)
    assert objections_of_stoichiometry(flat, "rock salt") != [], "a layer has no depth to weigh by, and no error"


def test_at_least_99_of_100_made_pieces_keep_their_answer():
    """On pieces of a seed that the limit was not chosen on; and what it is for: pieces of other ratios are told."""
    result = json.loads((ROOT / "results" / "piece-ratios.json").read_text(encoding="utf-8"))
    assert result["seed"] != 2000
    assert result["model"]["weights_sha256"] == load_model("prototype").manifest.weights.onnx.sha256
    for row in (*result["members"], *result["members_named_right"]):
        assert row["known_after"] >= 0.99 * row["known_before"]
        assert row["pieces"] > 500
    assert result["blocks_along_the_cell"]["kept"] == result["blocks_along_the_cell"]["pieces"]
    for rows in result["others"].values():
        for row in rows:
            assert row["known_after"] <= (0.1 if row["atoms"][0] < 60 else 0.03) * row["pieces"]


def test_elements_on_one_site_are_one_and_impurities_none():
    """(Na,K)Cl as a file with occupancies has it, and NaCl with one atom in 64 replaced."""
    sites = NACL.numbers == 11
    mixed = Crystal(
        np.concatenate([NACL.positions, NACL.positions[sites]]),
        [*NACL.numbers, *[19] * 4],
        cell=NACL.cell,
        occupancies=[*np.where(sites, 0.5, 1.0), *[0.5] * 4],
    )
    assert objections_of_stoichiometry(mixed, "rock salt") == []
    box = supercell(NACL, (2, 2, 2))
    impure = Crystal(box.positions, [47, *box.numbers[1:]], cell=box.cell)
    assert objections_of_stoichiometry(impure, "rock salt") == []


def test_prototypes_of_one_element_and_unlisted_names_pass():
    assert objections_of_stoichiometry(CAF2, "fcc") == []
    assert objections_of_stoichiometry(CAF2, "no such name") == []
    assert objections_of_stoichiometry(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)), "rock salt") == [
        "1 element, and rock salt has 2: it cannot be rock salt"
    ]


@pytest.mark.parametrize("name", ["crystal-class", "crystal-class-image", "prototype"])
@pytest.mark.parametrize(
    ("crystal", "length", "apart"),
    [
        (Crystal([[0, 0, 0]], ["Cu"], cell=30 * np.eye(3)), "30 Å", "so far apart"),
        (Crystal([[0, 0, 0]], ["Cu"], cell=0.1 * np.eye(3)), "0.1 Å", "so near each other"),
        (from_ase(bulk("Cu", "fcc", a=36)), "25.5 Å", "so far apart"),
    ],
    ids=["box", "tiny cell", "wrong unit"],
)
def test_every_model_warns_of_bond_lengths_that_no_atoms_have(name, crystal, length, apart):
    [answer] = load_model(name).predict(crystal)
    message = f"the bond length is {length}; atoms of a crystal are not {apart}: check the unit of length"
    assert message in answer.warnings


def test_ordinary_crystals_and_pieces_are_passed_over():
    copper = from_ase(bulk("Cu"))
    hydrogen = Crystal([[0, 0, 0], [0, 0, 0.74]], ["H", "H"], cell=30 * np.eye(3))
    for crystal in (
        copper,
        hydrogen,
        to_cluster(supercell(copper, (5, 5, 5))),
        to_cluster(supercell(NACL, (8, 8, 8))),
    ):
        assert notice_of_distances(crystal) == []
