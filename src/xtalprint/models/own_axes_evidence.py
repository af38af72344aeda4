"""The symmetry of the atoms' own lattice, where a box tells nothing or there is none.

Noise and missing atoms hide the symmetry from a search, and a piece has no cell to search in. The lattice that maps
the atoms onto each other survives them; averaged over it, the crystal is whole again, and the error of the average
says at which tolerance to search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry import nearest_distances, scaled
from xtalprint.geometry.own_axes import own_axes
from xtalprint.geometry.symmetry import MOST_SYMPREC, find_symmetry
from xtalprint.models.symmetry_evidence import Finding, size_of_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: Tolerances of the search in units of the error of the mean cell.
ERRORS = (4.5, 10.0)
#: Least and largest tolerance in bond lengths.
LEAST, LARGEST = 0.003, 0.12
#: Sites of a primitive cell up to which it is taken as found.
SETTLED = 6
#: The lattice is looked for only if no output has this probability without it, or if a symmetry search has changed
#: the networks' answer: it costs more than all the rest.
SURE = 0.98


def is_settled(findings: Sequence[Finding]) -> bool:
    """Whether a search of the box as given has found a small cell, which cannot be a box with a fault."""
    return bool(findings) and 0 < findings[-1].n_sites <= SETTLED


def find_own_evidence(crystal: Crystal, bond_length: float) -> tuple[Finding, ...]:
    """Search the mean cell in the atoms' own lattice at each of `ERRORS`; nothing found if there is no lattice.

    Parameters
    ----------
    crystal
        With or without a cell; its elements are not looked at.
    bond_length
        In Å.
    """
    found = own_axes(crystal, length=bond_length)
    if found is None:
        return (Finding(0.0, 0, 0),) * len(ERRORS)
    length = float(nearest_distances(found.in_pose).mean())
    # Colloids, and whatever else is in larger units than atoms, would need tolerances that no search takes.
    shrink = min(1.0, MOST_SYMPREC / (LARGEST * length))
    mean = found.in_pose if shrink == 1 else scaled(found.in_pose, shrink)
    length, error = shrink * length, shrink * found.error
    findings = []
    for errors in ERRORS:
        symprec = max(LEAST * length, errors * error)
        symmetry = find_symmetry(mean, symprec=symprec) if symprec <= LARGEST * length else None
        findings.append(
            Finding(symprec, 0, 0)
            if symmetry is None
            else Finding(symprec, symmetry.number, len(symmetry.dataset.prim_std_cell.positions))
        )
    return tuple(findings)


def is_in_doubt(of_networks: NDArray[np.float64], weighed: NDArray[np.float64], sure: float) -> NDArray[np.bool_]:
    """(…) whether the answer is to be asked for once more.

    Parameters
    ----------
    of_networks, weighed
        (…, outputs) probabilities before and after a symmetry search was weighed with them.
    sure
        Probability that settles it, if the search has not changed the answer.
    """
    doubt: NDArray[np.bool_] = (weighed.max(axis=-1) < sure) | (
        weighed.argmax(axis=-1) != of_networks.argmax(axis=-1)
    )
    return doubt


def believed(
    of_networks: NDArray[np.float64],
    searched: NDArray[np.float64],
    marks: NDArray[np.int64],
    own_marks: NDArray[np.int64],
) -> NDArray[np.float64]:
    """(n, outputs) what the atoms' own lattice is weighed with.

    Where its cell is smaller than the one that a search of the box found, the box has a fault, whose symmetry says
    nothing of the crystal: then only what the networks say, else what they and the search say.

    Parameters
    ----------
    of_networks, searched
        (n, outputs) probabilities before and after a search was weighed with them.
    marks, own_marks
        (n, tolerances) of both searches; negative where there was none.
    """
    own, box = (size_of_mark(np.maximum(of[:, -1:], 0)) for of in (own_marks, marks))
    return np.where((own > 0) & (own < box), of_networks, searched)
