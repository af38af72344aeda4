"""A training run of the per-atom model: an ensemble of small networks, calibrated, with its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.neighbourhood_order import NeighbourhoodOrder
from xtalprint.models import atom_class as words
from xtalprint.models.atom_data import PARTS, AtomExamples, atom_examples
from xtalprint.models.atom_samples import ATOM_CLASSES, NONE
from xtalprint.models.bond_order_training import fit_members, write_ensemble
from xtalprint.models.crystal_class import architecture
from xtalprint.models.ensemble import ensemble_probabilities, fitted_temperature, reliability
from xtalprint.models.evaluation import accuracy_by, metrics
from xtalprint.models.files import write_checksums
from xtalprint.models.training import (
    Clock,
    name_of,
    prepare_folder,
    require_packages,
    training_record,
    write_pictures,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.models.atom_configuration import AtomConfig
    from xtalprint.models.checkpoint import Progress
    from xtalprint.models.manifest import Manifest


def train_atom_class(
    config: AtomConfig,
    folder: Path,
    *,
    resume: bool = False,
    command: str = "",
    say: Callable[[str], None] = lambda _: None,
    report: Callable[[Progress], None] = lambda _: None,
) -> Manifest:
    """Train the ensemble and write a run folder.

    Parameters
    ----------
    config
        The recipe.
    folder
        Of the run; made if it is not there.
    resume
        Go on from the latest checkpoints in ``folder``, if it has some.
    command
        What to type to do it again, for the record.
    say
        Called with a sentence before each long step.
    report
        Called with the progress every few batches and after each epoch of each network.

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
    from xtalprint.models.fitting import Examples, evaluate  # noqa: PLC0415 - torch, checked above

    clock = Clock(folder / "seconds.json")
    parts: dict[str, AtomExamples] = {}
    for part in PARTS:
        say(f"making the samples of the part for {part}")
        with clock.time("samples"):
            parts[part] = atom_examples(config, part, folder)
    learned, watched = (Examples(parts[part].arrays, parts[part].labels) for part in ("train", "validation"))
    members = fit_members(config, learned, watched, folder, n_outputs=len(ATOM_CLASSES), say=say, report=report)
    clock.seconds["training"] = round(sum(member.progress.seconds for member in members), 1)
    say("measuring")
    with clock.time("evaluation"):
        logits = {
            part: np.stack([evaluate(member.network, examples.arrays) for member in members], axis=1)
            for part, examples in parts.items()
        }
        temperature = fitted_temperature(logits["validation"], parts["validation"].labels)
        figures = _figures(logits, parts, temperature)
    about = {
        "name": "atoms of made samples",
        "seed": config.data.seed,
        "samples": {part: getattr(config.data, part, config.data.n) for part in PARTS},
        "atoms": {part: len(parts[part]) for part in PARTS},
    }
    manifest = write_ensemble(
        folder,
        words,
        [member.network.state_dict() for member in members],
        architecture=architecture,
        metrics=figures,
        classes=ATOM_CLASSES,
        descriptor={"descriptor": "NeighbourhoodOrder"} | vars(NeighbourhoodOrder(**config.descriptor)),
        temperature=temperature,
        known=None,
        training=training_record(config, about, clock, command or name_of(train_atom_class)),
    )
    first = members[0]
    write_pictures(folder, first.progress, figures, ATOM_CLASSES, batches_per_epoch=first.batches_per_epoch)
    for name in (*(f"{part}.npz" for part in PARTS), clock.path.name):
        (folder / name).unlink(missing_ok=True)
    write_checksums(folder)
    return manifest


def _figures(
    logits: Mapping[str, NDArray[np.float32]], parts: Mapping[str, AtomExamples], temperature: float
) -> dict[str, Any]:
    """Accuracy, calibration and confusion of each part per atom, as plain data."""
    figures: dict[str, Any] = {}
    for part, examples in parts.items():
        answers = np.log(np.maximum(ensemble_probabilities(logits[part], temperature), 1e-300))
        figures[part] = metrics(answers, examples.labels, ATOM_CLASSES)
    examples = parts["test"]
    probabilities = ensemble_probabilities(logits["test"], temperature)
    heats = np.where(examples.labels == NONE, "of no class", np.char.add("displaced by ", examples.heats))
    figures["test"]["by_source"] = {
        name: figure
        for groups in (examples.forms, heats)
        for name, figure in accuracy_by(groups, probabilities, examples.labels).items()
    }
    figures["calibration"] = {
        "temperature": temperature,
        "reliability": reliability(probabilities, examples.labels),
    }
    return figures
