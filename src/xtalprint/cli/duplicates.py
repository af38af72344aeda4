"""``xtalprint duplicates``: groups of structures that are the same within a tolerance."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.gathering import gather, prepare_share
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.records import Format, Record, check_folder, chosen_format, record_writer
from xtalprint.cli.spreading import Spreading, preparing_options
from xtalprint.cli.summary import summary
from xtalprint.cli.tables import SourceColumn, note, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xtalprint.cli.gathering import Gathered

COLUMNS = ["source", "frame", "status", "id", "formula", "group", "size", "representative", "warnings", "error"]
ID_WIDTH = 32
#: Å; coordinates in single precision move distances of the same crystal by some 1e-7 Å.
RESOLUTION = 1e-5


class GroupTable:
    """Members of groups, for people.

    Parameters
    ----------
    paths
        The files to come.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._source = SourceColumn(paths)

    def header(self) -> str:
        """Titles of the columns."""
        return f"{self._source.header()}  {'group':>7}  {'size':>6}  {'id':<{ID_WIDTH}}  formula"

    def line(self, record: Mapping[str, Any]) -> str:
        """One line."""
        source = self._source.cell(record)
        if record["status"] == "error":
            return "\n".join([f"{source}  error", *note(record["error"])])
        name = shortened(visible(record["id"]), ID_WIDTH)
        line = f"{source}  {record['group']:>7}  {record['size']:>6}  {name:<{ID_WIDTH}}  {record['formula']}"
        return "\n".join([line, *(text for warning in record["warnings"] for text in note(warning))])


@click.command(
    short_help="Group structures that are the same within a tolerance.",
    epilog="""\b
Examples:
  xtalprint duplicates library.parquet
  xtalprint duplicates "relaxed/*.cif" --tolerance 0.05 --format csv --output groups.csv
  xtalprint duplicates library.parquet --same-composition --format json | jq 'select(.size > 1)'
""",
)
@options.files_argument
@options.tolerance_option
@click.option(
    "--same-composition",
    is_flag=True,
    help="Join only structures of the same elements in the same ratio. [default: elements do not matter]",
)
@options.elements_option
@options.format_option
@options.output_option
@options.threads_option
@preparing_options
@options.quiet_option
@click.pass_context
def duplicates(
    ctx: click.Context,
    /,
    *,
    files: Sequence[str],
    tolerance: float,
    same_composition: bool,
    elements: Sequence[str] | None,
    format_: Format | None,
    output: Path | None,
    threads: int | None,
    quiet: bool,
    **spread: Any,  # noqa: ANN401 - those of preparing_options
) -> None:
    """Group structures that are the same within a tolerance.

    FILES are crystal tables (xtalprint convert writes them) or any structure files, patterns, or - for a list of
    paths on stdin. The rule: two structures are in one group if a chain of structures leads from one to the other
    in which neighbours are at most --tolerance apart, by the earth mover's distance of GRID in Å (connected
    components, or single linkage). So no order of the input changes the groups, and a larger tolerance only joins
    groups; but the ends of a long chain may be farther apart. GRID does not see elements: structures of other
    elements but the same distances are joined too, unless --same-composition is given.

    There is a record for each structure in the order of the input: id, group (numbered from 0 in the order of first
    members), size of the group, representative (the id of its first member) and warnings. The table for people shows
    groups of two and more only, one after the other. An input that fails gets a record with status "error", the
    others are grouped all the same, and the exit code is then 1.
    """
    start = time.perf_counter()
    spreading = Spreading.of(spread, threads=threads)
    spreading.check_share({"--output": output, "--format": format_})
    inputs = InputStream(files, elements)
    if spreading.is_share:
        prepare_share("grid-emd", inputs, spreading, elements=elements, quiet=quiet)
    inputs.check_output(output)
    check_folder(output)
    format_ = chosen_format(format_, output)
    gathered, tally = gather(
        "grid-emd", inputs, spreading, elements=elements, quiet=quiet, report=lambda record: record
    )
    records = list(_records(gathered, tolerance, same_composition=same_composition))
    groups = {record["group"] for record in records if record["status"] == "ok"}
    if format_ == "table":
        records = _for_people(records)
    with record_writer(format_, output, table=GroupTable(inputs.paths), columns=COLUMNS) as write:
        for record in records:
            write(record)
    if not quiet and tolerance < RESOLUTION:
        click.echo(
            f"below {RESOLUTION:g} Å, rounding tells apart what is the same: crystal tables keep coordinates to 1e-7 "
            f"of a cell length; --tolerance {RESOLUTION:g} joins such structures",
            err=True,
        )
    if not quiet:
        found = f"{len(groups)} group{'s' * (len(groups) != 1)} within {tolerance:g} Å; "
        click.echo(found + summary("compared", tally, time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if tally.failed else ALL_WELL)


def _records(gathered: Gathered, tolerance: float, *, same_composition: bool) -> Iterator[Record]:
    """Structures and failures in the order of the input."""
    groups = _groups(gathered, tolerance, same_composition=same_composition)
    sizes = [0] * (max(groups, default=-1) + 1)
    first = [-1] * len(sizes)
    for row, group in enumerate(groups):
        sizes[group] += 1
        first[group] = row if first[group] < 0 else first[group]
    failures = list(gathered.failures)
    for row, (place, group) in enumerate(zip(gathered.places, groups, strict=True)):
        while failures and failures[0][0] <= row:
            yield failures.pop(0)[1]
        yield {
            **place._asdict(),
            "status": "ok",
            "id": gathered.ids[row],
            "formula": gathered.formulas[row],
            "group": group,
            "size": sizes[group],
            "representative": gathered.ids[first[group]],
            "warnings": list(gathered.warnings.get(row, ())),
        }
    yield from (record for _, record in failures)


def _groups(gathered: Gathered, tolerance: float, *, same_composition: bool) -> list[int]:
    from xtalprint.similarity import groups_within  # noqa: PLC0415 - not for --help
    from xtalprint.similarity.grouping_by_kind import groups_within_kinds  # noqa: PLC0415 - likewise

    if not gathered.places:
        return []
    table = gathered.table()
    found: list[int] = (
        groups_within_kinds(table, gathered.compositions, tolerance)
        if same_composition
        else groups_within(table, tolerance)
    ).tolist()
    return found


def _for_people(records: list[Record]) -> list[Record]:
    """Failures, and groups of two and more, one after the other."""
    failed = [record for record in records if record["status"] == "error"]
    several = [record for record in records if record["status"] == "ok" and record["size"] > 1]
    return failed + sorted(several, key=lambda record: int(record["group"]))
