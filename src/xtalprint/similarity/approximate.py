"""Approximate search through faiss: candidates by group means, distances exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xtalprint.errors import MissingExtraError, WrongUsageError
from xtalprint.similarity.fingerprints import whole_number
from xtalprint.similarity.whole_numbers import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.similarity.fingerprints import Grid
    from xtalprint.similarity.index import Neighbours, SimilarityIndex

#: Links of each crystal in the graph, and how many candidates are kept while it is built.
LINKS, BUILD_WIDTH = 32, 200
#: Candidates compared exactly.
CANDIDATES = 400


@dataclass(frozen=True, eq=False, repr=False)
class ApproximateSearch:
    """Search of an index through a graph of near crystals (HNSW) or cells (IVF) of faiss.

    faiss looks for near group means (the AMD vector) by their L1 distance, which is never above the earth mover's
    distance. Its candidates are compared exactly, so that distances and their order are right, but one of the nearest
    may be missing. Measure before you use it: among 10⁵ crystals the exact search is faster, and to build the graph
    takes as long as 29,000 queries.

    Parameters
    ----------
    index
        What is searched.
    candidates
        How many are compared exactly.
    """

    index: SimilarityIndex
    candidates: int
    _faiss: Any

    @classmethod
    def of(
        cls,
        index: SimilarityIndex,
        *,
        kind: Literal["hnsw", "ivf"] = "hnsw",
        candidates: int = CANDIDATES,
    ) -> ApproximateSearch:
        """Build the graph or the cells; on one thread, so that the same index gives the same answers.

        Parameters
        ----------
        index
            What is searched.
        kind
            ``"hnsw"``: a graph, quick and large. ``"ivf"``: cells around √n centres, slower and small.
        candidates
            How many are compared exactly, and how widely faiss searches.

        Raises
        ------
        WrongUsageError
            For another kind, or no positive number of candidates.
        MissingExtraError
            If faiss is not installed.
        """
        if kind not in {"hnsw", "ivf"}:
            raise WrongUsageError("no such approximate search", value=repr(kind), remedy="take hnsw or ivf")
        wanted = whole_number(candidates, "the number of candidates")
        faiss = _faiss()
        means = group_means(index)
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            searcher = _graph(faiss, means, wanted) if kind == "hnsw" else _cells(faiss, means)
            searcher.add(means)
        finally:
            faiss.omp_set_num_threads(threads)
        return cls(index, wanted, searcher)

    def query(self, item: Crystal | Grid, k: int = 10) -> Neighbours:
        """Find k similar crystals, nearly always the most similar ones; see `SimilarityIndex.query`.

        They are k, or all where the index has fewer: cells are added until there are enough.
        """
        ordered = self.index.ordered
        table = self.index.packed(item)
        k = min(whole_number(k, "k"), len(self.index))
        wanted = min(max(self.candidates, k), len(self.index))
        means = (table.group_sums() / WHOLE).astype(np.float32)
        return self.index.named(ordered.nearest_of(table, self._rows(means, wanted, k), k))

    def _rows(self, means: NDArray[np.float32], wanted: int, k: int) -> NDArray[np.int64]:
        """Sorted numbers of the rows to be compared, k at least."""
        n_cells, probed = (int(getattr(self._faiss, name, 0)) for name in ("nlist", "nprobe"))
        found = _found(self._faiss.search(means, wanted))
        while len(found) < k and probed < n_cells:  # few crystals in those cells
            probed = min(2 * probed, n_cells)
            more = _faiss().SearchParametersIVF(nprobe=probed)
            found = _found(self._faiss.search(means, wanted, params=more))
        # A graph may fall into pieces where many crystals are equal.
        return found if len(found) >= k else np.arange(len(self.index))

    def recall(self, queries: Sequence[Crystal | Grid], k: int = 10) -> float:
        """Share of the exact k nearest that this search finds too.

        Parameters
        ----------
        queries
            Crystals or fingerprints.
        k
            How many neighbours of each.

        Raises
        ------
        WrongUsageError
            If there is no query.
        """
        if not len(queries):
            raise WrongUsageError("there is no query to measure with", remedy="give at least one")
        hits = 0
        wanted = 0
        for item in queries:
            exact = self.index.query(item, k)
            # Any other as near as the farthest is as good.
            hits += int((self.query(item, k).distances <= exact.distances[-1]).sum())
            wanted += len(exact)
        return hits / wanted


def group_means(index: SimilarityIndex) -> NDArray[np.float32]:
    """(n, n_groups) r_max minus the mean distance of each group, in bins, in the order of the sorted rows."""
    return (index.ordered.table.group_sums() / WHOLE).astype(np.float32)


def _found(answer: tuple[Any, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Sorted numbers of the rows that faiss found; where it has no more, it says -1."""
    rows = answer[1][0]
    return np.sort(rows[rows >= 0]).astype(np.int64)


def _faiss() -> Any:  # noqa: ANN401 - it has no types
    try:
        import faiss  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError.of("faiss-cpu", "search", "approximate search") from error
    return faiss


def _graph(faiss: Any, means: NDArray[np.float32], candidates: int) -> Any:  # noqa: ANN401 - it has no types
    graph = faiss.IndexHNSWFlat(means.shape[1], LINKS, faiss.METRIC_L1)
    graph.hnsw.efConstruction = BUILD_WIDTH
    graph.hnsw.efSearch = candidates
    return graph


def _cells(faiss: Any, means: NDArray[np.float32]) -> Any:  # noqa: ANN401 - it has no types
    n_cells = max(1, int(np.sqrt(len(means))))
    centres = faiss.IndexFlat(means.shape[1], faiss.METRIC_L1)
    cells = faiss.IndexIVFFlat(centres, means.shape[1], n_cells, faiss.METRIC_L1)
    cells.cp.min_points_per_centroid = 1
    cells.train(means)
    cells.nprobe = max(1, n_cells // 8)
    return cells
