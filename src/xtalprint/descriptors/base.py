"""What every descriptor has in common: frozen parameters in, `compute(crystal) -> Fingerprint`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from xtalprint.compute import map_ordered
from xtalprint.errors import InternalError, XtalprintError
from xtalprint.geometry.inputs import is_one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal


Result = TypeVar("Result")


@dataclass(frozen=True)
class Fingerprint:
    """A descriptor's value for one crystal, with what made it.

    Parameters
    ----------
    array
        The value; its shape and unit are the descriptor's.
    descriptor
        The descriptor with all its parameters.
    source, frame
        Where the crystal came from.
    warnings
        Things a person should know, such as a disordered site that was averaged.
    formula
        Content of the crystal, for a title.
    """

    array: NDArray[np.floating[Any]]
    descriptor: Descriptor
    source: str | None = None
    frame: int | None = None
    warnings: tuple[str, ...] = ()
    formula: str | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is worth keeping in a file: the value as ``array``, and whatever else a descriptor gives."""
        return {"array": self.array}

    def plot(self, **options: Any) -> Any:  # noqa: ANN401 - a matplotlib figure; the library is not imported here
        """Draw it; see the descriptor's own ``plot`` for the options. Returns a matplotlib figure."""
        return self.descriptor.plot(self, **options)


@dataclass(frozen=True)
class Failure:
    """A crystal that a descriptor could not be computed for."""

    index: int
    error: XtalprintError


@dataclass(frozen=True)
class FingerprintBatch:
    """Many fingerprints: those that worked as one array, those that did not as records.

    Parameters
    ----------
    array
        (n_ok, …) values in the order of the input.
    index
        (n_ok,) which input each row of ``array`` belongs to.
    failures
        One entry for each input that is not in ``index``.
    warnings
        One tuple of sentences for each row of ``array``.
    descriptor
        What made them, with all its parameters, if that is known.
    """

    array: NDArray[np.floating[Any]]
    index: NDArray[np.int64]
    failures: tuple[Failure, ...] = ()
    warnings: tuple[tuple[str, ...], ...] = field(default=())
    descriptor: Descriptor | None = None

    def fingerprint(self, row: int, crystal: Crystal, descriptor: Descriptor) -> Fingerprint:
        """Fingerprint of one row of ``array``, given the crystal that it belongs to."""
        warnings = self.warnings[row] if self.warnings else ()
        return Fingerprint(self.array[row], descriptor, crystal.source, crystal.frame, warnings, crystal.formula)

    def outcomes(self, crystals: Sequence[Crystal], descriptor: Descriptor) -> list[Fingerprint | XtalprintError]:
        """Fingerprint or error of each of the crystals that the batch was made of, in their order."""
        found: list[Any] = [None] * len(crystals)
        for row, place in enumerate(self.index.tolist()):
            found[place] = self.fingerprint(row, crystals[place], descriptor)
        for failure in self.failures:
            found[failure.index] = failure.error
        return found


@runtime_checkable
class Descriptor(Protocol):
    """A frozen, keyword-only dataclass of parameters with these methods."""

    def compute(self, crystal: Crystal) -> Fingerprint:
        """Compute the fingerprint of one crystal; raises `XtalprintError` if that is not possible."""
        ...

    def compute_many(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> FingerprintBatch:
        """Compute those of many; one that fails becomes a `Failure` and never stops the rest."""
        ...

    def plot(self, *fingerprint: Any, **options: Any) -> Any:  # noqa: ANN401 - each descriptor has its own options
        """Draw a fingerprint of this descriptor; returns a matplotlib figure."""
        ...


def parameters(descriptor: Descriptor) -> dict[str, Any]:
    """All parameters of a descriptor with its name, as plain data for a record, a card or an ``.npz``.

    Numbers of NumPy, which `check_numbers` takes, become those of Python.
    """
    if not hasattr(descriptor, "__dataclass_fields__"):
        raise TypeError(f"{descriptor!r} is not a dataclass")
    values: Any = descriptor
    return {"descriptor": type(descriptor).__name__} | {name: _plain(value) for name, value in asdict(values).items()}


def _plain(value: object) -> object:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def check_numbers(descriptor: object, *names: str, whole: tuple[str, ...] = ()) -> None:
    """Refuse parameters that are no numbers (text, truth values, complex numbers), or not whole ones.

    Raises
    ------
    XtalprintError
        Naming the parameter and its value.
    """
    for name in (*names, *whole):
        value = getattr(descriptor, name)
        kind, what = (Integral, "a whole number") if name in whole else (Real, "a number")
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
            remedy = "give it without quotes" if isinstance(value, str) else None
            raise XtalprintError(f"{name} must be {what}", value=repr(value), remedy=remedy)


def compute_batch(
    descriptor: Descriptor, crystals: Sequence[Crystal], *, shape: tuple[int, ...], threads: int | None
) -> FingerprintBatch:
    """Compute fingerprints of one shape, in single precision, each the same to the last bit as ``compute`` gives.

    A single crystal counts as a list of one.
    """
    crystals = listed(crystals)
    array = np.zeros((len(crystals), *shape), dtype=np.float32)
    index: list[int] = []
    failures: list[Failure] = []
    warnings: list[tuple[str, ...]] = []
    for position, outcome in enumerate(attempts(descriptor, crystals, threads=threads)):
        if isinstance(outcome, XtalprintError):
            failures.append(Failure(position, outcome))
            continue
        array[len(index)] = outcome.array
        index.append(position)
        warnings.append(outcome.warnings)
    places = np.array(index, dtype=np.int64)
    return FingerprintBatch(array[: len(index)], places, tuple(failures), tuple(warnings), descriptor)


def attempts(
    descriptor: Descriptor, crystals: Sequence[Crystal], *, threads: int | None
) -> Iterator[Fingerprint | XtalprintError]:
    """Yield the fingerprint of each crystal in order, or the error in its place; a single crystal counts as one."""
    return map_ordered(partial(attempt, descriptor.compute), listed(crystals), threads=threads)


def listed(crystals: Iterable[Crystal]) -> list[Crystal]:
    """Crystals as a list; a single one, or a single thing that is none, counts as a list of one."""
    given: Any = [crystals] if is_one(crystals) else crystals
    return list(given)


def attempt(function: Callable[[Crystal], Result], crystal: Crystal) -> Result | XtalprintError:
    """What a function says of one crystal; whatever goes wrong is given back and not raised: the others go on."""
    try:
        return function(crystal)
    except XtalprintError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one crystal must not stop the others
        return InternalError.of(error).located(source=crystal.source, frame=crystal.frame)


def disorder_warnings(crystal: Crystal) -> list[str]:
    """Say so if some sites of a crystal are partly occupied."""
    if crystal.is_ordered:
        return []
    partly = np.unique(crystal.site_of_row[crystal.occupancies < 1.0])
    sites = "1 disordered site" if len(partly) == 1 else f"{len(partly)} disordered sites"
    return [f"{sites}: averaged, each species weighted by its occupancy"]
