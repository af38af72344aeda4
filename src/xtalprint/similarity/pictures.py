"""Pictures of a matrix of distances. Importing this file imports matplotlib; nothing global is touched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from xtalprint.errors import WrongUsageError
from xtalprint.similarity.arrangement import average_linkage, classical_scaling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FONT = 8.0
#: Names are written up to so many crystals; numbers into a matrix, up to so many.
MOST_NAMED, MOST_NUMBERED = 80, 14
#: Names of a map are written up to so many crystals: they would cover each other.
MOST_NAMED_ON_A_MAP = 40
#: Inches for each name.
PITCH = 0.17
#: Inches of a side without names.
UNNAMED = 7.5
COLOUR = "#1f6f9e"
#: Darker than this, a cell has white numbers.
DARK = 0.6
#: Half the width of a point, pixels; where its number may stand: points away, and in which directions.
SPOT = 4.0
RADII = (8.0, 14.0, 20.0, 27.0, 35.0, 45.0, 60.0, 80.0)
_ANGLES = np.pi / 8 * np.array([2, 6, 10, 14, 0, 4, 8, 12, 1, 3, 5, 7, 9, 11, 13, 15])
DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


@dataclass(frozen=True, eq=False)
class MatrixPictures:
    """How alike crystals are, drawn in three ways.

    Parameters
    ----------
    matrix
        (n, n) symmetric distances of at least two crystals.
    names
        One for each.
    title
        What the distances are.
    unit
        Å, or 1.

    Raises
    ------
    WrongUsageError
        If there are fewer than two crystals, or the names differ in number.
    """

    matrix: NDArray[Any]
    names: Sequence[str]
    title: str
    unit: str

    def __post_init__(self) -> None:
        """Check what is given."""
        n = len(self.names)
        if n < 2 or self.matrix.shape != (n, n):  # noqa: PLR2004 - a pair
            raise WrongUsageError(
                "pictures need the distances of two crystals at least, and a name for each",
                value=f"{n} names, matrix {' × '.join(map(str, self.matrix.shape))}",
            )

    @cached_property
    def tree(self) -> Floats:
        """Joins by average linkage."""
        return average_linkage(np.asarray(self.matrix, dtype=np.float64))

    @cached_property
    def order(self) -> list[int]:
        """Crystals in the order of the tree's leaves."""
        from scipy.cluster.hierarchy import leaves_list  # noqa: PLC0415 - for trees only

        order: list[int] = leaves_list(self.tree).tolist()
        return order

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """File names and figures."""
        yield "matrix.png", self.draw_matrix()
        yield "tree.png", self.draw_tree()
        yield "map.png", self.draw_map()

    def draw_matrix(self) -> Figure:
        """Draw the distances as colours, in the order of the tree, which stands beside them."""
        n = len(self.names)
        named = n <= MOST_NAMED
        side = max(3.2, PITCH * n * (2.4 if n <= MOST_NUMBERED else 1.0)) if named else UNNAMED
        beside = (0.075 * max(map(len, self.names)) if named else 0.3) + 1.0
        figure = _figure(side + beside + 1.1, side + (beside if named else 0.7))
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 0.22])
        ordered = np.asarray(self.matrix, dtype=np.float64)[np.ix_(self.order, self.order)]
        shown = left.imshow(
            ordered, cmap="viridis_r", vmin=0.0, origin="lower", aspect="auto", interpolation="nearest"
        )
        self._name(left, named=named)
        if n <= MOST_NUMBERED:
            _write_numbers(left, ordered)
        bar = figure.colorbar(shown, ax=right, location="right", shrink=0.8, pad=0.1)
        bar.set_label(self._axis, fontsize=FONT)
        bar.ax.tick_params(labelsize=FONT)
        self._hang(right, named=False)
        right.set_xlabel(self._axis, fontsize=FONT)
        figure.suptitle(f"{self.title}, {n} crystals in the order of their tree", fontsize=FONT + 1)
        return figure

    def draw_tree(self) -> Figure:
        """Draw which crystals are joined at which mean distance."""
        n = len(self.names)
        named = n <= MOST_NAMED
        figure = _figure(7.2, max(2.2, PITCH * n + 0.9) if named else UNNAMED)
        axes = figure.subplots()
        self._hang(axes, named=named)
        axes.set_xlabel(f"mean {self._axis} of two groups when they are joined", fontsize=FONT)
        figure.suptitle(f"{self.title}, average linkage of {n} crystals", fontsize=FONT + 1)
        return figure

    def draw_map(self) -> Figure:
        """Draw points whose distances are as near as can be to those of the crystals."""
        plane = classical_scaling(np.asarray(self.matrix, dtype=np.float64))
        n = len(self.names)
        named = n <= MOST_NAMED_ON_A_MAP
        wide, high = (max(float(extent), 1e-12) for extent in np.ptp(plane.points, axis=0))
        height = min(max(1.2 + 6.0 * high / wide, 3.2, 0.135 * n + 0.9 if named else 0.0), 7.0)
        figure = _figure(7.2 + (0.075 * max(map(len, self.names)) + 0.4 if named else 0.0), height)
        axes = figure.subplots()
        size = 16 if named else max(2.0, 400 / n)
        axes.scatter(plane.points[:, 0], plane.points[:, 1], s=size, color=COLOUR, linewidths=0, alpha=0.8)
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.08)
        unit = "" if self.unit == "1" else f" ({self.unit})"
        axes.set_xlabel(f"first axis{unit}", fontsize=FONT)
        axes.set_ylabel(f"second axis{unit}", fontsize=FONT)
        axes.tick_params(labelsize=FONT)
        axes.set_title(
            f"{self.title}, classical scaling of {n} crystals: {100 * plane.share:.0f} % of the spread is shown",
            fontsize=FONT + 1,
        )
        if named:
            key = [Line2D([], [], linestyle="", label=f"{i + 1}  {name}") for i, name in enumerate(self._drawn)]
            figure.legend(
                handles=key,
                loc="outside right upper",
                fontsize=FONT - 1,
                frameon=False,
                handlelength=0,
                labelspacing=0.25,
            )
            _number_points(figure, axes, plane.points)
        return figure

    @property
    def _drawn(self) -> list[str]:
        """Names in which a dollar is no formula."""
        return [name.replace("$", r"\$") for name in self.names]

    @property
    def _axis(self) -> str:
        return "distance" if self.unit == "1" else f"distance ({self.unit})"

    def _name(self, axes: Axes, *, named: bool) -> None:
        if not named:
            axes.set_xticks([])
            axes.set_yticks([])
            return
        names = [self._drawn[i] for i in self.order]
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=FONT - 1)
        axes.set_yticks(range(len(names)), names, fontsize=FONT - 1)

    def _hang(self, axes: Axes, *, named: bool) -> None:
        """Draw the tree, its leaves at 0, 1, 2 … from below."""
        n = len(self.names)
        heights, middles = np.zeros(2 * n - 1), np.zeros(2 * n - 1)
        middles[self.order] = np.arange(n)
        joins = []
        for new, (one, other, height) in enumerate(self.tree[:, :3].tolist(), n):
            a, b = int(one), int(other)
            joins.append(
                [(heights[a], middles[a]), (height, middles[a]), (height, middles[b]), (heights[b], middles[b])]
            )
            heights[new], middles[new] = height, (middles[a] + middles[b]) / 2
        axes.add_collection(LineCollection(joins, colors=COLOUR, linewidths=1.2 if n <= MOST_NAMED else 0.5))
        axes.set_xlim(0, 1.04 * heights[-1] if heights[-1] > 0 else 1.0)
        axes.set_ylim(-0.5, n - 0.5)
        axes.set_yticks([])
        if named:
            axes.set_yticks(range(n), [self._drawn[i] for i in self.order], fontsize=FONT - 1)
            axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=FONT)
        axes.spines[["top", "right", "left"]].set_visible(False)


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _write_numbers(axes: Axes, matrix: Floats) -> None:
    largest = float(matrix.max())
    for (row, column), value in np.ndenumerate(matrix):
        text = "0" if value == 0 else f"{value:.3g}" if value >= 0.01 else f"{value:.0e}"  # noqa: PLR2004 - digits
        colour = "white" if value > DARK * largest else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=FONT - 2)


def _number_points(figure: Figure, axes: Axes, points: Floats) -> None:
    """Write numbers beside points: as near as they cover neither a point nor another number."""
    figure.draw_without_rendering()
    pixels = axes.transData.transform(points)
    taken = np.array([(x, y, SPOT, SPOT) for x, y in pixels])
    scale = figure.dpi / 72
    back = axes.transData.inverted()
    for i, point in enumerate(pixels):
        half = np.array([0.32 * (FONT - 1) * len(str(i + 1)) + 1, 0.5 * FONT]) * scale
        places = np.concatenate([point + radius * scale * DIRECTIONS for radius in RADII])
        gaps = np.abs(places[:, None] - taken[None, :, :2]) - half - taken[None, :, 2:]
        free = np.flatnonzero((gaps.max(axis=2) > 0).all(axis=1))
        chosen = int(free[0]) if free.size else 0
        taken = np.vstack([taken, [*places[chosen], *half]])
        axes.annotate(
            str(i + 1),
            tuple(points[i]),
            xytext=tuple(back.transform(places[chosen])),
            fontsize=FONT - 1,
            ha="center",
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 1}
            if chosen >= len(DIRECTIONS)
            else None,
        )
