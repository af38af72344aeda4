"""Wang et al. (2022), the point of the paper: which part of the diffraction an answer needs.

The same networks learn and are tested with something taken away from what they see: intensities, their order, the
places of the points, or all but the origin. All tasks are asked about the crystals whose moduli are known. Ours
answers for random parts and parts by formula; the published network, which takes longer, sees 27 points, for the
tasks of the claim, at random.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from xtalprint.datasets import properties
from xtalprint.datasets.properties import TASKS
from xtalprint.models.genome_ablations import ABLATIONS, MEANING
from xtalprint.models.genome_data import make_case, rows_of
from xtalprint.models.genome_inputs import ABLATED, AblatedKind
from xtalprint.studies.base import StudyResult, data_file, say
from xtalprint.studies.genome_pictures import draw_ablation
from xtalprint.studies.genome_runs import (
    QUICK,
    Extent,
    Unit,
    all_figures,
    config_for,
    failures_of,
    prepare_inputs,
    row_of,
    run_folder,
    split_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtalprint.models.genome_ablations import Ablation
    from xtalprint.models.genome_data import GenomeCase
    from xtalprint.models.genome_inputs import GenomeInput

OURS, PUBLISHED = "invariants", "PointNet, 27 points"
#: Tasks that the published network is asked: symmetry is said to matter for the first two, intensities for the last.
CLAIMED = ("crystal-system", "metal", "stiff")
#: About half a minute for each network on one core.
FULL = Extent(examples={"points": 200_000, "invariants": 400_000}, miller=1)
#: Inputs of ours by what is taken away.
KINDS: dict[str, AblatedKind] = {kind.removeprefix(ABLATED): kind for kind in get_args(AblatedKind)}


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Five tasks, networks with something taken away from their input, on the same crystals.

    Inputs and trained networks are kept in the cache of the user, so that a run that was stopped goes on; a quick
    one keeps nothing.
    """
    extent = QUICK if quick else FULL
    table = properties(data_file("properties", "properties.parquet"))
    with run_folder(seed, keep=not quick) as folder:
        among = table.labels("stiff").rows
        place = folder / "ablation"
        inputs = prepare_inputs(table, ("cloud", *KINDS.values()), place / "inputs", extent, seed, among=among)
        of_all = rows_of(list(inputs.values()))
        cases = [
            make_case(table, task, among=of_all, by_formula=by_formula, seed=seed, most=extent.most)
            for task in TASKS
            for by_formula in (False, True)
        ]
        about = [{"task": case.task, "split_name": split_of(case), **case.about, "models": {}} for case in cases]
        units = [(number, unit) for number, case in enumerate(cases) for unit in _units(case, inputs, extent)]
        answers = all_figures([unit for _, unit in units], place, extent=extent, seed=seed, quick=quick)
        rows = []
        for (number, unit), figures in zip(units, answers, strict=True):
            about[number]["models"].setdefault(unit.name, {})[unit.taken] = figures
            rows.append({"taken_away": unit.taken} | row_of(unit.case, unit.name, figures))
            say(f"{unit.case.task}, {split_of(unit.case)}, {unit.name}, {unit.taken}: done")
    figures = {
        "n": len(of_all),
        "failures": failures_of(table, inputs),
        "inputs_sha256": {kind: one.sha256 for kind, one in inputs.items()},
        "extent": asdict(extent),
        "meaning": dict(MEANING) | {"neutron": "scattering lengths of neutrons instead of form factors of X-rays"},
        "tasks": about,
    }
    return StudyResult(figures, rows, {"genome-ablation": draw_ablation(about)})


def _units(case: GenomeCase, inputs: dict[Any, GenomeInput], extent: Extent) -> Iterator[Unit]:
    config = config_for("invariants", extent.miller, case, extent)
    for taken, kind in KINDS.items():
        yield Unit(OURS, taken, config, case, inputs[kind])
    if case.by_formula or case.task not in CLAIMED:
        return
    ablation: Ablation
    for ablation in ABLATIONS:
        yield Unit(
            PUBLISHED, ablation, config_for("points", 1, case, extent, ablation=ablation), case, inputs["cloud"]
        )
