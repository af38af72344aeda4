"""`SimilarityIndex`: the most similar of many crystals, exactly, without comparing with all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.compute import map_ordered
from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Failure, Fingerprint
from xtalprint.errors import WrongUsageError, converter_of, not_a_crystal
from xtalprint.io.tables import CrystalTable
from xtalprint.similarity.cumulative import CumulativeTable
from xtalprint.similarity.either import check_no_path
from xtalprint.similarity.fingerprinting import are_crystals, fingerprinted
from xtalprint.similarity.fingerprints import bin_width_of, whole_number
from xtalprint.similarity.making import making_of
from xtalprint.similarity.search import SortedTable, whole_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.descriptors.base import Descriptor
    from xtalprint.similarity.fingerprints import Grid, Grids
    from xtalprint.similarity.search import Found


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The most similar crystals to one, nearest first; equally similar ones in the order of the index.

    Parameters
    ----------
    numbers
        Their places in the index, from 0.
    ids
        Their names.
    distances
        Å.
    labels
        Their labels, by name.
    looked_at, measured
        How many crystals had lower bounds of their distances computed, and how many their distances.
    """

    numbers: NDArray[np.int64]
    ids: tuple[str, ...]
    distances: NDArray[np.float64]
    labels: Mapping[str, tuple[Any, ...]]
    looked_at: int
    measured: int

    def __len__(self) -> int:
        """How many were found."""
        return len(self.ids)

    def records(self) -> list[dict[str, Any]]:
        """One for each: rank (from 1), id, distance and labels."""
        return [
            {"rank": i + 1, "id": self.ids[i], "distance": float(self.distances[i])}
            | {name: values[i] for name, values in self.labels.items()}
            for i in range(len(self))
        ]


@dataclass(frozen=True, eq=False, repr=False)
class SimilarityIndex:
    """Many crystals, ready to be searched by the earth mover's distance of their grouped distances.

    A query is exact: crystals are sorted by their mean distance, only those that can be near are looked at, and the
    difference between the group means, which is never above the distance, decides which are compared. Make one with
    `build` or `load`; it does not change afterwards (`add` returns another).

    Parameters
    ----------
    ordered
        Packed fingerprints.
    ids
        One name for each crystal, all different.
    labels
        Values for each crystal, by name.
    bin_width
        Å.
    descriptor
        What makes fingerprints of crystals; None if only fingerprints are known.
    failures
        Crystals that have no fingerprint and are not in the index, each with its place among those given and the
        error. They are not saved.
    n_left_out
        How many they were; this is saved, so that default ids go on where they stopped.

    Examples
    --------
    >>> import numpy as np
    >>> fingerprints = np.eye(5)[:, None, :]
    >>> index = SimilarityIndex.build(fingerprints, bin_width=0.1, ids=["a", "b", "c", "d", "e"])
    >>> index.query(fingerprints[1], k=3).ids
    ('b', 'a', 'c')
    """

    ordered: SortedTable
    ids: tuple[str, ...]
    labels: Mapping[str, tuple[Any, ...]]
    bin_width: float
    descriptor: Descriptor | None = None
    failures: tuple[Failure, ...] = ()
    n_left_out: int = 0

    @classmethod
    def build(
        cls,
        items: Sequence[Crystal] | CrystalTable | Grids | CumulativeTable,
        *,
        ids: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[Any]] | None = None,
        descriptor: Descriptor | None = None,
        bin_width: float | None = None,
        threads: int | None = None,
    ) -> SimilarityIndex:
        """Make an index.

        A crystal that has no fingerprint does not stop the others: it is left out, and ``failures`` of the index says
        which and why. Look there, or at the index itself, whose text counts them.

        Parameters
        ----------
        items
            Crystals, a few thousand at a time in memory, a table of them (`xtalprint.io.read_table`), or fingerprints
            of the same descriptor.
        ids
            One name for each, all different; default: those of the table, or their numbers.
        labels
            Values for each, by name, such as formulas or properties; default: those of the table.
        descriptor
            What makes fingerprints of crystals; default: that of the fingerprints, or ``GRID()``.
        bin_width
            Å, where the descriptor does not tell.
        threads
            None means all cores.

        Raises
        ------
        WrongUsageError
            If there is nothing, no crystal has a fingerprint, fingerprints are of different descriptors, an id
            repeats, or ids or labels do not fit.
        """
        if isinstance(items, CrystalTable):
            ids = items.ids if ids is None else ids
            labels = items.labels if labels is None else labels
            items = items.crystals
        made = fingerprinted(items, descriptor=descriptor, threads=threads)
        making = making_of({"what is given": made.table, "the index": made.descriptor})
        width = bin_width_of({"": making}, given=bin_width)
        n = len(made.table) + len(made.failures)
        names = _checked_ids(ids, n)
        values = _checked_labels(labels, n)
        kept = made.kept.tolist()
        return cls(
            SortedTable.of(replace(made.table, making=replace(making, bin_width=width))),
            tuple(names[i] for i in kept),
            {name: tuple(column[i] for i in kept) for name, column in values.items()},
            width,
            made.descriptor,
            made.failures,
            len(made.failures),
        )

    def add(
        self,
        items: Sequence[Crystal] | CrystalTable | Grids | CumulativeTable,
        *,
        ids: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[Any]] | None = None,
        threads: int | None = None,
    ) -> SimilarityIndex:
        """Make a larger index, with further crystals after those of this one.

        Parameters
        ----------
        items, ids, labels, threads
            As in `build`; ids that this index has not, by default the numbers that follow on all crystals given so
            far, and the same labels.

        Raises
        ------
        WrongUsageError
            If ids occur twice, descriptors, labels or shapes differ, or crystals are given and the index does not
            know the descriptor of its fingerprints.
        """
        if self.descriptor is None and are_crystals(items.crystals if isinstance(items, CrystalTable) else items):
            raise _no_descriptor()
        start = len(self) + self.n_left_out
        more = type(self).build(
            items, ids=ids, labels=labels, descriptor=self.descriptor, bin_width=self.bin_width, threads=threads
        )
        if ids is None:
            more = replace(more, ids=tuple(str(start + int(number)) for number in more.ids))
        twice = sorted(set(self.ids) & set(more.ids))
        if twice:
            raise WrongUsageError("this id is in the index already", value=twice[0], remedy="give other ids")
        if set(more.labels) != set(self.labels):
            raise WrongUsageError(
                "new crystals must have the labels of the index",
                value=", ".join(sorted(more.labels)) or "none",
                remedy=f"give {', '.join(sorted(self.labels)) or 'none'}",
            )
        making_of({"the index": self.ordered.table, "what is given": more.ordered.table})
        table = CumulativeTable.joined([self.ordered.unsorted(), more.ordered.unsorted()])
        return replace(
            self,
            ordered=SortedTable.of(table),
            ids=self.ids + more.ids,
            labels={name: (*values, *more.labels[name]) for name, values in self.labels.items()},
            failures=self.failures + tuple(replace(f, index=f.index + start) for f in more.failures),
            n_left_out=self.n_left_out + more.n_left_out,
        )

    def __len__(self) -> int:
        """Number of crystals."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Number of crystals, and of those that were left out, shape of their fingerprints, labels and memory."""
        groups, bins = self.ordered.table.shape
        labels = ", ".join(self.labels) or "none"
        megabytes = self.ordered.nbytes / 1e6
        left_out = f", {self.n_left_out} left out" if self.n_left_out else ""
        size = f"{groups} × {bins}, labels: {labels}, {megabytes:.1f} MB"
        return f"SimilarityIndex({len(self)} crystals{left_out}, {size})"

    @property
    def unit(self) -> float:
        """Å of one unit of a distance in whole numbers."""
        return self.ordered.table.unit(self.bin_width)

    def query(self, item: Crystal | Grid, k: int = 10) -> Neighbours:
        """Find the k most similar crystals, or all if there are fewer.

        Parameters
        ----------
        item
            A crystal, or a fingerprint of the descriptor of the index.
        k
            How many.

        Raises
        ------
        WrongUsageError
            If k is no positive whole number, or the fingerprint is of another descriptor, shape or width of bins.
        XtalprintError
            If the crystal has no fingerprint, or masses are no masses.
        """
        return self.named(self.ordered.nearest(self.packed(item), whole_number(k, "k")))

    def query_many(
        self, items: Sequence[Crystal | Grid], k: int = 10, *, threads: int | None = None
    ) -> list[Neighbours]:
        """`query` for each, on several threads; the same answers whatever their number."""
        return list(map_ordered(partial(self.query, k=k), items, threads=threads))

    def within(self, item: Crystal | Grid, distance: float) -> Neighbours:
        """Find all crystals that are at most so far away.

        Parameters
        ----------
        item
            As in `query`.
        distance
            Å; 0 finds what is equal.

        Raises
        ------
        WrongUsageError
            If the distance is negative or no number.
        """
        reach = whole_units(distance, self.unit, "the distance")
        return self.named(self.ordered.within(self.packed(item), reach))

    def groups(self, tolerance: float) -> NDArray[np.int64]:
        """Number of the group of each crystal, see `xtalprint.similarity.groups_within`."""
        from xtalprint.similarity.grouping import groups_within  # noqa: PLC0415 - it takes an index's rows

        return groups_within(self.ordered, tolerance, bin_width=self.bin_width)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the index as a folder, see `xtalprint.similarity.index_files`."""
        from xtalprint.similarity.index_files import save_index  # noqa: PLC0415 - it makes indexes

        save_index(self, folder, overwrite=overwrite)

    @classmethod
    def load(
        cls, folder: str | Path, *, descriptor: Descriptor | None = None, verify: bool = True
    ) -> SimilarityIndex:
        """Open an index: its arrays are mapped from the files, see `xtalprint.similarity.index_files`."""
        from xtalprint.similarity.index_files import load_index  # noqa: PLC0415 - it makes indexes

        return load_index(folder, descriptor=descriptor, verify=verify)

    def packed(self, item: Crystal | Grid) -> CumulativeTable:
        """Pack the fingerprint of a query; raises what `query` raises."""
        if isinstance(item, Crystal):
            if self.descriptor is None:
                raise _no_descriptor()
            return CumulativeTable.of([self.descriptor.compute(item)]).in_bins(self.bin_width)
        if converter_of(item) is not None:
            raise not_a_crystal(item)
        check_no_path(item)
        if not isinstance(item, (Fingerprint, np.ndarray)):
            raise WrongUsageError(
                "a query is one crystal or one fingerprint",
                value=type(item).__name__,
                remedy="use query_many for several" if isinstance(item, (list, tuple)) else "give a crystal",
            )
        making_of({"the query": item, "the index": self.ordered.table})
        return CumulativeTable.of([item]).in_bins(self.bin_width)

    def named(self, found: Found) -> Neighbours:
        """Add ids, labels and the unit to what a search found."""
        numbers = found.numbers.tolist()
        return Neighbours(
            found.numbers,
            tuple(self.ids[i] for i in numbers),
            found.distances.astype(np.float64) * self.unit,
            {name: tuple(values[i] for i in numbers) for name, values in self.labels.items()},
            found.looked_at,
            found.measured,
        )


def _no_descriptor() -> WrongUsageError:
    return WrongUsageError(
        "this index does not know the descriptor of its fingerprints",
        remedy="give a fingerprint, or load the index with its descriptor",
    )


def _checked_ids(ids: Sequence[str] | None, n: int) -> list[str]:
    names = [str(i) for i in range(n)] if ids is None else [str(name) for name in ids]
    if len(names) != n:
        raise WrongUsageError("ids and crystals differ in number", value=f"{len(names)} and {n}")
    if len(set(names)) != n:
        twice = next(name for name, times in Counter(names).items() if times > 1)
        first = names.index(twice)
        raise WrongUsageError(
            f"crystals {first} and {names.index(twice, first + 1)} have the same id",
            value=twice,
            remedy="give each crystal an id of its own",
        )
    return names


def _checked_labels(labels: Mapping[str, Sequence[Any]] | None, n: int) -> dict[str, Sequence[Any]]:
    for name, values in (labels or {}).items():
        if len(values) != n:
            raise WrongUsageError(f"label {name} and crystals differ in number", value=f"{len(values)} and {n}")
        if name in {"id", "rank", "distance"}:
            raise WrongUsageError("this name is taken", value=name, remedy="give the label another name")
    return dict(labels or {})
