"""How records look to people: lines of fixed width, printed as the records are finished."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MIN_SOURCE_WIDTH, MAX_SOURCE_WIDTH = 12, 44
#: Characters of a full probability bar.
BAR_WIDTH = 10
_EIGHTHS = " ▏▎▍▌▋▊▉"


class SourceColumn:
    """The first column of a table: file, and frame where it is not the first.

    Parameters
    ----------
    paths
        The files to come, as far as they are known: the column is made as wide as they need.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        widest = max((len(path) for path in paths), default=MAX_SOURCE_WIDTH) + len(" (999)")
        self.width = min(max(widest, MIN_SOURCE_WIDTH), MAX_SOURCE_WIDTH)

    def header(self) -> str:
        """Title of the column."""
        return "file (frame)".ljust(self.width)

    def cell(self, record: Mapping[str, Any]) -> str:
        """File and frame, as wide as the column."""
        return pad(short_name(record.get("source"), record.get("frame"), self.width), self.width)


class ClassTable:
    """Class, probability with a bar, whether it is known, warnings.

    Parameters
    ----------
    paths
        The files to come.
    classes
        Names of the classes.
    """

    def __init__(self, paths: Sequence[str], classes: Sequence[str] = ()) -> None:
        self._source = SourceColumn(paths)
        self._width = max(map(len, ("bct_139", *classes)))
        self._last: tuple[str | None, list[str]] = (None, [])

    def header(self) -> str:
        """Titles of the columns."""
        return f"{self._source.header()}  {'class':<{self._width}}  probability         known"

    def line(self, record: Mapping[str, Any]) -> str:
        """One line, and below it the warnings, unless they are those of the frame before."""
        source = self._source.cell(record)
        if record["status"] == "error":
            return "\n".join([f"{source}  error", *note(record["error"])])
        drawn = bar(record["probability"])
        known = {True: "yes", False: "no", None: "?"}[record["known"]]
        line = f"{source}  {record['class']:<{self._width}}  {drawn} {percent(record['probability']):>7}  {known}"
        before, self._last = self._last, (record["source"], record["warnings"])
        if record["warnings"] and before == self._last:
            return "\n".join([line, *note("as for the frame before")])
        return "\n".join([line, *(text for warning in record["warnings"] for text in note(warning))])


class FileTable:
    """Where the array of each structure was written, and its shape.

    Parameters
    ----------
    paths
        The files to come.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._source = SourceColumn(paths)

    def header(self) -> str:
        """Titles of the columns."""
        return f"{self._source.header()}  shape        written to"

    def line(self, record: Mapping[str, Any]) -> str:
        """One line, and one more for each warning."""
        source = self._source.cell(record)
        if record["status"] == "error":
            return "\n".join([f"{source}  error", *note(record["error"])])
        shape = "×".join(map(str, record["shape"]))
        line = f"{source}  {shape:<11}  {record['path']}"
        return "\n".join([line, *(text for warning in record.get("warnings", ()) for text in note(warning))])


def note(sentence: str) -> list[str]:
    """Lines of a sentence below a record, as wide as the terminal, or 100 characters in a file.

    Examples
    --------
    >>> note("1 disordered site")
    ['    ! 1 disordered site']
    """
    width = max(shutil.get_terminal_size((100, 24)).columns, 40)
    return textwrap.wrap(
        visible(sentence),
        width,
        initial_indent="    ! ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def visible(text: str) -> str:
    r"""Show control characters, which a file name may have, instead of sending them to the terminal.

    Examples
    --------
    >>> print(visible("two\nlines"))
    two\nlines
    """
    return "".join(c if c.isprintable() or "\ud800" <= c <= "\udfff" else repr(c)[1:-1] for c in text)


def bar(probability: float) -> str:
    """A bar of `BAR_WIDTH` characters.

    Examples
    --------
    >>> bar(0.5)
    '█████·····'
    """
    eighths = int(probability * BAR_WIDTH * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()).ljust(BAR_WIDTH, "·")


def percent(probability: float) -> str:
    """Never 100 % for what is not certain.

    Examples
    --------
    >>> percent(0.99999), percent(1.0), percent(0.5)
    ('>99.99%', '100.00%', '50.00%')
    """
    return ">99.99%" if 0.9999 < probability < 1 else f"{100 * probability:.2f}%"  # noqa: PLR2004 - two decimals


def short_name(source: str | None, frame: int | None, width: int) -> str:
    """File and frame where it is not the first, shortened at the left, where it tells least.

    Examples
    --------
    >>> short_name("way/to/melt.extxyz", 3, 16)
    '…melt.extxyz (3)'
    """
    behind = f" ({frame})" if frame else ""
    return shortened(visible(source or "?"), width - len(behind)) + behind


def shortened(text: str, width: int) -> str:
    """Keep the end of a text that is too wide.

    Examples
    --------
    >>> shortened("long/way/to/POSCAR", 10)
    '…to/POSCAR'
    """
    return text if len(text) <= width else f"…{text[len(text) - width + 1 :]}"


def pad(text: str, width: int) -> str:
    """Pad with blanks to a width on the terminal, where some characters take two columns and some none."""
    taken = sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
    return text + " " * (width - taken)
