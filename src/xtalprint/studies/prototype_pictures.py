"""Pictures of many classes at once. Importing this file imports matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FONT = 7.5
#: Shares of right answers from here on are white; below, the darker the worse. Above `DARK` numbers are white.
LEAST, DARK = 0.5, 0.6
#: Wrong answers rarer than this share of their class have no number; from `MOST` on they are darkest.
RARE, MOST = 0.01, 0.3


def draw_accuracies(shares: NDArray[np.float64], names: Sequence[str], forms: Sequence[str]) -> Figure:
    """Draw the share of right answers of each class (rows) in each form (columns), errors shaded."""
    figure = Figure(figsize=(7.6, 10.2), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(1 - shares, cmap="Reds", vmin=0.0, vmax=1 - LEAST, aspect="auto")
    for (row, column), value in np.ndenumerate(shares):
        colour = "white" if (1 - value) / (1 - LEAST) > DARK else "black"
        axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=FONT, color=colour)
    titles = [form.replace(", ", ",\n").replace(" d_nn", r" $d_{\mathrm{nn}}$") for form in forms]
    axes.set_xticks(range(len(forms)), titles, fontsize=FONT, rotation=60, ha="left", rotation_mode="anchor")
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(names)), names, fontsize=FONT)
    axes.set_xlabel("right answers, %", fontsize=FONT + 1)
    return figure


def draw_confusion(matrix: NDArray[np.int64], names: Sequence[str]) -> Figure:
    """Draw the share of each answer (columns) among the samples of each class (rows), over all forms."""
    share = matrix[:, : len(names)] / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    wrong = share * (1 - np.eye(len(names)))
    figure = Figure(figsize=(9.6, 9.4), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(np.where(np.eye(len(names), dtype=bool), np.nan, wrong), cmap="Reds", vmin=0.0, vmax=MOST)
    for (row, column), value in np.ndenumerate(share):
        if row == column:
            axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=FONT - 1, color="0.35")
        elif value >= RARE:
            colour = "white" if value > DARK * MOST else "black"
            axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=FONT - 1, color=colour)
    axes.set_xticks(np.arange(len(names)) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names)) - 0.5, minor=True)
    axes.grid(which="minor", color="0.9", linewidth=0.4)
    axes.tick_params(which="minor", length=0)
    axes.set_xticks(range(len(names)), names, fontsize=FONT, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names, fontsize=FONT)
    axes.set_xlabel("answer", fontsize=FONT + 1)
    axes.set_ylabel("class", fontsize=FONT + 1)
    axes.set_title("Share of each class, %, over all forms; errors shaded, from 1 % on written", fontsize=FONT + 2)
    return figure
