"""Pictures of the studies of elastic moduli: predicted against true, and errors against the training size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Array = NDArray[np.floating[Any]]

FONT = 8.0
#: GPa: the axes of parity plots by modulus.
LIMITS = {"bulk modulus": 420.0, "shear modulus": 320.0}


def draw_parity(found: Mapping[str, Any], ways: Sequence[str]) -> Figure:
    """Predicted against true modulus on the test part, a row a modulus, a column a way.

    Parameters
    ----------
    found
        By modulus, the figures of the study and by way the predicted and the true values.
    ways
        Which of them.
    """
    figure = Figure(figsize=(3.2 * len(ways) + 0.8, 3.1 * len(found) + 0.2), layout="constrained")
    axes = figure.subplots(len(found), len(ways), squeeze=False)
    for row, (modulus, (figures, predictions)) in zip(axes, found.items(), strict=True):
        for ax, way in zip(row, ways, strict=True):
            errors = figures["released_split"][way]
            mesh = parity(ax, *predictions[way], limit=LIMITS[modulus])
            ax.set_title(
                f"{way}: MAE {errors['MAE, GPa']:.1f}, median {errors['median error, GPa']:.1f} GPa", fontsize=FONT
            )
            ax.set_xlabel(f"{modulus}, GPa", fontsize=FONT)
        row[0].set_ylabel("predicted, GPa", fontsize=FONT)
        bar = figure.colorbar(mesh, ax=list(row), shrink=0.85)
        bar.set_label("crystals", fontsize=FONT)
        bar.ax.tick_params(labelsize=FONT - 1)
    return figure


def draw_log_parity(predictions: Mapping[str, Mapping[str, tuple[Array, Array]]]) -> Figure:
    """Predicted against true log10 K, training on the left and test on the right, as figure 4 of the report.

    Parameters
    ----------
    predictions
        By descriptor and part, predicted and true.
    """
    rows = len(predictions)
    figure = Figure(figsize=(6.2, 0.5 + 2.6 * rows), layout="constrained")
    axes = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False)
    for row, (name, parts) in zip(axes, predictions.items(), strict=True):
        for ax, (part, (predicted, true)) in zip(row, parts.items(), strict=True):
            ax.plot(true, predicted, ".", ms=1.5, color="#1f77b4", alpha=0.4)
            ax.axline((0, 0), slope=1, color="black", lw=0.7)
            error = float(np.abs(np.asarray(predicted) - np.asarray(true)).mean())
            ax.set_title(f"{name}, {part}: MAE {error:.3f}", fontsize=FONT)
            ax.set(xlim=(0, 2.9), ylim=(0, 2.9), aspect="equal")
            ax.tick_params(labelsize=FONT - 1)
        row[0].set_ylabel("predicted log10(K/GPa)", fontsize=FONT)
    for ax in axes[-1]:
        ax.set_xlabel("log10(K/GPa)", fontsize=FONT)
    return figure


def parity(ax: Axes, predicted: Floats, true: Floats, *, limit: float) -> Any:  # noqa: ANN401 - a collection
    """Count crystals in hexagons; what lies beyond the limit is drawn at the edge."""
    mesh = ax.hexbin(
        np.minimum(true, limit),
        np.minimum(predicted, limit),
        gridsize=45,
        extent=(0, limit, 0, limit),
        norm=LogNorm(1, 100),
        cmap="viridis",
        mincnt=1,
        linewidths=0.1,
    )
    ax.axline((0, 0), slope=1, color="black", lw=0.7)
    ax.set(xlim=(0, limit), ylim=(0, limit), aspect="equal")
    ax.tick_params(labelsize=FONT - 1)
    return mesh


def ticks_at(ax: Axes, sizes: Sequence[int]) -> None:
    """Logarithmic axis with every other size written out."""
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(sizes[::-2], [f"{size:,}" for size in sizes[::-2]])


def draw_curves(found: Mapping[str, Any], ways: Sequence[str]) -> Figure:
    """MAE against the number of training crystals above, and in five folds below, a column a modulus."""
    figure = Figure(figsize=(7.6, 5.6), layout="constrained")
    axes = figure.subplots(2, len(found), squeeze=False)
    for (upper, lower), (modulus, (figures, _)) in zip(axes.T, found.items(), strict=True):
        curve = figures["learning_curve"]
        sizes = [point["n_training"] for point in curve]
        for way, marker in zip(ways, "osD^", strict=True):
            upper.plot(sizes, [point[way] for point in curve], marker=marker, ms=4, lw=1.2, label=way)
        ticks_at(upper, sizes)
        upper.set_ylim(bottom=0)
        upper.set_title(modulus, fontsize=FONT + 1)
        upper.set_xlabel("training crystals", fontsize=FONT)
        upper.set_ylabel("MAE on the test part, GPa", fontsize=FONT)
        upper.tick_params(labelsize=FONT - 1)
        upper.grid(visible=True, lw=0.3)
        names = list(figures["folds"])
        means = [figures["folds"][name]["MAE, GPa"] for name in names]
        bars = [figures["folds"][name]["standard error, MAE, GPa"] for name in names]
        lower.barh(names, means, xerr=bars, color="#7aa6c2", height=0.6, capsize=2)
        lower.invert_yaxis()
        lower.set_xlim(0, 1.22 * max(means))
        for place, (mean, bar) in enumerate(zip(means, bars, strict=True)):
            lower.text(mean + bar + 0.01 * max(means), place, f"{mean:.1f}", va="center", fontsize=FONT - 1)
        lower.set_xlabel("MAE in 5 folds, GPa (bar: standard error)", fontsize=FONT)
        lower.tick_params(labelsize=FONT - 1)
    axes[0][0].legend(fontsize=FONT - 1, loc="lower left")
    for lower in axes[1][1:]:
        lower.set_yticklabels([])
    return figure
