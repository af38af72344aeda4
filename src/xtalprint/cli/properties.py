"""How predicted properties look to people, and the columns of their CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.cli.tables import SourceColumn, bar, note, percent
from xtalprint.models.property_class_prediction import NO_YES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Neighbours that fit beside a value on a terminal, and those of the CSV file.
SHOWN, IN_CSV = 2, 3
_PROPERTY, _VALUE, _INTERVAL = 13, 9, 16
_CLASS, _NAME = 14, 12
_KNOWN = {True: "yes", False: "no"}


class PropertyTable:
    """Value, interval, whether it is known, nearest known crystals; a line for each property of a structure.

    Parameters
    ----------
    paths
        The files to come.
    moduli
        Whether the values are moduli and not classes, which have a probability and no interval.
    """

    def __init__(self, paths: Sequence[str], *, moduli: bool = True) -> None:
        self._source, self._moduli = SourceColumn(paths), moduli
        self._last: tuple[Any, Any, Any] | None = None
        self._first = ""

    def header(self) -> str:
        """Titles of the columns."""
        if not self._moduli:
            return f"{self._source.header()}  {'property':<{_CLASS}}  {'value':<{_NAME}}  {'probability':<18}  known"
        return (
            f"{self._source.header()}  {'property':<{_PROPERTY}}  {'value':>{_VALUE}}  "
            f"{'90 % interval':>{_INTERVAL}}  known  most similar known crystals (distance)"
        )

    def line(self, record: Mapping[str, Any]) -> str:
        """One line, and below the first of a structure its warnings."""
        source = self._source.cell(record)
        if record["status"] == "error":
            self._last = None
            return "\n".join([f"{source}  error", *note(record["error"])])
        this = (record["source"], record["frame"], record["warnings"])
        again = this == self._last and record["property"] != self._first
        if not again:
            self._last, self._first = this, record["property"]
        cells = _modulus_cells(record) if self._moduli else _class_cells(record)
        line = f"{' ' * self._source.width if again else source}  {cells}"
        return "\n".join(
            [line, *(text for warning in ([] if again else record["warnings"]) for text in note(warning))]
        )


def _modulus_cells(record: Mapping[str, Any]) -> str:
    low, high = map(_three_digits, record["interval"])
    neighbours = ", ".join(
        f"{one['formula']} {one['value']:g} ({one['distance']:.2f})" for one in record["neighbours"][:SHOWN]
    )
    value = f"{_three_digits(record['value'])} {record['unit']}"
    name, known = record["property"].replace("-", " "), _KNOWN[record["known"]]
    return f"{name:<{_PROPERTY}}  {value:>{_VALUE}}  {f'{low} to {high}':>{_INTERVAL}}  {known:<5}  {neighbours}"


def _class_cells(record: Mapping[str, Any]) -> str:
    """The answer and its own probability; in the record of a question, the probability is that of yes."""
    value, probability = record["value"], record["probability"]
    told = _KNOWN[value] if isinstance(value, bool) else value
    if value is False:
        probability = 1 - probability
    share = f"{bar(probability)} {percent(probability):>7}"
    return f"{record['property']:<{_CLASS}}  {told:<{_NAME}}  {share}  {_KNOWN[record['known']]}"


def _three_digits(value: float) -> str:
    """A value without more digits than it deserves.

    Examples
    --------
    >>> _three_digits(0.71234), _three_digits(8.25), _three_digits(151.8), _three_digits(1151.8)
    ('0.712', '8.25', '152', '1152')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def property_columns(provenance: Mapping[str, Any]) -> list[str]:
    """Columns of the CSV file."""
    keys = ("id", "formula", "value", "distance", "value_unseen")
    return [
        *("source", "frame", "status", "property", "value", "unit", "interval.0", "interval.1"),
        *(f"neighbours.{place}.{key}" for place in range(IN_CSV) for key in keys),
        *("known", "warnings", "error"),
        *provenance,
    ]


def class_columns(provenance: Mapping[str, Any]) -> list[str]:
    """Columns of the CSV file of classes."""
    from xtalprint.datasets.properties import CRYSTAL_SYSTEMS  # noqa: PLC0415 - NumPy is not needed for --help

    return [
        *("source", "frame", "status", "property", "value", "unit", "probability"),
        *(f"probabilities.{name}" for name in (*NO_YES, *CRYSTAL_SYSTEMS)),
        *("known", "warnings", "error"),
        *provenance,
    ]
