"""Bond-orientational order by distance: a fingerprint that needs no cell and no axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xtalprint import geometry
from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Fingerprint, FingerprintBatch, check_numbers, compute_batch, disorder_warnings
from xtalprint.errors import NothingSeenError, XtalprintError, not_a_crystal
from xtalprint.geometry.bond_moments import DEGREE, BondMoments, bond_moments, harmonics_of_moments, like_moments
from xtalprint.geometry.pose import round_piece
from xtalprint.geometry.primitive import without_copies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Degrees of the harmonics, and the number of channels of a block: the pairs, and three for each degree.
DEGREES = tuple(range(2, DEGREE + 1, 2))
N_CHANNELS = 1 + 3 * len(DEGREES)
#: Where the components of each degree begin among those of all.
STARTS = np.cumsum([0, *(2 * degree + 1 for degree in DEGREES[:-1])])
#: Grid points of the sums per unit of ``resolution``.
FINER = 2
#: Pairs are added up to so many widths beyond the longest distance of the array.
TAIL = 6
#: The largest `r_max`, and the most steps of its distances: more costs hours and gigabytes.
LONGEST, MOST_STEPS = 25.0, 2000
#: Distances from here on tell the mean density of pairs; the first shell does not.
DENSITY_FROM = 1.2
#: Fewer pairs beyond that (with the occupancies of their sites) tell nothing.
FEWEST_PAIRS = 0.25
#: How far a finite piece reaches beyond its outermost sites, in bond lengths.
SKIN = 0.3
#: The least share of pairs that a finite piece is taken to have kept of those of the infinite crystal.
LEAST_OVERLAP = 0.02
#: The first shell, for the relative orientation of the others: centre and width of a Gaussian. Beyond it: `BEYOND`.
FIRST_SHELL, BEYOND = (1.0, 0.12), (1.35, 0.05)
#: Keeps the projection onto a reference that vanishes finite and continuous.
SOFT = 1e-3
#: Of a larger crystal that is no perfect supercell so many sites from its middle speak for all.
MOST_SITES = 20_000
#: A crystal that repeats along fewer than three directions is cut to a round piece of so many sites.
PIECE = 512


@dataclass(frozen=True, kw_only=True)
class BondOrientationalOrder:
    """How many pairs of sites there are at each distance, and how much their directions agree.

    All pairs of sites are binned by r, their distance in units of the bond length d_nn, smeared by a Gaussian, and
    per distance

        q_lm(r) = √(4π/(2l+1)) Σ_pairs w(r − r_pair) Y_lm(r̂_pair),   l = 2, 4, … 12

    is formed; elements do not matter. The array has 19 channels, functions of r, all divided by the number of pairs
    that the mean density would give:

    * 0, ``pairs``: the pair distribution, 1 for a gas;
    * 1–6, ``order``: |q_l(r)| = √(Σ_m |q_lm|²), zero where directions are random;
    * 7–12, ``near``: q_l(r) · n, n the direction (in the 2l + 1 components) of Σ q_l over the first shell;
    * 13–18, ``far``: the same with n taken from beyond the first shell. Both have signs: they tell how the shells are
      turned against each other.

    These are exactly the same for every orientation. For a periodic crystal they are those of the infinite one, hence
    the same for every cell and supercell; of a box of more than 20,000 sites that is no perfect supercell the middle
    is seen, as a finite piece. Missing atoms take pairs from all channels alike and drop out of the ratio.
    A finite piece loses long pairs, which is mended for a ball of its size, and its noise of counting is taken off
    ``order``.

    Parameters
    ----------
    r_min, r_max
        First and last distance in bond lengths.
    resolution
        Distance of two grid points in bond lengths.
    smearing
        Standard deviation of the Gaussian in bond lengths.
    species
        Whether 19 more channels follow: the same for pairs of the same element only, divided by the number of all
        pairs that the mean density would give, and projected onto the directions of all pairs. The names of the
        elements do not matter; for one element both blocks are the same.

    Notes
    -----
    Averaged over pairs of all lengths this is Q_l of P. J. Steinhardt, D. R. Nelson and M. Ronchetti, Phys. Rev. B
    28, 784 (1983); as a function of r it is the transform of the power spectrum of the scattered intensity on shells
    of |s|.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> copper = Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
    >>> descriptor = BondOrientationalOrder()
    >>> array = descriptor.compute(copper).array
    >>> array.shape
    (19, 40)
    >>> first = descriptor.distances.tolist().index(1.0)
    >>> round(float(array[3, first] / array[0, first]), 3)  # Q_6 of the 12 neighbours in fcc
    0.575
    """

    r_min: float = 0.5
    r_max: float = 4.4
    resolution: float = 0.1
    smearing: float = 0.06
    species: bool = False

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning, and those whose pairs nobody can wait for."""
        check_numbers(self, "r_min", "r_max", "resolution", "smearing")
        if not isinstance(self.species, (bool, np.bool_)):
            raise XtalprintError("species must be True or False", value=repr(self.species))
        for name in ("r_min", "resolution", "smearing"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise XtalprintError(f"{name} must be a positive number", value=getattr(self, name))
        if not (np.isfinite(self.r_max) and self.r_max > max(self.r_min, DENSITY_FROM)):
            raise XtalprintError(f"r_max must be larger than r_min and {DENSITY_FROM}", value=self.r_max)
        if self.r_max > LONGEST:
            raise XtalprintError(f"r_max is beyond {LONGEST} bond lengths", value=self.r_max, remedy="4.4 is usual")
        if not 1 <= (self.r_max - self.r_min) / self.resolution <= MOST_STEPS:
            raise XtalprintError(
                f"resolution must divide r_min to r_max into 1 to {MOST_STEPS} steps",
                value=self.resolution,
                remedy="0.1 bond lengths is usual",
            )
        if self.smearing > self.r_max:
            raise XtalprintError("smearing is longer than r_max", value=self.smearing, remedy="0.06 is usual")

    @cached_property
    def distances(self) -> Floats:
        """(n,) distances of the array's columns in bond lengths."""
        n = round((self.r_max - self.r_min) / self.resolution) + 1
        return np.round(self.r_min + self.resolution * np.arange(n), 10)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the array's rows."""
        names = ("pairs", *(f"{kind} {degree}" for kind in ("order", "near", "far") for degree in DEGREES))
        return (*names, *(f"like {name}" for name in names)) if self.species else names

    def compute(self, crystal: Crystal) -> Fingerprint:
        """Compute the fingerprint of one crystal.

        Parameters
        ----------
        crystal
            With a cell, or a cluster in any orientation.

        Returns
        -------
        Fingerprint with an array (19, n) in single precision, or (38, n) with ``species``; see the class for the
        channels.

        Raises
        ------
        UnsupportedInputError
            For a single atom without images; `NothingSeenError` if only the nearest sites are in reach.
        """
        return self.compute_with_length(crystal)[0]

    def compute_with_length(self, crystal: Crystal) -> tuple[Fingerprint, float]:
        """Compute the fingerprint, and the bond length in Å that is the unit of its distances; see `compute`."""
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        try:
            piece, warnings = piece_of(crystal, elements=self.species)
            length = geometry.bond_length(piece, method="robust")
            array = self._array(piece, length)
        except XtalprintError as error:
            error.located(source=crystal.source, frame=crystal.frame)
            raise
        found = Fingerprint(
            array.astype(np.float32), self, crystal.source, crystal.frame, tuple(warnings), crystal.formula
        )
        return found, length

    def compute_many(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> FingerprintBatch:
        """Compute those of many crystals, each the same to the last bit as `compute` gives.

        Parameters
        ----------
        crystals
            Any number of them.
        threads
            How many work at a time; None means all cores.

        Returns
        -------
        Batch with an array (n_ok, 19, n) or (n_ok, 38, n); a crystal that fails becomes a `Failure`.
        """
        return compute_batch(self, crystals, shape=(len(self.channels), len(self.distances)), threads=threads)

    def plot(self, fingerprint: Fingerprint, *, title: str | None = None, width: float = 7.2) -> Figure:
        """Draw the pair distribution and, below it, the order by degree and distance.

        Parameters
        ----------
        fingerprint
            Made by this descriptor.
        title
            Default: the formula and the source.
        width
            Of the figure in inches.

        Returns
        -------
        matplotlib figure; ``figure.savefig("order.png", dpi=300)`` writes it.
        """
        from xtalprint.descriptors.bond_order_plot import draw_bond_order  # noqa: PLC0415 - plotting is heavy
        from xtalprint.descriptors.diffraction_plot import caption  # noqa: PLC0415 - as above

        return draw_bond_order(
            fingerprint.array,
            self.distances,
            DEGREES,
            title=caption(fingerprint) if title is None else title,
            width=width,
        )

    @cached_property
    def _windows(self) -> Floats:
        """(n, B) Gaussian weights of the grid of the sums in each column of the array."""
        n_steps = int(np.ceil((self.distances[-1] + TAIL * self.smearing) * FINER / self.resolution)) + 1
        apart = self.distances[:, None] - np.arange(n_steps) * (self.resolution / FINER)
        weights: Floats = np.exp(-0.5 * (apart / self.smearing) ** 2) / (self.smearing * np.sqrt(2 * np.pi))
        return weights

    def _array(self, crystal: Crystal, length: float) -> Floats:
        windows = self._windows
        step = self.resolution / FINER * length
        sums = bond_moments(crystal, step=step, n_steps=windows.shape[1])
        volume = self.distances**2
        # What counting pairs adds to |q|²: each pair agrees with itself. An infinite crystal has none of it.
        noisy = not any(crystal.pbc)
        if noisy:
            volume = volume * overlap_share(crystal.positions / length, self.distances)
        beyond = self.distances > DENSITY_FROM
        expected = volume * _times(windows, sums.counts)[beyond].sum() / volume[beyond].sum()
        if sums.counts[round(DENSITY_FROM * FINER / self.resolution) + 1 :].sum() < FEWEST_PAIRS:
            raise NothingSeenError(
                f"no two sites are {DENSITY_FROM} to {self.r_max} bond lengths of {length:.3g} Å apart",
                source=crystal.source,
                frame=crystal.frame,
                remedy="describe molecules far apart otherwise"
                if any(crystal.pbc)
                else "give more atoms, or the cell",
            )
        blocks = [sums]
        if self.species:
            blocks.append(like_moments(crystal, sums, n_steps=windows.shape[1]))
        return np.concatenate([self._block(part, expected, sums, noisy=noisy) for part in blocks])

    def _block(self, sums: BondMoments, expected: Floats, directions: BondMoments, *, noisy: bool) -> Floats:
        """(19, n) channels of some pairs, projected onto the directions of all of them."""
        windows = self._windows
        noise = _times(windows**2, sums.counts) if noisy else np.zeros(len(windows))
        q = q_of_all = self._harmonics(sums, expected)
        if directions is not sums:
            q_of_all = self._harmonics(directions, expected)
        square = np.add.reduceat(q * q, STARTS, axis=1) - (noise / expected**2)[:, None]
        rows = [_times(windows, sums.counts)[None] / expected, np.sqrt(np.maximum(square, 0.0)).T]
        for window in _references(self.distances):
            reference = _times(q_of_all.T, window)
            size = np.sqrt(np.add.reduceat(reference * reference, STARTS) + SOFT)
            rows.append((np.add.reduceat(q * reference, STARTS, axis=1) / size).T)
        return np.concatenate(rows)

    def _harmonics(self, sums: BondMoments, expected: Floats) -> Floats:
        """(n, 90) q_lm of all degrees but 0, one after the other."""
        return _times(_times(self._windows, sums.moments) / expected[:, None], _scaled_harmonics())


def _times(a: Floats, b: Floats) -> Floats:
    """Product of a matrix with another or a vector, without BLAS: its last bits depend on the number of threads."""
    product: Floats = np.einsum("ij,jk->ik" if b.ndim > 1 else "ij,j->i", a, b)
    return product


@lru_cache(maxsize=1)
def _scaled_harmonics() -> Floats:
    """(91, 90) harmonics of `DEGREES` in terms of the monomials, with √(4π/(2l+1))."""
    parts = zip(DEGREES, harmonics_of_moments()[1:], strict=True)
    return np.concatenate([h * np.sqrt(4 * np.pi / (2 * degree + 1)) for degree, h in parts], axis=1)


def piece_of(crystal: Crystal, *, elements: bool = True) -> tuple[Crystal, list[str]]:
    """What the pairs are counted in, and what a person should know about it.

    A large supercell is its primitive cell, with ``elements`` only if its copies are of the same ones.
    """
    warnings = disorder_warnings(crystal)
    if any(crystal.pbc) and not all(crystal.pbc):
        warnings.append(f"repeats along fewer than three directions: seen is a round piece of {PIECE} sites")
        crystal = round_piece(crystal, n_sites=PIECE)
    if crystal.n_sites > MOST_SITES:
        crystal = without_copies(crystal, elements=elements)
    if crystal.n_sites > MOST_SITES:
        warnings.append(f"cut to the middle {MOST_SITES} of {crystal.n_sites} sites")
        crystal = geometry.central_block(crystal, n_atoms=round(MOST_SITES * len(crystal) / crystal.n_sites))
    return crystal, warnings


def overlap_share(positions: Floats, distances: Floats) -> Floats:
    """Share of pairs at each distance that a ball with the extent of a cluster keeps: 1 − 3x/4 + x³/16, x = r/R."""
    radius = np.sqrt(5 / 3 * positions.var(axis=0).sum()) + SKIN
    x = np.minimum(distances / radius, 2.0)
    share: Floats = np.maximum(1 - 0.75 * x + x**3 / 16, LEAST_OVERLAP)
    return share


def _references(distances: Floats) -> tuple[Floats, Floats]:
    """Weights, adding up to 1, of the first shell and of what lies beyond."""
    near = np.exp(-0.5 * ((distances - FIRST_SHELL[0]) / FIRST_SHELL[1]) ** 2)
    far = 1 / (1 + np.exp(-(distances - BEYOND[0]) / BEYOND[1]))
    return near / near.sum(), far / far.sum()
