"""The model of moduli itself: known points with their weights, and networks; how it is fitted and how it answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.models.stiffness import KernelSettings, Standard, kernel_weights
from xtalprint.models.stiffness_network import Network, NetworkSettings, fitted_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.descriptors.interpretable import Table

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Answer:
    """Answers for one crystal.

    Parameters
    ----------
    parts
        (1 + networks, targets) log10 of the moduli: the answer of the kernel, then those of the networks.
    distances
        (n,) from all known points.
    """

    parts: Floats
    distances: Singles

    @property
    def networks(self) -> Floats:
        """(targets,) mean of the networks."""
        return np.asarray(self.parts[1:].mean(axis=0))

    @property
    def value(self) -> Floats:
        """(targets,) the mean of the kernel's answer and that of the networks."""
        return np.asarray(0.5 * (self.parts[0] + self.networks))

    @property
    def disagreement(self) -> Floats:
        """(targets,) standard deviation of all parts."""
        return np.asarray(self.parts.std(axis=0))


@dataclass(frozen=True)
class StiffnessFit:
    """A kernel on known points, and some networks, that learned log10 of the moduli.

    Parameters
    ----------
    standard
        Makes points of the numbers of a crystal.
    rounded
        (n, columns) coordinates of the known points without those of the elements, in half precision: the kernel was
        fitted to the rounded ones.
    shares
        (n, elements) of the known crystals.
    weights, centre
        (n, targets) and (targets,) of the kernel.
    width
        Of the kernel.
    networks
        Each with a seed of its own.
    """

    standard: Standard
    rounded: NDArray[np.float16]
    shares: Floats
    weights: Singles
    centre: Floats
    width: float
    networks: tuple[Network, ...]

    @cached_property
    def columns(self) -> Singles:
        """(dimensions, n) coordinates of the known points."""
        return np.ascontiguousarray(_known(self.standard, self.rounded, self.shares).T)

    def answer(self, point: Singles) -> Answer:
        """Answer for one point, always the same to the last bit."""
        from xtalprint.models.compiled_points import distances  # noqa: PLC0415 - imports Numba

        found = np.empty(self.columns.shape[1], dtype=np.float32)
        distances(self.columns, point, found)
        near = np.exp(found.astype(np.float64) / -self.width)
        # Not by a matrix product: its last bits would depend on the number of threads.
        kernel = np.einsum("nt,n->t", self.weights.astype(np.float64), near) + self.centre
        networks = [network.answers(point[None])[0] for network in self.networks]
        return Answer(np.array([kernel, *networks]), found)


def fit_stiffness(
    table: Table,
    shares: Floats,
    y: Floats,
    *,
    seed: int,
    members: int,
    weights: Mapping[str, float],
    clipped: float,
    kernel: KernelSettings,
    network: NetworkSettings,
) -> StiffnessFit:
    """Fit to all rows of a table.

    Parameters
    ----------
    table
        Numbers of the crystals.
    shares
        Shares of the elements.
    y
        (n, targets) log10 of the moduli.
    seed
        Of the first network; the next has the next.
    members
        Number of networks.
    weights, clipped
        Of a `Standard`.
    kernel, network
        Settings.
    """
    standard = Standard.of(table, weights=weights, clipped=clipped)
    x = standard.points(table, shares)
    rounded = x[:, : len(table.columns)].astype(np.float16)
    learned = kernel_weights(_known(standard, rounded, shares), y, kernel)
    networks = tuple(fitted_network(x, y, seed=seed + number, settings=network) for number in range(members))
    return StiffnessFit(standard, rounded, shares, learned, y.mean(axis=0), kernel.width, networks)


def _known(standard: Standard, rounded: NDArray[np.float16], shares: Floats) -> Singles:
    """(n, dimensions) points of the known crystals."""
    return np.concatenate([rounded.astype(np.float32), standard.element_part(shares)], axis=1)
