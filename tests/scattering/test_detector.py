import numpy as np
import pytest

from xtalprint.errors import XtalprintError
from xtalprint.scattering import Detector


def test_scale_and_solid_angle_of_the_paper():
    detector = Detector()
    assert detector.s_per_pixel == pytest.approx(0.08)
    at_rim = 1 / np.sqrt(1 + (30 * 0.004) ** 2)
    assert at_rim**3 == pytest.approx(0.979, abs=5e-4)
    rim = np.abs(detector.radius - 30).argmin()
    assert detector.cos_two_theta.flat[rim] ** 3 == pytest.approx(0.979, abs=1e-3)


def test_scattering_vectors_lie_on_the_ewald_sphere():
    detector = Detector()
    c, g = detector.cos_two_theta, 0.004
    s = np.stack([c * g * detector.offsets[None, :], c * g * detector.offsets[:, None], c - 1]) / 0.05
    assert np.linalg.norm(s, axis=0) == pytest.approx(detector.s)
    assert np.linalg.norm(s + np.array([0, 0, 20.0])[:, None, None], axis=0) == pytest.approx(np.full((32, 32), 20.0))
    assert detector.one_minus_cos == pytest.approx(1 - c)


def test_ring():
    detector = Detector()
    assert detector.offsets[0] == 0.5
    assert 4 * detector.ring.sum() == 2748
    assert np.array_equal(Detector(n_pixels=5, inner_mask=0, outer_mask=9).offsets, [0, 1, 2])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"wavelength": 0.0}, "wavelength must be positive"),
        ({"wavelength": float("nan")}, "wavelength must be positive"),
        ({"distance": -1.0}, "distance must be positive"),
        ({"pixel": float("inf")}, "pixel must be positive"),
        ({"n_pixels": 0}, "n_pixels must be positive"),
        ({"n_pixels": 4000}, "n_pixels must be a whole number up to 1024"),
        ({"n_pixels": 6.5}, "n_pixels must be a whole number"),
        ({"inner_mask": 31.0}, "no pixel lies between the two masks"),
        ({"inner_mask": -1.0}, "no pixel lies between the two masks"),
        ({"outer_mask": float("nan")}, "no pixel lies between the two masks"),
    ],
)
def test_meaningless_detectors_are_refused(change, says):
    with pytest.raises(XtalprintError, match=says):
        Detector(**change)
