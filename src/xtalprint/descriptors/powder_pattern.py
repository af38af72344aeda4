"""The intensity by |s| alone: a powder pattern on an absolute scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtalprint.descriptors.reflection_shells import FONT, ShellDescriptor

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PowderPattern(ShellDescriptor):
    """Structure factor S(|s|): mean of |F|²/Σ_j f_j² over all directions, on soft shells.

    The array (n,) tends to 1 at large |s|, with the scale volume to Σ_j f_j²/V; peaks stand at the lengths of the
    reflections. It does not depend on cell, supercell, orientation, origin or order of the atoms, and changes
    continuously with the crystal. Two crystals with the same distances between the same pairs of elements (homometric
    ones) cannot be told apart.

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

    Examples
    --------
    >>> import numpy as np
    >>> from xtalprint import Crystal
    >>> polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    >>> array = PowderPattern().compute(polonium).array
    >>> array.shape, float(PowderPattern().shells[array.argmax()].round(2))
    ((30,), 0.28)
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(shells,)."""
        return (len(self.shells),)

    def _invariants(self, harmonics: tuple[Floats, ...]) -> Floats:
        return harmonics[0][:, 0]

    def _draw(self, figure: Figure, array: Floats) -> None:
        axes = figure.subplots()
        self._draw_lines(axes, array[None], ["S"])
        if self.scale == "sites":
            axes.axhline(1, color="0.5", linewidth=0.5, linestyle=":")
        unit = {"sites": "|F|²/Σf²", "volume": "|F|²/V in 1/Å³"}[self.scale]
        axes.set_ylabel(f"S(|s|), mean of {unit}", fontsize=FONT)
