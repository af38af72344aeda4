"""Pictures of GRID and RDF. Importing this file imports matplotlib; nothing global is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.descriptors.grid import GRID
    from xtalprint.descriptors.rdf import RDF

FONT = 8.0
#: Shares below this are white.
FAINT = 1e-3


def draw_grid(array: NDArray[np.floating[Any]], descriptor: GRID, *, title: str, width: float) -> Figure:
    """Draw one fingerprint, see `GRID.plot`.

    Parameters
    ----------
    array
        (n_groups, n_bins).
    descriptor, title, width
        Which made it; for the rest see `GRID.plot`.
    """
    figure = Figure(figsize=(width, 0.78 * width), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=FONT + 2)
    top, main = figure.subplots(2, 1, sharex=True, height_ratios=[1, 3.2])
    r, n_groups = descriptor.distances, len(array)
    array, seen = _seen(array)
    top.fill_between(r, array.sum(axis=0), step="mid", color="0.75", linewidth=0)
    top.set_ylabel("neighbours of a site\nin each bin", fontsize=FONT)
    top.set_ylim(bottom=0)
    half = 0.5 * descriptor.bin_width
    n = len(array)
    drawn = main.imshow(
        np.ma.masked_less(array, FAINT),
        aspect="auto",
        origin="lower",
        extent=(r[0] - half, r[-1] + half, 0.5, n + 0.5),
        cmap="magma_r",
        norm=PowerNorm(0.5, vmin=0, vmax=max(float(array.max()), 1e-12)),
        interpolation="nearest",
    )
    inside = array.sum(axis=1)
    # The rest of a row is thought to sit at r_max.
    mean = array @ r + (1 - inside) * descriptor.r_max
    main.plot(mean, np.arange(1, n + 1), color="#1f9ed1", linewidth=1.2, label="mean distance of the group")
    if n == n_groups:
        main.legend(loc="upper left", fontsize=FONT, frameon=False)
    else:  # a molecule, whose few rows are high
        figure.legend(loc="outside lower left", fontsize=FONT, frameon=False)
        main.set_title(f"no site has more than {n} neighbours within {descriptor.r_max:g} Å", fontsize=FONT)
    main.set_xlim(r[0] - half, r[seen - 1] + half)
    main.yaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
    main.set_xlabel("distance (Å)", fontsize=FONT)
    main.set_ylabel("group (k-th neighbour)", fontsize=FONT)
    bar = figure.colorbar(drawn, ax=main, pad=0.01)
    bar.set_label("share of the sites", fontsize=FONT)
    bar.ax.tick_params(labelsize=FONT)
    for axes in (top, main):
        axes.tick_params(labelsize=FONT)
    return figure


def _seen(array: NDArray[np.floating[Any]]) -> tuple[NDArray[np.floating[Any]], int]:
    """The groups up to the last that any site has, and how many bins to draw: all, unless most are empty."""
    shown = array >= FAINT
    groups = int(np.flatnonzero(shown.any(axis=1))[-1]) + 1 if shown.any() else len(array)
    bins = int(np.flatnonzero(shown.any(axis=0))[-1]) + 1 if shown.any() else array.shape[1]
    return array[:groups], array.shape[1] if 2 * bins > array.shape[1] else min(bins + bins // 8 + 1, array.shape[1])


def draw_rdf(array: NDArray[np.floating[Any]], descriptor: RDF, *, title: str, width: float) -> Figure:
    """Draw one function, see `RDF.plot`.

    Parameters
    ----------
    array
        (n_bins,).
    descriptor, title, width
        Which made it; for the rest see `RDF.plot`.
    """
    figure = Figure(figsize=(width, 0.42 * width), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_title(title, fontsize=FONT + 2)
    axes.fill_between(descriptor.distances, array, step="mid", color="0.55", linewidth=0)
    axes.axhline(1, color="0.2", linewidth=0.6, linestyle=":")
    axes.set_xlim(0, descriptor.r_max)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("distance (Å)", fontsize=FONT)
    axes.set_ylabel("g(r)", fontsize=FONT)
    axes.tick_params(labelsize=FONT)
    return figure
