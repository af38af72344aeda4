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

#: Masses below this share of the whole are rounding.
NOTHING = 1e-15


def _two_by_two(a: Floats, b: Floats, cost: Floats, rows: Places, columns: Places) -> Number:
    """Two masses to two places: the cost is linear in the one free flow, so that the best is at an end."""
    c00, c01 = cost[rows[0], columns[0]], cost[rows[0], columns[1]]
    c10, c11 = cost[rows[1], columns[0]], cost[rows[1], columns[1]]
    flow = min(a[0], b[0]) if c00 + c11 < c01 + c10 else max(0.0, a[0] - b[1])
    return flow * c00 + (a[0] - flow) * c01 + (b[0] - flow) * c10 + (a[1] - (b[0] - flow)) * c11


two_by_two = compiled(_two_by_two)


def _shortest_paths(  # noqa: PLR0917, C901 - compiled: no keywords, one loop nest
    left_a: Floats,
    cost: Floats,
    flow: Floats,
    potential: Floats,
    distance: Floats,
    before: Places,
    done: NDArray[np.bool_],
) -> None:
    """Dijkstra's algorithm on reduced costs from all places with mass left; nodes: m sources, then n sinks."""
    m, n = cost.shape
    for v in range(m + n):
        distance[v] = 0.0 if v < m and left_a[v] > 0 else np.inf
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


def _push(end: int, left_a: Floats, left_b: Floats, flow: Floats, before: Places) -> None:
    """Send as much as possible along the path that ends in sink ``end``."""
    m = len(left_a)
    amount = left_b[end - m]
    v = end
    while before[v] >= 0:
        u = before[v]
        if u >= m:  # backwards: flow from v to u is taken back
            amount = min(amount, flow[v, u - m])
        v = u
    amount = min(amount, left_a[v])
    left_a[v] = 0.0 if left_a[v] - amount < NOTHING else left_a[v] - amount
    left_b[end - m] = 0.0 if left_b[end - m] - amount < NOTHING else left_b[end - m] - amount
    v = end
    while before[v] >= 0:
        u = before[v]
        if u < m:
            flow[u, v - m] += amount
        else:
            flow[v, u - m] = 0.0 if flow[v, u - m] - amount < NOTHING else flow[v, u - m] - amount
        v = u


push = compiled(_push)


def _transport(a: Floats, b: Floats, cost: Floats) -> float:
    """Least cost of bringing masses a to places b of the same total mass: successive shortest paths."""
    m, n = cost.shape
    flow = np.zeros((m, n))
    potential, distance = np.zeros(m + n), np.empty(m + n)
    before, done = np.empty(m + n, dtype=np.int64), np.empty(m + n, dtype=np.bool_)
    left_a, left_b = a.copy(), b.copy()
    while left_a.any() and left_b.any():
        shortest_paths(left_a, cost, flow, potential, distance, before, done)
        end = -1
        for j in range(n):
            if left_b[j] > 0 and (end < 0 or distance[m + j] < distance[end]):
                end = m + j
        # Nodes beyond the end of the path get its distance: reduced costs stay positive.
        for v in range(m + n):
            potential[v] += min(distance[v], distance[end])
        push(end, left_a, left_b, flow, before)
    total = 0.0
    for i in range(m):
        for j in range(n):
            total += flow[i, j] * cost[i, j]
    return total


transport = compiled(_transport)


def _earth_movers(a: Floats, b: Floats, rows: Places, columns: Places, cost: Floats) -> Number:
    """Least cost of bringing masses a, of elements ``rows``, to masses b of elements ``columns``."""
    m, n = len(rows), len(columns)
    if m == 0 or n == 0:
        return 0.0
    if m == 1 or n == 1:
        total = 0.0
        for i in range(m):
            for j in range(n):
                total += (b[j] if m == 1 else a[i]) * cost[rows[i], columns[j]]
        return total
    if m == 2 and n == 2:  # noqa: PLR2004 - has a closed form
        return two_by_two(a, b, cost, rows, columns)
    between = np.empty((m, n))
    for i in range(m):
        for j in range(n):
            between[i, j] = cost[rows[i], columns[j]]
    return transport(a, b, between)


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
    places_a: Places, masses_a: Floats, places_b: Places, masses_b: Floats, cost: Floats, stay: bool
) -> Number:
    """Earth mover's distance between two compositions: elements in ascending order, and their fractions."""
    if not in_order(places_a, masses_a, places_b, masses_b):
        places_a, places_b = places_b, places_a
        masses_a, masses_b = masses_b, masses_a
    if not stay:
        return earth_movers(masses_a, masses_b, places_a, places_b, cost)
    n_a, n_b = len(places_a), len(places_b)
    left = np.empty((2, n_a + n_b))
    place = np.empty((2, n_a + n_b), dtype=np.int64)
    i, j, m, n = 0, 0, 0, 0
    while i < n_a or j < n_b:
        k_a = places_a[i] if i < n_a else places_b[j] + 1
        k_b = places_b[j] if j < n_b else places_a[i] + 1
        more = (masses_a[i] if k_a <= k_b else 0.0) - (masses_b[j] if k_b <= k_a else 0.0)
        if more > NOTHING:
            left[0, m] = more
            place[0, m] = k_a
            m += 1
        elif more < -NOTHING:
            left[1, n] = -more
            place[1, n] = k_b
            n += 1
        i += k_a <= k_b
        j += k_b <= k_a
    return earth_movers(left[0, :m], left[1, :n], place[0, :m], place[1, :n], cost)


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
    out: Floats,
) -> None:
    """All of them between two sets: so many elements in each row, padded."""
    for i in range(len(counts_a)):
        m = counts_a[i]
        for j in range(len(counts_b)):
            n = counts_b[j]
            out[i, j] = composition_distance(
                places_a[i, :m], masses_a[i, :m], places_b[j, :n], masses_b[j, :n], cost, stay
            )


composition_distances = compiled(_composition_distances)
