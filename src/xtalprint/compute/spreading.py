"""The one mechanism by which work is spread: parts of the input, done in any order, given back in their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from xtalprint._version import __version__
from xtalprint.compute.careful import answers_carefully
from xtalprint.compute.ordered import map_ordered
from xtalprint.compute.shard_folder import ADDRESS_DIGITS, LAYOUT, ShardFolder, address_in, digest
from xtalprint.compute.together import together
from xtalprint.compute.worker import check_stop
from xtalprint.errors import WrongUsageError, XtalprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from xtalprint.compute.engine import Pool
    from xtalprint.compute.job import Job, Part

Result = TypeVar("Result")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Share:
    """The part of a run that one job of a batch queue does: every n-th part, from its own on.

    Parameters
    ----------
    number
        Which job, from 1.
    of
        How many there are.

    Raises
    ------
    WrongUsageError
        If ``number`` is not from 1 to ``of``.

    Examples
    --------
    >>> [Share(2, 3).has(index) for index in range(6)]
    [False, True, False, False, True, False]
    """

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise WrongUsageError(
                "shares are counted from 1",
                value=f"{self.number}/{self.of}",
                remedy="give 1/4, 2/4, 3/4 and 4/4 to four jobs",
            )

    def has(self, index: int) -> bool:
        """Whether a part is done by this job."""
        return index % self.of == self.number - 1


@dataclass(frozen=True)
class Shard:
    """A part that is finished: its file, and how many answers and errors are in it.

    Parameters
    ----------
    part
        The part, without the structures that may have travelled with it.
    name
        Name of the file.
    finished, failed
        Number of answers, and of errors among them.
    resumed
        True if it was there already.
    """

    index: int
    name: str
    finished: int
    failed: int
    resumed: bool


def answers(job: Job[Any, Result], parts: Iterable[Part], pool: Pool) -> Generator[list[Result], None, None]:
    """Answer part by part, in order; nothing is written.

    A part that kills its worker is done again in a process of its own, where the structures that are to blame become
    errors.
    """
    return _spread(
        partial(_answers, job, version=__version__), parts, pool, lambda part: answers_carefully(job, part)[0]
    )


def fill(
    job: Job[Any, Any],
    parts: Iterable[Part],
    folder: Path,
    pool: Pool,
    *,
    inputs: Mapping[str, Any],
    share: Share | None = None,
) -> Generator[Shard, None, None]:
    """Answer part by part into a folder of shards; what is there already is checked and not done again.

    Parameters
    ----------
    job
        What is asked.
    parts
        The input, cut in a way that depends on nothing but the input.
    folder
        Made if it is not there. Several may work on the same at once.
    pool
        An open engine.
    inputs
        Which input that is, as plain data: a folder takes no other.
    share
        Which of the parts; None means all.

    Yields
    ------
    Each finished shard, in the order of the parts.

    Raises
    ------
    WrongUsageError
        If the folder cannot be used, or holds another run.
    XtalprintError
        If shards are missing at the end, because something else works on the folder.
    """
    place = ShardFolder(folder.resolve())  # workers may stand in another folder
    place.begin(
        {"layout": LAYOUT, "xtalprint": __version__, "settings": dict(job.settings()), "inputs": dict(inputs)}
    )
    there = place.shards()
    share = share or Share()
    number = 0

    def tasks() -> Iterator[tuple[Part, tuple[str, ...]]]:
        nonlocal number
        for part in parts:
            number += 1
            if share.has(part.index):
                yield part, tuple(there.get(part.index, ()))

    yield from _spread(
        partial(_fill_one, job, place, version=__version__), tasks(), pool, partial(_fill_carefully, job, place)
    )
    if place.finish(number):  # what is left of a longer input belongs to nobody
        place.remove([name for index, names in place.shards().items() if index >= number for name in names])
    elif share.of == 1:
        raise XtalprintError(
            "the run is not finished: shards are missing, or there are two of a part",
            source=str(place.path),
            remedy="stop others that write into this folder, and run the same command again",
        )


def _spread(
    function: Callable[[Item], Result], items: Iterable[Item], pool: Pool, carefully: Callable[[Item], Result]
) -> Generator[Result, None, None]:
    def rescue(item: Item, error: Exception) -> Result:
        if isinstance(error, pool.lost):
            return carefully(item)
        raise error

    return map_ordered(function, items, threads=pool.workers, executor=pool.executor, rescue=rescue)


def _answers(job: Job[Any, Result], part: Part, *, version: str) -> list[Result]:
    _check_version(version)
    results: list[Result] = []
    for some in together(job.inputs(part), job.at_a_time):
        check_stop()
        results.extend(job.answer_many(some))
    return results


def _fill_one(job: Job[Any, Any], folder: ShardFolder, task: tuple[Part, Sequence[str]], *, version: str) -> Shard:
    _check_version(version)
    part, there = task
    address = _address(job, part)
    for name in there:
        payload = folder.read(name) if address_in(name) == address else None
        if payload is not None:
            folder.remove([other for other in there if other != name])
            return Shard(part.index, name, *job.counts(payload), resumed=True)
    return _keep(job, folder, task, address, _answers(job, part, version=version))


def _fill_carefully(job: Job[Any, Any], folder: ShardFolder, task: tuple[Part, Sequence[str]]) -> Shard:
    part, _ = task
    results, blames = answers_carefully(job, part)
    address = _address(job, part)
    # Under another address, so that the next run tries again.
    return _keep(job, folder, task, digest({"lost": address})[:ADDRESS_DIGITS] if blames else address, results)


def _keep(
    job: Job[Any, Any], folder: ShardFolder, task: tuple[Part, Sequence[str]], address: str, results: list[Any]
) -> Shard:
    part, there = task
    payload = job.encode(results)
    name = folder.write(part.index, address, payload)
    folder.remove([other for other in there if other != name])
    return Shard(part.index, name, *job.counts(payload), resumed=False)


def _address(job: Job[Any, Any], part: Part) -> str:
    """Hash of all that the answers of a part depend on."""
    return digest(
        {
            "xtalprint": __version__,
            "settings": job.settings(),
            "part": part.description(),
            "content": job.content(part),
        }
    )[:ADDRESS_DIGITS]


def _check_version(version: str) -> None:
    if version != __version__:
        raise WrongUsageError(
            f"a worker has xtalprint {__version__}, but the run is of {version}",
            remedy="install the same version on all machines",
        )
