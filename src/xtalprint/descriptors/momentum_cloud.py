"""The momentum-space point cloud of Wang et al. (2022): points of the reciprocal lattice with their intensities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Fingerprint, check_numbers, disorder_warnings
from xtalprint.descriptors.clouds import Cloud, CloudBatch, CloudFingerprint, batch_of_clouds
from xtalprint.errors import XtalprintError, not_a_crystal
from xtalprint.geometry.lattice_basis import LatticeBasis, given_basis, lattice_basis
from xtalprint.scattering.intensities import box_points, intensities, sphere_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.scattering import FormFactorTable

    Integers = NDArray[np.int64]

#: Miller indices of the two smallest published clouds: the reciprocal basis, without and with the origin.
BASIS = np.array([(0, 0, 1), (0, 1, 0), (1, 0, 0)], dtype=np.int64)
BASIS_AND_ORIGIN = np.array([(0, 0, 0), *BASIS.tolist()], dtype=np.int64)
#: Largest Miller limit of a box: 68,921 points.
LARGEST_LIMIT = 20
#: Range of the tolerance in Å that the symmetry search takes.
SYMPREC = (1e-12, 2.0)
CHOICES = {
    "cell": ("primitive", "conventional", "given"),
    "radiation": ("x-ray", "neutron"),
    "form_factors": ("published", "it92"),
}


@dataclass(frozen=True, kw_only=True)
class MomentumCloud:
    """Points of the reciprocal lattice near the origin, each with the intensity that the crystal scatters there.

    At s = h a* + k b* + l c* (1/Å, no 2π) the intensity is

        I = |F|²/V²,    F = Σ_j o_j f_j(|s|) exp(2πi (h x_j + k y_j + l z_j)),

    with neither a Debye-Waller nor a Lorentz factor; the origin is kept, I(000) = (ΣZ/V)². The array has a row of
    four numbers for each point, s/5 and (ln(I + 10⁻⁶) − ln 10⁻⁶)/15, in ascending order of h, k, l.

    Nothing is turned, idealised or moved: the symmetry search only chooses the vectors whose reciprocal lattice it
    is, and points absent by the centring of a conventional cell have I = 0. A turned crystal gives turned points with
    the same intensities. Which points a box holds depends on the choice of vectors: for a skewed lattice another
    standard setting gives another cloud. A sphere (``s_max``) of a primitive cell depends on the lattice alone.

    Parameters
    ----------
    n_points
        3 (hkl = 100, 010, 001), 4 (and the origin), or (2n + 1)³ for all hkl with indices from −n to n: 27, 125, 343,
        729 and so on.
    s_max
        If given, all points with |s| ≤ s_max in 1/Å instead; their number depends on the crystal.
    cell
        Whose reciprocal lattice: ``primitive`` or ``conventional`` standard cell, found by a symmetry search, or the
        cell as ``given``.
    radiation
        ``x-ray``, I in electrons²/Å⁶, or ``neutron``, I in fm²/Å⁶.
    form_factors
        For X-rays: ``published``, pymatgen's formula, which the paper used, or ``it92``, the better ones of the
        International Tables.
    symprec
        Distance in Å by which atoms may be off their symmetrical places in the search.

    Notes
    -----
    Y. Wang, X.-J. Zhang, F. Xia, E. A. Olivetti, S. D. Wilson, R. Seshadri and J. M. Rondinelli, Phys. Rev. Research
    4, 023029 (2022); points, intensities and features as in the authors' released code.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> platinum = Crystal([[0, 0, 0]], ["Pt"], cell=1.96 * (np.ones((3, 3)) - np.eye(3)))
    >>> MomentumCloud().compute(platinum).array.shape
    (343, 4)
    >>> cloud = MomentumCloud(cell="conventional").cloud(platinum)
    >>> round(cloud.intensity((1, 1, 1)), 6), cloud.intensity((1, 0, 0))
    (17.605646, 0.0)
    """

    n_points: int = 343
    s_max: float | None = None
    cell: Literal["primitive", "conventional", "given"] = "primitive"
    radiation: Literal["x-ray", "neutron"] = "x-ray"
    form_factors: Literal["published", "it92"] = "published"
    symprec: float = 0.1

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning."""
        check_numbers(self, "symprec", whole=("n_points",))
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise XtalprintError(
                    f"unknown {name}", value=getattr(self, name), remedy=f"use one of {', '.join(choices)}"
                )
        if not SYMPREC[0] <= self.symprec <= SYMPREC[1]:
            raise XtalprintError(
                f"symprec must lie between {SYMPREC[0]:g} and {SYMPREC[1]:g} Å",
                value=self.symprec,
                remedy="0.1 is usual",
            )
        if self.s_max is not None:
            check_numbers(self, "s_max")
            if not (np.isfinite(self.s_max) and self.s_max > 0):
                raise XtalprintError("s_max must be a positive number", value=self.s_max, remedy="give it in 1/Å")
        _ = self._box

    @property
    def _box(self) -> Integers:
        """Miller indices of the box."""
        if self.n_points in {len(BASIS), len(BASIS_AND_ORIGIN)}:
            return BASIS if self.n_points == len(BASIS) else BASIS_AND_ORIGIN
        limit = (round(max(self.n_points, 0) ** (1 / 3)) - 1) // 2
        if not 1 <= limit <= LARGEST_LIMIT or (2 * limit + 1) ** 3 != self.n_points:
            raise XtalprintError(
                "n_points must be 3, 4 or the cube of an odd number",
                value=self.n_points,
                remedy=f"published are 3, 4, 27, 125, 343 and 729; the most is {(2 * LARGEST_LIMIT + 1) ** 3}",
            )
        return box_points(limit)

    @property
    def _table(self) -> FormFactorTable:
        if self.radiation == "neutron":
            return "neutron92"
        return "pymatgen" if self.form_factors == "published" else "it92"

    def cloud(self, crystal: Crystal) -> Cloud:
        """Compute Miller indices, positions and intensities in double precision, before they become features.

        Raises
        ------
        UnsupportedInputError
            As `compute`.
        """
        return self._computed(crystal)[0]

    def compute(self, crystal: Crystal) -> CloudFingerprint:
        """Compute the features of one crystal.

        Parameters
        ----------
        crystal
            That repeats in three directions; species on a disordered site are averaged.

        Returns
        -------
        Fingerprint with an array (n, 4) in single precision, see the class; ``.cloud`` has the raw values.

        Raises
        ------
        UnsupportedInputError
            If the crystal does not repeat in three directions, an element has no form factor, or a sphere holds more
            than a million points.
        """
        cloud, warnings = self._computed(crystal)
        return CloudFingerprint(
            cloud.features().astype(np.float32),
            self,
            crystal.source,
            crystal.frame,
            tuple(warnings),
            crystal.formula,
            cloud=cloud,
        )

    def compute_many(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> CloudBatch:
        """Compute those of many crystals, each the same to the last bit as `compute` gives.

        Parameters
        ----------
        crystals
            Any number of them.
        threads
            How many work at a time; None means all cores.

        Returns
        -------
        Batch with an array (n_ok, n, 4) and a mask (n_ok, n). Where the number of points differs, n is the largest,
        and rows beyond a crystal's own are zero in the array and False in the mask. A crystal that fails becomes a
        `Failure`.
        """
        return batch_of_clouds(self, crystals, threads=threads, width=self.n_points if self.s_max is None else 0)

    def plot(self, fingerprint: Fingerprint, *, title: str | None = None, width: float = 6.4) -> Figure:
        """Draw the points in reciprocal space, size and colour by intensity.

        Parameters
        ----------
        fingerprint
            What `compute` gave.
        title
            Default: the formula.
        width
            Of the figure in inches.
        """
        from xtalprint.descriptors.cloud_plot import draw_cloud  # noqa: PLC0415 - matplotlib is heavy

        if not isinstance(fingerprint, CloudFingerprint):
            raise XtalprintError("this fingerprint has no cloud", value=repr(fingerprint), remedy="compute it anew")
        unit = "e²/Å⁶" if self.radiation == "x-ray" else "fm²/Å⁶"
        return draw_cloud(fingerprint.cloud, title=title or fingerprint.formula or "", unit=unit, width=width)

    def _computed(self, crystal: Crystal) -> tuple[Cloud, list[str]]:
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        try:
            basis, warnings = self._basis(crystal)
            reciprocal = basis.reciprocal
            hkl = self._box if self.s_max is None else sphere_points(reciprocal, self.s_max)
            paired = self.s_max is not None or self.n_points > len(BASIS_AND_ORIGIN)
            values = intensities(crystal, hkl, reciprocal, table=self._table, paired=paired)
        except XtalprintError as error:
            error.located(source=crystal.source, frame=crystal.frame)
            raise
        if basis.vectors is not basis.primitive:
            values[basis.absent(hkl)] = 0.0
        return Cloud(hkl, reciprocal, values), warnings + disorder_warnings(crystal)

    def _basis(self, crystal: Crystal) -> tuple[LatticeBasis, list[str]]:
        if self.cell == "given":
            return given_basis(crystal), []
        basis = lattice_basis(crystal, kind=self.cell, symprec=self.symprec)
        if basis.found:
            return basis, []
        return basis, [f"no symmetry found at {self.symprec:g} Å: the reduced cell stands for the {self.cell} one"]
