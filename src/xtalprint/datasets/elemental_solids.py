"""The pristine set: made crystals of one element in the eight space groups of the seven classes."""

from __future__ import annotations

import hashlib
import importlib.util
import operator
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets.making import SHARES, Made, Recipe, make
from xtalprint.datasets.structure_types import structure_type
from xtalprint.errors import MissingExtraError, UnreadableFileError, XtalprintError
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Row = TypeVar("Row")

#: Arrays of a saved set, one entry for each crystal …
PER_CRYSTAL = ("sizes", "cells", "labels", "space_groups", "origins", "margins")
#: … and one for each atom.
PER_ATOM = ("positions", "numbers")
REMEDY = "make the set again and save it"
#: Crystals per task of a worker: about a second of work.
CHUNK = 32


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

    @cached_property
    def structure_types(self) -> NDArray[np.str_]:
        """(n,) Pearson symbol, space group and site symmetries of each, as `structure_type`; 1 ms per crystal."""
        return np.array([structure_type(crystal) for crystal in self.crystals])

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
        _check_share(test)
        rng = np.random.default_rng(seed)
        chosen = []
        for name in np.unique(self.labels):
            members = rng.permutation(np.flatnonzero(self.labels == name))
            chosen.append(members[: round(test * len(members))])
        held_out = np.sort(np.concatenate(chosen))
        return np.setdiff1d(np.arange(len(self)), held_out), held_out

    def split_by_prototype(self, *, test: float = 0.1, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The same, but no structure type is in both parts: how well it does on structures of a kind never seen.

        In each class types are set aside in random order as long as they fit into the share ``test``, which they
        fill only roughly; the largest type of a class always trains. A type is what `structure_types` says, not the
        origin, because prototypes and random orbits lead to the same simple lattices under many names.
        """
        _check_share(test)
        rng = np.random.default_rng(seed)
        held_out: list[int] = []
        for name in np.unique(self.labels):
            members = np.flatnonzero(self.labels == name)
            types, counts = np.unique(self.structure_types[members], return_counts=True)
            order = [i for i in rng.permutation(len(types)) if i != int(np.argmax(counts))]
            taken = 0
            for i in order:
                if taken + counts[i] <= test * len(members):
                    held_out += members[self.structure_types[members] == types[i]].tolist()
                    taken += int(counts[i])
        rows = np.sort(np.array(held_out, dtype=np.int64))
        return np.setdiff1d(np.arange(len(self)), rows), rows

    def save(self, path: str | Path) -> None:
        """Write an ``.npz`` under exactly this name, for `load`; nothing in it needs pickle."""
        with Path(path).open("wb") as file:
            np.savez_compressed(
                file,
                sizes=np.array([len(c) for c in self.crystals]),
                cells=np.array([c.cell for c in self.crystals]),
                positions=np.concatenate([c.positions for c in self.crystals]),
                numbers=np.concatenate([c.numbers for c in self.crystals]).astype(np.uint8),
                labels=self.labels,
                space_groups=self.space_groups,
                origins=self.origins,
                margins=self.margins,
                seed=np.array(self.seed),
                data_hash=np.array(self.data_hash),
            )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        UnreadableFileError
            If there is no such file, or it does not hold a complete set with the hash that was saved with it.
        """
        path = Path(path)
        try:
            loaded = cls._of_arrays(_stored(path))
        except (XtalprintError, ValueError, TypeError) as error:
            if isinstance(error, UnreadableFileError):
                raise
            raise UnreadableFileError(f"the file is damaged: {error}", source=str(path), remedy=REMEDY) from error
        return loaded

    @classmethod
    def _of_arrays(cls, data: dict[str, NDArray[Any]]) -> Self:
        ends = np.cumsum(data["sizes"])[:-1]
        positions, numbers = np.split(data["positions"], ends), np.split(data["numbers"], ends)
        crystals = [
            Crystal(p, z, cell=cell, source=f"elemental-solids {data['seed']}", frame=i)
            for i, (p, z, cell) in enumerate(zip(positions, numbers, data["cells"], strict=True))
        ]
        names = ("labels", "space_groups", "origins", "margins")
        made = cls(crystals=crystals, seed=int(data["seed"]), **{name: data[name] for name in names})
        if made.data_hash != str(data["data_hash"]):
            raise ValueError("crystals and labels do not have the hash saved with them")
        return made


def elemental_solids(
    seed: int = 0,
    n: int = 10_517,
    *,
    margin: float = 0.06,
    orbits: float = 0.0,
    shares: Mapping[int, float] = SHARES,
    conventional: float = 0.0,
    workers: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> ElementalSolids:
    """Make ``n`` pristine crystals of one element each, in the eight space groups of the seven classes.

    Parameters
    ----------
    seed
        The same seed and options give the same set, whatever the number of workers; a larger set begins with the
        smaller one.
    n
        Number of crystals; the default is the published size.
    margin
        Distance from degeneracy, in units of the mean nearest-neighbour distance, 0 to 0.2: a symmetry search at this
        tolerance, rounded up to the next of 0.02, 0.04, 0.06, 0.08, 0.1, 0.15 and 0.2, and at all smaller ones must
        still find the class. So no bct crystal is within it of bcc or fcc, no rhombohedral one of cubic.
    orbits
        Share of crystals made from random orbits of the space group; the rest are varied AFLOW prototypes. Prototypes
        are what nature does; something else among them keeps a model from learning them by heart.
    shares
        Weight of each space group, by number.
    conventional
        Share of crystals given in their conventional cell; the rest come in primitive cells or small supercells.
    workers
        Number of processes; None means all cores, 1 none.
    progress
        Called with the number of finished crystals.

    Raises
    ------
    MissingExtraError
        Without spglib, which has the last word on each label.
    XtalprintError
        If an option is out of range.

    Notes
    -----
    See the card of the data set in the documentation for how it is made and what it lacks.
    """
    if importlib.util.find_spec("spglib") is None:
        raise MissingExtraError.of("spglib", "symmetry", "making the elemental solids")
    n = _whole(n, "the number of crystals", least=1)
    seed = _whole(seed, "the seed", least=0)
    workers = None if workers is None else _whole(workers, "the number of workers", least=1)
    recipe = Recipe(seed=seed, margin=margin, orbits=orbits, shares=dict(shares), conventional=conventional)
    made: list[Made] = []
    for one in spread_rows(partial(make, recipe=recipe), n, workers):
        made.append(one)
        progress(len(made))
    return ElementalSolids(
        crystals=[one.crystal for one in made],
        labels=np.array([CLASS_OF_SPACE_GROUP[one.space_group] for one in made]),
        space_groups=np.array([one.space_group for one in made], dtype=np.int64),
        origins=np.array([one.origin for one in made]),
        margins=np.array([one.margin for one in made]),
        seed=seed,
    )


def spread_rows(make_one: Callable[[int], Row], n: int, workers: int | None) -> Iterator[Row]:
    """Call ``make_one`` for 0 … n−1, in order, in processes if there is enough to do."""
    from xtalprint.compute import Engine, available_cores, map_ordered, open_pool  # noqa: PLC0415 - only here

    workers = available_cores() if workers is None else workers
    if workers == 1 or n < 4 * CHUNK:
        yield from map(make_one, range(n))
        return
    chunks = [range(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]
    with open_pool(Engine("processes", workers)) as pool:
        for made in map_ordered(partial(_make_chunk, make_one), chunks, threads=pool.workers, executor=pool.executor):
            yield from made


def _make_chunk(make_one: Callable[[int], Row], rows: range) -> list[Row]:
    return [make_one(row) for row in rows]


def _whole(value: object, what: str, *, least: int) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # whatever has no index is the error below
    except TypeError:
        raise XtalprintError(f"{what} must be a whole number", value=value) from None
    if number < least:
        raise XtalprintError(f"{what} must be at least {least}", value=value)
    return number


def _check_share(test: float) -> None:
    if not 0 < test < 1:
        raise XtalprintError("the share of the test part must lie between 0 and 1", value=test)


def _stored(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of a saved set, complete and of matching lengths."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            data = {name: stored[name] for name in (*PER_CRYSTAL, *PER_ATOM, "seed", "data_hash")}
    except FileNotFoundError as error:
        raise UnreadableFileError("there is no such file", source=str(path), remedy=REMEDY) from error
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise UnreadableFileError(
            "this is no saved set of elemental solids", source=str(path), remedy=REMEDY
        ) from error
    n, atoms = len(data["sizes"]), int(data["sizes"].sum())
    if any(len(data[k]) != n for k in PER_CRYSTAL) or any(len(data[k]) != atoms for k in PER_ATOM):
        raise UnreadableFileError("the arrays do not belong to one set", source=str(path), remedy=REMEDY)
    return data
