"""A cloud of reflections, one or many: Miller indices, positions, intensities, and the features made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.base import Failure, Fingerprint, FingerprintBatch, attempts
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Descriptor

    Floats = NDArray[np.float64]

#: The published scales of the features: positions in 1/Å, and floor and range of the logarithm of the intensity.
POSITION_SCALE, FLOOR, LOGARITHM_SCALE = 5.0, 1e-6, 15.0


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points of a reciprocal lattice with intensities.

    Parameters
    ----------
    hkl
        (n, 3) Miller indices.
    reciprocal
        (3, 3) rows a*, b*, c* in 1/Å (no 2π), in the axes of the crystal.
    intensities
        (n,) |F|²/V², in electrons²/Å⁶ for X-rays and fm²/Å⁶ for neutrons.
    """

    hkl: NDArray[np.int64]
    reciprocal: Floats
    intensities: Floats

    @property
    def positions(self) -> Floats:
        """(n, 3) scattering vectors s in 1/Å."""
        positions: Floats = self.hkl @ self.reciprocal
        return positions

    def intensity(self, hkl: tuple[int, int, int]) -> float:
        """Intensity at one point.

        Raises
        ------
        XtalprintError
            If it is not in the cloud.
        """
        row = np.flatnonzero((self.hkl == hkl).all(axis=1))
        if not len(row):
            raise XtalprintError("this point is not in the cloud", value=hkl, remedy="ask for a larger cloud")
        return float(self.intensities[row[0]])

    def features(self) -> Floats:
        """(n, 4) what the published network saw: s/5 and (ln(I + 10⁻⁶) − ln 10⁻⁶)/15."""
        logarithm = (np.log(self.intensities + FLOOR) - np.log(FLOOR)) / LOGARITHM_SCALE
        return np.column_stack([self.positions / POSITION_SCALE, logarithm])


@dataclass(frozen=True, kw_only=True)
class CloudFingerprint(Fingerprint):
    """Features of a cloud, with the cloud.

    Parameters
    ----------
    cloud
        The values in double precision before they became features.
    """

    cloud: Cloud

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The features, and what they were made of."""
        cloud = self.cloud
        raw = {"hkl": cloud.hkl, "reciprocal": cloud.reciprocal, "intensities": cloud.intensities}
        return super().arrays() | raw


@dataclass(frozen=True)
class CloudBatch(FingerprintBatch):
    """Features of many clouds, padded to the largest.

    Parameters
    ----------
    mask
        (n_ok, n) True where ``array`` holds a point, False where it is padded with zeros.
    clouds
        One for each row of ``array``.
    """

    mask: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))
    clouds: tuple[Cloud, ...] = ()

    def fingerprint(self, row: int, crystal: Crystal, descriptor: Descriptor) -> CloudFingerprint:
        """One row without its padding."""
        cloud = self.clouds[row]
        return CloudFingerprint(
            self.array[row, : len(cloud.hkl)],
            descriptor,
            crystal.source,
            crystal.frame,
            self.warnings[row],
            crystal.formula,
            cloud=cloud,
        )


def batch_of_clouds(
    descriptor: Descriptor, crystals: Sequence[Crystal], *, threads: int | None, width: int
) -> CloudBatch:
    """Compute clouds and pad their features with zeros.

    Parameters
    ----------
    descriptor
        Whose ``compute`` gives a `CloudFingerprint`.
    crystals, threads
        As of ``compute_many``.
    width
        Least number of points of the array.
    """
    found: list[CloudFingerprint] = []
    index: list[int] = []
    failures: list[Failure] = []
    for position, outcome in enumerate(attempts(descriptor, crystals, threads=threads)):
        if isinstance(outcome, CloudFingerprint):
            found.append(outcome)
            index.append(position)
        elif isinstance(outcome, XtalprintError):
            failures.append(Failure(position, outcome))
    widest = max([width, *(len(one.array) for one in found)])
    array = np.zeros((len(found), widest, 4), dtype=np.float32)
    mask = np.zeros((len(found), widest), dtype=np.bool_)
    for row, one in enumerate(found):
        array[row, : len(one.array)] = one.array
        mask[row, : len(one.array)] = True
    return CloudBatch(
        array,
        np.array(index, dtype=np.int64),
        tuple(failures),
        tuple(one.warnings for one in found),
        mask=mask,
        clouds=tuple(one.cloud for one in found),
    )
