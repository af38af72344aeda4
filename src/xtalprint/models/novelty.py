"""Does an input resemble any class at all? Distance of its features from those of the training set.

Class-conditional Gaussians with one shared covariance: the distance is Mahalanobis' to the nearest centre
(K. Lee et al., NeurIPS 31, 7167 (2018)). A class may have several centres, because one class holds many prototypes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rounds of Lloyd's algorithm when a class is given several centres.
ROUNDS = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianDistance:
    """Distance to the nearest centre in whitened features.

    Parameters
    ----------
    whitening
        (n_features, k) matrix W; the covariance of features·W within a centre's group is about 1.
    centres
        (n_centres, k) in whitened coordinates.
    """

    whitening: NDArray[np.float64]
    centres: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        features: NDArray[np.floating],
        labels: NDArray[np.int64],
        *,
        shrinkage: float = 0.05,
        centres_per_class: int = 1,
        directions: int | None = None,
        seed: int = 0,
    ) -> GaussianDistance:
        """Fit to features of known crystals.

        Parameters
        ----------
        features
            (n, n_features).
        labels
            (n,) class of each row, from 0.
        shrinkage
            Share of the mean variance that is added to every direction, so that directions without spread in the
            training set do not count infinitely.
        centres_per_class
            Number of centres per class, found by k-means.
        directions
            So many of the largest spread are looked along; None is all.
        seed
            Of k-means.
        """
        values = np.asarray(features, dtype=np.float64)
        rng = np.random.default_rng(seed)
        centres, residuals = [], []
        for label in np.unique(labels):
            members = values[labels == label]
            found, owner = k_means(members, centres_per_class, rng)
            centres.append(found)
            residuals.append(members - found[owner])
        spread = np.concatenate(residuals)
        covariance = spread.T @ spread / len(spread)
        mean_variance = np.trace(covariance) / len(covariance)
        covariance = (1 - shrinkage) * covariance + shrinkage * mean_variance * np.eye(len(covariance))
        eigenvalues, axes = np.linalg.eigh(covariance)
        whitening = (axes / np.sqrt(eigenvalues))[:, -(directions or len(axes)) :]
        return cls(whitening=whitening, centres=np.concatenate(centres) @ whitening)

    @classmethod
    def covering(
        cls, features: NDArray[np.floating], *, n_centres: int, directions: int | None = None
    ) -> GaussianDistance:
        """Take some of the known crystals as centres, far from each other, so that none is far from all of them.

        Unlike means, they leave out no corner that few crystals are in. All numbers are those of half precision, so
        that a file of them is small.

        Parameters
        ----------
        features
            (n, n_features).
        n_centres
            Their number; all crystals if there are fewer.
        directions
            As of `fit`.
        """
        whitening = cls.fit(features, np.zeros(len(features), dtype=np.int64), directions=directions).whitening
        whitening = whitening.astype(np.float16).astype(np.float64)
        whitened = np.asarray(features, dtype=np.float64) @ whitening
        centres = whitened[farthest_points(whitened, n_centres)].astype(np.float16)
        return cls(whitening=whitening, centres=centres.astype(np.float64))

    def distance(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, n_features) → (n,) distance to the nearest centre, in standard deviations."""
        whitened = np.asarray(features, dtype=np.float64) @ self.whitening
        # |a - b|² written out keeps memory at (n, n_centres).
        squares = (whitened**2).sum(1)[:, None] - 2 * whitened @ self.centres.T + (self.centres**2).sum(1)
        distances: NDArray[np.float64] = np.sqrt(np.maximum(squares.min(axis=1), 0.0))
        return distances


def farthest_points(points: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Rows of points (m, d) far from each other: each is the farthest from those before it, the first from the mean.

    Examples
    --------
    >>> farthest_points(np.array([[0.0], [1.0], [2.0], [9.0]]), 3)
    array([3, 0, 2])
    """
    chosen: list[int] = []
    nearest = _squared_distances(points, points.mean(axis=0, keepdims=True))[:, 0]
    while len(chosen) < min(n, len(points)):
        farthest = int(nearest.argmax())
        found = _squared_distances(points, points[farthest : farthest + 1])[:, 0]
        nearest = np.minimum(nearest, found) if chosen else found
        chosen.append(farthest)
        nearest[farthest] = -1.0
    return np.array(chosen, dtype=np.int64)


def k_means(
    points: NDArray[np.float64], k: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Lloyd's algorithm from k-means++ seeds: centres (≤ k, d) and the centre of each point."""
    centres = points.mean(axis=0, keepdims=True) if k == 1 else _seeds(points, k, rng)
    owner = np.zeros(len(points), dtype=np.int64)
    for _ in range(ROUNDS if k > 1 else 0):
        new = _squared_distances(points, centres).argmin(axis=1).astype(np.int64)
        if np.array_equal(new, owner):
            break
        owner = new
        groups = [points[owner == c] for c in range(len(centres))]
        centres = np.stack([g.mean(axis=0) if len(g) else old for g, old in zip(groups, centres, strict=True)])
    return centres, owner


def _seeds(points: NDArray[np.float64], k: int, rng: np.random.Generator) -> NDArray[np.float64]:
    chosen = [int(rng.integers(len(points)))]
    nearest = _squared_distances(points, points[chosen])[:, 0]
    while len(chosen) < k and nearest.max() > 0:
        chosen.append(int(rng.choice(len(points), p=nearest / nearest.sum())))
        nearest = np.minimum(nearest, _squared_distances(points, points[chosen[-1:]])[:, 0])
    return points[chosen]


def _squared_distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)
    return np.maximum(squares, 0.0)


def auroc(known: NDArray[np.floating], unknown: NDArray[np.floating]) -> float:
    """Probability that an unknown input scores higher than a known one; ties count half.

    Examples
    --------
    >>> auroc(np.array([0.1, 0.2]), np.array([0.15, 0.9]))
    0.75
    """
    both = np.concatenate([known, unknown])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    rank_of_value = np.cumsum(counts) - (counts - 1) / 2
    ranks = rank_of_value[inverse]
    n_known, n_unknown = len(known), len(unknown)
    return float((ranks[n_known:].sum() - n_unknown * (n_unknown + 1) / 2) / (n_known * n_unknown))
