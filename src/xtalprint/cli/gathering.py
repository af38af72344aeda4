"""Many structures prepared for a metric by any engine, and packed as they come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from xtalprint.cli.records import Record, error_record
from xtalprint.cli.tables import visible
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xtalprint.cli.inputs import InputStream
    from xtalprint.cli.spreading import Spreading
    from xtalprint.cli.summary import Tally
    from xtalprint.similarity.preparing_job import Prepared

#: Structures that are packed together.
AT_A_TIME = 1000
#: Characters of a name in a picture.
LONGEST_NAME = 32


class Place(NamedTuple):
    """Where a structure came from."""

    source: str | None
    frame: int | None


@dataclass
class Gathered:
    """Structures of a metric, in the order of the input.

    Parameters
    ----------
    metric
        Its name.
    report
        Called at once with the error record of each input that fails.
    """

    metric: str
    report: Callable[[Record], object]
    places: list[Place] = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)
    compositions: list[str] = field(default_factory=list)
    warnings: dict[int, tuple[str, ...]] = field(default_factory=dict)
    #: How many structures came before each failure, and what it was.
    failures: list[tuple[int, XtalprintError]] = field(default_factory=list)
    _rows: list[Any] = field(default_factory=list, init=False)
    _packs: list[Any] = field(default_factory=list, init=False)

    def __len__(self) -> int:
        """Number of structures."""
        return len(self.places)

    def add(self, result: Prepared | XtalprintError) -> Record:
        """Take one answer of a `PreparingJob`; returns its record."""
        if isinstance(result, XtalprintError):
            self.failures.append((len(self), result))
            record = error_record(result)
            self.report(record)
            return record
        if result.warnings:
            self.warnings[len(self)] = result.warnings
        self.places.append(Place(result.source, result.frame))
        self.formulas.append(result.formula)
        self.compositions.append(result.composition)
        self._rows.append(result.row)
        if len(self._rows) >= AT_A_TIME:
            self._pack()
        return {"status": "ok"}

    def names(self) -> list[str]:
        """Short names: the files without folders and endings where that tells them apart."""
        from xtalprint.cli.pairs import short_name  # noqa: PLC0415 - for pictures

        sources = [visible(_text(place.source or "?")) for place in self.places]
        stems = [PurePath(source).name.partition(".")[0] or "?" for source in sources]
        several = {source for source, n in Counter(place.source for place in self.places).items() if n > 1}
        names = [
            f"{stem} ({place.frame})" if place.source in several else stem
            for stem, place in zip(stems, self.places, strict=True)
        ]
        if len(set(names)) < len(names):
            names = [
                short_name(source, place.frame, LONGEST_NAME)
                for source, place in zip(sources, self.places, strict=True)
            ]
        return [name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}" for name in names]

    def table(self) -> Any:  # noqa: ANN401 - that of the distance
        """The table that the distance of the metric compares; asked for once."""
        from xtalprint.similarity.metrics import metric_named  # noqa: PLC0415 - not for --help

        if self._rows:
            self._pack()
        packs, self._packs = self._packs, []
        return metric_named(self.metric).view.joined(packs)

    def _pack(self) -> None:
        from xtalprint.similarity.metrics import metric_named  # noqa: PLC0415 - not for --help

        self._packs.append(metric_named(self.metric).view.packed(self._rows))
        self._rows = []


def _text(name: str) -> str:
    """Text for any font: bytes of a file name that are not UTF-8 are written in hexadecimal."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def gather(
    metric: str,
    inputs: InputStream,
    spreading: Spreading,
    *,
    elements: Sequence[str] | None,
    quiet: bool,
    report: Callable[[Record], object],
) -> tuple[Gathered, Tally]:
    """Prepare all structures of the input for a metric.

    Parameters
    ----------
    metric
        Its name.
    inputs, spreading, elements, quiet
        Of the command.
    report
        Called at once with the error record of each input that fails.
    """
    from xtalprint.similarity.preparing_job import PreparingJob  # noqa: PLC0415 - not for --help

    gathered = Gathered(metric, report)
    tally = spreading.each(PreparingJob(metric, elements), inputs, gathered.add, quiet=quiet)
    return gathered, tally
