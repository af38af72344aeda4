"""The compiled loops of `xtalprint.similarity.composition`: optimal transport of few masses.

Importing this file imports Numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.geometry.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: Any: a number of NumPy or of Python.
    Number = Any
    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]
    #: masses (2, most) and places (2, most) of what is to be moved; between (most, most) costs; see `_shortest_paths`
    Room = tuple[Floats, Places, Floats, "Search"]
    #: flow (most, most); potential, distance (2 most); before (2 most); done (2 most)
    Search = tuple[Floats, Floats, Floats, Places, NDArray[np.bool_]]

#: Masses below this share of the whole are rounding.
NOTHING = 1e-15


def _room_for(most: int) -> Room:
    """Make room for masses on so many places at each side."""
    search = (
        np.empty((most, most)),
        np.empty(2 * most),
        np.empty(2 * most),
        np.empty(2 * most, dtype=np.int64),
        np.empty(2 * most, dtype=np.bool_),
    )
    return np.empty((2, most)), np.empty((2, most), dtype=np.int64), np.empty((most, most)), search


room_for = compiled(_room_for)


def _two_to_many(a: Floats, b: Floats, n: int, cost: Floats, taken: NDArray[np.bool_]) -> Number:
    """Two masses a to n places b: the first goes where it saves most, the second takes what is left."""
    total = 0.0
    for j in range(n):
        total += b[j] * cost[1, j]
        taken[j] = False
    left = a[0]
    for _ in range(n):
        best = -1
        for j in range(n):
            if not taken[j] and (best < 0 or cost[0, j] - cost[1, j] < cost[0, best] - cost[1, best]):
                best = j
        flow = min(left, b[best])
        total += flow * (cost[0, best] - cost[1, best])
        left -= flow
        taken[best] = True
        if left <= 0:
            break
    return total


two_to_many = compiled(_two_to_many)


def _shortest_paths(left: Floats, cost: Floats, m: int, n: int, search: Search) -> None:  # noqa: C901 - one loop nest
    """Dijkstra's algorithm on reduced costs from all places with mass left; nodes: m sources, then n sinks."""
    flow, potential, distance, before, done = search
    for v in range(m + n):
        distance[v] = 0.0 if v < m and left[0, v] > 0 else np.inf
        before[v] = -1
        done[v] = False
    for _ in range(m + n):
        u = -1
        for v in range(m + n):
            if not done[v] and (u < 0 or distance[v] < distance[u]):
                u = v
        if distance[u] == np.inf:
            return
        done[u] = True
        if u < m:
            for j in range(n):
                step = distance[u] + max(0.0, cost[u, j] + potential[u] - potential[m + j])
                if not done[m + j] and step < distance[m + j]:
                    distance[m + j] = step
                    before[m + j] = u
        else:
            for i in range(m):
                if flow[i, u - m] > 0 and not done[i]:
                    step = distance[u] + max(0.0, potential[u] - cost[i, u - m] - potential[i])
                    if step < distance[i]:
                        distance[i] = step
                        before[i] = u


shortest_paths = compiled(_shortest_paths)


def _less(mass: float, amount: float) -> Number:
    """What is left of a mass, without rounding."""
    return 0.0 if mass - amount < NOTHING else mass - amount


less = compiled(_less)


def _push(end: int, left: Floats, m: int, search: Search) -> None:
    """Send as much as possible along the path that ends in sink ``end``."""
    flow, before = search[0], search[3]
    amount = left[1, end - m]
    v = end
    while before[v] >= 0:
        u = before[v]
        if u >= m:  # backwards: flow from v to u is taken back
            amount = min(amount, flow[v, u - m])
        v = u
    amount = min(amount, left[0, v])
    left[0, v] = less(left[0, v], amount)
    left[1, end - m] = less(left[1, end - m], amount)
    v = end
    while before[v] >= 0:
        u = before[v]
        if u < m:
            flow[u, v - m] += amount
        else:
            flow[v, u - m] = less(flow[v, u - m], amount)
        v = u


push = compiled(_push)


def _transport(left: Floats, m: int, n: int, cost: Floats, search: Search) -> Number:
    """Least cost of bringing m masses to n places, both with the same sum: successive shortest paths.

    ``left`` (2, …) holds the masses and is used up.
    """
    flow, potential, distance = search[0], search[1], search[2]
    flow[:m, :n] = 0.0
    potential[: m + n] = 0.0
    while left[0, :m].any() and left[1, :n].any():
        shortest_paths(left, cost, m, n, search)
        end = -1
        for j in range(n):
            if left[1, j] > 0 and (end < 0 or distance[m + j] < distance[end]):
                end = m + j
        # Nodes beyond the end of the path get its distance: reduced costs stay positive.
        for v in range(m + n):
            potential[v] += min(distance[v], distance[end])
        push(end, left, m, search)
    total = 0.0
    for i in range(m):
        for j in range(n):
            total += flow[i, j] * cost[i, j]
    return total


transport = compiled(_transport)


def _earth_movers(  # noqa: PLR0917 - compiled: no keywords
    masses: Floats, places: Places, m: int, n: int, cost: Floats, room: Room
) -> Number:
    """Least cost of bringing the m first masses to the places of the n second ones; masses may be used up."""
    between, search = room[2], room[3]
    if m == 0 or n == 0:
        return 0.0
    for i in range(m):
        for j in range(n):
            between[i, j] = cost[places[0, i], places[1, j]]
    if m == 1 or n == 1:
        total = 0.0
        for i in range(m):
            for j in range(n):
                total += (masses[1, j] if m == 1 else masses[0, i]) * between[i, j]
        return total
    if m == 2:  # noqa: PLR2004 - has a closed form
        return two_to_many(masses[0], masses[1], n, between, search[4])
    if n == 2:  # noqa: PLR2004 - the same the other way round
        return two_to_many(masses[1], masses[0], m, between.T, search[4])
    return transport(masses, m, n, between, search)


earth_movers = compiled(_earth_movers)


def _in_order(places_a: Places, masses_a: Floats, places_b: Places, masses_b: Floats) -> bool:
    """Whether a comes first, so that the distance of a and b is that of b and a to the last bit."""
    for k in range(min(len(places_a), len(places_b))):
        if places_a[k] != places_b[k]:
            return bool(places_a[k] < places_b[k])
        if masses_a[k] != masses_b[k]:
            return bool(masses_a[k] < masses_b[k])
    return len(places_a) <= len(places_b)


in_order = compiled(_in_order)


def _composition_distance(  # noqa: PLR0917 - compiled: no keywords
    places_a: Places, masses_a: Floats, places_b: Places, masses_b: Floats, cost: Floats, stay: bool, room: Room
) -> Number:
    """Earth mover's distance between two compositions: elements in ascending order, and their fractions."""
    if not in_order(places_a, masses_a, places_b, masses_b):
        places_a, places_b = places_b, places_a
        masses_a, masses_b = masses_b, masses_a
    masses, places = room[0], room[1]
    n_a, n_b = len(places_a), len(places_b)
    i, j, m, n = 0, 0, 0, 0
    while i < n_a or j < n_b:
        k_a = places_a[i] if i < n_a else places_b[j] + 1
        k_b = places_b[j] if j < n_b else places_a[i] + 1
        of_a = masses_a[i] if k_a <= k_b else 0.0
        of_b = masses_b[j] if k_b <= k_a else 0.0
        common = min(of_a, of_b) if stay else 0.0
        if of_a - common > NOTHING:
            masses[0, m] = of_a - common
            places[0, m] = k_a
            m += 1
        if of_b - common > NOTHING:
            masses[1, n] = of_b - common
            places[1, n] = k_b
            n += 1
        i += k_a <= k_b
        j += k_b <= k_a
    return earth_movers(masses, places, m, n, cost, room)


composition_distance = compiled(_composition_distance)


def _composition_distances(  # noqa: PLR0917 - compiled: no keywords
    counts_a: Places,
    places_a: Places,
    masses_a: Floats,
    counts_b: Places,
    places_b: Places,
    masses_b: Floats,
    cost: Floats,
    stay: bool,
    same: bool,
    out: Floats,
) -> None:
    """All of them between two sets: so many elements in each row, padded; of one set with itself only one half."""
    room = room_for(max(places_a.shape[1], places_b.shape[1]))
    for i in range(len(counts_a)):
        m = counts_a[i]
        for j in range(i if same else 0, len(counts_b)):
            n = counts_b[j]
            out[i, j] = composition_distance(
                places_a[i, :m], masses_a[i, :m], places_b[j, :n], masses_b[j, :n], cost, stay, room
            )
            if same:
                out[j, i] = out[i, j]


composition_distances = compiled(_composition_distances)
