"""Perovskites and Ruddlesden-Popper crystals have the formulas, space groups and layers they should have."""

from __future__ import annotations

from math import gcd

import numpy as np
import pytest

from xtalprint.errors import XtalprintError
from xtalprint.geometry import nearest_distances, space_group_number, standard_cell
from xtalprint.io import read
from xtalprint.prototypes import perovskite, ruddlesden_popper
from xtalprint.studies.base import data_file


def counts(crystal):
    symbols = list(crystal.symbols)
    numbers = {symbol: symbols.count(symbol) for symbol in sorted(set(symbols))}
    divisor = gcd(*numbers.values())
    return {symbol: number // divisor for symbol, number in numbers.items()}


@pytest.mark.parametrize(
    ("displacement", "group"),
    [((0, 0, 0), 221), ((0, 0, 0.02), 99), ((0, 0.007, 0.007), 38), ((0.006, 0.006, 0.006), 160)],
)
def test_displaced_perovskites_have_the_groups_of_barium_titanate(displacement, group):
    crystal = perovskite(4.0, symbols=("Ba", "Ti", "O"), displacement=displacement)
    assert space_group_number(crystal, symprec=1e-4) == group
    assert counts(crystal) == {"Ba": 1, "O": 3, "Ti": 1}
    titanium = crystal.positions[list(crystal.symbols).index("Ti")]
    assert np.allclose(titanium, 4.0 * (0.5 + np.array(displacement)))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 8])
def test_ruddlesden_popper_crystals(n):
    crystal = ruddlesden_popper(n, a=4.0, gap=0.6)
    assert len(crystal) == 2 * (5 * n + 2)
    expected = {"Sr": n + 1, "Ti": n, "O": 3 * n + 1}
    assert counts(crystal) == {symbol: number for symbol, number in sorted(expected.items()) if number}
    assert space_group_number(crystal, symprec=1e-4) == 139
    assert np.allclose(np.diag(crystal.cell), [4.0, 4.0, 8.0 * (n + 0.6)])
    assert nearest_distances(crystal).min() == pytest.approx(2.0 if n else 2.4)


def test_one_block_is_cut_from_the_perovskite():
    crystal, cube = ruddlesden_popper(4, a=4.0), perovskite(4.0)
    block = np.abs((crystal.positions[:, 2] + 1e-6) % crystal.cell[2, 2]) < 8.0
    shift = np.array([2.0, 2.0, 0.0])

    def places(positions, symbols):
        """Element by place in the cubic cell, in quarters of the lattice constant."""
        quarters = np.round((positions + shift) % 4.0) % 4
        return {tuple(q): s for q, s in zip(quarters.tolist(), symbols, strict=True)}

    found = places(crystal.positions[block], np.array(crystal.symbols)[block])
    expected = places(cube.positions - shift, cube.symbols)
    assert {k: v for k, v in found.items() if k in expected} == found
    assert found == expected


@pytest.mark.data
@pytest.mark.parametrize(("name", "n"), [("Sr2TiO4_mp-5532", 1), ("Sr3Ti2O7_mp-3349", 2), ("Sr4Ti3O10_mp-31213", 3)])
def test_the_gap_is_about_that_of_real_crystals(name, n):
    (crystal,) = read(data_file("similarity", f"{name}_139.cif"))
    lengths = np.sort(np.linalg.norm(standard_cell(crystal).cell, axis=1))
    assert 0.59 < lengths[2] / lengths[0] / 2 - n < 0.64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: perovskite(0.0), "a must be a positive number"),
        (lambda: perovskite(4.0, displacement=(0, np.nan, 0)), "three finite numbers"),
        (lambda: perovskite(4.0, displacement=(0.1,)), "three finite numbers"),
        (lambda: ruddlesden_popper(-1), "n is a whole number"),
        (lambda: ruddlesden_popper(1.5), "n is a whole number"),
        (lambda: ruddlesden_popper(2, gap=-1), "gap must be a positive number"),
    ],
)
def test_senseless_parameters_are_refused(call, message):
    with pytest.raises(XtalprintError, match=message):
        call()
