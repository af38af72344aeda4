"""Which of the equivalent axes and origins of a standard cell to take, so that the answer is always the same one."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Atoms up to this fraction of a cell vector below a face, and not more than `OFF_FACE`, stand on it.
ON_FACE = 0.03
#: The same in Å.
OFF_FACE = 0.5
#: Weights of x, y, z in the score: powers of the plastic number, so that no two arrangements tie by chance.
WEIGHTS = np.array([1.0, 1.3247179572447460, 1.7548776662466927])
#: Scores closer than this belong to equivalent arrangements.
SAME = 1e-6
#: Space groups from which each crystal system starts, and the rhombohedral ones.
MONOCLINIC, ORTHORHOMBIC, TETRAGONAL, TRIGONAL, CUBIC = 3, 16, 75, 143, 195
RHOMBOHEDRAL = frozenset({146, 148, 155, 160, 161, 166, 167})
#: Numbers held in memory at once.
CHUNK = 2_000_000


@cache
def rotations_of_axes(number: int) -> NDArray[np.float64]:
    """(K, 3, 3) proper changes of the standard axes (rows) that keep the shape of the standard cell of a group.

    Rhombohedral groups: those that keep the obverse setting.
    """
    if number >= CUBIC:
        found = _signed(list(permutations(range(3))))
    elif number >= TRIGONAL:
        turn = np.array([[0, 1, 0], [-1, -1, 0], [0, 0, 1]])  # by 120° about c: a → b, b → −a − b
        half = np.array([[1, 0, 0], [-1, -1, 0], [0, 0, -1]])  # by 180° about a
        found = [np.linalg.matrix_power(turn, i) @ m for i in range(3) for m in (np.eye(3, dtype=int), half)]
        if number not in RHOMBOHEDRAL:
            found += [np.diag([-1, -1, 1]) @ m for m in found]
    elif number >= TETRAGONAL:
        found = _signed([(0, 1, 2), (1, 0, 2)])
    elif number >= ORTHORHOMBIC:
        found = _signed([(0, 1, 2)])
    elif number >= MONOCLINIC:
        found = [np.eye(3, dtype=int), np.diag([-1, 1, -1])]
    else:
        found = [np.eye(3, dtype=int)]
    result = np.array(found, dtype=float)
    result.setflags(write=False)
    return result


def _signed(orders: list[tuple[int, ...]]) -> list[NDArray[np.int64]]:
    matrices = [np.diag(signs)[:, order] for order in orders for signs in product((1, -1), repeat=3)]
    return [m for m in matrices if round(np.linalg.det(m)) == 1]


def choose_setting(
    fractional: NDArray[np.float64],
    weights: NDArray[np.float64],
    origins: NDArray[np.float64],
    rotations: NDArray[np.float64],
    lengths: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose the axes and the origin that bring the atoms closest to the corner of the cell.

    Parameters
    ----------
    fractional
        (N, 3) sites in the standard cell.
    weights
        (N,) what stands on them.
    origins
        (M, 3) sites that may be the origin.
    rotations
        (K, 3, 3) axes to choose from, as `rotations_of_axes`.
    lengths
        (3,) of the cell vectors in Å.

    Returns
    -------
    The chosen rotation (3, 3) and origin (3,).
    """
    inverses = np.linalg.inv(rotations)
    margins = face_margins(np.abs(rotations).argmax(axis=2).choose(lengths))
    step = max(1, CHUNK // (3 * fractional.size * len(origins)))
    scores = []
    for start in range(0, len(rotations), step):
        # (K, M, N, 3): under new axes R·(a, b, c) fractions become x·R⁻¹
        placed = (fractional[None] - origins[:, None])[None] @ inverses[start : start + step, None]
        placed -= np.floor(placed + margins[start : start + step, None, None])
        scores.append(np.exp(placed @ WEIGHTS) @ weights)
    score = np.concatenate(scores)
    best = int(np.flatnonzero(score.ravel() <= score.min() * (1 + SAME))[0])
    which, origin = divmod(best, len(origins))
    return rotations[which], origins[origin]


def face_margins(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far below a face (fraction of each length in Å) an atom still counts as standing on it."""
    return np.minimum(ON_FACE, OFF_FACE / lengths)
