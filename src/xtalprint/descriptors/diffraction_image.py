"""The two-dimensional diffraction fingerprint of Ziletti, Kumar, Scheffler and Ghiringhelli (2018)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from xtalprint import geometry
from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import (
    Fingerprint,
    FingerprintBatch,
    check_numbers,
    compute_batch,
    disorder_warnings,
    listed,
)
from xtalprint.elements import SYMBOLS
from xtalprint.errors import XtalprintError, not_a_crystal
from xtalprint.geometry.symmetry import MAX_SITES
from xtalprint.scattering import (
    COMPILE_FROM,
    TABLES,
    Detector,
    ImageGeometry,
    image_of_cluster,
    largest_atomic_number,
    use_compiled_sum,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray


#: Parameters that are numbers, and those that are whole ones.
NUMBERS = (
    *("wavelength", "detector_distance", "pixel_size", "rotation_angle", "inner_mask", "outer_mask"),
    *("z_offset", "symprec"),
)
WHOLE_NUMBERS = ("n_pixels", "min_atoms", "max_atoms")
#: A box in which no symmetry is found is long if its heights differ by more than this factor; seen is then a compact
#: piece of this many times `min_atoms`.
LONG, COMPACT = 1.3, 2
#: The bond length of a larger box is measured on this many atoms in its middle.
SAMPLE = 10_000


@dataclass(frozen=True, kw_only=True)
class DiffractionImage:
    """Diffraction patterns of a cluster turned by ±45° about x, y and z, as the channels of one image.

    The crystal is brought to its standard cell, repeated to at least ``min_atoms`` sites, cut free (no periodic
    images), scaled to a nearest-neighbour distance of 1 Å, turned, and seen by a flat detector through

        I(s) ∝ cos³(2θ) · |Σ_j f_{Z_j}(|s|) exp(−2πi s·r_j)|²

    on the curved Ewald sphere. The intensities of the two directions of a turn are added, and all three channels are
    divided by their one maximum. The result is exact to 1e-5 of that maximum.

    Parameters
    ----------
    wavelength
        Wavelength in Å.
    detector_distance
        Distance from the crystal to the detector in m.
    pixel_size
        Edge of a pixel in m.
    n_pixels
        Pixels along an edge of the detector.
    rotation_angle
        Angle in degrees by which the crystal is turned about each axis.
    inner_mask
        Radius in pixels below which the image is zero.
    outer_mask
        Radius in pixels above which the image is zero.
    z_offset
        Added to every atomic number, so that light elements show; beyond the end of the table its last element is
        taken, with a warning.
    form_factors
        Table of form factors: it92 (X-rays), c4322 (electrons) or neutron92 (neutrons).
    min_atoms
        The standard cell is repeated until it has this many sites. A box in which no symmetry is found, and whose
        heights differ by more than 30 %, is cut to a compact piece of twice as many.
    max_atoms
        A larger cell or cluster is cut to a compact block of this many sites, in the axes as given: the peaks of a
        larger cluster are narrower than a pixel, so that it would be chance whether a pixel sees them.
    symprec
        Tolerance in Å of the symmetry search for the standard cell.
    scale
        Nearest-neighbour distance to scale by: mean (as in the paper) or robust (not shrunk by noise).

    Notes
    -----
    A. Ziletti, D. Kumar, M. Scheffler and L. M. Ghiringhelli, Nat. Commun. 9, 2775 (2018). Defaults are the paper's
    values; ``outer_mask`` is that of the authors' code, whose inner mask is 10.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> iron = Crystal([[0, 0, 0], [1.435] * 3], ["Fe", "Fe"], cell=2.87 * np.eye(3))
    >>> fingerprint = DiffractionImage().compute(iron)
    >>> fingerprint.array.shape, fingerprint.array.dtype, float(fingerprint.array.max())
    ((3, 64, 64), dtype('float32'), 1.0)
    """

    wavelength: float = 0.05
    detector_distance: float = 0.1
    pixel_size: float = 4e-4
    n_pixels: int = 64
    rotation_angle: float = 45.0
    inner_mask: float = 5.0
    outer_mask: float = 30.0
    z_offset: int = 2
    form_factors: Literal["it92", "c4322", "neutron92"] = "it92"
    min_atoms: int = 256
    max_atoms: int = 1024
    symprec: float = 0.1
    scale: Literal["mean", "robust"] = "mean"

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning."""
        check_numbers(self, *NUMBERS, whole=WHOLE_NUMBERS)
        if not np.isfinite(self.rotation_angle):
            raise XtalprintError("rotation_angle must be finite", value=self.rotation_angle)
        if not (np.isfinite(self.symprec) and self.symprec > 0):
            raise XtalprintError("symprec must be positive", value=self.symprec)
        if not 1 <= self.min_atoms <= self.max_atoms:
            raise XtalprintError(
                "min_atoms must be at least 1 and at most max_atoms", value=f"{self.min_atoms}, {self.max_atoms}"
            )
        if self.z_offset != int(self.z_offset) or self.z_offset < 0:
            raise XtalprintError("z_offset must be a whole number, 0 or more", value=self.z_offset)
        if self.form_factors not in TABLES:
            raise XtalprintError(
                "unknown table of form factors", value=self.form_factors, remedy=f"use one of {', '.join(TABLES)}"
            )
        if self.scale not in {"mean", "robust"}:
            raise XtalprintError("unknown scale", value=self.scale, remedy="use mean or robust")
        _ = self.detector  # checks the rest

    @cached_property
    def detector(self) -> Detector:
        """The detector of these parameters."""
        return Detector(
            wavelength=self.wavelength,
            distance=self.detector_distance,
            pixel=self.pixel_size,
            n_pixels=self.n_pixels,
            inner_mask=self.inner_mask,
            outer_mask=self.outer_mask,
        )

    def compute(self, crystal: Crystal) -> Fingerprint:
        """Compute the image of one crystal.

        Parameters
        ----------
        crystal
            With a cell, or a cluster, which is seen in its own axes.

        Returns
        -------
        Fingerprint with an array (3, n_pixels, n_pixels) in single precision, [channel, row = y, column = x], the
        channels being the turns about x, y and z; between 0 and 1.

        Raises
        ------
        UnsupportedInputError
            For a single atom without a cell, or an element that the table does not have.
        """
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        try:
            cluster, warnings = self.cluster(crystal)
            numbers, clamped = self._scatterers(cluster.numbers)
            array = image_of_cluster(
                cluster.positions,
                numbers,
                occupancies=None if cluster.is_ordered else cluster.occupancies,
                geometry=ImageGeometry(
                    detector=self.detector, rotation_angle=self.rotation_angle, table=self.form_factors
                ),
            )
        except XtalprintError as error:
            error.located(source=crystal.source, frame=crystal.frame)
            raise
        return Fingerprint(array, self, crystal.source, crystal.frame, warnings + clamped, crystal.formula)

    def compute_many(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> FingerprintBatch:
        """Compute the images of many crystals, each the same to the last bit as `compute` gives.

        Parameters
        ----------
        crystals
            Any number of them.
        threads
            How many work at a time; None means all cores.

        Returns
        -------
        Batch with an array (n_ok, 3, n_pixels, n_pixels); a crystal that fails becomes a `Failure`.
        """
        crystals = listed(crystals)
        if len(crystals) >= COMPILE_FROM:
            use_compiled_sum()
        return compute_batch(self, crystals, shape=(3, self.n_pixels, self.n_pixels), threads=threads)

    def cluster(self, crystal: Crystal) -> tuple[Crystal, tuple[str, ...]]:
        """Make the cluster whose pattern is taken: standard cell, replicas, scale.

        Returns
        -------
        The cluster, nearest-neighbour distance 1 Å, and what a person should know about it.
        """
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        warnings = disorder_warnings(crystal)
        standard, setting = crystal, list[str]()
        if crystal.is_cluster:
            warnings.append("no cell: the cluster is seen in its own axes, which decide what the image looks like")
        else:
            standard = geometry.standard_cell(crystal, symprec=self.symprec)
            setting = self._setting(crystal, standard)
        warnings += setting
        n_sites = standard.n_sites
        # Ten thousand atoms in the middle of a larger box tell its bond length.
        sample = standard if n_sites <= SAMPLE else geometry.central_block(standard, n_atoms=SAMPLE)
        length = geometry.bond_length(sample, method=self.scale)
        if n_sites > self.max_atoms:
            warnings.append(f"cut to the middle {self.max_atoms} of {n_sites} sites")
            n_rows = round(self.max_atoms * len(standard) / n_sites)
            standard = geometry.central_block(standard, n_atoms=n_rows)
        elif not crystal.is_cluster:
            standard = geometry.supercell_to(standard, min_atoms=self.min_atoms)
            if setting and all(crystal.pbc) and _is_long(standard):
                # No unit cell but a box: its shape is chance, and would show in the shape of the peaks.
                standard = geometry.compact_piece(standard, n_atoms=min(COMPACT * self.min_atoms, self.max_atoms))
        return geometry.scaled(geometry.to_cluster(standard), 1.0 / length), tuple(warnings)

    def plot(
        self,
        fingerprint: Fingerprint,
        *,
        title: str | None = None,
        gamma: float = 0.5,
        channels: bool = True,
        width: float = 7.2,
    ) -> Figure:
        """Draw the image as a figure for a paper: the RGB composite and the three channels.

        Parameters
        ----------
        fingerprint
            Made by this descriptor.
        title
            Default: the formula and the source.
        gamma
            Shown is intensity to this power, so that weak peaks are seen beside strong ones; 1 shows the intensity.
        channels
            Whether to show the channels beside the composite.
        width
            Of the figure in inches.

        Returns
        -------
        matplotlib figure; ``figure.savefig("image.png", dpi=300)`` writes it.
        """
        from xtalprint.descriptors.diffraction_plot import caption, draw_image  # noqa: PLC0415 - plotting is heavy

        return draw_image(
            fingerprint.array,
            self.detector,
            angle=self.rotation_angle,
            title=caption(fingerprint) if title is None else title,
            gamma=gamma,
            channels=channels,
            width=width,
        )

    def _setting(self, crystal: Crystal, standard: Crystal) -> list[str]:
        """Say so where the axes of the image are not the crystal's own."""
        if not all(crystal.pbc):
            return ["repeats along fewer than three directions: the image is taken in the axes of the cell as given"]
        if crystal.n_sites > MAX_SITES:
            return [
                f"{crystal.n_sites} sites: no standard cell is looked for, the axes are those of the cell as given"
            ]
        if standard.n_sites < crystal.n_sites or geometry.was_standardised(crystal, symprec=self.symprec):
            return []
        problem = (
            f"cell in an unusual setting: no symmetry was found within {self.symprec} Å in its {crystal.n_sites} "
            "sites, so the image is taken in the axes of the cell as given; a class read off it is right only if "
            "these are the conventional axes"
        )
        return [problem] if crystal.n_sites > 1 else []

    def _scatterers(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Atomic numbers whose form factors are used, and a warning where the table ends before."""
        last = largest_atomic_number(self.form_factors)
        beyond = numbers + self.z_offset > last
        if not beyond.any():
            return numbers + self.z_offset, ()
        names = ", ".join(SYMBOLS[z] for z in np.unique(numbers[beyond]))
        return np.minimum(numbers + self.z_offset, last), (
            f"the table of form factors ends before Z + {self.z_offset} of {names}: that of {SYMBOLS[last]} was used",
        )


def _is_long(crystal: Crystal) -> bool:
    if crystal.cell is None:
        return False
    heights = geometry.heights(crystal.cell)
    return bool(heights.max() > LONG * heights.min())
