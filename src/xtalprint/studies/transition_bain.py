"""The Bain path: a body-centred tetragonal lattice on its way through bcc and fcc, made here and from a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.io import read_table
from xtalprint.prototypes import body_centred_tetragonal
from xtalprint.studies.base import StudyResult, chosen, data_file
from xtalprint.studies.lattice_paths import SAME_PLACE, CubicLattice, checks, draw, found, rows, step, walk

if TYPE_CHECKING:
    from xtalprint.io.tables import CrystalTable
    from xtalprint.studies.lattice_paths import Step

BETWEEN = "bct_139"
#: c/a of the path made here, and Å³ for each atom: those of the data set.
FIRST, LAST, VOLUME = 0.5, 2.0, 15.0
#: Places; the two cubic ones are added.
PLACES, QUICK_PLACES, QUICK_STRUCTURES = 301, 31, 20
FACES = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
#: In terms of the conventional cell: fcc has its cube turned by 45° about c, with the face diagonals as edges.
LATTICES = (
    CubicLattice("bcc", 1.0, np.eye(3), np.array([[0, 0, 0], [0.5, 0.5, 0.5]])),
    CubicLattice("fcc", np.sqrt(2), np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 1]]), FACES),
)


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Classify a bct lattice of Fe with c/a from 0.5 to 2, and the 202 of the data set.

    ``seed`` chooses the structures of the data set in a quick run; nothing else is random.
    """
    table = read_table(data_file("prototypes", "bain_path.parquet"))
    made = [_made(c) for c in _places(QUICK_PLACES if quick else PLACES)]
    some = chosen(len(table.ids), QUICK_STRUCTURES if quick else None, seed)
    given = [_given(table, i) for i in sorted(some, key=lambda i: float(table.labels["c_over_a"][i]))]
    walks, walks_given = walk(made), walk(given)
    groups = [table.labels["spacegroup_0p1"][i] for i in some]
    figures: dict[str, Any] = {
        "paper": "has no Bain path; expected is the class of the lattice",
        "places": {at.crystal_class: at.place for at in LATTICES},
        "made": found(made, walks, LATTICES, BETWEEN),
        "data_set": {
            "space_groups_in_the_table": {str(group): groups.count(group) for group in sorted(set(groups))},
            **found(given, walks_given, LATTICES, BETWEEN),
        },
        "checks": checks(walks, LATTICES, BETWEEN),
    }
    table_rows = [{"set": "made", **row} for row in rows(walks)]
    table_rows += [{"set": "data set", **row} for row in rows(walks_given)]
    drawing = draw(walks, LATTICES, title="Bain path: body-centred tetragonal Fe on its way through bcc and fcc")
    return StudyResult(figures, table_rows, {"transition-bain": drawing})


def _places(n: int) -> list[float]:
    """Even steps, and the cubic lattices."""
    even = np.linspace(FIRST, LAST, n)
    cubic = np.array([at.place for at in LATTICES])
    # A step that meets a cubic lattice but for rounding is that lattice.
    even = even[np.abs(even[:, None] - cubic).min(axis=1) > SAME_PLACE]
    places: list[float] = np.sort(np.concatenate([even, cubic])).tolist()
    return places


def _made(c_over_a: float) -> Step:
    crystal = body_centred_tetragonal((2 * VOLUME / c_over_a) ** (1 / 3), c_over_a)
    return step(crystal, c_over_a, between=BETWEEN, lattices=LATTICES)


def _given(table: CrystalTable, i: int) -> Step:
    """One-atom cell of the data set; the same lattice in its conventional cell for the cubic axes."""
    a, c_over_a = float(table.labels["a"][i]), float(table.labels["c_over_a"][i])
    conventional = body_centred_tetragonal(a, c_over_a)
    return step(table.crystals[i], c_over_a, between=BETWEEN, lattices=LATTICES, conventional=conventional)
