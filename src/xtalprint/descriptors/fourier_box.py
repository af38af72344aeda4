"""The Fourier descriptor of the report: |F_hkl|² on a box of hkl in the Niggli-reduced cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Fingerprint, FingerprintBatch, check_numbers, compute_batch, disorder_warnings
from xtalprint.errors import XtalprintError, not_a_crystal
from xtalprint.geometry.niggli import niggli_cell
from xtalprint.geometry.primitive import check_symprec, reduced_cell
from xtalprint.scattering.form_factors import LARGEST_S, TABLES, FormFactorTable
from xtalprint.scattering.intensities import box_points, intensities
from xtalprint.scattering.reflections import sites_one_by_one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Scale = Literal["volume", "cell", "sites"]
#: Largest limit of the indices: 68,921 points.
MOST = 20
FONT = 8.0


@dataclass(frozen=True, kw_only=True)
class FourierBox:
    """|F_hkl|² for all |h|, |k|, |l| ≤ ``limit`` of the Niggli-reduced cell.

        F_hkl = Σ_j o_j f_j(|s|) exp(2πi (h x_j + k y_j + l z_j)),   |s| = |h a* + k b* + l c*|

    The array (2n+1, 2n+1, 2n+1) is indexed by h + n, k + n, l + n; the origin, (Σ f(0))², is kept. Opposite points
    have the same value.

    What holds: it does not depend on the orientation, the origin, the order of the atoms, nor on the cell or (with
    ``primitive``) supercell given, as far as the reduced cell is unique. What does not: (1) where the lattice has
    more symmetry than the crystal, several choices of axes are Niggli reduced and give boxes in other orders; (2) the
    reduced cell jumps between crystals that are nearly equal, and the box with it (``study fourier-jump``), which the
    report blames for the poor generalisation of models on it. `PairsOfReflections` has neither fault.

    Parameters
    ----------
    limit
        Largest index n. The report names none; 3 (343 points) is what Wang et al. (2022) take for point clouds.
        Points beyond |s| = 4 1/Å, where form factors end, give a warning.
    scale
        volume: |F|²/V², comparable between cells of any size; cell: |F|² as it is; sites: |F|² divided by
        Σ_sites f², near 1 for a typical reflection of any crystal.
    primitive
        Whether the cell is made primitive first, as the definition of a reduced cell demands; without it a
        supercell has another box.
    symprec
        Å by which the copies of a site may be off in this.
    table
        Form factors: it92 (X-rays), c4322 (electrons), neutron92.

    Notes
    -----
    J. Cumby and S. Seth, "Interpretable crystal descriptions across length scales for materials discovery", AI4SD
    project report 7 (2021), section 6.1.

    Examples
    --------
    >>> polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    >>> box = FourierBox(scale="sites").compute(polonium).array
    >>> box.shape, float(box.min()), float(box.max())
    ((7, 7, 7), 1.0, 1.0)
    """

    limit: int = 3
    scale: Scale = "volume"
    primitive: bool = True
    symprec: float = 0.01
    table: FormFactorTable = "it92"

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning."""
        check_numbers(self, "symprec", whole=("limit",))
        if not 1 <= self.limit <= MOST:
            raise XtalprintError(f"limit must lie between 1 and {MOST}", value=self.limit, remedy="3 is usual")
        check_symprec(self.symprec)
        for name, names in (("scale", get_args(Scale)), ("table", TABLES)):
            if getattr(self, name) not in names:
                raise XtalprintError(f"unknown {name}", value=getattr(self, name), remedy=f"use {', '.join(names)}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the array."""
        return (2 * self.limit + 1,) * 3

    def compute(self, crystal: Crystal) -> Fingerprint:
        """Compute the box of one crystal.

        Raises
        ------
        UnsupportedInputError
            If it does not repeat in three directions, or has an element without form factor.
        """
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        try:
            reduced = reduced_cell(crystal, symprec=self.symprec) if self.primitive else niggli_cell(crystal)
            array = self._array(reduced)
        except XtalprintError as error:
            error.located(source=crystal.source, frame=crystal.frame)
            raise
        warnings = (*disorder_warnings(crystal), *self._beyond(reduced))
        return Fingerprint(array.astype(np.float32), self, crystal.source, crystal.frame, warnings, crystal.formula)

    def compute_many(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> FingerprintBatch:
        """Compute those of many crystals, each the same to the last bit as `compute` gives."""
        return compute_batch(self, crystals, shape=self.shape, threads=threads)

    def plot(self, fingerprint: Fingerprint) -> Figure:
        """Draw the layers l = 0, 1, … of a box; returns a matplotlib figure."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
        from matplotlib.colors import LogNorm  # noqa: PLC0415 - as above
        from matplotlib.figure import Figure  # noqa: PLC0415 - as above

        array, n = np.asarray(fingerprint.array, dtype=np.float64), self.limit
        columns = min(n + 1, 4)
        rows = -(-(n + 1) // columns)
        figure = Figure(figsize=(2.0 * columns + 0.8, 2.3 * rows + 0.5), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(" · ".join(s for s in (fingerprint.formula, fingerprint.source) if s), fontsize=FONT + 1)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        largest = float(array.max()) or 1.0
        scale = LogNorm(1e-4 * largest, largest)
        floor = np.maximum(array, 1e-4 * largest)
        drawn = None
        for layer, axes in enumerate(grid.flat):
            if layer > n:
                axes.set_axis_off()
                continue
            place = (-n - 0.5, n + 0.5) * 2
            drawn = axes.imshow(floor[:, :, n + layer].T, origin="lower", extent=place, cmap="magma", norm=scale)
            axes.set_title(f"l = {layer}", fontsize=FONT)
            axes.set_xlabel("h", fontsize=FONT)
            axes.tick_params(labelsize=FONT)
        for axes in grid[:, 0]:
            axes.set_ylabel("k", fontsize=FONT)
        if drawn is not None:
            units = {"volume": "|F|²/V² in 1/Å⁶", "cell": "|F|²", "sites": "|F|²/Σf²"}
            figure.colorbar(drawn, ax=grid, pad=0.01).set_label(units[self.scale], fontsize=FONT)
        return figure

    def _beyond(self, reduced: Crystal) -> list[str]:
        lengths = np.linalg.norm(box_points(self.limit) @ np.linalg.inv(np.asarray(reduced.cell)).T, axis=1)
        n = int((lengths > LARGEST_S).sum())
        told = (
            f"{n} of the {len(lengths)} points of the box are beyond |s| = {LARGEST_S:g} 1/Å, where form factors end"
        )
        return [told] if n else []

    def _array(self, reduced: Crystal) -> Floats:
        points = box_points(self.limit)
        reciprocal = np.linalg.inv(np.asarray(reduced.cell)).T
        array = intensities(reduced, points, reciprocal, table=self.table, paired=True)
        if self.scale == "cell":
            array *= reduced.volume**2
        elif self.scale == "sites":
            lengths = np.sqrt(((points @ reciprocal) ** 2).sum(axis=1))
            array *= reduced.volume**2 / sites_one_by_one(reduced, lengths, self.table)
        return array.reshape(self.shape)
