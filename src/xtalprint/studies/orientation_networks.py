"""The small networks of ways without axes, and how they learn.

This file imports torch; import it only where a network is trained or asked.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad

from xtalprint.descriptors.scattering_power_spectrum import ScatteringPowerSpectrum
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.bond_order_network import BondOrderNetwork
from xtalprint.models.classes import CLASSES
from xtalprint.models.fitting import one_thread
from xtalprint.studies.circles import STEPS
from xtalprint.studies.orientation_models import order_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

#: Samples that are learned from at once, and the rate at the start of a cosine.
BATCH, RATE = 64, 1e-3
#: Share of inputs that dense layers leave out in training, and width of the network on bond-orientational order.
DROPOUT, WIDTH = 0.2, 384


class SpectrumNetwork(nn.Module):
    """Power spectrum in, logits out: three convolutions over (l, |s|) and two dense layers."""

    def __init__(self) -> None:
        super().__init__()
        shells = len(ScatteringPowerSpectrum().shells)
        self.layers = nn.Sequential(
            nn.BatchNorm2d(1),
            *(nn.Conv2d(1, 24, (3, 5), padding=(1, 2)), nn.ReLU()),
            *(nn.Conv2d(24, 32, (3, 5), padding=(1, 2)), nn.ReLU(), nn.MaxPool2d((1, 2))),
            *(nn.Conv2d(32, 32, (3, 5), padding=(1, 2)), nn.ReLU(), nn.MaxPool2d((1, 2))),
            *(nn.Flatten(), nn.Dropout(DROPOUT), nn.Linear(32 * 7 * (shells // 4), 128), nn.ReLU()),
            *(nn.BatchNorm1d(128), nn.Linear(128, len(CLASSES))),
        )

    def forward(self, spectra: Tensor) -> Tensor:
        """Logits (n, classes) of spectra (n, 7, shells)."""
        logits: Tensor = self.layers(torch.log1p(spectra.abs())[:, None] * spectra.sign()[:, None])
        return logits


class CirclesNetwork(nn.Module):
    """Image on circles in, logits out: four convolutions that go round the circles, and two dense layers.

    The last maps are pooled over the angle, by mean and maximum. So a turn about the beam by a multiple of eight
    steps changes no feature of a channel that only turns.
    """

    def __init__(self) -> None:
        super().__init__()
        channels, pools = (3, 24, 32, 48, 64), ((1, 2), (2, 2), (1, 2), (2, 1))
        self.kernels = ((3, 5), (3, 3), (3, 3), (3, 3))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels[i], channels[i + 1], kernel) for i, kernel in enumerate(self.kernels)
        )
        self.pools = nn.ModuleList(nn.MaxPool2d(pool) for pool in pools)
        self.dense = nn.Sequential(
            *(nn.Flatten(), nn.Dropout(DROPOUT), nn.Linear(2 * channels[-1] * 6, 128), nn.ReLU()),
            *(nn.BatchNorm1d(128), nn.Linear(128, len(CLASSES))),
        )

    def forward(self, circles: Tensor) -> Tensor:
        """Logits (n, classes) of square roots of intensities (n, 3, radii, angles), in steps."""
        maps = circles.float() / STEPS
        for kernel, convolution, pool in zip(self.kernels, self.convolutions, self.pools, strict=True):
            maps = pool(torch.relu(convolution(_rounded(maps, kernel))))
        logits: Tensor = self.dense(torch.cat([maps.mean(dim=3), maps.amax(dim=3)], dim=1))
        return logits


def order_network() -> nn.Module:
    """What `network_input` makes in, logits out: one network like those of the default model, but without "none"."""
    descriptor = order_model().descriptor
    n_inputs = network_input(np.zeros((1, len(descriptor.channels), len(descriptor.distances)))).shape[1]
    return BondOrderNetwork(n_inputs, len(CLASSES), width=WIDTH, dropout=DROPOUT)


#: The networks by the way that they are of.
NETWORKS: dict[str, Callable[[], nn.Module]] = {"b": SpectrumNetwork, "c": CirclesNetwork, "d": order_network}


@dataclass(frozen=True)
class Fitted:
    """What is written down about a fit.

    Parameters
    ----------
    seconds
        Of the processor.
    right
        Share of right answers while the last epoch learned.
    """

    seconds: float
    right: float


def new_network(way: str, *, seed: int) -> nn.Module:
    """Make the network of a way, with its random start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[way]()


def fit(network: nn.Module, inputs: NDArray[Any], labels: NDArray[np.int64], *, epochs: int, seed: int = 0) -> Fitted:
    """Learn in place by Adam, in one thread.

    Parameters
    ----------
    network
        Left in the state for asking.
    inputs
        (n, views, …): each epoch sees the next view of every sample.
    labels
        (n,) classes.
    epochs
        How often every sample is seen.
    seed
        Of the order of samples and of what is left out at random.
    """
    start, rng = time.process_time(), np.random.default_rng(seed)
    batch = min(BATCH, len(labels) // 2)
    steps = len(labels) // batch
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    right = 0
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network.train()
        for epoch in range(epochs):
            order, right, view = rng.permutation(len(labels)), 0, epoch % inputs.shape[1]
            for step in range(steps):
                rows = order[step * batch : (step + 1) * batch]
                logits, truth = network(torch.from_numpy(inputs[rows, view])), torch.from_numpy(labels[rows])
                right += int((logits.argmax(dim=1) == truth).sum())
                loss = cross_entropy(logits, truth)
                optimiser.zero_grad()
                torch.autograd.backward(loss)
                optimiser.step()
                schedule.step()
        network.eval()
    return Fitted(time.process_time() - start, right / (steps * batch))


def probabilities(network: nn.Module, inputs: NDArray[Any]) -> NDArray[np.float64]:
    """(n, classes) from inputs (n, …), in one thread."""
    with one_thread(), torch.inference_mode():
        answers: NDArray[np.float64] = network(torch.from_numpy(inputs)).softmax(dim=1).double().numpy()
    return answers


def _rounded(maps: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Padded by half a kernel: round the circles with what comes after a full turn, across them with zeros."""
    across, along = (size // 2 for size in kernel)
    return pad(pad(maps, (along, along, 0, 0), mode="circular"), (0, 0, across, across))
