"""What the descriptors of the intensity on shells of |s| have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, get_args

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Fingerprint, FingerprintBatch, check_numbers, compute_batch, disorder_warnings
from xtalprint.errors import XtalprintError, not_a_crystal
from xtalprint.scattering.form_factors import LARGEST_S, TABLES, FormFactorTable
from xtalprint.scattering.shells import ShellScale, shell_harmonics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Shells of a descriptor, and how near to a whole number of them s_max must be.
MOST_SHELLS, WHOLE = 400, 1e-6
FONT = 8.0


@dataclass(frozen=True, kw_only=True)
class ShellDescriptor:
    """Intensity on soft shells |s| = w, 2w, … s_max, in spherical harmonics; the base of four descriptors.

    The intensity of a reflection is |F|²/Σ_j f_j² (or |F|²/V), that of a shell its sum divided by the number of
    reflections that the shell holds on average (see `xtalprint.scattering.shells`): a supercell has more reflections,
    all of them absent, and a larger volume, and everything stays as it is. A reflection is shared among the four
    nearest shells by a cubic B-spline, so that it enters and leaves each smoothly.
    """

    s_max: float = 1.2
    resolution: float = 0.04
    scale: ShellScale = "sites"
    table: FormFactorTable = "it92"

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning."""
        check_numbers(self, "s_max", "resolution")
        if not 0 < self.s_max <= LARGEST_S:
            raise XtalprintError(f"s_max must lie between 0 and {LARGEST_S} 1/Å", value=self.s_max)
        shells = self.s_max / max(self.resolution, 1e-9)
        if not (1 - WHOLE <= shells <= MOST_SHELLS + WHOLE and abs(shells - round(shells)) < WHOLE):
            raise XtalprintError(
                f"resolution must divide s_max into 1 to {MOST_SHELLS} shells",
                value=self.resolution,
                remedy=f"{type(self).resolution} 1/Å is usual",
            )
        if self.s_max + 2 * self.resolution > LARGEST_S + WHOLE:
            raise XtalprintError(
                f"s_max and two shells more, as far as the last one reaches, must end by {LARGEST_S:g} 1/Å",
                value=f"{self.s_max + 2 * self.resolution:g}",
                remedy="take a smaller s_max",
            )
        if self.scale not in get_args(ShellScale):
            raise XtalprintError("unknown scale", value=self.scale, remedy=f"use {', '.join(get_args(ShellScale))}")
        if self.table not in TABLES:
            raise XtalprintError("unknown table of form factors", value=self.table, remedy=f"use {', '.join(TABLES)}")

    @cached_property
    def shells(self) -> Floats:
        """(n,) middles of the shells in 1/Å."""
        shells: Floats = self.resolution * np.arange(1, round(self.s_max / self.resolution) + 1, dtype=np.float64)
        return shells

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        raise NotImplementedError

    def compute(self, crystal: Crystal) -> Fingerprint:
        """Compute the array of one crystal.

        Raises
        ------
        UnsupportedInputError
            If it does not repeat in three directions, has an element without form factor, or too many atoms.
        """
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        try:
            harmonics = shell_harmonics(
                crystal, self.shells, resolution=self.resolution, scale=self.scale, table=self.table
            )
        except XtalprintError as error:
            error.located(source=crystal.source, frame=crystal.frame)
            raise
        array = self._invariants(harmonics).astype(np.float32)
        warnings = tuple(disorder_warnings(crystal))
        return Fingerprint(array, self, crystal.source, crystal.frame, warnings, crystal.formula)

    def compute_many(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> FingerprintBatch:
        """Compute those of many crystals, each the same to the last bit as `compute` gives."""
        return compute_batch(self, crystals, shape=self.shape, threads=threads)

    def plot(self, fingerprint: Fingerprint) -> Figure:
        """Draw one fingerprint; returns a matplotlib figure."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
        from matplotlib.figure import Figure  # noqa: PLC0415 - as above

        figure = Figure(figsize=(7.2, 3.8), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(" · ".join(s for s in (fingerprint.formula, fingerprint.source) if s), fontsize=FONT + 1)
        self._draw(figure, np.asarray(fingerprint.array, dtype=np.float64))
        for axes in figure.axes:
            axes.tick_params(labelsize=FONT)
        return figure

    def _invariants(self, harmonics: tuple[Floats, ...]) -> Floats:
        raise NotImplementedError

    def _draw(self, figure: Figure, array: Floats) -> None:
        raise NotImplementedError

    def _draw_lines(self, axes: Axes, rows: Floats, labels: Sequence[str]) -> None:
        for row, label in zip(rows, labels, strict=True):
            axes.plot(self.shells, row, label=label, linewidth=1)
        axes.set_xlim(0, self.s_max)
        axes.set_xlabel("|s| in 1/Å", fontsize=FONT)


def legend(figure: Figure, axes: Axes) -> None:
    """Put the names of the lines beside the picture."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize=FONT, frameon=False)
