"""Pictures of the study of orientations: three ways in every form, and all ways compared."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.studies.orientation_ways import IMAGE, SHIPPED, SYMPRECS, WAYS, searched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Row = Mapping[str, Any]

#: Colours of Okabe and Ito, which all eyes can tell apart, and marks: the default model, the image network, a search.
STYLES = (("black", "o"), ("#0072B2", "s"), ("#D55E00", "^"))
#: Colour of ways by the first letters of their names; that of the rest.
COLOURS = {
    "(a)": "#009E73",
    "(b)": "#E69F00",
    "(c)": "#CC79A7",
    "(d)": "#56B4E9",
    SHIPPED: "black",
    "moyopy": "#D55E00",
}
OTHER = "#0072B2"
#: Below this the numbers of the table are written in white.
DARK = 45.0


def best_search(over_all: Mapping[str, Row]) -> str:
    """The symmetry search with most right answers, of the tolerances that were tried."""
    return max(map(searched, SYMPRECS), key=lambda name: over_all[name]["right"])


def draw_forms(rows: Sequence[Row], over_all: Mapping[str, Row]) -> Figure:
    """Right answers of the default model, the image network and the best single search in every form."""
    figure = _figure((10, 4.0))
    defects, forms = (list(dict.fromkeys(row[key] for row in rows)) for key in ("defects", "form"))
    shown = (SHIPPED, IMAGE, best_search(over_all))
    for axes, defect in zip(_row(figure, len(defects)), defects, strict=True):
        for offset, (method, (colour, mark)) in enumerate(zip(shown, STYLES, strict=True)):
            of = {r["form"]: r for r in rows if (r["method"], r["defects"]) == (method, defect)}
            places = np.array([forms.index(form) for form in of]) + 0.15 * (offset - 1)
            values, reach = _with_reach(list(of.values()))
            axes.errorbar(places, values, reach, fmt=mark, color=colour, label=method, ms=5)
        axes.set_title(defect.replace(", ", ",\n"), fontsize=9)
        axes.set_xticks(range(len(forms)), forms, rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
        axes.set_ylim(-3, 103)
        axes.grid(axis="y", alpha=0.3)
    figure.axes[0].set_ylabel("right answers, %")
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), fontsize=8)
    return figure


def draw_ways(rows: Sequence[Row], over_all: Mapping[str, Row]) -> Figure:
    """Right answers of all ways: over all, by form, and by defects."""
    figure = _figure((11, 5.6))
    columns = [list(dict.fromkeys(row[key] for row in rows)) for key in ("form", "defects")]
    axes, by_form, by_defects = _row(figure, 3, width_ratios=(3, 2.5, 2.5))
    for place, way in enumerate(WAYS):
        values, reach = _with_reach([over_all[way]])
        axes.errorbar(values, [place], xerr=reach, fmt="o", color=_colour(way), ms=5, capsize=2)
    axes.set_yticks(range(len(WAYS)), WAYS, fontsize=8)
    axes.set_xlim(-2, 102)
    axes.set_xlabel("right answers over all, %", fontsize=8)
    axes.grid(alpha=0.3)
    axes.invert_yaxis()
    for part, key, names in ((by_form, "form", columns[0]), (by_defects, "defects", columns[1])):
        shares = np.array([[_share(rows, way, key, name) for name in names] for way in WAYS])
        part.imshow(shares, cmap="viridis", vmin=0, vmax=100, aspect="auto")
        for (line, column), share in np.ndenumerate(shares):
            colour = "white" if share < DARK else "black"
            text = "–" if np.isnan(share) else f"{share:.0f}"
            part.text(column, line, text, ha="center", va="center", fontsize=7, color=colour)
        labels = [fill(name, 16) for name in names]
        part.set_xticks(range(len(names)), labels, rotation=45, ha="right", rotation_mode="anchor", fontsize=7)
        part.tick_params(length=0)
    by_form.set_title("by form, %", fontsize=9)
    by_defects.set_title("by defects, %", fontsize=9)
    return figure


def _share(rows: Sequence[Row], way: str, key: str, name: str) -> float:
    """Right answers in %; NaN where the way was not asked."""
    of = [row for row in rows if row["method"] == way and row[key] == name]
    return 100 * sum(row["right"] for row in of) / sum(row["n"] for row in of) if of else np.nan


def _with_reach(rows: Sequence[Row]) -> tuple[Any, Any]:
    """Right answers in %, and how far their intervals reach below and above."""
    values = np.array([100 * row["accuracy"] for row in rows])
    low, high = 100 * np.array([row["interval_95"] for row in rows]).T
    return values, np.maximum([values - low, high - values], 0.0)


def _colour(way: str) -> str:
    return next((colour for start, colour in COLOURS.items() if way.startswith(start)), OTHER)


def _figure(size: tuple[float, float]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _row(figure: Figure, n: int, **grid: Any) -> Sequence[Axes]:  # noqa: ANN401 - goes to matplotlib
    """A row of axes that share the one to the left."""
    axes: Sequence[Axes] = figure.subplots(1, n, sharey=True, gridspec_kw=grid)
    return axes
