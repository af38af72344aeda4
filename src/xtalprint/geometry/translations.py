"""Large cells that are supercells: find the lattice of translations and average over it, in time linear in atoms."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, product, repeat
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.niggli import niggli_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: Atoms that a candidate translation is tried on before it is tried on all.
SAMPLE = 8
#: Candidates tried at once: few of the shortest at first, because three that hold are enough.
CHUNKS = (128, 512, 4096)
#: Sites that a translation which held for the sample is tried on before it is tried on all.
FEW = 32
#: What is known of a translation.
UNKNOWN, FOR_A_SAMPLE, FOR_A_FEW = -1, 1, 2
#: After so many translations that held for the sample and failed for some atom, the cell is noise, not a supercell;
#: a patient search looks at each site so often.
MOST_FAILURES, MOST_LOOKS = 30, 400


@dataclass(frozen=True)
class Translations:
    """What a search for translations came to.

    Parameters
    ----------
    cell
        (3, 3) primitive lattice vectors as rows in Å, or None if there are none but those of the cell given.
    class_of_site
        (N,) number of the primitive cell's site that each site is a copy of, in order of first appearance.
    nearly
        How many translations hold for a few atoms but not for all within the tolerance.
    """

    cell: NDArray[np.float64] | None
    class_of_site: NDArray[np.int64]
    nearly: int


class _Places:
    """The sites of a cell with their images next to its faces, to be asked what stands near a place."""

    def __init__(
        self, positions: NDArray[np.float64], labels: NDArray[np.int64], cell: NDArray[np.float64], reach: float
    ) -> None:
        from xtalprint.geometry.compiled_nearest_within import NearestWithin  # noqa: PLC0415 - imports Numba

        self.cell, self.labels, self.reach = cell, labels, reach
        self.inverse = np.linalg.inv(cell)
        self.fractional = positions @ self.inverse
        self.fractional -= np.floor(self.fractional)
        margin = 1.01 * reach * np.linalg.norm(self.inverse, axis=0)
        places, owner = self.fractional, np.arange(len(positions))
        for axis in range(3):
            low, high = places[:, axis] < margin[axis], places[:, axis] > 1 - margin[axis]
            step = np.eye(3)[axis]
            places = np.concatenate([places, places[low] + step, places[high] - step])
            owner = np.concatenate([owner, owner[low], owner[high]])
        self.owner = owner
        self.places = places @ cell
        self.nearest = NearestWithin(self.places, reach)

    def hold(self, n_sites: int, shifts: NDArray[np.float64], *, tolerance: float = np.inf) -> NDArray[np.bool_]:
        """Whether each shift brings ``n_sites`` of the sites onto others of their kind, by nearly the same vector.

        Nearly: no component differs by more than twice the ``tolerance`` in Å between two of them.
        """
        from xtalprint.geometry.compiled_translations import hold  # noqa: PLC0415 - imports Numba

        tried = np.unique(np.linspace(0, len(self.labels) - 1, n_sites).astype(np.int64))
        result = np.empty(len(shifts), dtype=bool)
        sites, places = (self.fractional, self.labels, self.cell), (self.places, self.owner)
        hold(shifts, tried, sites, places, self.nearest.boxes, 2 * tolerance, result)
        return result

    def hold_all(self, shift: NDArray[np.float64], *, tolerance: float) -> tuple[bool, int]:
        """Whether a shift (3,) holds for all sites: as `_whole` says, a rounding more generous, but sooner.

        And how many sites were looked at for that.
        """
        from xtalprint.geometry.compiled_translations import holds_for_all  # noqa: PLC0415 - imports Numba

        sites, places = (self.fractional, self.labels, self.cell), (self.places, self.owner)
        holds, looked_at = holds_for_all(shift, sites, places, self.nearest.boxes, tolerance * (1 + 1e-9))
        return bool(holds), int(looked_at)

    def of(
        self, sites: NDArray[np.int64], shifts: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Which site stands where each of ``sites`` is moved to by each shift (fractional); −1 where none does.

        Returns the sites (shifts, sites) and how far they are off (shifts, sites, 3) in Å.
        """
        target = self.fractional[None, sites] + shifts[:, None]
        target -= np.floor(target)
        target = target @ self.cell
        near = self.nearest.of(target.reshape(-1, 3)).reshape(target.shape[:2])
        found = self.owner[near]
        missing = (near < 0) | (self.labels[found] != self.labels[sites])
        return np.where(missing, -1, found), self.places[near] - target


def find_translations(
    positions: NDArray[np.float64],
    labels: NDArray[np.int64],
    cell: NDArray[np.float64],
    *,
    tolerance: float,
    patient: bool = False,
    nearest: int | None = None,
) -> Translations:
    """Find the translations that bring every site onto one of its kind.

    Parameters
    ----------
    positions
        (N, 3) sites in Å.
    labels
        (N,) what stands on each.
    cell
        (3, 3) rows in Å; all three directions repeat.
    tolerance
        Å by which a site may be off the mean of its copies.
    patient
        Whether to go on after `MOST_FAILURES`, as far as `MOST_LOOKS`: where many translations nearly hold, the true
        ones may come last.
    nearest
        Translations are looked for as far as so many sites of the rarest kind lie around one of them; None is as far
        as the cell reaches, for which a cell of a million sites would need gigabytes.

    Returns
    -------
    The primitive lattice, if it is finer than the one given.
    """
    n = len(positions)
    cell = niggli_matrix(cell) @ cell
    # A candidate joins two sites, both of which may be off, and so may the two that it is tried on.
    places = _Places(positions, labels, cell, 4 * tolerance)
    shifts, candidates, owner = _candidates(places, nearest)
    held = np.full(len(shifts), UNKNOWN)
    accepted: list[NDArray[np.float64]] = []
    permutations: list[NDArray[np.int64]] = []
    looks = 0
    failed: set[int] = set()
    for rows in _chunks(len(candidates)):
        new = np.unique(owner[rows][held[owner[rows]] == UNKNOWN])
        held[new] = places.hold(SAMPLE, shifts[new])
        new = new[held[new] == FOR_A_SAMPLE]
        # Most that fail do so for one of a few sites more.
        held[new] += places.hold(FEW, shifts[new], tolerance=2 * tolerance)
        for k in rows.start + np.flatnonzero(held[owner[rows]] >= FOR_A_SAMPLE):
            shift, target = candidates[k], int(owner[k])
            if target in failed:
                continue  # an image of it has
            # Every candidate is longer than the reach.
            if accepted and _out_of_span(accepted, shift, places) < places.reach:
                continue
            exact, permutation = shift, None
            if held[target] == FOR_A_FEW:
                holds, looked_at = places.hold_all(shift, tolerance=2 * tolerance)
                looks += looked_at
                if holds:
                    exact, permutation = _whole(places, shift, 2 * tolerance)
            if permutation is None:
                failed.add(target)
                if looks > MOST_LOOKS * n if patient else len(failed) == MOST_FAILURES:
                    return Translations(None, np.arange(n), len(failed))
                continue
            accepted.append(exact)
            permutations.append(permutation)
            if len(accepted) == 3:  # noqa: PLR2004 - dimensions
                return _classes(places, np.array(accepted), permutations, tolerance)
    return Translations(None, np.arange(n), len(failed))


def _chunks(n: int) -> Iterator[slice]:
    start = 0
    for size in chain(CHUNKS, repeat(CHUNKS[-1])):
        if start >= n:
            return
        yield slice(start, start + size)
        start += size


def may_repeat(
    positions: NDArray[np.float64], labels: NDArray[np.int64], cell: NDArray[np.float64], *, tolerance: float
) -> bool:
    """Whether some translation, other than those of the cell, holds for a few sites.

    Parameters are those of `find_translations`, which takes longer, and finds translations where this is false only
    if they hold for pairs of sites that are off in opposite ways, by nearly twice the tolerance together.
    """
    cell = niggli_matrix(cell) @ cell
    places = _Places(positions, labels, cell, 4 * tolerance)
    kinds, counts = np.unique(labels, return_counts=True)
    rarest = np.flatnonzero(labels == kinds[np.argmin(counts)])
    shifts = places.fractional[rarest[1:]] - places.fractional[rarest[0]]
    return bool(places.hold(SAMPLE, shifts, tolerance=tolerance).any())


def single_translations(
    positions: NDArray[np.float64], labels: NDArray[np.int64], cell: NDArray[np.float64], *, tolerance: float
) -> NDArray[np.float64]:
    """Translations between sites that hold, each looked at on its own: together they need not make a lattice.

    Parameters are those of `find_translations`; each site must come within ``tolerance`` of its mean offset.

    Returns
    -------
    (n, 3) Å, without those of the cell.
    """
    places = _Places(positions, labels, cell, 2 * tolerance)
    kinds, counts = np.unique(labels, return_counts=True)
    rarest = np.flatnonzero(labels == kinds[np.argmin(counts)])
    shifts = places.fractional[rarest[1:]] - places.fractional[rarest[0]]
    shifts = shifts[places.hold(SAMPLE, shifts)]
    whole = [_whole(places, shift, tolerance) for shift in shifts]
    return np.array([exact for exact, permutation in whole if permutation is not None]).reshape(-1, 3) @ cell


def _out_of_span(accepted: list[NDArray[np.float64]], shift: NDArray[np.float64], places: _Places) -> float:
    """Distance in Å of a shift from the line or plane of those accepted."""
    vector = shift @ places.cell
    basis = np.array(accepted) @ places.cell
    return float(np.linalg.norm(vector - np.linalg.lstsq(basis.T, vector)[0] @ basis))


def _candidates(
    places: _Places, nearest: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Shifts from one site of the rarest kind to others, those to all near images by length, and whose image each is.

    (n, 3) and (M, 3) fractional, and (M,) numbers below n.
    """
    kinds, counts = np.unique(places.labels, return_counts=True)
    rarest = np.flatnonzero(places.labels == kinds[np.argmin(counts)])
    shifts = places.fractional[rarest] - places.fractional[rarest[0]]
    images = np.array(list(product((-1, 0, 1), repeat=3)), dtype=float)
    longest = np.linalg.norm(places.cell, axis=1).max() * (1 + 1e-6)
    if nearest is not None and len(rarest) > nearest:
        away = np.full(len(shifts), np.inf)
        for image in images:
            np.minimum(away, np.linalg.norm((shifts + image) @ places.cell, axis=1), out=away)
        # Beyond the last of them some are left out, and a longer vector might be taken for the shortest.
        longest = min(longest, float(np.partition(away, nearest)[nearest]) * (1 - 1e-6))
        shifts = shifts[away <= longest]
    everything = (shifts[:, None] + images[None]).reshape(-1, 3)
    owner = np.repeat(np.arange(len(shifts)), len(images))
    length = np.linalg.norm(everything @ places.cell, axis=1)
    keep = (length > places.reach) & (length <= longest)
    # Of a shift and its opposite one is enough; rounding makes equal lengths come in a fixed order.
    order = np.argsort(np.round(length[keep], 3), kind="stable")
    return shifts, everything[keep][order], owner[keep][order]


def _whole(
    places: _Places, shift: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Average a shift over all sites; None if it fails for one of them."""
    n = len(places.labels)
    found, off = places.of(np.arange(n), shift[None])
    permutation, distance = found[0], off[0]
    if (permutation < 0).any() or len(np.unique(permutation)) < n:
        return shift, None
    mean = distance.mean(axis=0)
    if np.linalg.norm(distance - mean, axis=1).max() > tolerance:
        return shift, None
    # Repeating it brings each site back, so N times the averaged shift is a lattice vector: no rounding is left.
    return np.round((shift + mean @ places.inverse) * n) / n, permutation


def _classes(
    places: _Places, shifts: NDArray[np.float64], permutations: list[NDArray[np.int64]], tolerance: float
) -> Translations:
    """Sites that the translations connect; nothing if they are off by more than the tolerance."""
    n = len(places.labels)
    # The shifts lie out of one plane by more than the reach, so the determinant is not zero.
    copies = round(1 / abs(np.linalg.det(shifts)))
    if copies == 1:
        return Translations(None, np.arange(n), 0)
    noise = Translations(None, np.arange(n), 1)
    label = np.arange(n)
    while True:
        new = label.copy()
        for permutation in permutations:
            np.minimum.at(new, permutation, new)
            new = np.minimum(new, new[permutation])
        if np.array_equal(new, label):
            break
        label = new
    _, first, classes, sizes = np.unique(label, return_index=True, return_inverse=True, return_counts=True)
    if (sizes != copies).any():
        return noise
    cell = shifts @ places.cell
    offset = (places.fractional - places.fractional[first][classes]) @ np.linalg.inv(shifts)
    offset = (offset - np.round(offset)) @ cell
    mean = np.stack([np.bincount(classes, weights=offset[:, axis]) for axis in range(3)], axis=1) / copies
    if np.linalg.norm(offset - mean[classes], axis=1).max() > tolerance:
        return noise
    return Translations(cell, classes.astype(np.int64), 0)
