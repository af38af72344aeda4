"""Pictures of a matrix of distances. Importing this file imports matplotlib; nothing global is touched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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
COLOUR = "#1f6f9e"
#: Darker than this, a cell has white numbers.
DARK = 0.6
#: Stands for the height of a tree of equal crystals.
TINY = 1e-9


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
        side = min(max(3.2, PITCH * n * (2.4 if n <= MOST_NUMBERED else 1.0)), 13.0)
        named = n <= MOST_NAMED
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
        right.set_ylim(0, 10 * n)
        right.set_xlabel(self._axis, fontsize=FONT)
        figure.suptitle(f"{self.title}, {n} crystals in the order of their tree", fontsize=FONT + 1)
        return figure

    def draw_tree(self) -> Figure:
        """Draw which crystals are joined at which mean distance."""
        n = len(self.names)
        named = n <= MOST_NAMED
        figure = _figure(7.2, min(max(2.2, PITCH * n + 0.9), 13.0))
        axes = figure.subplots()
        self._hang(axes, named=named)
        axes.set_xlabel(f"mean {self._axis} of two groups when they are joined", fontsize=FONT)
        figure.suptitle(f"{self.title}, average linkage of {n} crystals", fontsize=FONT + 1)
        return figure

    def draw_map(self) -> Figure:
        """Draw points whose distances are as near as can be to those of the crystals."""
        plane = classical_scaling(np.asarray(self.matrix, dtype=np.float64))
        figure = _figure(7.2, 5.4)
        axes = figure.subplots()
        n = len(self.names)
        size = 22 if n <= MOST_NAMED_ON_A_MAP else max(2.0, 400 / n)
        axes.scatter(plane.points[:, 0], plane.points[:, 1], s=size, color=COLOUR, linewidths=0, alpha=0.8)
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.12)
        unit = "" if self.unit == "1" else f" ({self.unit})"
        axes.set_xlabel(f"first axis{unit}", fontsize=FONT)
        axes.set_ylabel(f"second axis{unit}", fontsize=FONT)
        axes.tick_params(labelsize=FONT)
        if n <= MOST_NAMED_ON_A_MAP:
            _label_points(figure, axes, plane.points, self.names)
        figure.suptitle(
            f"{self.title}, classical scaling of {n} crystals: {100 * plane.share:.0f} % of the spread is shown",
            fontsize=FONT + 1,
        )
        return figure

    @property
    def _axis(self) -> str:
        return "distance" if self.unit == "1" else f"distance ({self.unit})"

    def _name(self, axes: Axes, *, named: bool) -> None:
        if not named:
            axes.set_xticks([])
            axes.set_yticks([])
            return
        names = [self.names[i] for i in self.order]
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=FONT - 1)
        axes.set_yticks(range(len(names)), names, fontsize=FONT - 1)

    def _hang(self, axes: Axes, *, named: bool) -> None:
        from scipy.cluster.hierarchy import dendrogram  # noqa: PLC0415 - for trees only

        height = float(self.tree[-1, 2])
        shown = self.tree.copy()
        if height == 0:  # equal crystals: SciPy sets limits from it
            shown[:, 2] = TINY
        dendrogram(
            shown,
            orientation="right",
            ax=axes,
            no_labels=not named,
            labels=list(self.names) if named else None,
            leaf_font_size=FONT - 1,
            color_threshold=0.0,
            above_threshold_color=COLOUR,
        )
        axes.set_xlim(0, 1.04 * height if height > 0 else 1.0)
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


def _label_points(figure: Figure, axes: Axes, points: Floats, names: Sequence[str]) -> None:
    """Write names beside points, where they cover no other name: right, left, above, below, or farther off."""
    figure.draw_without_rendering()
    pixels = axes.transData.transform(points)
    taken = [(x - 4.0, y - 4.0, x + 4.0, y + 4.0) for x, y in pixels]
    width, height = 0.6 * (FONT - 1) * figure.dpi / 72, 1.25 * (FONT - 1) * figure.dpi / 72
    frame = axes.get_window_extent()
    for (x, y), name in zip(pixels, names, strict=True):
        wide = width * len(name)
        boxes = [
            (x + side - (wide if side < 0 else 0.0), y + up - height / 2)
            for far in range(12)
            for side, up in ((6, far * height), (-6, far * height), (6, -far * height), (-6, -far * height))
        ]
        found = next(
            (box for box in boxes if _is_free((*box, box[0] + wide, box[1] + height), taken, frame)), boxes[0]
        )
        taken.append((*found, found[0] + wide, found[1] + height))
        place = axes.transData.inverted().transform((found[0], found[1] + height / 2))
        far_off = abs(found[1] + height / 2 - y) > height
        axes.annotate(
            name,
            (points[len(taken) - len(names) - 1]),
            xytext=tuple(place),
            fontsize=FONT - 1,
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.5} if far_off else None,
        )


def _is_free(
    box: tuple[float, float, float, float],
    taken: Sequence[tuple[float, float, float, float]],
    frame: Any,  # noqa: ANN401 - a box of matplotlib
) -> bool:
    left, low, right, high = box
    if left < frame.x0 or right > frame.x1 or low < frame.y0 or high > frame.y1:
        return False
    return all(right <= x0 or left >= x1 or high <= y0 or low >= y1 for x0, y0, x1, y1 in taken)
