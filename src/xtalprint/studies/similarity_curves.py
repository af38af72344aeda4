"""How straight, steady and monotonic a distance is along a path that starts at a crystal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: A distance whose largest step is at most so many times the mean one has no jumps.
JUMP = 3.0


@dataclass(frozen=True)
class Curve:
    """Distances from the start of a path, ascending along it; places without a distance are left out.

    Parameters
    ----------
    way
        (n,) how far along the path, from the start.
    distances
        (n,) from the start.
    """

    way: Floats
    distances: Floats

    @classmethod
    def of(cls, way: Floats, distances: Floats) -> Curve:
        """Sort by the way, and leave out the start and places without a distance."""
        order = np.argsort(way, kind="stable")
        kept = order[(way[order] > 0) & np.isfinite(distances[order])]
        return cls(way[kept], distances[kept])

    @property
    def slope(self) -> float:
        """Of the straight line through the start that fits best."""
        return float(self.way @ self.distances / (self.way @ self.way))

    @property
    def off_the_line(self) -> float:
        """Largest relative deviation from the straight line."""
        return float(np.abs(self.distances / (self.slope * self.way) - 1).max())

    @property
    def residual(self) -> float:
        """Root mean square of the deviations from the straight line, relative to that of the distances."""
        rest = self.distances - self.slope * self.way
        return float(np.sqrt((rest @ rest) / (self.distances @ self.distances)))

    @property
    def rises(self) -> bool:
        """Whether every step away from the start is a step up."""
        return self.steps_back == 0

    @property
    def steps_back(self) -> int:
        """Steps away from the start on which the distance does not grow."""
        return int((np.diff(self._from_start) <= 0).sum())

    @property
    def largest_step(self) -> float:
        """Largest change from one place to the next, over the mean rise."""
        steps = np.diff(self._from_start)
        mean = self.distances[-1] / len(steps)
        return float(np.abs(steps).max() / mean)

    @property
    def _from_start(self) -> Floats:
        return np.concatenate([[0.0], self.distances])

    def summary(self) -> dict[str, Any]:
        """All of them, as plain data."""
        return {
            "slope": self.slope,
            "largest_relative_deviation_from_the_line": self.off_the_line,
            "relative_residual": self.residual,
            "rises_at_every_step": self.rises,
            "steps_back": self.steps_back,
            "steps": len(self.way),
            "largest_step_over_mean": self.largest_step,
        }
