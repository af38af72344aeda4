"""Picture of the study of which reflections decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: The origin says much more than any other point: colours are even up to this part of the largest, then logarithmic.
EVEN = 0.02
#: Points of less than this part of the largest are grey.
IDLE = 1e-3


class Pictured(NamedTuple):
    """Points of a crystal and what they say.

    Parameters
    ----------
    positions
        (n, 3) in 1/Å.
    contributions
        (n,) to the logit, to first order.
    gradients
        (n,) derivative of the logit with respect to the feature of the intensity.
    logit
        The answer.
    """

    positions: Floats
    contributions: Floats
    gradients: Floats
    logit: float


def draw_reasons(figures: Mapping[str, Any], pictured: Mapping[str, Pictured]) -> Figure:
    """Points of crystals by what they say, where such points lie in |s|, and what taking points away costs.

    Parameters
    ----------
    figures
        Of the study.
    pictured
        By name.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(11, 12), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(3, 2, height_ratios=(3, 3, 2))
    for column, (name, crystal) in enumerate(pictured.items()):
        title = f"{name}: logit of stiff {crystal.logit:+.1f}"
        said = {"contribution to the logit": crystal.contributions, "gradient by the intensity": crystal.gradients}
        for row, (label, values) in enumerate(said.items()):
            axes: Any = figure.add_subplot(grid[row, column], projection="3d", computed_zorder=False)
            _draw_points(axes, crystal.positions, values, label)
            axes.set_title(title, fontsize=10)
    _draw_lengths(figure.add_subplot(grid[2, 0]), figures["by_length"])
    _draw_deletion(figure.add_subplot(grid[2, 1]), figures["deletion"])
    return figure


def _draw_points(axes: Any, positions: Floats, values: Floats, label: str) -> None:  # noqa: ANN401 - of matplotlib
    from matplotlib.colors import SymLogNorm  # noqa: PLC0415 - plotting is heavy

    largest = max(float(np.abs(values).max()), 1e-12)
    idle = np.abs(values) < IDLE * largest
    axes.scatter(*positions[idle].T, s=2, c="0.75", linewidths=0, depthshade=False)
    drawn = axes.scatter(
        *positions[~idle].T,
        s=6 + 150 * np.sqrt(np.abs(values[~idle]) / largest),
        c=values[~idle],
        cmap="PuOr_r",
        norm=SymLogNorm(EVEN * largest, vmin=-largest, vmax=largest),
        edgecolors="0.3",
        linewidths=0.3,
        depthshade=False,
    )
    for axis in "xyz":
        getattr(axes, f"set_{axis}label")(f"$s_{axis}$ (1/Å)", fontsize=8)
    axes.tick_params(labelsize=7)
    ticks = largest * np.array([-1, -0.1, 0, 0.1, 1])
    axes.figure.colorbar(drawn, ax=axes, shrink=0.6, pad=0.14, ticks=ticks, format="%.2g", label=label)


def _draw_lengths(axes: Any, by_length: Mapping[str, Any]) -> None:  # noqa: ANN401 - of matplotlib
    edges = np.array(by_length["edges"])
    names = {"points": "all points", "contribution": "contribution", "gradient_of_intensity": "gradient"}
    for (key, label), colour in zip(names.items(), ("0.6", "#D55E00", "#0072B2"), strict=True):
        axes.stairs(by_length[key], edges, color=colour, label=label, lw=1.5)
    axes.set_xlabel("|s| (1/Å)")
    axes.set_ylabel("share of the sum of amounts")
    axes.legend(frameon=False, fontsize=8)


def _draw_deletion(axes: Any, deletion: Mapping[str, Any]) -> None:  # noqa: ANN401 - of matplotlib
    curves = [(way, values) for way, values in deletion.items() if way != "shares"]
    for (way, values), colour in zip(curves, ("#D55E00", "0.4", "#0072B2"), strict=True):
        axes.plot(deletion["shares"], values, "o-", color=colour, ms=4, label=way)
    axes.axhline(0.5, color="0.8", lw=1)
    axes.set_xlabel("share of the points taken away")
    axes.set_ylabel("AUC, stiff")
    axes.legend(frameon=False, fontsize=8)
