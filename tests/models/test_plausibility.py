"""What no network knows: the elements that a prototype can have, and how far apart atoms can be."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.spacegroup import crystal as in_spacegroup

from xtalprint import Crystal, from_ase, load_model
from xtalprint.defects import vacancies
from xtalprint.geometry import central_block, supercell, supercell_to, to_cluster
from xtalprint.models.answering import notice_of_distances
from xtalprint.models.stoichiometry import objections_of_stoichiometry
from xtalprint.prototypes.named import named_prototypes

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
