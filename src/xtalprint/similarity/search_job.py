"""Searching an index as a job for many workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from xtalprint.descriptors.base import attempt, disorder_warnings
from xtalprint.errors import XtalprintError
from xtalprint.io.part_job import PartJob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.similarity.index import Neighbours


class Searcher(Protocol):
    """A `SimilarityIndex`, or an `ApproximateSearch` of one."""

    def query(self, item: Crystal, k: int = 10, /) -> Neighbours:
        """The most similar crystals."""
        ...


@dataclass(frozen=True, eq=False)
class Answer:
    """What is most like one crystal.

    Parameters
    ----------
    neighbours
        Nearest first.
    source, frame
        Where the crystal came from.
    warnings
        Things a person should know.
    """

    neighbours: Neighbours
    source: str | None
    frame: int | None
    warnings: tuple[str, ...] = ()


class SearchJob(PartJob["Answer | XtalprintError"]):
    """Finds the most similar crystals to every structure; for threads, which share the index.

    Parameters
    ----------
    searcher
        What is searched.
    k
        How many are wanted.
    elements
        For files that name no elements.
    """

    def __init__(self, searcher: Searcher, k: int, elements: Sequence[str] | None = None) -> None:
        super().__init__(elements)
        self._searcher = searcher
        self._k = k

    def question(self) -> Mapping[str, Any]:
        """How many are wanted."""
        return {"command": "similar", "k": self._k}

    def answer(self, item: Crystal | XtalprintError) -> Answer | XtalprintError:
        """Search for one structure; whatever goes wrong is given back, so that the others go on."""
        found = item if isinstance(item, XtalprintError) else attempt(self._answer, item)
        return found.located(source=item.source, frame=item.frame) if isinstance(found, XtalprintError) else found

    def _answer(self, crystal: Crystal) -> Answer:
        found = self._searcher.query(crystal, self._k)
        return Answer(found, crystal.source, crystal.frame, tuple(disorder_warnings(crystal)))

    def record(self, result: Answer | XtalprintError) -> Mapping[str, Any]:
        """Source, frame, status, and the ids of what was found."""
        where = {"source": result.source, "frame": result.frame}
        if isinstance(result, XtalprintError):
            return {**where, "status": "error", "error": str(result)}
        return {**where, "status": "ok", "ids": list(result.neighbours.ids)}

    def columns(self, pa: Any) -> Sequence[tuple[str, Any]]:  # noqa: ANN401 - pyarrow has no types
        """That of a record."""
        return [("ids", pa.list_(pa.string()))]
