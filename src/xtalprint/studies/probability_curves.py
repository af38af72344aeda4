"""Pictures of class probabilities along a path, with their spread. Importing this file imports matplotlib."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from xtalprint.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

#: Of the classes in every picture; bcc and sc as in figure 4 of the paper.
COLOURS: dict[str, str] = {
    "bcc": "#7b3fa0",
    "sc": "#d62728",
    "fcc": "#1f77b4",
    "hex/rh": "#2ca02c",
    "bct_139": "#ff7f0e",
    "bct_141": "#8c564b",
    "diam": "#e377c2",
}
#: A class whose mean probability never gets this high is drawn as grey "other".
SEEN = 0.05
OTHER = "0.6"
FONT = 8.0


@dataclass(frozen=True)
class Panel:
    """One picture of probabilities.

    Parameters
    ----------
    title
        Above it.
    x
        (n,) places along the path.
    mean
        (n, classes) probabilities.
    classes
        Names of the columns.
    deviation
        (n, classes) standard deviation, shaded; None where there is one draw.
    marks
        Vertical lines by name.
    band
        Shaded part of the axis.
    """

    title: str
    x: NDArray[np.float64]
    mean: NDArray[np.float64]
    classes: Sequence[str]
    deviation: NDArray[np.float64] | None = None
    marks: Mapping[str, float] = field(default_factory=dict)
    band: tuple[float, float] | None = None


def draw_panels(panels: Sequence[Panel], *, columns: int, label: str, title: str) -> Figure:
    """Draw panels in rows, with common axes and one legend below.

    Parameters
    ----------
    panels
        Row by row.
    columns
        Panels in a row.
    label
        Of the horizontal axis.
    title
        Above all.
    """
    if len(panels) == 0 or len(panels) % columns:
        raise WrongUsageError("the panels do not fill the rows", value=f"{len(panels)} panels, {columns} columns")
    rows = len(panels) // columns
    figure = Figure(figsize=(max(7.4, 3.0 * columns), 1.1 + 1.75 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for ax, panel in zip(axes.flat, panels, strict=True):
        _draw(ax, panel)
    for ax in axes[-1]:
        ax.set_xlabel(label, fontsize=FONT)
    for ax in axes[:, 0]:
        ax.set_ylabel("probability", fontsize=FONT)
    handles = {line.get_label(): line for ax in axes.flat for line in ax.get_lines()}
    names = [name for name in (*COLOURS, "other classes") if name in handles]
    figure.legend(
        [handles[name] for name in names],
        names,
        loc="outside lower center",
        ncols=len(names),
        frameon=False,
        fontsize=FONT,
    )
    figure.suptitle(title, fontsize=FONT + 2)
    return figure


def _draw(ax: Axes, panel: Panel) -> None:
    if panel.band is not None:
        ax.axvspan(*panel.band, color="0.9", lw=0, zorder=0)
    for name, place in panel.marks.items():
        ax.vlines(place, -0.03, 1.04, color="0.35", lw=0.7, ls=":", zorder=1)
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        ax.text(place, 1.06, name, fontsize=FONT - 1, color="0.25", ha="center", va="bottom", bbox=ground)
    for column, name in enumerate(panel.classes):
        mean = panel.mean[:, column]
        known = name in COLOURS and float(mean.max()) >= SEEN
        colour = COLOURS[name] if known else OTHER
        if panel.deviation is not None and known:
            spread = panel.deviation[:, column]
            low, high = np.clip(mean - spread, 0.0, 1.0), np.clip(mean + spread, 0.0, 1.0)
            ax.fill_between(panel.x, low, high, color=colour, alpha=0.2, lw=0)
        ax.plot(
            panel.x, mean, color=colour, lw=1.4 if known else 0.6, label=name if known else "other classes", zorder=2
        )
    ax.set_ylim(-0.03, 1.17 if panel.marks else 1.05)
    margin = 0.02 * float(panel.x[-1] - panel.x[0])
    ax.set_xlim(float(panel.x[0]) - margin, float(panel.x[-1]) + margin)
    ax.set_yticks([0.0, 0.5, 1.0])
    ax.tick_params(labelsize=FONT - 1)
    ax.set_title(panel.title, fontsize=FONT)
    ax.spines[["top", "right"]].set_visible(False)
