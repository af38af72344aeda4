"""Wang et al. (2022): property classes from clouds of reflections, by three networks and beside seven baselines."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from xtalprint.datasets import properties
from xtalprint.datasets.elasticity_source import cache_folder
from xtalprint.datasets.properties import TASKS
from xtalprint.models.genome_data import make_case, rows_of
from xtalprint.models.genome_inputs import Kind, prepare_input
from xtalprint.models.genome_metrics import DRAWS, METRICS, figures_of, over_seeds
from xtalprint.studies.base import StudyResult, data_file, say
from xtalprint.studies.genome_baselines import BOOSTED, Baselines
from xtalprint.studies.stiffness_ways import TreeSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from xtalprint.datasets.properties import Properties
    from xtalprint.models.genome_data import GenomeCase
    from xtalprint.models.genome_inputs import GenomeInput
    from xtalprint.models.genome_training import Architecture, GenomeConfig

#: Networks by name, and the Miller limit of what each sees. Attention to 343 points takes days on a processor.
NETWORKS: dict[str, tuple[Architecture, int]] = {
    "PointNet, 343 points": ("points", 3),
    "attention, 27 points": ("attention", 1),
    "invariants, dense": ("invariants", 3),
}
#: Crystals that a network learns from, one after the other, over all epochs: about an hour on two cores.
EXAMPLES: dict[Architecture, int] = {"points": 800_000, "attention": 400_000, "invariants": 4_000_000}
LEAST_EPOCHS, MOST_EPOCHS = 8, 100
#: What the released code and its lists of errors say; the tables of the paper are not to be had.
PUBLISHED = {"stiff": {"auc": 0.95}, "metal": {"accuracy": 0.87}}


@dataclass(frozen=True)
class Extent:
    """How much of everything.

    Parameters
    ----------
    of_each_task
        Crystals drawn among those with a label for each task; None for all.
    most
        Of one task.
    seeds
        Networks that differ in the seed alone.
    epochs
        Of all networks; None for as many as `EXAMPLES` allow.
    miller
        Largest Miller limit of the clouds.
    draws
        Resampled test parts for an interval.
    trees
        Settings of the boosted trees.
    """

    of_each_task: int | None = None
    most: int | None = None
    seeds: int = 3
    epochs: int | None = None
    miller: int = 3
    draws: int = DRAWS
    trees: TreeSettings = field(default_factory=TreeSettings)


FULL = Extent()
QUICK = Extent(
    of_each_task=50, most=60, seeds=2, epochs=1, miller=1, draws=4, trees=TreeSettings(max_iter=5, min_samples_leaf=4)
)


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Five tasks, parted at random and by formula: networks and baselines on the same crystals.

    Inputs and trained networks are kept in the cache of the user, so that a run that was stopped goes on; a quick
    one keeps nothing.
    """
    extent = QUICK if quick else FULL
    table = properties(data_file("properties", "properties.parquet"))
    with _folder(seed, keep=not quick) as folder:
        inputs = _inputs(table, folder / "inputs", extent, seed)
        among = rows_of(list(inputs.values()))
        baselines = Baselines(table, inputs, seed, extent.trees)
        cases, rows = [], []
        for task in TASKS:
            for by_formula in (False, True):
                case = make_case(table, task, among=among, by_formula=by_formula, seed=seed, most=extent.most)
                found = _baseline_figures(baselines, case, extent, seed)
                found |= _network_figures(inputs, case, folder, extent, seed)
                cases.append({"task": task, **case.about, "models": found})
                rows += [_row(case, name, figures) for name, figures in found.items()]
                say(f"{task}, {_split(case)}: done")
    figures = {
        "n": len(among),
        "failures": {
            kind: [f"{table.ids[row]}: {text}" for row, text in one.failures.items()] for kind, one in inputs.items()
        },
        "inputs_sha256": {kind: one.sha256 for kind, one in inputs.items()},
        "extent": asdict(extent),
        "knows_the_elements": [name for name, kinds in BOOSTED.items() if "composition" in kinds],
        "published": PUBLISHED,
        "tasks": cases,
    }
    return StudyResult(figures, rows)


@contextmanager
def _folder(seed: int, *, keep: bool) -> Iterator[Path]:
    if keep:
        yield cache_folder() / "genome" / f"seed-{seed}"
        return
    with tempfile.TemporaryDirectory(prefix="xtalprint-genome-") as name:
        yield Path(name)


def _inputs(table: Properties, folder: Path, extent: Extent, seed: int) -> dict[Kind, GenomeInput]:
    rows = np.arange(len(table))
    if extent.of_each_task is not None:
        rng = np.random.default_rng(seed)
        labelled = [table.labels(task).rows for task in TASKS]
        drawn = [rng.permutation(some)[: extent.of_each_task] for some in labelled]
        rows = np.unique(np.concatenate(drawn))
    kinds: tuple[Kind, ...] = get_args(Kind)
    return {kind: prepare_input(table, kind, rows, folder, say=say) for kind in kinds}


def _baseline_figures(baselines: Baselines, case: GenomeCase, extent: Extent, seed: int) -> dict[str, dict[str, Any]]:
    found = {}
    for name in baselines.names(case):
        answers = baselines.answers(name, case)
        found[name] = _measured(answers.probabilities, case, extent, seed) | {"temperature": answers.temperature}
    return found


def _measured(probabilities: NDArray[np.float64], case: GenomeCase, extent: Extent, seed: int) -> dict[str, Any]:
    return figures_of(probabilities, case.classes["test"], groups=case.formulas, seed=seed, draws=extent.draws)


def _network_figures(
    inputs: dict[Kind, GenomeInput], case: GenomeCase, folder: Path, extent: Extent, seed: int
) -> dict[str, dict[str, Any]]:
    from xtalprint.models.genome_training import SEES, train_genome  # noqa: PLC0415 - torch

    found = {}
    for name, (network, limit) in NETWORKS.items():
        members = []
        for number in range(extent.seeds):
            config = _config(network, min(limit, extent.miller), case, extent, seed=extent.seeds * seed + number)
            place = folder / f"{case.task}-{_split(case)}-{network}-{number}".replace(" ", "-")
            given = inputs[SEES[network]]
            members.append(train_genome(case, given, config, place, resume=True, say=say))
        mean = np.mean([member.probabilities for member in members], axis=0)
        found[name] = _measured(mean, case, extent, seed) | {
            "seeds": over_seeds([member.figures for member in members]),
            "members": [member.figures for member in members],
        }
    return found


def _config(network: Architecture, miller: int, case: GenomeCase, extent: Extent, *, seed: int) -> GenomeConfig:
    from xtalprint.models.genome_training import GenomeConfig  # noqa: PLC0415 - torch

    epochs = extent.epochs
    if epochs is None:
        epochs = int(np.clip(EXAMPLES[network] // len(case.rows["training"]), LEAST_EPOCHS, MOST_EPOCHS))
    return GenomeConfig(
        network=network,
        task=case.task,
        by_formula=case.by_formula,
        split_seed=case.about["split"]["seed"],
        miller=miller,
        epochs=epochs,
        seed=seed,
    )


def _split(case: GenomeCase) -> str:
    return "by formula" if case.by_formula else "random"


def _row(case: GenomeCase, name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """A line of the table: of the mean over the networks of all seeds, and the spread of single ones."""
    row: dict[str, Any] = {"task": case.task, "split": _split(case), "model": name, "n_test": figures["n"]}
    for metric in METRICS:
        row[metric] = round(figures[metric], 4)
        row[f"{metric}_low"], row[f"{metric}_high"] = (round(end, 4) for end in figures["interval_95"][metric])
    row["calibration_error"] = round(figures["expected_calibration_error"], 4)
    single = figures.get("seeds", {}).get("auc", {})
    for key in ("mean", "standard_deviation"):
        row[f"auc_of_single_networks_{key}"] = round(single[key], 4) if single else None
    return row
