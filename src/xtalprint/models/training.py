"""A training run from the recipe to a folder that holds everything: weights, card, figures, recipe, check sums."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from xtalprint._version import __version__
from xtalprint.descriptors.base import parameters
from xtalprint.errors import MissingExtraError, WrongUsageError
from xtalprint.models import crystal_class_image as words
from xtalprint.models.card import card
from xtalprint.models.classes import CLASSES
from xtalprint.models.configuration import read_config
from xtalprint.models.files import sha256, write_bytes, write_checksums, write_json, write_text
from xtalprint.models.manifest import Description, FileRecord, Manifest, TrainingRecord, Weights
from xtalprint.models.registry import RUN_MANIFEST
from xtalprint.models.versions import versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from xtalprint.models.checkpoint import Progress
    from xtalprint.models.configuration import RunConfig, TrainingConfig
    from xtalprint.models.convnet import ConvNet
    from xtalprint.models.manifest import KnownRule
    from xtalprint.models.novelty import GaussianDistance
    from xtalprint.models.training_data import TrainingData

D = TypeVar("D", bound=Description)

CHECKPOINTS = "checkpoints"
CONFIG = "config.json"
WEIGHTS_FOR_TRAINING = "model.safetensors"
WEIGHTS_FOR_ANSWERS = "model.onnx"


def train_crystal_class(
    config: TrainingConfig,
    folder: Path,
    *,
    resume: bool = False,
    command: str = "",
    say: Callable[[str], None] = lambda _: None,
    report: Callable[[Progress], None] = lambda _: None,
) -> Manifest:
    """Train the crystal-class-image network and write a run folder.

    Parameters
    ----------
    config
        The recipe.
    folder
        Of the run; made if it is not there.
    resume
        Go on from the latest checkpoint in ``folder``, if it has one.
    command
        What to type to do it again, for the record.
    say
        Called with a sentence before each long step.
    report
        Called with the progress every few batches and after each epoch.

    Returns
    -------
    What is written down about the finished model, as in ``model.json``.

    Raises
    ------
    WrongUsageError
        If the folder holds another run.
    MissingExtraError
        If a package that it needs is not installed.
    """
    require_packages(config.device)
    prepare_folder(folder, config, resume=resume)
    from xtalprint.models.training_data import SCRATCH, prepare  # noqa: PLC0415 - torch, checked above

    clock = Clock(folder / "seconds.json")
    data = prepare(config, folder, clock=clock, say=say)
    network, progress, batches_per_epoch = _fit(config, data, folder, report)
    clock.seconds["training"] = progress.seconds
    say("measuring")
    with clock.time("evaluation"):
        figures = _figures(network, data)
    with clock.time("calibration"):
        from xtalprint.models.calibration import calibrate  # noqa: PLC0415 - as above

        detector, rule, defective = calibrate(network, data, config, say=say)
    figures["defective"] = defective
    record = training_record(config, data.provenance, clock, command or name_of(train_crystal_class))
    manifest = write_model(
        folder,
        network,
        descriptor=parameters(data.descriptor),
        figures=figures,
        record=record,
        detector=detector,
        rule=rule,
    )
    write_pictures(folder, progress, figures, CLASSES, batches_per_epoch=batches_per_epoch)
    for name in (*SCRATCH, clock.path.name):
        (folder / name).unlink(missing_ok=True)
    write_checksums(folder)
    return manifest


class Clock:
    """Seconds spent on each part of a run, kept in a file so that an interrupted run does not forget them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds: dict[str, float] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Add the time spent inside to the part ``name``."""
        start = time.monotonic()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - start, 1)
        write_json(self.path, self.seconds)


def require_packages(device: str, *, packages: Sequence[str] = ("torch", "safetensors", "onnx", "spglib")) -> None:
    """Refuse to start without a package, or without the device that is asked for."""
    import importlib.util  # noqa: PLC0415 - only here

    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError.of(package, "train", "training a model")
    if device == "cuda":
        import torch  # noqa: PLC0415 - checked above

        if not torch.cuda.is_available():
            raise WrongUsageError("torch finds no CUDA device", remedy="leave out --device, or give cpu")


def prepare_folder(folder: Path, config: RunConfig, *, resume: bool) -> None:
    """Write the recipe into an empty folder, or check that the run there has the same."""
    if folder.exists() and any(folder.iterdir()) and not resume:
        raise WrongUsageError(
            "the folder is not empty", source=str(folder), remedy="choose another, or go on with its run: --resume"
        )
    if not (folder / CONFIG).exists():
        write_json(folder / CONFIG, config.model_dump(mode="json"))
    elif read_config(folder / CONFIG, type(config)).recipe() != config.recipe():
        raise WrongUsageError(
            "the run was begun with another recipe",
            source=str(folder / CONFIG),
            remedy="go on with --config of that file, or begin another run in another folder",
        )


def _fit(
    config: TrainingConfig, data: TrainingData, folder: Path, report: Callable[[Progress], None]
) -> tuple[ConvNet, Progress, int]:
    from xtalprint.models.fitting import Fit  # noqa: PLC0415 - torch

    def log(progress: Progress) -> None:
        write_log(folder, progress)
        report(progress)

    fit = Fit(
        training=data.learned(),
        validation=data.examples("validation"),
        config=config,
        folder=folder / CHECKPOINTS,
        report=log,
    )
    fit.resume()
    network = fit.run()
    write_log(folder, fit.progress)
    # What Fit makes unless it is told otherwise.
    return cast("ConvNet", network), fit.progress, fit.batches_per_epoch


def write_log(folder: Path, progress: Progress, *, suffix: str = "") -> None:
    """Write the lines of the log for machines: one per logged step, one per epoch."""
    for name, lines in ((f"steps{suffix}.jsonl", progress.steps), (f"epochs{suffix}.jsonl", progress.epochs)):
        write_text(folder / name, "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines))


def _figures(network: ConvNet, data: TrainingData) -> dict[str, Any]:
    from xtalprint.models.evaluation import accuracy_by, metrics  # noqa: PLC0415 - keeps this file's imports light
    from xtalprint.models.fitting import evaluate  # noqa: PLC0415 - torch

    figures: dict[str, Any] = {}
    for part in ("train", "validation", "test"):
        examples = data.examples(part)
        logits = evaluate(network, examples.images)
        figures[part] = metrics(logits, examples.labels, CLASSES)
        figures[part]["by_source"] = accuracy_by(data.sources(part), logits, examples.labels)
        wrong = (logits.argmax(axis=1) != examples.labels).nonzero()[0]
        figures[part]["wrong"] = [
            {
                **data.describe(int(data.index[part][row])),
                "class": CLASSES[int(examples.labels[row])],
                "answer": CLASSES[int(logits[row].argmax())],
            }
            for row in wrong[:200]
        ]
    return figures


def name_of(trainer: Callable[..., Any]) -> str:
    """Name of a function with its module.

    Examples
    --------
    >>> name_of(train_crystal_class)
    'xtalprint.models.training.train_crystal_class'
    """
    return f"{trainer.__module__}.{trainer.__qualname__}"


def training_record(config: RunConfig, data: dict[str, Any], clock: Clock, command: str) -> TrainingRecord:
    """Say how the weights came about, as of now; the command is what was typed or the function that was called."""
    return TrainingRecord(
        command=command,
        config=config.model_dump(mode="json"),
        data=data,
        versions=versions(),
        seconds=clock.seconds,
        finished=datetime.now(UTC).date().isoformat(),
    )


def write_model(
    folder: Path,
    network: ConvNet,
    *,
    descriptor: dict[str, Any],
    figures: dict[str, Any],
    record: TrainingRecord,
    detector: GaussianDistance | None = None,
    rule: KnownRule | None = None,
) -> Manifest:
    """Write weights, manifest, figures and card of a trained network into its run folder."""
    from safetensors.numpy import save  # noqa: PLC0415 - extra "train"

    from xtalprint.models.onnx_graph import onnx_bytes  # noqa: PLC0415 - extra "train"

    arrays = {name: value.cpu().contiguous().numpy() for name, value in network.state_dict().items()}
    about = {"name": words.NAME, "version": words.VERSION, "package_version": __version__}
    # One entry only: safetensors writes several in an order that changes from call to call.
    write_bytes(folder / WEIGHTS_FOR_TRAINING, save(arrays, metadata={"about": json.dumps(about)}))
    write_bytes(folder / WEIGHTS_FOR_ANSWERS, onnx_bytes(arrays, detector=detector, metadata=about))
    return write_description(
        folder,
        words,
        Manifest,
        card,
        architecture=words.ARCHITECTURE,
        classes=CLASSES,
        descriptor=descriptor,
        weights=Weights(
            onnx=file_record(folder, WEIGHTS_FOR_ANSWERS), safetensors=file_record(folder, WEIGHTS_FOR_TRAINING)
        ),
        known=rule,
        metrics=figures,
        training=record,
    )


def write_description(
    folder: Path,
    words: Any,  # noqa: ANN401 - a module of words
    kind: type[D],
    render: Callable[[D], str],
    **facts: Any,  # noqa: ANN401 - fields of the description, which checks them
) -> D:
    """Write manifest, figures and card of a trained model into its run folder.

    Parameters
    ----------
    folder
        Of the run.
    words
        Module that says what the model is and what it is for.
    kind
        Of the description.
    render
        Makes the card.
    facts
        All other fields, and `limitations` where figures stand in them.
    """
    description = kind(
        name=words.NAME,
        version=words.VERSION,
        summary=words.SUMMARY,
        card="card.md",
        intended_use=words.INTENDED_USE,
        out_of_scope=words.OUT_OF_SCOPE,
        reference=words.REFERENCE,
        licence=words.LICENCE,
        package_version=__version__,
        **({} if "limitations" in facts else {"limitations": words.LIMITATIONS}),
        **facts,
    )
    write_json(folder / "metrics.json", description.metrics)
    write_text(folder / description.card, render(description))
    write_text(folder / RUN_MANIFEST, description.model_dump_json(indent=1) + "\n")
    return description


def file_record(folder: Path, name: str) -> FileRecord:
    """Name, check sum and size of a file of the model."""
    return FileRecord(path=name, sha256=sha256(folder / name), bytes=(folder / name).stat().st_size)


def write_pictures(
    folder: Path, progress: Progress, figures: dict[str, Any], classes: tuple[str, ...], *, batches_per_epoch: int
) -> None:
    """Draw the confusion matrix of the test part and the learning curve."""
    import numpy as np  # noqa: PLC0415 - keeps this file's imports light

    from xtalprint.models.pictures import draw_confusion_matrix, draw_learning_curve, png_bytes  # noqa: PLC0415

    matrix = np.array(figures["test"]["confusion_matrix"])
    write_bytes(folder / "confusion_matrix.png", png_bytes(draw_confusion_matrix(matrix, classes, title="test part")))
    curve = draw_learning_curve(progress.steps, progress.epochs, batches_per_epoch=batches_per_epoch)
    write_bytes(folder / "learning_curve.png", png_bytes(curve))
