"""The property table: labels by the published thresholds, splits that keep formulas together, a card that is true."""

from __future__ import annotations

import os
import re
from collections import Counter
from functools import reduce
from math import gcd
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint import datasets
from xtalprint.datasets.properties import CRYSTAL_SYSTEMS, RELAXED_ANEW, TASKS, Properties
from xtalprint.elements import SYMBOLS
from xtalprint.errors import UnreadableFileError, WrongUsageError

CARD = Path(__file__).parents[2] / "docs" / "cards" / "properties.md"
NONE = np.nan


def made(**columns):
    n = len(columns["formulas"])
    plain = {
        "ids": np.array([f"x-{i}" for i in range(n)]),
        "crystals": [],
        "sources": np.array(["mp36k"] * n),
        "space_groups": np.ones(n, dtype=int),
        "crystal_systems": np.array(["triclinic"] * n),
        "agreed": np.ones(n, dtype=bool),
        **{name: np.full(n, NONE) for name in ("band_gap", "e_above_hull", "bulk_modulus", "shear_modulus")},
        "outlier": np.zeros(n, dtype=bool),
        "path": "made",
    }
    return Properties(**(plain | {name: np.array(values) for name, values in columns.items()}))


def test_thresholds_are_the_published_ones():
    table = made(
        formulas=list("ABCDEF"),
        band_gap=[0.0, 9e-7, 1e-6, 0.05, 0.0501, NONE],
        e_above_hull=[0.0, 0.02, 0.0201, NONE, 1.0, 0.0],
        bulk_modulus=[85.0, 85.1, NONE, 1.0, 300.0, 84.0],
        shear_modulus=[34.0, 34.1, NONE, 1.0, 5303.0, 33.0],
        outlier=[False] * 4 + [True, False],
    )
    wanted = {
        "metal": {0: 1, 1: 1, 4: 0},
        "stable": {0: 1, 1: 1, 2: 0, 4: 0, 5: 1},
        "stiff": {0: 0, 1: 1, 3: 0, 4: 1, 5: 0},
        "shear-stiff": {0: 0, 1: 1, 3: 0, 5: 0},
    }
    for task, answers in wanted.items():
        labels = table.labels(task)
        assert dict(zip(labels.rows.tolist(), labels.classes.tolist(), strict=True)) == answers
        assert labels.names == ("no", "yes")
    assert table.labels("crystal-system").names == CRYSTAL_SYSTEMS
    with pytest.raises(WrongUsageError, match="use one of crystal-system, metal"):
        table.labels("superconductor")


def test_structures_relaxed_anew_can_be_left_out():
    table = made(formulas=["A", "B"], sources=["mp36k", RELAXED_ANEW], crystal_systems=["cubic", "trigonal"])
    assert table.labels("crystal-system").classes.tolist() == [6, 4]
    assert table.labels("crystal-system", original_structures=True).rows.tolist() == [0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("ABCDEFGHIJKLMNOP"), min_size=40, max_size=200), st.integers(0, 5), st.booleans())
def test_a_split_is_a_partition_and_keeps_formulas_together(formulas, seed, by_formula):
    table = made(formulas=formulas)
    if len(set(formulas)) < 3:
        return
    rows = np.arange(len(formulas))[:: 1 + seed % 2]
    if len({formulas[i] for i in rows}) < 3:
        return
    split = table.split(rows, seed=seed, by_formula=by_formula)
    assert np.array_equal(np.sort(np.concatenate(split)), rows)
    if by_formula:
        parts = [{formulas[i] for i in part} for part in split]
        assert not parts[0] & parts[1]
        assert not parts[0] & parts[2]
        assert not parts[1] & parts[2]
    else:
        assert abs(len(split.training) - 0.7 * len(rows)) <= 1.5
    again = table.split(rows, seed=seed, by_formula=by_formula)
    assert all(np.array_equal(a, b) for a, b in zip(split, again, strict=True))


def test_too_few_to_divide():
    table = made(formulas=["A", "A", "A", "B"])
    with pytest.raises(WrongUsageError, match="too few"):
        table.split(np.arange(4), by_formula=True)


def test_missing_files_are_told(tmp_path, monkeypatch):
    monkeypatch.delenv("XTALPRINT_DATA", raising=False)
    with pytest.raises(WrongUsageError, match="XTALPRINT_DATA"):
        datasets.properties()
    monkeypatch.setenv("XTALPRINT_DATA", str(tmp_path))
    with pytest.raises(WrongUsageError, match="data set not found"):
        datasets.properties()
    with pytest.raises(UnreadableFileError, match=r"none\.parquet"):
        datasets.properties(tmp_path / "none.parquet")


@pytest.fixture(scope="module")
def table():
    return datasets.properties()


@pytest.mark.data
def test_formulas_of_the_table_are_reduced(table):
    """So that grouping by them keeps all crystals of a composition together."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

    path = Path(os.environ["XTALPRINT_DATA"]) / "properties" / "properties.parquet"
    names = {}
    for numbers, formula in zip(pq.read_table(path, columns=["numbers"])[0], table.formulas.tolist(), strict=True):
        counts = Counter(numbers.as_py())
        divisor = reduce(gcd, counts.values())
        composition = frozenset((SYMBOLS[z], n // divisor) for z, n in counts.items())
        assert names.setdefault(composition, formula) == formula
    assert len(set(names.values())) == len(names)


@pytest.mark.data
@pytest.mark.parametrize("task", TASKS)
def test_splits_of_the_real_table(table, task):
    labels = table.labels(task)
    card = CARD.read_text(encoding="utf-8")
    counts = np.bincount(labels.classes, minlength=len(labels.names))
    for name, count in zip(labels.names, counts, strict=True):
        row = rf"^\| `{task}` \| {re.escape(name)} \| {count:,} \|$"
        assert re.search(row, card, re.MULTILINE), row
    for by_formula in (False, True):
        split = table.split(labels.rows, seed=1, by_formula=by_formula)
        shares = np.array([len(part) for part in split]) / len(labels.rows)
        np.testing.assert_allclose(shares, (0.7, 0.15, 0.15), atol=0.01)
        formulas = [set(table.formulas[part].tolist()) for part in split]
        shared = (formulas[0] & formulas[1]) | (formulas[0] & formulas[2]) | (formulas[1] & formulas[2])
        assert bool(shared) != by_formula


@pytest.mark.data
def test_crystals_come_with_their_labels(table):
    assert len(table) == len(table.crystals) == 58_525
    row = int(np.flatnonzero(table.ids == "mp-1")[0])
    assert table.crystals[row].formula == "Cs"
    assert table.crystal_systems[row] == "cubic"
    assert "58525 crystals" in repr(table)
