"""The earth mover's distance: SciPy's value, the axioms of a metric, what lies beyond the range."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from random_grids import plain_distances, random_crystal, random_grids
from scipy.sparse.csgraph import connected_components
from scipy.stats import wasserstein_distance

from xtalprint.descriptors.base import Fingerprint, FingerprintBatch, parameters
from xtalprint.descriptors.grid import GRID
from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.geometry import scaled
from xtalprint.similarity import (
    CumulativeTable,
    EarthMovers,
    Part,
    SimilarityIndex,
    WeightedSum,
    cumulative,
    earth_movers_distance,
    groups_within,
)
from xtalprint.similarity.fingerprinting import default_descriptor
from xtalprint.similarity.tiles import tiled_distances
from xtalprint.similarity.whole_numbers import WHOLE
from xtalprint.studies.random_crystals import in_another_cell

RESULTS = Path(__file__).parents[2] / "results"

#: Two groups of five bins: counts of ten, a part of which lies beyond the last bin.
MASSES = arrays(np.int64, (2, 10), elements=st.integers(0, 6)).map(
    lambda places: np.stack([np.bincount(row, minlength=7)[:5] for row in places])
)


class _Descriptor:
    def __init__(self, bin_width):
        self.bin_width = bin_width


def fingerprint(array, width=0.1):
    return Fingerprint(np.asarray(array), _Descriptor(width))


def by_scipy(a, b, width):
    """Mean over the groups, what lacks being at the end of the range."""
    n_bins = a.shape[1]
    places = np.arange(n_bins + 1) * width
    full = [np.hstack([grid, 1 - grid.sum(axis=1, keepdims=True)]).clip(0, 1) for grid in (a, b)]
    return np.mean([wasserstein_distance(places, places, g, h) for g, h in zip(*full, strict=True)])


@pytest.mark.parametrize("complete", [True, False])
def test_equals_scipy_for_each_group(complete):
    grids = random_grids(12, 4, 30, complete=complete)
    for i in range(12):
        for j in range(12):
            expected = by_scipy(grids[i], grids[j], 0.1)
            assert earth_movers_distance(grids[i], grids[j], bin_width=0.1) == pytest.approx(expected, abs=1e-12)


def test_many_at_once_are_the_same():
    grids = random_grids(150, 20, 60, complete=False)
    metric = EarthMovers(bin_width=0.1)
    table = metric.table(grids)
    expected = plain_distances(grids, grids)
    found = metric.distances(table, table)
    # Masses are rounded to 2**-24: half of that for each bin of both, at the worst.
    assert np.abs(found - expected).max() < 0.1 * 60 / 2**24
    assert np.array_equal(found, found.T)
    assert np.array_equal(metric.distances(table[10:100], table[:37]), found[10:100, :37])
    assert np.array_equal(metric.distances(table.take(np.arange(149, -1, -1)), table), found[::-1])


def test_single_precision_and_double_give_the_same():
    grids = random_grids(20, 6, 40)
    a, b = CumulativeTable.of(grids), CumulativeTable.of(grids.astype(np.float32))
    assert np.array_equal(a.first, b.first)
    assert np.abs(a.unpacked() - b.unpacked()).max() <= 2
    assert (a.unpacked()[:, :, -1] == 2**24).all()
    assert (b.unpacked()[:, :, -1] == 2**24).all(), "rounding of single precision leaves no mass at the end"


@pytest.mark.parametrize("n_bins", [1, 3, 127, 300])
@pytest.mark.parametrize("rows", [1, 63, 65])
def test_any_shape(n_bins, rows):
    grids = random_grids(rows, 3, n_bins, complete=False)
    table = CumulativeTable.of(grids)
    found = tiled_distances(table, table, unit=table.unit(0.1))
    assert np.abs(found - plain_distances(grids, grids)).max() < 0.1 * n_bins / 2**24


@settings(max_examples=60, deadline=None)
@given(MASSES, MASSES, MASSES)
def test_axioms_of_a_metric(a, b, c):
    grids = np.stack([a, b, c]) / 10
    ab, bc, ac = (earth_movers_distance(grids[i], grids[j], bin_width=0.1) for i, j in ((0, 1), (1, 2), (0, 2)))
    assert ac <= ab + bc + 1e-12
    assert earth_movers_distance(grids[1], grids[0], bin_width=0.1) == ab
    assert earth_movers_distance(grids[0], grids[0], bin_width=0.1) == 0
    assert (ab < 1e-12) == np.array_equal(a, b)
    table = CumulativeTable.of(grids)
    exact = tiled_distances(table, table, unit=1.0)
    assert exact[0, 2] <= exact[0, 1] + exact[1, 2], "whole numbers need no tolerance"
    assert np.array_equal(exact, exact.T)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_same_crystal_in_another_cell_is_at_no_distance(seed):
    rng = np.random.default_rng([seed, 1])
    crystal = random_crystal(seed)
    twins = [crystal, in_another_cell(crystal, rng), in_another_cell(crystal, rng)]
    fingerprints = [GRID().compute(twin) for twin in twins]
    assert max(earth_movers_distance(fingerprints[0], other) for other in fingerprints) < 1e-6
    table = EarthMovers().table(fingerprints)
    assert EarthMovers().distances(table, table).max() < 1e-6
    other = EarthMovers().table([GRID().compute(scaled(crystal, 1.02))])
    assert EarthMovers().distances(other, table).min() > 1e-3, "another crystal is at some"


def test_the_axioms_were_measured_on_the_default_descriptor():
    made = parameters(default_descriptor())
    assert made == parameters(GRID())
    measured = json.loads((RESULTS / "similarity-metric" / "results.json").read_text(encoding="utf-8"))
    recipe = measured["methods"]["GRID + EMD"]
    assert {name: recipe[name] for name in made} == made
    rounding = json.loads((RESULTS / "similarity-axioms.json").read_text(encoding="utf-8"))["whole_numbers"]
    assert rounding["bound_of_rounding_A"] == made["bin_width"] * GRID().n_bins / WHOLE
    assert rounding["largest_rounding_A"] < rounding["bound_of_rounding_A"]


def test_what_lacks_lies_at_the_end_of_the_range():
    near, nothing = np.array([[1.0, 0, 0, 0]]), np.zeros((1, 4))
    assert earth_movers_distance(near, nothing, bin_width=0.5) == pytest.approx(2.0)
    assert earth_movers_distance(nothing, nothing, bin_width=0.5) == 0
    assert EarthMovers(bin_width=0.5).distances(CumulativeTable.of([near]), CumulativeTable.of([nothing])) == 2.0


def test_moving_mass_farther_costs_more_by_as_much():
    rows = np.eye(10)[:, None, :]
    distances = [earth_movers_distance(rows[0], row, bin_width=0.1) for row in rows]
    assert distances == pytest.approx(0.1 * np.arange(10))


def test_cumulative():
    found = cumulative(np.array([[[0.25, 0.5, 0.25], [0.5, 0.0, 0.0]]]))
    assert np.array_equal(found, [[[0.25, 0.75, 1.0], [0.5, 0.5, 0.5]]])


def test_the_width_of_bins_comes_with_fingerprints():
    a, b = fingerprint(np.eye(4)[:1]), fingerprint(np.eye(4)[2:3])
    assert earth_movers_distance(a, b) == pytest.approx(0.2)
    assert earth_movers_distance(a, b, bin_width=0.1) == pytest.approx(0.2)
    with pytest.raises(
        WrongUsageError, match=r"bin_width differs from that of the descriptor \(value: 1 and 0.1 Å\)"
    ):
        earth_movers_distance(a, b, bin_width=1)


@pytest.mark.parametrize("bin_width", [0.05, 0.1])
def test_many_have_the_width_of_bins_that_their_descriptor_has(bin_width):
    descriptor = GRID(n_groups=12, bin_width=bin_width)
    crystals = [random_crystal(i) for i in range(6)]
    one_by_one = [descriptor.compute(crystal) for crystal in crystals]
    expected = [[earth_movers_distance(a, b) for b in one_by_one] for a in one_by_one]
    for form in (one_by_one, descriptor.compute_many(crystals)):
        table = EarthMovers().table(form)
        assert table.bin_width == table[1:3].bin_width == table.take(np.arange(2)).bin_width == bin_width
        assert np.abs(EarthMovers().distances(table, table) - expected).max() < 1e-5
        reach = np.sort(np.ravel(expected))[10] + 1e-5
        groups = connected_components(np.array(expected) <= reach, directed=False)[1]
        assert np.array_equal(groups_within(form, reach), groups)
        total = WeightedSum([Part(1, EarthMovers())])
        parts = total.table([form])
        assert np.array_equal(total.distances(parts, parts), EarthMovers().distances(table, table))
        index = SimilarityIndex.build(form)
        assert (index.bin_width, index.descriptor) == (bin_width, descriptor)
    for contradicted in (
        lambda: EarthMovers(bin_width=0.2).table(one_by_one),
        lambda: EarthMovers(bin_width=0.2).distances(table, table),
        lambda: groups_within(table, 0.1, bin_width=0.2),
        lambda: SimilarityIndex.build(form, bin_width=0.2),
    ):
        with pytest.raises(WrongUsageError, match="bin_width differs from that of the descriptor"):
            contradicted()


def test_tables_of_different_bins_are_not_mixed():
    crystal = random_crystal(3)
    # The same shape: the widths alone tell them apart.
    fine, coarse = (GRID(n_groups=5, r_max=r_max, bin_width=r_max / 50) for r_max in (5, 10))
    a, b = (CumulativeTable.of([descriptor.compute(crystal)]) for descriptor in (fine, coarse))
    for mixed in (
        lambda: EarthMovers().distances(a, b),
        lambda: CumulativeTable.joined([a, b]),
        lambda: CumulativeTable.of([fine.compute(crystal), coarse.compute(crystal)]),
        lambda: SimilarityIndex.build([fine.compute(crystal)], descriptor=coarse),
    ):
        with pytest.raises(WrongUsageError, match=r"of GRID\(r_max=[\d.]+, bin_width=0.\d\), .* of GRID\(r_max"):
            mixed()
    plain = SimilarityIndex.build(CumulativeTable.of(b.unpacked() / 2**24 * 0), bin_width=0.2)
    with pytest.raises(WrongUsageError, match="different bins cannot be compared"):
        plain.query(fine.compute(crystal))


def test_fingerprints_in_any_form():
    grids = random_grids(3, 2, 8)
    batch = FingerprintBatch(grids, np.arange(3))
    for form in (grids, list(grids), [fingerprint(g) for g in grids], batch):
        assert np.array_equal(CumulativeTable.of(form).unpacked(), CumulativeTable.of(grids).unpacked())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: earth_movers_distance(np.eye(3), np.eye(4), bin_width=0.1), "value: 3 × 3 and 4 × 4"),
        (
            lambda: earth_movers_distance(np.eye(3), np.eye(3)),
            "the width of a bin is not known; give bin_width in Å.",
        ),
        (lambda: earth_movers_distance(np.eye(3), np.eye(3), bin_width=-1), "must be a positive number (value: -1)"),
        (
            lambda: EarthMovers().distances(*[CumulativeTable.of(np.eye(3)[None])] * 2),
            "bin is not known; give bin_width",
        ),
        (lambda: groups_within(np.eye(3)[None], 0.1), "the width of a bin is not known; give bin_width in Å."),
        (lambda: EarthMovers(bin_width="0.1"), "the width of a bin must be a positive number (value: '0.1')"),
        (lambda: EarthMovers(bin_width=True), "must be a positive number (value: True)"),
        (
            lambda: earth_movers_distance(fingerprint(np.eye(3)), fingerprint(np.eye(3), 0.2)),
            "different bins cannot be compared (value: 0.1 Å and 0.2 Å)",
        ),
        (lambda: earth_movers_distance(np.zeros((2, 3, 4)), np.eye(3), bin_width=1), "two axes, groups and bins"),
        (lambda: earth_movers_distance([["a"]], [["b"]], bin_width=1), "an array of real numbers"),
        (lambda: CumulativeTable.of(np.eye(3)), "three axes, crystals, groups and bins (value: shape (3, 3))"),
        (lambda: CumulativeTable.of([np.eye(3), np.eye(4)]), "different shapes cannot be compared (value: 3 × 3 and"),
        (lambda: CumulativeTable.of("grids"), "fingerprints are an array or a list (value: str)"),
        (lambda: CumulativeTable.of(np.zeros((1, 1, 70_000))), "at most 65534 bins (value: 70000); use wider bins."),
        (lambda: CumulativeTable.of(np.zeros((1, 40_000, 1))), "there may be at most 32767 groups (value: 40000)."),
        (lambda: CumulativeTable.joined([]), "no table to join"),
        (
            lambda: CumulativeTable.joined([CumulativeTable.of(np.eye(n)[None]) for n in (3, 4)]),
            "different shapes cannot be compared (value: 3 × 3 and 4 × 4)",
        ),
        (
            lambda: EarthMovers(bin_width=1).distances(*(CumulativeTable.of(np.eye(n)[None]) for n in (3, 4))),
            "different shapes cannot be compared (value: 3 × 3 and 4 × 4)",
        ),
    ],
)
def test_wrong_usage_is_told(call, message):
    with pytest.raises(WrongUsageError) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "group 1 of fingerprint 2 is not finite (value: nan); compute it again, or leave it out"),
        (np.inf, "group 1 of fingerprint 2 is not finite (value: inf); compute it again, or leave it out"),
        (-0.1, "group 1 of fingerprint 2 has a negative mass (value: -0.1); give shares of sites, which are 0"),
        (1.5, "group 1 of fingerprint 2 has more than the mass 1 (value: 1.5); divide each group by its sum"),
    ],
)
@pytest.mark.parametrize("cumulate", [cumulative, CumulativeTable.of])
def test_what_is_no_distribution_is_named(value, message, cumulate):
    grids = np.zeros((4, 3, 5))
    grids[2, 1, 3] = value
    with pytest.raises(XtalprintError) as caught:
        cumulate(grids)
    assert message in str(caught.value)


def test_tables():
    grids = random_grids(9, 3, 20, complete=False)
    table = CumulativeTable.of(grids)
    expected = np.rint(np.cumsum(grids, axis=-1) * 2**24).astype(int)
    assert np.abs(table.unpacked() - expected).max() <= 1
    assert np.array_equal(table.group_sums(), table.unpacked().sum(axis=-1))
    assert np.array_equal(table[::2].unpacked(), table.unpacked()[::2])
    assert np.array_equal(table[4:2].unpacked(), table.unpacked()[4:2])
    joined = CumulativeTable.joined([table[:4], table[4:]])
    assert np.array_equal(joined.unpacked(), table.unpacked())
    assert repr(table) == f"CumulativeTable(9 rows of 3 × 20, {table.nbytes / 1e6:.1f} MB)"


def test_rows_are_taken_in_any_order_and_in_little_memory():
    grids = random_grids(9, 3, 20, complete=False)
    table = CumulativeTable.of(grids)
    for rows in ([], [0], [8, 8, 2], [-1, 3, -9]):
        taken = table.take(np.array(rows, dtype=np.int64))
        assert np.array_equal(taken.unpacked(), table.unpacked()[rows])
        assert np.array_equal(taken.group_sums(), table.group_sums()[rows])
    with pytest.raises(IndexError):
        table.take(np.array([9]))
    many = CumulativeTable.joined([table] * 2000)
    order = np.random.default_rng(1).permutation(len(many))
    tracemalloc.start()
    try:
        many.take(order)
        assert tracemalloc.get_traced_memory()[1] < 2 * many.nbytes
    finally:
        tracemalloc.stop()
