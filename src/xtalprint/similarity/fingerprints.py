"""What is taken for fingerprints: arrays, fingerprints of a descriptor, and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Fingerprint, FingerprintBatch
from xtalprint.errors import WrongUsageError, converter_of, not_a_crystal
from xtalprint.similarity.making import REMEDY, ROUNDING, making_of

if TYPE_CHECKING:
    from collections.abc import Mapping

#: One fingerprint of grouped distances: (n_groups, n_bins).
Grid = NDArray[Any] | Fingerprint
#: Many.
Grids = NDArray[Any] | FingerprintBatch | Sequence[Grid]

ONE, MANY = 2, 3


def single(fingerprint: Grid) -> NDArray[np.floating[Any]]:
    """(n_groups, n_bins) array of one fingerprint; a single group may come without its axis.

    Raises
    ------
    WrongUsageError
        If it is no array of numbers with these axes.
    """
    array = _numbers(fingerprint.array if isinstance(fingerprint, Fingerprint) else fingerprint)
    if array.ndim == 1:
        array = array[None]
    if array.ndim != ONE or 0 in array.shape:
        raise WrongUsageError(
            "a fingerprint has two axes, groups and bins", value=f"shape {array.shape}", remedy="give one at a time"
        )
    return array


def stacked(fingerprints: Grids) -> NDArray[np.floating[Any]]:
    """(n, n_groups, n_bins) array of many fingerprints.

    Raises
    ------
    WrongUsageError
        If they are of different descriptors or shapes, or no arrays of numbers with these axes.
    """
    if isinstance(fingerprints, FingerprintBatch):
        array = _numbers(fingerprints.array)
    elif isinstance(fingerprints, np.ndarray):
        array = _numbers(fingerprints)
    else:
        if converter_of(fingerprints) is not None:
            raise not_a_crystal(fingerprints)
        if isinstance(fingerprints, (str, bytes, Fingerprint)) or not isinstance(fingerprints, Sequence):
            raise WrongUsageError(
                "fingerprints are an array or a list", value=type(fingerprints).__name__, remedy="put one into a list"
            )
        making_of({"": fingerprints})
        rows = [single(fingerprint) for fingerprint in fingerprints]
        if len({row.shape for row in rows}) > 1:
            raise different_shapes(*{row.shape for row in rows})
        array = np.stack(rows) if rows else np.empty((0, 0, 0))
    if array.ndim != MANY or 0 in array.shape:
        raise WrongUsageError(
            "fingerprints have three axes, crystals, groups and bins",
            value=f"shape {array.shape}",
            remedy="give those of grouped distances, as GRID makes them",
        )
    return array


def shares(fingerprints: Grids) -> NDArray[np.floating[Any]]:
    """(n, n_groups, n_bins) shares of many fingerprints: `stacked`, but densities at points divided by their sums.

    The smeared recipe by cutoff takes a Gaussian at points, so that a group adds up to nearly 1 only, with a narrow
    Gaussian to more.

    Raises
    ------
    WrongUsageError
        As `stacked` does.
    """
    grids = stacked(fingerprints)
    each = [fingerprints] if isinstance(fingerprints, (np.ndarray, FingerprintBatch)) else fingerprints
    at_points = [getattr(getattr(one, "descriptor", None), "at_points", False) for one in each]
    if not any(at_points):
        return grids
    rows = np.broadcast_to(np.array(at_points), len(grids))
    result: NDArray[np.float64] = grids.astype(np.float64)
    sums = result.sum(axis=-1, keepdims=True)
    result /= np.where(rows[:, None, None] & (sums > 0), sums, 1.0)
    return result


def different_shapes(*shapes: tuple[int, ...]) -> WrongUsageError:
    """Error for fingerprints whose groups or bins differ in number.

    Examples
    --------
    >>> different_shapes((100, 100), (100, 50)).value
    '100 × 50 and 100 × 100'
    """
    return WrongUsageError(
        "fingerprints of different shapes cannot be compared",
        value=" and ".join(" × ".join(map(str, shape)) for shape in sorted(shapes)),
        remedy=REMEDY,
    )


def bin_width_of(known: Mapping[str, object], *, given: float | None = None) -> float:
    """Width of a bin, Å: what fingerprints, tables and descriptors know of it, or the one given if they do not.

    Parameters
    ----------
    known
        Those that are to be compared, by name, see `xtalprint.similarity.making.making_of`.
    given
        Å, for what does not know it.

    Raises
    ------
    WrongUsageError
        If they cannot be compared, if the width is not known or contradicted, or if it is not a positive number.
    """
    asked = None if given is None else positive(given, "the width of a bin", remedy="give it in Å")
    found = making_of(known).bin_width
    if found is None:
        if asked is None:
            raise WrongUsageError("the width of a bin is not known", remedy="give bin_width in Å")
        return asked
    if asked is not None and abs(found - asked) >= ROUNDING * asked:
        raise WrongUsageError(
            "bin_width differs from that of the descriptor", value=f"{asked:g} and {found:g} Å", remedy="leave it out"
        )
    return found


def positive(value: object, what: str, *, remedy: str | None = None) -> float:
    """A positive finite number.

    Raises
    ------
    WrongUsageError
        Naming ``what`` and the value.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real) or not 0 < float(value) < np.inf:
        raise WrongUsageError(f"{what} must be a positive number", value=repr(value), remedy=remedy)
    return float(value)


def whole_number(value: object, what: str, *, least: int = 1) -> int:
    """A whole number of at least ``least``.

    Raises
    ------
    WrongUsageError
        Naming ``what`` and the value.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise WrongUsageError(f"{what} must be a whole number, {least} or more", value=repr(value))
    return int(value)


def _numbers(array: object) -> NDArray[np.floating[Any]]:
    if converter_of(array) is not None:
        raise not_a_crystal(array)
    if isinstance(array, Crystal):
        raise WrongUsageError(
            "these are crystals, and no fingerprints",
            value=type(array).__name__,
            remedy="compute them first: xtalprint.GRID().compute_many(crystals)",
        )
    try:
        values = np.asarray(array)
        if values.dtype == np.float32:
            return values
        return values.astype(np.float64, casting="same_kind")
    except (TypeError, ValueError) as error:
        raise WrongUsageError("a fingerprint is an array of real numbers", value=repr(array)) from error
