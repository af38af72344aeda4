"""Slow and obviously right neighbour distances, GRID and RDF: loops over all images, one distance at a time.

Written from the definitions alone, independently of the package; the oracle for the fast path.
"""

from __future__ import annotations

from itertools import product
from math import erf, exp, floor, inf, pi, sqrt

import numpy as np

#: Distances closer than this are a tie.
TIE = 1e-5


def neighbours(points, cell, pbc, k, images):
    """For each site the k nearest others: (distance, site), ascending; (inf, None) where there are fewer.

    ``images`` is how many cells are looked at to each side; it must be enough.
    """
    result = []
    ranges = [range(-images, images + 1) if p else (0,) for p in pbc]
    cell = np.eye(3) if cell is None else np.asarray(cell, dtype=float)
    for i, here in enumerate(points):
        found = []
        for n in product(*ranges):
            for j, there in enumerate(points):
                if i != j or any(n):
                    found.append((float(np.linalg.norm(there + np.array(n) @ cell - here)), j))
        found.sort(key=lambda entry: entry[0])
        result.append((found + [(inf, None)] * k)[:k])
    return result


def weights(found, occupancies):
    """Weight of each entry of `neighbours`: occupancy of the site times that of its neighbour, ties averaged."""
    result = []
    for own, row in zip(occupancies, found, strict=True):
        values = [1.0 if j is None else occupancies[j] for _, j in row]
        start = 0
        while start < len(row):
            end = start + 1
            while end < len(row) and row[end][0] - row[end - 1][0] < TIE:
                end += 1
            values[start:end] = [sum(values[start:end]) / (end - start)] * (end - start)
            start = end
        result.append([own * value for value in values])
    return result


def normal(x, truncation=5.0):
    """Distribution function of a normal variable that never leaves ±5."""
    tail = 0.5 * (1 + erf(-truncation / sqrt(2)))
    x = min(max(x, -truncation), truncation)
    return (0.5 * (1 + erf(x / sqrt(2))) - tail) / (1 - 2 * tail)


def grid(found, weight, *, n_groups, n_bins, width, smearing):
    """(n_groups, n_bins) shares; what is beyond the last bin is left out, what is below zero is in the first."""
    array = np.zeros((n_groups, n_bins))
    for k in range(n_groups):
        total = sum(row[k] for row in weight)
        for row, own in zip(found, weight, strict=True):
            d = row[k][0]
            if d == inf:
                continue
            if smearing == 0:
                b = floor(d / width + 1e-4)
                if b < n_bins:
                    array[k, b] += own[k] / total
                continue
            for b in range(n_bins):
                low = 0.0 if b == 0 else normal((b * width - d) / smearing)
                array[k, b] += own[k] / total * (normal(((b + 1) * width - d) / smearing) - low)
    return array


def grid_of_cutoff(found, *, n_groups, r_max, width, smearing):
    """(n_groups, n_points) density at 0, width, … r_max of rounded distances up to r_max, times width."""
    points = np.arange(round(r_max / width) + 1) * width
    array = np.zeros((n_groups, len(points)))
    for k in range(n_groups):
        distances = [round(row[k][0], 3) for row in found if row[k][0] <= r_max]
        for d in distances:
            for b, r in enumerate(points):
                height = exp(-0.5 * ((r - d) / smearing) ** 2) / (smearing * sqrt(2 * pi))
                array[k, b] += width * height / len(distances)
    return array


def rdf(found, volume, *, n_bins, width):
    """(n_bins,) number of neighbours in each shell over that of a gas of the same density."""
    n = len(found)
    counts = np.zeros(n_bins)
    for row in found:
        for d, _ in row:
            if d < inf and floor(d / width + 1e-4) < n_bins:
                counts[floor(d / width + 1e-4)] += 1
    edges = np.arange(n_bins + 1) * width
    return counts / n / (4 / 3 * pi * (edges[1:] ** 3 - edges[:-1] ** 3) * n / volume)
