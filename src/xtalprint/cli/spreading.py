"""Who does the work, and where the answers go: the options ``--engine``, ``--into``, ``--shard`` and their like."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xtalprint.cli.progress import ProgressBar
from xtalprint.cli.summary import Tally
from xtalprint.errors import WrongUsageError
from xtalprint.stopping import check_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from xtalprint.cli.inputs import InputStream
    from xtalprint.cli.records import Record
    from xtalprint.compute import Engine, Share
    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.io.part_job import PartJob

Command = TypeVar("Command", bound="Callable[..., Any]")
Result = TypeVar("Result")

#: What a process or a Dask worker does at a time where no folder of shards is written: rows of a table, of which each
#: reading costs; and files or frames.
ROWS, FEW = 32, 8
#: Names of the options of `spreading_options`.
SPREADING = ("engine", "workers", "scheduler", "into", "per_shard", "shard")
_NEEDS_INTO = "needs a folder of shards that all jobs write into; add --into DIR"


def engine_options(function: Command) -> Command:
    """``--engine``, ``--workers``, ``--scheduler``."""
    for option in (
        click.option("--scheduler", metavar="ADDRESS", help="Dask's scheduler, as in tcp://10.0.0.1:8786."),
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            metavar="N",
            help="Number of threads or processes. [default: all cores this process may use]",
        ),
        click.option(
            "--engine",
            # As in xtalprint.compute.ENGINES, which is not imported for --help.
            type=click.Choice(["serial", "threads", "processes", "dask"]),
            help="Who does the work; the answers are the same. [default: threads]",
        ),
    ):
        function = option(function)
    return function


def spreading_options(function: Command) -> Command:
    """``--engine``, ``--workers``, ``--scheduler``, ``--into``, ``--per-shard``, ``--shard``."""
    return _into_options(
        function,
        into="Write the answers into a folder of Parquet files, where a run that was stopped or killed goes "
        "on when it is started again; read them with: xtalprint collect DIR.",
        shard="With --into: do the I-th of N shares of the work, I from 1 to N, as a job of a batch queue.",
    )


def preparing_options(function: Command) -> Command:
    """The same for commands that compute fingerprints first, and then compare all of them."""
    return _into_options(
        function,
        into="Keep the fingerprints in a folder of Parquet files, where a run that was stopped or killed goes on "
        "when it is started again, and where other commands and metrics with the same fingerprint find them.",
        shard="With --into: compute the fingerprints of the I-th of N shares of the structures, I from 1 to N, and "
        "nothing else, as a job of a batch queue. When all are there, give the command without it.",
    )


def _into_options(function: Command, *, into: str, shard: str) -> Command:
    for option in (
        click.option("--shard", metavar="I/N", help=shard),
        click.option(
            "--per-shard",
            type=click.IntRange(min=1),
            metavar="N",
            help="With --into: most structures or files in one Parquet file. [default: as in the folder, or 1000]",
        ),
        click.option(
            "--into",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help=into,
        ),
    ):
        function = option(function)
    return engine_options(function)


@dataclass(frozen=True)
class Spreading:
    """The options, checked.

    Parameters
    ----------
    engine
        Who does the work.
    into
        Folder of shards; None if the answers are wanted one after the other.
    per_shard
        Most structures in a shard; None means as many as in those that are there, or 1000.
    share
        Which share of the work.
    """

    engine: Engine
    into: Path | None
    per_shard: int | None
    share: Share

    @property
    def is_share(self) -> bool:
        """Whether others do a part of the work."""
        return self.share.of > 1

    @property
    def threads(self) -> int | None:
        """How many threads of this process compare what is prepared; None means all cores."""
        return 1 if self.engine.name == "serial" else self.engine.workers

    def check_share(self, elsewhere: dict[str, Any]) -> None:
        """Refuse options that say where the result goes, which one share of many has not.

        Parameters
        ----------
        elsewhere
            These options and their values.
        """
        for option, value in elsewhere.items():
            if self.is_share and value is not None:
                raise click.UsageError(
                    f"with --shard only fingerprints are computed; leave {option} out, and give it to the command "
                    "without --shard when all shares are done"
                )

    @classmethod
    def of(
        cls, options: dict[str, Any], *, threads: int | None, elsewhere: dict[str, Any] | None = None
    ) -> Spreading:
        """Take the options of `spreading_options` out of all of a command.

        Parameters
        ----------
        options
            Those of `spreading_options`, `preparing_options` or `engine_options`; they are removed.
        threads
            ``--threads N``, which is short for ``--engine threads --workers N``.
        elsewhere
            Options that say where records go, which a folder of shards leaves no room for.
        """
        from xtalprint.compute import Engine, Share  # noqa: PLC0415 - not for --help

        name, workers, into, per_shard, shard = (
            options.pop(key, None) for key in ("engine", "workers", "into", "per_shard", "shard")
        )
        if threads is not None and (name not in {None, "threads"} or workers is not None):
            raise click.UsageError("--threads N is short for --engine threads --workers N; give one or the other")
        if into is None and (shard or per_shard):
            raise click.UsageError(f"{'--shard' if shard else '--per-shard'} {_NEEDS_INTO}")
        if into is not None:
            for option, value in (elsewhere or {}).items():
                if value is not None:
                    raise click.UsageError(
                        f"with --into the answers go into the folder; leave {option} out, and have them afterwards "
                        f"with: xtalprint collect {into}"
                    )
        try:
            engine = Engine(name or "threads", threads or workers, options.pop("scheduler"))
            share = _share(shard) if shard else Share()
        except WrongUsageError as error:
            raise click.UsageError(str(error)) from error
        return cls(engine, None if into is None else into.resolve(), per_shard, share)

    def each(
        self, job: PartJob[Result], inputs: InputStream, write: Callable[[Result], Record], *, quiet: bool
    ) -> Tally:
        """Write the record of each answer, in the order of the input."""
        return _written(self._answers(job, inputs), inputs, write, quiet=quiet)

    def each_in_threads(
        self,
        answer: Callable[[Crystal | XtalprintError], Result],
        inputs: InputStream,
        write: Callable[[Result], Record],
        *,
        quiet: bool,
    ) -> Tally:
        """The same for a function that does not travel, as it holds much: other engines become threads here."""
        engine = self.engine
        if engine.name in {"processes", "dask"}:
            engine = replace(engine, name="threads", scheduler=None)

        def results() -> Generator[tuple[Result, int | None], None, None]:
            from xtalprint.compute import map_ordered, open_pool  # noqa: PLC0415 - not for --help

            with (
                open_pool(engine) as pool,
                closing(map_ordered(answer, inputs, threads=pool.workers, executor=pool.executor)) as found,
            ):
                for result in found:
                    yield result, None

        return _written(results(), inputs, write, quiet=quiet)

    def _answers(self, job: PartJob[Result], inputs: InputStream) -> Generator[tuple[Result, int | None], None, None]:
        """Each answer, and how many files are finished with it if that is known here."""
        from xtalprint.compute import answers, map_ordered, open_pool, together  # noqa: PLC0415 - not for --help

        with open_pool(self.engine) as pool:
            if self.engine.name in {"serial", "threads"}:
                lists = together(inputs, job.at_a_time)
                with closing(
                    map_ordered(job.answer_many, lists, threads=pool.workers, executor=pool.executor)
                ) as many:
                    for some in many:
                        for result in some:
                            yield result, None
                return
            few = max(FEW, job.at_a_time)
            with closing(answers(job, inputs.parts(max(ROWS, few), few=few), pool)) as many:
                for index, some in enumerate(many):
                    files = inputs.finished_parts(index)
                    for result in some:
                        yield result, files

    def fill(self, job: PartJob[Any], inputs: InputStream, *, quiet: bool) -> Tally:
        """Write the answers into the folder of shards."""
        from xtalprint.compute import cut_of, fill, open_pool  # noqa: PLC0415 - not for --help
        from xtalprint.io.parts import SIZE  # noqa: PLC0415 - likewise
        from xtalprint.io.tables import pyarrow  # noqa: PLC0415 - likewise

        pyarrow("--into")  # said before the work, not after it
        if self.into is None:
            raise click.UsageError("name the folder of shards: --into DIR")
        tally = Tally()
        per_shard = self.per_shard or cut_of(self.into) or SIZE
        about = {**inputs.about(), "per_shard": per_shard}
        with (
            open_pool(self.engine) as pool,
            closing(fill(job, inputs.parts(per_shard), self.into, pool, inputs=about, share=self.share)) as shards,
            ProgressBar("structures", files=inputs.number_of_files, enabled=not quiet) as bar,
        ):
            for shard in shards:
                check_interrupt()
                tally = Tally(
                    tally.finished + shard.finished,
                    tally.failed + shard.failed,
                    tally.resumed + shard.finished * shard.resumed,
                )
                bar.update(tally.finished, inputs.finished_parts(shard.index))
        return tally


def _written(
    answers: Generator[tuple[Result, int | None], None, None],
    inputs: InputStream,
    write: Callable[[Result], Record],
    *,
    quiet: bool,
) -> Tally:
    """Write the record of each answer, with a bar of what is finished."""
    finished = failed = 0
    with (
        closing(answers) as results,
        ProgressBar("structures", files=inputs.number_of_files, enabled=not quiet) as bar,
    ):
        for result, files in results:
            check_interrupt()
            failed += write(result)["status"] == "error"
            finished += 1
            bar.update(finished, files if files is not None else inputs.finished_files(finished))
    return Tally(finished, failed)


def _share(text: str) -> Share:
    from xtalprint.compute import Share  # noqa: PLC0415 - not for --help

    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None:
        raise click.UsageError(
            f"--shard {text}: give two whole numbers, as in --shard 3/10 for the third of ten jobs"
        )
    return Share(int(match[1]), int(match[2]))
