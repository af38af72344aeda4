"""Diffraction images of turned pieces, taken on circles about the beam: a turn about it is then a cyclic shift."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.geometry import compact_piece, niggli_cell, to_cluster
from xtalprint.models.architecture import IMAGE_SHAPE
from xtalprint.scattering import ImageGeometry, image_of_cluster, largest_atomic_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.diffraction_image import DiffractionImage

#: Radii of the circles in pixels, between the masks of the image, and directions on each.
RADII, ANGLES = np.linspace(6.0, 28.5, 24), 96
#: Directions between two of them that are averaged: on the outer circles pixels are nearer than directions.
FINER = 2
#: Atoms of the piece that is cut out of a crystal with a cell.
PIECE = 256
#: Steps that the square root of the intensity is counted in.
STEPS = 255


def on_circles(images: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Intensity on circles about the middle, interpolated linearly between the four nearest pixels.

    Parameters
    ----------
    images
        (n, 3, 64, 64), [.., row = y, column = x].

    Returns
    -------
    (n, 3, radii, angles), the angle counted from x towards y.
    """
    n = len(images)
    pixels = np.asarray(images, dtype=np.float32).reshape(n * IMAGE_SHAPE[0], -1)
    circles: NDArray[np.float32] = (_weights() @ pixels.T).T.reshape(n, IMAGE_SHAPE[0], len(RADII), ANGLES)
    return circles


def as_steps(circles: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Square root of intensities between 0 and 1, in steps of 1/255: what the network sees, and small to keep."""
    roots = np.sqrt(np.clip(circles, 0.0, 1.0))
    steps: NDArray[np.uint8] = np.round(STEPS * roots).astype(np.uint8)
    return steps


def scaled_piece(descriptor: DiffractionImage, crystal: Crystal) -> Crystal:
    """A piece without a cell, the crystal itself if it has none, with a bond length of 1 Å.

    It is cut along the reduced vectors of the box: along those of a skewed box it would be a needle.

    Raises
    ------
    UnsupportedInputError
        For a single atom without a cell.
    """
    piece = to_cluster(crystal) if crystal.cell is None else compact_piece(niggli_cell(crystal), n_atoms=PIECE)
    return descriptor.cluster(piece)[0]


def turned_images(
    descriptor: DiffractionImage, piece: Crystal, turns: Sequence[NDArray[np.float64]]
) -> NDArray[np.float32]:
    """Images (turns, 3, n, n) of a scaled piece, turned by rotation matrices (3, 3).

    Raises
    ------
    UnsupportedInputError
        For an element that the table of form factors does not have.
    """
    geometry = ImageGeometry(
        detector=descriptor.detector, rotation_angle=descriptor.rotation_angle, table=descriptor.form_factors
    )
    numbers = np.minimum(piece.numbers + descriptor.z_offset, largest_atomic_number(descriptor.form_factors))
    occupancies = None if piece.is_ordered else piece.occupancies
    return np.stack(
        [
            image_of_cluster(piece.positions @ turn.T, numbers, occupancies=occupancies, geometry=geometry)
            for turn in turns
        ]
    )


@cache
def _weights() -> csr_array:
    """(radii · angles, pixels) weight of each pixel in each place on a circle."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - SciPy where it is needed

    _, height, width = IMAGE_SHAPE
    steps = np.arange(ANGLES * FINER) - 0.5 * (FINER - 1)
    angles = 2 * np.pi / (ANGLES * FINER) * steps
    x = 0.5 * (width - 1) + RADII[:, None] * np.cos(angles)
    y = 0.5 * (height - 1) + RADII[:, None] * np.sin(angles)
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    right, down = x - column, y - row
    places = np.broadcast_to(np.arange(len(RADII) * ANGLES).reshape(-1, ANGLES, 1), (len(RADII), ANGLES, FINER))
    corners = [(row + i, column + j, np.abs(1 - i - down) * np.abs(1 - j - right)) for i in (0, 1) for j in (0, 1)]
    weights = np.concatenate([weight.ravel() for *_, weight in corners]) / FINER
    pixels = np.concatenate([(r * width + c).ravel() for r, c, _ in corners])
    shape = (len(RADII) * ANGLES, height * width)
    # Entries of the same place and pixel add up.
    return csr_array((weights.astype(np.float32), (np.tile(places.ravel(), len(corners)), pixels)), shape=shape)
