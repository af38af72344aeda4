"""The many nearest neighbours of every site, compiled; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Shorts = NDArray[np.int32]
    #: Images (3, m) in the order of their boxes, their sites, first image of each box, origin, edges and shape.
    Images = tuple[Floats, Integers, Integers, Floats, Floats, Integers]

#: The first ball holds so many times k sites, and so many more, if they are spread evenly.
SPARE, MORE = 1.2, 12.0
#: How much further to look where fewer were found.
FURTHER = 1.2
#: Sites without a repeat are spread over a box at least so thick, in Å, so that a flat molecule has a density too.
THICK = 2.0
#: From so many images on they are put into boxes of half the longest distance, before that into slabs.
BOXED = 4000
#: Images of fewer sites are not sorted at all.
FEW = 12
#: Slabs in the longest distance, and the most boxes along an axis.
SLABS, MOST_BOXES = 8, 400
#: More numbers than this in one drawer of the sort are sorted otherwise.
FULL = 96
#: Steps of the reduction of a cell; a skewed one needs a few.
MOST_STEPS = 1000
#: Rounding can lose no image by a reach this much longer.
SLACK = 1e-9


def _reduced(cell: Floats, pbc: NDArray[np.bool_]) -> tuple[Floats, int]:
    """(3, 3) periodic vectors first, short ones of the same lattice, then unit vectors across; and how many."""
    basis = np.zeros((3, 3))
    n = 0
    for axis in range(3):
        if pbc[axis]:
            basis[n] = cell[axis]
            n += 1
    changed = n > 1
    steps = 0
    while changed and steps < MOST_STEPS:
        changed = False
        steps += 1
        for i in range(n):
            length = (basis[i] * basis[i]).sum()
            for j in range(n):
                if j == i:
                    continue
                m = np.round((basis[i] * basis[j]).sum() / (basis[j] * basis[j]).sum())
                shorter = basis[i] - m * basis[j]
                if (shorter * shorter).sum() < length * (1 - SLACK):
                    basis[i] = shorter
                    length = (shorter * shorter).sum()
                    changed = True
            if n == 3:  # noqa: PLR2004 - dimensions
                for p in (-1.0, 1.0):
                    for q in (-1.0, 1.0):
                        shorter = basis[i] + p * basis[(i + 1) % 3] + q * basis[(i + 2) % 3]
                        if (shorter * shorter).sum() < length * (1 - SLACK):
                            basis[i] = shorter
                            length = (shorter * shorter).sum()
                            changed = True
    if n == 0:
        return np.eye(3), 0
    if n == 1:
        least = np.argmin(np.abs(basis[0]))
        basis[1] = _across(basis[0], np.eye(3)[least])
    if n < 3:  # noqa: PLR2004 - dimensions
        basis[2] = _across(basis[0], basis[1])
    return basis, n


def _inverse(basis: Floats) -> Floats:
    """Inverse of a matrix: its columns are the cross products of two rows over the volume."""
    result = np.empty((3, 3))
    for axis in range(3):
        p, q = (axis + 1) % 3, (axis + 2) % 3
        for u in range(3):
            v, w = (u + 1) % 3, (u + 2) % 3
            result[u, axis] = basis[p, v] * basis[q, w] - basis[p, w] * basis[q, v]
    return result / (basis[0, 0] * result[0, 0] + basis[0, 1] * result[1, 0] + basis[0, 2] * result[2, 0])


inverse_of = compiled(_inverse)


def _volume(basis: Floats) -> float:
    """Volume that three vectors span."""
    return abs(
        basis[0, 0] * (basis[1, 1] * basis[2, 2] - basis[1, 2] * basis[2, 1])
        + basis[0, 1] * (basis[1, 2] * basis[2, 0] - basis[1, 0] * basis[2, 2])
        + basis[0, 2] * (basis[1, 0] * basis[2, 1] - basis[1, 1] * basis[2, 0])
    )


volume_of = compiled(_volume)


def _unit_across(a: Floats, b: Floats) -> Floats:
    """Unit vector normal to two others."""
    normal = np.empty(3)
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        normal[axis] = a[u] * b[v] - a[v] * b[u]
    return normal / np.sqrt((normal * normal).sum())


_across = compiled(_unit_across)
reduced = compiled(_reduced)


def _first_reach(points: Floats, basis: Floats, n_periodic: int, k: int) -> float:
    """A radius within which every site probably has k neighbours."""
    volume = volume_of(basis)
    for axis in range(n_periodic, 3):
        low, high = np.inf, -np.inf
        for i in range(len(points)):
            place = points[i, 0] * basis[axis, 0] + points[i, 1] * basis[axis, 1] + points[i, 2] * basis[axis, 2]
            low = min(low, place)
            high = max(high, place)
        volume *= max(high - low, THICK)
    return float((3 * (SPARE * k + MORE) / (4 * np.pi) * volume / len(points)) ** (1 / 3))


first_reach = compiled(_first_reach)


def _lattice_vectors(basis: Floats, n_periodic: int, length: float) -> Floats:
    """(m, 3) vectors of the lattice up to a length."""
    inverse = inverse_of(basis)
    most = np.zeros(3, dtype=np.int64)
    for axis in range(n_periodic):
        most[axis] = int(length * np.sqrt((inverse[:, axis] ** 2).sum()))
    found = np.empty(((2 * most[0] + 1) * (2 * most[1] + 1) * (2 * most[2] + 1), 3))
    m = 0
    for u in range(-most[0], most[0] + 1):
        for v in range(-most[1], most[1] + 1):
            for w in range(-most[2], most[2] + 1):
                square = 0.0
                for axis in range(3):
                    found[m, axis] = u * basis[0, axis] + v * basis[1, axis] + w * basis[2, axis]
                    square += found[m, axis] ** 2
                if square <= length * length:
                    m += 1
    return found[:m]


_shifts = compiled(_lattice_vectors)


def _images(places: Floats, basis: Floats, n_periodic: int, reach: float) -> tuple[Floats, Integers]:
    """(3, m) all images that may lie within ``reach`` of a site, those of the cell too, and which site each is of.

    Kept are those in a ball and in a box around all sites.
    """
    n = len(places)
    x, y, z = places[:, 0].copy(), places[:, 1].copy(), places[:, 2].copy()
    x_low, x_high, y_low, y_high = x.min(), x.max(), y.min(), y.max()
    z_low, z_high = z.min(), z.max()
    cx, cy, cz = 0.5 * (x_low + x_high), 0.5 * (y_low + y_high), 0.5 * (z_low + z_high)
    radius = 0.0
    for i in range(n):
        radius = max(radius, (x[i] - cx) ** 2 + (y[i] - cy) ** 2 + (z[i] - cz) ** 2)
    radius = np.sqrt(radius)
    # A little longer, so that rounding can lose no image.
    longer = reach * (1 + SLACK) + SLACK
    x_low, x_high, y_low, y_high = x_low - longer, x_high + longer, y_low - longer, y_high + longer
    z_low, z_high, ball = z_low - longer, z_high + longer, (longer + radius) ** 2
    shifts = _shifts(basis, n_periodic, longer + 2 * radius)
    size = n * len(shifts)
    found, owner = np.empty((3, size)), np.empty(size, dtype=np.int64)
    one, none = np.uint64(1), np.uint64(0)
    m = none
    for shift in shifts:
        u, v, w = shift[0], shift[1], shift[2]
        for i in range(n):
            px, py, pz = x[i] + u, y[i] + v, z[i] + w
            found[0, m] = px
            found[1, m] = py
            found[2, m] = pz
            owner[m] = i
            inside = (px - cx) ** 2 + (py - cy) ** 2 + (pz - cz) ** 2 <= ball
            inside &= (px >= x_low) & (px <= x_high) & (py >= y_low) & (py <= y_high)
            inside &= (pz >= z_low) & (pz <= z_high)
            m += one if inside else none
    return found[:, :m], owner[:m]


images_within = compiled(_images)


def _boxed(place: Floats, owner: Integers, n: int, reach: float) -> Images:
    """Sort images of n sites into boxes, by x, then y, then z: slabs along z while they are few."""
    m = place.shape[1]
    origin, edges = np.empty(3), np.empty(3)
    shape = np.empty(3, dtype=np.int64)
    for axis in range(3):
        origin[axis] = place[axis].min()
        extent = place[axis].max() - origin[axis]
        edge = reach / SLABS if axis == 2 and n >= FEW else extent + 1  # noqa: PLR2004 - the last of three
        if m >= BOXED:
            edge = reach / 2
        edges[axis] = max(edge, extent / MOST_BOXES) + SLACK
        shape[axis] = int(extent / edges[axis]) + 1
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
    first = int(np.floor((place - reach - origin) / edge))
    last = int(np.floor((place + reach - origin) / edge))
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


def _sorted_roots(squares: Floats, most: float, scratch: Floats, drawer: Shorts, starts: Shorts) -> None:
    """Replace squares of distances up to ``most`` by the distances, ascending.

    In a crystal the number of neighbours grows with r³, so that as many drawers hold about one each. ``scratch`` and
    ``drawer`` are as long as the squares, ``starts`` has two more.
    """
    n = len(squares)
    scale = n / (most * most * most)
    starts[: n + 2] = 0
    for i in range(n):
        distance = np.sqrt(squares[i])
        drawer[i] = min(np.int32(squares[i] * distance * scale), np.int32(n))
        squares[i] = distance
    for i in range(n):
        starts[np.uint64(drawer[i] + 1)] += np.int32(1)
    total = fullest = np.int32(0)
    for i in range(n + 2):
        fullest = max(fullest, starts[i])
        total += starts[i]
        starts[i] = total
    if fullest > FULL:
        squares.sort()
        return
    for i in range(n):
        own = np.uint64(drawer[i])
        scratch[np.uint64(starts[own])] = squares[i]
        starts[own] += np.int32(1)
    squares[0] = scratch[0]
    for i in range(1, n):
        value = scratch[i]
        j = i
        while j > 0 and squares[np.uint64(j - 1)] > value:
            squares[np.uint64(j)] = squares[np.uint64(j - 1)]
            j -= 1
        squares[np.uint64(j)] = value


sorted_roots = compiled(_sorted_roots)


def _wrapped(points: Floats, basis: Floats, n_periodic: int) -> Floats:
    """Copy of points, moved into the cell along the directions that repeat."""
    inverse = inverse_of(basis)
    result = points.copy()
    for i in range(len(points)):
        for axis in range(n_periodic):
            along = points[i, 0] * inverse[0, axis] + points[i, 1] * inverse[1, axis] + points[i, 2] * inverse[2, axis]
            whole = np.floor(along)
            for u in range(3):
                result[i, u] -= whole * basis[axis, u]
    return result


wrapped = compiled(_wrapped)


def _nearest(
    points: Floats,
    cell: Floats,
    pbc: NDArray[np.bool_],
    most: float,
    distances: Floats,
    owners: Integers,
) -> None:
    """Fill ``distances`` (n, k), ascending, with those to the k nearest others, infinite beyond ``most``.

    ``owners`` (n, k) gets the sites of the neighbours, −1 where there is none; give (0, 0) to leave them out.
    """
    n, k = distances.shape
    basis, n_periodic = reduced(cell, pbc)
    places = wrapped(points, basis, n_periodic)
    reach = first_reach(places, basis, n_periodic, k)
    if most < reach * FURTHER:
        reach = most
    left = np.arange(n)
    while len(left):
        place, owner = images_within(places, basis, n_periodic, reach)
        images = boxed(place, owner, n, reach)
        # Nothing is farther away than the images of a cluster.
        ends = reach >= most or (n_periodic == 0 and reach * reach >= 4 * ((places - places[0]) ** 2).sum(axis=1).max())
        size = place.shape[1]
        squares, scratch = np.empty(size), np.empty(size)
        which = np.empty(size, dtype=np.int64)
        drawer, starts = np.empty(size, dtype=np.int32), np.empty(size + 2, dtype=np.int32)
        n_left = 0
        for i in left:
            found = squares_within(places[i], images, reach, squares, which)
            if found <= k and not ends:
                left[n_left] = i
                n_left += 1
                continue
            n_kept = min(found - 1, k)
            if owners.size:
                order = np.argsort(squares[:found])
                for q in range(n_kept):
                    distances[i, q] = np.sqrt(squares[order[q + 1]])
                    owners[i, q] = images[1][which[order[q + 1]]]
                owners[i, n_kept:] = -1
            else:
                sorted_roots(squares[:found], reach, scratch, drawer, starts)
                # The first is the site itself.
                for q in range(n_kept):
                    distances[i, q] = squares[q + 1]
            for q in range(n_kept, k):
                distances[i, q] = np.inf
        left = left[:n_left]
        reach = min(reach * FURTHER, most)


nearest = compiled(_nearest)
