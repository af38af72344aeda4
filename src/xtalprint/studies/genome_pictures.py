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
    ("PointNet", "random"): ("#009E73", "^"),
    ("PointNet", "by formula"): ("#CC79A7", "v"),
}

#: The metric that a task is judged by: the AUC, which is near 1 for the crystal system, whatever is taken away.
JUDGED_BY = {"crystal-system": "accuracy"}
#: Metrics in words.
CALLED = {"auc": "AUC", "accuracy": "accuracy"}
#: Colour and mark of a way of parting.
OF_SPLIT = {False: ("#0072B2", "o", "random parts"), True: ("#D55E00", "s", "parts by formula")}
#: Shares of fewer answers than these say nothing of the probabilities.
LEAST_ANSWERS = 20
#: Models whose probabilities are shown against what came true, with colours of Okabe and Ito.
JUDGED = {
    "invariants, dense": "#0072B2",
    "invariants by two rays, dense": "#56B4E9",
    "PointNet, 343 points": "#009E73",
    "attention, 27 points": "#CC79A7",
    "invariants by two rays and distances, dense": "#D55E00",
    "composition, invariants and distances, boosted": "#E69F00",
}


def draw_genome(cases: Sequence[Mapping[str, Any]]) -> Figure:
    """Score of each model for each task with 95 % intervals; below, how far its probabilities can be believed.

    The reliability is that of parts by formula, without bins of fewer than `LEAST_ANSWERS` answers.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    tasks = list(dict.fromkeys(case["task"] for case in cases))
    names = models_of(cases)
    figure = Figure(figsize=(2.3 * len(tasks) + 2.2, 6.6), layout="constrained")
    FigureCanvasAgg(figure)
    grid: Any = figure.subplots(2, len(tasks), sharey="row", squeeze=False, height_ratios=(3, 2))
    for column, task in enumerate(tasks):
        areas, believed = grid[:, column]
        for case in (case for case in cases if case["task"] == task):
            by_formula = case["split"]["by_formula"]
            colour, mark, label = OF_SPLIT[by_formula]
            places = np.array([names.index(name) for name in case["models"]]) + (0.15 if by_formula else -0.15)
            found = list(case["models"].values())
            _draw_scores(areas, places, found, judged_by(task), marker=mark, color=colour, label=label)
            if by_formula:
                _draw_reliability(believed, case["models"])
        _finish_scores(areas, task, names)
    grid[0, 0].invert_yaxis()
    grid[1, 0].set_ylabel("share of right answers", fontsize=9)
    handles, texts = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, texts, loc="outside upper center", ncols=len(texts), fontsize=8, frameon=False)
    drawn = {line.get_label(): line for axes in grid[1] for line in axes.get_lines()}
    texts = [name for name in JUDGED if name in drawn]
    handles = [drawn[name] for name in texts]
    figure.legend(handles, texts, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def models_of(cases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of all models, in the order of the task that has most of them."""
    longest = max(cases, key=lambda case: len(case["models"]))
    return list(dict.fromkeys(name for case in (longest, *cases) for name in case["models"]))


def judged_by(task: str) -> str:
    """Name of the metric that a task is judged by."""
    return JUDGED_BY.get(task, "auc")


def _draw_scores(axes: Any, places: Any, figures: Sequence[Mapping[str, Any]], metric: str, **style: Any) -> None:  # noqa: ANN401 - of matplotlib
    """A metric with 95 % intervals, one below the other."""
    values = np.array([one[metric] for one in figures])
    low, high = np.array([one["interval_95"][metric] for one in figures]).T
    reach = np.maximum([values - low, high - values], 0.0)
    axes.errorbar(values, places, xerr=reach, ls="none", ms=5, lw=1, **style)


def _finish_scores(axes: Any, task: str, names: Sequence[str]) -> None:  # noqa: ANN401 - of matplotlib
    if judged_by(task) == "auc":
        axes.axvline(0.5, color="0.7", lw=1)  # chance
    axes.set_title(task, fontsize=10)
    axes.set_xlabel(CALLED[judged_by(task)], fontsize=9)
    axes.grid(axis="x", alpha=0.3)
    axes.set_yticks(range(len(names)), names, fontsize=8)


def _draw_reliability(axes: Any, models: Mapping[str, Any]) -> None:  # noqa: ANN401 - of matplotlib
    axes.plot([0, 1], [0, 1], color="0.7", lw=1)
    for name, colour in JUDGED.items():
        if name in models:
            bins = [one for one in models[name]["reliability"] if one["n"] >= LEAST_ANSWERS]
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
    """Score of each task by what is taken away, with 95 % intervals."""
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
            places = np.array([taken.index(one) for one in of]) + 0.18 * (offset - (len(curves) - 1) / 2)
            label = f"{name}, {split}"
            _draw_scores(axes, places, list(of.values()), judged_by(task), marker=mark, color=colour, label=label)
        _finish_scores(axes, task, taken)
    figure.axes[0].invert_yaxis()
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), fontsize=9, frameon=False)
    return figure
