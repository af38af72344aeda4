"""Pictures of tables of numbers, shaded. Importing this file imports matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FONT = 8.0
#: Above this share of the largest value a number is written in white.
DARK = 0.55
#: Longer names of columns are slanted.
SHORT = 4


def draw_matrices(
    matrices: Mapping[str, NDArray[np.float64]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    label: str,
    title: str,
    largest: float,
    form: str,
) -> Figure:
    """Draw tables of numbers side by side.

    Parameters
    ----------
    matrices
        (rows, columns) by name.
    rows, columns
        Their names.
    label
        Below the columns.
    title
        Above all.
    largest
        Value with the darkest shade; 0 has none.
    form
        Of a number.
    """
    slanted = max(map(len, columns)) > SHORT
    width = 1.6 + 0.47 * len(columns) * len(matrices)
    figure = Figure(figsize=(max(width, 4.6), 1.5 + 0.33 * len(rows)), layout="constrained")
    axes = figure.subplots(1, len(matrices), sharey=True, squeeze=False)[0]
    for ax, (name, matrix) in zip(axes, matrices.items(), strict=True):
        ax.imshow(matrix, cmap="Blues", vmin=0.0, vmax=largest, aspect="auto")
        for (row, column), value in np.ndenumerate(matrix):
            colour = "white" if value > DARK * largest else "black"
            ax.text(column, row, form.format(value), ha="center", va="center", color=colour, fontsize=FONT - 1)
        ax.set_xticks(
            range(len(columns)),
            columns,
            rotation=40 if slanted else 0,
            ha="right" if slanted else "center",
            fontsize=FONT,
        )
        ax.set_yticks(range(len(rows)), rows, fontsize=FONT)
        ax.set_xlabel(label, fontsize=FONT)
        ax.set_title(name, fontsize=FONT + 1)
    figure.suptitle(title, fontsize=FONT + 2)
    return figure
