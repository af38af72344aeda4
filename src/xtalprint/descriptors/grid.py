"""GRID: the distances to the first, second, third … neighbour of every site, as one histogram each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from xtalprint.crystal import OCCUPANCY_SLACK
from xtalprint.descriptors.base import check_numbers
from xtalprint.descriptors.distance_bins import CHUNK_CRYSTALS, NUDGE, check_bins, filled_batch, only_one
from xtalprint.descriptors.sorted_distances import shortest_distance
from xtalprint.errors import NothingSeenError, UnsupportedInputError, XtalprintError
from xtalprint.geometry.site_batch import SiteBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Fingerprint, FingerprintBatch

    Floats = NDArray[np.float64]

#: The Gaussian of a distance ends so many standard deviations away; of the recipe by cutoff, farther.
TRUNCATION, TRUNCATION_BY_CUTOFF = 5.0, 6.5
#: Places inside a bin for which windows are tabulated; between them they are linear, to 1e-7 of a distance.
PLACES = 512
#: Windows are so many bins wide, or a multiple: the processor adds that many at a time.
LANES = 16
#: Most numbers of an array: more is a slip of a unit.
LARGEST = 10_000_000
#: A neighbour at the cutoff belongs to it, in spite of rounding; Å.
AT_CUTOFF = 1e-6


@dataclass(frozen=True, kw_only=True)
class GRID:
    """Grouped representation of interatomic distances.

    The distances of each site to its neighbours are sorted. Group k holds the distance to the k-th neighbour of every
    site of the cell, and its row of the array is the histogram of that group: which share of the sites has its k-th
    neighbour in each bin. The sum over all groups is the radial distribution function. It needs no symmetry and no
    axes, is the same for every cell of a crystal, and changes little when atoms move little. Elements do not matter.

    A row is in shares: it adds up to 1, less what lies beyond ``r_max``. That rest is thought to sit at ``r_max``,
    where neighbours that a cluster does not have are too. So a molecule in a wide box is the same as the molecule
    alone, and the earth mover's distance of two rows is the bin width times the sum of the absolute differences of
    their cumulated shares.

    Parameters
    ----------
    n_groups
        How many neighbours of each site.
    r_max
        The end of the last bin in Å.
    bin_width
        Å.
    smearing
        Standard deviation in Å of the Gaussian that stands for each distance; 0 for plain histograms.
    recipe
        count: the neighbours of every site are counted until there are enough, and weighted by the occupancies of
        both sites, as the released program gridrdf 0.3.0 does. cutoff: only neighbours up to r_max, as its version
        0.2.0 does; a crystal with fewer groups is refused.

    Notes
    -----
    Source: R.-Z. Zhang, S. Seth and J. Cumby, Digital Discovery 2, 81 (2023). What differs from gridrdf:

    - *count*: a Gaussian is integrated over each bin, ending at 5 standard deviations. gridrdf 0.3.0 first puts
      distances into bins of a fifth of the width. What a Gaussian has below zero is in the first bin. Rows are not
      normalised again when a part of them lies beyond ``r_max``. Of neighbours at the same distance (within 1e-5 Å)
      each has the mean occupancy, so that their order does not matter. Shares, not densities: gridrdf's numbers are
      these divided by ``bin_width``.
    - *cutoff*: as in gridrdf 0.2.0 distances are rounded to 0.001 Å and the Gaussian is taken *at* 0, ``bin_width``,
      … ``r_max``, one column more than bins; a group is the mean over those sites that have such a neighbour,
      whatever their occupancies. The numbers of gridrdf 0.2.0 are these divided by ``bin_width``; unsmeared ones are
      shares here and numbers of sites there. Such densities add up to nearly 1 only; earth mover's distances divide
      each row by its sum first.

    In plain histograms a distance that is less than 1e-4 bins below an edge belongs to the upper bin, so that
    rounding does not tear a shell apart.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    >>> array = GRID(n_groups=7, smearing=0).compute(polonium).array
    >>> array.shape
    (7, 100)
    >>> array.argmax(axis=1)  # six neighbours at 3.35 Å, the seventh at 4.74 Å
    array([33, 33, 33, 33, 33, 33, 47])
    """

    #: Crystals that commands hand to `compute_many`.
    at_a_time: ClassVar[int] = CHUNK_CRYSTALS

    n_groups: int = 100
    r_max: float = 10.0
    bin_width: float = 0.1
    smearing: float = 0.1
    recipe: Literal["count", "cutoff"] = "count"

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning, and those whose array fits into no memory."""
        check_numbers(self, "r_max", "bin_width", "smearing", whole=("n_groups",))
        if self.n_groups < 1:
            raise XtalprintError("n_groups must be a positive number", value=self.n_groups)
        if self.recipe not in {"count", "cutoff"}:
            raise XtalprintError("recipe must be 'count' or 'cutoff'", value=repr(self.recipe))
        check_bins(self.r_max, self.bin_width)
        if not (self.smearing == 0 or self.bin_width / 100 <= self.smearing <= self.r_max):
            raise XtalprintError(
                "smearing must be 0, or from a hundredth of bin_width to r_max",
                value=self.smearing,
                remedy="0.1 Å is usual",
            )
        if self.n_groups * (self.r_max / self.bin_width + 1) > LARGEST:
            raise XtalprintError(
                f"n_groups times the number of bins must be at most {LARGEST:,}",
                value=self.n_groups,
                remedy="100 groups of 100 bins are usual",
            )

    @classmethod
    def by_cutoff(
        cls, *, n_groups: int = 100, r_max: float = 10.0, bin_width: float = 0.1, smearing: float = 0.1
    ) -> GRID:
        """Make it with the recipe of gridrdf 0.2.0: neighbours up to ``r_max`` only."""
        return cls(n_groups=n_groups, r_max=r_max, bin_width=bin_width, smearing=smearing, recipe="cutoff")

    @property
    def n_bins(self) -> int:
        """Columns of the array."""
        return round(self.r_max / self.bin_width) + self.at_points

    @property
    def at_points(self) -> bool:
        """Whether values are densities at points, of which a row adds up to nearly 1 only, and not shares of bins."""
        return self.recipe == "cutoff" and self.smearing > 0

    @property
    def distances(self) -> Floats:
        """(n_bins,) middle of each bin in Å; where densities are taken, of the smeared recipe by cutoff."""
        if self.at_points:
            return np.round(np.arange(self.n_bins) * self.bin_width, 10)
        return np.round((np.arange(self.n_bins) + 0.5) * self.bin_width, 10)

    def compute(self, crystal: Crystal) -> Fingerprint:
        """Compute the fingerprint of one crystal.

        Parameters
        ----------
        crystal
            With a cell that repeats in any number of directions, or a cluster.

        Returns
        -------
        Fingerprint with an array (n_groups, n_bins) of shares in single precision.

        Raises
        ------
        NothingSeenError
            If no two sites are within ``r_max`` and the reach of the smearing, as for a single atom without images.
        UnsupportedInputError
            If the recipe is that by cutoff and there are fewer than ``n_groups`` groups.
        """
        return only_one(self, crystal)

    def compute_many(self, crystals: Sequence[Crystal], *, threads: int | None = None) -> FingerprintBatch:
        """Compute those of many crystals, each the same to the last bit as `compute` gives.

        Parameters
        ----------
        crystals
            Any number of them.
        threads
            How many work at a time, without the interpreter's lock; None means all cores.

        Returns
        -------
        Batch with an array (n_ok, n_groups, n_bins); a crystal that fails becomes a `Failure`.
        """
        return filled_batch(self, self._fill, crystals, shape=(self.n_groups, self.n_bins), threads=threads)

    def plot(self, fingerprint: Fingerprint, *, title: str | None = None, width: float = 7.2) -> Figure:
        """Draw the groups against the distance, with the mean distance of each group.

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
        matplotlib figure; ``figure.savefig("grid.png", dpi=300)`` writes it.
        """
        from xtalprint.descriptors.diffraction_plot import caption  # noqa: PLC0415 - plotting is heavy
        from xtalprint.descriptors.grid_plot import draw_grid  # noqa: PLC0415 - as above

        return draw_grid(fingerprint.array, self, title=caption(fingerprint) if title is None else title, width=width)

    @cached_property
    def _window(self) -> tuple[Floats, int]:
        """(places, 2, bins) windows and their differences to the next place, and the bins below a distance's own."""
        if self.smearing == 0:
            return np.array([[[1.0], [0.0]]]), 0
        from scipy.special import ndtr  # noqa: PLC0415 - not for plain histograms

        sigma = self.smearing / self.bin_width
        by_cutoff = self.recipe == "cutoff"
        below = ceil((TRUNCATION_BY_CUTOFF if by_cutoff else TRUNCATION) * sigma)
        n = max(16, ceil(PLACES / sigma))
        width = ceil((2 * below + 2) / LANES) * LANES
        offset = np.arange(-below, width + 1 - below) - np.arange(n + 1)[:, None] / n
        if by_cutoff:
            values = np.exp(-0.5 * (offset[:, :-1] / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
        else:
            below_edge = ndtr(np.clip(offset / sigma, -TRUNCATION, TRUNCATION))
            values = np.diff(below_edge, axis=1) / (1 - 2 * ndtr(-TRUNCATION))
        return np.stack([values[:-1], np.diff(values, axis=0)], axis=1), below

    def _fill(
        self, crystals: list[Crystal], array: NDArray[np.float32], rows: list[int]
    ) -> dict[int, XtalprintError]:
        """Fill the rows of some crystals; returns the errors of those that failed."""
        errors: dict[int, XtalprintError] = {}
        full = [crystal.occupancies.min() > 1 - OCCUPANCY_SLACK for crystal in crystals]
        # Apart, because disorder takes longer.
        for kind in sorted(set(full)):
            some = [i for i, own in enumerate(full) if own == kind]
            own_rows = np.array([rows[i] for i in some])
            found = self._fill_rows(SiteBatch.of([crystals[i] for i in some]), array, own_rows)
            for i, groups in zip(some, found.tolist(), strict=True):
                if groups == 0 or (self.recipe == "cutoff" and groups < self.n_groups):
                    errors[rows[i]] = self._too_few(crystals[i], groups)
        return errors

    def _fill_rows(self, sites: SiteBatch, array: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Fill the rows of the crystals of a batch; returns how many groups have a distance within reach."""
        from xtalprint.descriptors.compiled_grid import fill_grids, group_distances  # noqa: PLC0415 - imports Numba
        from xtalprint.geometry.compiled_nearest import nearest  # noqa: PLC0415 - likewise

        table, below = self._window
        by_cutoff = self.recipe == "cutoff"
        if by_cutoff:
            within, _ = nearest(sites, self.n_groups, most=self.r_max + AT_CUTOFF)
            distances, weights = np.round(within, 3), np.empty((0, 0))
        else:
            most = self.r_max + (below + 1) * self.bin_width
            distances, weights = group_distances(sites, self.n_groups, most)
        found = np.empty(len(rows), dtype=np.int64)
        bins = (1 / self.bin_width, 0.0 if self.smearing else NUDGE, below)
        fill_grids(sites.starts, distances, weights, by_cutoff, bins, table, array, rows, found)
        return found

    def _too_few(self, crystal: Crystal, groups: int) -> XtalprintError:
        if groups == 0:
            reach = 0.0 if self.recipe == "cutoff" else self._window[1] * self.bin_width
            beyond = f" and the {reach:.3g} Å beyond it that the smearing reaches" if reach else ""
            several = crystal.n_sites > 1 or any(crystal.pbc)
            return NothingSeenError(
                f"no two sites are within r_max = {self.r_max:g} Å{beyond}",
                source=crystal.source,
                frame=crystal.frame,
                value=f"{shortest_distance(crystal):.5g} Å between the nearest" if several else None,
                remedy="give a larger r_max" if several else "give more atoms, or the cell",
            )
        return UnsupportedInputError(
            f"no site has more than {groups} neighbours within r_max = {self.r_max:g} Å, and {self.n_groups} groups "
            "are wanted",
            source=crystal.source,
            frame=crystal.frame,
            remedy=f"give n_groups={groups}, a larger r_max, or the recipe 'count'",
        )
