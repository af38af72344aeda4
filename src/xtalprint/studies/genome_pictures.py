"""Pictures of the studies of property classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

#: Colour and mark by network and way of parting; colours of Okabe and Ito.
STYLES = {
    ("invariants", "random"): ("#0072B2", "o"),
    ("invariants", "by formula"): ("#D55E00", "s"),
    ("PointNet, 27 points", "random"): ("#009E73", "^"),
    ("PointNet, 27 points", "by formula"): ("#CC79A7", "v"),
}

#: The origin says much more than any other point: colours of shares are even up to this part of the largest, then
#: logarithmic.
EVEN = 0.02
#: Colour and mark of a way of parting.
OF_SPLIT = {False: ("#0072B2", "o", "random parts"), True: ("#D55E00", "s", "parts by formula")}
#: Models whose probabilities are shown against what came true, with colours of Okabe and Ito.
JUDGED = {
    "invariants, dense": "#0072B2",
    "invariants by two rays, dense": "#56B4E9",
    "PointNet, 343 points": "#009E73",
    "attention, 27 points": "#CC79A7",
    "composition and invariants by two rays, boosted": "#E69F00",
}


def draw_genome(cases: Sequence[Mapping[str, Any]]) -> Figure:
    """AUC of each model for each task with 95 % intervals; below, how far its probabilities can be believed.

    The reliability is that of parts by formula.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    tasks = list(dict.fromkeys(case["task"] for case in cases))
    names = list(dict.fromkeys(name for case in cases for name in case["models"]))
    figure = Figure(figsize=(2.3 * len(tasks) + 2.2, 6.6), layout="constrained")
    FigureCanvasAgg(figure)
    grid: Any = figure.subplots(2, len(tasks), sharey="row", squeeze=False, height_ratios=(3, 2))
    for column, task in enumerate(tasks):
        areas, believed = grid[:, column]
        for case in (case for case in cases if case["task"] == task):
            by_formula = case["split"]["by_formula"]
            colour, mark, label = OF_SPLIT[by_formula]
            places = np.array([names.index(name) for name in case["models"]]) + (0.15 if by_formula else -0.15)
            values = np.array([figures["auc"] for figures in case["models"].values()])
            low, high = np.array([figures["interval_95"]["auc"] for figures in case["models"].values()]).T
            reach = np.maximum([values - low, high - values], 0.0)
            areas.errorbar(values, places, xerr=reach, fmt=mark, color=colour, ms=5, lw=1, label=label)
            if by_formula:
                _draw_reliability(believed, case["models"])
        areas.axvline(0.5, color="0.7", lw=1)
        areas.set_title(task, fontsize=10)
        areas.set_xlabel("AUC", fontsize=9)
        areas.grid(axis="x", alpha=0.3)
        areas.set_yticks(range(len(names)), names, fontsize=8)
    grid[0, 0].invert_yaxis()
    grid[1, 0].set_ylabel("share of right answers", fontsize=9)
    handles, texts = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, texts, loc="outside upper center", ncols=len(texts), fontsize=8, frameon=False)
    handles, texts = grid[1, 0].get_legend_handles_labels()
    figure.legend(handles, texts, loc="outside lower center", ncols=len(texts), fontsize=8, frameon=False)
    return figure


def _draw_reliability(axes: Any, models: Mapping[str, Any]) -> None:  # noqa: ANN401 - of matplotlib
    axes.plot([0, 1], [0, 1], color="0.7", lw=1)
    for name, colour in JUDGED.items():
        if name in models:
            bins = models[name]["reliability"]
            axes.plot(
                [b["probability"] for b in bins],
                [b["right"] for b in bins],
                "o-",
                color=colour,
                ms=3,
                lw=1,
                label=name,
            )
    axes.set_xlabel("probability of the answer", fontsize=9)
    axes.set_xlim(0.0, 1.02)
    axes.set_ylim(0.0, 1.02)


def draw_ablation(cases: Sequence[Mapping[str, Any]]) -> Figure:
    """AUC of each task by what is taken away, with 95 % intervals."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    tasks = list(dict.fromkeys(case["task"] for case in cases))
    taken = list(dict.fromkeys(name for case in cases for models in case["models"].values() for name in models))
    figure = Figure(figsize=(2.3 * len(tasks) + 1.2, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, task in zip(figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0], tasks, strict=True):
        curves = [
            (name, case["split_name"], of)
            for case in cases
            if case["task"] == task
            for name, of in case["models"].items()
        ]
        for offset, (name, split, of) in enumerate(curves):
            colour, mark = STYLES[name, split]
            places = np.array([taken.index(one) for one in of]) + 0.18 * (offset - 1.5)
            values = np.array([figures["auc"] for figures in of.values()])
            low, high = np.array([figures["interval_95"]["auc"] for figures in of.values()]).T
            reach = np.maximum([values - low, high - values], 0.0)
            axes.errorbar(values, places, xerr=reach, fmt=mark, color=colour, ms=5, lw=1, label=f"{name}, {split}")
        axes.axvline(0.5, color="0.7", lw=1)
        axes.set_title(task, fontsize=10)
        axes.set_xlabel("AUC", fontsize=9)
        axes.grid(axis="x", alpha=0.3)
        axes.set_yticks(range(len(taken)), taken)
    figure.axes[0].invert_yaxis()
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), fontsize=9, frameon=False)
    return figure


def draw_reasons(figures: Mapping[str, Any], pictured: Mapping[str, tuple[Any, Any, float]]) -> Figure:
    """Points of two crystals by what they say, where they lie in |s|, and what taking points away costs.

    Parameters
    ----------
    figures
        Of the study.
    pictured
        By name: positions (n, 3) in 1/Å, share of the logit of each (n,), and the logit.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.colors import SymLogNorm  # noqa: PLC0415 - as above
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(11, 8), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 2, height_ratios=(3, 2))
    for column, (name, (positions, shares, logit)) in enumerate(pictured.items()):
        axes: Any = figure.add_subplot(grid[0, column], projection="3d", computed_zorder=False)
        largest = max(float(np.abs(shares).max()), 1e-12)
        idle = np.abs(shares) < 1e-3 * largest
        axes.scatter(*positions[idle].T, s=2, c="0.75", linewidths=0, depthshade=False)
        drawn = axes.scatter(
            *positions[~idle].T,
            s=6 + 150 * np.sqrt(np.abs(shares[~idle]) / largest),
            c=shares[~idle],
            cmap="PuOr_r",
            norm=SymLogNorm(EVEN * largest, vmin=-largest, vmax=largest),
            edgecolors="0.3",
            linewidths=0.3,
            depthshade=False,
        )
        for axis in "xyz":
            getattr(axes, f"set_{axis}label")(f"$s_{axis}$ (1/Å)", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.set_title(f"{name}: logit of stiff {logit:+.1f}", fontsize=10)
        ticks = largest * np.array([-1, -0.1, 0, 0.1, 1])
        label = "share of the logit, to first order"
        figure.colorbar(drawn, ax=axes, shrink=0.6, pad=0.14, ticks=ticks, format="%.2g", label=label)
    _draw_lengths(figure.add_subplot(grid[1, 0]), figures["by_length"])
    _draw_deletion(figure.add_subplot(grid[1, 1]), figures["deletion"])
    return figure


def _draw_lengths(axes: Any, by_length: Mapping[str, Any]) -> None:  # noqa: ANN401 - of matplotlib
    edges = np.array(by_length["edges"])
    names = {"points": "all points", "critical": "share of the answer", "gradient_of_intensity": "gradient"}
    for (key, label), colour in zip(names.items(), ("0.6", "#D55E00", "#0072B2"), strict=True):
        axes.stairs(by_length[key], edges, color=colour, label=label, lw=1.5)
    axes.set_xlabel("|s| (1/Å)")
    axes.set_ylabel("share of the sum")
    axes.legend(frameon=False, fontsize=8)


def _draw_deletion(axes: Any, deletion: Mapping[str, Any]) -> None:  # noqa: ANN401 - of matplotlib
    colours = ("#D55E00", "0.4", "#0072B2")
    for weights, style in (("trained", "o-"), ("random weights", "x:")):
        for (way, values), colour in zip(deletion[weights].items(), colours, strict=True):
            label = way if weights == "trained" else None
            axes.plot(deletion["shares"], values, style, color=colour, ms=4, label=label)
    axes.axhline(0.5, color="0.8", lw=1)
    axes.set_xlabel("share of the points taken away (dotted: random weights)")
    axes.set_ylabel("AUC, stiff")
    axes.legend(frameon=False, fontsize=8)
