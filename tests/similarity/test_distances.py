"""Cosine, Euclid and weighted sums."""

from __future__ import annotations

import numpy as np
import pytest
from random_grids import random_grids
from scipy.spatial.distance import cdist

from xtalprint.errors import WrongUsageError
from xtalprint.similarity import CompositionEarthMovers, Cosine, EarthMovers, Euclid, Part, WeightedSum


@pytest.mark.parametrize(("distance", "name"), [(Cosine(), "cosine"), (Euclid(), "euclidean")])
def test_vectors_against_scipy(distance, name):
    grids = random_grids(20, 4, 30)
    table = distance.table(grids)
    found = distance.distances(table, table[:7])
    rows = grids.reshape(20, -1)
    assert found == pytest.approx(cdist(rows, rows[:7], name), abs=1e-12)
    assert np.array_equal(distance.distances(table[3:9], table[2:5]), found[3:9, 2:5])
    square = distance.distances(table, table)
    assert np.array_equal(square, square.T)
    assert not np.diag(square).any()
    assert np.array_equal(distance.table(rows).rows, table.rows), "rows that are vectors already"


def test_cosine_of_nothing():
    distance = Cosine()
    table = distance.table(np.array([[[0.0, 0.0]], [[1.0, 0.0]]]))
    assert np.array_equal(distance.distances(table, table), [[0, 1], [1, 0]])


def test_what_is_a_metric():
    assert not Cosine().is_metric
    assert Euclid().is_metric
    assert EarthMovers().is_metric
    assert not WeightedSum().is_metric
    assert WeightedSum([Part(1, EarthMovers()), Part(2, CompositionEarthMovers(ground="raw-metric"))]).is_metric


def test_the_published_total():
    total = WeightedSum()
    assert [(part.weight, part.distance.name) for part in total.parts] == [(10, "grid-emd"), (1, "composition-emd")]
    total = WeightedSum([Part(10, EarthMovers(bin_width=0.1)), Part(1, CompositionEarthMovers())])
    grids = random_grids(5, 4, 30)
    compositions = [{"Na": 1, "Cl": 1}, {"Na": 1}, {"K": 1, "Cl": 1}, {"Fe": 2, "O": 3}, {"Si": 1}]
    table = total.table([grids, compositions])
    parts = [part.distance.distances(t, t) for part, t in zip(total.parts, table.tables, strict=True)]
    assert np.array_equal(total.distances(table, table), 10 * parts[0] + parts[1])
    assert np.array_equal(total.distances(table[1:3], table), total.distances(table, table)[1:3])
    assert total.parameters == {
        "distance": "weighted-sum",
        "parts": [
            {"weight": 10.0, "distance": "grid-emd", "bin_width": 0.1},
            {"weight": 1.0, "distance": "composition-emd", "ground": "transformed", "common_stays": True},
        ],
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WeightedSum([]), "a sum of distances needs at least one part"),
        (lambda: WeightedSum([Part(0, Cosine())]), "the weight of a part must be a positive number (value: 0)."),
        (
            lambda: WeightedSum().table([random_grids(2, 2, 4)]),
            "for each part (value: 1); the parts are grid-emd, composition-emd.",
        ),
        (
            lambda: WeightedSum().table([random_grids(2, 2, 4), [{"Na": 1}]]),
            "the parts are not of the same crystals (value: 1 rows and 2 rows).",
        ),
        (
            lambda: Cosine().distances(*(Cosine().table(np.eye(n)) for n in (3, 4))),
            "different lengths cannot be compared (value: 3 and 4)",
        ),
        (lambda: Euclid().table(np.full((2, 1, 3), np.nan)), "fingerprint 0 is not finite"),
    ],
)
def test_wrong_usage_is_told(call, message):
    with pytest.raises(WrongUsageError) as caught:
        call()
    assert message in str(caught.value)
