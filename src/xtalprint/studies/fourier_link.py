"""The pair distribution from reflections, the intensity from distances, and what a cut of either costs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.scattering.pair_distribution import (
    WIDTHS,
    Lines,
    number_density,
    pair_lines,
    reach,
    reflection_lines,
    smeared,
    transformed,
)
from xtalprint.studies.base import StudyResult, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Å: distances that are looked at, from where the atoms are apart; 1/Å: lengths of scattering vectors.
R = np.linspace(1.0, 10.0, 901)
S = np.linspace(0.05, 1.2, 576)
#: Smearing of the pairs in Å (0.1 is that of GRID), and of the intensity in 1/Å.
WIDTH, WIDTHS_R, WIDTH_S = 0.1, (0.1, 0.15, 0.25), 0.02
#: Multiples of the Gaussian's width at which the proof cuts, and beyond which the quick run does not go.
PROOF, QUICK_WIDTH = 8.0, 0.25
#: Where the radiations of a laboratory end: 2/λ of Cu Kα and Mo Kα.
RADIATIONS = {"Cu Kα": 2 / 1.5406, "Mo Kα": 2 / 0.7093}
DIGITS = 4
#: Å, steps of the integral over matter of uniform density.
STEP = 0.005


def crystals() -> dict[str, Crystal]:
    """Rock salt, a perovskite, a triclinic crystal: one, three and no symmetry; light and heavy elements."""
    salt = Crystal(2.82 * np.array([[0, 0, 0], [1, 1, 1]]), ["Na", "Cl"], cell=2.82 * (1 - np.eye(3)))
    places = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    titanate = Crystal(3.905 * places, ["Sr", "Ti", "O", "O", "O"], cell=3.905 * np.eye(3))
    cell = np.array([[4.0, 0, 0], [1.1, 4.2, 0], [0.6, 0.9, 6.0]])
    low = Crystal(
        np.array([[0.1, 0.2, 0.3], [0.55, 0.6, 0.2], [0.3, 0.75, 0.8]]) @ cell, ["Ca", "Si", "O"], cell=cell
    )
    return {"NaCl": salt, "SrTiO3": titanate, "triclinic CaSiO": low}


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Prove the duality, and measure what is lost where either side is cut; nothing is random."""
    del seed
    widths = (QUICK_WIDTH,) if quick else WIDTHS_R
    proof: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    curves: dict[str, Any] = {}
    for name, crystal in crystals().items():
        for kind, weights in _weights(crystal).items():
            proof[f"{name}, {kind}"] = _proof(crystal, weights, widths[0])
        say(f"{name}: proof done")
    titanate = crystals()["SrTiO3"]
    for width in widths:
        rows += _cut_in_s(titanate, width)
    rows += _cut_in_r(titanate)
    figures: dict[str, Any] = {
        "largest_difference": proof,
        "largest_of_all": max(d[side] for d in proof.values() for side in ("pair distribution", "intensity")),
        "smearing_in_the_proof": {"pair distribution, Å": widths[0], "intensity, 1/Å": WIDTH_S},
        "cut_for_error_below_1_percent": _needed(rows),
        "sum_of_grid": _sum_of_grid(titanate, widths[0]),
        "seconds": _seconds(titanate, widths[0]),
    }
    curves = _curves(titanate, widths[0])
    from xtalprint.studies.fourier_pictures import draw_link  # noqa: PLC0415 - plotting is heavy

    return StudyResult(figures, rows, {"fourier-link": draw_link(curves, rows, "SrTiO3")})


def _weights(crystal: Crystal) -> dict[str, Mapping[int, float] | None]:
    return {"atoms": None, "electrons": {z: float(z) for z in set(crystal.numbers.tolist())}}


def _proof(crystal: Crystal, weights: Mapping[int, float] | None, width: float) -> dict[str, float]:
    """Largest difference of both sides, as a share of the largest value."""
    pairs = smeared(pair_lines(crystal, R[-1] + WIDTHS * width, weights=weights), R, width=width)
    lines = reflection_lines(crystal, reach(width, widths=PROOF), weights=weights)
    intensity = smeared(reflection_lines(crystal, S[-1] + WIDTHS * WIDTH_S, weights=weights), S, width=WIDTH_S)
    distances = pair_lines(crystal, reach(WIDTH_S, widths=PROOF), weights=weights)
    return {
        "pair distribution": _difference(transformed(lines, R, width=width), pairs),
        "intensity": _difference(transformed(distances, S, width=WIDTH_S), intensity),
    }


def _difference(found: Floats, expected: Floats) -> float:
    return float(f"{abs(found - expected).max() / abs(expected).max():.2e}")


def _cut_in_s(crystal: Crystal, width: float) -> list[dict[str, Any]]:
    """Error of the pair distribution where the reflections end, from 0.5 1/Å on."""
    exact = smeared(pair_lines(crystal, R[-1] + WIDTHS * width), R, width=width)
    lines = reflection_lines(crystal, reach(width, widths=PROOF))
    smearing = f"σ = {width} Å"
    return [
        _row("pair distribution", smearing, (cut, width), transformed(_up_to(lines, cut), R, width=width), exact)
        for cut in np.arange(0.5, reach(width, widths=5.0), 0.25).tolist()
    ]


def _cut_in_r(crystal: Crystal) -> list[dict[str, Any]]:
    """Error of the intensity where the distances end, from 2 Å on."""
    exact, lines = _intensity(crystal), _beyond_the_mean(crystal)
    smearing = f"w = {WIDTH_S} 1/Å"
    return [
        _row("intensity", smearing, (cut, WIDTH_S), transformed(_up_to(lines, cut), S, width=WIDTH_S), exact)
        for cut in np.arange(2.0, reach(WIDTH_S, widths=5.0), 2.0).tolist()
    ]


def _intensity(crystal: Crystal) -> Floats:
    """Smeared intensity of all reflections but the origin."""
    lines = reflection_lines(crystal, S[-1] + WIDTHS * WIDTH_S)
    seen = lines.places > 0
    return smeared(Lines(lines.places[seen], lines.weights[seen]), S, width=WIDTH_S)


def _beyond_the_mean(crystal: Crystal) -> Lines:
    """Pairs, and what matter of uniform density would have in their place taken off: that is the origin alone."""
    pairs = pair_lines(crystal, reach(WIDTH_S, widths=PROOF))
    r = STEP * (np.arange(round(reach(WIDTH_S, widths=PROOF) / STEP)) + 0.5)
    uniform = -4 * np.pi * r**2 * STEP * number_density(crystal) ** 2
    return Lines(np.concatenate([pairs.places, r]), np.concatenate([pairs.weights, uniform]))


def _row(what: str, smearing: str, cuts: tuple[float, float], found: Floats, exact: Floats) -> dict[str, Any]:
    """Root mean square of the error over that of the exact curve; and how weak the Gaussian is at the cut."""
    error = np.sqrt(((found - exact) ** 2).mean() / (exact**2).mean())
    return {
        "what": what,
        "smearing": smearing,
        "cut": round(cuts[0], DIGITS),
        "error": float(f"{error:.3g}"),
        "gaussian_at_cut": float(f"{np.exp(-2 * (np.pi * cuts[0] * cuts[1]) ** 2):.3g}"),
    }


def _up_to(lines: Lines, end: float) -> Lines:
    near = lines.places <= end
    return type(lines)(lines.places[near], lines.weights[near])


def _needed(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """First cut from which on the error stays below one per cent."""
    needed: dict[str, float | None] = {}
    for key in dict.fromkeys((row["what"], row["smearing"]) for row in rows):
        of = [row for row in rows if (row["what"], row["smearing"]) == key]
        bad = [i for i, row in enumerate(of) if row["error"] > 0.01]  # noqa: PLR2004 - one per cent
        first = bad[-1] + 1 if bad else 0
        needed[", ".join(key)] = of[first]["cut"] if first < len(of) else None
    return needed


def radial(density: Floats, crystal: Crystal) -> Floats:
    """Neighbours of an atom for each Å of distance."""
    result: Floats = 4 * np.pi * R**2 * density / number_density(crystal)
    return result


def by_distance(lines: Lines, crystal: Crystal, width: float) -> Floats:
    """The same with a Gaussian on the axis of distances, as the groups of GRID have it, summed over all groups."""
    near = lines.places > 0.5  # noqa: PLR2004 - Å, an atom is no neighbour of itself
    total = np.zeros_like(R)
    for place, weight in zip(lines.places[near], lines.weights[near], strict=True):
        total += weight * np.exp(-0.5 * ((R - place) / width) ** 2)
    result: Floats = total / (np.sqrt(2 * np.pi) * width * number_density(crystal))
    return result


def _sum_of_grid(crystal: Crystal, width: float) -> dict[str, float]:
    """How far the transform of the reflections is from the summed groups of GRID: share of the largest value."""
    lines = reflection_lines(crystal, reach(width, widths=PROOF))
    groups = by_distance(pair_lines(crystal, R[-1] + WIDTHS * width), crystal, width)
    return {
        "smearing, Å": width,
        "largest difference, share of the largest value": _difference(
            radial(transformed(lines, R, width=width), crystal), groups
        ),
    }


def _seconds(crystal: Crystal, width: float) -> dict[str, float]:
    start = time.perf_counter()
    smeared(pair_lines(crystal, R[-1] + WIDTHS * width), R, width=width)
    middle = time.perf_counter()
    transformed(reflection_lines(crystal, reach(width, widths=PROOF)), R, width=width)
    return {"from distances": round(middle - start, 4), "from reflections": round(time.perf_counter() - middle, 4)}


def _curves(crystal: Crystal, width: float) -> dict[str, Any]:
    """What the picture shows: the pair distribution as radiations would see it, and the intensity from distances."""
    lines = reflection_lines(crystal, reach(width, widths=PROOF))
    exact = radial(smeared(pair_lines(crystal, R[-1] + WIDTHS * width), R, width=width), crystal)
    seen = {
        f"|s| ≤ {end:.2f} 1/Å ({name})": radial(transformed(_up_to(lines, end), R, width=width), crystal)
        for name, end in RADIATIONS.items()
    }
    distances = _beyond_the_mean(crystal)
    powder = {f"r ≤ {end:g} Å": transformed(_up_to(distances, end), S, width=WIDTH_S) for end in (10.0, 20.0)}
    whole = _intensity(crystal)
    return {"r": R, "s": S, "exact": exact, "seen": seen, "intensity": whole, "powder": powder, "width": width}
