"""Made images that stand for diffraction images where only the machinery is tested."""

import numpy as np
import pytest
import torch

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.models.classes import CLASSES
from xtalprint.models.convnet import ConvNet
from xtalprint.models.evaluation import metrics
from xtalprint.models.manifest import KnownRule, TrainingRecord
from xtalprint.models.novelty import GaussianDistance
from xtalprint.models.training import write_model


def striped_images(n, seed):
    """Images (n, 3, 64, 64) whose class is the spacing of the stripes: learned within seconds."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % len(CLASSES)
    rng.shuffle(labels)
    x = np.arange(64)
    phase = rng.uniform(0, 2 * np.pi, n)
    waves = 0.5 + 0.5 * np.sin(x[None] * (0.2 + 0.25 * labels[:, None]) + phase[:, None])
    images = np.broadcast_to(waves[:, None, None, :], (n, 3, 64, 64)) * rng.uniform(0.7, 1.0, (n, 3, 1, 1))
    return images.astype(np.float32), labels.astype(np.int64)


@pytest.fixture
def striped():
    return striped_images


@pytest.fixture
def one_thread():
    """Torch with one thread, so that tests beside each other do not fight for cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


CRYSTALS = {
    "fcc": (1.8075 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), 29),
    "bcc": (1.435 * np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]), 26),
    "sc": (3.35 * np.eye(3), 84),
}


@pytest.fixture
def simple_crystals():
    """One atom in a primitive cell: fcc copper, bcc iron, simple cubic polonium."""
    return [
        Crystal([[0, 0, 0]], [number], cell=cell, source=f"{name}.cif", frame=0)
        for name, (cell, number) in CRYSTALS.items()
    ]


@pytest.fixture(scope="session")
def untrained_run(tmp_path_factory):
    """Folder of a finished run whose network has learned nothing."""
    folder = tmp_path_factory.mktemp("untrained")
    network = ConvNet(generator=torch.Generator().manual_seed(0)).eval()
    part = metrics(np.eye(7), np.arange(7), CLASSES)
    rng = np.random.default_rng(0)
    detector = GaussianDistance.fit(rng.normal(size=(50, 128)), np.arange(50) % 2)
    rule = KnownRule(
        method="m.", distance=1e9, diffuse=1.0, calibration="c.", kept_known={"pristine": 1.0}, auroc={"gas": 0.5}
    )
    record = TrainingRecord(
        command="none",
        config={},
        data={"n": 7},
        versions={"xtalprint": "0"},
        seconds={"training": 0.0},
        finished="today",
    )
    write_model(
        folder,
        network,
        descriptor=parameters(DiffractionImage()),
        figures={"train": part, "validation": part, "test": part},
        record=record,
        detector=detector,
        rule=rule,
    )
    return folder
