"""The convolutional network of Ziletti et al. (2018), in plain torch.

Three pairs of 7×7 convolutions (32, 32, 16, 16, 8, 8 filters) with maximum pooling after the first two pairs, then
dropout, a dense layer of 128, batch normalisation after its ReLU, and a dense layer with one output per class:
365,719 numbers. This file imports torch; import it only where a network is trained or looked into.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from torch import nn

from xtalprint.models.architecture import (
    DROPOUT,
    FEATURES,
    FILTERS,
    IMAGE_SHAPE,
    KERNEL,
    NORM_EPSILON,
    NORM_MOMENTUM,
    POOLED,
)
from xtalprint.models.classes import CLASSES

if TYPE_CHECKING:
    from torch import Tensor


class ConvNet(nn.Module):
    """Diffraction image in, one logit per class out.

    Parameters
    ----------
    n_classes
        Number of outputs.
    generator
        Source of the random start; None is torch's global one.

    Notes
    -----
    Every activation is a module of its own (``relu1`` … ``relu7``), so that an explanation can hook each. All weights
    start orthogonal and all biases at zero.

    Source: A. Ziletti, D. Kumar, M. Scheffler, L. M. Ghiringhelli, Nature Communications 9, 2775 (2018), Table 1.
    """

    def __init__(self, n_classes: int = len(CLASSES), *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        channels, (_, height, width) = IMAGE_SHAPE[0], IMAGE_SHAPE
        for number, filters in enumerate(FILTERS, start=1):
            layers[f"conv{number}"] = nn.Conv2d(channels, filters, KERNEL, padding=KERNEL // 2)
            layers[f"relu{number}"] = nn.ReLU()
            channels = filters
            if number in POOLED:
                layers[f"pool{number}"] = nn.MaxPool2d(2)
                height, width = height // 2, width // 2
        self.convolutions = nn.Sequential(layers)
        self.embedding = nn.Sequential(
            OrderedDict(
                flatten=nn.Flatten(),
                dropout=nn.Dropout(DROPOUT),
                dense1=nn.Linear(channels * height * width, FEATURES),
                relu7=nn.ReLU(),
                norm=nn.BatchNorm1d(FEATURES, eps=NORM_EPSILON, momentum=NORM_MOMENTUM),
            )
        )
        self.output = nn.Linear(FEATURES, n_classes)
        self._initialise(generator)

    def _initialise(self, generator: torch.Generator | None) -> None:
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.orthogonal_(module.weight, generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def features(self, images: Tensor) -> Tensor:
        """Penultimate layer: (n, 3, 64, 64) → (n, 128)."""
        features: Tensor = self.embedding(self.convolutions(images))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Logits: (n, 3, 64, 64) → (n, n_classes)."""
        logits: Tensor = self.output(self.features(images))
        return logits


def n_parameters(network: nn.Module) -> int:
    """Count all numbers a network has learned: weights, biases, and the running mean and variance of the norm.

    Examples
    --------
    >>> n_parameters(ConvNet())
    365719
    """
    learned = sum(parameter.numel() for parameter in network.parameters())
    return learned + sum(buffer.numel() for buffer in network.buffers() if buffer.is_floating_point())
