"""Slow and exact diffraction image: the direct sum over all atoms and all pixels in double precision.

It is written independently of the package, from the equations alone, and is the oracle for the fast path.
"""

from __future__ import annotations

import numpy as np


def exact_image(
    positions,
    factor,
    *,
    wavelength=0.05,
    distance=0.1,
    pixel=4e-4,
    n_pixels=64,
    angle=45.0,
    inner=5.0,
    outer=30.0,
    normalise=True,
):
    """(3, n, n) image of a cluster.

    ``factor(s)`` returns the (atoms, pixels) form factors (times occupancies) at the (pixels,) lengths ``s`` in 1/Å.
    """
    offsets = (np.arange(n_pixels) - (n_pixels - 1) / 2) * pixel
    X, Y = np.meshgrid(offsets, offsets)
    direction = np.stack([X, Y, np.full_like(X, distance)], axis=-1)
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    radius = np.hypot(X, Y) / pixel
    ring = (radius >= inner) & (radius <= outer)
    s = (direction[ring] - [0.0, 0.0, 1.0]) / wavelength
    solid_angle = direction[ring][:, 2] ** 3
    f = factor(np.linalg.norm(s, axis=1))
    image = np.zeros((3, n_pixels, n_pixels))
    for axis in range(3):
        for sign in (1, -1):
            turned = positions @ rotation(axis, sign * angle).T
            amplitude = (f * np.exp(-2j * np.pi * (turned @ s.T))).sum(axis=0)
            image[axis][ring] += solid_angle * np.abs(amplitude) ** 2
    return image / image.max() if normalise else image


def rotation(axis, degrees):
    """Right-handed rotation about a Cartesian axis; acts on column vectors."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = c
    matrix[first, second], matrix[second, first] = -s, s
    return matrix
