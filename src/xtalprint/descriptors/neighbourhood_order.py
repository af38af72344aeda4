"""Bond-orientational order around each atom: what a per-atom classifier sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xtalprint import geometry
from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import check_numbers
from xtalprint.errors import UnsupportedInputError, XtalprintError, not_a_crystal
from xtalprint.geometry.bond_moments import DEGREE, EXPONENTS, harmonics_of_moments, sorted_boxes
from xtalprint.geometry.pairs import Sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

#: Degrees of the harmonics.
DEGREES = np.arange(0, DEGREE + 1, 2)
#: Added to numbers of neighbours before dividing by them, so that empty shells give zero instead of chance.
FEW = 0.5
#: Sites worked on at a time, for bounded memory.
CHUNK = 2048


@dataclass(frozen=True, kw_only=True)
class NeighbourhoodOrder:
    """How many neighbours each atom has at each distance, and how their directions are ordered.

    The neighbours of an atom are shared between shells at r = ``r_min``, ``r_min + resolution``, … (in bond lengths
    of the whole sample, see `xtalprint.geometry.bond_length`), linearly in r. Per shell s

        q_lm(s) = √(4π/(2l+1)) Σ_neighbours w_s(r) Y_lm(r̂),   l = 0, 2, … 12

    is formed, then added up over the atom and its neighbours with a weight that falls from 1 at ``inner`` to 0 at
    ``outer`` (Lechner and Dellago): noise averages out, order stays. The numbers given for each atom, once from its
    own neighbours and once from the sums, are for each shell the number of neighbours (its ln(1 + n)), and for each
    pair of shells and l > 0 the product Σ_m q_lm(s) q_lm(s'), divided by both numbers; its signed root. They are the
    same for every orientation, cell and order of the atoms, and continuous.

    Parameters
    ----------
    r_min
        Distance of the first shell in bond lengths; everything nearer belongs to it.
    resolution
        Distance of the shells in bond lengths.
    n_shells
        Their number. No neighbour beyond ``r_min + resolution · n_shells`` counts.
    inner, outer
        Where the weight of the sums begins to fall, and where it is zero, in bond lengths.

    Notes
    -----
    P. J. Steinhardt et al., Phys. Rev. B 28, 784 (1983); W. Lechner, C. Dellago, J. Chem. Phys. 129, 114707 (2008).
    The time is linear in the number of atoms; memory is 2 kB for each.
    """

    r_min: float = 1.0
    resolution: float = 0.2
    n_shells: int = 5
    inner: float = 1.2
    outer: float = 1.6

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning."""
        check_numbers(self, "r_min", "resolution", "inner", "outer", whole=("n_shells",))
        for name in ("r_min", "resolution", "inner"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise XtalprintError(f"{name} must be a positive number", value=getattr(self, name))
        if not 1 <= self.n_shells <= 16:  # noqa: PLR2004 - more would see half the sample
            raise XtalprintError("n_shells must be 1 to 16", value=self.n_shells)
        if not self.inner < self.outer <= self.reach:
            raise XtalprintError("outer must lie between inner and the end of the last shell", value=self.outer)

    @property
    def reach(self) -> float:
        """Distance in bond lengths from which on nothing is a neighbour."""
        return self.r_min + self.resolution * self.n_shells

    @property
    def n_features(self) -> int:
        """Numbers given for each atom."""
        n_pairs = self.n_shells * (self.n_shells + 1) // 2
        return 2 * (self.n_shells + n_pairs * (len(DEGREES) - 1))

    def compute(self, crystal: Crystal) -> Singles:
        """Describe the neighbourhood of each site.

        Parameters
        ----------
        crystal
            With a cell (images count) or without.

        Returns
        -------
        (n_sites, n_features), in the order in which the sites first appear.

        Raises
        ------
        UnsupportedInputError
            For a single atom without images: it has no bond length. For atoms on a heap, more than 512 neighbours of
            one: not all would be counted.
        """
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        from xtalprint.geometry import compiled_neighbourhoods as compiled  # noqa: PLC0415 - imports Numba

        length = geometry.bond_length(crystal, method="robust")
        sites = Sites.of(crystal)
        weights = np.zeros(crystal.n_sites)
        np.add.at(weights, crystal.site_of_row, crystal.occupancies)
        boxes = sorted_boxes(sites, self.reach * length)
        search = (boxes.points, boxes.owner, boxes.start, boxes.origin, boxes.shape)
        grid = (self.r_min * length, self.resolution * length)
        shape = (self.n_shells, len(EXPONENTS))
        order = np.empty((crystal.n_sites, *shape), dtype=np.float32)
        # Sites of one box after each other, so that what they need is in the cache.
        walk = np.argsort(boxes.rank, kind="stable")
        parts = [walk[start : start + CHUNK] for start in range(0, len(walk), CHUNK)]
        for part in parts:
            moments = np.zeros((len(part), *shape))
            most = compiled.add_moments(
                sites.points[part], boxes.rank[part], weights, search, boxes.edge, grid, EXPONENTS, moments
            )
            if most > compiled.MOST:
                raise UnsupportedInputError(
                    f"an atom has {most} neighbours within {self.reach:g} bond lengths, more than {compiled.MOST}",
                    source=crystal.source,
                    frame=crystal.frame,
                    remedy="are there atoms on top of each other, or several frames in one?",
                )
            order[part] = moments @ _all_harmonics()
        features = np.empty((crystal.n_sites, self.n_features), dtype=np.float32)
        flat = order.reshape(len(order), -1)
        fade = (self.inner * length, self.outer * length)
        for part in parts:
            mean = np.empty((len(part), flat.shape[1]), dtype=np.float32)
            compiled.add_neighbours(sites.points[part], boxes.rank[part], part, search, boxes.edge, fade, flat, mean)
            features[part] = np.concatenate(
                [self._invariants(order[part]), self._invariants(mean.reshape(-1, *shape))], axis=1
            )
        return features

    def _invariants(self, order: Singles) -> Singles:
        """(n, n_features / 2) from q_lm (n, shells, 91)."""
        from xtalprint.geometry.compiled_neighbourhoods import add_spectra  # noqa: PLC0415 - imports Numba

        first, second = np.triu_indices(self.n_shells)
        spectra = np.empty((len(order), len(first), len(DEGREES)), dtype=np.float32)
        add_spectra(order, DEGREES, spectra)
        numbers = order[:, :, 0]
        divisor = (numbers + FEW)[:, first] * (numbers + FEW)[:, second]
        products = spectra[:, :, 1:] / divisor[:, :, None]
        signed = np.sign(products) * np.sqrt(np.abs(products))
        joined: Singles = np.concatenate([np.log1p(numbers), signed.reshape(len(order), -1)], axis=1)
        return joined


@lru_cache(maxsize=1)
def _all_harmonics() -> Floats:
    """(91, 91) harmonics of all degrees in terms of the monomials, with √(4π/(2l+1)), which makes q_00 a number."""
    parts = zip(DEGREES.tolist(), harmonics_of_moments(), strict=True)
    return np.concatenate([h * np.sqrt(4 * np.pi / (2 * degree + 1)) for degree, h in parts], axis=1)
