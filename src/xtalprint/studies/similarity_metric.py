"""Whether the distances between crystals are metrics, on random crystals: symmetry, identity, triangle inequality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.geometry import scaled
from xtalprint.studies.base import StudyResult, say
from xtalprint.studies.random_crystals import in_another_cell, random_crystal
from xtalprint.studies.similarity_methods import GRID_COSINE, GRID_EMD, SORTED, methods
from xtalprint.studies.similarity_peer import MATCHER, Chain, compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.studies.similarity_methods import Method

    Floats = NDArray[np.float64]

#: Crystals for the distance of the report, in blocks; all triples of a block are tested.
CRYSTALS, BLOCK = 10_000, 500
QUICK_CRYSTALS, QUICK_BLOCK = 120, 60
#: And for all other methods.
FEW, FEW_BLOCK = 1_000, 100
QUICK_FEW, QUICK_FEW_BLOCK = 40, 20
#: Chains of crystals that pymatgen's matcher is asked about.
CHAINS, QUICK_CHAINS = 300, 6
#: Two of ten crystals are the first of the ten, expanded by this: on a straight line nothing may be lost.
EXPANDED = {8: 1.02, 9: 1.04}
TEN = 10
#: Å, or the same number for a cosine.
EXACT = 1e-9


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Measure the largest violation of each axiom by each method.

    Every crystal is also compared with itself in another cell, turned and shifted. ``seed`` draws the crystals.
    """
    every = methods()
    n, block = (QUICK_CRYSTALS, QUICK_BLOCK) if quick else (CRYSTALS, BLOCK)
    few, few_block = (QUICK_FEW, QUICK_FEW_BLOCK) if quick else (FEW, FEW_BLOCK)
    crystals = [_crystal(i, seed) for i in range(n)]
    twins = [in_another_cell(crystal, np.random.default_rng([seed, 1, i])) for i, crystal in enumerate(crystals)]
    found = {}
    for name, method in every.items():
        say(name)
        many, size = (n, block) if name == GRID_EMD else (few, few_block)
        parts = [
            violations(method, crystals[start : start + size], twins[start : start + size])
            for start in range(0, many, size)
        ]
        found[name] = _joined(parts, many)
    say(MATCHER)
    chains = [Chain.of(i, seed) for i in range(QUICK_CHAINS if quick else CHAINS)]
    peer = compare(chains, {name: every[name] for name in (GRID_EMD, SORTED)})
    figures: dict[str, Any] = {
        "methods": {name: {"unit": method.unit, **method.about} for name, method in every.items()},
        "exact": EXACT,
        "found": found,
        "beside_a_matcher": peer,
        "checks": _checks(found, peer),
    }
    rows = [{"method": name, "unit": every[name].unit, **of} for name, of in found.items()]
    return StudyResult(figures, rows, {"similarity-metric": _draw(found)})


def _crystal(i: int, seed: int) -> Crystal:
    place = i % TEN
    if place in EXPANDED:
        return scaled(_crystal(i - place, seed), EXPANDED[place])
    return random_crystal(np.random.default_rng([seed, 0, i]))


def violations(method: Method, crystals: Sequence[Crystal], twins: Sequence[Crystal]) -> dict[str, float]:
    """Largest violation of each axiom among some crystals, and by their twins, the same crystals in other cells.

    Crystals that a method refuses are left out and counted.
    """
    n = len(crystals)
    matrix = method.matrix([*crystals, *twins])
    backwards = method.matrix([*crystals, *twins][::-1])[::-1, ::-1]
    answered = np.isfinite(np.diag(matrix))
    kept = np.flatnonzero(answered[:n] & answered[n:])
    own = matrix[np.ix_(kept, kept)]
    twin = matrix[kept, kept + n]
    between = own[~np.eye(len(own), dtype=bool)]
    worst, broken, triples = triangle(own)
    return {
        "refused": n - len(kept),
        "asymmetry": float(np.nanmax(np.abs(matrix - backwards.T))),
        "distance_to_itself": float(np.abs(np.diag(own)).max()),
        "distance_to_itself_in_another_cell": float(twin.max()),
        "least_distance_between_different": float(between.min()),
        "triangle": worst,
        "triples_broken": broken,
        "triples": triples,
        "largest_distance": float(between.max()),
    }


def triangle(matrix: Floats) -> tuple[float, int, int]:
    """Largest d(a, c) - d(a, b) - d(b, c) of all triples of different crystals, how many exceed 1e-9, and all."""
    n = len(matrix)
    worst, broken = -np.inf, 0
    for middle in range(n):
        rest = np.delete(np.arange(n), middle)
        excess = matrix[np.ix_(rest, rest)] - matrix[rest, middle][:, None] - matrix[middle, rest]
        np.fill_diagonal(excess, -np.inf)
        worst = max(worst, float(excess.max()))
        broken += int((excess > EXACT).sum())
    return worst, broken, n * (n - 1) * (n - 2)


def _joined(parts: Sequence[dict[str, float]], crystals: int) -> dict[str, Any]:
    """Worst of all blocks; what is counted is added up."""
    counted = {"refused", "triples_broken", "triples"}
    joined: dict[str, Any] = {"crystals": crystals}
    for key in parts[0]:
        values = [part[key] for part in parts]
        joined[key] = sum(values) if key in counted else min(values) if key.startswith("least") else max(values)
    return joined


def _checks(found: dict[str, Any], peer: dict[str, Any]) -> dict[str, bool]:
    checks: dict[str, bool] = {}
    for name in (GRID_EMD, SORTED):
        of = found[name]
        checks |= {
            f"{name}: symmetric to 1e-9 Å": of["asymmetry"] <= EXACT,
            f"{name}: zero for the same crystal in any cell, to 1e-9 Å": of["distance_to_itself_in_another_cell"]
            <= EXACT,
            f"{name}: triangle inequality to 1e-9 Å": of["triangle"] <= EXACT,
        }
    matcher = peer[MATCHER]
    return {
        **checks,
        "a cosine breaks the triangle inequality": found[GRID_COSINE]["triples_broken"] > 0,
        f"{MATCHER}: another distance when the two are exchanged, in some chains": matcher["other_when_exchanged"]
        > 0,
        f"{MATCHER}: both steps match but not their ends, in some chains": matcher["but_not_both_together"] > 0,
    }


def _draw(found: dict[str, Any]) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 - plotting is heavy

    names = list(found)
    figure = Figure(figsize=(7.4, 0.34 * len(names) + 1.6), layout="constrained")
    ax = figure.subplots()
    marks = {
        "asymmetry": ("o", "order of the two"),
        "distance_to_itself_in_another_cell": ("s", "itself in another cell"),
        "triangle": ("^", "triangle inequality"),
    }
    for key, (mark, label) in marks.items():
        values = [max(found[name][key], FLOOR) for name in names]
        ax.plot(values, range(len(names)), mark, label=label, markersize=6, fillstyle="none")
    ax.axvline(EXACT, color="0.6", linewidth=0.8)
    ax.set_xscale("log")
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel(f"largest violation (Å; no unit for a cosine)\n{FLOOR:g} stands for none; grey line: the target")
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(marks))
    return figure


#: Drawn where nothing is violated.
FLOOR = 1e-17
