"""How much of the intensity on each shell has which angular degree, with the form factors of the elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.descriptors.reflection_shells import FONT, ShellDescriptor, legend
from xtalprint.geometry.bond_moments import DEGREE

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ReflectionPowerSpectrum(ShellDescriptor):
    """√(Σ_m C_lm²/(2l+1)) on soft shells of |s| for l = 0, 2, … 12: S(|s|), and how its directions agree.

    The array (7, n) has `PowderPattern` as its first row. The row l equals it where all reflections of a shell lie
    along one line, and is smaller the more evenly they are spread; cubic crystals have nothing in l = 2. It does not
    depend on cell, supercell, orientation, origin or order of the atoms, and changes continuously with the crystal.
    The sibling for pieces without a cell, of equal atoms, is `ScatteringPowerSpectrum`.

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
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(7, shells)."""
        return (1 + DEGREE // 2, len(self.shells))

    def _invariants(self, harmonics: tuple[Floats, ...]) -> Floats:
        return np.array([np.sqrt((part * part).mean(axis=1)) for part in harmonics])

    def _draw(self, figure: Figure, array: Floats) -> None:
        axes = figure.subplots()
        self._draw_lines(axes, array, [f"l = {degree}" for degree in range(0, DEGREE + 1, 2)])
        axes.set_ylabel("power of degree l", fontsize=FONT)
        legend(figure, axes)
