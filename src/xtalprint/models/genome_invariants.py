"""Numbers of the diffraction of a crystal that no choice of axes or cell enters: the input of our own network.

Most are made of the coefficients C_lm of the intensity on soft shells of |s| in spherical harmonics
(`xtalprint.scattering.shells`), in which neither origin, order of the sites nor cell matters. A rotation turns the
2 l + 1 coefficients of each l among themselves, by the same matrix on all shells. So two kinds of numbers stay:

- the power √(Σ_m C_lm²/(2 l + 1)) of each l on each shell, as `xtalprint.ReflectionPowerSpectrum`;
- the singular values of the matrix (shells, 2 l + 1) of each l. As many of them are above zero as there are
  combinations of spherical harmonics of degree l that all symmetries of the diffraction leave alone. For l = 2 these
  are 0 in cubic crystals, 1 in hexagonal, trigonal and tetragonal ones, 2, 3 and 5 in orthorhombic, monoclinic and
  triclinic ones; l = 4 and 6 part the three in the middle.

Beside them there can be the distances of the nearest neighbours: mean and standard deviation over the sites of the
distance of the k-th, which are the first two moments of the groups of `xtalprint.GRID`. Bonds are where the
diffraction at small |s| says least.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.reflection_power_spectrum import ReflectionPowerSpectrum
from xtalprint.errors import WrongUsageError, XtalprintError, not_a_crystal
from xtalprint.geometry import sorted_distances
from xtalprint.geometry.bond_moments import DEGREE
from xtalprint.scattering.shells import shell_harmonics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.scattering.form_factors import FormFactorTable

    Floats = NDArray[np.float64]

#: Degrees of the spherical harmonics; those of odd degree vanish, because I(−s) = I(s).
DEGREES = tuple(range(0, DEGREE + 1, 2))
#: Added before the logarithm: to a power, in units of |F|²/V, and to the share of a singular value in that of l = 0.
POWER_FLOOR, SHARE_FLOOR = 1e-3, 1e-4
#: Name of the last number.
DENSITY = "electrons/Å³"


@dataclass(frozen=True, kw_only=True)
class GenomeInvariants:
    """What our own network sees of a crystal: logarithms of numbers that are the same for all cells and orientations.

    Parameters
    ----------
    s_max, resolution
        Middle of the last shell, and distance of two, in 1/Å.
    tables
        Form factors: it92 (X-rays), c4322 (electrons), neutron92. With several, the numbers of one come after those
        of the other; how differently they see a crystal says more of its elements.
    n_neighbours
        How many nearest neighbours of each site have numbers.

    Examples
    --------
    >>> polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    >>> seen = GenomeInvariants().compute(polonium)
    >>> seen.shape
    (301,)
    >>> names = GenomeInvariants().names
    >>> round(float(seen[names.index("singular value 1 of l = 2")]), 4), round(float(np.log(1e-4)), 4)
    (-9.2103, -9.2103)
    >>> GenomeInvariants(tables=("it92", "c4322")).compute(polonium).shape
    (601,)
    >>> GenomeInvariants(n_neighbours=2).compute(polonium)[-4:].round(2).tolist()
    [3.35, 3.35, 0.0, 0.0]
    """

    s_max: float = ReflectionPowerSpectrum.s_max
    resolution: float = ReflectionPowerSpectrum.resolution
    tables: tuple[FormFactorTable, ...] = ("it92",)
    n_neighbours: int = 0

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning."""
        object.__setattr__(self, "tables", tuple(self.tables))  # a list, where it was read from a file
        if not self.tables or len(set(self.tables)) < len(self.tables):
            raise WrongUsageError(
                "there must be tables of form factors, each once", value=", ".join(self.tables), remedy="name it92"
            )
        if self.n_neighbours < 0:
            raise WrongUsageError("n_neighbours must not be negative", value=self.n_neighbours, remedy="0 is none")
        _ = self.shells

    @cached_property
    def shells(self) -> Floats:
        """(n,) middles of the shells in 1/Å."""
        spectra = [
            ReflectionPowerSpectrum(s_max=self.s_max, resolution=self.resolution, table=table)
            for table in self.tables
        ]
        return spectra[0].shells

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each number is."""
        powers = [f"power of l = {degree} at {s:.2f} 1/Å" for degree in DEGREES for s in self.shells.tolist()]
        values = [
            f"singular value {number + 1} of l = {degree}"
            for degree in DEGREES[1:]
            for number in range(self._rank(degree))
        ]
        by_table = (*powers, *values)
        if len(self.tables) > 1:
            by_table = tuple(f"{name}, {table}" for table in self.tables for name in by_table)
        distances = [
            f"{moment} of the distance of neighbour {number + 1} in Å"
            for moment in ("mean", "standard deviation")
            for number in range(self.n_neighbours)
        ]
        return (*by_table, DENSITY, *distances)

    def _rank(self, degree: int) -> int:
        """How many singular values there are."""
        return min(2 * degree + 1, len(self.shells))

    def compute(self, crystal: Crystal) -> Floats:
        """Numbers of a crystal, see ``names``.

        Returns
        -------
        (n,) ln(power + 10⁻³), ln(singular value/that of l = 0 + 10⁻⁴), for each table; ln of the electron density;
        means and standard deviations of distances in Å.

        Raises
        ------
        UnsupportedInputError
            If the crystal does not repeat in three directions, has an element without form factor, or too many atoms.
        """
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        try:
            of_all = [
                shell_harmonics(crystal, self.shells, resolution=self.resolution, scale="volume", table=table)
                for table in self.tables
            ]
        except XtalprintError as error:
            error.located(source=crystal.source, frame=crystal.frame)
            raise
        density = electron_density(crystal)
        *others, last = (invariants_of(harmonics, density) for harmonics in of_all)
        return np.concatenate([*(found[:-1] for found in others), last, *self._distances(crystal)])

    def _distances(self, crystal: Crystal) -> tuple[Floats, ...]:
        if not self.n_neighbours:
            return ()
        found = sorted_distances(crystal, k=self.n_neighbours)
        return found.mean(axis=0), found.std(axis=0)


def electron_density(crystal: Crystal) -> float:
    """Electrons in Å³ of a crystal with a cell: the square root of the intensity at the origin."""
    return float(crystal.numbers @ crystal.occupancies) / crystal.volume


def invariants_of(harmonics: Sequence[Floats], density: float) -> Floats:
    """The numbers that `GenomeInvariants.compute` gives, of coefficients (shells, 2 l + 1) for l = 0, 2, … 12."""
    powers = [np.sqrt((part * part).mean(axis=1)) for part in harmonics]
    whole = max(float(np.linalg.norm(harmonics[0])), np.finfo(np.float64).tiny)
    shares = [np.linalg.svd(part, compute_uv=False) / whole for part in harmonics[1:]]
    return np.concatenate(
        [
            np.log(np.concatenate(powers) + POWER_FLOOR),
            np.log(np.concatenate(shares) + SHARE_FLOOR),
            [np.log(density)],
        ]
    )
