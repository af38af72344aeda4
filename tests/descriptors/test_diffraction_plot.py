import sys

import numpy as np
import pytest

from xtalprint import Crystal
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.errors import XtalprintError


@pytest.fixture(scope="module")
def fingerprint():
    iron = Crystal([[0, 0, 0], [1.433] * 3], ["Fe"] * 2, cell=2.866 * np.eye(3), source="somewhere/bcc-Fe.cif")
    return DiffractionImage().compute(iron)


def test_figure_for_a_paper(fingerprint, tmp_path):
    figure = fingerprint.plot()
    composite, red, green, blue, bar = figure.axes
    assert [ax.get_title() for ax in (red, green, blue)] == [
        "R: ±45° about x",
        "G: ±45° about y",
        "B: ±45° about z",
    ]
    assert "d_{\\mathrm{nn}}" in composite.get_xlabel()
    assert "intensity" in bar.get_xlabel()
    assert figure.get_suptitle().strip() == "Fe$_{2}$ · bcc-Fe.cif"
    # 32 pixels of 0.08 1/Å, and the two masks as circles.
    assert composite.get_xlim() == pytest.approx((-2.56, 2.56))
    assert [circle.radius for circle in composite.patches] == pytest.approx([0.4, 2.4])
    shown = red.images[0].get_array()
    assert np.array_equal(shown, fingerprint.array[0])
    assert red.images[0].origin == "lower"
    figure.savefig(tmp_path / "iron.png", dpi=100)
    assert 5_000 < (tmp_path / "iron.png").stat().st_size < 200_000


def test_composite_alone_has_the_channels_as_colours(fingerprint):
    figure = fingerprint.plot(channels=False, gamma=1.0, title="α-Fe", width=3.0)
    (ax,) = figure.axes
    assert ax.get_title() == "α-Fe"
    assert np.array_equal(ax.images[0].get_array(), np.moveaxis(fingerprint.array, 0, -1))


def test_pyplot_is_not_touched(fingerprint):
    before = set(sys.modules)
    fingerprint.plot()
    assert "matplotlib.pyplot" not in set(sys.modules) - before


def test_meaningless_options_are_refused(fingerprint):
    with pytest.raises(XtalprintError, match="gamma must be positive"):
        fingerprint.plot(gamma=0.0)
    with pytest.raises(TypeError, match="colour"):
        fingerprint.plot(colour="red")
