"""From crystals to packed fingerprints, a thousand at a time, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Descriptor, Failure, Fingerprint, FingerprintBatch
from xtalprint.errors import WrongUsageError, XtalprintError, converter_of, not_a_crystal
from xtalprint.similarity.cumulative import CumulativeTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.similarity.fingerprints import Grids

#: Crystals that are fingerprinted together.
CHUNK = 1000
#: Where the descriptors are that a saved index may name.
HOMES = {"GRID": "xtalprint.descriptors.grid"}


@dataclass(frozen=True, eq=False)
class Fingerprinted:
    """Packed fingerprints of many crystals, and what made them.

    Parameters
    ----------
    table
        Of those that worked.
    kept
        (n_ok,) which item each row belongs to.
    failures
        The others.
    descriptor
        None if only arrays were given.
    """

    table: CumulativeTable
    kept: NDArray[np.int64]
    failures: tuple[Failure, ...]
    descriptor: Descriptor | None


def fingerprinted(
    items: Sequence[Crystal] | Grids | CumulativeTable,
    *,
    descriptor: Descriptor | None = None,
    threads: int | None = None,
) -> Fingerprinted:
    """Pack fingerprints, or compute and pack those of crystals.

    Raises
    ------
    WrongUsageError
        If there is nothing, or no crystal has a fingerprint.
    """
    given: Any = items.array if isinstance(items, FingerprintBatch) else items
    if converter_of(given) is not None:
        raise not_a_crystal(given)
    if isinstance(given, (str, bytes, Crystal, Fingerprint)) or not hasattr(given, "__len__"):
        raise WrongUsageError(
            "give crystals or fingerprints as a list or an array",
            value=type(given).__name__,
            remedy="put one into a list",
        )
    if len(given) == 0:
        raise WrongUsageError("there is nothing to compare with", remedy="give at least one crystal")
    every = np.arange(len(given))
    if isinstance(items, CumulativeTable):
        return Fingerprinted(items, every, (), descriptor)
    if isinstance(items, FingerprintBatch):
        made = descriptor or items.descriptor
        return Fingerprinted(CumulativeTable.of(items), items.index, items.failures, made)
    first = _first(given)
    if isinstance(first, Fingerprint):
        return Fingerprinted(CumulativeTable.of(given), every, (), descriptor or first.descriptor)
    if isinstance(first, np.ndarray):
        return Fingerprinted(CumulativeTable.of(given), every, (), descriptor)
    return _of_crystals(given, default_descriptor() if descriptor is None else descriptor, threads)


def are_crystals(items: object) -> bool:
    """Whether these are crystals and no fingerprints, as far as the first of them tells."""
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes)) or not items:
        return False
    return isinstance(_first(items), (Crystal, NoneType))


def default_descriptor() -> Descriptor:
    """``GRID()``."""
    return made_descriptor({"descriptor": "GRID"})


def made_descriptor(values: dict[str, Any]) -> Descriptor:
    """Make a descriptor again from its `parameters`.

    Raises
    ------
    WrongUsageError
        If there is no such descriptor here, or it has other parameters.
    """
    name = values.get("descriptor")
    try:
        kind = getattr(import_module(HOMES[str(name)]), str(name))
        made: Descriptor = kind(**{key: value for key, value in values.items() if key != "descriptor"})
    except (KeyError, ImportError, AttributeError, TypeError) as error:  # TypeError: unknown parameters
        raise WrongUsageError(
            "this descriptor is not known here", value=name, remedy="give the descriptor itself"
        ) from error
    return made


def _of_crystals(crystals: Sequence[Any], descriptor: Descriptor, threads: int | None) -> Fingerprinted:
    tables: list[CumulativeTable] = []
    kept: list[NDArray[np.int64]] = []
    failures: list[Failure] = []
    for start in range(0, len(crystals), CHUNK):
        places, sound = [], []
        for i in range(start, min(start + CHUNK, len(crystals))):
            try:
                sound.append(crystals[i])
                places.append(i)
            except XtalprintError as error:  # a bad row of a table must not stop the others
                failures.append(Failure(i, error))
        batch = descriptor.compute_many(sound, threads=threads)
        failures.extend(replace(failure, index=places[failure.index]) for failure in batch.failures)
        if len(batch.array):
            tables.append(CumulativeTable.of(batch))
            kept.append(np.array(places, dtype=np.int64)[batch.index])
    failures.sort(key=lambda failure: failure.index)
    if not tables:
        raise WrongUsageError(
            "no crystal has a fingerprint",
            value=len(crystals),
            remedy=f"the first: {failures[0].error}" if failures else None,
        )
    return Fingerprinted(CumulativeTable.joined(tables), np.concatenate(kept), tuple(failures), descriptor)


def _first(items: Sequence[Any]) -> Any:  # noqa: ANN401 - a crystal or a fingerprint
    try:
        return items[0]
    except XtalprintError:  # a bad row of a table of crystals
        return None
