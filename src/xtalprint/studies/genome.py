"""Wang et al. (2022): property classes from clouds of reflections, by published networks, ours and baselines."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from xtalprint.datasets import properties
from xtalprint.datasets.properties import TASKS
from xtalprint.models.genome_data import rows_of
from xtalprint.models.genome_inputs import Kind
from xtalprint.models.versions import versions
from xtalprint.studies.base import StudyResult, data_file, say
from xtalprint.studies.genome_baselines import BOOSTED, Baselines
from xtalprint.studies.genome_pictures import draw_genome
from xtalprint.studies.genome_runs import (
    QUICK,
    Extent,
    Unit,
    all_answers,
    all_cases,
    config_for,
    failures_of,
    measured,
    prepare_inputs,
    row_of,
    run_folder,
    split_of,
)
from xtalprint.studies.kept import keeping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtalprint.datasets.properties import Task
    from xtalprint.models.genome_data import GenomeCase
    from xtalprint.models.genome_inputs import GenomeInput
    from xtalprint.models.genome_training import Architecture
    from xtalprint.studies.kept import Kept

#: Networks by name, what each sees, and the Miller limit of that. Attention to 343 points takes days on a processor,
#: and to 27 hours for each task, so that it is asked one only.
NETWORKS: dict[str, tuple[Architecture, Kind, int]] = {
    "PointNet, 343 points": ("points", "cloud", 3),
    "attention, 27 points": ("attention", "cloud", 1),
    "invariants, dense": ("invariants", "invariants", 3),
    "invariants by two rays, dense": ("invariants", "two-rays", 3),
    "invariants by two rays and distances, dense": ("invariants", "rays-and-neighbours", 3),
}
#: Tasks that a network is asked, where it is not all of them.
ASKED: dict[str, tuple[Task, ...]] = {"attention, 27 points": ("stiff",)}
#: All of it takes about five hours on two cores.
FULL = Extent()
#: What the released code and its lists of errors say; the tables of the paper are not to be had.
PUBLISHED = {"stiff": {"auc": 0.95, "above_GPa": 100}, "metal": {"accuracy": 0.87}}


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Five tasks, parted at random and by formula: networks and baselines on the same crystals.

    Inputs and trained networks are kept in the cache of the user, so that a run that was stopped goes on; a quick
    one keeps nothing.
    """
    extent = QUICK if quick else FULL
    table = properties(data_file("properties", "properties.parquet"))
    with run_folder(seed, keep=not quick) as folder, ExitStack() as stack:
        inputs = prepare_inputs(table, get_args(Kind), folder, extent, seed)
        seen = [one.sha256 for one in inputs.values()]
        kept = stack.enter_context(keeping("genome", seed, seen, versions(), keep=not quick))
        among = rows_of(list(inputs.values()))
        baselines = Baselines(table, inputs, seed, extent.trees)
        cases = all_cases(table, TASKS, among=among, extent=extent, seed=seed)
        found = [_baseline_figures(baselines, case, kept, extent, seed) for case in cases]
        units = [(number, unit) for number, case in enumerate(cases) for unit in _units(case, inputs, extent)]
        answers = all_answers([unit for _, unit in units], folder, kept, extent=extent, seed=seed, quick=quick)
        for (number, unit), answered in zip(units, answers, strict=True):
            found[number][unit.name] = answered.figures
            say(f"{unit.case.task}, {split_of(unit.case)}, {unit.name}: done")
    rows = [
        row_of(case, name, figures)
        for case, models in zip(cases, found, strict=True)
        for name, figures in models.items()
    ]
    tasks = [{"task": case.task, **case.about, "models": models} for case, models in zip(cases, found, strict=True)]
    results = {
        "n": len(among),
        "failures": failures_of(table, inputs),
        "inputs_sha256": {kind: one.sha256 for kind, one in inputs.items()},
        "extent": asdict(extent),
        "knows_the_elements": [name for name, kinds in BOOSTED.items() if "composition" in kinds],
        "published": PUBLISHED,
        "tasks": tasks,
    }
    return StudyResult(results, rows, {"genome": draw_genome(tasks)})


def _baseline_figures(
    baselines: Baselines, case: GenomeCase, kept: Kept, extent: Extent, seed: int
) -> dict[str, dict[str, Any]]:
    def figures(name: str) -> dict[str, Any]:
        answers = baselines.answers(name, case)
        return measured(answers.probabilities, case, extent, seed) | {"temperature": answers.temperature}

    found = {}
    for name in baselines.names(case):
        found[name] = kept.part(f"{case.task}, {split_of(case)}, {name}", partial(figures, name))
        say(f"{case.task}, {split_of(case)}, {name}: done")
    return found


def _units(case: GenomeCase, inputs: dict[Kind, GenomeInput], extent: Extent) -> Iterator[Unit]:
    for name, (network, kind, limit) in NETWORKS.items():
        if case.task not in ASKED.get(name, TASKS):
            continue
        config = config_for(network, min(limit, extent.miller), case, extent)
        yield Unit(name, kind, config, case, inputs[kind])
