"""``xtalprint study``: a published table or figure, or a measurement on real data, by one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


#: Rows of a study's table that are printed.
MOST_ROWS = 40


@click.command(
    short_help="Measure on real data, or reproduce a published table or figure.",
    epilog="""\b
Examples:
  xtalprint study --list
  XTALPRINT_DATA=data xtalprint study real-elements --output results/real-elements
  xtalprint study real-files --quick --output /tmp/look
""",
)
@click.argument("name", required=False)
@click.option("--list", "list_", is_flag=True, help="List the studies and what each shows.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of everything random in the study."
)
@click.option("--quick", is_flag=True, help="A part of the data, to see that it runs; not for citing.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for results.json, table, pictures; required unless --list is given.",
)
def study(*, name: str | None, list_: bool, seed: int, quick: bool, output: Path | None) -> None:
    """Run the study NAME and write results.json, table.csv and its pictures into a folder.

    The data sets are looked for in the folder that the environment variable XTALPRINT_DATA names.
    """
    from xtalprint.studies import STUDIES, run_study  # noqa: PLC0415 - heavy, and --help must be quick

    if list_:
        width = max(map(len, STUDIES))
        for entry in STUDIES.values():
            click.echo(f"{entry.name:<{width}}  {entry.summary}")
        return
    if name not in STUDIES:
        raise click.BadParameter(f"choose one of {', '.join(STUDIES)}", param_hint="NAME")
    if output is None:
        raise click.UsageError("give the folder for the results with --output DIR")
    result = run_study(name, output, seed=seed, quick=quick)
    for line in (*_lines(result.figures), *_table(result.table)):
        click.echo(line)
    click.echo(f"written to {output}", err=True)


def _table(rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """Aligned columns, as many rows as a screen holds; the rest is left to the file."""
    if not rows:
        return []
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows[:MOST_ROWS])]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["", *("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)]
    return lines if len(rows) <= MOST_ROWS else [*lines, f"… {len(rows)} rows in table.csv"]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _lines(figures: Mapping[str, Any], indent: str = "") -> Sequence[str]:
    """Numbers and short texts, nested mappings indented; long lists are left to the file."""
    lines: list[str] = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", *_lines(value, indent + "  ")]
        elif isinstance(value, list):
            lines.append(f"{indent}{name}: {_short_list(value)}")
        else:
            lines.append(f"{indent}{name}: {f'{value:.5g}' if isinstance(value, float) else value}")
    return lines


def _short_list(values: Sequence[Any]) -> str:
    if len(values) <= 2 and all(isinstance(v, float) for v in values):  # noqa: PLR2004 - an interval
        return " to ".join(f"{v:.5g}" for v in values)
    return f"{len(values)} entries, see results.json"
