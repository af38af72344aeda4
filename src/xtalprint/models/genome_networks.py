"""Networks on clouds of reflections, as published for property classes. Import this file only where torch is needed.

Y. Wang, X.-J. Zhang, F. Xia, E. A. Olivetti, S. D. Wilson, R. Seshadri and J. M. Rondinelli, Phys. Rev. Research 4,
023029 (2022). Both see the points of `xtalprint.MomentumCloud`. The largest value over the points is kept in each
channel, so that their order does not matter; a turned cloud is another cloud to them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

#: Features of a point: three components of the position, and the logarithm of the intensity.
FEATURES = 4
#: Channels of each point, one layer after the other.
POINT_LAYERS = (128, 512)
#: Neurons behind the pool, of the plain network and of the one with attention.
DENSE_LAYERS, DENSE_LAYERS_AFTER_ATTENTION = (256, 128), (128,)
#: Share of the neurons behind the pool that is left out in training.
DROPOUT = 0.2
#: Up to so many points the products with all of them take less time than to pick those of the largest.
FEW_POINTS = 64
#: Layers of attention, and heads of each.
ATTENTION_LAYERS, HEADS = 4, 2


class PointNetwork(nn.Module):
    """Each point by itself through dense layers, the largest value in each channel, and dense layers on these.

    A layer is linear, normalised over the batch, and rectified; behind the pool neurons are left out before they are
    normalised. The released code takes the numbers of neurons from its command line; the defaults of the layers on
    points are those of its scripts, those behind the pool too.

    Parameters
    ----------
    n_outputs
        1 for a question (the logit of yes), or the number of classes.
    features
        Of a point.
    point_layers, dense_layers
        Channels of the layers before, neurons of those behind the pool.
    dropout
        Share of the neurons that is left out in training.
    coarse_choice
        While it learns, find the point of the largest value in half precision; the value itself is of single
        precision. Faster for many points, where the processor multiplies such matrices.
    generator
        Source of the random start; None is torch's global one.
    """

    def __init__(
        self,
        n_outputs: int,
        *,
        features: int = FEATURES,
        point_layers: Sequence[int] = POINT_LAYERS,
        dense_layers: Sequence[int] = DENSE_LAYERS,
        dropout: float = DROPOUT,
        coarse_choice: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.coarse_choice = coarse_choice
        self.points = nn.ModuleList(_Layer(*sizes) for sizes in pairwise((features, *point_layers)))
        self.dense = nn.ModuleList(
            _Layer(*sizes, dropout=dropout) for sizes in pairwise((point_layers[-1], *dense_layers))
        )
        self.output = nn.Linear(dense_layers[-1], n_outputs)
        start_at_random(self, generator)

    def pooled(self, clouds: Tensor) -> tuple[Tensor, Tensor]:
        """Largest value of each channel over the points, and which point has it.

        Parameters
        ----------
        clouds
            (batch, points, features).

        Returns
        -------
        Two tensors (batch, channels); the second holds places among the points: the critical points.
        """
        for layer in self.points[:-1]:
            clouds = layer(clouds)
        last: Any = self.points[-1]
        values, places = last.largest(clouds, coarse=self.coarse_choice and self.training)
        return values, places

    def each_point(self, clouds: Tensor) -> Tensor:
        """Channels of each point: (batch, points, features) → (batch, points, channels)."""
        for layer in self.points:
            clouds = layer(clouds)
        return clouds

    def forward(self, clouds: Tensor) -> Tensor:
        """Logits: (batch, points, features) → (batch, n_outputs)."""
        return self.answer(self.pooled(clouds)[0])

    def answer(self, values: Tensor) -> Tensor:
        """Logits of what is behind the pool: (batch, channels) → (batch, n_outputs)."""
        for layer in self.dense:
            values = layer(values)
        logits: Tensor = self.output(values)
        return logits


class AttentionNetwork(PointNetwork):
    """The same, with layers of self-attention among the points before the pool: the earlier, published preprint.

    Of its two pools the one that does not depend on the order of the points is taken, the largest value. Time and
    memory grow with the square of the number of points.

    Parameters
    ----------
    n_outputs, features, point_layers, dense_layers, dropout, generator
        As of `PointNetwork`.
    attention_layers
        Their number.
    heads
        Of each; it must divide the last number of ``point_layers``.
    """

    def __init__(
        self,
        n_outputs: int,
        *,
        features: int = FEATURES,
        point_layers: Sequence[int] = POINT_LAYERS,
        attention_layers: int = ATTENTION_LAYERS,
        heads: int = HEADS,
        dense_layers: Sequence[int] = DENSE_LAYERS_AFTER_ATTENTION,
        dropout: float = DROPOUT,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(
            n_outputs,
            features=features,
            point_layers=point_layers,
            dense_layers=dense_layers,
            dropout=dropout,
            generator=generator,
        )
        self.attention = nn.ModuleList(_Attention(point_layers[-1], heads) for _ in range(attention_layers))
        start_at_random(self.attention, generator)

    def pooled(self, clouds: Tensor) -> tuple[Tensor, Tensor]:
        """Largest value of each channel over the points, and which point has it."""
        values, places = self.each_point(clouds).max(dim=1)
        return values, places

    def each_point(self, clouds: Tensor) -> Tensor:
        """Channels of each point, which has looked at the others."""
        values = super().each_point(clouds)
        for layer in self.attention:
            values = layer(values)
        return values


class _Layer(nn.Module):
    """Linear, normalised over all but the last axis, rectified."""

    def __init__(self, n_inputs: int, n_outputs: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.linear = nn.Linear(n_inputs, n_outputs)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.BatchNorm1d(n_outputs)

    def forward(self, values: Tensor) -> Tensor:
        values = self.dropout(self.linear(values))
        flat: Tensor = self.norm(values.reshape(-1, values.shape[-1]))
        return torch.relu(flat).reshape(values.shape)

    def largest(self, values: Tensor, *, coarse: bool = False) -> tuple[Tensor, Tensor]:
        """The largest over the points of what `forward` gives, and which point has it: (batch, points, n_inputs).

        Normalising and rectifying keep the order of the points in a channel, or turn it round. So the largest point
        is found before, and only it goes on; mean and variance of a channel follow from those of the inputs. The
        numbers are those of `forward` but for rounding, in less time; ``coarse`` finds a point whose value is within
        the rounding of half precision of the largest.
        """
        n_clouds, n_points, n_inputs = values.shape
        flat, matrix = values.reshape(-1, n_inputs), self.linear.weight
        sign = torch.where(self.norm.weight < 0, -1.0, 1.0)
        if n_points <= FEW_POINTS:
            product = values @ matrix.T
            places = (product.detach() * sign).max(dim=1).indices
            found = product.gather(1, places[:, None])[:, 0] + self.linear.bias
        else:
            with torch.no_grad():
                kind = torch.bfloat16 if coarse else flat.dtype
                product = (matrix * sign[:, None]).to(kind) @ flat.T.to(kind)
                places = product.reshape(-1, n_clouds, n_points).max(dim=2).indices.T
            rows = (torch.arange(n_clouds, device=places.device)[:, None] * n_points + places).reshape(-1)
            picked = flat.index_select(0, rows).reshape(n_clouds, -1, n_inputs)
            found = (picked * matrix).sum(dim=2) + self.linear.bias
        mean, variance = self._moments(flat)
        scale = self.norm.weight * torch.rsqrt(variance + self.norm.eps)
        return torch.relu((found - mean) * scale + self.norm.bias), places

    def _moments(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel that the normalisation takes: of the batch in training, else of all."""
        norm: Any = self.norm  # with running statistics, whose types leave room for none
        matrix = self.linear.weight
        if not self.training:
            return norm.running_mean, norm.running_var
        centre = flat.mean(dim=0)
        off = flat - centre
        covariance = off.T @ off / len(flat)
        mean = matrix @ centre + self.linear.bias
        variance = ((matrix @ covariance) * matrix).sum(dim=1)
        with torch.no_grad():
            norm.num_batches_tracked += 1
            norm.running_mean.lerp_(mean, norm.momentum)
            norm.running_var.lerp_(variance * len(flat) / (len(flat) - 1), norm.momentum)
        return mean, variance


class _Attention(nn.Module):
    """Self-attention and two dense layers, each with a way around it, normalised over the channels of a point."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.norm1 = nn.LayerNorm(channels)
        self.dense1 = nn.Linear(channels, channels // 2)
        self.dense2 = nn.Linear(channels // 2, channels)
        self.norm2 = nn.LayerNorm(channels)

    def forward(self, values: Tensor) -> Tensor:
        others, _ = self.attention(values, values, values, need_weights=False)
        values = self.norm1(values + others)
        changed: Tensor = self.norm2(values + torch.relu(self.dense2(torch.relu(self.dense1(values)))))
        return changed


class QuestionLogits(nn.Module):
    """A network whose answer to a question has two logits, 0 for no, so that it is trained like one of classes.

    Parameters
    ----------
    network
        With one output or more; more stay as they are.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits: those of the network, or (batch, 1) → (batch, 2)."""
        logits: Tensor = self.network(inputs)
        return nn.functional.pad(logits, (1, 0)) if logits.shape[1] == 1 else logits


def start_at_random(network: nn.Module, generator: torch.Generator | None) -> None:
    """Draw the matrices of all layers, even within 1/√inputs, from a generator of one's own; biases are zero."""
    for name, value in network.named_parameters():
        if value.dim() > 1:  # not the scales of a normalisation
            bound = value.shape[1] ** -0.5
            nn.init.uniform_(value, -bound, bound, generator=generator)
        elif name.endswith("bias"):
            nn.init.zeros_(value)
