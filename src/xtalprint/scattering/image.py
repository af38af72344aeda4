"""Three-channel diffraction image of a cluster: equations 1 and 2 of Ziletti et al., Nat. Commun. 9, 2775 (2018)."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.errors import UnsupportedInputError
from xtalprint.scattering.detector import Detector
from xtalprint.scattering.form_factors import form_factors
from xtalprint.scattering.ring_sum import TWO_PI, Columns, amplitudes, columns_of, phase_table, sum_with_numpy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xtalprint.scattering.form_factors import FormFactorTable

    Singles = NDArray[np.float32]
    Sum = Callable[
        [tuple[Singles, Singles, Singles], Singles, NDArray[np.int64], Singles, Columns],
        Singles,
    ]

#: From this many images on in one process the compiled sum is used: loading it costs as much time as NumPy takes for
#: about twenty images. The results are the same bits.
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

    detector: Detector = Detector()
    rotation_angle: float = 45.0
    table: FormFactorTable = "it92"


class _Group(NamedTuple):
    """Atoms of one tile, sorted by element."""

    positions: NDArray[np.float64]
    weights: Singles | None
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
    cluster and nothing else: no periodic images. Its error is below 1e-4 of the maximum for clusters of any size
    (measured: 1e-6 to 1e-5).

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
    detector, columns = geometry.detector, columns_of(geometry.detector)
    quarter_turn = geometry.rotation_angle == 45.0  # noqa: PLR2004 - the −45° pattern is the +45° one turned by 90°
    summed = _sum_to_use()
    groups = _groups(positions, numbers, occupancies, geometry, columns)
    patterns = _intensities(groups, geometry, columns, summed, quarter_turn=quarter_turn)
    ring = _ring_weight(detector)
    image = np.empty((3, int(detector.n_pixels), int(detector.n_pixels)))
    quadrants = np.zeros((len(patterns), 4, *ring.shape))
    height = columns.height
    quadrants[:, :, :height, :height] = patterns[..., :height]
    quadrants *= ring
    for channel in (0, 1):
        image[channel] = detector.unfold(quadrants[2 * channel] + quadrants[2 * channel + 1])
    image[2] = detector.unfold(quadrants[4])
    image[2] += np.rot90(image[2]) if quarter_turn else detector.unfold(quadrants[5])
    largest = image.max()
    if not largest > 0:
        raise UnsupportedInputError(
            "the diffraction image is dark: no pixel between the masks has any intensity",
            value=f"{len(positions)} atoms",
            remedy="choose other masks or another table of form factors",
        )
    image /= largest
    return image.astype(np.float32)


def use_compiled_sum() -> None:
    """Load the compiled sum now, for a caller who knows that many images will follow."""
    import xtalprint.scattering.compiled  # noqa: F401, PLC0415 - importing Numba takes a third of a second


def _sum_to_use() -> Sum:
    if next(_images_so_far) >= COMPILE_FROM:
        use_compiled_sum()
    compiled = sys.modules.get("xtalprint.scattering.compiled")
    # While another thread is still importing it, the name is not there yet.
    return getattr(compiled, "sum_compiled", sum_with_numpy)


def _groups(
    positions: NDArray[np.float64],
    numbers: NDArray[np.int64],
    occupancies: NDArray[np.float64] | None,
    geometry: ImageGeometry,
    columns: Columns,
) -> list[_Group]:
    """Cut a cluster beyond the reach of the series into tiles, and sort each by element."""
    # Turned about any axis by any angle, a cube of edge √2 · reach about the origin stays within the reach.
    edge = math.sqrt(2.0) * columns.reach
    low, high = positions.min(axis=0), positions.max(axis=0)
    n_tiles = np.maximum(np.ceil((high - low) / edge), 1.0)
    tile = np.minimum(np.floor((positions - low) / np.maximum((high - low) / n_tiles, 1e-9)), n_tiles - 1)
    label = (tile @ [n_tiles[1] * n_tiles[2], n_tiles[2], 1.0]).astype(np.int64)
    order = np.lexsort((numbers, label))
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(label[order])) + 1, [len(order)]])
    groups = []
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        rows = order[first:last]
        inside, z = positions[rows], numbers[rows]
        centre = 0.5 * (inside.min(axis=0) + inside.max(axis=0))
        starts = np.concatenate([[0], np.flatnonzero(np.diff(z)) + 1, [len(z)]])
        factors = np.stack(
            [
                _factor(geometry.detector, geometry.table, int(z[s]), columns.height, columns.width)
                for s in starts[:-1]
            ]
        )
        weights = None if occupancies is None else occupancies[rows].astype(np.float32)
        groups.append(_Group(inside - centre, weights, starts, factors, centre))
    return groups


def _intensities(
    groups: list[_Group], geometry: ImageGeometry, columns: Columns, summed: Sum, *, quarter_turn: bool
) -> NDArray[np.float64]:
    """|F|² of the rotated clusters, (5 or 6 patterns, 4 quadrants, H, W): ±x, ±y, + or ± about z."""
    real = imaginary = np.zeros(())
    for group in groups:
        sums = _sums(group, geometry.rotation_angle, columns, summed, quarter_turn=quarter_turn)
        re, im = amplitudes(sums)
        if len(groups) > 1:
            re, im = _shifted(re, im, group.centre, geometry, columns, quarter_turn=quarter_turn)
            re += real
            im += imaginary
        real, imaginary = re, im
    np.multiply(real, real, out=real)
    np.multiply(imaginary, imaginary, out=imaginary)
    real += imaginary
    return np.moveaxis(real, 1, 0)


def _sums(group: _Group, angle: float, columns: Columns, summed: Sum, *, quarter_turn: bool) -> Singles:
    """(P, H, 8, W) sums of one tile in all patterns; a table shared by two patterns is made once."""
    turned = rotations(group.positions, angle, quarter_turn=quarter_turn)
    tables: dict[tuple[int, bool], Singles] = {}

    def table(coordinates: NDArray[np.float64], *, sag: bool) -> Singles:
        key = (id(coordinates), sag)
        if key not in tables:
            tables[key] = phase_table(coordinates, columns.sag if sag else columns.frequency)
        return tables[key]

    sums = np.empty((len(turned), columns.height, 8, columns.width), dtype=np.float32)
    for pattern, (x, y, z) in enumerate(turned):
        table_a = table(x, sag=False)
        if group.weights is not None:
            table_a = table_a * group.weights[:, None]
        where = np.empty((len(x), 3), dtype=np.float32)
        where[:, 0], where[:, 1], where[:, 2] = x, y, z
        three = (table_a, table(y, sag=False), table(z, sag=True))
        sums[pattern] = summed(three, where, group.starts, group.factors, columns)
    return sums


def rotations(
    positions: NDArray[np.float64], angle: float, *, quarter_turn: bool = False
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Coordinates x, y, z of a cluster turned by ± ``angle`` degrees about x, y and z, in this order.

    With ``quarter_turn`` the last, minus about z, is left out.
    """
    x, y, z = np.ascontiguousarray(positions.T)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turned = [
        (x, y * c - z * s, z * c + y * s),
        (x, y * c + z * s, z * c - y * s),
        (x * c + z * s, y, z * c - x * s),
        (x * c - z * s, y, z * c + x * s),
        (x * c - y * s, y * c + x * s, z),
    ]
    if not quarter_turn:
        turned.append((x * c + y * s, y * c - x * s, z))
    return turned


def _shifted(
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
    centre: NDArray[np.float64],
    geometry: ImageGeometry,
    columns: Columns,
    *,
    quarter_turn: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Amplitudes (4, P, H, W) of a tile about the origin instead of about its centre, in double precision."""
    detector, height = geometry.detector, columns.height
    along = np.zeros((height, columns.width))
    bend = np.zeros((height, columns.width))
    along[:, :height] = detector.cos_two_theta[:height, :height] * detector.offsets[None, :height]
    bend[:, :height] = -detector.one_minus_cos[:height, :height] / detector.wavelength
    upward = np.zeros_like(along)
    upward[:, :height] = along[:, :height].T
    turned = np.array(rotations(centre[None, :], geometry.rotation_angle, quarter_turn=quarter_turn))[:, :, 0]
    x, y, z = (turned[:, k, None, None] for k in range(3))
    a, b, c = detector.s_per_pixel * along * x, detector.s_per_pixel * upward * y, bend * z
    phase = -TWO_PI * np.stack([a + b + c, -a + b + c, a - b + c, -a - b + c])
    cosine, sine = np.cos(phase), np.sin(phase)
    return real * cosine - imaginary * sine, real * sine + imaginary * cosine


@lru_cache(maxsize=1024)
def _factor(detector: Detector, table: FormFactorTable, number: int, height: int, width: int) -> Singles:
    """(H, W) form factor of one element in the pixels of a quadrant, zero outside the ring."""
    factor = np.zeros((height, width), dtype=np.float32)
    values = form_factors(number, detector.s[:height, :height], table=table)
    factor[:, :height] = np.where(detector.ring[:height, :height], values, 0.0)
    factor.setflags(write=False)
    return factor


@lru_cache(maxsize=16)
def _ring_weight(detector: Detector) -> NDArray[np.float64]:
    """(H, H) solid angle of a pixel relative to the central one, zero outside the ring."""
    return np.where(detector.ring, detector.cos_two_theta**3, 0.0)
