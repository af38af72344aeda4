"""The pristine set: made crystals of one element in the eight space groups of the seven classes."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets import candidates
from xtalprint.datasets.elements import ELEMENTS, bond_lengths
from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import MissingExtraError, UnreadableFileError, XtalprintError
from xtalprint.geometry import nearest_distances, random_rotation, rotated, supercell
from xtalprint.geometry.symmetry import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.datasets.candidates import Candidate

CLASS_OF_SPACE_GROUP: Mapping[int, str] = {
    139: "bct_139", 141: "bct_141", 166: "hex/rh", 194: "hex/rh", 221: "sc", 225: "fcc", 227: "diam", 229: "bcc",
}  # fmt: skip
#: Share of each space group: the two of hex/rh and the tetragonal ones have the more varied structures.
SHARES: Mapping[int, float] = {139: 0.15, 141: 0.12, 166: 0.14, 194: 0.15, 221: 0.11, 225: 0.11, 227: 0.11, 229: 0.11}
#: Tolerances in Å at which spglib must agree on the group; the last is left out for 166 and 194, as in the paper.
TOLERANCES = (1e-3, 1e-6, 1e-9)
#: Distances from degeneracy on record, in units of the mean nearest-neighbour distance.
MARGIN_GRID = (0.02, 0.04, 0.06, 0.08, 0.10, 0.15, 0.20)
#: No made crystal has more atoms.
MAX_ATOMS = 100
#: Nearest distances are at least this fraction of the cube root of the volume per atom (graphite has 0.69) …
CLOSEST = 0.45
#: … and the nearest distances of different sites differ by at most this factor.
MOST_UNEVEN = 1 / 0.6
#: Volume per atom relative to that of the element's covalent radius.
VOLUMES = (0.75, 1.25)
#: Share of cells that are given as a small supercell.
SUPERCELLS = 0.15


@dataclass(frozen=True, kw_only=True, eq=False)
class ElementalSolids:
    """Made crystals with their labels.

    Parameters
    ----------
    crystals
        In primitive cells or small supercells, in random orientation.
    labels
        (n,) class of each: bcc, bct_139, bct_141, diam, fcc, hex/rh, sc.
    space_groups
        (n,) number, agreed by spglib at all tolerances.
    origins
        (n,) what each was made from: an AFLOW label, or ``orbits-GROUP-ATOMS``.
    margins
        (n,) largest tolerance of `MARGIN_GRID`, in units of the mean nearest-neighbour distance, at which the
        symmetry search still gives the same class: the distance from a degenerate point.
    seed
        That made them.
    """

    crystals: Sequence[Crystal]
    labels: NDArray[np.str_]
    space_groups: NDArray[np.int64]
    origins: NDArray[np.str_]
    margins: NDArray[np.float64]
    seed: int

    def __len__(self) -> int:
        """Return the number of crystals."""
        return len(self.labels)

    @property
    def data_hash(self) -> str:
        """SHA-256 of all cells, positions, elements and labels."""
        digest = hashlib.sha256()
        for crystal, label in zip(self.crystals, self.labels, strict=True):
            for array in (crystal.cell, crystal.positions, crystal.numbers):
                if array is not None:
                    # Rounded to 1e-6 Å: the last bits depend on the linear algebra library.
                    digest.update(np.round(array * 1e6).astype("<i8").tobytes())
            digest.update(str(label).encode())
        return digest.hexdigest()

    def split(self, *, test: float = 0.1, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows for training and for testing; each class has the same share of both.

        Parameters
        ----------
        test
            Share of the test part, in (0, 1).
        seed
            Of the choice.
        """
        if not 0 < test < 1:
            raise XtalprintError("the share of the test part must lie between 0 and 1", value=test)
        rng = np.random.default_rng(seed)
        chosen = []
        for name in np.unique(self.labels):
            members = rng.permutation(np.flatnonzero(self.labels == name))
            chosen.append(members[: round(test * len(members))])
        held_out = np.sort(np.concatenate(chosen))
        return np.setdiff1d(np.arange(len(self)), held_out), held_out

    def split_by_prototype(self, *, test: float = 0.1, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The same, but no origin is in both parts: how well it does on structures of a kind never seen.

        In each class origins are set aside in random order until they hold the share ``test``; the largest origin of
        a class always trains.
        """
        if not 0 < test < 1:
            raise XtalprintError("the share of the test part must lie between 0 and 1", value=test)
        rng = np.random.default_rng(seed)
        held_out: list[int] = []
        for name in np.unique(self.labels):
            members = np.flatnonzero(self.labels == name)
            origins, counts = np.unique(self.origins[members], return_counts=True)
            order = [i for i in rng.permutation(len(origins)) if i != int(np.argmax(counts))]
            taken = 0
            for i in order:
                if taken + counts[i] <= test * len(members):
                    held_out += members[self.origins[members] == origins[i]].tolist()
                    taken += int(counts[i])
        rows = np.sort(np.array(held_out, dtype=np.int64))
        return np.setdiff1d(np.arange(len(self)), rows), rows

    def save(self, path: Path) -> None:
        """Write an ``.npz`` that `load` reads; nothing in it needs pickle."""
        sizes = np.array([len(c) for c in self.crystals])
        np.savez_compressed(
            path,
            sizes=sizes,
            cells=np.array([c.cell for c in self.crystals]),
            positions=np.concatenate([c.positions for c in self.crystals]),
            numbers=np.concatenate([c.numbers for c in self.crystals]).astype(np.uint8),
            labels=self.labels,
            space_groups=self.space_groups,
            origins=self.origins,
            margins=self.margins,
            seed=np.array(self.seed),
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                data = {name: stored[name] for name in stored.files}
            ends = np.cumsum(data["sizes"])[:-1]
            positions, numbers = np.split(data["positions"], ends), np.split(data["numbers"], ends)
        except (OSError, ValueError, KeyError) as error:
            raise UnreadableFileError(
                "this is no saved set of elemental solids", source=str(path), remedy="make it again and save it"
            ) from error
        crystals = [
            Crystal(p, z, cell=cell, source=f"elemental-solids {data['seed']}", frame=i)
            for i, (p, z, cell) in enumerate(zip(positions, numbers, data["cells"], strict=True))
        ]
        return cls(
            crystals=crystals,
            labels=data["labels"],
            space_groups=data["space_groups"],
            origins=data["origins"],
            margins=data["margins"],
            seed=int(data["seed"]),
        )


def elemental_solids(
    seed: int = 0,
    n: int = 12_000,
    *,
    margin: float = 0.06,
    orbits: float = 0.3,
    workers: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> ElementalSolids:
    """Make ``n`` pristine crystals of one element each, in the eight space groups of the seven classes.

    Parameters
    ----------
    seed
        The same seed, n, margin and orbits give the same set, whatever the number of workers.
    n
        Number of crystals; at least 10,517 for the published size.
    margin
        Distance from degeneracy, in units of the mean nearest-neighbour distance: a symmetry search at this tolerance
        must still find the class. So no bct crystal is within it of bcc or fcc, no rhombohedral one of cubic.
    orbits
        Share of crystals made from random orbits of the space group; the rest are varied AFLOW prototypes.
    workers
        Number of processes; None means all cores, 1 none.
    progress
        Called with the number of finished crystals.

    Raises
    ------
    MissingExtraError
        Without spglib, which has the last word on each label.

    Notes
    -----
    See the card of the data set in the documentation for how it is made and what it lacks.
    """
    if importlib.util.find_spec("spglib") is None:
        raise MissingExtraError.of("spglib", "symmetry", "making the elemental solids")
    if n < 1:
        raise XtalprintError("the number of crystals must be at least 1", value=n)
    if not 0 <= margin <= 0.2:  # noqa: PLR2004 - beyond, next to nothing passes
        raise XtalprintError("the margin must lie between 0 and 0.2 nearest-neighbour distances", value=margin)
    if not 0 <= orbits < 1:
        raise XtalprintError("the share of random orbits must lie in [0, 1)", value=orbits)
    make = partial(_make, seed=seed, margin=margin, orbits=orbits)
    made = []
    for one in _spread(make, n, workers):
        made.append(one)
        progress(len(made))
    groups = np.array([one[1] for one in made], dtype=np.int64)
    return ElementalSolids(
        crystals=[one[0] for one in made],
        labels=np.array([CLASS_OF_SPACE_GROUP[group] for group in groups.tolist()]),
        space_groups=groups,
        origins=np.array([one[2] for one in made]),
        margins=np.array([one[3] for one in made]),
        seed=seed,
    )


def _spread(make: Callable[[int], Any], n: int, workers: int | None) -> Iterator[Any]:
    """Call ``make`` for 0 … n−1, in order, in processes if there is enough to do."""
    from xtalprint.compute import available_cores, map_ordered  # noqa: PLC0415 - only here

    workers = available_cores() if workers is None else workers
    if workers < 1:
        raise XtalprintError("the number of workers must be at least 1", value=workers)
    if workers == 1 or n < 4 * CHUNK:
        yield from map(make, range(n))
        return
    import multiprocessing  # noqa: PLC0415 - only here
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - only here

    chunks = [range(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]
    pool: Executor
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for made in map_ordered(partial(_make_chunk, make), chunks, threads=workers, executor=pool):
            yield from made


#: Crystals per task: about a second of work.
CHUNK = 32


def _make_chunk(make: Callable[[int], Any], rows: range) -> list[Any]:
    return [make(row) for row in rows]


def _make(row: int, *, seed: int, margin: float, orbits: float) -> tuple[Crystal, int, str, float]:
    """Try until a candidate passes; each row has its own stream of random numbers."""
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    rng = np.random.default_rng([seed, row])
    groups = np.array(list(SHARES))
    group = int(rng.choice(groups, p=np.array(list(SHARES.values())) / sum(SHARES.values())))
    kind: Literal["orbits", "prototype"] = "orbits" if rng.random() < orbits else "prototype"
    with warnings.catch_warnings():
        # spglib 2.8 announces a change of its error handling with every failed search.
        warnings.simplefilter("ignore", DeprecationWarning)
        while True:
            candidate = (candidates.random_orbits if kind == "orbits" else candidates.varied_prototype)(group, rng)
            if candidate is None or not 1 <= len(candidate.frac) <= MAX_ATOMS:
                continue
            crystal = _solid(candidate, rng, source=f"elemental-solids {seed}", row=row)
            if crystal is None or not _label_holds(crystal, group):
                continue
            reach = _margin(crystal, group)
            if reach >= margin:
                return _as_given(crystal, rng), group, candidate.origin, reach


def _solid(candidate: Candidate, rng: np.random.Generator, *, source: str, row: int) -> Crystal | None:
    """Give the candidate an element and its lengths; None if it does not look like a solid."""
    symbol = str(rng.choice(ELEMENTS))
    wanted = bond_lengths()[symbol] * np.cbrt(rng.uniform(*VOLUMES))
    frac, cell = candidate.frac, candidate.cell
    typical = np.cbrt(abs(np.linalg.det(cell)) / len(frac))
    numbers = np.full(len(frac), ATOMIC_NUMBERS[symbol])
    try:
        # In units in which the typical distance is 3 Å, so that coincident atoms are seen as such.
        nearest = nearest_distances(Crystal(frac @ cell * (3 / typical), numbers, cell=cell * (3 / typical))) / 3
    except XtalprintError:
        return None
    if nearest.min() < CLOSEST or nearest.max() > MOST_UNEVEN * nearest.min():
        return None
    cell = cell * (wanted / (nearest.mean() * typical))
    return Crystal(frac @ cell, numbers, cell=cell, source=source, frame=row)


def _label_holds(crystal: Crystal, group: int) -> bool:
    tolerances = TOLERANCES[:-1] if group in candidates.HEXAGONAL else TOLERANCES
    if crystal.cell is None:
        return False
    return all(candidates.space_group(crystal.cell, crystal.frac, symprec=t) == group for t in tolerances)


def _margin(crystal: Crystal, group: int) -> float:
    """Largest tolerance of the grid up to which every symmetry search gives the class of ``group``."""
    length = float(nearest_distances(crystal).mean())
    reached = 0.0
    for tolerance in MARGIN_GRID:
        found = search(crystal, symprec=tolerance * length)
        if found is None or CLASS_OF_SPACE_GROUP.get(found.number) != CLASS_OF_SPACE_GROUP[group]:
            break
        reached = tolerance
    return reached


def _as_given(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """Turn it at random, and sometimes repeat it, as a database would."""
    if rng.random() < SUPERCELLS and 8 * len(crystal) <= MAX_ATOMS:
        repeats = rng.integers(1, 3, size=3).tolist()
        crystal = supercell(crystal, (repeats[0], repeats[1], repeats[2]))
    return rotated(crystal, random_rotation(rng))
