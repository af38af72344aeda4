"""What the descriptors made of distances share: bins, and crystals shared out to threads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.compute import map_ordered
from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Failure, Fingerprint, FingerprintBatch, disorder_warnings, listed
from xtalprint.errors import InternalError, XtalprintError, not_a_crystal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.descriptors.base import Descriptor

    Errors = dict[int, XtalprintError]
    #: Given crystals, an array and their rows in it, fills these rows; returns the errors of those that failed.
    Fill = Callable[[list[Crystal], NDArray[np.float32], list[int]], Errors]

#: A distance this little below an edge, in bins, is on the edge: rounding does not tear a shell apart.
NUDGE = 1e-4
#: Most bins: more is a slip of a unit.
MOST_BINS = 100_000
#: Crystals, and sites in them, that one thread works on at a time.
CHUNK_CRYSTALS, CHUNK_SITES = 64, 20_000


def check_bins(r_max: float, bin_width: float) -> None:
    """Refuse bins without a meaning.

    Raises
    ------
    XtalprintError
        If one of them is not positive, or ``r_max`` is not a whole number of bins.
    """
    for name, value in (("r_max", r_max), ("bin_width", bin_width)):
        if not (np.isfinite(value) and value > 0):
            raise XtalprintError(f"{name} must be a positive number", value=value, remedy="give it in Å")
    n = r_max / bin_width
    if n > MOST_BINS or round(n) < 1 or abs(n - round(n)) > NUDGE:
        raise XtalprintError(
            f"bin_width must divide r_max = {r_max:g} Å into whole bins, at most {MOST_BINS:,}",
            value=bin_width,
            remedy="0.1 Å is usual",
        )


def chunks(crystals: Sequence[Crystal]) -> Iterator[range]:
    """Indices of a few crystals at a time: neighbours in the list, not too many sites together."""
    start, sites = 0, 0
    for index, crystal in enumerate(crystals):
        sites += len(crystal) if isinstance(crystal, Crystal) else 0
        if index + 1 - start >= CHUNK_CRYSTALS or sites >= CHUNK_SITES:
            yield range(start, index + 1)
            start, sites = index + 1, 0
    if start < len(crystals):
        yield range(start, len(crystals))


def filled_batch(
    descriptor: Descriptor, fill: Fill, crystals: Sequence[Crystal], *, shape: tuple[int, ...], threads: int | None
) -> FingerprintBatch:
    """Compute fingerprints of one shape, many in one call of a compiled loop.

    Parameters
    ----------
    descriptor
        Whose fingerprints they are.
    fill
        Must give the same bits for a crystal whichever others are beside it, and work without the interpreter's lock.
    crystals, threads
        See `Descriptor.compute_many`; a single crystal counts as a list of one.
    shape
        Of one fingerprint.
    """
    crystals = listed(crystals)
    array = np.zeros((len(crystals), *shape), dtype=np.float32)
    errors: Errors = {}
    for failed in map_ordered(partial(_fill_chunk, fill, crystals, array), chunks(crystals), threads=threads):
        errors |= failed
    index = np.array([i for i in range(len(crystals)) if i not in errors], dtype=np.int64)
    failures = tuple(Failure(i, error) for i, error in sorted(errors.items()))
    warnings = tuple(tuple(disorder_warnings(crystals[i])) for i in index.tolist())
    return FingerprintBatch(array[index] if errors else array, index, failures, warnings, descriptor)


def only_one(descriptor: Descriptor, crystal: Crystal) -> Fingerprint:
    """Fingerprint of one crystal out of a batch of one; raises its error."""
    batch = descriptor.compute_many([crystal], threads=1)
    if batch.failures:
        raise batch.failures[0].error
    return Fingerprint(batch.array[0], descriptor, crystal.source, crystal.frame, batch.warnings[0], crystal.formula)


def _fill_chunk(fill: Fill, crystals: Sequence[Crystal], array: NDArray[np.float32], some: range) -> Errors:
    good = [i for i in some if isinstance(crystals[i], Crystal)]
    errors: Errors = {i: not_a_crystal(crystals[i]) for i in set(some) - set(good)}
    return errors | _filled(fill, crystals, array, good)


def _filled(fill: Fill, crystals: Sequence[Crystal], array: NDArray[np.float32], rows: list[int]) -> Errors:
    """Fill rows together, or one by one if something unforeseen happens: one crystal must not stop the others."""
    try:
        return fill([crystals[i] for i in rows], array, rows) if rows else {}
    except Exception as error:  # noqa: BLE001 - unforeseen
        if len(rows) == 1:
            crystal = crystals[rows[0]]
            return {rows[0]: InternalError.of(error).located(source=crystal.source, frame=crystal.frame)}
    errors: Errors = {}
    for row in rows:
        errors |= _filled(fill, crystals, array, [row])
    return errors
