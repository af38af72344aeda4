"""The power spectrum of the scattered intensity on shells of |s|: rotation-invariant, from the pairs of atoms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Fingerprint, FingerprintBatch, check_numbers, compute_batch
from xtalprint.descriptors.bond_orientational_order import (
    DENSITY_FROM,
    FEWEST_PAIRS,
    LONGEST,
    MOST_STEPS,
    overlap_share,
    piece_of,
)
from xtalprint.errors import UnsupportedInputError, XtalprintError, not_a_crystal
from xtalprint.geometry import bond_length
from xtalprint.geometry.bond_moments import DEGREE, bond_moments, harmonics_of_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Grid of the pair sums in bond lengths.
STEP = 0.05


@dataclass(frozen=True, kw_only=True)
class ScatteringPowerSpectrum:
    """How much of the intensity I(s) lies in the spherical harmonics of each degree, by |s|.

    The intensity of point atoms on the shell |s| has, up to a factor, the coefficients

        I_lm(s) = (−1)^(l/2) Σ_pairs W(r) j_l(2π s r) Y_lm(r̂),

    even l only; the pairs are binned in r once and transformed for all shells. Each length is divided by the number
    of pairs that the mean density would give, so that missing atoms and the size of a piece drop out, and faded out
    towards ``r_max`` by W = cos²(π r / 2 r_max). The array has the rows l = 0 (with sign, the mean density taken off)
    and √(4π/(2l+1) Σ_m I_lm²) for l = 2, 4, … 12.

    Parameters
    ----------
    s_min, s_max, resolution
        First and last |s| and the distance of two, in units of 1/bond length.
    r_max
        Longest pair in bond lengths.
    """

    s_min: float = 0.42
    s_max: float = 3.0
    resolution: float = 0.06
    r_max: float = 4.75

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning, and those whose pairs nobody can wait for."""
        check_numbers(self, "s_min", "s_max", "resolution", "r_max")
        for name in ("s_min", "resolution"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise XtalprintError(f"{name} must be a positive number", value=getattr(self, name))
        if not DENSITY_FROM < self.r_max <= LONGEST:
            raise XtalprintError(f"r_max must lie between {DENSITY_FROM} and {LONGEST}", value=self.r_max)
        if not 0 <= (self.s_max - self.s_min) / self.resolution <= MOST_STEPS:
            raise XtalprintError(
                f"resolution must divide s_min to s_max into at most {MOST_STEPS} steps",
                value=self.resolution,
                remedy="0.06 is usual",
            )

    @cached_property
    def shells(self) -> Floats:
        """(n,) |s| of the columns in units of 1/bond length."""
        n = round((self.s_max - self.s_min) / self.resolution) + 1
        shells: Floats = np.linspace(self.s_min, self.s_min + (n - 1) * self.resolution, n)
        return shells

    @cached_property
    def _grid(self) -> tuple[Floats, tuple[Floats, ...]]:
        """Lengths r, and for each degree W(r) r² j_l(2π s r) on the grid (n, r)."""
        from scipy.special import spherical_jn  # noqa: PLC0415 - 0.1 s

        r: Floats = STEP * np.arange(round(self.r_max / STEP) + 1, dtype=np.float64)
        weight = STEP * r**2 * np.cos(0.5 * np.pi * r / self.r_max) ** 2
        argument = 2 * np.pi * self.shells[:, None] * r
        return r, tuple(weight * spherical_jn(degree, argument) for degree in range(0, DEGREE + 1, 2))

    def compute(self, crystal: Crystal) -> Fingerprint:
        """Compute the spectrum (7, n) of a crystal with or without a cell, in any orientation.

        Raises
        ------
        UnsupportedInputError
            If there are too few pairs, such as for a single atom without images.
        """
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        try:
            piece, warnings = piece_of(crystal)
            array = self._array(piece, bond_length(piece, method="robust"))
        except XtalprintError as error:
            error.located(source=crystal.source, frame=crystal.frame)
            raise
        return Fingerprint(
            array.astype(np.float32), self, crystal.source, crystal.frame, tuple(warnings), crystal.formula
        )

    def compute_many(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> FingerprintBatch:
        """Compute those of many crystals, each the same to the last bit as `compute` gives."""
        return compute_batch(self, crystals, shape=(1 + DEGREE // 2, len(self.shells)), threads=threads)

    def plot(self, fingerprint: Fingerprint) -> Figure:
        """Draw the power of each degree against |s|."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
        from matplotlib.figure import Figure  # noqa: PLC0415 - as above

        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for degree, row in zip(range(0, DEGREE + 1, 2), fingerprint.array, strict=True):
            axes.plot(self.shells, row, label=f"l = {degree}")
        axes.set(xlabel="|s| · bond length", ylabel="intensity by degree", title=fingerprint.formula)
        figure.legend(loc="outside right upper", fontsize=8)
        return figure

    def _array(self, piece: Crystal, length: float) -> Floats:
        r, kernels = self._grid
        sums = bond_moments(piece, step=STEP * length, n_steps=len(r))
        volume = r**2
        if not any(piece.pbc):
            volume *= overlap_share(piece.positions / length, r)
        beyond = r > DENSITY_FROM
        if sums.counts[beyond].sum() < FEWEST_PAIRS:
            raise UnsupportedInputError(
                f"no two sites are {DENSITY_FROM} to {self.r_max} bond lengths of {length:.3g} Å apart",
                remedy="give more atoms, or the cell",
            )
        expected = np.maximum(volume, volume[1]) * sums.counts[beyond].sum() / volume[beyond].sum()
        rows = [kernels[0] @ (sums.counts / expected - 1.0)]
        moments = sums.moments / expected[:, None]
        for index, harmonics in enumerate(harmonics_of_moments()[1:], start=1):
            parts = kernels[index] @ (moments @ harmonics) * np.sqrt(4 * np.pi / (4 * index + 1))
            rows.append(np.sqrt((parts * parts).sum(axis=1)))
        return np.array(rows)
