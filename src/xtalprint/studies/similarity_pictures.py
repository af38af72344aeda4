"""Pictures of distances between crystals: curves, and matrices with their trees. Imports matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from xtalprint.similarity.arrangement import average_linkage
from xtalprint.studies.matrix_pictures import DARK, FONT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Panels side by side.
COLUMNS = 4
SMALL = FONT - 1.5


@dataclass(frozen=True)
class Line:
    """A curve of a panel.

    Parameters
    ----------
    x, y
        (n,) places and distances; what is not a number is left out.
    label
        In the legend of the whole figure.
    style
        Of matplotlib.
    """

    x: Floats
    y: Floats
    label: str
    style: Mapping[str, Any]


def draw_curves(panels: Mapping[str, Sequence[Line]], *, across: str, units: Mapping[str, str], title: str) -> Figure:
    """Draw a panel of curves for each method.

    Parameters
    ----------
    panels
        Curves by name of the method.
    across
        Below the panels.
    units
        Of the distances, by name of the method.
    title
        Above all.
    """
    rows = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(2.45 * COLUMNS, 2.15 * rows + 0.8), layout="constrained")
    axes = figure.subplots(rows, COLUMNS, sharex=True, squeeze=False)
    handles: dict[str, Any] = {}
    for ax, (name, lines) in zip(axes.flat, panels.items(), strict=False):
        for line in lines:
            (handle,) = ax.plot(line.x, line.y, **line.style)
            handles.setdefault(line.label, handle)
        ax.set_title(name, fontsize=FONT + 1)
        ax.set_ylabel(_unit(units[name]), fontsize=FONT)
        ax.set_ylim(bottom=0.0)
        ax.tick_params(labelsize=SMALL)
        ax.ticklabel_format(axis="y", scilimits=(-3, 4))
        ax.spines[["top", "right"]].set_visible(False)
    _hide(axes, len(panels))
    for ax in axes[-1]:
        ax.set_xlabel(across, fontsize=FONT)
    figure.suptitle(title, fontsize=FONT + 2)
    if len(handles) > 1:
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), fontsize=FONT)
    return figure


def draw_maps(
    matrices: Mapping[str, Floats], *, ends: tuple[float, float], across: str, units: Mapping[str, str], title: str
) -> Figure:
    """Draw matrices of distances between the places of a path, shaded, each with its own scale."""
    rows = -(-len(matrices) // COLUMNS)
    figure = Figure(figsize=(2.6 * COLUMNS, 2.4 * rows + 0.7), layout="constrained")
    axes = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
    for ax, (name, matrix) in zip(axes.flat, matrices.items(), strict=False):
        ax.set_facecolor("0.85")
        shown = ax.imshow(matrix, cmap="viridis_r", vmin=0.0, extent=(*ends, *ends), origin="lower")
        bar = figure.colorbar(shown, ax=ax, shrink=0.85)
        bar.ax.tick_params(labelsize=SMALL)
        ax.set_title(f"{name} ({units[name]})" if units[name] != "1" else name, fontsize=FONT + 1)
        ax.tick_params(labelsize=SMALL)
    _hide(axes, len(matrices))
    figure.supxlabel(across, fontsize=FONT + 1)
    figure.supylabel(across, fontsize=FONT + 1)
    figure.suptitle(title, fontsize=FONT + 2)
    return figure


def draw_tables(
    matrices: Mapping[str, Floats],
    *,
    names: Sequence[str],
    units: Mapping[str, str],
    forms: Mapping[str, str],
    title: str,
) -> Figure:
    """Draw matrices of distances between a few crystals with their numbers, each with its own scale."""
    rows = -(-len(matrices) // COLUMNS)
    side = 0.4 * len(names) + 0.35
    figure = Figure(figsize=(side * COLUMNS + 0.8, side * rows + 1.4), layout="constrained")
    axes = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
    for ax, (name, matrix) in zip(axes.flat, matrices.items(), strict=False):
        largest = float(np.nanmax(matrix))
        ax.imshow(matrix, cmap="Blues", vmin=0.0, vmax=largest, aspect="auto")
        for (row, column), value in np.ndenumerate(matrix):
            colour = "white" if value > DARK * largest else "black"
            text = forms[name].format(value).replace("0.", ".", 1) if row != column else "0"
            ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=SMALL)
        ax.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=SMALL)
        ax.set_yticks(range(len(names)), names, fontsize=SMALL)
        ax.set_title(f"{name} ({units[name]})" if units[name] != "1" else name, fontsize=FONT + 1)
    _hide(axes, len(matrices))
    figure.suptitle(title, fontsize=FONT + 2)
    return figure


def draw_trees(
    matrices: Mapping[str, Floats], *, names: Sequence[str], units: Mapping[str, str], title: str
) -> Figure:
    """Draw matrices of distances between many crystals, each in the order of its tree, which stands beside it."""
    from scipy.cluster.hierarchy import dendrogram, leaves_list  # noqa: PLC0415 - for these pictures only

    columns = 2
    rows = -(-len(matrices) // columns)
    side = 0.15 * len(names) + 0.4
    figure = Figure(figsize=((1.5 * side + 1.7) * columns, side * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, 2 * columns, squeeze=False, width_ratios=[1.2, 0.45] * columns)
    for place, (name, matrix) in enumerate(matrices.items()):
        left, right = axes[place // columns, 2 * (place % columns) : 2 * (place % columns) + 2]
        tree = average_linkage(matrix)
        order = leaves_list(tree).tolist()
        dendrogram(
            tree, orientation="right", ax=right, no_labels=True, color_threshold=0.0, above_threshold_color="0.35"
        )
        # Small distances between phases and large ones between kinds are both seen.
        norm = PowerNorm(0.5, vmin=0.0, vmax=float(matrix.max()))
        shown = left.imshow(matrix[np.ix_(order, order)], cmap="viridis_r", norm=norm, origin="lower", aspect="auto")
        left.set_yticks(range(len(names)), [names[i] for i in order], fontsize=SMALL)
        left.set_xticks([])
        bar = figure.colorbar(shown, ax=left, location="left", shrink=0.8, pad=0.02)
        bar.ax.tick_params(labelsize=SMALL)
        left.set_title(f"{name} ({units[name]})" if units[name] != "1" else name, fontsize=FONT + 1)
        right.tick_params(labelsize=SMALL)
        right.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle(title, fontsize=FONT + 2)
    return figure


def _unit(unit: str) -> str:
    return "distance (Å)" if unit == "Å" else "1 - cosine"


def _hide(axes: NDArray[Any], used: int) -> None:
    empty: Sequence[Axes] = list(axes.flat)[used:]
    for ax in empty:
        ax.axis("off")
