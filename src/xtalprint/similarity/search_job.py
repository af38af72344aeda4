"""Searching an index for structures as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from xtalprint.descriptors.base import attempt, disorder_warnings
from xtalprint.errors import XtalprintError
from xtalprint.similarity.views import with_metric

if TYPE_CHECKING:
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


class SearchJob:
    """Finds the most similar crystals to every structure; for threads, which share the index.

    Parameters
    ----------
    searcher
        What is searched.
    k
        How many are wanted.
    """

    def __init__(self, searcher: Searcher, k: int) -> None:
        self._searcher = searcher
        self._k = k

    def answer(self, item: Crystal | XtalprintError) -> Answer | XtalprintError:
        """Search for one structure; whatever goes wrong is given back, so that the others go on."""
        found = item if isinstance(item, XtalprintError) else attempt(self._answer, item)
        if not isinstance(found, XtalprintError):
            return found
        return with_metric(found, item).located(source=item.source, frame=item.frame)

    def _answer(self, crystal: Crystal) -> Answer:
        found = self._searcher.query(crystal, self._k)
        return Answer(found, crystal.source, crystal.frame, tuple(disorder_warnings(crystal)))
