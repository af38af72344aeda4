"""Layered perovskites between rock salt and perovskite: figure 2a and b of Cumby and Seth (2021)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.geometry import scaled
from xtalprint.io import read
from xtalprint.prototypes import perovskite, ruddlesden_popper
from xtalprint.prototypes.perovskites import GAP, SRTIO3
from xtalprint.similarity.arrangement import average_linkage
from xtalprint.studies.base import StudyResult, data_file, say
from xtalprint.studies.similarity_methods import (
    GRID_COSINE,
    GRID_EMD,
    OF_NEIGHBOURS,
    RDF_COSINE,
    RDF_EMD,
    Method,
    beside,
    methods,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]
    Matrices = dict[str, Floats]

#: Layers of octahedra, and the known distances in Å of the idealised crystals from SrTiO₃.
LAYERS = (1, 2, 3, 4, 5, 6, 7, 8)
KNOWN = (0.241, 0.135, 0.095, 0.073, 0.060, 0.050, 0.044, 0.038)
#: The real series, n = 0 to 3 and without end.
SERIES = {
    "SrO": "SrO_mp-2472_225.cif",
    "Sr2TiO4": "Sr2TiO4_mp-5532_139.cif",
    "Sr3Ti2O7": "Sr3Ti2O7_mp-3349_139.cif",
    "Sr4Ti3O10": "Sr4Ti3O10_mp-31213_139.cif",
    "SrTiO3": "SrTiO3_mp-5229_221.cif",
}
#: All crystals of the series are made larger or smaller by up to this share, as other functionals would.
SCALED, SCALES, QUICK_SCALES = 0.03, 61, 5


@dataclass(frozen=True)
class Real:
    """The real structures: their names, for pictures and tables, and crystals."""

    names: list[str]
    crystals: list[Crystal]


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Compare Sr(n+1)Ti(n)O(3n+1), idealised with n = 0 to 8 and real, with SrTiO₃ and with each other.

    Nothing is random; ``seed`` is not used.
    """
    del seed
    every = methods()
    folder = data_file("similarity")
    made = [ruddlesden_popper(n) for n in (0, *LAYERS)] + [perovskite(SRTIO3)]
    series = [_one(folder / name) for name in SERIES.values()]
    real = _real(folder)
    idealised, of_series, of_real, shares = {}, {}, {}, {}
    scales = np.linspace(1 - SCALED, 1 + SCALED, QUICK_SCALES if quick else SCALES)
    for name, method in every.items():
        say(name)
        idealised[name] = method.matrix(made)
        of_series[name] = method.matrix(series)
        of_real[name] = method.matrix(real.crystals)
        shares[name] = _shares(method, series, scales)
    known = {name: beside(idealised[name][-1, 1:-1].tolist(), KNOWN) for name in OF_NEIGHBOURS}
    figures: dict[str, Any] = {
        "idealised": {"a": SRTIO3, "gap": GAP, "n": [0, *LAYERS, "SrTiO3"]},
        "methods": {name: {"unit": method.unit, **method.about} for name, method in every.items()},
        "known": known,
        "idealised_distances": {name: matrix.tolist() for name, matrix in idealised.items()},
        "series": list(SERIES),
        "series_distances": {name: matrix.tolist() for name, matrix in of_series.items()},
        "found": {name: {"idealised": _found(idealised[name]), "real": _found(of_series[name])} for name in every},
        "scaled_by": [1 - SCALED, 1 + SCALED, len(scales)],
        "of_scaled_series": shares,
        "real": real.names,
        "real_distances": {name: matrix.round(6).tolist() for name, matrix in of_real.items()},
        "nearest_to_cubic_BaTiO3": {name: _phases(real, matrix) for name, matrix in of_real.items()},
        "strangers_in_the_branch_of_perovskites": {
            name: _strangers(real, matrix) for name, matrix in of_real.items()
        },
        "checks": _checks(idealised, of_series, shares),
    }
    rows = [
        *_rows(every, [f"idealised n = {n}" for n in (0, *LAYERS)], idealised),
        *_rows(every, list(SERIES)[:-1], of_series),
    ]
    return StudyResult(figures, rows, _draw(idealised, of_series, of_real, real.names))


def _one(path: Path) -> Crystal:
    (crystal,) = read(path)
    return crystal


def _real(folder: Path) -> Real:
    """All structures of the folder, in the order of its index; those that are expanded have a star."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as stream:
        entries = list(csv.DictReader(stream))
    names = [
        f"{entry['formula']} {entry['spacegroup_0p01']}{'*' if entry['expanded_cell'] == '1' else ''} {entry['id']}"
        for entry in entries
    ]
    return Real(names, [_one(folder / entry["file"]) for entry in entries])


def _found(matrix: Floats) -> dict[str, Any]:
    """What a matrix says of a series from n = 0 to the perovskite, which is last."""
    to_end, to_start = matrix[-1, :-1], matrix[0, 1:]
    return {
        "falls_with_n_to_SrTiO3": all(a > b for a, b in pairwise(to_end.tolist())),
        "rises_with_n_from_SrO": all(a < b for a, b in pairwise(to_start.tolist())),
        "SrO_nearer_to_SrTiO3_than_to_an_intermediate": bool(to_start[-1] < to_start[:-1].max()),
        "SrO_nearer_to_SrTiO3_than_an_intermediate_is": bool(to_end[0] < to_end[1:].max()),
        "one_and_two_layers_over_whole": float(matrix[1, 2] / matrix[0, -1]),
        "one_over_two_layers_to_SrTiO3": float(to_end[1] / to_end[2]),
    }


def _shares(method: Method, series: Sequence[Crystal], scales: Floats) -> dict[str, float]:
    """In which share of the scaled series each statement holds."""
    found = [_found(method.matrix([scaled(crystal, scale) for crystal in series])) for scale in scales.tolist()]
    return {key: float(np.mean([one[key] for one in found])) for key in found[0] if isinstance(found[0][key], bool)}


def _phases(real: Real, matrix: Floats) -> list[dict[str, Any]]:
    """Other phases of BaTiO₃ that are not expanded, from the nearest to the cubic one."""
    names = [name for name in real.names if name.startswith("BaTiO3 ") and "*" not in name]
    (cubic,) = [real.names.index(name) for name in names if name.startswith("BaTiO3 221 ")]
    distances = {name: float(matrix[cubic, real.names.index(name)]) for name in names}
    return [{"phase": name, "distance": d} for name, d in sorted(distances.items(), key=lambda item: item[1])][1:]


def _strangers(real: Real, matrix: Floats) -> list[str]:
    """What else is in the smallest branch of the tree that holds all perovskites and layered ones, not expanded."""
    kin = {i for i, name in enumerate(real.names) if not name.startswith("SrO ") and "*" not in name}
    branches = [{i} for i in range(len(matrix))]
    for first, second in average_linkage(matrix)[:, :2].astype(int).tolist():
        branches.append(branches[first] | branches[second])
    smallest = min((branch for branch in branches if branch >= kin), key=len)
    return [real.names[i] for i in sorted(smallest - kin)]


def _checks(idealised: Matrices, series: Matrices, shares: Mapping[str, Mapping[str, float]]) -> dict[str, bool]:
    falls, key = "falls_with_n_to_SrTiO3", "SrO_nearer_to_SrTiO3_than_to_an_intermediate"
    real = {name: _found(matrix) for name, matrix in series.items()}
    checks = {
        f"{GRID_EMD}, real, n = 0 to 3: more like SrTiO3 with every layer": real[GRID_EMD][falls],
        f"{GRID_EMD}, idealised, n = 0 to 8: more like SrTiO3 with every layer": _found(idealised[GRID_EMD])[falls],
        f"{GRID_COSINE}, real: tells n = 1 from 2 less than {GRID_EMD} does, for the distance from n = 0 to SrTiO3": (
            real[GRID_COSINE]["one_and_two_layers_over_whole"] < real[GRID_EMD]["one_and_two_layers_over_whole"]
        ),
    }
    for name in (RDF_EMD, RDF_COSINE):
        checks |= {
            f"{name}, real: SrO is nearer to SrTiO3 than to an intermediate": real[name][key],
            f"{name}, real, scaled by up to 3 %: the same for some of the scales": shares[name][key] > 0,
            f"{name}, idealised: the same": _found(idealised[name])[key],
            f"{name}, real: SrO is nearer to SrTiO3 than an intermediate is": real[name][
                "SrO_nearer_to_SrTiO3_than_an_intermediate_is"
            ],
        }
    return {
        **checks,
        f"{GRID_EMD}, real, scaled by up to 3 %: both orders, to SrTiO3 and from SrO, at every scale": all(
            shares[GRID_EMD][order] == 1 for order in (falls, "rises_with_n_from_SrO")
        ),
    }


def _rows(every: Mapping[str, Method], names: list[str], matrices: Matrices) -> list[dict[str, Any]]:
    """Distances to the perovskite, which is last, and to n = 0, which is first."""
    known = {f"idealised n = {n}": value for n, value in zip(LAYERS, KNOWN, strict=True)}
    return [
        {
            "method": name,
            "unit": method.unit,
            "crystal": crystal,
            "distance to SrTiO3": float(matrices[name][-1, i]),
            "distance to n = 0": float(matrices[name][0, i]),
            "known (Å)": known.get(crystal, "") if name in OF_NEIGHBOURS else "",
            "relative deviation": float(matrices[name][-1, i] / known[crystal] - 1)
            if name in OF_NEIGHBOURS and crystal in known
            else "",
        }
        for name, method in every.items()
        for i, crystal in enumerate(names)
    ]


def _draw(idealised: Matrices, series: Matrices, real: Matrices, names: list[str]) -> dict[str, Figure]:
    from xtalprint.studies.similarity_pictures import (  # noqa: PLC0415 - plotting is heavy
        Line,
        draw_curves,
        draw_tables,
        draw_trees,
    )

    units = {name: method.unit for name, method in methods().items()}
    layers, dots = np.array([0, *LAYERS], dtype=np.float64), {"marker": ".", "linewidth": 0.8}
    panels = {
        name: [
            Line(layers, matrix[-1, :-1], "idealised", {"color": "C0", **dots}),
            Line(layers[: len(SERIES) - 1], series[name][-1, :-1], "real", {"color": "C3", **dots}),
        ]
        for name, matrix in idealised.items()
    }
    ring = {"color": "C1", "marker": "o", "fillstyle": "none", "linestyle": "none", "markersize": 6}
    for name in OF_NEIGHBOURS:
        panels[name].append(Line(layers[1:], np.array(KNOWN), "known, idealised", ring))
    pretty = [name.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")) for name in SERIES]
    return {
        "similarity-ruddlesden-popper": draw_curves(
            panels,
            across="layers of octahedra in a block, n",
            units=units,
            title="Distance from SrTiO₃ of the Ruddlesden-Popper crystals Sr(n+1)Ti(n)O(3n+1)",
        ),
        "similarity-ruddlesden-popper-matrices": draw_tables(
            series,
            names=pretty,
            units=units,
            forms=dict.fromkeys(series, "{:.3f}"),
            title="Distances between the real crystals of the series",
        ),
        "similarity-ruddlesden-popper-trees": draw_trees(
            real,
            names=names,
            units=units,
            title="Distances between 22 real crystals, and the tree of their mean distances (* expanded cell)",
        ),
    }
