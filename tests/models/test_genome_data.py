"""Inputs in files that go on where they stopped, and parts that share no crystal, nor formula if so wanted."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.datasets.properties import CRYSTAL_SYSTEMS, TASKS, Properties
from xtalprint.errors import UnreadableFileError, WrongUsageError, XtalprintError
from xtalprint.models import genome_inputs
from xtalprint.models.genome_data import PARTS, make_case, rows_of
from xtalprint.models.genome_inputs import (
    CLOUD,
    INVARIANTS,
    TWO_RAYS,
    GenomeInput,
    compute_chunk,
    prepare_input,
    source,
)
from xtalprint.models.held import held

PAIRS = [("Na", "Cl"), ("Ga", "As"), ("Mg", "O"), ("Ti", "C"), ("Cs", "I"), ("Fe", "Al"), ("Ni", "S"), ("Zn", "Se")]


def crystals_of(n, seed=0):
    """Orthorhombic or cubic boxes of two elements."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        edges = np.full(3, rng.uniform(3, 4)) if i % 2 else rng.uniform(3, 5, 3)
        made.append(Crystal([[0, 0, 0], edges / 2], PAIRS[i % 8], cell=np.diag(edges), source=f"{i}.cif"))
    return made


def table_of(crystals):
    n = len(crystals)
    return Properties(
        ids=np.array([f"x-{i}" for i in range(n)]),
        crystals=crystals,
        sources=np.array(["mp36k"] * n),
        formulas=np.array(["".join(PAIRS[i % 8]) for i in range(n)]),
        space_groups=np.where(np.arange(n) % 2, 221, 47),
        crystal_systems=np.where(np.arange(n) % 2, "cubic", "orthorhombic"),
        agreed=np.ones(n, dtype=bool),
        band_gap=np.where(np.arange(n) % 3, 1.0, 0.0),
        e_above_hull=np.where(np.arange(n) % 5, 0.0, 1.0),
        bulk_modulus=np.linspace(10, 200, n),
        shear_modulus=np.linspace(5, 90, n),
        outlier=np.zeros(n, dtype=bool),
        path="made",
    )


@pytest.fixture(scope="module")
def table():
    return table_of(crystals_of(60))


ROWS = np.arange(60)


@pytest.mark.parametrize("kind", ["cloud", "invariants", "two-rays", "distances", "composition", "size"])
def test_inputs_are_those_of_the_descriptors(table, kind, tmp_path):
    found = prepare_input(table, kind, ROWS[::7], tmp_path)
    assert found.array.dtype == np.float32
    assert isinstance(found.array, np.memmap)
    expected, errors = compute_chunk(kind, [table.crystals[i] for i in ROWS[::7]])
    assert not errors
    assert np.array_equal(found.of(ROWS[::7]), expected)
    again = prepare_input(table, kind, ROWS[::7], tmp_path)
    assert again.sha256 == found.sha256
    crystal = table.crystals[7]
    direct = {
        "cloud": lambda: CLOUD.compute(crystal).array,
        "invariants": lambda: INVARIANTS.compute(crystal),
        "two-rays": lambda: TWO_RAYS.compute(crystal),
        "size": lambda: [crystal.volume, 1.66053906660 * (65.38 + 78.971) / crystal.volume],
    }
    if kind in direct:
        np.testing.assert_allclose(found.of(np.array([7]))[0], direct[kind](), rtol=5e-4)


def test_killed_and_resumed_is_the_same_to_the_last_bit(table, tmp_path, monkeypatch):
    monkeypatch.setattr(genome_inputs, "CHUNK", 7)
    monkeypatch.setattr(genome_inputs, "SAID", 7)
    whole = prepare_input(table, "invariants", ROWS, tmp_path / "whole")
    said = []

    def stop(text):
        said.append(text)
        if len(said) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_input(table, "invariants", ROWS, tmp_path / "parts", say=stop)
    assert said[-1] == "invariants: 21 of 60 crystals"
    assert json.loads((tmp_path / "parts" / "invariants.json").read_text())["done"] == 21
    computed = []
    compute = genome_inputs.compute_chunk
    monkeypatch.setattr(
        genome_inputs, "compute_chunk", lambda kind, some: computed.extend(some) or compute(kind, some)
    )
    resumed = prepare_input(table, "invariants", ROWS, tmp_path / "parts")
    assert len(computed) == 39
    assert resumed.sha256 == whole.sha256


def test_processes_give_the_same(table, tmp_path, monkeypatch):
    one = prepare_input(table, "size", ROWS, tmp_path / "one")
    monkeypatch.setattr(genome_inputs, "FEW", 0)
    monkeypatch.setattr(genome_inputs, "CHUNK", 20)
    two = prepare_input(table, "size", ROWS, tmp_path / "two", workers=2)
    assert one.sha256 == two.sha256


def test_a_failure_is_named_and_left_out(tmp_path):
    crystals = crystals_of(8)
    crystals[3] = Crystal([[0, 0, 0]], ["Na"], source="atom.xyz")
    table = table_of(crystals)
    found = prepare_input(table, "cloud", np.arange(8), tmp_path)
    assert found.rows.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert "atom.xyz" in found.failures[3]
    assert np.array_equal(found.of(np.array([4])), compute_chunk("cloud", [crystals[4]])[0])
    with pytest.raises(XtalprintError, match="not made for all rows"):
        found.of(np.array([3]))
    assert prepare_input(table, "cloud", np.arange(8), tmp_path).failures == found.failures
    case = make_case(table, "crystal-system", among=rows_of([found]), by_formula=False)
    assert case.about["n"] == 7
    assert 3 not in np.concatenate(list(case.rows.values()))


def test_another_or_a_damaged_file_is_refused(table, tmp_path):
    prepare_input(table, "size", ROWS, tmp_path)
    with pytest.raises(UnreadableFileError, match="other crystals or settings"):
        prepare_input(table, "size", ROWS[:50], tmp_path)
    with (tmp_path / "size.npy").open("r+b") as stream:
        stream.seek(200)
        stream.write(b"x")
    with pytest.raises(UnreadableFileError, match="damaged"):
        prepare_input(table, "size", ROWS, tmp_path)
    (tmp_path / "size.json").write_text("{")
    with pytest.raises(UnreadableFileError, match=r"size\.json"):
        prepare_input(table, "size", ROWS, tmp_path)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("by_formula", [False, True])
def test_no_test_crystal_is_learned_from(table, task, by_formula):
    case = make_case(table, task, among=ROWS, by_formula=by_formula, seed=2)
    parts = [set(case.rows[part].tolist()) for part in PARTS]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    labels = table.labels(task)
    assert set().union(*parts) == set(labels.rows.tolist())
    known = dict(zip(labels.rows.tolist(), labels.classes.tolist(), strict=True))
    for part in PARTS:
        assert [known[row] for row in case.rows[part].tolist()] == case.classes[part].tolist()
    shared = case.about["share_of_test_with_formula_in_training"]
    assert shared == 0 if by_formula else shared > 0.5
    assert case.n_outputs == (len(CRYSTAL_SYSTEMS) if task == "crystal-system" else 1)


def test_examples_and_drawing_fewer(table):
    array = np.arange(60, dtype=np.float32)[:, None]
    given = GenomeInput(ROWS, array, ROWS, {}, "")
    case = make_case(table, "metal", among=ROWS, by_formula=False, most=30)
    assert case.about["n"] == 30
    examples = case.examples("test", given)
    assert examples.images[:, 0].tolist() == case.rows["test"].tolist()
    assert examples.labels.tolist() == case.classes["test"].tolist()
    assert len(case.formulas) == len(examples)


def test_inputs_travel_by_their_path(table, tmp_path):
    made = prepare_input(table, "size", ROWS, tmp_path)
    sent = pickle.dumps(made)
    again = pickle.loads(sent)  # noqa: S301 - our own
    assert len(sent) < made.array.nbytes + 2 * made.rows.nbytes + 1000
    assert isinstance(again.array, np.memmap)
    assert np.array_equal(again.of(ROWS[:5]), made.of(ROWS[:5]))


def test_a_kind_that_there_is_not():
    with pytest.raises(WrongUsageError, match="invariant-whole"):
        source("invariant-whole")


def test_no_two_processes_make_the_same_input(table, tmp_path):
    with held(tmp_path / "size.lock"), pytest.raises(WrongUsageError, match="another run"):
        prepare_input(table, "size", ROWS, tmp_path)
    assert prepare_input(table, "size", ROWS, tmp_path).sha256
    with held(tmp_path / "size.lock"):
        assert prepare_input(table, "size", ROWS, tmp_path).sha256, "what is finished can be read"
