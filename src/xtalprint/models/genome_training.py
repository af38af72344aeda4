"""Train networks on property classes: one loop for all of them, and the figures of one trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn

from xtalprint.models.bond_order_network import BondOrderNetwork
from xtalprint.models.checkpoint import latest_checkpoint, load_checkpoint
from xtalprint.models.configuration import FitConfig
from xtalprint.models.ensemble import ensemble_probabilities, fitted_temperature
from xtalprint.models.evaluation import expected_calibration_error, softmax
from xtalprint.models.files import write_json
from xtalprint.models.fitting import Examples, Fit, evaluate
from xtalprint.models.genome_ablations import Ablation, ablated_clouds
from xtalprint.models.genome_data import PARTS
from xtalprint.models.genome_metrics import auc, figures_of, require_scikit_learn
from xtalprint.models.genome_networks import (
    FEATURES,
    AttentionNetwork,
    PointNetwork,
    QuestionLogits,
)
from xtalprint.models.property_class_configuration import DROPOUT, WIDTH
from xtalprint.models.training import CHECKPOINTS, prepare_folder, write_log
from xtalprint.scattering.intensities import box_points

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.models.checkpoint import Progress
    from xtalprint.models.genome_data import GenomeCase, Part
    from xtalprint.models.genome_inputs import GenomeInput, Kind

    Singles = NDArray[np.float32]
    Floats = NDArray[np.float64]

Architecture = Literal["points", "attention", "invariants"]
#: Whether each of them sees clouds, or invariants by any rays.
SEES: dict[Architecture, Kind] = {"points": "cloud", "attention": "cloud", "invariants": "invariants"}
#: Miller limit of the published clouds, and the largest there is.
MILLER_LIMIT, MOST_MILLER = 3, 4
FIGURES, ANSWERS = "metrics.json", "answers.npz"


class GenomeConfig(FitConfig):
    """A training run of one network on one task. The defaults are published, but for ``patience``."""

    network: Architecture = "points"
    task: str = "stiff"
    by_formula: bool = False
    #: Of the crystals' parting.
    split_seed: int = Field(default=0, ge=0)
    #: Points of a cloud have Miller indices up to so many.
    miller: int = Field(default=MILLER_LIMIT, ge=1, le=MOST_MILLER)
    #: All of these points, or only h, k and l of the basis, or these and the origin.
    points: Literal["box", "basis", "basis and origin"] = "box"
    #: What is taken away from the clouds, see `xtalprint.models.genome_ablations`.
    ablation: Ablation = "whole"
    #: As of `xtalprint.models.genome_networks.PointNetwork`.
    coarse_choice: bool = False
    #: Neurons of each layer of ours, and the share of them that is left out in training; the published keep theirs.
    width: int = Field(default=WIDTH, ge=8)
    dropout: float = Field(default=DROPOUT, ge=0, lt=1)
    #: SHA-256 of the input and of the rows and classes of all parts; filled in when training starts.
    data_sha256: str = ""
    epochs: int = Field(default=100, ge=1)
    batch: int = Field(default=64, ge=2)
    schedule: Literal["constant", "cosine"] = "cosine"
    #: Training ends after so many epochs without a better AUC of the validation part; None goes on to the end.
    patience: int | None = Field(default=20, ge=1)

    @model_validator(mode="after")
    def _has_an_origin(self) -> GenomeConfig:
        """Refuse to take something away from few points: what is left of them is not in a box about the origin."""
        if self.points != "box" and self.ablation != "whole":
            raise ValueError(f"only of a box of points can something be taken away, not of {self.points!r}")
        return self


@dataclass(frozen=True, eq=False)
class GenomeAnswers:
    """What a trained network says of the test part.

    Parameters
    ----------
    probabilities
        (n, classes), calibrated by the temperature.
    logits
        (n, classes) of the validation and of the test part.
    figures
        As plain data: metrics, temperature, epochs, seconds.
    network
        With the weights of the best epoch.
    """

    probabilities: Floats
    logits: dict[Part, Singles]
    figures: dict[str, Any]
    network: nn.Module


class GenomeFit(Fit):
    """A fit that turns clouds at random each time they are learned from, and keeps the epoch of the best AUC."""

    config: GenomeConfig

    @property
    def best_epoch(self) -> int:
        """That of the largest AUC of the validation part, from 0; the first of equals."""
        return int(np.argmax([line["validation_auc"] for line in self.progress.epochs]))

    def take_best(self) -> None:
        """Put the network back to its best epoch."""
        path = self.folder / _name_of(self.best_epoch)
        load_checkpoint(path, self.network, self.optimiser, self.config.recipe())

    def _is_done(self) -> bool:
        patience = self.config.patience
        ended = patience is not None and self.progress.epoch > 0
        return super()._is_done() or (ended and self.progress.epoch - 1 - self.best_epoch >= (patience or 0))

    def _judged(self, logits: Singles) -> dict[str, float]:
        return {"validation_auc": auc(softmax(logits), self.validation.labels)}

    def _tensors(self, examples: Examples, index: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        part = examples.part(index)
        if SEES[self.config.network] == "cloud":
            rng = np.random.default_rng([self.config.seed, self.progress.epoch, self.progress.batch])
            part = Examples(turned(part.images, rng), part.labels)
        return torch.from_numpy(part.images).to(self.device), torch.from_numpy(part.labels).to(self.device)

    def _save(self) -> None:
        super()._save()
        latest = latest_checkpoint(self.folder)
        if self.progress.batch == 0:
            kept = {latest, self.folder / _name_of(self.best_epoch)}
            for path in self.folder.glob("epoch-*.safetensors"):
                if path not in kept:
                    path.unlink()


def _name_of(epoch: int) -> str:
    """File of the checkpoint at the end of an epoch."""
    return f"epoch-{epoch + 1:04d}-batch-000000.safetensors"


def turned(clouds: Singles, rng: np.random.Generator) -> Singles:
    """Clouds (n, points, 4), each turned by an orthogonal matrix of its own, of which all are equally probable."""
    q, r = np.linalg.qr(rng.normal(size=(len(clouds), 3, 3)))
    turns = (q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]).astype(np.float32)
    return np.concatenate([clouds[..., :3] @ turns, clouds[..., 3:]], axis=2)


def box_places(limit: int, among: int = MILLER_LIMIT) -> NDArray[np.int64]:
    """Places of the points with Miller indices up to ``limit`` in clouds that have those up to ``among``.

    Examples
    --------
    >>> [len(box_places(limit)) for limit in (1, 2, 3)]
    [27, 125, 343]
    """
    return np.flatnonzero(abs(box_points(among)).max(axis=1) <= limit)


def basis_places(*, origin: bool) -> NDArray[np.int64]:
    """Places of 100, 010 and 001 in the published clouds, with the origin before them if wanted.

    Examples
    --------
    >>> box_points(MILLER_LIMIT)[basis_places(origin=True)].tolist()
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    """
    wanted = np.vstack([np.zeros((1 if origin else 0, 3)), np.eye(3)])
    return np.array([int((box_points(MILLER_LIMIT) == point).all(axis=1).argmax()) for point in wanted])


def make_network(config: GenomeConfig, n_outputs: int, n_inputs: int, generator: torch.Generator) -> nn.Module:
    """Network of a recipe, with two logits for a question."""
    if config.network == "points":
        return QuestionLogits(
            PointNetwork(n_outputs, features=FEATURES, coarse_choice=config.coarse_choice, generator=generator)
        )
    if config.network == "attention":
        return QuestionLogits(AttentionNetwork(n_outputs, features=FEATURES, generator=generator))
    return QuestionLogits(
        BondOrderNetwork(n_inputs, n_outputs, width=config.width, dropout=config.dropout, generator=generator)
    )


def seen(case: GenomeCase, part: Part, given: GenomeInput, config: GenomeConfig) -> Examples:
    """What the network sees of a part; clouds not learned from are turned once, by a seed of the part."""
    examples = case.examples(part, given)
    if SEES[config.network] != "cloud":
        return examples
    clouds = examples.images
    if config.points != "box":
        clouds = clouds[:, basis_places(origin=config.points == "basis and origin")]
    else:
        clouds = clouds[:, box_places(config.miller, round(clouds.shape[1] ** (1 / 3)) // 2)]
    clouds = ablated_clouds(clouds, config.ablation, np.random.default_rng([config.split_seed, PARTS.index(part)]))
    if part != "training":
        clouds = turned(clouds, np.random.default_rng([config.split_seed, len(part)]))
    return Examples(clouds, examples.labels)


def train_genome(
    case: GenomeCase,
    given: GenomeInput,
    config: GenomeConfig,
    folder: Path,
    *,
    resume: bool = False,
    draws: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> GenomeAnswers:
    """Train one network, take its best epoch, calibrate it on the validation part and measure it on the test part.

    Parameters
    ----------
    case
        The task, parted.
    given
        Inputs of the kind that the network sees, see `SEES`.
    config
        The recipe.
    folder
        Of the run: recipe, checkpoints, log, ``metrics.json`` and ``answers.npz``.
    resume
        Go on from the latest checkpoint; the networks of a finished run are not trained, only asked again.
    draws
        See `figures_of`.
    say
        Called with a sentence after each epoch.

    Raises
    ------
    WrongUsageError
        If the folder holds another run.
    MissingExtraError
        If scikit-learn is not installed.
    """
    require_scikit_learn()
    config = config.model_copy(update={"data_sha256": case.sha256(given)})
    prepare_folder(folder, config, resume=resume)
    parts = {part: seen(case, part, given, config) for part in case.rows}

    def log(progress: Progress) -> None:
        write_log(folder, progress)
        if progress.batch == 0 and progress.epochs:
            line = progress.epochs[-1]
            say(f"{config.network}, {case.task}: epoch {line['epoch']}, validation AUC {line['validation_auc']:.4f}")

    fit = GenomeFit(
        training=parts["training"],
        validation=parts["validation"],
        config=config,
        folder=folder / CHECKPOINTS,
        report=log,
        make_network=lambda generator: make_network(
            config, case.n_outputs, parts["training"].images.shape[1], generator
        ),
    )
    fit.resume()
    fit.run()
    fit.take_best()
    judged: tuple[Part, Part] = ("validation", "test")
    logits = {part: evaluate(fit.network, parts[part].images) for part in judged}
    temperature = fitted_temperature(logits["validation"][:, None], case.classes["validation"])
    probabilities = ensemble_probabilities(logits["test"][:, None], temperature)
    figures = figures_of(probabilities, case.classes["test"], groups=case.formulas, seed=config.seed, draws=draws)
    figures |= {
        "temperature": temperature,
        "expected_calibration_error_uncalibrated": expected_calibration_error(
            softmax(logits["test"]), case.classes["test"]
        ),
        "epochs": fit.progress.epoch,
        "best_epoch": fit.best_epoch + 1,
        "validation_auc": fit.progress.epochs[fit.best_epoch]["validation_auc"],
        "parameters": sum(value.numel() for value in fit.network.parameters()),
        "seconds": round(fit.progress.seconds, 1),
        "inputs_sha256": given.sha256,
    }
    np.savez(folder / ANSWERS, rows=case.rows["test"], classes=case.classes["test"], probabilities=probabilities)
    write_json(folder / FIGURES, figures)
    return GenomeAnswers(probabilities, logits, figures, fit.network)
