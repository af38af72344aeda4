"""The small perceptron that learns moduli: its training with torch, and its answers without."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

#: Its exponential is still a number in single precision; beyond it the activation is zero anyway.
LARGEST_EXPONENT = np.float32(80)


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """A perceptron of two hidden layers (SiLU, dropout), absolute errors, AdamW with one cycle of the rate."""

    hidden: tuple[int, int] = (256, 128)
    dropout: float = 0.1
    epochs: int = 30
    batch: int = 64
    rate: float = 3e-3
    decay: float = 1e-3


@dataclass(frozen=True)
class Network:
    """A trained perceptron.

    Parameters
    ----------
    matrices, biases
        Of each layer, (in, out) and (out,).
    centre, spread
        (targets,) of what it learned: its outputs are in units of the spread.
    factor
        By which the coordinates of a point are multiplied.
    """

    matrices: tuple[Singles, ...]
    biases: tuple[Singles, ...]
    centre: Floats
    spread: Floats
    factor: np.float32

    def answers(self, x: Singles) -> Floats:
        """(m, targets) for points (m, dimensions)."""
        values = x * self.factor
        for number, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            # Not by a matrix product: its last bits would depend on the number of rows.
            values = np.einsum("mi,io->mo", values, matrix) + bias
            if number < len(self.matrices) - 1:
                values = values / (1 + np.exp(np.minimum(-values, LARGEST_EXPONENT)))
        result: Floats = values.astype(np.float64) * self.spread + self.centre
        return result


def input_factor(dimensions: int) -> np.float32:
    """What makes each number of a point of the order of 1."""
    return np.float32(0.5 * dimensions**0.5)


def fitted_network(x: Singles, y: Floats, *, seed: int, settings: NetworkSettings | None = None) -> Network:
    """Train a perceptron on points (n, dimensions) and targets (n, targets), in one thread, with a seed of its own.

    Raises
    ------
    MissingExtraError
        If torch is not installed.
    """
    if find_spec("torch") is None:
        raise MissingExtraError.of("torch", "train", "learning with a network")
    import torch  # noqa: PLC0415 - an extra

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _fitted(x, y, settings or NetworkSettings())
    finally:
        torch.set_num_threads(threads)


def _fitted(x: Singles, y: Floats, chosen: NetworkSettings) -> Network:
    import torch  # noqa: PLC0415 - an extra
    from torch import nn  # noqa: PLC0415 - likewise

    mean, spread = y.mean(axis=0), y.std(axis=0)
    factor = input_factor(x.shape[1])
    known = torch.from_numpy(x * factor)
    wanted = torch.from_numpy(((y - mean) / spread).astype(np.float32))
    first, second = chosen.hidden
    network = nn.Sequential(
        nn.Linear(x.shape[1], first),
        nn.SiLU(),
        nn.Dropout(chosen.dropout),
        nn.Linear(first, second),
        nn.SiLU(),
        nn.Dropout(chosen.dropout),
        nn.Linear(second, y.shape[1]),
    )
    n_batches = max(1, len(known) // chosen.batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=chosen.rate, weight_decay=chosen.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, chosen.rate, total_steps=chosen.epochs * n_batches)
    for _ in range(chosen.epochs):
        order = torch.randperm(len(known))
        for batch in range(n_batches):
            some = order[batch * chosen.batch : (batch + 1) * chosen.batch]
            loss = (network(known[some]) - wanted[some]).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    return Network(
        tuple(np.ascontiguousarray(layer.weight.detach().numpy().T) for layer in layers),
        tuple(layer.bias.detach().numpy().copy() for layer in layers),
        mean,
        spread,
        factor,
    )
