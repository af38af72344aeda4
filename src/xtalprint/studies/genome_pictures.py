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
}


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
            places = np.array([taken.index(one) for one in of]) + 0.2 * (offset - 1)
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
