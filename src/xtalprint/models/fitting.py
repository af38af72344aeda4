"""Fit the network to images: the loop over epochs and batches, which can be stopped and resumed at any batch."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from xtalprint.models.checkpoint import Progress, latest_checkpoint, load_checkpoint, save_checkpoint
from xtalprint.models.convnet import ConvNet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.models.configuration import FitConfig

#: A line of the log for every so many batches.
LOG_EVERY = 20
#: Images at once where nothing is learned.
EVALUATION_BATCH = 128


@dataclass(frozen=True)
class Examples:
    """Images with their classes.

    Parameters
    ----------
    images
        (n, 3, 64, 64) float32, possibly mapped from disk; or whatever else the network sees.
    labels
        (n,) class of each, from 0.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, index: NDArray[np.int64]) -> Examples:
        """Return those at ``index``, in memory."""
        return Examples(self.images[index], self.labels[index])


@dataclass
class Fit:
    """A fit under way.

    Parameters
    ----------
    training, validation
        What is learned from, and what is only looked at after each epoch.
    config
        The recipe.
    folder
        Where checkpoints go.
    report
        Called with the progress after every logged line and every epoch.
    make_network
        Makes the network from a source of randomness.
    """

    training: Examples
    validation: Examples
    config: FitConfig
    folder: Path
    report: Callable[[Progress], None] = lambda _: None
    make_network: Callable[[torch.Generator], nn.Module] = lambda generator: ConvNet(generator=generator)

    def __post_init__(self) -> None:
        self.device = chosen_device(self.config.device)
        if self.config.threads is not None:
            torch.set_num_threads(self.config.threads)
        generator = torch.Generator().manual_seed(self.config.seed)
        self.network = self.make_network(generator).to(self.device)
        to_channels_last(self.network)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=self.config.learning_rate)
        self.progress = Progress()

    def resume(self) -> Path | None:
        """Go on from the latest checkpoint, if there is one; returns it."""
        path = latest_checkpoint(self.folder)
        if path is not None:
            self.progress, random_state = load_checkpoint(path, self.network, self.optimiser, self.config.recipe())
            self._set_random_state(random_state)
        return path

    def run(self, *, stop_after: int | None = None) -> nn.Module:
        """Fit until all epochs are done.

        Parameters
        ----------
        stop_after
            Stop after so many batches, with a checkpoint.
        """
        last_saved = time.monotonic()
        done = 0
        while not self._is_done():
            for index in self._batches():
                start = time.monotonic()
                self._learn(index)
                done += 1
                now = time.monotonic()
                self.progress.seconds += now - start
                if done == stop_after or now - last_saved > 60 * self.config.checkpoint_minutes:
                    self._save()
                    last_saved = now
                if done == stop_after:
                    return self.network
            self._finish_epoch()
            self._save()
            last_saved = time.monotonic()
        return self.network

    def _is_done(self) -> bool:
        """Whether no further epoch is wanted."""
        return self.progress.epoch >= self.config.epochs

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches; a last one of a single image is left out, because it has no variance to normalise by."""
        full, rest = divmod(len(self.training), self.config.batch)
        return full + (rest > 1)

    def _batches(self) -> list[NDArray[np.int64]]:
        """What is left of the epoch: the order depends on the seed and the epoch alone."""
        if self.progress.batch == 0:
            torch.manual_seed(_mixed(self.config.seed, self.progress.epoch))
        rng = np.random.default_rng([self.config.seed, self.progress.epoch])
        order = rng.permutation(len(self.training))
        size = self.config.batch
        return [order[b * size : (b + 1) * size] for b in range(self.progress.batch, self.batches_per_epoch)]

    def _learn(self, index: NDArray[np.int64]) -> None:
        self.network.train()
        images, labels = self._tensors(self.training, np.sort(index))
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate()
        logits = self._logits(images)
        loss = nn.functional.cross_entropy(logits, labels)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        progress = self.progress
        progress.batch += 1
        progress.seen += len(index)
        progress.loss_sum += float(loss.detach()) * len(index)
        progress.right += int((logits.argmax(1) == labels).sum())
        if progress.batch % LOG_EVERY == 0 or progress.batch == self.batches_per_epoch:
            self._log_step()

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        lower = self.config.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=lower):
            logits: torch.Tensor = self.network(images)
        return logits.float()

    def _learning_rate(self) -> float:
        if self.config.schedule == "constant":
            return self.config.learning_rate
        done = self.progress.epoch + self.progress.batch / self.batches_per_epoch
        return float(0.5 * self.config.learning_rate * (1 + np.cos(np.pi * done / self.config.epochs)))

    def _tensors(self, examples: Examples, index: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        part = examples.part(index)
        return _laid_out(part.images, self.device), torch.from_numpy(part.labels).to(self.device)

    def _log_step(self) -> None:
        progress = self.progress
        progress.steps.append(
            {
                "epoch": progress.epoch + 1,
                "batch": progress.batch,
                "loss": progress.loss_sum / progress.seen,
                "accuracy": progress.right / progress.seen,
                "seconds": round(progress.seconds, 2),
            }
        )
        self.report(progress)

    def _finish_epoch(self) -> None:
        progress = self.progress
        start = time.monotonic()
        logits = evaluate(self.network, self.validation.images)
        loss, right = cross_entropy(logits, self.validation.labels)
        progress.epochs.append(
            {
                "epoch": progress.epoch + 1,
                "loss": progress.loss_sum / progress.seen,
                "accuracy": progress.right / progress.seen,
                "validation_loss": loss,
                "validation_accuracy": right,
                **self._judged(logits),
                "learning_rate": self._learning_rate(),
                "seconds": round(progress.seconds, 2),
                "validation_seconds": round(time.monotonic() - start, 2),
            }
        )
        progress.epoch += 1
        progress.batch, progress.seen, progress.right, progress.loss_sum = 0, 0, 0, 0.0
        self.report(progress)

    def _judged(self, _logits: NDArray[np.float32]) -> dict[str, float]:
        """Further figures of the validation part, for the line of the epoch."""
        return {}

    def _save(self) -> None:
        save_checkpoint(
            self.folder,
            self.progress,
            network=self.network,
            optimiser=self.optimiser,
            random_state=self._random_state(),
            recipe=self.config.recipe(),
        )

    def _random_state(self) -> torch.Tensor:
        """State of the numbers that dropout draws."""
        return torch.cuda.get_rng_state() if self.device.type == "cuda" else torch.get_rng_state()

    def _set_random_state(self, state: torch.Tensor) -> None:
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state)
        else:
            torch.set_rng_state(state)


def evaluate(network: nn.Module, images: NDArray[np.float32], *, features: bool = False) -> NDArray[np.float32]:
    """Logits (n, classes) of images (n, 3, 64, 64), or with ``features`` the penultimate layer (n, 128)."""
    network.eval()
    device = next(network.parameters()).device
    answer = network.features if features and isinstance(network, ConvNet) else network
    parts: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for start in range(0, len(images), EVALUATION_BATCH):
            batch = np.array(images[start : start + EVALUATION_BATCH], dtype=np.float32)
            parts.append(answer(_laid_out(batch, device)).cpu().numpy())
    return np.concatenate(parts)


def cross_entropy(logits: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Mean of -ln p(true class), and the share of right answers."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probability[np.arange(len(labels)), labels].mean(dtype=np.float64)
    return float(loss), float((logits.argmax(axis=1) == labels).mean())


def _laid_out(inputs: NDArray[np.float32], device: torch.device) -> torch.Tensor:
    """Return a tensor; that of images with channels last in memory, as the kernels are."""
    images = 4
    layout = torch.channels_last if inputs.ndim == images else torch.contiguous_format
    return torch.from_numpy(np.ascontiguousarray(inputs)).to(device, memory_format=layout)


def to_channels_last(network: nn.Module) -> None:
    """Lay the kernels out with channels last in memory: a quarter faster on processors; no number changes."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)


def chosen_device(name: str) -> torch.device:
    """``"auto"`` is the graphics card if there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _mixed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch work in one thread: the same bits on every machine of a kind, and seconds that can be compared.

    Small networks gain nothing from more threads, and processes work beside each other.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
