"""What the studies of property classes share: how much of everything, inputs, and networks of several seeds."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xtalprint.compute import Engine, available_cores, map_ordered, open_pool
from xtalprint.datasets.elasticity_source import cache_folder
from xtalprint.models.ensemble import ensemble_probabilities, fitted_temperature, reliability
from xtalprint.models.genome_data import make_case
from xtalprint.models.genome_inputs import GenomeInput, prepare_input
from xtalprint.models.genome_metrics import DRAWS, METRICS, figures_of, over_seeds
from xtalprint.models.versions import versions
from xtalprint.studies.base import say
from xtalprint.studies.kept import digest_of
from xtalprint.studies.stiffness_ways import TreeSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.datasets.properties import Properties, Task
    from xtalprint.models.genome_data import GenomeCase
    from xtalprint.models.genome_inputs import AblatedKind, Kind
    from xtalprint.models.genome_training import Architecture, GenomeConfig
    from xtalprint.studies.kept import Kept

#: Epochs of every network, whatever it sees, so that none has more than another: between these, by `Extent.examples`.
LEAST_EPOCHS, MOST_EPOCHS = 10, 20


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
        Of all networks; None for as many as ``examples`` allow, see `config_for`.
    examples
        Crystals that a network learns from, one after the other, over all epochs.
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
    examples: int = 300_000
    miller: int = 3
    draws: int = DRAWS
    trees: TreeSettings = field(default_factory=TreeSettings)


QUICK = Extent(
    of_each_task=50, most=60, seeds=2, epochs=1, miller=1, draws=4, trees=TreeSettings(max_iter=5, min_samples_leaf=4)
)


@contextmanager
def run_folder(seed: int, *, keep: bool) -> Iterator[Path]:
    """Folder for inputs and networks: in the cache of the user, or one that is gone afterwards."""
    if keep:
        yield cache_folder() / "genome" / f"seed-{seed}"
        return
    with tempfile.TemporaryDirectory(prefix="xtalprint-genome-") as name:
        yield Path(name)


def networks_folder(folder: Path) -> Path:
    """Where networks are kept: beside those of other source code and versions, which are not taken for these."""
    return folder / f"networks-{digest_of(versions())}"


def prepare_inputs(
    table: Properties,
    kinds: Sequence[Kind | AblatedKind],
    folder: Path,
    extent: Extent,
    seed: int,
    *,
    among: NDArray[np.int64] | None = None,
) -> dict[Any, GenomeInput]:
    """Inputs by kind, of all crystals, of some rows, or of those that an extent draws; of this source code alone."""
    rows = table.drawn(extent.of_each_task, seed)
    if among is not None:
        rows = np.intersect1d(rows, among)
    place = folder / f"inputs-{digest_of(versions())}"
    return {kind: prepare_input(table, kind, rows, place, say=say) for kind in kinds}


def all_cases(
    table: Properties, tasks: Sequence[Task], *, among: NDArray[np.int64], extent: Extent, seed: int
) -> list[GenomeCase]:
    """Each task, parted at random and by formula."""
    return [
        make_case(table, task, among=among, by_formula=by_formula, seed=seed, most=extent.most)
        for task in tasks
        for by_formula in (False, True)
    ]


def failures_of(table: Properties, inputs: dict[Any, GenomeInput]) -> dict[str, list[str]]:
    """Crystals without an input, and why, by kind; of the table's path its name alone."""
    path = str(table.path)
    return {
        kind: [f"{table.ids[row]}: {text.replace(path, Path(path).name)}" for row, text in one.failures.items()]
        for kind, one in inputs.items()
    }


def measured(probabilities: NDArray[np.float64], case: GenomeCase, extent: Extent, seed: int) -> dict[str, Any]:
    """Metrics of the test part with intervals, and its reliability diagram."""
    labels = case.classes["test"]
    figures = figures_of(probabilities, labels, groups=case.formulas, seed=seed, draws=extent.draws)
    return figures | {"reliability": reliability(probabilities, labels)}


class Answered(NamedTuple):
    """Probabilities (n, classes) of the test part, and their figures as plain data."""

    probabilities: NDArray[np.float64]
    figures: dict[str, Any]


def trained(
    config: GenomeConfig, case: GenomeCase, given: GenomeInput, folder: Path, *, extent: Extent, seed: int
) -> Answered:
    """Networks of several seeds: their mean probabilities, calibrated together, and figures of these and of each.

    Parameters
    ----------
    config
        See `config_for`; the seed is replaced.
    case, given
        As of `train_genome`.
    folder
        ``FOLDER-0`` and so on hold the runs; a finished one is read out.
    extent, seed
        Of the study.
    """
    from xtalprint.models.genome_training import train_genome  # noqa: PLC0415 - torch

    members = []
    for number in range(extent.seeds):
        recipe = config.model_copy(update={"seed": extent.seeds * seed + number})
        place = folder.with_name(f"{folder.name}-{number}")
        members.append(train_genome(case, given, recipe, place, resume=True, say=say))
    validation, test = (
        np.stack([member.logits[part] for member in members], axis=1) for part in ("validation", "test")
    )
    temperature = fitted_temperature(validation, case.classes["validation"])
    probabilities = ensemble_probabilities(test, temperature)
    each = [member.figures for member in members]
    figures = measured(probabilities, case, extent, seed)
    return Answered(probabilities, figures | {"temperature": temperature, "seeds": over_seeds(each), "members": each})


class Unit(NamedTuple):
    """Networks of some seeds that answer for one task.

    Parameters
    ----------
    name
        Of the network.
    variant
        Its input, or what is taken away from that; networks of one architecture differ in it.
    config, case, given
        As of `train_genome`.
    """

    name: str
    variant: str
    config: GenomeConfig
    case: GenomeCase
    given: GenomeInput


def all_answers(
    units: Sequence[Unit], folder: Path, kept: Kept, *, extent: Extent, seed: int, quick: bool
) -> Iterator[Answered]:
    """Answers of all units in order; a full run trains in processes, one thread each."""
    ask = partial(_answered, folder=networks_folder(folder), kept=kept, extent=extent, seed=seed)
    if quick:
        yield from map(ask, units)
        return
    with open_pool(Engine("processes", available_cores())) as pool:
        yield from map_ordered(ask, units, threads=pool.workers, executor=pool.executor)


def _answered(unit: Unit, *, folder: Path, kept: Kept, extent: Extent, seed: int) -> Answered:
    """Train the networks of a unit in one thread, or take what was found before."""
    from xtalprint.models.fitting import one_thread  # noqa: PLC0415 - torch

    case = unit.case
    name = f"{case.task}-{split_of(case)}-{unit.config.network}-{unit.variant}".replace(" ", "-")

    def find() -> tuple[list[list[float]], dict[str, Any]]:
        with one_thread():
            found = trained(unit.config, case, unit.given, folder / name, extent=extent, seed=seed)
        return found.probabilities.tolist(), found.figures

    probabilities, figures = kept.part(f"network-{name}", find)
    return Answered(np.array(probabilities), figures)


def config_for(network: Architecture, miller: int, case: GenomeCase, extent: Extent, **changes: Any) -> GenomeConfig:  # noqa: ANN401 - fields of the recipe
    """Recipe of a network, with as many epochs as the extent allows: of few crystals more than of many."""
    from xtalprint.models.genome_training import GenomeConfig  # noqa: PLC0415 - torch

    epochs = extent.epochs
    if epochs is None:
        epochs = int(np.clip(extent.examples // len(case.rows["training"]), LEAST_EPOCHS, MOST_EPOCHS))
    return GenomeConfig(
        network=network,
        task=case.task,
        by_formula=case.by_formula,
        split_seed=case.about["split"]["seed"],
        miller=miller,
        epochs=epochs,
        coarse_choice=network == "points",
        **changes,
    )


def split_of(case: GenomeCase) -> str:
    """Name of how a case is parted."""
    return "by formula" if case.by_formula else "random"


def row_of(case: GenomeCase, name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """A line of the table: of the mean over the networks of all seeds, and the spread of single ones."""
    row: dict[str, Any] = {"task": case.task, "split": split_of(case), "model": name, "n_test": figures["n"]}
    for metric in METRICS:
        row[metric] = round(figures[metric], 4)
        row[f"{metric}_low"], row[f"{metric}_high"] = (round(end, 4) for end in figures["interval_95"][metric])
    row["calibration_error"] = round(figures["expected_calibration_error"], 4)
    single = figures.get("seeds", {}).get("auc", {})
    for key in ("mean", "standard_deviation"):
        row[f"auc_of_single_networks_{key}"] = round(single[key], 4) if single else None
    return row
