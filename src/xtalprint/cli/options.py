"""The options that commands share, so that each means the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Command = TypeVar("Command", bound="Callable[..., Any]")

#: The first of xtalprint.similarity.metrics, which is not imported for --help.
DEFAULT_METRIC = "grid-emd"


def _symbols(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Split ``Cu,Zr`` and check against the periodic table."""
    if value is None:
        return None
    symbols = tuple(part.strip() for part in value.split(","))
    for symbol in symbols:
        if symbol not in ATOMIC_NUMBERS:
            raise click.BadParameter(
                f"{symbol!r} is not a chemical symbol; write them as in --elements Cu,Zr", ctx=ctx, param=parameter
            )
    return symbols


def files_argument(function: Command) -> Command:
    """``FILES…``: paths, globs, or ``-`` for a list of paths on stdin."""
    return click.argument("files", nargs=-1, required=True, metavar="FILES...")(function)


def elements_option(function: Command) -> Command:
    """``--elements Cu,Zr`` for formats that name types or masses instead of elements."""
    return click.option(
        "--elements",
        callback=_symbols,
        metavar="SYMBOLS",
        help="Elements of the types 1, 2, ... of a LAMMPS file, as in Cu,Zr; the one element of a .pos file.",
    )(function)


def format_option(function: Command) -> Command:
    """``--format table|json|csv``; None if not given."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(["table", "json", "csv"]),
        help="table for people, json for JSON Lines with one record per structure, csv for a spreadsheet. "
        "[default: as the ending of --output says, else table]",
    )(function)


def _file(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Refuse names that stand for something else."""
    if value is not None and str(value) in {"", ".", "-"}:
        raise click.BadParameter("give a file name; leave it out to write to stdout", ctx=ctx, param=parameter)
    return value


def output_option(function: Command) -> Command:
    """``--output FILE`` for the records."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path, dir_okay=False),
        callback=_file,
        metavar="FILE",
        help="Write the records to FILE instead of stdout; it appears complete or not at all.",
    )(function)


def threads_option(function: Command) -> Command:
    """``--threads N``; None means all cores."""
    return click.option(
        "--threads", type=click.IntRange(min=1), help="Number of threads. [default: all cores this process may use]"
    )(function)


def quiet_option(function: Command) -> Command:
    """``--quiet``: records only."""
    return click.option("-q", "--quiet", is_flag=True, help="No progress bar and no summary on stderr.")(function)


def _metric(ctx: click.Context, parameter: click.Parameter, values: Sequence[str]) -> str:
    """One metric, or a weighted sum, under the name that records bear."""
    from xtalprint.similarity.metrics import metric_named  # noqa: PLC0415 - not for --help

    if len(values) > 1 and not any(":" in value or "+" in value for value in values):
        weighted = " ".join(f"--metric {value}:1" for value in values)
        raise click.BadParameter(
            f"several metrics are added up, and need weights, as in {weighted}; for each of them alone, give the "
            "command once for each",
            ctx=ctx,
            param=parameter,
        )
    try:
        return metric_named("+".join(values)).name
    except WrongUsageError as error:
        raise click.BadParameter(str(error), ctx=ctx, param=parameter) from error


def metric_option(function: Command) -> Command:
    """``--metric NAME``, or weights and names of several."""
    return click.option(
        "--metric",
        multiple=True,
        default=(DEFAULT_METRIC,),
        show_default=DEFAULT_METRIC,
        callback=_metric,
        metavar="NAME[:WEIGHT]",
        help="What is compared: a metric of xtalprint compare --help, or a weighted sum, as in "
        "grid-emd:10+composition:1 or in two options; several are added up, and need weights.",
    )(function)


def _angstrom(ctx: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuse what is no length."""
    if value is not None and not 0 <= value < float("inf"):
        raise click.BadParameter(f"{value} is no length in Å; give 0 or a positive number", ctx=ctx, param=parameter)
    return value


def tolerance_option(function: Command) -> Command:
    """``--tolerance ANGSTROM``."""
    return click.option(
        "--tolerance",
        type=float,
        callback=_angstrom,
        default=0.01,
        show_default=True,
        metavar="ANGSTROM",
        help="Largest distance of two neighbours in a chain; 0 joins what is equal to the last digit, which rows of "
        "a crystal table, in single precision, seldom are; 1e-5 forgives that.",
    )(function)


def _names(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:  # noqa: ARG001 - click's
    """Split ``formula,band_gap``."""
    return None if value is None else tuple(name.strip() for name in value.split(",") if name.strip())


def labels_option(function: Command) -> Command:
    """``--labels NAMES``; None means all."""
    return click.option(
        "--labels",
        callback=_names,
        metavar="NAMES",
        help="Which columns of the table to give, as in formula,band_gap. [default: all]",
    )(function)
