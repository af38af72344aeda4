"""How near to a lattice of higher symmetry a crystal is still told from it: default model, own axes, symmetry search.

The tetragonal and rhombohedral families pass through cubic lattices at special ratios c/a. At distances from 0.005 to
0.2 on both sides the true class is that of the family, at 0 that of the cubic lattice; with displaced atoms, as a box
and as a turned piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian
from xtalprint.geometry import nearest_distances, random_rotation, rotated, supercell_to
from xtalprint.models import load_model
from xtalprint.models.presentations import random_piece
from xtalprint.prototypes import body_centred_tetragonal, rhombohedral
from xtalprint.studies.base import StudyResult
from xtalprint.studies.statistics import accuracy
from xtalprint.studies.symmetry_answers import by_own_axes, by_symmetry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.figure import Figure

#: Distances |c/a − special| and displacements in bond lengths.
DISTANCES, SIGMAS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2), (0.0, 0.02, 0.05)
FORMS = ("box", "turned piece")
#: Crystals for each family, distance, displacement and form, half of them on each side; sites of each.
DRAWS, QUICK_DRAWS, SITES = 4, 2, 160
QUICK_DISTANCES = (0.0, 0.1)
#: Of the special ratio: smaller and larger ones.
SIDES = 2
#: Where the cubic lattice itself is drawn on the logarithmic axis.
ZERO = 0.0025
#: Tolerances of the symmetry search in bond lengths.
SYMPRECS = (0.003, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2)
DEFAULT, OWN_AXES, ORACLE = "default model", "own axes, symmetry search", "moyopy, any tolerance right"
MODEL = "crystal-class"


def _tin(a: float, c_over_a: float) -> Crystal:
    """Four atoms as in white tin; diamond at c/a = √2."""
    places = np.array([[0, 0, 0], [0.5, 0, 0.25], [0.5, 0.5, 0.5], [0, 0.5, 0.75]])
    cell = a * np.diag([1, 1, c_over_a])
    return Crystal(places @ cell, ["Sn"] * 4, cell=cell, source=f"A_tI4_141_a, c/a = {c_over_a:.4f}")


#: By name: what makes a crystal of (a, c/a), the special ratio, the true class beside it and there.
FAMILIES: dict[str, tuple[Callable[[float, float], Crystal], float, str, str]] = {
    "bct_139 near bcc": (body_centred_tetragonal, 1.0, "bct_139", "bcc"),
    "bct_139 near fcc": (body_centred_tetragonal, float(np.sqrt(2)), "bct_139", "fcc"),
    "bct_141 near diamond": (_tin, float(np.sqrt(2)), "bct_141", "diam"),
    "rh near bcc": (rhombohedral, float(np.sqrt(3 / 8)), "hex/rh", "bcc"),
    "rh near sc": (rhombohedral, float(np.sqrt(3 / 2)), "hex/rh", "sc"),
    "rh near fcc": (rhombohedral, float(np.sqrt(6)), "hex/rh", "fcc"),
}


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Ask all methods; ``seed`` draws displacements, pieces and turns."""
    model = load_model(MODEL)
    distances = QUICK_DISTANCES if quick else DISTANCES
    draws = QUICK_DRAWS if quick else DRAWS
    rows: list[dict[str, Any]] = []
    for family, (_, _, beside, there) in FAMILIES.items():
        for form in FORMS:
            for sigma in SIGMAS:
                for distance in distances:
                    crystals = _crystals(family, form, sigma, distance, draws, seed)
                    answers: dict[str, Sequence[str | None]] = {
                        DEFAULT: [p.crystal_class for p in model.predict(crystals)],
                        OWN_AXES: [by_own_axes(crystal) for crystal in crystals],
                    }
                    if form == "box":
                        answers |= {f"moyopy, {s:g} d_nn": by_symmetry(s, crystals) for s in SYMPRECS}
                    about = {"family": family, "form": form, "sigma": sigma, "distance": distance}
                    truth = beside if distance else there
                    rows += [
                        about | {"method": m, "n": len(a), "right": a.count(truth)} for m, a in _all(answers, truth)
                    ]
    summary = _summary(rows)
    figures = {
        "model": dict(model.provenance),
        "special": {name: family[1] for name, family in FAMILIES.items()},
        "draws": draws,
        "best_symprec": _best_symprec(summary),
        "summary": summary,
        "rows": rows,
    }
    return StudyResult(figures, rows, {"degenerate": _draw(summary, distances)})


def _crystals(family: str, form: str, sigma: float, distance: float, draws: int, seed: int) -> list[Crystal]:  # noqa: PLR0917 - coordinates of the study
    make, special, *_ = FAMILIES[family]
    crystals = []
    for draw in range(draws):
        place = [list(FAMILIES).index(family), FORMS.index(form), round(1e4 * sigma), round(1e4 * distance), draw]
        rng = np.random.default_rng([seed, *place])
        crystal = make(4.0, special + (distance if draw % 2 else -distance))
        length = float(nearest_distances(crystal).mean())
        sample = supercell_to(crystal, min_atoms=SITES) if form == "box" else random_piece(crystal, SITES, rng)
        sample = rotated(sample, random_rotation(rng))
        crystals.append(displace_gaussian(sample, sigma * length, rng) if sigma else sample)
    return crystals


def _all(answers: dict[str, Sequence[str | None]], truth: str) -> list[tuple[str, list[str | None]]]:
    """Every method, and the oracle that knows which tolerance to take for each crystal."""
    result = [(name, list(given)) for name, given in answers.items()]
    searches = [given for name, given in result if name.startswith("moyopy")]
    if searches:
        result.append((ORACLE, [truth if truth in tried else None for tried in zip(*searches, strict=True)]))
    return result


def _summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All families together, for each form, displacement, distance and method.

    Perfect boxes of a family at one distance differ in their orientation alone, so they count as one in the interval.
    """
    keys = ("form", "sigma", "distance", "method")
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    summary = []
    for group, members in groups.items():
        n, right = (sum(row[key] for row in members) for key in ("n", "right"))
        about = dict(zip(keys, group, strict=True))
        alike = about["form"] == "box" and not about["sigma"]
        structures = len(members) * (SIDES if about["distance"] else 1) if alike else n
        answers = ["right"] * right + [None] * (n - right)
        summary.append(about | accuracy(["right"] * n, answers, structures=structures))
    return summary


def _best_symprec(summary: Sequence[dict[str, Any]]) -> str:
    """The single tolerance with most right answers over everything."""
    right: dict[str, int] = {}
    for row in summary:
        if row["method"].endswith("d_nn"):
            right[row["method"]] = right.get(row["method"], 0) + row["right"]
    return max(right, key=lambda name: right[name])


def _draw(summary: Sequence[dict[str, Any]], distances: Sequence[float]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(8.6, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    shown = (DEFAULT, OWN_AXES, _best_symprec(summary), ORACLE)
    grid = figure.subplots(len(FORMS), len(SIGMAS), sharex=True, sharey=True, squeeze=False)
    for form, line in zip(FORMS, grid, strict=True):
        for sigma, axes in zip(SIGMAS, line, strict=True):
            for number, method in enumerate(shown):
                wanted = (form, sigma, method)
                of = [row for row in summary if (row["form"], row["sigma"], row["method"]) == wanted]
                if not of:
                    continue
                values = np.array([100 * row["accuracy"] for row in of])
                low, high = 100 * np.array([row["interval_95"] for row in of]).T
                x = np.array([row["distance"] or ZERO for row in of]) * 1.05 ** (number - 1.5)
                reach = np.maximum([values - low, high - values], 0.0)
                axes.errorbar(x, values, reach, fmt="os^d"[number], ms=4, lw=1, label=method, color=f"C{number}")
            axes.set_title(f"{form}, σ = {sigma:g} d_nn", fontsize=9)
            axes.set_xscale("log")
            axes.set_xticks([d or ZERO for d in distances], [f"{d:g}" for d in distances], fontsize=7)
            axes.axvline(ZERO * np.sqrt(2), color="0.6", lw=0.8, ls=":")
            axes.minorticks_off()
            axes.set_ylim(-3, 103)
            axes.grid(alpha=0.3)
        line[0].set_ylabel("right answers, %", fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("|c/a − special ratio| (0: cubic)", fontsize=9)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), fontsize=8)
    return figure
