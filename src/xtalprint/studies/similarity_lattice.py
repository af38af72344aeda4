"""How unlike a perovskite and the same one expanded are: figure 2e and f of Cumby and Seth (2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.prototypes import perovskite
from xtalprint.studies.base import StudyResult, say
from xtalprint.studies.similarity_curves import JUMP, Curve
from xtalprint.studies.similarity_methods import (
    GRID_COSINE,
    GRID_EMD,
    OF_NEIGHBOURS,
    RDF_COSINE,
    RDF_EMD,
    SORTED,
    TOLERANCE,
    beside,
    methods,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Matrices = dict[str, Floats]

#: Lattice constants in Å, and the one that all are compared with.
FIRST, LAST, PLACES = 3.0, 6.0, 61
REFERENCE = 4.55
#: A short quick run takes each fifth.
QUICK_STEP = 5
#: The fine scan: so far on both sides of the reference, in so many steps.
FINE, FINE_STEPS, QUICK_FINE_STEPS = 0.05, 100, 20
#: Å of distance for each Å of expansion.
KNOWN_SLOPE = 1.277
#: The report's example of what Euclid cannot tell: to the first one, it says, the others are equally far.
EXAMPLE = np.array([[0, 1, 1, 0, 0, 0], [1, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1]], dtype=np.float64)


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Compare cubic SrTiO₃ with a from 3 to 6 Å with that of 4.55 Å, and all with each other.

    Nothing is random; ``seed`` is not used.
    """
    del seed
    every = methods()
    places = np.round(np.linspace(FIRST, LAST, PLACES), 6)
    at = int(np.flatnonzero(places == REFERENCE)[0])
    if quick:
        places = places[at % QUICK_STEP :: QUICK_STEP]
        at //= QUICK_STEP
    fine = np.linspace(REFERENCE - FINE, REFERENCE + FINE, 1 + (QUICK_FINE_STEPS if quick else FINE_STEPS))
    matrices, scans = {}, {}
    for name, method in every.items():
        say(name)
        matrices[name] = method.matrix([perovskite(a) for a in places.tolist()])
        scans[name] = method.matrix([perovskite(a) for a in fine.tolist()])[len(fine) // 2]
    found = {name: _found(places, matrix, at, fine, scans[name]) for name, matrix in matrices.items()}
    figures: dict[str, Any] = {
        "reference": REFERENCE,
        "places": places.tolist(),
        "methods": {name: {"unit": method.unit, **method.about} for name, method in every.items()},
        "known": {name: beside([found[name]["slope"]], [KNOWN_SLOPE]) for name in OF_NEIGHBOURS},
        "found": found,
        "example_of_euclid": [float(np.linalg.norm(EXAMPLE[0] - other)) for other in EXAMPLE[1:]],
        "checks": _checks(found),
    }
    rows = [
        {
            "method": name,
            "unit": method.unit,
            "a (Å)": a,
            "expansion (Å)": round(a - REFERENCE, 6),
            "distance": float(matrices[name][at, i]),
            "known (Å)": round(KNOWN_SLOPE * abs(a - REFERENCE), 6) if name in OF_NEIGHBOURS else "",
            "relative deviation": float(matrices[name][at, i] / (KNOWN_SLOPE * abs(a - REFERENCE)) - 1)
            if name in OF_NEIGHBOURS and i != at
            else "",
        }
        for name, method in every.items()
        for i, a in enumerate(places.tolist())
    ]
    drawings = {
        "similarity-lattice": _draw_curves(places, {name: m[at] for name, m in matrices.items()}, found),
        "similarity-lattice-fine": _draw_fine(fine, scans),
        "similarity-lattice-matrices": _draw_matrices(places, matrices),
    }
    return StudyResult(figures, rows, drawings)


def _found(places: Floats, matrix: Floats, at: int, fine: Floats, scan: Floats) -> dict[str, Any]:
    distances = matrix[at]
    way = np.abs(places - REFERENCE)
    larger, smaller = (
        Curve.of(np.where(side, way, 0.0), distances) for side in (places > REFERENCE, places < REFERENCE)
    )
    whole = Curve.of(way, distances)
    pairs = Curve.of(np.abs(places[:, None] - places).ravel(), matrix.ravel())
    steps = [
        Curve.of(np.where(side, np.abs(fine - REFERENCE), 0.0), scan) for side in (fine > REFERENCE, fine < REFERENCE)
    ]
    return {
        "slope": whole.slope,
        "relative_residual": whole.residual,
        "largest_relative_deviation_from_the_line": whole.off_the_line,
        "rises_at_every_step": larger.rises and smaller.rises,
        "steps_back": larger.steps_back + smaller.steps_back,
        "steps": len(whole.way),
        "without_an_answer": places[np.isnan(distances)].tolist(),
        "of_all_pairs": {"slope": pairs.slope, "relative_residual": pairs.residual, "pairs": len(pairs.way) // 2},
        "fine": {
            "step": float(fine[1] - fine[0]),
            "largest_step_over_mean": max(curve.largest_step for curve in steps),
            "steps_back": sum(curve.steps_back for curve in steps),
        },
    }


def _checks(found: dict[str, Any]) -> dict[str, bool]:
    def steady(name: str) -> bool:
        return bool(found[name]["fine"]["largest_step_over_mean"] < JUMP)

    def straight(name: str) -> bool:
        return bool(found[name]["largest_relative_deviation_from_the_line"] <= TOLERANCE)

    near, far = np.linalg.norm(EXAMPLE[1:] - EXAMPLE[0], axis=1).tolist()
    return {
        f"{GRID_EMD}: rises at every step of expansion and of compression": found[GRID_EMD]["rises_at_every_step"],
        f"{GRID_EMD}: continuous, no fine step more than {JUMP:g} times the mean": steady(GRID_EMD),
        f"{GRID_EMD}: proportional to the expansion within 2 %": straight(GRID_EMD),
        f"{RDF_EMD}: discontinuous": not steady(RDF_EMD),
        f"{RDF_COSINE}: discontinuous": not steady(RDF_COSINE),
        f"{GRID_COSINE}: not proportional to the expansion": not straight(GRID_COSINE),
        "Euclid: [0,1,1,0,0,0] is as far from [1,0,1,0,0,0] as from [0,0,0,0,1,1]": near == far,
        f"{SORTED}: no other method has a smaller residual from the straight line": _least(found),
    }


def _least(found: dict[str, Any]) -> bool:
    least = min(figures["relative_residual"] for figures in found.values())
    return bool(found[SORTED]["relative_residual"] <= least + 1e-12)


def _draw_curves(places: Floats, distances: Matrices, found: dict[str, Any]) -> Figure:
    from xtalprint.studies.similarity_pictures import Line, draw_curves  # noqa: PLC0415 - plotting is heavy

    panels = {}
    for name, values in distances.items():
        panels[name] = [
            Line(places, values, "distance", {"color": "C0", "marker": ".", "markersize": 3, "linewidth": 0.8})
        ]
        way = np.abs(places - REFERENCE)
        slope, label = (
            (KNOWN_SLOPE, f"known: {KNOWN_SLOPE} Å per Å")
            if name in OF_NEIGHBOURS
            else (found[name]["slope"], "straight line that fits best")
        )
        panels[name].append(
            Line(places, slope * way, label, {"color": "C1" if name in OF_NEIGHBOURS else "C2", "linewidth": 0.8})
        )
    return draw_curves(
        panels,
        across="lattice constant (Å)",
        units={name: method.unit for name, method in methods().items()},
        title=f"Distance of cubic SrTiO₃ from that with a = {REFERENCE:g} Å",
    )


def _draw_fine(fine: Floats, scans: Matrices) -> Figure:
    from xtalprint.studies.similarity_pictures import Line, draw_curves  # noqa: PLC0415 - plotting is heavy

    style = {"color": "C0", "marker": ".", "markersize": 2, "linewidth": 0.6}
    return draw_curves(
        {name: [Line(fine, values, "distance", style)] for name, values in scans.items()},
        across="lattice constant (Å)",
        units={name: method.unit for name, method in methods().items()},
        title=f"The same close to {REFERENCE:g} Å, in steps of {fine[1] - fine[0]:.3f} Å",
    )


def _draw_matrices(places: Floats, matrices: Matrices) -> Figure:
    from xtalprint.studies.similarity_pictures import draw_maps  # noqa: PLC0415 - plotting is heavy

    half = (places[1] - places[0]) / 2
    return draw_maps(
        matrices,
        ends=(places[0] - half, places[-1] + half),
        across="lattice constant (Å)",
        units={name: method.unit for name, method in methods().items()},
        title="Distances between cubic SrTiO₃ crystals of all lattice constants",
    )
