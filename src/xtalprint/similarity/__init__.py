"""How alike two crystals are: distances between fingerprints and compositions, matrices of them, and search."""

from __future__ import annotations

from xtalprint.similarity.composition import (
    CompositionEarthMovers,
    CompositionTable,
    composition_distance,
    composition_fractions,
    element_dissimilarity,
)
from xtalprint.similarity.cumulative import CumulativeTable
from xtalprint.similarity.distances import Distance, Part, TableOfParts, WeightedSum
from xtalprint.similarity.earth_movers import EarthMovers, cumulative, earth_movers_distance
from xtalprint.similarity.grouping import groups_within
from xtalprint.similarity.index import Neighbours, SimilarityIndex
from xtalprint.similarity.matrix import distance_matrix
from xtalprint.similarity.metrics import metric_named
from xtalprint.similarity.vectors import Cosine, Euclid, VectorTable

#: Short name for a notebook.
emd = earth_movers_distance

__all__ = [
    "CompositionEarthMovers",
    "CompositionTable",
    "Cosine",
    "CumulativeTable",
    "Distance",
    "EarthMovers",
    "Euclid",
    "Neighbours",
    "Part",
    "SimilarityIndex",
    "TableOfParts",
    "VectorTable",
    "WeightedSum",
    "composition_distance",
    "composition_fractions",
    "cumulative",
    "distance_matrix",
    "earth_movers_distance",
    "element_dissimilarity",
    "emd",
    "groups_within",
    "metric_named",
]
