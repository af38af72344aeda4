"""Vacancies, displacements, substitutions: counts, statistics, determinism, refusals."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kstest

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, displace_uniform, substitute, vacancies
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import supercell, to_cluster

FCC = Crystal(
    3.61 * np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]), ["Cu"] * 4, cell=3.61 * np.eye(3)
)
BOX = supercell(FCC, (5, 5, 5))


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.floats(0, 0.999), st.integers(0, 1000))
def test_vacancies_remove_the_floor_and_keep_the_order(fraction, seed):
    left = vacancies(BOX, fraction, np.random.default_rng(seed))
    assert len(left) == len(BOX) - int(len(BOX) * fraction + 1e-9)
    rows = [np.flatnonzero((BOX.positions == p).all(axis=1))[0] for p in left.positions]
    assert rows == sorted(set(rows))
    np.testing.assert_array_equal(left.cell, BOX.cell)


def test_a_whole_per_cent_is_not_lost_to_rounding():
    """0.29 · 100 is 28.999… in floating point."""
    hundred = Crystal(np.arange(300).reshape(100, 3) * 3.0, [29] * 100)
    assert len(vacancies(hundred, 0.29, np.random.default_rng(0))) == 71


def test_vacancies_are_uniform_over_the_sites():
    """Chi-squared over 500 sites, significance 0.001."""
    removed = np.zeros(len(BOX))
    for seed in range(400):
        left = {p.tobytes() for p in vacancies(BOX, 0.1, np.random.default_rng(seed)).positions}
        removed += [p.tobytes() not in left for p in BOX.positions]
    expected = 40.0
    statistic = ((removed - expected) ** 2 / (expected * 0.9)).sum()
    assert statistic < chi2.ppf(0.999, len(BOX))


@pytest.mark.parametrize(("unit", "length"), [("angstrom", 1.0), ("d_nn", 3.61 / np.sqrt(2))])
def test_gaussian_displacements_are_normal_with_the_sigma_asked_for(unit, length):
    """Kolmogorov and Smirnov, significance 0.001."""
    moved = displace_gaussian(BOX, 0.06, np.random.default_rng(0), unit=unit)
    shift = (moved.positions - BOX.positions).ravel()
    assert kstest(shift / (0.06 * length), "norm").pvalue > 1e-3


def test_uniform_displacements_fill_the_cube():
    moved = displace_uniform(BOX, 0.2, np.random.default_rng(0))
    shift = (moved.positions - BOX.positions).ravel()
    assert np.abs(shift).max() <= 0.2
    assert kstest((shift + 0.2) / 0.4, "uniform").pvalue > 1e-3


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.floats(0, 1), st.integers(0, 1000))
def test_substitutions_change_at_most_the_floor_and_only_the_element(fraction, seed):
    changed = substitute(BOX, fraction, np.random.default_rng(seed))
    assert (changed.numbers != BOX.numbers).sum() <= int(len(BOX) * fraction + 1e-9)
    assert ((changed.numbers >= 1) & (changed.numbers <= 94)).all()
    np.testing.assert_array_equal(changed.positions, BOX.positions)


def test_substitutes_can_be_chosen():
    changed = substitute(BOX, 1.0, np.random.default_rng(0), elements=("Au", "Pt"))
    assert set(changed.symbols) == {"Au", "Pt"}


@pytest.mark.parametrize(
    "defect",
    [
        lambda rng: vacancies(BOX, 0.3, rng),
        lambda rng: displace_gaussian(BOX, 0.1, rng),
        lambda rng: displace_uniform(BOX, 0.1, rng),
        lambda rng: substitute(BOX, 0.3, rng),
    ],
)
def test_same_seed_same_crystal_and_the_original_is_untouched(defect):
    before = BOX.positions.copy(), BOX.numbers.copy()
    assert defect(np.random.default_rng(7)) == defect(np.random.default_rng(7))
    assert defect(np.random.default_rng(7)) != defect(np.random.default_rng(8))
    np.testing.assert_array_equal(BOX.positions, before[0])
    np.testing.assert_array_equal(BOX.numbers, before[1])


DISORDERED = supercell(
    Crystal(
        [[0, 0, 0]] * 2 + [[1.9, 1.9, 1.9]], ["Cu", "Au", "Zn"], cell=3.8 * np.eye(3), occupancies=[0.5, 0.5, 0.9]
    ),
    (4, 4, 4),
)


def test_the_rows_of_a_disordered_site_stay_together():
    rng = np.random.default_rng(3)
    moved = displace_gaussian(DISORDERED, 0.3, rng)
    np.testing.assert_array_equal(moved.site_of_row, DISORDERED.site_of_row)
    shift = moved.positions - DISORDERED.positions
    pairs = DISORDERED.numbers == 79, DISORDERED.numbers == 29
    np.testing.assert_allclose(shift[pairs[0]], shift[pairs[1]], atol=1e-12)
    assert len(np.unique(shift.round(12), axis=0)) == DISORDERED.n_sites == 128
    left = vacancies(DISORDERED, 0.25, rng)
    assert left.n_sites == 96
    assert left.formula.count("Au") == left.formula.count("Cu") == 1
    assert (left.numbers == 79).sum() == (left.numbers == 29).sum()
    changed = substitute(DISORDERED, 1.0, rng)
    np.testing.assert_array_equal(changed.numbers[pairs[0]], changed.numbers[pairs[1]])
    np.testing.assert_array_equal(changed.occupancies, DISORDERED.occupancies)


@pytest.mark.parametrize(
    "defect",
    [
        lambda crystal, rng: vacancies(crystal, 0.3, rng),
        lambda crystal, rng: displace_gaussian(crystal, 0.1, rng),
        lambda crystal, rng: displace_uniform(crystal, 0.1, rng),
        lambda crystal, rng: substitute(crystal, 0.3, rng),
    ],
)
def test_defects_are_the_same_with_and_without_a_cell_or_in_a_slab(defect):
    slab = Crystal(BOX.positions, BOX.numbers, cell=BOX.cell, pbc=(True, True, False), source="slab.cif", frame=4)
    box, cluster = (defect(crystal, np.random.default_rng(1)) for crystal in (BOX, to_cluster(BOX)))
    assert cluster.cell is None
    assert to_cluster(box) == cluster
    damaged = defect(slab, np.random.default_rng(1))
    assert damaged.pbc == slab.pbc
    assert (damaged.source, damaged.frame) == ("slab.cif", 4)
    assert 0 < damaged.n_sites <= slab.n_sites
    assert pickle.loads(pickle.dumps(damaged)) == damaged  # noqa: S301 - our own object


def test_atoms_moved_onto_each_other_stay_two():
    crystal = Crystal([[0, 0, 0], [0.06, 0, 0]], ["H", "H"])
    for seed in range(20):
        assert displace_uniform(crystal, 0.05, np.random.default_rng(seed)).n_sites == 2


def test_never_all_atoms_are_removed():
    one = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3), source="po.cif")
    assert vacancies(one, 0.99, np.random.default_rng(0)) == one
    with pytest.raises(UnsupportedInputError, match=r"po.cif: no atom would be left of 1 .*repeat the cell"):
        vacancies(one, 1 - 1e-12, np.random.default_rng(0))


def test_substitutes_are_uniform_over_the_elements_and_the_sites():
    """Significance 0.001 for each of the two."""
    seen, hit = np.zeros(95), np.zeros(len(BOX))
    for seed in range(400):
        changed = substitute(BOX, 0.2, np.random.default_rng(seed))
        seen += np.bincount(changed.numbers[changed.numbers != 29], minlength=95)
        hit += changed.numbers != BOX.numbers
    others = seen[[z for z in range(1, 95) if z != 29]]
    assert ((others - others.mean()) ** 2 / others.mean()).sum() < chi2.ppf(0.999, 92)
    share = 0.2 * 93 / 94
    assert ((hit - 400 * share) ** 2 / (400 * share * (1 - share))).sum() < chi2.ppf(0.999, len(BOX))


def test_displacements_of_different_components_and_atoms_are_independent():
    """Correlations of 20,000 deviates, 4 standard errors."""
    large = supercell(FCC, (18, 18, 18))
    shift = displace_gaussian(large, 1.0, np.random.default_rng(0)).positions - large.positions
    limit = 4 / np.sqrt(len(shift))
    assert np.abs(np.corrcoef(shift.T) - np.eye(3)).max() < limit
    assert np.abs(np.corrcoef(shift[:-1].ravel(), shift[1:].ravel())[0, 1]) < limit


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 1.5, np.nan])
def test_nonsense_fractions_of_vacancies_are_refused(fraction):
    with pytest.raises(XtalprintError, match=r"fraction is out of range .*at least one atom must be left"):
        vacancies(BOX, fraction, np.random.default_rng(0))


@pytest.mark.parametrize("fraction", [-0.1, 1.5, np.nan])
def test_nonsense_fractions_of_substitutes_are_refused(fraction):
    with pytest.raises(XtalprintError, match=r"out of range .*give a number from 0 to 1\.$"):
        substitute(BOX, fraction, np.random.default_rng(0))


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
def test_nonsense_displacements_are_refused(value):
    for displace in (displace_gaussian, displace_uniform):
        with pytest.raises(XtalprintError, match="not negative"):
            displace(BOX, value, np.random.default_rng(0))


def test_unknown_units_and_elements_are_refused():
    with pytest.raises(XtalprintError, match="choose angstrom or d_nn"):
        displace_gaussian(BOX, 0.1, np.random.default_rng(0), unit="nm")
    with pytest.raises(XtalprintError, match=r"chemical symbols .*Xx"):
        substitute(BOX, 0.1, np.random.default_rng(0), elements=("Xx",))
