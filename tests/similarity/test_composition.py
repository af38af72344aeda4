"""Distances between compositions: optimal transport against linear programming, and which forms are metrics."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from xtalprint import Crystal
from xtalprint.errors import UnsupportedInputError, WrongUsageError
from xtalprint.similarity import CompositionEarthMovers, CompositionTable, composition_distance, element_dissimilarity
from xtalprint.similarity.compiled_transport import earth_movers, room_for, transport
from xtalprint.similarity.composition import (
    GROUNDS,
    composition_fractions,
    elements,
    shortest_paths,
    triangle_violations,
)


def by_linear_programming(a, b, cost):
    m, n = cost.shape
    sums = np.zeros((m + n, m * n))
    for i in range(m):
        sums[i, i * n : (i + 1) * n] = 1
    for j in range(n):
        sums[m + j, j::n] = 1
    return linprog(cost.ravel(), A_eq=sums, b_eq=np.concatenate([a, b]), method="highs").fun


def masses(rng, n):
    """Fractions of a formula, or any."""
    amounts = rng.integers(1, 6, n).astype(float) if rng.random() < 0.5 else rng.random(n) + 1e-3
    return amounts / amounts.sum()


@pytest.mark.parametrize("seed", range(6))
def test_transport_is_that_of_linear_programming(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        m, n = rng.integers(1, 8, 2)
        a, b = masses(rng, m), masses(rng, n)
        cost = rng.random((m, n)) * 10.0 ** rng.uniform(-2, 2, (m, n))
        if rng.random() < 0.3:
            cost = rng.integers(0, 3, (m, n)).astype(float)  # many equally good plans
        expected = by_linear_programming(a, b, cost)
        slack = 1e-9 * max(1.0, expected)
        room = room_for(8)
        places = np.stack([np.arange(8), np.arange(8)])
        table = np.zeros((8, 8))
        table[:m, :n] = cost
        assert abs(earth_movers(padded(a, b), places, m, n, table, room) - expected) < slack
        assert abs(transport(padded(a, b), m, n, table, room[3]) - expected) < slack, "without the closed forms"


def padded(a, b):
    both = np.zeros((2, 8))
    both[0, : len(a)], both[1, : len(b)] = a, b
    return both


def full(composition, ground):
    """The whole transport of all fractions, by linear programming."""
    a, b = (composition_fractions(c) for c in composition)
    i, j = np.flatnonzero(a), np.flatnonzero(b)
    return by_linear_programming(a[i], b[j], element_dissimilarity(ground)[np.ix_(i, j)])


def some_composition(rng):
    chosen = rng.choice(len(elements()), rng.integers(1, 6), replace=False)
    return {elements()[k]: float(amount) for k, amount in zip(chosen, rng.integers(1, 7, len(chosen)), strict=True)}


@pytest.mark.parametrize("ground", GROUNDS)
def test_compositions_against_linear_programming(ground):
    rng = np.random.default_rng(3)
    for _ in range(40):
        pair = some_composition(rng), some_composition(rng)
        expected = full(pair, ground)
        found = composition_distance(*pair, ground=ground, common_stays=False)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
        stays = composition_distance(*pair, ground=ground)
        if ground.endswith("-metric"):
            assert stays == pytest.approx(expected, rel=1e-9, abs=1e-12)
        else:
            assert stays >= expected - 1e-9


def test_known_elements():
    raw = element_dissimilarity("raw")
    place = {symbol: k for k, symbol in enumerate(elements())}
    assert len(place) == 78
    assert (elements()[0], elements()[-1]) == ("H", "Bi")
    assert raw[place["Na"], place["F"]] == pytest.approx(4.385, abs=5e-4)
    assert raw[place["La"], place["Yb"]] == pytest.approx(0.405, abs=5e-4)
    transformed = element_dissimilarity("transformed")
    assert transformed[place["Na"], place["F"]] == pytest.approx(1 / np.log10(1 / 4.385200928391071 + 1))
    for ground in GROUNDS:
        matrix = element_dissimilarity(ground)
        assert np.array_equal(matrix, matrix.T)
        assert not np.diag(matrix).any()
        assert (matrix[~np.eye(78, dtype=bool)] > 0).all()
        assert not matrix.flags.writeable


@pytest.mark.data
@pytest.mark.skipif("XTALPRINT_DATA" not in os.environ, reason="XTALPRINT_DATA does not name the data sets")
def test_the_shipped_table_is_that_of_the_data_set():
    path = Path(os.environ["XTALPRINT_DATA"]) / "elasticity" / "similarity_matrix.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert tuple(lines[0].split(",")[1:]) == elements()
    table = np.array([[float(value) for value in line.split(",")[1:]] for line in lines[1:]])
    assert np.array_equal(table, element_dissimilarity("raw"))


@pytest.mark.parametrize("ground", GROUNDS)
def test_which_tables_obey_the_triangle_inequality(ground):
    found = triangle_violations(element_dissimilarity(ground))
    assert found["triples"] == 78**3
    if ground.endswith("-metric"):
        assert found["violations"] == 0
        assert found["pairs_shortened"] == 0
    else:
        assert found["violations"] > 0.15 * found["triples"]
        assert found["worst"] > 100
    assert CompositionEarthMovers(ground=ground).is_metric == ground.endswith("-metric")


def test_shortest_paths_are_never_longer():
    raw = element_dissimilarity("raw")
    closed = shortest_paths(raw)
    assert (closed <= raw).all()
    assert shortest_paths(closed) == pytest.approx(closed, rel=1e-14)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_axioms_of_a_metric(seed):
    rng = np.random.default_rng(seed)
    three = [some_composition(rng) for _ in range(3)]
    for ground in ("transformed-metric", "raw-metric"):
        distance = CompositionEarthMovers(ground=ground)
        table = distance.table(three)
        found = distance.distances(table, table)
        assert np.array_equal(found, found.T), "the same bits both ways"
        assert not np.diag(found).any()
        assert found[0, 2] <= found[0, 1] + found[1, 2] + 1e-9


def test_the_released_form_breaks_the_triangle_inequality():
    distance = CompositionEarthMovers()
    place = {symbol: k for k, symbol in enumerate(elements())}
    matrix = element_dissimilarity()
    excess = matrix[:, None, :] - matrix[:, :, None] - matrix[None, :, :]
    a, b, c = (elements()[k] for k in np.unravel_index(excess.argmax(), excess.shape))
    assert place[a] != place[c]
    table = distance.table([{a: 1}, {b: 1}, {c: 1}])
    found = distance.distances(table, table)
    assert found[0, 2] > found[0, 1] + found[1, 2] + 100


def test_common_fractions_may_move_if_that_is_cheaper():
    free, stays = (CompositionEarthMovers(common_stays=choice) for choice in (False, True))
    rng = np.random.default_rng(0)
    table = free.table([some_composition(rng) for _ in range(60)])
    difference = stays.distances(table, table) - free.distances(table, table)
    assert difference.min() > -1e-9
    assert difference.max() > 1


def test_crystals_formulas_and_fractions_are_the_same():
    cell = 3.9 * np.eye(3)
    crystal = Crystal([[0, 0, 0], [1.95, 1.95, 1.95]], ["Cs", "Cl"], cell=cell)
    mixed = Crystal([[0, 0, 0]] * 2, ["Cu", "Au"], cell=cell, occupancies=[0.25, 0.75])
    assert np.array_equal(composition_fractions(crystal), composition_fractions({"Cl": 2, "Cs": 2}))
    assert composition_fractions(mixed)[elements().index("Au")] == pytest.approx(0.75)
    fractions = np.array([composition_fractions(c) for c in (crystal, mixed)])
    one, other = CompositionTable.of(fractions), CompositionTable.of([crystal, mixed])
    assert np.array_equal(one.masses, other.masses)
    assert np.array_equal(one.places, other.places)
    assert len(one[1:]) == 1
    assert repr(one) == "CompositionTable(2 compositions of at most 2 elements)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: composition_fractions({"Na": -1}),
            "amounts of elements must be positive numbers (value: Na: -1); give",
        ),
        (
            lambda: composition_fractions({"Na": "one"}),
            "must be positive numbers (value: Na: 'one'); give them as in",
        ),
        (lambda: composition_fractions({"Na": np.nan}), "must be positive numbers (value: Na: nan); give"),
        (lambda: composition_fractions({}), "must be positive numbers (value: none); give"),
        (
            lambda: composition_fractions("NaCl"),
            "crystal, or amounts by symbol (value: 'NaCl'); such as {\"Na\": 1}.",
        ),
        (lambda: element_dissimilarity("pettifor"), "no such table of elements (value: 'pettifor'); take one of "),
        (lambda: CompositionEarthMovers(ground="none"), "no such table of elements (value: 'none')"),
        (lambda: CompositionTable.of(np.zeros((2, 77))), "compositions and 78 elements (value: shape (2, 77))."),
        (lambda: CompositionTable.of(np.zeros((2, 78))), "row 0 are negative or do not add up to 1 (value: sum 0)"),
        (lambda: CompositionTable.of(np.full((1, 78), np.nan)), "row 0 are negative or do not add up to 1"),
    ],
)
def test_wrong_usage_is_told(call, message):
    with pytest.raises(WrongUsageError) as caught:
        call()
    assert message in str(caught.value)


def test_elements_outside_the_table_are_named():
    crystal = Crystal([[0, 0, 0], [2, 2, 2]], ["U", "Xe"], cell=4 * np.eye(3), source="strange.cif", frame=0)
    with pytest.raises(
        UnsupportedInputError, match=r"^strange.cif, frame 0: .* \(value: U, Xe\); leave this crystal"
    ):
        composition_fractions(crystal)
    with pytest.raises(UnsupportedInputError, match="value: Ar"):
        composition_fractions({"Ar": 1})
