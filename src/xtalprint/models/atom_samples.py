"""Made samples with a class for each atom: hot crystals, stackings, pieces, grains, liquids, other crystals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets import other_crystals
from xtalprint.defects import displace_gaussian, displace_springs
from xtalprint.geometry import nearest_distances, random_rotation, scaled, supercell_to
from xtalprint.models.defective import random_packing
from xtalprint.models.presentations import points_around
from xtalprint.prototypes.lattices import simple_lattice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

ATOM_CLASSES = ("fcc", "bcc", "hcp", "sc", "diam", "hex-diam", "none")
FCC, BCC, HCP, SC, DIAM, HEX_DIAM, NONE = range(7)
#: What is made, and how often.
KINDS = {
    "fcc": 0.15,
    "bcc": 0.19,
    "hcp": 0.15,
    "stacking": 0.09,
    "sc": 0.05,
    "diam": 0.06,
    "hex-diam": 0.05,
    "double stacking": 0.03,
    "liquid": 0.12,
    "shaken": 0.04,
    "packing": 0.02,
    "lattice": 0.04,
    "orbits": 0.03,
}
#: Forms in which a sample is brought.
FORMS = ("periodic", "piece", "grains")
#: Label of atoms that are not used, as those at a surface or a boundary.
UNUSED = -1
#: Exponents of the soft spheres whose crystals are stable or nearly so; their temperatures in units of freezing.
SPHERES = {"bcc": (4, 6), "fcc": (6, 9, 12), "hcp": (6, 9, 12), "stacking": (6, 9, 12)}
HOT, LIQUID, MD_STEPS = (0.3, 1.1), (0.85, 3.0), (200, 700)
#: Largest standard deviations in bond lengths of displacements by springs and by chance; of crystals shaken apart.
SPRINGS, GAUSSIAN, SHAKEN = 0.13, 0.13, (0.22, 0.4)
#: Atoms that left their place by more than this belong to no class; samples with a larger share of them melted.
LEFT, MOST_LEFT = 0.5, 0.01
MOST_VACANCIES, STRAIN = 0.2, 0.015
#: Shares: of grains that meet a grain of the same crystal; of crystals that are heated by molecular dynamics where
#: soft spheres have such a crystal, and of the others by springs; of crystals and of other matter that lose atoms.
SAME_GRAIN, BY_DYNAMICS, BY_SPRINGS, THINNED, THINNED_NONE = 0.4, 0.45, 0.55, 0.3, 0.2
#: Radius of a piece, depth below which its atoms are used, and least distance between two grains, in bond lengths.
RADIUS, SKIN, GAP = 5.2, 0.6, 0.75
#: Sites of a box.
SITES = 300


@dataclass(frozen=True)
class LabelledAtoms:
    """A sample in units of its bond length, about, with a class for each atom.

    Parameters
    ----------
    crystal
        A box, or a cluster.
    labels
        (n,) place in `ATOM_CLASSES`, or `UNUSED`.
    kind
        One of `KINDS`; of both grains if there are two.
    heat
        How the atoms were displaced, and by how much: "md 0.97" in units of the freezing temperature, "springs 0.08"
        and "gaussian 0.1" in bond lengths.
    form
        One of `FORMS`.
    """

    crystal: Crystal
    labels: Integers
    kind: str
    heat: str = ""
    form: str = "periodic"


def atom_samples(seed: int, row: int) -> list[LabelledAtoms]:
    """One base sample in each of the `FORMS`; the result depends on the seed and the row alone."""
    rng = np.random.default_rng([seed, row])
    kind = str(rng.choice(list(KINDS), p=np.array([*KINDS.values()]) / sum(KINDS.values())))
    base = made_box(kind, rng)
    other = made_box(str(rng.choice(["fcc", "bcc", "hcp", "sc", "diam", "shaken"])), rng, molecular_dynamics=False)
    if rng.random() < SAME_GRAIN:
        other = base
    factor = rng.uniform(0.96, 1.04)
    return [base, piece(base, rng), grains(base, other, rng, factor=factor)]


def made_box(kind: str, rng: np.random.Generator, *, molecular_dynamics: bool = True) -> LabelledAtoms:
    """A periodic box of one of the `KINDS`, with heat and vacancies."""
    if kind in {"liquid", "shaken", "packing", "lattice", "orbits"}:
        return _none(kind, rng)
    crystal, labels = _strained(*ideal_box(kind, rng), rng)
    hot, heat = _heated(crystal, kind, rng, molecular_dynamics=molecular_dynamics)
    labels = np.where(np.linalg.norm(hot.positions - crystal.positions, axis=1) < LEFT, labels, NONE)
    sample = LabelledAtoms(hot, labels, kind, heat)
    return _thinned(sample, rng.uniform(0, MOST_VACANCIES), rng) if rng.random() < THINNED else sample


def ideal_box(kind: str, rng: np.random.Generator) -> tuple[Crystal, Integers]:
    """A box of about `SITES` sites at bond length 1, and the class of each."""
    if kind in {"bcc", "sc"}:
        box = supercell_to(simple_lattice(kind, a=2 / np.sqrt(3) if kind == "bcc" else 1.0), min_atoms=SITES)
        return box, np.full(len(box), ATOM_CLASSES.index(kind))
    double = kind in {"diam", "hex-diam", "double stacking"}
    letters = {"fcc": [0, 1, 2] * 2, "diam": [0, 1, 2], "hcp": [0, 1] * 3, "hex-diam": [0, 1] * 2}.get(kind)
    return stacked(
        letters or _random_letters(int(rng.integers(4, 7) if double else rng.integers(5, 9)), rng), double=double
    )


def stacked(letters: list[int], *, double: bool) -> tuple[Crystal, Integers]:
    """Close-packed layers, or double layers as in diamond, in the order of the letters (0, 1, 2), and all classes.

    A layer between two equal ones is hexagonal, otherwise it is cubic; so it is with double layers.
    """
    above, below = np.roll(letters, -1), np.roll(letters, 1)
    hexagonal = above == below
    a = np.sqrt(8 / 3) if double else 1.0
    height = a * np.sqrt(2 / 3)
    cell = np.array([[a, 0, 0], [-0.5 * a, np.sqrt(0.75) * a, 0], [0, 0, len(letters) * height]])
    thirds = np.array([1, 2]) / 3
    rows = [
        ([*(letter * thirds), (layer + half) / len(letters)], hexagonal[layer])
        for layer, letter in enumerate(letters)
        for half in ((0, 0.75) if double else (0,))
    ]
    classes = (DIAM, HEX_DIAM) if double else (FCC, HCP)
    frac = np.array([place for place, _ in rows])
    labels = np.array([classes[int(is_hexagonal)] for _, is_hexagonal in rows])
    box = supercell_to(Crystal(frac @ cell, [26] * len(frac), cell=cell), min_atoms=SITES)
    return box, np.tile(labels, len(box) // len(labels))


def piece(sample: LabelledAtoms, rng: np.random.Generator) -> LabelledAtoms:
    """A turned ball out of a box; its outermost atoms are not used."""
    points, rows = _ball(sample.crystal, rng)
    labels = np.where(np.linalg.norm(points, axis=1) < RADIUS - SKIN, sample.labels[rows], UNUSED)
    return replace(sample, crystal=_made(points, sample.crystal), labels=labels, form="piece")


def grains(
    one: LabelledAtoms, other: LabelledAtoms, rng: np.random.Generator, *, factor: float = 1.0, skin: float = SKIN
) -> LabelledAtoms:
    """Two half balls out of two boxes, the second scaled; atoms at the boundary or outermost are not used.

    The boundary is the plane x = 0; of the second grain, on the side of positive x, atoms are left out that are too
    close to the first.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only for made data

    left, rows = _ball(one.crystal, rng)
    right, right_rows = _ball(other.crystal, rng)
    right *= factor
    left_in, right_in = left[:, 0] < 0, right[:, 0] > 0
    left, rows = left[left_in], rows[left_in]
    right, right_rows = right[right_in], right_rows[right_in]
    free = cKDTree(left).query(right)[0] > GAP
    points = np.concatenate([left, right[free]])
    labels = np.concatenate([one.labels[rows], other.labels[right_rows[free]]])
    used = (np.linalg.norm(points, axis=1) < RADIUS - SKIN) & (np.abs(points[:, 0]) > skin)
    labels = np.where(used, labels, UNUSED)
    return replace(
        one, crystal=_made(points, one.crystal), labels=labels, kind=f"{one.kind} {other.kind}", form="grains"
    )


def _heated(
    crystal: Crystal, kind: str, rng: np.random.Generator, *, molecular_dynamics: bool
) -> tuple[Crystal, str]:
    if molecular_dynamics and kind in SPHERES and rng.random() < BY_DYNAMICS:
        from xtalprint.datasets.soft_spheres import soft_spheres  # noqa: PLC0415 - imports Numba

        temperature = rng.uniform(*HOT)
        exponent = int(rng.choice(SPHERES[kind]))
        steps = int(rng.integers(*MD_STEPS))
        hot = soft_spheres(crystal, exponent=exponent, temperature=temperature, steps=steps, rng=rng)
        if (np.linalg.norm(hot.positions - crystal.positions, axis=1) > LEFT).mean() <= MOST_LEFT:
            return hot, f"md {temperature:.2f}"
    if rng.random() < BY_SPRINGS:
        sigma = rng.uniform(0.01, SPRINGS)
        decay = rng.uniform(4, 10) if kind == "bcc" else rng.uniform(3, 8)
        hot = displace_springs(crystal, sigma, rng, decay=decay, transverse=rng.uniform(0.01, 0.1))
        return hot, f"springs {sigma:.2f}"
    sigma = rng.uniform(0, GAUSSIAN)
    return displace_gaussian(crystal, sigma, rng), f"gaussian {sigma:.2f}"


def _none(kind: str, rng: np.random.Generator) -> LabelledAtoms:
    heat = ""
    base = str(rng.choice(["fcc", "bcc", "hcp", "sc", "diam"] if kind in {"shaken", "packing"} else ["fcc", "bcc"]))
    crystal, _ = ideal_box(base, rng)
    if kind == "liquid":
        from xtalprint.datasets.soft_spheres import FREEZING, soft_spheres  # noqa: PLC0415 - imports Numba

        temperature = LIQUID[0] + (LIQUID[1] - LIQUID[0]) * rng.random() ** 2
        heat = f"md {temperature:.2f}"
        exponent = int(rng.choice([*FREEZING]))
        crystal = soft_spheres(crystal, exponent=exponent, temperature=temperature, steps=500, rng=rng, melt=True)
    elif kind == "shaken":
        crystal = displace_gaussian(crystal, rng.uniform(*SHAKEN), rng)
    elif kind == "packing":
        edge = float(np.cbrt(crystal.volume))
        packing = random_packing(crystal, rng.uniform(0.6, 0.97), rng)
        crystal = Crystal(packing.positions, packing.numbers, cell=edge * np.eye(3))
    else:
        crystal = _other_lattice(rng) if kind == "lattice" else _orbits(rng)
        crystal = displace_gaussian(crystal, rng.uniform(0, 0.06), rng)
    sample = LabelledAtoms(crystal, np.full(len(crystal), NONE), kind, heat)
    return _thinned(sample, rng.uniform(0, MOST_VACANCIES), rng) if rng.random() < THINNED_NONE else sample


def _other_lattice(rng: np.random.Generator) -> Crystal:
    """Simple hexagonal, simple tetragonal or body-centred tetragonal, far from the classes; bond length 1."""
    kind = int(rng.integers(3))
    low, high = (((0.85, 1.25),), ((1.35, 2.0), (0.5, 0.75)), ((0.6, 0.78), (1.18, 1.24), (1.75, 2.3)))[kind][
        int(rng.integers((1, 2, 3)[kind]))
    ]
    cell = np.array([[1.0, 0, 0], [-0.5 if kind == 0 else 0, np.sqrt(0.75) if kind == 0 else 1, 0], [0, 0, 1]])
    cell[2, 2] = rng.uniform(low, high)
    frac = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])[: 2 if kind == 2 else 1]  # noqa: PLR2004 - the body-centred one
    shortest = min(np.linalg.norm(cell, axis=1).min(), np.linalg.norm(frac[-1] @ cell) or np.inf)
    return supercell_to(Crystal(frac @ cell / shortest, [26] * len(frac), cell=cell / shortest), min_atoms=SITES)


def _orbits(rng: np.random.Generator) -> Crystal:
    """A crystal of random orbits of one of the other space groups; bond length 1."""
    while True:
        [crystal] = other_crystals([simple_lattice("fcc")], seed=int(rng.integers(2**31)), n=1, workers=1)
        if str(crystal.source).startswith("orbits"):
            return supercell_to(scaled(crystal, 1 / float(nearest_distances(crystal).mean())), min_atoms=SITES)


def _strained(crystal: Crystal, labels: Integers, rng: np.random.Generator) -> tuple[Crystal, Integers]:
    strain = rng.normal(0, STRAIN * rng.random(), size=(3, 3))
    matrix = np.eye(3) + 0.5 * (strain + strain.T)
    return Crystal(crystal.positions @ matrix, crystal.numbers, cell=np.array(crystal.cell) @ matrix), labels


def _thinned(sample: LabelledAtoms, share: float, rng: np.random.Generator) -> LabelledAtoms:
    keep = rng.random(len(sample.labels)) > share
    crystal = sample.crystal
    left = _made(crystal.positions[keep], crystal, cell=crystal.cell)
    return replace(sample, crystal=left, labels=sample.labels[keep])


def _random_letters(n: int, rng: np.random.Generator) -> list[int]:
    """Letters of layers of which no two after each other are equal, the last and the first neither."""
    while True:
        letters: list[int] = (np.cumsum(rng.integers(1, 3, size=n)) % 3).tolist()
        if letters[0] != letters[-1]:
            return letters


def _ball(crystal: Crystal, rng: np.random.Generator) -> tuple[Floats, Integers]:
    """Atoms up to `RADIUS` from a random place, turned, and the rows that they come from."""
    points, rows = points_around(crystal, rng.random(3) @ np.array(crystal.cell), RADIUS)
    inside = np.linalg.norm(points, axis=1) < RADIUS
    return points[inside] @ random_rotation(rng), rows[inside]


def _made(points: Floats, like: Crystal, cell: Floats | None = None) -> Crystal:
    """Atoms of one element; not checked, because some that were shaken apart coincide."""
    return Crystal._trusted(  # noqa: SLF001 - derived from a valid crystal
        points,
        np.full(len(points), 26),
        like=like,
        cell=cell,
        occupancies=np.ones(len(points)),
        pbc=(cell is not None,) * 3,
        site_of_row=np.arange(len(points)),
    )
