"""The histogram over pairs of reflections: two lengths and the angle between, whatever the unit cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.descriptors.base import check_numbers
from xtalprint.descriptors.reflection_shells import FONT, MOST_SHELLS, ShellDescriptor
from xtalprint.errors import XtalprintError
from xtalprint.geometry.bond_moments import DEGREE

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Narrower bells of the angle than this (degrees) are not made of harmonics of degree 12 any more.
NARROWEST, WIDEST = 10.0, 45.0
#: Columns of the picture.
PANELS = 4


@dataclass(frozen=True, kw_only=True)
class PairsOfReflections(ShellDescriptor):
    """Soft histogram over all pairs of reflections, by (|s|, |s'|, angle), weighted by both intensities.

        H(i, j, θ) = Σ_{s, s'} S(s) S(s') b_i(|s|) b_j(|s'|) K_θ(s·s'/|s||s'|) / (shell i · shell j)

    with S = |F|²/Σ_k f_k², the bells and the size of the shells of `ShellDescriptor`, and K_θ a Gaussian on the
    sphere about the cone of angle θ,

        K_θ(cos γ) = Σ_l (2l+1) exp(−l(l+1)σ²/2) P_l(cos θ) P_l(cos γ),   l = 0, 2, … 12.

    The sum over pairs is one over the harmonics C_lm of the shells,

        H(i, j, θ) = Σ_l exp(−l(l+1)σ²/2) P_l(cos θ) Σ_m C_lm(i) C_lm(j),

    so that the time is linear in the number of reflections. A reflection makes a pair with itself too.

    The array (angles, n, n) is symmetrical in the two shells, and S(i) S(j) for every angle where directions do not
    agree. It does not depend on cell, supercell, orientation, origin or order of the atoms, changes continuously with
    the crystal, and holds `ReflectionPowerSpectrum` (i = j) and `PowderPattern` in it. This is the unit-cell
    independent Fourier descriptor that J. Cumby and S. Seth (AI4SD project report 7, 2021) propose, "utilising the
    relative positions of pairs of F".

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
    angle_width
        σ of the angle in degrees, 10 to 45, and the distance of two angles from 0° to 90° (s and −s are one).
    """

    resolution: float = 0.1
    angle_width: float = 15.0

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning."""
        super().__post_init__()
        check_numbers(self, "angle_width")
        if not NARROWEST <= self.angle_width <= WIDEST:
            raise XtalprintError(
                f"angle_width must lie between {NARROWEST:g}° and {WIDEST:g}°", value=self.angle_width
            )
        if len(self.shells) ** 2 * len(self.angles) > MOST_SHELLS**2:
            raise XtalprintError(
                f"{len(self.shells)} shells make too many pairs", value=self.resolution, remedy="0.1 1/Å is usual"
            )

    @cached_property
    def angles(self) -> Floats:
        """(angles,) in degrees, 0 to 90."""
        angles: Floats = np.linspace(0, 90, round(90 / self.angle_width) + 1)
        return angles

    @property
    def shape(self) -> tuple[int, ...]:
        """(angles, shells, shells)."""
        return (len(self.angles), len(self.shells), len(self.shells))

    @cached_property
    def _kernels(self) -> Floats:
        """(degrees, angles) exp(−l(l+1)σ²/2) P_l(cos θ)."""
        degrees = np.arange(0, DEGREE + 1, 2)
        width = np.radians(self.angle_width)
        # numpy's series of Legendre polynomials: no need of SciPy.
        legendre = np.polynomial.legendre.legvander(np.cos(np.radians(self.angles)), DEGREE).T[::2]
        kernels: Floats = np.exp(-0.5 * degrees * (degrees + 1) * width**2)[:, None] * legendre
        return kernels

    def _invariants(self, harmonics: tuple[Floats, ...]) -> Floats:
        products = np.array([part @ part.T for part in harmonics])
        result: Floats = np.tensordot(self._kernels.T, products, axes=1)
        return result

    def _draw(self, figure: Figure, array: Floats) -> None:
        rows = -(-len(array) // PANELS)
        figure.set_size_inches(8.0, 0.6 + 2.1 * rows)
        grid = figure.subplots(rows, PANELS, sharex=True, sharey=True, squeeze=False)
        half = 0.5 * self.resolution
        place = (self.shells[0] - half, self.shells[-1] + half) * 2
        # The square root shows weak pairs beside strong ones; rounding of the kernels may make a bin negative.
        roots = np.sqrt(np.maximum(array, 0.0))
        drawn = None
        for axes, angle, values in zip(grid.flat, self.angles, roots, strict=False):
            drawn = axes.imshow(values, origin="lower", extent=place, cmap="magma", vmin=0, vmax=roots.max())
            axes.set_title(f"{angle:.0f}°", fontsize=FONT)
        for axes in grid.flat[len(array) :]:
            axes.set_axis_off()
        for axes in grid[-1]:
            axes.set_xlabel("|s| in 1/Å", fontsize=FONT)
        for axes in grid[:, 0]:
            axes.set_ylabel("|s'| in 1/Å", fontsize=FONT)
        if drawn is not None:
            bar = figure.colorbar(drawn, ax=grid, pad=0.01)
            bar.set_label("√H", fontsize=FONT)
