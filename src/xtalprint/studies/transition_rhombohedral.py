"""A rhombohedral lattice on its way through bcc, sc and fcc: figure 4c and d of Ziletti et al. (2018)."""

from __future__ import annotations

from typing import Any

import numpy as np

from xtalprint.prototypes import rhombohedral
from xtalprint.studies.base import StudyResult
from xtalprint.studies.lattice_paths import CubicLattice, checks, draw, found, rows, step, walk

#: Hexagonal lattice constant in Å, and places on the path, as in the paper and its authors' script.
A, PLACES, QUICK_PLACES = 5.0, 161, 41
START = np.sqrt(3 / 8)
STOP = 5 * START
BETWEEN = "hex/rh"

FACES = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
#: In terms of the three equivalent vectors of the primitive cell.
LATTICES = (
    CubicLattice("bcc", START, np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), np.array([[0, 0, 0], [0.5, 0.5, 0.5]])),
    CubicLattice("sc", 2 * START, np.eye(3), np.zeros((1, 3))),
    CubicLattice("fcc", 4 * START, np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]), FACES),
)


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Classify AFLOW A_hR1_166_a with a = 5 Å and c/a from √(3/8) to 5·√(3/8).

    Nothing is random; ``seed`` is not used.
    """
    del seed
    places = np.linspace(START, STOP, QUICK_PLACES if quick else PLACES)
    steps = [step(rhombohedral(A, c), c, between=BETWEEN, lattices=LATTICES) for c in places.tolist()]
    walks = walk(steps)
    figures: dict[str, Any] = {
        "paper": {"answer_at": {at.crystal_class: at.crystal_class for at in LATTICES}, "share_between": 1.0},
        "places": {at.crystal_class: at.place for at in LATTICES},
        "step": float(places[1] - places[0]),
        **found(steps, walks, LATTICES, BETWEEN),
        "checks": checks(walks, LATTICES, BETWEEN),
    }
    drawing = draw(walks, LATTICES, title="Rhombohedral lattice on its way through bcc, sc and fcc")
    return StudyResult(figures, rows(walks), {"transition-rhombohedral": drawing})
