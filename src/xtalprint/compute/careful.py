"""Work that killed its worker: done again in a process of its own, to find the structure that is to blame."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from xtalprint.compute.worker import check_stop
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtalprint.compute.job import Job, Part
    from xtalprint.crystal import Crystal

Result = TypeVar("Result")

#: A structure is to blame if the process died so often while it was working on it.
DEATHS = 2
#: So many of one part, and the rest of it is not tried any more: each costs the start of two processes.
MOST_BLAMED = 10
#: So many processes that die before they began, and no worker can work here.
FALSE_STARTS = 3
_DIED = "the worker process died twice while it was {} this structure"
_REMEDY = "leave it out, or give it more memory: with fewer workers, or on another machine"


class Place(NamedTuple):
    """Where a process was when it died: in a piece of the part, at a structure of it, reading or answering."""

    piece: int
    structure: int
    reading: bool


def answers_carefully(job: Job[Any, Result], part: Part) -> tuple[list[Result], bool]:
    """Answer for every structure of a part; those that kill the process become errors.

    Returns
    -------
    The answers in order, and whether any structure is to blame.

    Raises
    ------
    XtalprintError
        If the processes die before they begin.
    """
    from xtalprint.compute.process_pool import (  # noqa: PLC0415 - only when a worker died
        SturdyProcessPool,
        WorkerLostError,
        one_thread_each,
    )

    deaths: Counter[Place | None] = Counter()
    with tempfile.TemporaryDirectory(prefix="xtalprint-") as folder, one_thread_each():
        diary = Path(folder) / "diary"
        while deaths[None] < FALSE_STARTS:
            blamed = {place for place, n in deaths.items() if place is not None and n >= DEATHS}
            diary.write_text("", encoding="ascii")
            pool = SturdyProcessPool(1, attempts=1)
            try:
                return pool.submit(partial(_answers, job, part, blamed, diary)).result(), bool(blamed)
            except WorkerLostError:
                deaths[_last_place(diary)] += 1
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
    raise XtalprintError(
        "worker processes die before they begin to work",
        remedy='check the memory; in a script, call this under if __name__ == "__main__"; or choose threads',
    )


def _answers(job: Job[Any, Result], part: Part, blamed: set[Place], diary: Path) -> list[Result]:
    """Answer in the process that may die; the diary tells afterwards where it was."""
    results: list[Result] = []
    with diary.open("w", encoding="ascii", buffering=1) as stream:

        def note(place: Place) -> None:
            stream.write(f"{place.piece} {place.structure} {place.reading:d}\n")

        for number, piece in enumerate(part.split()):
            if len(blamed) >= MOST_BLAMED and number > max(place.piece for place in blamed):
                results.append(job.answer(_not_tried(piece.source)))
                continue
            results.extend(job.answer(item) for item in _watched(job, piece, number, blamed, note))
    return results


def _watched(
    job: Job[Any, Any],
    piece: Part,
    number: int,
    blamed: set[Place],
    note: Any,  # noqa: ANN401 - a function
) -> Iterator[Crystal | XtalprintError]:
    items = iter(job.inputs(piece))
    structure = 0
    while True:
        check_stop()
        reading = Place(number, structure, reading=True)
        if reading in blamed:
            yield XtalprintError(_DIED.format("reading"), source=piece.source, frame=structure, remedy=_REMEDY)
            return
        note(reading)
        try:
            item = next(items)
        except StopIteration:
            return
        answering = Place(number, structure, reading=False)
        structure += 1
        if answering in blamed:
            yield XtalprintError(_DIED.format("working on"), source=item.source, frame=item.frame, remedy=_REMEDY)
        elif len(blamed) >= MOST_BLAMED and answering > max(blamed):
            yield _not_tried(item.source, item.frame)
        else:
            note(answering)
            yield item


def _not_tried(source: str | None, frame: int | None = None) -> XtalprintError:
    return XtalprintError(
        f"not tried: {MOST_BLAMED} structures near it killed their worker process",
        source=source,
        frame=frame,
        remedy="check the memory and the installation, and run the same command again",
    )


def _last_place(diary: Path) -> Place | None:
    lines = diary.read_text(encoding="ascii").splitlines()
    if not lines:
        return None
    piece, structure, reading = map(int, lines[-1].split())
    return Place(piece, structure, bool(reading))
