"""``xtalprint study``: a published table or figure, or a measurement on real data, by one command."""

from __future__ import annotations

from pathlib import Path

import click

from xtalprint.cli.study_printout import printout


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

    Headline figures and a table of every method are printed; all else is in the folder.

    The data sets are looked for in the folder that the environment variable XTALPRINT_DATA names. The study md reads
    its snapshots from data/md, too: run it in the root of a checkout of the repository.
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
    for line in printout(result):
        click.echo(line)
    click.echo(f"written to {output}", err=True)
