import importlib.util
from pathlib import Path

import numpy as np
import pytest

REFERENCE = Path(__file__).parent / "reference" / "diffraction.py"


def loaded(path):
    spec = importlib.util.spec_from_file_location(f"reference_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def reference():
    return loaded(REFERENCE)


@pytest.fixture(scope="session")
def slow_fourier():
    return loaded(REFERENCE.with_name("fourier.py"))


@pytest.fixture(scope="session")
def lattice():
    """Cubic clusters with nearest-neighbour distance 1: name and repeats to positions."""
    face = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    cells = {
        "sc": (np.zeros((1, 3)), 1.0),
        "fcc": (face, np.sqrt(2)),
        "bcc": (np.array([[0, 0, 0], [0.5] * 3]), 2 / np.sqrt(3)),
        "diam": (np.concatenate([face, face + 0.25]), 4 / np.sqrt(3)),
    }

    def build(name, repeats):
        places, a = cells[name]
        grid = np.stack(np.meshgrid(*map(np.arange, repeats), indexing="ij"), axis=-1).reshape(-1, 1, 3)
        return (grid + places).reshape(-1, 3) * a

    return build
