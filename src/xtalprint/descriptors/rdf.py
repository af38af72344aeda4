"""Radial distribution function: how many neighbours there are at each distance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from xtalprint.descriptors.base import check_numbers
from xtalprint.descriptors.distance_bins import CHUNK_CRYSTALS, NUDGE, check_bins, filled_batch, only_one
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry.site_batch import SiteBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Fingerprint, FingerprintBatch

    Floats = NDArray[np.float64]
#: Farther than this, in Å, there are millions of neighbours.
LONGEST = 100.0


@dataclass(frozen=True, kw_only=True)
class RDF:
    """Radial distribution function of all sites.

    The number of neighbours in each bin, divided by what a gas of the same density would have there:

    ``g(r) = count / (sites · 4/3 π (r₂³ − r₁³) · sites / volume)``

    with the count over all sites of the cell. It goes to 1 far away. Partly occupied sites count by their
    occupancies.

    Parameters
    ----------
    r_max
        The end of the last bin in Å.
    bin_width
        Å.

    Notes
    -----
    matminer's ``RadialDistributionFunction`` (0.10) has the same bins and does not divide by the number of sites: its
    numbers are these times the sites of the cell, and double with the cell.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    >>> array = RDF().compute(polonium).array
    >>> array.shape, int(array.argmax())  # six neighbours at 3.35 Å
    ((100,), 33)
    """

    #: Crystals that commands hand to `compute_many`.
    at_a_time: ClassVar[int] = CHUNK_CRYSTALS

    r_max: float = 10.0
    bin_width: float = 0.1

    def __post_init__(self) -> None:
        """Refuse parameters without a meaning, and those that take hours."""
        check_numbers(self, "r_max", "bin_width")
        check_bins(self.r_max, self.bin_width)
        if self.r_max > LONGEST:
            raise XtalprintError(f"r_max is beyond {LONGEST:g} Å", value=self.r_max, remedy="10 Å is usual")

    @property
    def n_bins(self) -> int:
        """Length of the array."""
        return round(self.r_max / self.bin_width)

    @property
    def distances(self) -> Floats:
        """(n_bins,) middle of each bin in Å."""
        return np.round((np.arange(self.n_bins) + 0.5) * self.bin_width, 10)

    def compute(self, crystal: Crystal) -> Fingerprint:
        """Compute the function of one crystal.

        Parameters
        ----------
        crystal
            That repeats in three directions: anything else has no density.

        Returns
        -------
        Fingerprint with an array (n_bins,) without a unit, in single precision.

        Raises
        ------
        UnsupportedInputError
            For a crystal that does not repeat in three directions.
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
        Batch with an array (n_ok, n_bins); a crystal that fails becomes a `Failure`. One in which no two sites are
        within ``r_max`` has zeros, and a warning.
        """
        batch = filled_batch(self, self._fill, crystals, shape=(self.n_bins,), threads=threads)
        empty = f"no two sites are within r_max = {self.r_max:g} Å: the function is 0 everywhere"
        warnings = tuple(
            known if row.any() else (*known, empty) for known, row in zip(batch.warnings, batch.array, strict=True)
        )
        return replace(batch, warnings=warnings)

    def plot(self, fingerprint: Fingerprint, *, title: str | None = None, width: float = 7.2) -> Figure:
        """Draw the function.

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
        matplotlib figure; ``figure.savefig("rdf.png", dpi=300)`` writes it.
        """
        from xtalprint.descriptors.diffraction_plot import caption  # noqa: PLC0415 - plotting is heavy
        from xtalprint.descriptors.grid_plot import draw_rdf  # noqa: PLC0415 - as above

        return draw_rdf(fingerprint.array, self, title=caption(fingerprint) if title is None else title, width=width)

    def _fill(
        self, crystals: list[Crystal], array: NDArray[np.float32], rows: list[int]
    ) -> dict[int, XtalprintError]:
        """Fill the rows of some crystals; returns the errors of those that failed."""
        from xtalprint.descriptors.compiled_rdf import count_pairs  # noqa: PLC0415 - imports Numba

        errors: dict[int, XtalprintError] = {
            row: _no_density(crystal) for row, crystal in zip(rows, crystals, strict=True) if not all(crystal.pbc)
        }
        good = [i for i, row in enumerate(rows) if row not in errors]
        if good:
            sites = SiteBatch.of([crystals[i] for i in good])
            counts = np.zeros((len(good), self.n_bins))
            count_pairs(sites.lattices, sites.occupancies, self.r_max, (1 / self.bin_width, NUDGE), counts)
            edges = np.arange(self.n_bins + 1) * self.bin_width
            shells = 4 / 3 * np.pi * np.diff(edges**3)
            content = np.add.reduceat(sites.occupancies, sites.starts[:-1])
            array[[rows[i] for i in good]] = counts / shells * (sites.volumes / content**2)[:, None]
        return errors


def _no_density(crystal: Crystal) -> UnsupportedInputError:
    return UnsupportedInputError(
        "only a crystal that repeats in three directions has a density",
        source=crystal.source,
        frame=crystal.frame,
        remedy="give the cell, or use GRID, which needs none",
    )
