"""Wang et al. (2022), the point of the paper: which part of the diffraction an answer needs.

The same networks learn and are tested with something taken away from what they see: intensities, their order, the
places of the points, or all but the origin. All tasks are asked about the crystals whose moduli are known. The
published network, which takes longer, sees 27 points and answers for the tasks of the claim, parted by formula.
Beside each figure stands how much it differs from that of the whole input, with an interval from resampling both on
the same crystals; for pairs of the others too, because only those part what goes together: without intensities the
density at the origin is gone as well.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from xtalprint.datasets import properties
from xtalprint.datasets.properties import TASKS
from xtalprint.models.genome_ablations import ABLATIONS, MEANING
from xtalprint.models.genome_data import rows_of
from xtalprint.models.genome_inputs import ABLATED, AblatedKind, Kind
from xtalprint.models.genome_metrics import differences
from xtalprint.models.versions import versions
from xtalprint.studies.base import StudyResult, data_file, say
from xtalprint.studies.genome_pictures import draw_ablation
from xtalprint.studies.genome_runs import (
    QUICK,
    Answered,
    Extent,
    Unit,
    all_answers,
    all_cases,
    config_for,
    failures_of,
    prepare_inputs,
    row_of,
    run_folder,
    split_of,
)
from xtalprint.studies.kept import keeping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtalprint.models.genome_ablations import Ablation
    from xtalprint.models.genome_data import GenomeCase
    from xtalprint.models.genome_inputs import GenomeInput

OURS, PUBLISHED = "invariants", "PointNet"
#: Tasks that the published network is asked: symmetry is said to matter for the first two, intensities for the last.
CLAIMED = ("crystal-system", "metal", "stiff")
#: About three hours on two cores.
FULL = Extent(miller=1)
#: What a variant is compared with beside the whole input; it comes before it among the variants.
BESIDE: dict[str, tuple[Ablation, ...]] = {
    "absences alone": ("absences and density",),
    "lattice and density": ("absences and density",),
    "lattice alone": ("absences alone", "lattice and density"),
    "scattered": ("absences and density",),
    "density alone": ("absences and density", "lattice and density", "scattered"),
}
#: Inputs of ours by what is taken away.
KINDS: dict[str, AblatedKind] = {
    kind.removeprefix(ABLATED): kind for kind in get_args(AblatedKind) if kind.startswith(ABLATED)
}
#: Other points, another cell and other rays for the published network: changes of its recipe, and what it sees.
VARIANTS: dict[str, tuple[dict[str, Any], Kind | AblatedKind]] = {
    "3 points": ({"points": "basis"}, "cloud"),
    "4 points": ({"points": "basis and origin"}, "cloud"),
    "125 points": ({"miller": 2}, "cloud"),
    "343 points": ({"miller": 3}, "cloud"),
    "729 points": ({"miller": 4}, "cloud-729"),
    "conventional": ({}, "cloud-conventional"),
    "neutron": ({}, "cloud-neutron"),
}
#: Those that take long are asked of one task.
LONG, ASKED_OF_LONG = frozenset({"343 points", "729 points"}), "stiff"
#: What these are.
SAID = {
    "3 points": "instead of 27, the vectors of the reciprocal basis alone",
    "4 points": "these and the origin",
    "125 points": "Miller indices up to 2 instead of 1",
    "343 points": "Miller indices up to 3",
    "729 points": "Miller indices up to 4",
    "conventional": "points of the conventional cell instead of the primitive one, which the symmetry search chooses "
    "that also gives the crystal system",
    "neutron": "scattering lengths of neutrons instead of form factors of X-rays; ours without the density",
}
#: All kinds of input.
INPUTS: tuple[Kind | AblatedKind, ...] = ("cloud", *get_args(AblatedKind))


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Five tasks, networks with something taken away from their input, on the same crystals.

    Inputs and trained networks are kept in the cache of the user, so that a run that was stopped goes on; a quick
    one keeps nothing.
    """
    extent = QUICK if quick else FULL
    table = properties(data_file("properties", "properties.parquet"))
    with run_folder(seed, keep=not quick) as folder, ExitStack() as stack:
        among = table.labels("stiff").rows
        place = folder / "ablation"
        inputs = prepare_inputs(table, INPUTS, place, extent, seed, among=among)
        seen = [one.sha256 for one in inputs.values()]
        kept = stack.enter_context(keeping("genome-ablation", seed, seen, versions(), keep=not quick))
        of_all = rows_of(list(inputs.values()))
        cases = all_cases(table, TASKS, among=of_all, extent=extent, seed=seed)
        about = [{"task": case.task, "split_name": split_of(case), **case.about, "models": {}} for case in cases]
        units = [(number, unit) for number, case in enumerate(cases) for unit in _units(case, inputs, extent)]
        answers = all_answers([unit for _, unit in units], place, kept, extent=extent, seed=seed, quick=quick)
        rows = []
        told: dict[tuple[int, str], dict[str, Answered]] = {}
        for (number, unit), answered in zip(units, answers, strict=True):
            of_network = told.setdefault((number, unit.name), {})
            of_network[unit.variant] = answered
            less = {
                other: differences(
                    answered.probabilities,
                    of_network[other].probabilities,
                    unit.case.classes["test"],
                    groups=unit.case.formulas,
                    seed=seed,
                    draws=extent.draws,
                )
                for other in ("whole", *BESIDE.get(unit.variant, ()))
            }
            found = answered.figures | {"less": less}
            about[number]["models"].setdefault(unit.name, {})[unit.variant] = found
            rows.append(_row(unit, answered.figures, less["whole"]))
            say(f"{unit.case.task}, {split_of(unit.case)}, {unit.name}, {unit.variant}: done")
    figures = {
        "n": len(of_all),
        "failures": failures_of(table, inputs),
        "inputs_sha256": {kind: one.sha256 for kind, one in inputs.items()},
        "extent": asdict(extent),
        "meaning": dict(MEANING) | SAID,
        "tasks": about,
    }
    return StudyResult(figures, rows, {"genome-ablation": draw_ablation(about)})


def _row(unit: Unit, figures: dict[str, Any], less: dict[str, Any]) -> dict[str, Any]:
    low, high = less["interval_95"]["auc"]
    columns = {"auc_less_whole": less["auc"], "auc_less_whole_low": low, "auc_less_whole_high": high}
    row = row_of(unit.case, unit.name, figures) | {name: round(value, 4) for name, value in columns.items()}
    return {"variant": unit.variant} | row


def _units(case: GenomeCase, inputs: dict[Any, GenomeInput], extent: Extent) -> Iterator[Unit]:
    config = config_for("invariants", extent.miller, case, extent)
    for taken, kind in KINDS.items():
        yield Unit(OURS, taken, config, case, inputs[kind])
    if case.task not in CLAIMED or not case.by_formula:
        return
    ablation: Ablation
    for ablation in ABLATIONS:
        config = config_for("points", 1, case, extent, ablation=ablation)
        yield Unit(PUBLISHED, ablation, config, case, inputs["cloud"])
    for taken, (changes, given) in VARIANTS.items():
        if taken in LONG and case.task != ASKED_OF_LONG:
            continue
        config = config_for("points", 1, case, extent).model_copy(update=changes)
        yield Unit(PUBLISHED, taken, config, case, inputs[given])
