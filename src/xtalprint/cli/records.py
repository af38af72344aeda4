"""Records on their way out: JSON Lines, CSV or a table, to stdout or into a file that appears only when complete."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

import click

from xtalprint.files import whole_file
from xtalprint.io.formats import format_named
from xtalprint.io.input_file import uncompressed_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from xtalprint.errors import XtalprintError

Record = dict[str, Any]
Format = Literal["table", "json", "csv"]

#: What ``--output`` says about the format when ``--format`` does not.
RECORD_ENDINGS: dict[str, Format] = {".json": "json", ".jsonl": "json", ".csv": "csv", ".txt": "table"}
#: Endings of tables that are not written; names of structures are not taken either.
SPREADSHEETS = (".xlsx", ".xls", ".ods")

#: For terminals that do not know UTF-8; one character each, so that columns stay columns.
_PLAIN = str.maketrans("█▉▊▋▌▍▎▏·…×", "########.~x")


class Table(Protocol):
    """How records look to people: lines of fixed width, so that each can be printed when it is finished."""

    def header(self) -> str:
        """The line above."""
        ...

    def line(self, record: Mapping[str, Any]) -> str:
        """One or more lines for one record, without a newline at the end."""
        ...


def chosen_format(format_: Format | None, output: Path | None) -> Format:
    """``--format``, or what the ending of ``--output`` says, or a table.

    Examples
    --------
    >>> from pathlib import Path
    >>> chosen_format(None, Path("classes.csv"))
    'csv'
    >>> chosen_format(None, None)
    'table'

    Raises
    ------
    click.BadParameter
        For the name of a spreadsheet, of structures or of a compressed file, which records are not written as.
    """
    if format_ is not None:
        return format_
    if output is None:
        return "table"
    ending = output.suffix.lower()
    if ending in RECORD_ENDINGS:
        return RECORD_ENDINGS[ending]
    promised = _promised(output)
    if promised is not None:
        raise click.BadParameter(
            f"{output.name} is a name of {promised}, which records are not written as; end the name in .csv, .jsonl "
            "or .txt, or give --format",
            param_hint="--output",
        )
    return "table"


def _promised(output: Path) -> str | None:
    """What people and programs would expect behind a name, if it is nothing that records are written as."""
    if output.suffix.lower() in SPREADSHEETS:
        return "spreadsheets"
    title = format_named(output.name)
    if title is not None:
        return f"structures ({title})"
    return "compressed files" if uncompressed_name(output) != output.name else None


def check_folder(output: Path | None) -> None:
    """Say before the work that a file cannot be written."""
    if output is None:
        return
    folder = output.resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        problem = "may not be written to" if folder.is_dir() else "does not exist"
        raise click.BadParameter(f"the folder {folder} {problem}", param_hint="--output")


def check_new_folder(folder: Path, option: str) -> None:
    """Say before the work that a folder cannot be made, or not be written to."""
    there = next(place for place in (folder.resolve(), *folder.resolve().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        problem = "may not be written to" if there.is_dir() else "is no folder"
        raise click.BadParameter(f"{there} {problem}; choose another place", param_hint=option)


def error_record(error: XtalprintError) -> Record:
    """Record of an input that could not be used."""
    return {"source": error.source, "frame": error.frame, "status": "error", "error": str(error)}


@contextmanager
def record_writer(
    format_: Format, output: Path | None, *, table: Table, columns: Sequence[str]
) -> Iterator[Callable[[Record], Record]]:
    """Give a function that writes one record at once, and returns it.

    Parameters
    ----------
    format_
        JSON Lines, CSV or a table.
    output
        A file, or None for stdout. The file is written beside its place and moved there at the end; if the work is
        stopped, what is finished is kept as ``NAME.partial``.
    table
        The look for people.
    columns
        Of the CSV file. ``"probabilities.fcc"`` is the entry ``fcc`` of the mapping ``probabilities``,
        ``"interval.0"`` the first of the list ``interval``.
    """
    if output is None:
        yield _writer(format_, sys.stdout, table, columns)
        sys.stdout.flush()
        return
    with _atomic(output) as stream:
        yield _writer(format_, stream, table, columns)


def _writer(format_: Format, stream: TextIO, table: Table, columns: Sequence[str]) -> Callable[[Record], Record]:
    header, line = _style(format_, stream, table, columns)
    started = False

    def write(record: Record) -> Record:
        nonlocal started
        # sys.stdout is looked up each time: a progress bar may stand in for it, to print above itself.
        target = sys.stdout if stream is sys.__stdout__ else stream
        text = line(record) if started or header is None else f"{header}\n{line(record)}"
        target.write(printable(text, stream) + "\n")
        target.flush()
        started = True
        return record

    return write


def _style(
    format_: Format, stream: TextIO, table: Table, columns: Sequence[str]
) -> tuple[str | None, Callable[[Record], str]]:
    """Line above the records, if any, and how a record is written."""
    if format_ == "json":
        return None, partial(json.dumps, ensure_ascii=_encoding(stream) != "utf-8", allow_nan=False)
    if format_ == "csv":
        return _csv_line(columns), lambda record: _csv_line([_cell(record, column) for column in columns])
    return table.header(), table.line


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _cell(record: Mapping[str, Any], column: str) -> str:
    value = _found(record, column)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value))
    return str(value)


def _found(value: Any, path: str) -> Any:  # noqa: ANN401 - plain data of any depth
    """Entry ``neighbours.0.id`` of a record: places in lists are numbers, and a name may have a dot itself."""
    if not path or value is None:
        return value
    key, _, rest = path.partition(".")
    if isinstance(value, (list, tuple)):
        return _found(value[int(key)], rest) if int(key) < len(value) else None
    if not hasattr(value, "get"):
        return None
    return value[path] if path in value else _found(value.get(key), rest)


def printable(text: str, stream: TextIO) -> str:
    """Replace what the stream cannot show, such as a file name that is not UTF-8; never an exception for a name."""
    encoding = _encoding(stream)
    if encoding != "utf-8":
        text = text.translate(_PLAIN)
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _encoding(stream: TextIO) -> str:
    return codecs.lookup(stream.encoding or "utf-8").name


@contextmanager
def _atomic(output: Path) -> Iterator[TextIO]:
    output = output.resolve()
    if output.exists() and not output.is_file():  # a pipe or a device: nothing to put beside it
        with output.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    with whole_file(output) as beside:
        try:
            stream = beside.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise click.BadParameter(f"cannot write {output}: {error.strerror}", param_hint="--output") from error
        try:
            with stream:
                yield stream
        except BaseException:
            _keep(beside, output.with_name(f"{output.name}.partial"))
            raise


def _keep(unfinished: Path, partial: Path) -> None:
    if unfinished.stat().st_size == 0:
        unfinished.unlink()
        return
    unfinished.replace(partial)
    click.echo(f"xtalprint: the records finished so far are in {partial}", err=True)
