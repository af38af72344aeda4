"""Hot crystals and liquids of soft spheres, by molecular dynamics of our own; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from xtalprint.crystal import Crystal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Number density N σ³/V at which the fluid of u = ε (σ/r)ⁿ freezes at kT = ε, by n: W. G. Hoover, D. A. Young,
#: R. Grover, J. Chem. Phys. 56, 2207 (1972). Soft ones freeze to bcc, hard ones to fcc.
FREEZING = {4: 5.54, 6: 2.18, 9: 1.334, 12: 1.15}
#: Pairs interact up to this length, in units of that of the close packing of the same density; forces are shifted.
CUTOFF = 2.6
#: Time step in units of 1/ω for ω² = 4 n (n + 1), and the share of atoms that get a new velocity in each.
STEP, COLLISIONS = 0.12, 0.02
#: A crystal is melted at so many times its freezing temperature first.
MELTING, MELTING_STEPS = 8.0, 300
_njit: Any = numba.njit


def freezing_temperature(exponent: int) -> float:
    """In units in which two atoms at the distance of the close packing of this density have the energy 1."""
    return float((np.sqrt(2) / FREEZING[exponent]) ** (exponent / 3))


def soft_spheres(
    crystal: Crystal, *, exponent: int, temperature: float, steps: int, rng: np.random.Generator, melt: bool = False
) -> Crystal:
    """Let the atoms of a box move at constant volume and temperature.

    Parameters
    ----------
    crystal
        A periodic box; elements do not matter.
    exponent
        n of the repulsion r⁻ⁿ, one of `FREEZING`.
    temperature
        In units of the freezing temperature at this density.
    steps
        Of velocity Verlet with Andersen's thermostat.
    rng
        The only source of chance.
    melt
        Melt it first.

    Returns
    -------
    The atoms in their order, moved; a crystal that has drifted as a whole is brought back.
    """
    cell = np.array(crystal.cell)
    length = float((np.sqrt(2) * abs(np.linalg.det(cell)) / len(crystal)) ** (1 / 3))
    positions = crystal.positions / length
    scaled, inverse = cell / length, np.linalg.inv(cell / length)
    velocities = np.zeros_like(positions)
    seed = int(rng.integers(2**31))
    freezing = freezing_temperature(exponent)
    if melt:
        positions = _run(positions, velocities, scaled, inverse, exponent, MELTING * freezing, MELTING_STEPS, seed)
    moved = _run(positions, velocities, scaled, inverse, exponent, temperature * freezing, steps, seed + 1)
    shift = length * moved - crystal.positions
    return Crystal(crystal.positions + shift - shift.mean(axis=0), crystal.numbers, cell=cell, source=crystal.source)


def _forces(positions: Floats, cell: Floats, inverse: Floats, exponent: int, forces: Floats) -> None:
    forces[:] = 0.0
    n = len(positions)
    end = exponent * CUTOFF ** (-exponent - 1)
    for i in range(n):
        for j in range(i + 1, n):
            x = positions[i, 0] - positions[j, 0]
            y = positions[i, 1] - positions[j, 1]
            z = positions[i, 2] - positions[j, 2]
            u = np.rint(x * inverse[0, 0] + y * inverse[1, 0] + z * inverse[2, 0])
            v = np.rint(x * inverse[0, 1] + y * inverse[1, 1] + z * inverse[2, 1])
            w = np.rint(x * inverse[0, 2] + y * inverse[1, 2] + z * inverse[2, 2])
            x -= u * cell[0, 0] + v * cell[1, 0] + w * cell[2, 0]
            y -= u * cell[0, 1] + v * cell[1, 1] + w * cell[2, 1]
            z -= u * cell[0, 2] + v * cell[1, 2] + w * cell[2, 2]
            squared = x * x + y * y + z * z
            if squared >= CUTOFF * CUTOFF:
                continue
            length = np.sqrt(squared)
            force = (exponent * length ** (-exponent - 1) - end) / length
            forces[i, 0] += force * x
            forces[i, 1] += force * y
            forces[i, 2] += force * z
            forces[j, 0] -= force * x
            forces[j, 1] -= force * y
            forces[j, 2] -= force * z


def _dynamics(  # noqa: PLR0917 - compiled: no keywords
    start: Floats,
    velocities: Floats,
    cell: Floats,
    inverse: Floats,
    exponent: int,
    temperature: float,
    steps: int,
    seed: int,
) -> Floats:
    np.random.seed(seed)  # noqa: NPY002 - the generator inside compiled code
    positions = start.copy()
    forces = np.empty_like(positions)
    _compiled_forces(positions, cell, inverse, exponent, forces)
    step = STEP / np.sqrt(4.0 * exponent * (exponent + 1))
    for turn in range(steps):
        velocities += 0.5 * step * forces
        positions += step * velocities
        _compiled_forces(positions, cell, inverse, exponent, forces)
        velocities += 0.5 * step * forces
        for i in range(len(positions)):
            if turn == 0 or np.random.random() < COLLISIONS:  # noqa: NPY002 - as above
                for axis in range(3):
                    velocities[i, axis] = np.sqrt(temperature) * np.random.normal()  # noqa: NPY002 - as above
    return positions


_compiled_forces = _njit(nogil=True, fastmath=True)(_forces)
_run = _njit(nogil=True)(_dynamics)
