"""Triple products of the intensity on each shell: how its directions lie, not only how strongly they agree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.descriptors.reflection_shells import FONT, ShellDescriptor
from xtalprint.geometry.bond_moments import real_harmonics

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Highest degree of the three; all products of three are then of degree 24 or less.
HIGHEST = 8
#: (l1, l2, l3) even, not zero, that a triangle can have as its sides.
TRIADS = tuple(t for t in combinations_with_replacement(range(2, HIGHEST + 1, 2), 3) if t[2] <= t[0] + t[1])


@dataclass(frozen=True, kw_only=True)
class ReflectionBispectrum(ShellDescriptor):
    """∫ I_l1 I_l2 I_l3 dΩ/4π on soft shells, I_l being the part of degree l of the intensity on a shell.

    The array (17, n) has a row for each (l1, l2, l3) of `TRIADS`, with sign. Where the power spectrum says how much
    of each degree there is, this tells how the parts are turned against each other and with which sign. It
    does not depend on cell, supercell, orientation, origin or order of the atoms, and changes continuously.

    Parameters
    ----------
    s_max
        Middle of the last shell in 1/Å.
    resolution
        Distance of two shells in 1/Å; each is a bell of standard deviation ``resolution``/√3.
    scale
        sites: intensities are |F|²/Σ_j f_j², near 1 for a typical reflection of any crystal; volume: |F|²/V, which
        tells heavy and dense crystals from others too.
    table
        Form factors: it92 (X-rays), c4322 (electrons), neutron92.

    Notes
    -----
    Bispectrum of functions on the sphere: R. Kakarala, J. Math. Imaging Vis. 44, 341 (2012). The integral is done by
    a product rule that is exact for these degrees, instead of Clebsch-Gordan coefficients.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(triads, shells)."""
        return (len(TRIADS), len(self.shells))

    @cached_property
    def triads(self) -> tuple[tuple[int, int, int], ...]:
        """Degrees of the rows."""
        return TRIADS

    def _invariants(self, harmonics: tuple[Floats, ...]) -> Floats:
        weights, directions = _quadrature()
        # √4π: C_00 is the mean of the intensity, not its integral with Y_00.
        # Not by matrix products: their last bits would depend on the number of threads.
        fields = {
            degree: np.einsum("sm,md->sd", np.sqrt(4 * np.pi) * harmonics[degree // 2], directions[degree])
            for degree in range(2, HIGHEST + 1, 2)
        }
        rows = [np.einsum("sd,d->s", fields[a] * fields[b] * fields[c], weights) for a, b, c in TRIADS]
        return np.array(rows)

    def _draw(self, figure: Figure, array: Floats) -> None:
        axes = figure.subplots()
        roots = np.cbrt(array)
        largest = float(abs(roots).max()) or 1.0
        half = 0.5 * self.resolution
        place = (self.shells[0] - half, self.shells[-1] + half, len(array) - 0.5, -0.5)
        drawn = axes.imshow(roots, extent=place, aspect="auto", cmap="RdBu", vmin=-largest, vmax=largest)
        axes.set_yticks(range(len(array)), [f"{a}, {b}, {c}" for a, b, c in TRIADS])
        axes.set_xlabel("|s| in 1/Å", fontsize=FONT)
        axes.set_ylabel("degrees of the three", fontsize=FONT)
        figure.colorbar(drawn, ax=axes, pad=0.01).set_label("cube root of the triple product", fontsize=FONT)


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Floats, dict[int, Floats]]:
    """Weights (n,) of sum 1 of a rule exact to degree 24 over half the sphere, and harmonics there, (2l + 1, n)."""
    z, weights = np.polynomial.legendre.leggauss(3 * HIGHEST // 2 + 1)
    n_around = 3 * HIGHEST + 2
    # Even functions repeat at the opposite point: half of the points about the pole will do.
    around = np.pi * np.arange(n_around // 2) / (n_around // 2)
    across = np.sqrt(1 - z**2)
    points = np.stack(
        [np.outer(across, np.cos(around)), np.outer(across, np.sin(around)), np.outer(z, np.ones_like(around))],
        axis=-1,
    ).reshape(-1, 3)
    flat = np.repeat(weights / weights.sum() / len(around), len(around))
    return flat, {
        degree: np.ascontiguousarray(real_harmonics(degree, points).T) for degree in range(2, HIGHEST + 1, 2)
    }
