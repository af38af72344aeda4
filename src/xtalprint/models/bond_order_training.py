"""A training run on bond-orientational order: an ensemble of small networks, calibrated, with its card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypedDict, cast

import numpy as np

from xtalprint._version import __version__
from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.models import crystal_class, prototype
from xtalprint.models.bond_order_configuration import PrototypeConfig
from xtalprint.models.bond_order_evaluation import KnownJudge, figures_of
from xtalprint.models.card import card
from xtalprint.models.ensemble import ensemble_probabilities, fitted_temperature, of_classes
from xtalprint.models.evidence_fit import fitted_evidence
from xtalprint.models.files import write_bytes, write_checksums
from xtalprint.models.manifest import EvidenceTable, Manifest, OwnAxesTable, Weights
from xtalprint.models.own_axes_evidence import ERRORS, SURE, believed, is_in_doubt
from xtalprint.models.symmetry_evidence import CLOSER, TOLERANCES, weighed
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
    write_log,
    write_pictures,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.models.bond_order_configuration import EnsembleConfig
    from xtalprint.models.bond_order_data import BondOrderExamples, Part
    from xtalprint.models.checkpoint import Progress
    from xtalprint.models.configuration import NetworksConfig
    from xtalprint.models.fitting import Examples, Fit


def train_bond_order(
    config: EnsembleConfig,
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
    from xtalprint.models.bond_order_data import SCRATCH, prepare_bond_order  # noqa: PLC0415 - torch, checked above
    from xtalprint.models.fitting import Examples, evaluate  # noqa: PLC0415 - as above

    words = prototype if isinstance(config, PrototypeConfig) else crystal_class
    clock = Clock(folder / "seconds.json")
    parts, about = prepare_bond_order(config, folder, clock=clock, say=say)
    learned, watched = (Examples(parts[part].inputs(), parts[part].labels) for part in ("train", "validation"))
    classes = tuple(parts["test"].classes.tolist())
    members = fit_members(config, learned, watched, folder, n_outputs=len(classes) + 1, say=say, report=report)
    clock.seconds["training"] = round(sum(member.progress.seconds for member in members), 1)
    say("measuring")
    with clock.time("evaluation"):
        logits = {
            part: np.stack([evaluate(member.network, examples.inputs()) for member in members], axis=1)
            for part, examples in parts.items()
        }
        presented = ~parts["validation"].box
        temperature = fitted_temperature(logits["validation"][presented], parts["validation"].labels[presented])
        tables, probabilities, own_axes = _weighed(logits, parts, temperature, closer=config.closer)
        judge = KnownJudge.calibrated(probabilities["validation"], parts["validation"], config)
        figures = figures_of(logits["test"], probabilities, parts, temperature) | own_axes
        rule = judge.measured(probabilities["test"], parts["test"], method=words.METHOD)
    manifest = write_ensemble(
        folder,
        words,
        [member.network.state_dict() for member in members],
        architecture=crystal_class.architecture,
        classes=classes,
        answers="prototype" if words is prototype else "class",
        descriptor=parameters(BondOrientationalOrder(**config.descriptor)),
        metrics=figures,
        temperature=temperature,
        known=rule,
        **tables,
        training=training_record(config, about, clock, command or name_of(train_bond_order)),
    )
    write_pictures(folder, members[0].progress, figures, classes, batches_per_epoch=members[0].batches_per_epoch)
    for name in (*SCRATCH, clock.path.name):
        (folder / name).unlink(missing_ok=True)
    write_checksums(folder)
    return manifest


class _Tables(TypedDict, total=False):
    evidence: EvidenceTable
    own_axes: OwnAxesTable


def _weighed(
    logits: dict[Part, NDArray[np.float32]],
    parts: dict[Part, BondOrderExamples],
    temperature: float,
    *,
    closer: bool,
) -> tuple[_Tables, dict[Part, NDArray[np.float64]], dict[str, Any]]:
    """Learn from the validation part what symmetry is worth, if it was searched; the probabilities with it; figures.

    First the search of the box as given; what the atoms' own lattice is worth beyond that is learned from those that
    are left in doubt.
    """
    found = {part: ensemble_probabilities(values, temperature) for part, values in logits.items()}
    judged = parts["validation"]
    if (judged.marks < 0).all():
        return {}, found, {}
    evidence = fitted_evidence(found["validation"], judged.marks, judged.labels, TOLERANCES)
    evidence = evidence.model_copy(update={"closer": CLOSER if closer else None})
    searched = {part: weighed(values, parts[part].marks, evidence) for part, values in found.items()}
    asked = {
        part: np.where(is_in_doubt(found[part], values, SURE)[:, None], parts[part].own_marks, -1)
        for part, values in searched.items()
    }
    bases = {part: believed(found[part], values, parts[part].marks, asked[part]) for part, values in searched.items()}
    own = fitted_evidence(bases["validation"], asked["validation"], judged.labels, ERRORS)
    found = {part: weighed(values, asked[part], own) for part, values in bases.items()}
    tested = parts["test"]
    counted = tested.member & (asked["test"][:, 0] >= 0)
    right = {
        when: float((of_classes(p["test"]).argmax(axis=1) == tested.labels)[counted].sum() / max(1, counted.sum()))
        for when, p in (("before", searched), ("after", found))
    }
    figures = {"share_asked": float((asked["test"][:, 0] >= 0).mean()), "n": int(counted.sum()), **right}
    tables: _Tables = {"evidence": evidence, "own_axes": OwnAxesTable(table=own, sure=SURE)}
    return tables, found, {"own_axes": figures}


def fit_members(
    config: NetworksConfig,
    learned: Examples,
    watched: Examples,
    folder: Path,
    *,
    n_outputs: int,
    say: Callable[[str], None],
    report: Callable[[Progress], None],
) -> list[Fit]:
    """Fit all networks of an ensemble, each with a seed of its own, and round their matrices."""
    from xtalprint.models.bond_order_network import BondOrderNetwork  # noqa: PLC0415 - torch
    from xtalprint.models.fitting import Fit  # noqa: PLC0415 - torch

    members = []
    for number in range(config.members):
        say(f"training network {number + 1} of {config.members}")
        fit = Fit(
            training=learned,
            validation=watched,
            config=config.with_changes(seed=config.seed + number),
            folder=folder / CHECKPOINTS / f"network-{number + 1}",
            report=report,
            make_network=lambda generator: BondOrderNetwork(
                learned.images.shape[1],
                n_outputs,
                width=config.width,
                dropout=config.dropout,
                generator=generator,
            ),
        )
        fit.resume()
        fit.run()
        cast("BondOrderNetwork", fit.network).round_weights()
        write_log(folder, fit.progress, suffix=f"-{number + 1}")
        members.append(fit)
    return members


def write_ensemble(
    folder: Path,
    words: Any,  # noqa: ANN401 - a module of words
    members: list[dict[str, Any]],
    *,
    architecture: Callable[[Sequence[Mapping[str, Any]]], str],
    metrics: dict[str, Any],
    **facts: Any,  # noqa: ANN401 - fields of the manifest, which checks them
) -> Manifest:
    """Write weights, manifest, figures and card of the ensemble into its run folder."""
    from safetensors.numpy import save  # noqa: PLC0415 - extra "train"

    from xtalprint.models.bond_order_graph import ensemble_onnx_bytes  # noqa: PLC0415 - extra "train"

    arrays: list[dict[str, NDArray[np.float32]]] = [
        {name: value.cpu().contiguous().numpy() for name, value in state.items()} for state in members
    ]
    about = {"name": words.NAME, "version": words.VERSION, "package_version": __version__}
    flat = {
        f"{k}.{name}": value.astype(np.float16) if value.ndim > 1 else value
        for k, member in enumerate(arrays)
        for name, value in member.items()
    }
    write_bytes(folder / WEIGHTS_FOR_TRAINING, save(flat, metadata={"about": json.dumps(about)}))
    write_bytes(folder / WEIGHTS_FOR_ANSWERS, ensemble_onnx_bytes(arrays, metadata=about))
    return write_description(
        folder,
        words,
        Manifest,
        card,
        architecture=architecture(arrays),
        weights=Weights(
            onnx=file_record(folder, WEIGHTS_FOR_ANSWERS), safetensors=file_record(folder, WEIGHTS_FOR_TRAINING)
        ),
        metrics=metrics,
        **facts,
    )
