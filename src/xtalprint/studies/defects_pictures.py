"""Pictures of the study of defects: accuracy and error against the amount of defects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.studies.defects_counts import (
    ALL,
    BEST,
    DEFAULT,
    FIRST,
    ORACLE,
    PERIODIC,
    PUBLISHED,
    RESCALED,
    SEARCHED,
    SHIPPED,
    SIMPLE,
    SINGLE,
    UNSEEN,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colour, line and mark of each method; colours of Okabe and Ito, which all eyes can tell apart.
STYLES: Mapping[str, dict[str, Any]] = {
    PUBLISHED: {"color": "#0072B2", "marker": "o"},
    SHIPPED: {"color": "#009E73", "marker": "s"},
    DEFAULT: {"color": "black", "marker": "X"},
    PERIODIC: {"color": "black", "marker": "x", "linestyle": "--"},
    RESCALED: {"color": "#56B4E9", "marker": "o", "linestyle": "--", "fillstyle": "none"},
    ORACLE: {"color": "#D55E00", "marker": "^"},
    BEST: {"color": "#D55E00", "marker": "^", "linestyle": "--", "fillstyle": "none"},
    SINGLE: {"color": "#E69F00", "marker": "v"},
    "spglib loose": {"color": "#888888", "marker": "D"},
    "PTM, rmsd < 0.1": {"color": "#CC79A7", "marker": "P"},
    "PTM, no cutoff": {"color": "#CC79A7", "marker": "P", "linestyle": "--", "fillstyle": "none"},
}
PAPER: dict[str, Any] = {"color": "#555555", "marker": "*", "linestyle": ":", "markersize": 8}
#: Columns of the pictures: kind, label of the axis.
COLUMNS = (
    ("displacements", "displacement σ / Å"),
    ("vacancies", "missing atoms / %"),
    ("substitutions", "substituted atoms / %"),
)
WIDTHS = (1.0, 1.0, 0.6)
#: The networks, and all structures that each has answered for.
NETWORKS = ((PUBLISHED, ALL), (RESCALED, FIRST), (SHIPPED, UNSEEN), (DEFAULT, ALL), (PERIODIC, ALL))
#: The lowest error rate that is drawn, in %.
FLOOR = 0.01


def draw_all(figures: Mapping[str, Any]) -> Figure:
    """Draw accuracy of all methods on the same structures above, error of the networks on all structures below."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - plotting is heavy

    figure = Figure(figsize=(12, 8), layout="constrained")
    panels = figure.subplots(2, 3, sharex="col", sharey="row", width_ratios=WIDTHS)
    methods = [method for method in STYLES if method not in {BEST, RESCALED}]
    for column, (kind, label) in enumerate(COLUMNS):
        levels = _levels(figures, kind)
        above, below = panels[:, column]
        for method in methods:
            _accuracy(above, levels, SEARCHED, method)
        _paper(above, levels, error=False)
        for method, group in NETWORKS:
            _error(below, levels, group, method)
        _paper(below, levels, error=True)
        below.set_xlabel(label)
        _axis(above, kind, levels)
        _axis(below, kind, levels)
        below.set_yscale("log")
        above.set_title(_same(levels, SEARCHED), loc="left", fontsize=10)
    n = [
        max(level["accuracy"][group][method]["structures"] for level in figures["levels"])
        for method, group in NETWORKS
    ]
    panels[0, 0].set_ylabel("right answers / %")
    panels[1, 0].set_ylabel("wrong answers / %")
    panels[1, 0].set_ylim(FLOOR, 100)
    panels[1, 0].set_yticks([FLOOR, 0.1, 1, 10, 100], ["none", "0.1", "1", "10", "100"])
    panels[1, 0].set_title(
        f"networks alone: published {n[0]:,}, robust scale {n[1]:,}, shipped {n[2]:,} structures a level",
        loc="left",
        fontsize=10,
    )
    entries = {
        name: handle for axes in panels[:, 0] for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=5, frameon=False)
    return figure


def draw_simple(figures: Mapping[str, Any]) -> Figure:
    """Draw the accuracy on fcc, bcc, hcp, simple cubic and diamond, the crystals that template matching knows."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - plotting is heavy

    figure = Figure(figsize=(12, 4.4), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True, width_ratios=WIDTHS)
    for axes, (kind, label) in zip(panels, COLUMNS, strict=True):
        levels = _levels(figures, kind)
        for method in (PUBLISHED, SHIPPED, DEFAULT, PERIODIC, "PTM, rmsd < 0.1", "PTM, no cutoff"):
            _accuracy(axes, levels, SIMPLE, method)
        axes.set_xlabel(label)
        _axis(axes, kind, levels)
        axes.set_title(_same(levels, SIMPLE), loc="left", fontsize=10)
    panels[0].set_ylabel("right answers / %")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _levels(figures: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return [level for level in figures["levels"] if level["kind"] == kind]


def _same(levels: Sequence[Mapping[str, Any]], group: str) -> str:
    n = max(level["accuracy"][group][PUBLISHED].get("structures", 0) for level in levels)
    return f"the same {n:,} structures a level"


def _amounts(levels: Sequence[Mapping[str, Any]]) -> list[float]:
    return [level["amount"] * (1 if level["kind"] == "displacements" else 100) for level in levels]


def _counted(
    levels: Sequence[Mapping[str, Any]], group: str, method: str
) -> tuple[list[float], list[float], list[float]]:
    counted = [level["accuracy"][group][method] for level in levels if level["accuracy"][group][method]["n"]]
    return (
        [100 * c["accuracy"] for c in counted],
        [100 * c["interval_95"][0] for c in counted],
        [100 * c["interval_95"][1] for c in counted],
    )


def _accuracy(axes: Axes, levels: Sequence[Mapping[str, Any]], group: str, method: str) -> None:
    share, low, high = _counted(levels, group, method)
    if not share:
        return
    style = STYLES[method]
    axes.plot(_amounts(levels), share, label=method, markersize=5, linewidth=1.4, **style)
    axes.fill_between(_amounts(levels), low, high, color=style["color"], alpha=0.15, linewidth=0)


def _error(axes: Axes, levels: Sequence[Mapping[str, Any]], group: str, method: str) -> None:
    share, low, high = _counted(levels, group, method)
    if not share:
        return
    style = STYLES[method]
    x = _amounts(levels)
    axes.plot(
        x, np.maximum(FLOOR, 100 - np.array(share)), label=method, markersize=5, linewidth=1.4, clip_on=False, **style
    )
    axes.fill_between(
        x,
        np.maximum(FLOOR, 100 - np.array(high)),
        np.maximum(FLOOR, 100 - np.array(low)),
        color=style["color"],
        alpha=0.15,
        linewidth=0,
    )


def _paper(axes: Axes, levels: Sequence[Mapping[str, Any]], *, error: bool) -> None:
    share = np.array([level["paper"]["network"] for level in levels])
    values = np.maximum(FLOOR, 100 - share) if error else share
    axes.plot(_amounts(levels), values, label="network, in the paper", zorder=1, clip_on=False, **PAPER)


def _axis(axes: Axes, kind: str, levels: Sequence[Mapping[str, Any]]) -> None:
    amounts = _amounts(levels)
    if kind == "displacements":
        axes.set_xscale("log")
        ticks = [x for x in amounts if x not in {0.003, 0.004, 0.08}]
    else:
        ticks = [x for x in amounts if x >= 5 and x not in {15, 25}]  # noqa: PLR2004 - labels that would touch
    axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
    axes.minorticks_off()
    axes.grid(visible=True, color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
