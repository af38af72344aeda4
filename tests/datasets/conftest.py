"""A small set, made once."""

import pytest

from xtalprint.datasets import elemental_solids


@pytest.fixture(scope="session")
def solids():
    """140 crystals, as the default set begins."""
    return elemental_solids(seed=0, n=140, workers=1)
