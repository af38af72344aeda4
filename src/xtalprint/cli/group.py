"""The command group: subcommands are imported when they run, so that ``--help`` is quick."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xtalprint._version import __version__
from xtalprint.errors import MissingExtraError, WrongUsageError, XtalprintError
from xtalprint.stopping import say_stopped, stops_remembered, was_asked_to_stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Exit codes of the contract: all went well, some failed, wrong usage; and the shell's for a reader that has gone.
#: Ctrl-C has `xtalprint.stopping.INTERRUPTED`.
ALL_WELL, SOME_FAILED, WRONG_USAGE, READER_GONE = 0, 1, 2, 141


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

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's signature
    ) -> click.Context:
        """Read the arguments; help may be printed."""
        with _silent_without_reader():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the subcommand."""
        with _silent_without_reader():
            return super().invoke(ctx)

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
        with stops_remembered():
            try:
                code = _code(super().main(**options, standalone_mode=False, **extra))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - what nobody expected is raised again
                code = _ended_by(error)
            sys.exit(say_stopped() if was_asked_to_stop() else code)


@contextmanager
def _silent_without_reader() -> Iterator[None]:
    """End in silence if nobody reads what is written, as in ``xtalprint … | head -1``."""
    try:
        yield
    except BrokenPipeError as error:
        _drop_what_cannot_be_written()
        raise click.exceptions.Exit(READER_GONE) from error


def _code(result: object) -> int:
    return result if isinstance(result, int) else ALL_WELL


def _ended_by(error: BaseException) -> int:
    """Say on stderr what went wrong, and give the exit code; what is no error of the user's is raised again."""
    if was_asked_to_stop():  # and the interrupt became another error on its way
        return SOME_FAILED
    if isinstance(error, click.Abort):
        return say_stopped()
    if isinstance(error, SystemExit):
        return _code(error.code)
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, XtalprintError):
        click.echo(f"xtalprint: {error}", err=True)
        return WRONG_USAGE if isinstance(error, WrongUsageError | MissingExtraError) else SOME_FAILED
    if isinstance(error, OSError):
        _drop_what_cannot_be_written()
        about = f" {error.filename}" if error.filename else ""
        remedy = "make room or give another --output" if error.errno == errno.ENOSPC else "check the place"
        click.echo(f"xtalprint: cannot write{about}: {error.strerror or error}; {remedy}.", err=True)
        return SOME_FAILED
    raise error


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
    "(each has an error record), 2 wrong usage, 130 stopped by Ctrl-C, 141 the reader of the output has gone.",
)
@click.version_option(__version__, prog_name="xtalprint", message="%(prog)s %(version)s")
def main() -> None:
    """Crystal fingerprints you can see through.

    Reads any structure file (CIF, POSCAR, extxyz, LAMMPS, pymatgen and ASE formats, atom probe .pos; gzipped too)
    and says which crystal class it has or how stiff it is, computes its descriptor, or tells how alike structures
    are.
    """
