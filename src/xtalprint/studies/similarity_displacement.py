"""How unlike a cubic perovskite is when its small cation moves: figure 2c and d of Cumby and Seth (2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.prototypes import perovskite
from xtalprint.studies.base import StudyResult, say
from xtalprint.studies.similarity_curves import Curve
from xtalprint.studies.similarity_methods import GRID_EMD, OF_NEIGHBOURS, TOLERANCE, beside, methods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Matrices = dict[str, Floats]

#: Lattice constant in Å of the authors' script, SrTiO₃; the report's caption says BaTiO₃.
A = 3.94513
#: And of cubic BaTiO₃ in the Materials Project (mp-2998).
BATIO3 = 4.008
#: Displacement of Ti in lattice constants, and the known distance from the cubic crystal in Å.
DISPLACED: dict[str, tuple[tuple[float, float, float], float]] = {
    "cubic": ((0, 0, 0), 0.0),
    "tetragonal 0.01": ((0, 0, 0.01), 0.0058),
    "tetragonal 0.02": ((0, 0, 0.02), 0.0116),
    "tetragonal 0.03": ((0, 0, 0.03), 0.0175),
    "orthorhombic": ((0, 0.007, 0.007), 0.0054),
    "rhombohedral": ((0.006, 0.006, 0.006), 0.0062),
}
TETRAGONAL = [name for name in DISPLACED if name.startswith("tetragonal")]
#: Displaced by nearly the same length, 0.0099 to 0.0104 lattice constants.
ALIKE = ["tetragonal 0.01", "orthorhombic", "rhombohedral"]
#: Directions of the scan, and its end in lattice constants.
DIRECTIONS = {"tetragonal": (0, 0, 1), "orthorhombic": (0, 1, 1), "rhombohedral": (1, 1, 1)}
FARTHEST, STEPS, QUICK_STEPS = 0.03, 60, 12
#: Distances of equal displacements in the three directions may differ by so much, relative to their mean.
SPREAD = 0.25


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Move Ti in cubic SrTiO₃ by the known displacements, and by up to 0.03 lattice constants in three directions.

    Nothing is random; ``seed`` is not used.
    """
    del seed
    every = methods()
    lengths = np.linspace(0, FARTHEST, 1 + (QUICK_STEPS if quick else STEPS))
    crystals = [perovskite(A, displacement=displacement) for displacement, _ in DISPLACED.values()]
    matrices: Matrices = {}
    scans: dict[str, Matrices] = {}
    for name, method in every.items():
        say(name)
        matrices[name] = method.matrix(crystals)
        scans[name] = {
            direction: method.matrix([perovskite(A, displacement=u * _unit(vector)) for u in lengths.tolist()])[0]
            for direction, vector in DIRECTIONS.items()
        }
    names = list(DISPLACED)
    found = {name: _found(matrices[name], lengths, scans[name]) for name in every}
    barium = [perovskite(BATIO3, symbols=("Ba", "Ti", "O"), displacement=moved) for moved, _ in DISPLACED.values()]
    in_barium = {name: method.matrix(barium)[0, 1:] for name, method in every.items()}
    known = [distance for _, distance in DISPLACED.values()][1:]
    figures: dict[str, Any] = {
        "a": A,
        "crystals": {name: list(displacement) for name, (displacement, _) in DISPLACED.items()},
        "methods": {name: {"unit": method.unit, **method.about} for name, method in every.items()},
        "known": {name: beside(matrices[name][0, 1:].tolist(), known) for name in OF_NEIGHBOURS},
        "distances": {name: matrix.tolist() for name, matrix in matrices.items()},
        "found": found,
        "in_BaTiO3": {"a": BATIO3, "distances": {name: distances.tolist() for name, distances in in_barium.items()}},
        "checks": _checks(found, in_barium),
        "checks_of_all_methods": {name: _sensible(figures) for name, figures in found.items()},
    }
    rows = [
        {
            "method": name,
            "unit": method.unit,
            "crystal": crystal,
            "displacement (lattice constants)": " ".join(f"{x:g}" for x in DISPLACED[crystal][0]),
            "distance from cubic": float(matrices[name][0, i]),
            "known (Å)": DISPLACED[crystal][1] if name in OF_NEIGHBOURS else "",
            "relative deviation": float(matrices[name][0, i] / DISPLACED[crystal][1] - 1)
            if name in OF_NEIGHBOURS and i
            else "",
        }
        for name, method in every.items()
        for i, crystal in enumerate(names)
    ]
    drawings = {
        "similarity-displacement": _draw_curves(lengths, scans),
        "similarity-displacement-matrices": _draw_matrices(matrices),
    }
    return StudyResult(figures, rows, drawings)


def _unit(vector: tuple[int, int, int]) -> Floats:
    direction: Floats = np.array(vector) / np.linalg.norm(vector)
    return direction


def _found(matrix: Floats, lengths: Floats, scan: Mapping[str, Floats]) -> dict[str, Any]:
    names = list(DISPLACED)
    tetragonal = _tetragonal(matrix[0, 1:])
    per_length = {
        name: float(matrix[0, names.index(name)] / (A * np.linalg.norm(DISPLACED[name][0]))) for name in ALIKE
    }
    curves = {direction: Curve.of(A * lengths, values) for direction, values in scan.items()}
    slopes = [curve.slope for curve in curves.values()]
    return {
        "tetragonal": {"largest_relative_deviation_from_the_line": tetragonal.off_the_line},
        "rises_with_tetragonal_displacement": tetragonal.rises,
        "per_angstrom_of_displacement": per_length,
        "spread_of_these": _spread(list(per_length.values())),
        "order_of_these": sorted(per_length, key=lambda name: per_length[name]),
        "alike_nearer_than_0.02": bool(matrix[0, [names.index(n) for n in ALIKE]].max() < tetragonal.distances[1]),
        "least_distance_between_different_crystals": float(matrix[~np.eye(len(matrix), dtype=bool)].min()),
        "scan": {direction: curve.summary() for direction, curve in curves.items()},
        "spread_of_slopes": _spread(slopes),
    }


def _tetragonal(distances: Floats) -> Curve:
    """Distances of the tetragonal crystals among those of all displaced ones."""
    places = [list(DISPLACED).index(name) - 1 for name in TETRAGONAL]
    return Curve(np.array([DISPLACED[name][0][2] for name in TETRAGONAL]), distances[places])


def _spread(values: list[float]) -> float:
    """Largest less smallest, relative to the mean."""
    return float((max(values) - min(values)) / np.mean(values))


def _sensible(found: Mapping[str, Any]) -> dict[str, bool]:
    straight = max(of["largest_relative_deviation_from_the_line"] for of in found["scan"].values())
    return {
        "tells all six crystals apart": found["least_distance_between_different_crystals"] > 0,
        "0.01, 0.02 and 0.03 c are farther and farther": found["rises_with_tetragonal_displacement"],
        "0.01, 0.02 and 0.03 c are as 1 : 2 : 3 within 2 %": found["tetragonal"][
            "largest_relative_deviation_from_the_line"
        ]
        <= TOLERANCE,
        "rises at every step in all three directions": all(
            of["rises_at_every_step"] for of in found["scan"].values()
        ),
        "proportional in all three directions within 5 %": straight <= 0.05,  # noqa: PLR2004 - as it says
        f"equal displacements in the three directions are equally far within {100 * SPREAD:g} %": found[
            "spread_of_these"
        ]
        <= SPREAD,
        "each displacement of about 0.01 is nearer than 0.02 c": found["alike_nearer_than_0.02"],
    }


def _checks(found: Mapping[str, Any], in_barium: Mapping[str, Floats]) -> dict[str, bool]:
    sensible = {name: _sensible(figures) for name, figures in found.items()}
    every = [name for name, statements in sensible.items() if all(statements.values())]
    return {
        f"{GRID_EMD}: proportional to the degree of displacement": sensible[GRID_EMD][
            "0.01, 0.02 and 0.03 c are as 1 : 2 : 3 within 2 %"
        ],
        f"{GRID_EMD}: the same in BaTiO3, a = {BATIO3:g} Å": _tetragonal(in_barium[GRID_EMD]).off_the_line
        <= TOLERANCE,
        f"{GRID_EMD}: agrees with chemical intuition, all statements about displacements hold": GRID_EMD in every,
        "no distance from the RDF, and no cosine, holds them all": not set(every) - set(OF_NEIGHBOURS),
    }


def _draw_curves(lengths: Floats, scans: Mapping[str, Matrices]) -> Figure:
    from xtalprint.studies.similarity_pictures import Line, draw_curves  # noqa: PLC0415 - plotting is heavy

    panels = {
        name: [
            Line(
                A * lengths,
                values,
                f"{direction}, along [{''.join(map(str, DIRECTIONS[direction]))}]",
                {"color": colour, "linewidth": 1},
            )
            for (direction, values), colour in zip(scan.items(), ("C0", "C1", "C2"), strict=True)
        ]
        for name, scan in scans.items()
    }
    for name in OF_NEIGHBOURS:
        for (displacement, distance), colour in zip(
            list(DISPLACED.values())[1:], ("C0", "C0", "C0", "C1", "C2"), strict=True
        ):
            place = np.array([A * np.linalg.norm(displacement)])
            style = {"color": colour, "marker": "o", "markersize": 4, "fillstyle": "none", "linestyle": "none"}
            panels[name].append(Line(place, np.array([distance]), "known", style))
    return draw_curves(
        panels,
        across="displacement of Ti (Å)",
        units={name: method.unit for name, method in methods().items()},
        title=f"Distance from cubic SrTiO₃, a = {A:g} Å, when Ti moves",
    )


def _draw_matrices(matrices: Matrices) -> Figure:
    from xtalprint.studies.similarity_pictures import draw_tables  # noqa: PLC0415 - plotting is heavy

    units = {name: method.unit for name, method in methods().items()}
    return draw_tables(
        matrices,
        names=list(DISPLACED),
        units=units,
        forms=dict.fromkeys(matrices, "{:.4f}"),
        title="Distances between cubic SrTiO₃ and those with displaced Ti",
    )
