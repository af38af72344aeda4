"""The many nearest neighbours of every site, compiled; importing this file imports Numba."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiled_images import SLACK, extent_of, images_within
from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.geometry.site_batch import SiteBatch

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Shorts = NDArray[np.int32]
    #: As `SiteBatch.lattices`.
    Lattices = tuple[Integers, Floats, Floats, Floats, Integers]
    #: Images (3, m) in the order of their boxes, their sites, first image of each box, origin, edges and shape.
    Images = tuple[Floats, Integers, Integers, Floats, Floats, Integers]

#: The first ball holds so many times k sites, and so many more, if they are spread evenly.
SPARE, MORE = 1.05, 12.0
#: How much further to look where fewer were found.
FURTHER = 1.2
#: From so many images on they are put into boxes of half the longest distance, before that into slabs.
BOXED = 4000
#: Images of fewer sites are not sorted at all.
FEW = 12
#: Slabs in the longest distance, and the most boxes along an axis.
SLABS, MOST_BOXES = 8, 400
#: More numbers than this in one drawer of the sort are sorted otherwise.
FULL = 96
#: Boxes for each image.
SPARE_BOXES = 8
#: How much longer the edges of boxes become where there would be more.
LONGER = 1.25


def _boxed(place: Floats, owner: Integers, n: int, reach: float) -> Images:
    """Sort images of n sites into boxes, by x, then y, then z: slabs along z while they are few."""
    m = place.shape[1]
    origin, edges, extent = np.empty(3), np.empty(3), np.empty(3)
    shape = np.empty(3, dtype=np.int64)
    for axis in range(3):
        origin[axis], high = extent_of(place[axis])
        extent[axis] = high - origin[axis]
        edge = reach / SLABS if axis == 2 and n >= FEW else extent[axis] + 1  # noqa: PLR2004 - the last of three
        if m >= BOXED:
            edge = reach / 2
        edges[axis] = max(edge, extent[axis] / MOST_BOXES) + SLACK
        shape[axis] = int(extent[axis] / edges[axis]) + 1
    while m >= BOXED and shape[0] * shape[1] * shape[2] > SPARE_BOXES * m:
        for axis in range(3):
            edges[axis] *= LONGER
            shape[axis] = int(extent[axis] / edges[axis]) + 1
    start = np.zeros(shape[0] * shape[1] * shape[2] + 1, dtype=np.int64)
    if len(start) == 2:  # noqa: PLR2004 - one box
        start[1] = m
        return place, owner, start, origin, edges, shape
    box = np.empty(m, dtype=np.int32)
    x, y, z = place[0], place[1], place[2]
    n_v, n_w = np.int32(shape[1]), np.int32(shape[2])
    for i in range(m):
        u = np.int32((x[i] - origin[0]) / edges[0])
        v = np.int32((y[i] - origin[1]) / edges[1])
        box[i] = (u * n_v + v) * n_w + np.int32((z[i] - origin[2]) / edges[2])
    for i in range(m):
        start[np.uint64(box[i] + 1)] += 1
    for i in range(1, len(start)):
        start[i] += start[i - 1]
    filled = start.copy()
    ordered, owners = np.empty((3, m)), np.empty(m, dtype=np.int64)
    for i in range(m):
        own = np.uint64(box[i])
        to = np.uint64(filled[own])
        filled[own] += 1
        ordered[0, to] = x[i]
        ordered[1, to] = y[i]
        ordered[2, to] = z[i]
        owners[to] = owner[i]
    return ordered, owners, start, origin, edges, shape


boxed = compiled(_boxed)


def _span(place: float, reach: float, origin: float, edge: float, n: int) -> tuple[int, int]:
    """First and last of n boxes along an axis that are within reach."""
    first = math.floor((place - reach - origin) / edge)
    last = math.floor((place + reach - origin) / edge)
    return max(first, 0), min(last, n - 1)


span = compiled(_span)


def _squares(here: Floats, images: Images, reach: float, squares: Floats, which: Integers) -> int:
    """Squared distances of all images within reach of a place, itself among them, and which image each is of."""
    place, _, start, origin, edges, shape = images
    hx, hy, hz = here[0], here[1], here[2]
    first_u, last_u = span(hx, reach, origin[0], edges[0], shape[0])
    first_v, last_v = span(hy, reach, origin[1], edges[1], shape[1])
    first_w, last_w = span(hz, reach, origin[2], edges[2], shape[2])
    most = reach * reach
    # Unsigned, so that the compiler need not look for negative indices.
    one, none = np.uint64(1), np.uint64(0)
    n = none
    for u in range(first_u, last_u + 1):
        for v in range(first_v, last_v + 1):
            base = (u * shape[1] + v) * shape[2]
            first, end = start[base + first_w], start[base + last_w + 1]
            x, y, z = place[0, first:end], place[1, first:end], place[2, first:end]
            new = squares[n:]
            # Two loops, because the first of them is done four at a time.
            for q in range(len(x)):
                dx, dy, dz = x[q] - hx, y[q] - hy, z[q] - hz
                new[q] = dx * dx + dy * dy + dz * dz
            for q in range(len(x)):
                square = new[q]
                squares[n] = square
                which[n] = q + first
                n += one if square <= most else none
    return int(n)


squares_within = compiled(_squares)


def _heap_sort(values: Floats, which: Integers) -> None:
    """Sort values, and what belongs to them alike, in place: never slow, rarely needed."""
    n = len(values)
    for step in range(n // 2 + n - 1):
        if step < n // 2:
            root, end = n // 2 - 1 - step, n
        else:
            root, end = 0, n - 1 - (step - n // 2)
            values[0], values[end] = values[end], values[0]
            which[0], which[end] = which[end], which[0]
        while 2 * root + 1 < end:
            child = 2 * root + 1
            if child + 1 < end and values[child + 1] > values[child]:
                child += 1
            if values[child] <= values[root]:
                break
            values[root], values[child] = values[child], values[root]
            which[root], which[child] = which[child], which[root]
            root = child


heap_sort = compiled(_heap_sort)


def _drawer_sort(values: Floats, most: float, scratch: Floats, drawer: Shorts, starts: Shorts) -> bool:
    """Sort distances up to ``most`` in place; False if they are too unevenly spread, and nothing was done.

    In a crystal the number of neighbours grows with r³, so that as many drawers hold about one each. ``scratch`` and
    ``drawer`` are as long as the values, ``starts`` has two more.
    """
    n = len(values)
    scale = n / (most * most * most)
    starts[: n + 2] = 0
    for i in range(n):
        drawer[i] = min(np.int32(values[i] * values[i] * values[i] * scale), np.int32(n))
    for i in range(n):
        starts[np.uint64(drawer[i] + 1)] += np.int32(1)
    total = fullest = np.int32(0)
    for i in range(n + 2):
        fullest = max(fullest, starts[i])
        total += starts[i]
        starts[i] = total
    if fullest > FULL:
        return False
    for i in range(n):
        own = np.uint64(drawer[i])
        scratch[np.uint64(starts[own])] = values[i]
        starts[own] += np.int32(1)
    values[0] = scratch[0]
    for i in range(1, n):
        value = scratch[i]
        j = i
        while j > 0 and values[np.uint64(j - 1)] > value:
            values[np.uint64(j)] = values[np.uint64(j - 1)]
            j -= 1
        values[np.uint64(j)] = value
    return True


drawer_sort = compiled(_drawer_sort)


def _nearest_of_one(  # noqa: PLR0917 - compiled: no keywords
    places: Floats,
    images: Images,
    reach: float,
    ends: bool,
    left: Integers,
    distances: Floats,
    owners: Integers,
) -> int:
    """Fill the rows ``left`` of `nearest`; those with too few images come first in ``left``, returned is how many."""
    k, size = distances.shape[1], images[0].shape[1]
    values, which, scratch = np.empty(size), np.empty(size, dtype=np.int64), np.empty(size)
    drawer, starts = np.empty(size, dtype=np.int32), np.empty(size + 2, dtype=np.int32)
    n_left = 0
    for number in range(len(left)):
        i = left[number]
        found = squares_within(places[i], images, reach, values, which)
        if found <= k and not ends:
            left[n_left] = i
            n_left += 1
            continue
        for q in range(found):
            values[q] = math.sqrt(values[q])
        if owners.size or not drawer_sort(values[:found], reach, scratch, drawer, starts):
            heap_sort(values[:found], which[:found])
        # The first is the site itself.
        for q in range(min(found - 1, k)):
            distances[i, q] = values[q + 1]
        for q in range(found - 1, k):
            distances[i, q] = np.inf
        if owners.size:
            for q in range(k):
                owners[i, q] = images[1][which[q + 1]] if q < found - 1 else -1
    return n_left


nearest_of_one = compiled(_nearest_of_one)


def _nearest(lattices: Lattices, reaches: Floats, most: float, distances: Floats, owners: Integers) -> None:
    """Fill ``distances`` (N, k), ascending, with those to the k nearest other sites or images.

    They are infinite beyond ``most``. ``reaches`` (m,) is where to look first. ``owners`` (N, k) gets the sites of
    the neighbours, counted in each crystal, −1 where there is none; give (0, 0) to leave them out.
    """
    starts, points, bases, inverses, n_periodic = lattices
    for crystal in range(len(bases)):
        first, end = starts[crystal], starts[crystal + 1]
        places = points[first:end]
        size = 0.0
        for i in range(len(places)):
            for axis in range(3):
                size = max(size, abs(places[i, axis] - places[0, axis]))
        left = np.arange(end - first)
        reach = reaches[crystal]
        while True:
            # Nothing is farther away than the ends of a cluster.
            ends = reach >= most or (n_periodic[crystal] == 0 and reach >= 4 * size)
            reach = min(reach, most)
            place, owner = images_within(places, bases[crystal], inverses[crystal], n_periodic[crystal], reach)
            images = boxed(place, owner, len(places), reach)
            own = owners[first:end] if owners.size else owners
            n_left = nearest_of_one(places, images, reach, ends, left, distances[first:end], own)
            if n_left == 0:
                break
            left = left[:n_left]
            reach *= FURTHER


fill_nearest = compiled(_nearest)


def nearest(sites: SiteBatch, k: int, *, most: float = np.inf, with_owners: bool = False) -> tuple[Floats, Integers]:
    """Distances of each site to the k nearest other sites or images.

    Parameters
    ----------
    sites
        Of many crystals.
    k
        How many.
    most
        Å; farther ones are left out.
    with_owners
        Whether to tell whose images the neighbours are.

    Returns
    -------
    distances
        (N, k) Å, ascending, infinite where there is none.
    owners
        (N, k) the sites that the neighbours are images of, counted in each crystal, −1 where there is none; empty
        if they are not asked for.
    """
    n = len(sites.points)
    distances = np.empty((n, k))
    owners = np.empty((n, k) if with_owners else (0, 0), dtype=np.int64)
    density = np.diff(sites.starts) / sites.volumes
    reaches = (3 * (SPARE * k + MORE) / (4 * np.pi * density)) ** (1 / 3)
    # Where nearly all that counts is seen at once, all of it is.
    reaches = np.where(reaches * FURTHER > most, most, reaches)
    fill_nearest(sites.lattices, reaches, most, distances, owners)
    return distances, owners
