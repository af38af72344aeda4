"""Numbers of a crystal that a person can read, in named groups: composition, packing, bonds, distances.

Every number is the same for any cell, supercell, orientation and order of the sites. All are computed from the
elements of a crystal and the nearest neighbours of its sites.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.element_properties import (
    PROPERTIES,
    check_elements,
    element_properties,
    outer_electrons,
)
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry.site_batch import SiteBatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

#: Groups of columns, in their order.
GROUPS = ("composition", "packing", "bonds", "distances")
#: Neighbours of each site that bonds are made of, and neighbours whose mean distances are kept.
BONDED = 48
MEANS = (*range(1, 17), 18, 20, 24, 28, 32, 40, 50, 64, 80, 100)
SPREADS = tuple(range(1, 13))
#: A bond ends at so many sums of covalent radii, over such a width; and falls by e in such a part of that sum.
BOND_END, BOND_WIDTH, BOND_DECAY = 1.3, 0.05, 0.12
#: Bonds fade out towards the farthest of these neighbours, over the last part of the way: so many times shorter.
FADE = 1.2
#: Crystals worked on at a time, for bounded memory.
CHUNK = 1000
#: u/Å³ in g/cm³.
DENSITY = 1.66053906660
#: Raised when the meaning of a number changes and no constant does.
VERSION = 2


@dataclass(frozen=True)
class Table:
    """Numbers of many crystals.

    Parameters
    ----------
    array
        (n, columns).
    columns
        Name of each, with its unit where it has one.
    groups
        Group of each, one of `GROUPS`.
    """

    array: Floats
    columns: tuple[str, ...]
    groups: tuple[str, ...]

    def rows(self, some: NDArray[np.int64] | slice) -> Table:
        """The same columns of some crystals."""
        return Table(self.array[some], self.columns, self.groups)

    def part(self, *groups: str) -> Floats:
        """Columns of some groups."""
        kept = np.array([group in groups for group in self.groups])
        return np.asarray(self.array[:, kept])


def interpretable_features(crystals: Sequence[Crystal]) -> Table:
    """Composition statistics, packing, bonds and mean distances.

    Parameters
    ----------
    crystals
        Ordered, repeating in three directions, of elements up to curium. Of none, the table has columns and no row.

    Raises
    ------
    UnsupportedInputError
        For any other, naming it.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> table = interpretable_features([Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))])
    >>> round(float(table.array[0, table.columns.index("volume per atom, Å³")]), 3)
    37.595
    """
    for crystal in crystals:
        _check(crystal)
    if not crystals:
        return interpretable_features([Crystal([[0, 0, 0]], ["H"], cell=np.eye(3))]).rows(slice(0))
    parts = [_features(crystals[i : i + CHUNK]) for i in range(0, len(crystals), CHUNK)]
    names = parts[0][1]
    array = np.concatenate([part[0] for part in parts])
    return Table(array, tuple(name for name, _ in names), tuple(group for _, group in names))


def interpretable_constants() -> Mapping[str, Any]:
    """What the numbers depend on beside the crystal, as plain data: two models with other constants differ.

    Returns
    -------
    Version, cut-offs of bonds and neighbours, and the SHA-256 of the values of the elements.

    Examples
    --------
    >>> interpretable_constants()["end of a bond, covalent radii"]
    1.3
    """
    values = np.stack([element_properties()[name] for name in PROPERTIES] + [outer_electrons()])
    return {
        "version": VERSION,
        "neighbours for bonds": BONDED,
        "fade-out of the farthest, ratio": FADE,
        "end of a bond, covalent radii": BOND_END,
        "width of that end": BOND_WIDTH,
        "decay of the bond order": BOND_DECAY,
        "neighbours for mean distances": list(MEANS),
        "neighbours for spreads": list(SPREADS),
        "sha256 of the values of the elements": hashlib.sha256(values.astype("<f8").tobytes()).hexdigest(),
    }


def composition_statistics(crystal: Crystal) -> dict[str, float]:
    """Statistics of the elements of one crystal alone, by name: the group "composition" of `interpretable_features`.

    Parameters
    ----------
    crystal
        As of `interpretable_features`.

    Raises
    ------
    UnsupportedInputError
        As `interpretable_features`.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> found = composition_statistics(Crystal([[0, 0, 0], [0, 0, 2]], ["C", "O"], cell=4 * np.eye(3)))
    >>> found["number of elements"], found["largest share of an element"]
    (2.0, 0.5)
    """
    _check(crystal)
    numbers = np.asarray(crystal.numbers, dtype=np.int64)
    found = _composition(numbers, _Pool(np.array([0, len(numbers)])))
    return {name: float(values[0]) for name, values in found.items()}


def _check(crystal: Crystal) -> None:
    source, frame = crystal.source, crystal.frame
    if crystal.pbc != (True, True, True):
        raise UnsupportedInputError(
            "the volume of a cluster without a cell is not known",
            source=source,
            frame=frame,
            remedy="give a cell that repeats in three directions",
        )
    if not crystal.is_ordered:
        raise UnsupportedInputError(
            "sites are partly occupied",
            source=source,
            frame=frame,
            remedy="choose one species for each site, in a supercell",
        )
    check_elements(crystal.numbers, source=source, frame=frame)


def _features(crystals: Sequence[Crystal]) -> tuple[Floats, list[tuple[str, str]]]:
    from xtalprint.geometry.compiled_nearest import nearest  # noqa: PLC0415 - imports Numba

    sites = SiteBatch.of(crystals)
    numbers = np.concatenate([crystal.numbers for crystal in crystals]).astype(np.int64)
    distances, owners = nearest(sites, max(MEANS), with_owners=True)
    owners = owners[:, :BONDED] + np.repeat(sites.starts[:-1], np.diff(sites.starts))[:, None]
    pool = _Pool(sites.starts)
    volumes = sites.volumes / np.diff(sites.starts)
    found = {
        "composition": _composition(numbers, pool),
        "packing": _packing(numbers, volumes, pool),
        "bonds": _bonds(numbers, distances[:, :BONDED], owners, volumes, pool),
        "distances": _distances(distances, volumes, pool),
    }
    names = [(name, group) for group in GROUPS for name in found[group]]
    return np.stack([column for group in GROUPS for column in found[group].values()], axis=1), names


@dataclass(frozen=True)
class _Pool:
    """Statistics over the sites of each crystal."""

    starts: Integers

    def mean(self, values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, self.starts[:-1]) / np.diff(self.starts))

    def spread(self, values: Floats) -> Floats:
        from_mean = values - np.repeat(self.mean(values), np.diff(self.starts))
        return np.sqrt(self.mean(from_mean**2))

    def all(self, name: str, values: Floats) -> dict[str, Floats]:
        return {
            f"mean {name}": self.mean(values),
            f"spread of {name}": self.spread(values),
            f"least {name}": np.minimum.reduceat(values, self.starts[:-1]),
            f"largest {name}": np.maximum.reduceat(values, self.starts[:-1]),
        }


def _composition(numbers: Integers, pool: _Pool) -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    for name in PROPERTIES:
        columns |= pool.all(name.replace("_", " "), element_properties()[name][numbers])
    columns |= pool.all("outer electrons", outer_electrons()[numbers])
    shares = [
        np.unique(numbers[i:j], return_counts=True)[1] / (j - i)
        for i, j in zip(pool.starts[:-1], pool.starts[1:], strict=True)
    ]
    columns["number of elements"] = np.array([float(len(share)) for share in shares])
    columns["largest share of an element"] = np.array([share.max() for share in shares])
    return columns


def _packing(numbers: Integers, volumes: Floats, pool: _Pool) -> dict[str, Floats]:
    table = element_properties()
    radii, molar = table["covalent_radius"][numbers], table["molar_volume"][numbers]
    electrons = pool.mean(outer_electrons()[numbers]) / volumes
    return {
        "volume per atom, Å³": volumes,
        "density, g/cm³": pool.mean(table["mass"][numbers]) / volumes * DENSITY,
        "share filled by covalent spheres": pool.mean(4 / 3 * np.pi * radii**3) / volumes,
        "volume over that of the elements": volumes / (pool.mean(molar) / 0.602214076),
        "outer electrons per Å³": electrons,
        "melting points over volume, K/Å³": pool.mean(table["melting_point"][numbers]) / volumes,
        "boiling points over volume, K/Å³": pool.mean(table["boiling_point"][numbers]) / volumes,
    }


def _bonds(numbers: Integers, distances: Floats, owners: Integers, volumes: Floats, pool: _Pool) -> dict[str, Floats]:
    table = element_properties()
    others = numbers[owners]
    radii = table["covalent_radius"]
    ratio = distances / (radii[numbers][:, None] + radii[others])
    # At most what an exponential can hold: atoms far apart have no bond.
    kept = _kept(distances)
    bonded = kept / (1 + np.exp(np.minimum((ratio - BOND_END) / BOND_WIDTH, 700.0)))
    order = kept * np.exp((1 - ratio) / BOND_DECAY)
    weights = _effective(distances, kept)
    total = weights.sum(axis=1)

    def over_bonds(values: Floats) -> Floats:
        return np.asarray((weights * values).sum(axis=1) / total)

    def difference(name: str) -> Floats:
        return over_bonds(abs(table[name][numbers][:, None] - table[name][others]))

    boiling = np.sqrt(table["boiling_point"][numbers][:, None] * table["boiling_point"][others])
    length = over_bonds(distances)
    every = {
        "shortest bond over covalent radii": np.where(kept > 0, ratio, np.inf).min(axis=1),
        "bonds within 1.3 covalent radii": bonded.sum(axis=1),
        "effective coordination": total,
        "bond order": order.sum(axis=1),
        "bond length, Å": length,
        "difference of electronegativity in bonds": difference("electronegativity"),
        "difference of Mendeleev numbers in bonds": difference("mendeleev_number"),
        "share of bonds between equal elements": over_bonds((numbers[:, None] == others).astype(np.float64)),
        "boiling point along bonds, K": over_bonds(boiling),
        "outer electrons of neighbours": over_bonds(outer_electrons()[others]),
        "bonds over length to the power 3.5": total * length**-3.5,
    }
    columns: dict[str, Floats] = {}
    for name, values in every.items():
        columns |= pool.all(name, values)
    columns["bond order per Å³"] = columns["mean bond order"] / volumes
    columns["bonds per Å³"] = columns["mean bonds within 1.3 covalent radii"] / volumes
    columns["boiling point times bond order per Å³"] = pool.mean((order * boiling).sum(axis=1)) / volumes
    return columns


def _kept(distances: Floats) -> Floats:
    """1 for near neighbours, smoothly down to 0 at the farthest: which of several as far are given is all the same.

    The nearest neighbour has 1, even where all are equally far.
    """
    end = np.maximum(distances[:, -1:], FADE * distances[:, :1])
    x = np.clip((end - distances) / (end - end / FADE), 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


def _effective(distances: Floats, kept: Floats) -> Floats:
    """Weights of neighbours whose sum is the effective coordination number (R. Hoppe, Z. Krist. 150, 23 (1979))."""
    mean = distances[:, :1]
    for _ in range(3):
        weights = kept * np.exp(1 - (distances / mean) ** 6)
        mean = (weights * distances).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    return np.asarray(kept * np.exp(1 - (distances / mean) ** 6))


def _distances(distances: Floats, volumes: Floats, pool: _Pool) -> dict[str, Floats]:
    length = np.cbrt(volumes)
    columns = {
        f"mean distance of neighbour {k} over the cube root of the volume": pool.mean(distances[:, k - 1]) / length
        for k in MEANS
    }
    return columns | {
        f"spread of the distances of neighbour {k} over the cube root of the volume": pool.spread(distances[:, k - 1])
        / length
        for k in SPREADS
    }
