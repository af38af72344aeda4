"""Three-channel diffraction image of a cluster: equations 1 and 2 of Ziletti et al., Nat. Commun. 9, 2775 (2018)."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.errors import UnsupportedInputError
from xtalprint.scattering.columns import TWO_PI, Columns, columns_of
from xtalprint.scattering.detector import Detector
from xtalprint.scattering.form_factors import form_factors
from xtalprint.scattering.orientations import is_quarter, turned_coordinates
from xtalprint.scattering.ring_sum import Turned, sum_with_numpy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from xtalprint.scattering.form_factors import FormFactorTable

    Singles = NDArray[np.float32]

#: From this many images on in one process the compiled sum is used: loading it costs as much time as NumPy takes for
#: about fifteen images in NumPy. The results are the same bits.
COMPILE_FROM = 16
_images_so_far = count(1)


@dataclass(frozen=True, kw_only=True)
class ImageGeometry:
    """How the cluster is turned and seen.

    Parameters
    ----------
    detector
        Where the pixels lie.
    rotation_angle
        The cluster is turned by plus and minus this angle (degrees) about x, y and z; the two intensities are added.
    table
        Form factors, see `xtalprint.scattering.form_factors`.
    """

    detector: Detector = field(default_factory=Detector)
    rotation_angle: float = 45.0
    table: FormFactorTable = "it92"


class _Tile(NamedTuple):
    """Atoms within the reach of the series about ``centre``, those of one element together."""

    positions: NDArray[np.float64]
    weights: Singles
    starts: NDArray[np.int64]
    factors: Singles
    centre: NDArray[np.float64]


def image_of_cluster(
    positions: NDArray[np.float64],
    numbers: NDArray[np.int64],
    *,
    occupancies: NDArray[np.float64] | None = None,
    geometry: ImageGeometry | None = None,
) -> Singles:
    """Diffraction image of a finite cluster in its own axes.

    The intensity in a pixel is cos³(2θ) · |Σ_a w_a f_a(|s|) exp(−2πi s·r_a)|², the sum being over the atoms of the
    cluster and nothing else: no periodic images. Its error is below 1e-5 of the maximum for clusters of any size.

    Parameters
    ----------
    positions
        (N, 3) Å.
    numbers
        (N,) atomic numbers whose form factors are used, as they are.
    occupancies
        (N,) weights of the form factors; None means 1.
    geometry
        Detector, rotation angle and table of form factors; default: those of the paper.

    Returns
    -------
    (3, n, n) single precision, [channel, row = y, column = x], the channels being the rotations about x, y and z;
    zero outside the ring, and the largest value of all three channels is 1.

    Raises
    ------
    UnsupportedInputError
        No form factor for an element, or no intensity at all.

    Examples
    --------
    >>> import numpy as np
    >>> cube = np.stack(np.meshgrid(*3 * [np.arange(6.0)]), axis=-1).reshape(-1, 3)
    >>> image = image_of_cluster(cube, np.full(216, 26))
    >>> image.shape, float(image.max())
    ((3, 64, 64), 1.0)
    """
    geometry = ImageGeometry() if geometry is None else geometry
    columns, summed = columns_of(geometry.detector), _sum_to_use()
    weights = np.ones(len(positions)) if occupancies is None else occupancies
    tiles = list(_tiles(np.asarray(positions, dtype=np.float64), numbers, weights, geometry, columns))
    amplitude = np.zeros(())
    for tile in tiles:
        across, along, patterns = turned_coordinates(tile.positions, geometry.rotation_angle)
        part = summed(Turned(across, along, patterns, tile.weights, tile.starts, tile.factors), columns)
        amplitude = part if len(tiles) == 1 else amplitude + _shifted(part, tile.centre, geometry, columns)
    np.multiply(amplitude, amplitude, out=amplitude)
    intensity = (amplitude[:, 0] + amplitude[:, 1]).reshape(-1)
    layout = _layout(geometry.detector, geometry.rotation_angle)
    image = intensity[layout.plus]
    image += intensity[layout.minus]
    image *= layout.solid_angle
    largest = image.max()
    if not largest > 0:
        raise UnsupportedInputError(
            "the diffraction image is dark: no pixel between the masks has any intensity",
            value=f"{len(positions)} atoms",
            remedy="choose other masks or another table of form factors",
        )
    normalised: Singles = (image / largest).astype(np.float32)
    return normalised


def use_compiled_sum() -> None:
    """Load the compiled sum now, for a caller who knows that many images will follow."""
    import xtalprint.scattering.compiled  # noqa: F401, PLC0415 - importing Numba takes a third of a second


def _sum_to_use() -> Callable[[Turned, Columns], NDArray[np.float64]]:
    if next(_images_so_far) >= COMPILE_FROM:
        use_compiled_sum()
    # While another thread is still importing the module, the function is not there yet.
    compiled = sys.modules.get("xtalprint.scattering.compiled")
    function: Callable[[Turned, Columns], NDArray[np.float64]] = getattr(compiled, "sum_compiled", sum_with_numpy)
    return function


def _tiles(
    positions: NDArray[np.float64],
    numbers: NDArray[np.int64],
    weights: NDArray[np.float64],
    geometry: ImageGeometry,
    columns: Columns,
) -> Iterator[_Tile]:
    """Cut a cluster beyond the reach of the series into pieces, and sort each by element."""
    # Turned about any axis by any angle, a cube of edge √2 · reach about the origin stays within the reach.
    low, high = positions.min(axis=0), positions.max(axis=0)
    n_tiles = np.ceil((high - low) / (math.sqrt(2.0) * columns.reach)).clip(1.0)
    if n_tiles.max() == 1.0:
        bounds, order = [0, len(numbers)], np.argsort(numbers, kind="stable")
    else:
        tile = np.floor((positions - low) / ((high - low).clip(1e-9) / n_tiles)).clip(0.0, n_tiles - 1.0)
        label = (tile @ [n_tiles[1] * n_tiles[2], n_tiles[2], 1.0]).astype(np.int64)
        order = np.lexsort((numbers, label))
        bounds = [0, *(np.flatnonzero(np.diff(label[order])) + 1).tolist(), len(order)]
    for first, last in pairwise(bounds):
        rows = order[first:last]
        inside, z = positions[rows], numbers[rows]
        centre = 0.5 * (inside.min(axis=0) + inside.max(axis=0))
        starts = np.array([0, *(np.flatnonzero(np.diff(z)) + 1).tolist(), len(z)], dtype=np.int64)
        factors = np.stack(
            [_factor(geometry.detector, geometry.table, n, columns.width) for n in z[starts[:-1]].tolist()]
        )
        yield _Tile(inside - centre, weights[rows].astype(np.float32), starts, factors, centre)


def _shifted(
    amplitude: NDArray[np.float64], centre: NDArray[np.float64], geometry: ImageGeometry, columns: Columns
) -> NDArray[np.float64]:
    """Amplitudes (P, 2, 4, H, W) of a tile about the origin instead of about its centre, in double precision."""
    detector, height = geometry.detector, columns.height
    s_x, s_y, s_z = np.zeros((3, height, columns.width))
    s_x[:, :height] = detector.s_per_pixel * (detector.cos_two_theta * detector.offsets[None, :])[:height, :height]
    s_y[:, :height] = s_x[:, :height].T
    s_z[:, :height] = -detector.one_minus_cos[:height, :height] / detector.wavelength
    across, along, patterns = turned_coordinates(centre[None, :], geometry.rotation_angle)
    a = s_x * across[patterns[:, 0], :, None]
    b = s_y * across[patterns[:, 1], :, None]
    c = s_z * along[patterns[:, 2], :, None]
    turns = np.stack([a + b + c, c + b - a, a - b + c, c - a - b], axis=1)
    cosine, sine = np.cos(TWO_PI * turns), np.sin(TWO_PI * turns)
    real, imaginary = amplitude[:, 0], amplitude[:, 1]
    return np.stack([real * cosine + imaginary * sine, imaginary * cosine - real * sine], axis=1)


@lru_cache(maxsize=1024)
def _factor(detector: Detector, table: FormFactorTable, number: int, width: int) -> Singles:
    """(H, W) form factor of one element in the pixels of a quadrant, zero outside the ring."""
    height = columns_of(detector).height
    factor = np.zeros((height, width), dtype=np.float32)
    values = form_factors(number, detector.s[:height, :height], table=table)
    factor[:, :height] = np.where(detector.ring[:height, :height], values, 0.0)
    factor.setflags(write=False)
    return factor


class _Layout(NamedTuple):
    """Where each pixel of the image, (3, n, n), finds its two intensities among the (P, 4, H, W) ones."""

    plus: NDArray[np.int64]
    minus: NDArray[np.int64]
    solid_angle: NDArray[np.float64]


@lru_cache(maxsize=16)
def _layout(detector: Detector, angle: float) -> _Layout:
    columns = columns_of(detector)
    height, width = columns.height, columns.width
    offset = np.arange(detector.n_pixels) - (detector.n_pixels - 1) / 2
    # Column (or row) of the quadrant, and on which side of the middle.
    place = np.searchsorted(detector.offsets, np.abs(offset))
    side = (offset < 0).astype(np.int64)
    row, column = np.minimum(place[:, None], height - 1), np.minimum(place[None, :], height - 1)
    one = ((2 * side[:, None] + side[None, :]) * height + row) * width + column
    size = 4 * height * width
    last = np.rot90(one) + 4 * size if is_quarter(angle) else one + 5 * size
    plus = np.stack([one, one + 2 * size, one + 4 * size])
    minus = np.stack([one + size, one + 3 * size, last])
    quadrant = np.where(detector.ring, detector.cos_two_theta**3, 0.0)
    return _Layout(plus, minus, quadrant[place[:, None], place[None, :]])
