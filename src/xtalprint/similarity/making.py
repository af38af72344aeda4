"""What fingerprints were made by: the one place that says whether they may be compared."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from xtalprint.descriptors.base import Descriptor, parameters
from xtalprint.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Numbers that differ by less, relatively, are one number.
ROUNDING = 1e-9
REMEDY = "compute all of them with the same descriptor"


@dataclass(frozen=True)
class Making:
    """What is known of how fingerprints were made.

    Parameters
    ----------
    descriptor
        Its name and all its parameters, see `xtalprint.descriptors.base.parameters`; None for plain arrays.
    bin_width
        Å; None if nobody tells.
    """

    descriptor: Mapping[str, Any] | None = None
    bin_width: float | None = None


#: Of plain arrays.
NOTHING = Making()


def making_of(known: Mapping[str, object]) -> Making:
    """What is known together of fingerprints that are to be compared.

    Parameters
    ----------
    known
        Fingerprints, batches and lists of them, packed tables and descriptors, each by the name that an error calls
        it; arrays know nothing, and contradict nobody.

    Raises
    ------
    WrongUsageError
        If two of them are of different descriptors, or of different parameters, or their bins differ in width. It
        names both, and what differs.

    Examples
    --------
    >>> from xtalprint import GRID
    >>> making_of({"a": GRID(), "b": None}).bin_width
    0.1
    >>> making_of({"a": GRID(), "b": GRID(smearing=0)})
    Traceback (most recent call last):
    xtalprint.errors.WrongUsageError: fingerprints of different descriptors cannot be compared: b is of \
GRID(smearing=0), a of GRID(smearing=0.1); compute all of them with the same descriptor.
    """
    descriptor: tuple[str, Mapping[str, Any]] | None = None
    width: float | None = None
    last: object = known
    for name, item in _each(known):
        if item is last:  # the descriptor of thousands
            continue
        last = item
        making = _of_one(item)
        if making.descriptor is not None and descriptor is not None:
            _check_same(name, making.descriptor, *descriptor)
        elif making.descriptor is not None:
            descriptor = name, making.descriptor
        if making.bin_width is not None and width is not None and not _same(width, making.bin_width):
            raise WrongUsageError(
                "fingerprints with different bins cannot be compared",
                value=" and ".join(f"{one:g} Å" for one in sorted((width, making.bin_width))),
                remedy=REMEDY,
            )
        width = making.bin_width if width is None else width
    return Making(None if descriptor is None else descriptor[1], width)


def check_tables(distance: str, kind: type, **tables: object) -> None:
    """Refuse what this distance has not prepared, and tables of fingerprints that cannot be compared.

    Parameters
    ----------
    distance
        Its name.
    kind
        What its ``table`` makes.
    tables
        Those that are to be compared, by name.

    Raises
    ------
    WrongUsageError
        Naming what was given.
    """
    for table in tables.values():
        if not isinstance(table, kind):
            raise WrongUsageError(
                f"{distance} compares tables that it has made itself",
                value=type(table).__name__,
                remedy='make them with its table(…); of crystals, as in metric_named("grid-emd").table(crystals)',
            )
    making_of({f"table {name}": table for name, table in tables.items()})


def _each(known: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Each by its name: what made it, or what is known of that."""
    for name, item in known.items():
        if isinstance(item, (list, tuple)):
            of = f" of {name}" if name else ""
            yield from _each({f"fingerprint {i}{of}": one for i, one in enumerate(item)})
        elif isinstance(item, Making):
            yield name, item
        else:
            yield name, getattr(item, "making", None) or getattr(item, "descriptor", item)


def _of_one(item: object) -> Making:
    if isinstance(item, Making):
        return item
    width: Any = getattr(item, "bin_width", None)
    known = parameters(item) if isinstance(item, Descriptor) and is_dataclass(item) else None
    return Making(known, float(width) if isinstance(width, Real) else None)


def _check_same(name: str, one: Mapping[str, Any], before: str, other: Mapping[str, Any]) -> None:
    differing = [key for key in {**one, **other} if not _same(one.get(key), other.get(key))]
    if differing:
        raise WrongUsageError(
            f"fingerprints of different descriptors cannot be compared: {name} is of {_named(one, differing)}, "
            f"{before} of {_named(other, differing)}",
            remedy=REMEDY,
        )


def _named(descriptor: Mapping[str, Any], keys: list[str]) -> str:
    """The name of a descriptor and some of its parameters."""
    some = ", ".join(f"{key}={descriptor[key]!r}" for key in keys if key in descriptor and key != "descriptor")
    return f"{descriptor.get('descriptor')}({some})"


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - parameters are of any kind
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):  # a file makes one of the other
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Real) and isinstance(other, Real):
        return abs(float(one) - float(other)) <= ROUNDING * abs(float(other))
    return bool(one == other)
