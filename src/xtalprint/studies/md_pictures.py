"""Picture of the study of molecular dynamics: atoms labelled right against temperature, one panel a system."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from xtalprint.studies.md_counts import PUBLISHED_ATOMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colour, line and mark of each method; colours of Okabe and Ito, which all eyes can tell apart.
STYLES: Mapping[str, dict[str, Any]] = {
    "xtalprint": {"color": "#0072B2", "marker": "o"},
    "PTM, no cutoff": {"color": "#CC79A7", "marker": "P"},
    "PTM, rmsd < 0.1": {"color": "#CC79A7", "marker": "P", "linestyle": "--", "fillstyle": "none"},
    "adaptive CNA": {"color": "#E69F00", "marker": "v"},
}
#: Marks of the published figures at the melting temperature.
PUBLISHED_STYLES: Mapping[str, dict[str, Any]] = {
    "PTM": {"marker": "P", "color": "black", "fillstyle": "none"},
    "DC3": {"marker": "s", "color": "black", "fillstyle": "none"},
    "DC4": {"marker": "D", "color": "black", "fillstyle": "none"},
}
#: The system a published figure stands beside.
PUBLISHED_SYSTEMS: Mapping[str, str] = {"al_fcc": "fcc Al", "li_bcc": "bcc Li", "ti_hcp": "hcp Ti"}
TITLES: Mapping[str, str] = {
    "al_fcc": "fcc Al",
    "al_turned_fcc": "fcc Al along [1-10], [11-2], [111]",
    "fe_bcc": "bcc Fe",
    "fe_turned_bcc": "bcc Fe along [110], [-110], [001]",
    "mg_hcp": "hcp Mg, hexagonal box",
    "ti_hcp": "hcp Ti, orthogonal box",
    "li_bcc": "bcc Li",
    "si_diam": "diamond Si",
    "po_sc": "simple cubic, springs",
}
COLUMNS = 5


def draw_atoms(figures: Mapping[str, Any]) -> Figure:
    """Draw one panel for each crystal of known temperature, in the order of the index."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - plotting is heavy

    systems = [s for s in figures["systems"] if s["set"] == "made" and s["class"] != "liquid"]
    count = max(1, ceil(len(systems) / COLUMNS))
    figure = Figure(figsize=(14.5, 2.9 * count + 0.7), layout="constrained")
    panels = figure.subplots(count, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, system in zip(panels, systems, strict=False):
        _draw_system(panel, system)
    for panel in panels[len(systems) :]:
        panel.set_axis_off()
    for panel in panels[::COLUMNS]:
        panel.set_ylabel("atoms labelled right / %")
    for panel in panels[max(0, len(systems) - COLUMNS) : len(systems)]:
        panel.set_xlabel("T / T$_m$")
        panel.tick_params(labelbottom=True)
    panels[0].set_xlim(0.35, 1.13)
    panels[0].set_ylim(-3, 103)
    entries = {label: handle for panel in panels for handle, label in zip(*_legend(panel), strict=True)}
    figure.legend(
        entries.values(), entries.keys(), loc="outside lower center", ncols=max(1, len(entries)), fontsize=9
    )
    return figure


def _legend(panel: Axes) -> tuple[Sequence[Any], Sequence[str]]:
    handles, labels = panel.get_legend_handles_labels()
    return handles, labels


def _draw_system(panel: Axes, system: Mapping[str, Any]) -> None:
    for method, style in STYLES.items():
        points = [
            (level["T_over_Tm"], 100 * level["atoms"][method]["accuracy"])
            for level in system["temperatures"]
            if method in level["atoms"]
        ]
        if points:
            panel.plot(*zip(*points, strict=True), label=method, markersize=6, **style)
    name = PUBLISHED_SYSTEMS.get(system["system"])
    if name:
        for place, (method, style) in enumerate(PUBLISHED_STYLES.items()):
            value, beside = PUBLISHED_ATOMS[method][name], 1.04 + 0.03 * place  # side by side, all of T = T_m
            panel.plot(
                [beside], [value], linestyle="", label=f"{method}, published, T = T$_m$", markersize=6, **style
            )
    panel.set_title(TITLES.get(system["system"], system["system"]), loc="left", fontsize=9.5)
    panel.grid(alpha=0.3)
