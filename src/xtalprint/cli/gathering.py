"""Many structures prepared for a metric by any engine, and packed as they come."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NoReturn

import click

from xtalprint.cli.catalogue import Catalogue, Place, Times
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.records import Record, error_record
from xtalprint.cli.summary import summary
from xtalprint.cli.tables import visible
from xtalprint.errors import XtalprintError
from xtalprint.files import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xtalprint.cli.inputs import InputStream
    from xtalprint.cli.spreading import Spreading
    from xtalprint.cli.summary import Tally
    from xtalprint.similarity.preparing_job import Prepared, PreparingJob

#: Structures that are packed together.
AT_A_TIME = 1000
#: Characters of a name in a picture.
LONGEST_NAME = 32


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
    #: How many structures came before each failure, and its record.
    failures: list[tuple[int, Record]] = field(default_factory=list)
    _rows: list[Any] = field(default_factory=list, init=False)
    _packs: list[Any] = field(default_factory=list, init=False)

    def __len__(self) -> int:
        """Number of structures."""
        return len(self.places)

    def add(self, result: Prepared | XtalprintError) -> Record:
        """Take one answer of a `PreparingJob`; returns its record."""
        if isinstance(result, XtalprintError):
            return self.fail(error_record(result))
        if result.warnings:
            self.warnings[len(self)] = result.warnings
        self.places.append(Place(result.source, result.frame))
        self.formulas.append(result.formula)
        self.compositions.append(result.composition)
        self._rows.append(result.row)
        if len(self._rows) >= AT_A_TIME:
            self._pack()
        return {"status": "ok"}

    def fail(self, record: Record) -> Record:
        """Take the record of an input that failed."""
        self.failures.append((len(self), record))
        self.report(record)
        return record

    @cached_property
    def ids(self) -> list[str]:
        """Those of table rows, and ``FILE#FRAME`` for all others."""
        try:
            return Catalogue(()).ids_of(self.places)
        except XtalprintError:  # a table whose ids cannot be read
            times = Times()
            return [times.id_of(*place) for place in self.places]

    def names(self) -> list[str]:
        """Short names: ids of table rows, files without folders and endings where that tells them apart."""
        from xtalprint.cli.pairs import is_row, name_of  # noqa: PLC0415 - for pictures

        several = {source for source, n in Counter(place.source for place in self.places).items() if n > 1}
        names = []
        for place, known in zip(self.places, self.ids, strict=True):
            stem = PurePath(visible(as_text(place.source or "?"))).name.partition(".")[0] or "?"
            own = f"{stem} ({place.frame})" if place.source in several else stem
            names.append(visible(known) if is_row(*place, known) else own)
        if len(set(names)) < len(names):
            names = [
                name_of(as_text(place.source or "?"), place.frame, known, LONGEST_NAME)
                for place, known in zip(self.places, self.ids, strict=True)
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


def gather(
    metric: str,
    inputs: InputStream,
    spreading: Spreading,
    *,
    elements: Sequence[str] | None,
    quiet: bool,
    report: Callable[[Record], object],
) -> tuple[Gathered, Tally]:
    """Prepare all structures of the input for a metric, through the folder of shards if there is one.

    Parameters
    ----------
    metric
        Its name.
    inputs, spreading, elements, quiet
        Of the command.
    report
        Called at once with the error record of each input that fails.
    """
    from xtalprint.io import read_run  # noqa: PLC0415 - not for --help

    gathered = Gathered(metric, report)
    job = _job(metric, elements)
    if spreading.into is None:
        return gathered, spreading.each(job, inputs, gathered.add, quiet=quiet)
    tally = spreading.fill(job, inputs, quiet=quiet)
    for record in read_run(spreading.into):
        if record["status"] == "error":
            gathered.fail(record)
        else:
            gathered.add(job.prepared(record))
    return gathered, tally


def prepare_share(
    metric: str, inputs: InputStream, spreading: Spreading, *, elements: Sequence[str] | None, quiet: bool
) -> NoReturn:
    """Do one of many shares of the preparation, and end the command.

    Parameters
    ----------
    metric, inputs, spreading, elements, quiet
        See `gather`.
    """
    start = time.perf_counter()
    tally = spreading.fill(_job(metric, elements), inputs, quiet=quiet)
    if not quiet:
        click.echo(summary("prepared", tally, time.perf_counter() - start), err=True)
    raise click.exceptions.Exit(SOME_FAILED if tally.failed else ALL_WELL)


def _job(metric: str, elements: Sequence[str] | None) -> PreparingJob:
    from xtalprint.similarity.preparing_job import PreparingJob  # noqa: PLC0415 - not for --help

    return PreparingJob(metric, elements)
