"""Pictures of bond-orientational order. Importing this file imports matplotlib; nothing global is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

FONT = 8.0


def draw_bond_order(
    array: NDArray[np.floating[Any]],
    distances: NDArray[np.float64],
    degrees: Sequence[int],
    *,
    title: str,
    width: float,
) -> Figure:
    """Draw one fingerprint, see `BondOrientationalOrder.plot`.

    Parameters
    ----------
    array
        (1 + 3 n_degrees, n).
    distances
        (n,) in bond lengths.
    degrees, title, width
        Degrees of the harmonics; for the rest see `BondOrientationalOrder.plot`.
    """
    figure = Figure(figsize=(width, 0.75 * width), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=FONT + 2)
    n = len(degrees)
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[1.1, 1, 1])
    top.fill_between(distances, array[0], color="0.85")
    top.plot(distances, array[0], color="black", linewidth=1)
    top.axhline(1, color="0.5", linewidth=0.5, linestyle=":")
    top.set_ylabel("pairs", fontsize=FONT)
    top.set_xlim(distances[0], distances[-1])
    half = 0.5 * (distances[1] - distances[0])
    place = (distances[0] - half, distances[-1] + half, -0.5, n - 0.5)
    relative = array[1 + n : 1 + 2 * n]
    largest = max(float(abs(relative).max()), 1e-12)
    for axes, values, scale, label in (
        (middle, array[1 : 1 + n], {"cmap": "magma", "vmin": 0}, "order"),
        (bottom, relative, {"cmap": "RdBu", "vmin": -largest, "vmax": largest}, "to the first shell"),
    ):
        drawn = axes.imshow(values, aspect="auto", origin="lower", extent=place, **scale)
        axes.set_yticks(range(n), [str(degree) for degree in degrees])
        axes.set_ylabel("degree $l$", fontsize=FONT)
        bar = figure.colorbar(drawn, ax=axes, pad=0.01)
        bar.set_label(label, fontsize=FONT)
        bar.ax.tick_params(labelsize=FONT)
    bottom.set_xlabel("distance in bond lengths", fontsize=FONT)
    for axes in (top, middle, bottom):
        axes.tick_params(labelsize=FONT)
    return figure
