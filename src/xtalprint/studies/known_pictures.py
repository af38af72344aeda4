"""Receiver operating curves of "none of the classes" and reliability of the probabilities. Imports matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728")
LINES = ("-", "--", "-.", ":")
#: Largest share of false alarms that is drawn: the rest is of no use.
SHOWN = 0.4
FONT = 8.0
#: Areas of the markers: the smallest, and what a share of all answers adds.
LEAST_AREA, AREA = 8.0, 160.0


def draw_known(strangeness: Mapping[str, Mapping[str, Floats]], figures: Mapping[str, Any]) -> Figure:
    """One panel of curves for each form, and one of the stated probability against the share of right answers.

    Parameters
    ----------
    strangeness
        Form → collection → probabilities of none of the classes.
    figures
        With "reliability" and "calibration_of_the_card".
    """
    figure = Figure(figsize=(9.6, 5.6), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    for panel, (form, values) in zip(panels, strangeness.items(), strict=False):
        _draw_curves(panel, form, values)
    handles, names = panels[0].get_legend_handles_labels()
    panels[4].axis("off")
    title = "members of the classes against"
    panels[4].legend(handles, names, loc="upper left", fontsize=FONT, frameon=False, title=title, title_fontsize=FONT)
    _draw_reliability(panels[5], figures)
    return figure


def _draw_curves(panel: Axes, form: str, values: Mapping[str, Floats]) -> None:
    members = np.sort(values["members"])
    kept = np.arange(1, len(members) + 1) / len(members)
    others = [name for name in values if name != "members"]
    for name, colour, line in zip(others, COLOURS, LINES, strict=False):
        alarms = np.searchsorted(np.sort(values[name]), members, side="right") / len(values[name])
        panel.step([0, *alarms], [0, *kept], where="pre", color=colour, linestyle=line, linewidth=1.3, label=name)
    panel.axhline(0.95, color="0.7", linewidth=0.7)
    panel.set(xlim=(-0.005, SHOWN), ylim=(0.6, 1.005))
    panel.set_title(form, fontsize=FONT + 1)
    panel.set_xlabel("share of others called known", fontsize=FONT)
    panel.set_ylabel("share of members called known", fontsize=FONT)
    panel.tick_params(labelsize=FONT)


def _draw_reliability(panel: Axes, figures: Mapping[str, Any]) -> None:
    panel.plot([0, 1], [0, 1], color="0.7", linewidth=0.7)
    sets = {
        "made, test part": figures["calibration_of_the_card"]["reliability"],
        "real members, four forms": figures["reliability"],
    }
    for (name, bins), colour, marker in zip(sets.items(), COLOURS, "os", strict=False):
        total = sum(b["n"] for b in bins)
        areas = [LEAST_AREA + AREA * b["n"] / total for b in bins]
        x, y = [b["probability"] for b in bins], [b["right"] for b in bins]
        panel.plot(x, y, color=colour, linewidth=0.8)
        panel.scatter(x, y, s=areas, color=colour, marker=marker, alpha=0.8, label=name, linewidths=0)
    panel.set(xlim=(0.2, 1.02), ylim=(0, 1.04))
    panel.set_title("reliability (area: share of answers)", fontsize=FONT + 1)
    panel.set_xlabel("stated probability of the class", fontsize=FONT)
    panel.set_ylabel("share of right answers", fontsize=FONT)
    panel.tick_params(labelsize=FONT)
    panel.legend(loc="upper left", fontsize=FONT, frameon=False)
