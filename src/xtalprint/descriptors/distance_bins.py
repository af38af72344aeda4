"""What the descriptors made of distances share: bins, and crystals shared out to threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: A distance this little below an edge, in bins, is on the edge: rounding does not tear a shell apart.
NUDGE = 1e-4
#: Most bins: more is a slip of a unit.
MOST_BINS = 100_000
#: Crystals, and sites in them, that one thread works on at a time.
CHUNK_CRYSTALS, CHUNK_SITES = 64, 20_000


def check_bins(r_max: float, bin_width: float) -> None:
    """Refuse bins without a meaning.

    Raises
    ------
    XtalprintError
        If one of them is not positive, or ``r_max`` is not a whole number of bins.
    """
    for name, value in (("r_max", r_max), ("bin_width", bin_width)):
        if not (np.isfinite(value) and value > 0):
            raise XtalprintError(f"{name} must be a positive number", value=value, remedy="give it in Å")
    n = r_max / bin_width
    if n > MOST_BINS or round(n) < 1 or abs(n - round(n)) > NUDGE:
        raise XtalprintError(
            f"bin_width must divide r_max = {r_max:g} Å into whole bins, at most {MOST_BINS:,}",
            value=bin_width,
            remedy="0.1 Å is usual",
        )


def chunks(crystals: Sequence[Crystal]) -> Iterator[range]:
    """Indices of a few crystals at a time: neighbours in the list, not too many sites together."""
    start, sites = 0, 0
    for index, crystal in enumerate(crystals):
        sites += len(crystal) if isinstance(crystal, Crystal) else 0
        if index + 1 - start >= CHUNK_CRYSTALS or sites >= CHUNK_SITES:
            yield range(start, index + 1)
            start, sites = index + 1, 0
    if start < len(crystals):
        yield range(start, len(crystals))
