import importlib.util
from pathlib import Path

import numpy as np
import pytest

REFERENCE = Path(__file__).parent / "reference" / "diffraction.py"
CLUSTER = Path(__file__).parent / "dask_cluster.py"


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def reference():
    return load("reference_diffraction", REFERENCE)


@pytest.fixture
def cluster(tmp_path_factory):
    """A Dask scheduler with two workers."""
    pytest.importorskip("distributed")
    made = load("dask_cluster", CLUSTER).Cluster(tmp_path_factory.mktemp("dask"))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def slow_fourier():
    return load("reference_fourier", REFERENCE.with_name("fourier.py"))


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
