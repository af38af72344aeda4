"""Made images that stand for diffraction images where only the machinery is tested."""

import numpy as np
import pytest
import torch

from xtalprint.models.classes import CLASSES


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
