"""A small network on bond-orientational order. This file imports torch; import it only where one is trained."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class BondOrderNetwork(nn.Module):
    """Input of `xtalprint.models.bond_order_input` in, one logit per class and one for "none of them" out.

    Parameters
    ----------
    n_inputs
        Numbers of the input.
    n_outputs
        Number of classes and one.
    width
        Neurons of each of the two hidden layers.
    dropout
        Share of them left out in training.
    generator
        Source of the random start; None is torch's global one.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        width: int,
        dropout: float,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            OrderedDict(
                norm0=nn.BatchNorm1d(n_inputs),
                dense1=nn.Linear(n_inputs, width),
                relu1=nn.ReLU(),
                norm1=nn.BatchNorm1d(width),
                dropout1=nn.Dropout(dropout),
                dense2=nn.Linear(width, width),
                relu2=nn.ReLU(),
                norm2=nn.BatchNorm1d(width),
                dropout2=nn.Dropout(dropout),
                output=nn.Linear(width, n_outputs),
            )
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu", generator=generator)
                nn.init.zeros_(module.bias)

    def round_weights(self) -> None:
        """Round the matrices to half precision, which their files are kept in: half the size, the same answers."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.weight.data = module.weight.data.half().float()

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits: (n, n_inputs) → (n, n_outputs)."""
        logits: Tensor = self.layers(inputs)
        return logits
