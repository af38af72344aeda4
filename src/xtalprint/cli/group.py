"""The command group: subcommands are imported when they run, so that ``--help`` is quick."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xtalprint._version import __version__
from xtalprint.errors import MissingExtraError, WrongUsageError, XtalprintError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Exit codes of the contract: all went well, some failed, wrong usage; and the shell's own for Ctrl-C.
ALL_WELL, SOME_FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


class Entry(NamedTuple):
    """Where a subcommand is written, and its line in ``xtalprint --help``."""

    module: str
    summary: str


#: Every subcommand. To add one, write the click command ``name`` in ``module`` and its line here.
COMMANDS: dict[str, Entry] = {
    "classify": Entry("xtalprint.cli.classify", "Say which crystal class each structure has, and how sure that is."),
    "describe": Entry("xtalprint.cli.describe", "Write the descriptor of each structure as an array and a picture."),
    "predict": Entry(
        "xtalprint.cli.predict", "Predict moduli, with the reason; crystal system, metal, stable, stiff."
    ),
    "collect": Entry("xtalprint.cli.collect", "Give the records of a folder that another command wrote --into."),
    "compare": Entry("xtalprint.cli.compare", "Say how different structures are, by one of several metrics."),
    "similar": Entry("xtalprint.cli.similar", "Find the crystals of a table that are most like each structure."),
    "duplicates": Entry("xtalprint.cli.duplicates", "Group structures that are the same within a tolerance."),
    "index": Entry("xtalprint.cli.index", "Prepare a crystal table for similar, once for many searches."),
    "convert": Entry("xtalprint.cli.convert", "Write the structures of many files into one crystal table."),
    "models": Entry("xtalprint.cli.models", "List the trained models, or print the card of one."),
    "train": Entry("xtalprint.cli.train", "Train a model; an interrupted run can be resumed."),
    "study": Entry("xtalprint.cli.study", "Measure on real data, or reproduce a published table or figure."),
}


class LazyGroup(click.Group):
    """A click group that knows the names and summaries of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one subcommand."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name].module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands in ``--help`` without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,  # noqa: ANN401 - click's signature
    ) -> Any:  # noqa: ANN401 - click's signature
        """Run, and turn whatever goes wrong into one line on stderr and an exit code."""
        options: dict[str, Any] = {"args": args, "prog_name": prog_name or "xtalprint", "complete_var": complete_var}
        if not standalone_mode:
            return super().main(**options, standalone_mode=False, **extra)
        if threading.current_thread() is threading.main_thread():
            # Batch systems send SIGTERM: what is finished is kept, as after Ctrl-C.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            result = super().main(**options, standalone_mode=False, **extra)
        except click.Abort:
            click.echo("xtalprint: stopped.", err=True)
            sys.exit(INTERRUPTED)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except XtalprintError as error:
            click.echo(f"xtalprint: {error}", err=True)
            sys.exit(WRONG_USAGE if isinstance(error, WrongUsageError | MissingExtraError) else SOME_FAILED)
        except OSError as error:
            _drop_what_cannot_be_written()
            about = f" {error.filename}" if error.filename else ""
            remedy = "make room or give another --output" if error.errno == errno.ENOSPC else "check the place"
            click.echo(f"xtalprint: cannot write{about}: {error.strerror or error}; {remedy}.", err=True)
            sys.exit(SOME_FAILED)
        sys.exit(result if isinstance(result, int) else ALL_WELL)


def _drop_what_cannot_be_written() -> None:
    """Send the rest of a stdout that takes no more to nowhere; Python would try to write it again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=LazyGroup,
    name="xtalprint",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Each command has its own --help, with examples. Exit codes: 0 all went well, 1 some inputs failed "
    "(each has an error record), 2 wrong usage, 130 stopped by Ctrl-C.",
)
@click.version_option(__version__, prog_name="xtalprint", message="%(prog)s %(version)s")
def main() -> None:
    """Crystal fingerprints you can see through.

    Reads any structure file (CIF, POSCAR, extxyz, LAMMPS, pymatgen and ASE formats, atom probe .pos; gzipped too)
    and says which crystal class it has or how stiff it is, computes its descriptor, or tells how alike structures
    are.
    """
