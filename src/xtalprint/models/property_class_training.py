"""A training run of the model of property classes: an ensemble for each question, in one file, with its card."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint._version import __version__
from xtalprint.datasets import properties
from xtalprint.datasets.properties import TASKS
from xtalprint.errors import WrongUsageError
from xtalprint.models import property_class_words as words
from xtalprint.models.bond_order_training import fit_members
from xtalprint.models.ensemble import ensemble_probabilities, fitted_temperature
from xtalprint.models.files import write_bytes, write_checksums
from xtalprint.models.genome_data import make_case, rows_of
from xtalprint.models.genome_inputs import RAYS_AND_NEIGHBOURS, prepare_input, table_sha256
from xtalprint.models.genome_invariants import GenomeInvariants
from xtalprint.models.genome_metrics import figures_of, require_scikit_learn
from xtalprint.models.manifest import BY_FORMULA, SPLITS, FarInput, Question, QuestionsManifest, Weights
from xtalprint.models.novelty import GaussianDistance
from xtalprint.models.property_class_card import questions_card
from xtalprint.models.property_class_model import GIVEN, distance_name
from xtalprint.models.training import (
    CHECKPOINTS,
    WEIGHTS_FOR_ANSWERS,
    WEIGHTS_FOR_TRAINING,
    Clock,
    file_record,
    name_of,
    prepare_folder,
    require_packages,
    training_record,
    write_description,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.datasets.properties import Properties
    from xtalprint.models.checkpoint import Progress
    from xtalprint.models.fitting import Fit
    from xtalprint.models.genome_data import GenomeCase
    from xtalprint.models.genome_inputs import GenomeInput, Kind
    from xtalprint.models.property_class_configuration import PropertyClassConfig

    State = Mapping[str, NDArray[np.float32]]

#: A crystal is far if it is farther from all examples than this share of those that the training was watched with.
NOT_FAR = 0.998
#: Examples that cover those learned from, and directions of the largest spread that are looked along.
EXAMPLES, DIRECTIONS = 2048, 50
INPUTS = "inputs"
INPUT: Kind = "rays-and-neighbours"


def train_property_classes(
    config: PropertyClassConfig,
    folder: Path,
    *,
    resume: bool = False,
    command: str = "",
    say: Callable[[str], None] = lambda _: None,
    report: Callable[[Progress], None] = lambda _: None,
) -> QuestionsManifest:
    """Train an ensemble for each question and write a run folder.

    Those that learned without the formulas of the test part are kept. Others, from random parts, only say how much
    better a model does on formulas that it knows.

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
        If the folder holds another run, or the data are not there.
    MissingExtraError
        If a package that it needs is not installed.
    """
    require_packages(config.device)
    require_scikit_learn()
    if config.descriptor and GenomeInvariants(**config.descriptor) != RAYS_AND_NEIGHBOURS:
        raise WrongUsageError("the networks see one descriptor only", remedy="leave it out of the recipe")
    table = properties()
    config = config.model_copy(update={"data": config.data.model_copy(update={"sha256": table_sha256(table)})})
    prepare_folder(folder, config, resume=resume)
    clock = Clock(folder / "seconds.json")
    say("computing the invariants")
    with clock.time("invariants"):
        given = prepare_input(table, INPUT, table.drawn(config.data.n, config.data.seed), folder / INPUTS, say=say)
    kept: dict[str, tuple[GenomeCase, list[State]]] = {}
    questions: dict[str, Question] = {}
    figures: dict[str, Any] = {name: {} for name in TASKS}
    for name in TASKS:
        for split in SPLITS:
            case = make_case(
                table,
                name,
                among=rows_of([given]),
                by_formula=split == BY_FORMULA,
                seed=config.data.seed,
                most=config.data.n,
            )
            place = folder / CHECKPOINTS / f"{name}-{split.replace(' ', '-')}"
            with clock.time("training"):
                members = _fitted(config, case, given, place, say=say, report=report)
            temperature, figures[name][split] = _measured(members, case, given, config)
            if split == BY_FORMULA:
                kept[name] = case, [_state(member) for member in members]
                questions[name] = Question(
                    classes=case.names,
                    meaning=words.MEANING[name],
                    caveat=words.CAVEATS[name],
                    temperature=temperature,
                    far_by=words.FAR_BY[name],
                )
    say("writing")
    judged = {name: _detector(kept[name][0], given) for name in dict.fromkeys(words.FAR_BY.values())}
    detectors = {name: detector for name, (detector, _) in judged.items()}
    weights = _write_weights(folder, {name: states for name, (_, states) in kept.items()}, detectors)
    manifest = write_description(
        folder,
        words,
        QuestionsManifest,
        questions_card,
        architecture=_architecture(config, given),
        descriptor={"descriptor": "GenomeInvariants"} | asdict(RAYS_AND_NEIGHBOURS),
        questions=questions,
        weights=weights,
        far={name: far for name, (_, far) in judged.items()},
        metrics=figures,
        training=training_record(
            config, _about(table, given, kept), clock, command or name_of(train_property_classes)
        ),
        limitations=words.limitations(figures),
    )
    shutil.rmtree(folder / INPUTS)
    clock.path.unlink()
    write_checksums(folder)
    return manifest


def _fitted(
    config: PropertyClassConfig,
    case: GenomeCase,
    given: GenomeInput,
    folder: Path,
    *,
    say: Callable[[str], None],
    report: Callable[[Progress], None],
) -> list[Fit]:
    """Networks of one question."""
    return fit_members(
        config.for_question(len(case.rows["training"])),
        case.examples("training", given),
        case.examples("validation", given),
        folder,
        n_outputs=len(case.names),
        say=lambda text: say(f"{case.task}, {BY_FORMULA if case.by_formula else 'random'}: {text}"),
        report=report,
    )


def _state(member: Fit) -> State:
    return {key: value.cpu().numpy() for key, value in member.network.state_dict().items()}


def _measured(
    members: Sequence[Fit], case: GenomeCase, given: GenomeInput, config: PropertyClassConfig
) -> tuple[float, dict[str, Any]]:
    """Temperature by the validation part, and what the ensemble is worth on the test part."""
    from xtalprint.models.fitting import evaluate  # noqa: PLC0415 - torch

    validation, test = (
        np.stack([evaluate(member.network, case.examples(part, given).images) for member in members], axis=1)
        for part in ("validation", "test")
    )
    temperature = fitted_temperature(validation, case.classes["validation"])
    probabilities = ensemble_probabilities(test, temperature)
    figures = figures_of(probabilities, case.classes["test"], groups=case.formulas, seed=config.seed)
    return temperature, figures | {"parts": case.about["parts"], "classes": case.about["classes"]}


def _detector(case: GenomeCase, given: GenomeInput) -> tuple[GaussianDistance, FarInput]:
    """How far an input is from those learned from, and what is far, by those that the training was watched with."""
    learned, watched = (case.examples(part, given).images for part in ("training", "validation"))
    detector = GaussianDistance.covering(learned, n_centres=EXAMPLES, directions=DIRECTIONS)
    limit = float(np.quantile(detector.distance(watched), NOT_FAR))
    examples, directions = detector.centres.shape
    return detector, FarInput(distance=limit, share=NOT_FAR, examples=examples, directions=directions)


def _write_weights(
    folder: Path, states: Mapping[str, list[State]], detectors: Mapping[str, GaussianDistance]
) -> Weights:
    """Write all ensembles and detectors as one graph, and the ensembles for training on."""
    from safetensors.numpy import save  # noqa: PLC0415 - extra "train"

    from xtalprint.models.bond_order_graph import ensemble_nodes, n_inputs  # noqa: PLC0415 - as above
    from xtalprint.models.onnx_graph import Graph, distance_nodes, serialised  # noqa: PLC0415 - as above

    about = {"name": words.NAME, "version": words.VERSION, "package_version": __version__}
    graph = Graph()
    outputs = {
        name: ensemble_nodes(graph, members, given=GIVEN, output=name, prefix=f"{name}.")
        for name, members in states.items()
    }
    for name, detector in detectors.items():
        distance_nodes(graph, detector, given=GIVEN, output=distance_name(name), prefix=f"{name}.detector.")
        outputs[distance_name(name)] = []
    inputs = {GIVEN: [n_inputs(next(iter(states.values())))]}
    content = serialised(graph, words.NAME, inputs=inputs, outputs=outputs, metadata=about)
    write_bytes(folder / WEIGHTS_FOR_ANSWERS, content)
    flat = {
        f"{name}.{number}.{key}": value.astype(np.float16) if value.ndim > 1 else value
        for name, members in states.items()
        for number, member in enumerate(members)
        for key, value in member.items()
    }
    write_bytes(folder / WEIGHTS_FOR_TRAINING, save(flat, metadata={"about": json.dumps(about)}))
    return Weights(
        onnx=file_record(folder, WEIGHTS_FOR_ANSWERS), safetensors=file_record(folder, WEIGHTS_FOR_TRAINING)
    )


def _architecture(config: PropertyClassConfig, given: GenomeInput) -> str:
    return (
        f"for each question {config.members} networks, whose probabilities are averaged: {given.array.shape[1]} "
        f"inputs, two dense layers of {config.width} with ReLU, batch normalisation before each layer and dropout"
    )


def _about(
    table: Properties, given: GenomeInput, kept: Mapping[str, tuple[GenomeCase, list[State]]]
) -> dict[str, Any]:
    """What was learned from, for the record."""
    return {
        "name": "properties",
        "crystals": len(table),
        "without invariants": [f"{table.ids[row]}: {text}" for row, text in given.failures.items()],
        "learned from": {name: len(case.rows["training"]) for name, (case, _) in kept.items()},
        "sha256 of the invariants": given.sha256,
    }
