"""The shipped model of moduli: answers that hold up, the same in every setting, and a sentence for each bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xtalprint
from xtalprint import Crystal, geometry
from xtalprint.descriptors import interpretable
from xtalprint.descriptors.interpretable import interpretable_features
from xtalprint.errors import ModelError, UnreadableFileError
from xtalprint.models import load_model, stiffness
from xtalprint.models.class_job import ClassJob
from xtalprint.models.registry import WEIGHTS, load_manifest, load_stiffness, read_manifest
from xtalprint.models.stiffness import element_shares
from xtalprint.models.stiffness_job import StiffnessJob
from xtalprint.models.stiffness_prediction import PROPERTIES

FACE = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


def cubic(a, symbols, places, **about):
    return Crystal(a * np.array(places), symbols, cell=a * np.eye(3), **about)


def rock_salt(a, metal, other, **about):
    return cubic(a, [metal] * 4 + [other] * 4, np.concatenate([FACE, FACE + np.array([0.5, 0, 0])]), **about)


def diamond(a, one, other):
    return cubic(a, [one] * 4 + [other] * 4, np.concatenate([FACE, FACE + 0.25]))


COPPER = cubic(3.62, ["Cu"] * 4, FACE)
ANATASE = Crystal(
    [[0, 0, 0], [0, 1.88, 2.36], [0, 0, 1.97], [0, 0, 7.46], [0, 1.88, 4.33], [0, 1.88, 0.39]],
    ["Ti", "Ti", "O", "O", "O", "O"],
    cell=[[3.76, 0, 0], [0, 3.76, 0], [1.88, 1.88, 4.72]],
)


@pytest.fixture(scope="module")
def model():
    return load_model("stiffness")


def log_moduli(prediction):
    assert prediction.status == "ok", prediction.error
    return np.log10([prediction.moduli[name].value for name in PROPERTIES])


def test_an_answer_has_a_value_an_interval_and_reasons(model):
    [answer] = model.predict(COPPER)
    assert answer.status == "ok"
    assert list(answer.moduli) == list(PROPERTIES)
    for modulus in (answer.bulk_modulus, answer.shear_modulus):
        low, high = modulus.interval
        assert 0 < low < modulus.value < high
    assert len(answer.neighbours) == 5
    distances = [one.distance for one in answer.neighbours]
    assert distances == sorted(distances)
    assert answer.neighbours[0].formula == "Cu"
    assert set(answer.neighbours[0].values) == set(answer.neighbours[0].unseen) == set(PROPERTIES)
    assert answer.known is True
    assert set(answer.provenance) == {"model", "model_version", "weights_sha256", "package_version"}


#: DFT and measured values are of this order; the intervals of a sound model are narrower.
@pytest.mark.parametrize(
    ("crystal", "bulk", "shear"),
    [
        (COPPER, 145, 55),
        (diamond(3.57, "C", "C"), 435, 520),
        (diamond(5.47, "Si", "Si"), 88, 62),
        (rock_salt(4.25, "Mg", "O"), 152, 120),
        (rock_salt(5.69, "Na", "Cl"), 24, 14),
        (diamond(4.38, "Si", "C"), 211, 187),
        (cubic(2.84, ["Fe", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]]), 180, 78),
    ],
    ids=["copper", "diamond", "silicon", "MgO", "NaCl", "SiC", "iron"],
)
def test_known_answers(model, crystal, bulk, shear):
    [answer] = model.predict(crystal)
    assert answer.bulk_modulus.value == pytest.approx(bulk, rel=0.15)
    assert answer.shear_modulus.value == pytest.approx(shear, rel=0.3)


def test_answers_for_crystals_that_were_held_out_are_those_of_the_card(model):
    """The index holds what models said that had not seen the crystal; the card has the mean error."""
    known, manifest = model.crystals, model.manifest
    errors = abs(known.unseen - known.values).mean(axis=0)
    for target, name in enumerate(PROPERTIES):
        told = manifest.metrics[name]["random"]["errors"]["both"]["MAE, GPa"]
        assert errors[target] == pytest.approx(told, abs=0.05)


#: Materials Project ids: copper, MgO, diamond, NaCl, silicon, tungsten.
@pytest.mark.parametrize("name", ["mp-30", "mp-1265", "mp-66", "mp-22862", "mp-149", "mp-91"])
def test_real_crystals_that_were_held_out(model, name):
    rows = np.flatnonzero(model.crystals.ids == name.encode())
    if len(rows) == 0:
        pytest.skip("not among the known crystals")
    true, said = model.crystals.values[rows[0]], model.crystals.unseen[rows[0]]
    assert abs(np.log10(said / true)).max() < 0.2


def test_the_answer_is_the_sum_that_the_page_describes(model):
    table = interpretable_features([ANATASE])
    point = model.fit.standard.points(table, element_shares([ANATASE.numbers]))[0]
    known = model.fit.columns.T.astype(np.float64)
    distances = np.sqrt(((known - point) ** 2).sum(axis=1))
    kernel = np.exp(-distances / model.fit.width) @ model.fit.weights + model.fit.centre
    answer = model.fit.answer(point)
    np.testing.assert_allclose(answer.distances, distances, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(answer.parts[0], kernel, atol=1e-4)
    networks = np.mean([network.answers(point[None])[0] for network in model.fit.networks], axis=0)
    np.testing.assert_allclose(log_moduli(model.predict(ANATASE)[0]), (kernel + networks) / 2, atol=1e-4)


def test_the_same_to_the_last_bit_whatever_the_company_the_order_and_the_threads(model):
    crystals = [COPPER, ANATASE, rock_salt(4.25, "Mg", "O"), diamond(5.47, "Si", "Si")] * 12
    alone = [model.predict_one(crystal) for crystal in crystals]
    assert model.predict(crystals, threads=1) == alone
    assert model.predict(crystals, threads=3) == alone
    assert model.predict(crystals[::-1], threads=2) == alone[::-1]


def random_crystal(seed):
    rng = np.random.default_rng(seed)
    cell = np.diag([4.0, 4.6, 5.3]) + rng.uniform(-0.4, 0.4, (3, 3))
    places = np.array([[0.1, 0.1, 0.1], [0.6, 0.15, 0.2], [0.2, 0.6, 0.55], [0.7, 0.6, 0.8]])
    symbols = rng.choice(["O", "Ti", "Ni", "Mg", "S"], 4)
    return Crystal((places + rng.uniform(-0.05, 0.05, (4, 3))) @ cell, symbols, cell=cell)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    repeats=st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 3)),
    shear=st.tuples(st.integers(-2, 2), st.integers(-2, 2)),
)
def test_cell_supercell_rotation_and_order_do_not_matter(model, seed, repeats, shear):
    crystal = random_crystal(seed)
    rng = np.random.default_rng(seed)
    change = np.array([[1, shear[0], 0], [0, 1, 0], [shear[1], 0, 1]])
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    large = geometry.supercell(crystal, repeats)
    order = rng.permutation(len(large))
    other = Crystal(
        (large.positions[order] + rng.normal(size=3)) @ turn, large.numbers[order], cell=change @ large.cell @ turn
    )
    one, same = model.predict([crystal, other])
    np.testing.assert_allclose(log_moduli(one), log_moduli(same), atol=2e-5)
    assert [n.id for n in one.neighbours][:1] == [n.id for n in same.neighbours][:1]
    assert one.known == same.known


def test_a_small_displacement_changes_the_answer_little(model):
    rng = np.random.default_rng(5)
    directions = rng.normal(size=ANATASE.positions.shape)
    steps = np.linspace(0, 0.05, 26)
    moved = [
        Crystal(ANATASE.positions + step * directions, ANATASE.numbers, cell=ANATASE.cell, source=str(step))
        for step in steps
    ]
    path = np.array([log_moduli(answer) for answer in model.predict(moved)])
    assert abs(np.diff(path, axis=0)).max() < 0.02
    tiny = Crystal(ANATASE.positions + 1e-6 * directions, ANATASE.numbers, cell=ANATASE.cell)
    assert abs(log_moduli(model.predict(tiny)[0]) - path[0]).max() < 1e-4


def test_a_smaller_volume_makes_it_stiffer(model):
    values = [model.predict(rock_salt(a, "Mg", "O"))[0].bulk_modulus.value for a in (4.1, 4.25, 4.4)]
    assert values[0] > values[1] > values[2]


SLAB = Crystal(COPPER.positions, COPPER.numbers, cell=np.diag([3.62, 3.62, 18.0]))
BAD = [
    (
        Crystal([[0, 0, 0], [2.5, 0, 0]], ["Cu", "Cu"], source="piece.xyz", frame=3),
        """
        piece.xyz, frame 3: a cluster without a cell has no bulk or shear modulus (value: 2 atoms); give the crystal
        that it is a piece of, with its cell.""",
    ),
    (
        Crystal(FACE, ["Cu"] * 4, cell=np.diag([3.62, 3.62, 18]), pbc=(True, True, False), source="s.cif", frame=0),
        """
        s.cif, frame 0: what repeats in 2 of 3 directions has no bulk or shear modulus (value: pbc (True, True,
        False)); give the crystal with a cell that repeats in three directions.""",
    ),
    (
        Crystal([[0, 0, 0], [1.1, 0, 0]], ["C", "O"], cell=15 * np.eye(3), source="co.cif", frame=0),
        """
        co.cif, frame 0: what stands alone in an empty cell has no bulk or shear modulus (value: vacuum of 13.9 Å,
        15 Å and 15 Å in three directions); give the cell of the solid.""",
    ),
    (
        Crystal([[0, 0, 0]], ["Ar"], cell=30 * np.eye(3), source="ar.cif", frame=0),
        """
        ar.cif, frame 0: atoms that are all farther apart than 3 sums of their covalent radii are no solid (value: Ar
        0 and its image are 30 Å apart, 14.2 sums); check the cell and the unit of length.""",
    ),
    (
        Crystal([[0, 0, 0], [1.6, 1.6, 1.6], [1.6, 1.6, 1.7]], ["Cu"] * 3, cell=3.2 * np.eye(3), source="on.cif"),
        """
        on.cif: atoms nearer than 0.4 sums of their covalent radii stand on top of each other (value: Cu 1 and Cu 2
        are 0.1 Å apart, 0.0379 sums); remove one of the two, or check the cell and the unit of length.""",
    ),
    (
        Crystal(FACE, ["Cu"] * 4, cell=np.eye(3), source="nm.cif", frame=0),
        """
        nm.cif, frame 0: atoms nearer than 0.4 sums of their covalent radii stand on top of each other (value: Cu 0
        and Cu 1 are 0.707 Å apart, 0.268 sums); remove one of the two, or check the cell and the unit of length.""",
    ),
    (
        Crystal([[0, 0, 0]], ["Ar"], cell=6.3604 * np.eye(3), source="just.cif", frame=0),
        """
        just.cif, frame 0: atoms that are all farther apart than 3 sums of their covalent radii are no solid (value:
        Ar 0 and its image are 6.36 Å apart, 3.0002 sums); check the cell and the unit of length.""",
    ),
    (
        Crystal(
            [[0, 0, 0], [0, 0, 0], [1.8, 1.8, 1.8]],
            ["Cu", "Zn", "Cu"],
            cell=3.6 * np.eye(3),
            occupancies=[0.7, 0.3, 1],
            source="brass.cif",
            frame=0,
        ),
        """
        brass.cif, frame 0, atom 0: 1 site is shared or partly empty, and the model was made for ordered crystals
        (value: Cu 0.7, Zn 0.3); choose one species for each site, in a supercell if need be.""",
    ),
    (
        Crystal([[0, 0, 0]], ["Cf"], cell=3.4 * np.eye(3), source="cf.cif", frame=0),
        """
        cf.cif, frame 0: what is known of the elements ends with Cm, number 96 (value: Cf, atomic number 98); leave
        this crystal out.""",
    ),
]


@pytest.mark.parametrize(("crystal", "sentence"), BAD, ids=[crystal.source for crystal, _ in BAD])
def test_what_has_no_modulus_gets_a_sentence_and_the_others_an_answer(model, crystal, sentence):
    before, bad, after = model.predict([COPPER, crystal, ANATASE])
    assert (bad.status, bad.error) == ("error", " ".join(sentence.split()))
    assert (bad.source, bad.frame) == (crystal.source, crystal.frame)
    assert bad.moduli == {}
    assert bad.bulk_modulus is bad.shear_modulus is None
    assert [before, after] == model.predict([COPPER, ANATASE])
    [record] = bad.to_records()
    assert list(record)[:4] == ["source", "frame", "status", "error"]


def test_errors_and_other_things_in_the_place_of_crystals(model):
    error = UnreadableFileError("no such file", source="x.cif", remedy="check the name")
    first, second, third = model.predict([error, COPPER, "copper"])
    assert first.error == "x.cif: no such file; check the name."
    assert second.status == "ok"
    assert "this is no Crystal" in third.error


def test_one_that_breaks_does_not_stop_the_others(model, monkeypatch):
    described = type(model)._described

    def breaks(self, crystals):
        if any(crystal.source == "bad" for crystal in crystals):
            raise RuntimeError("broken")
        return described(self, crystals)

    monkeypatch.setattr(type(model), "_described", breaks)
    bad = cubic(3.62, ["Cu"] * 4, FACE, source="bad")
    answers = model.predict([COPPER, bad, ANATASE])
    assert [answer.status for answer in answers] == ["ok", "error", "ok"]
    assert "a fault of xtalprint itself (RuntimeError: broken)" in answers[1].error


def test_far_from_all_known_crystals_it_says_so(model):
    [answer] = model.predict(cubic(2.6, ["He", "U"], [[0, 0, 0], [0.5, 0.5, 0.5]]))
    assert answer.known is False
    said = " ".join(answer.warnings)
    assert "no known crystal has He" in said
    assert "far from all known crystals: the nearest is at" in said
    [squeezed] = model.predict(rock_salt(3.0, "Na", "Cl"))
    assert squeezed.known is False


def test_an_element_that_no_known_crystal_has_is_not_known(model):
    """Simple cubic polonium is near others in everything else."""
    [answer] = model.predict(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)))
    assert "no known crystal has Po" in answer.warnings
    assert answer.neighbours[0].distance < model.manifest.far.distance
    assert answer.known is False


L1_0_CSF = cubic(4.4, ["Cs", "F", "F", "Cs"], FACE)
PEROVSKITE = cubic(
    3.9, ["Sr", "Ti", "O", "O", "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
)


@pytest.mark.parametrize(
    "crystal",
    [L1_0_CSF, cubic(4.1, ["N", "Ti", "Ti", "Ti"], FACE), rock_salt(6.0, "Cs", "F"), PEROVSKITE],
    ids=["L1_0", "L1_2", "rock salt", "perovskite"],
)
def test_a_shell_of_several_elements_is_never_cut(model, crystal):
    rng = np.random.default_rng(1)
    others = []
    for repeats in ((1, 1, 1), (2, 1, 1), (1, 2, 3)):
        large = geometry.supercell(crystal, repeats)
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        cell = np.array([[1, 1, 0], [0, 1, 0], [-1, 0, 1]]) @ large.cell
        order = rng.permutation(len(large))
        others.append(Crystal(large.positions[order] @ turn, large.numbers[order], cell=cell @ turn))
    one, *same = model.predict([crystal, *others])
    for answer in same:
        np.testing.assert_allclose(log_moduli(answer), log_moduli(one), atol=2e-6)


def test_a_slab_is_answered_with_a_warning(model):
    [answer] = model.predict(SLAB)
    assert answer.known is False
    assert any("vacuum of 16.2 Å in one direction" in warning for warning in answer.warnings)


def test_an_atom_in_a_huge_cell_is_answered_without_overflow(model):
    """Warnings are errors here: its numbers are so large that an exponential overflowed."""
    wire = Crystal([[0, 0, 0]], ["Cu"], cell=np.diag([300.0, 3.0, 3.0]))
    [answer] = model.predict([wire])
    assert (answer.status, answer.known, len(answer.moduli)) == ("ok", False, 2)
    for modulus in answer.moduli.values():
        assert np.isfinite([modulus.value, *modulus.interval]).all()


def test_a_crystal_that_was_learned_from_is_named(model):
    same = model.manifest.far.same
    [answer] = model.predict(COPPER)
    nearest = answer.neighbours[0]
    warned = [warning for warning in answer.warnings if "this is probably " in warning]
    assert bool(warned) == (nearest.distance <= same)


def test_the_records_of_the_contract(model):
    [answer] = model.predict(rock_salt(4.25, "Mg", "O", source="MgO.cif", frame=0))
    bulk, shear = answer.to_records()
    contract = ["source", "frame", "status", "property", "value", "unit", "interval", "neighbours"]
    assert list(bulk)[: len(contract)] == list(shear)[: len(contract)] == contract
    assert (bulk["property"], shear["property"]) == PROPERTIES
    assert bulk["unit"] == "GPa"
    assert bulk["interval"][0] < bulk["value"] < bulk["interval"][1]
    assert list(bulk["neighbours"][0]) == ["id", "formula", "value", "distance", "value_unseen"]
    assert answer.to_records(["shear-modulus"]) == [shear]
    assert len(answer.to_records(neighbours=2)[0]["neighbours"]) == 2


def test_each_kind_of_model_is_for_its_command():
    with pytest.raises(ModelError, match="predicts properties and no class; use it with: xtalprint predict"):
        ClassJob("stiffness")
    with pytest.raises(ModelError, match="predicts properties"):
        load_manifest("stiffness")
    with pytest.raises(ModelError, match="tells classes and no moduli; use it with: xtalprint classify"):
        StiffnessJob("crystal-class")
    assert load_stiffness().provenance == xtalprint.load_model("stiffness").provenance
    assert "crystals)" in repr(load_stiffness())


def test_files_are_small_and_hold_no_pickle(model):
    manifest, folder = read_manifest("stiffness")
    assert folder == WEIGHTS
    for record in (manifest.files.weights, manifest.files.known):
        assert record.bytes < 5_000_000
        with np.load(folder / record.path, allow_pickle=False) as archive:
            assert all(archive[name].dtype != object for name in archive.files)
    assert len(model.crystals.ids) == manifest.training.data["n"]


def test_other_numbers_are_refused(model, monkeypatch):
    monkeypatch.setattr(model, "_columns", ("something else",))
    [answer] = model.predict(COPPER)
    assert "trained on numbers that this version does not have" in answer.error


@pytest.mark.parametrize("name", ["BOND_END", "BOND_DECAY", "BONDED"])
def test_a_model_of_other_cut_offs_is_refused(monkeypatch, name):
    monkeypatch.setattr(interpretable, name, 2)
    with pytest.raises(ModelError, match="trained on numbers that this version does not have"):
        load_stiffness()


@pytest.mark.parametrize("name", ["WEIGHTS", "CLIPPED"])
def test_the_answer_does_not_depend_on_the_defaults_of_a_recipe(model, monkeypatch, name):
    before = model.predict([COPPER, ANATASE])
    monkeypatch.setattr(stiffness, name, dict.fromkeys(stiffness.WEIGHTS, 2.0) if name == "WEIGHTS" else 0.5)
    assert load_stiffness().predict([COPPER, ANATASE]) == before
