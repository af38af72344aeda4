"""Is it one of the classes at all: real members against crystals of other types and liquids, never learned from."""

from __future__ import annotations

import csv
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian
from xtalprint.errors import XtalprintError
from xtalprint.geometry import space_group_number, supercell_to
from xtalprint.geometry.rows import first_rows
from xtalprint.io import read, read_table
from xtalprint.models import load_model
from xtalprint.models.ensemble import false_alarms, reliability
from xtalprint.models.novelty import auroc
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP
from xtalprint.studies.base import StudyResult, chosen, data_file
from xtalprint.studies.cell_free import piece_of
from xtalprint.studies.real_elements import groups_of
from xtalprint.studies.statistics import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from xtalprint.models import Prediction

    Floats = NDArray[np.float64]
    Bring = Callable[[Crystal, np.random.Generator], Crystal]

MODEL = "crystal-class"
#: Entries of each collection in a quick run.
QUICK_ENTRIES = 20
#: Tolerances in Å at which a prototype without its elements must have a group of none of the classes.
SYMPRECS = (0.01, 0.1)
#: Sites of boxes and pieces.
ATOMS = 200


def shaken_box(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """A supercell of about `ATOMS` sites with displaced atoms."""
    return displace_gaussian(supercell_to(crystal, min_atoms=ATOMS), 0.03, rng, unit="d_nn")


#: Forms in which every crystal is brought: name → what is done to it.
FORMS: dict[str, Bring] = {
    "as given": lambda crystal, _: crystal,
    "box of 200, σ = 0.03 d_nn": shaken_box,
    "turned piece of 200": lambda crystal, rng: piece_of(crystal, ATOMS, 0.0, 0.0, rng),
    "the same, 25 % vacancies, σ = 0.03 d_nn": lambda crystal, rng: piece_of(crystal, ATOMS, 0.25, 0.03, rng),
}


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Ask the default model for the probability of "none of the classes"; ``seed`` cuts and shakes."""
    from xtalprint.studies.known_pictures import draw_known  # noqa: PLC0415 - plotting is heavy

    model = load_model(MODEL)
    members, collections = _collections(quick=quick, seed=seed)
    figures: dict[str, Any] = {"model": dict(model.provenance), "forms": {}, "reliability": {}}
    strangeness: dict[str, dict[str, Floats]] = {}
    rows = []
    confidence: list[tuple[Prediction, str]] = []
    for number, (form, bring) in enumerate(FORMS.items()):
        answers = {
            name: _answers(model.predict, crystals, partial(_brought, bring, seed, number))
            for name, crystals in ({"members": [c for c, _ in members]} | collections).items()
        }
        confidence += zip(answers["members"], (label for _, label in members), strict=True)
        of_form = {name: np.array([p.probability_none for p in found]) for name, found in answers.items()}
        of_form["liquids"] = _liquids(model.predict, quick=quick)
        strangeness[form] = of_form
        threshold = float(np.quantile(of_form["members"], 0.95))
        for name, values in of_form.items():
            if name == "members":
                continue
            alarms = int((values <= threshold).sum())
            row = {
                "form": form,
                "others": name,
                "n_members": len(of_form["members"]),
                "n": len(values),
                "auroc": auroc(of_form["members"], values),
                "false_alarms_at_95_recall": false_alarms(of_form["members"], values),
                "interval_95": list(wilson_interval(alarms, len(values))),
                "called_unknown": float(np.mean([p.known is False for p in answers[name]]))
                if name in answers
                else None,
                "without_an_answer": len(collections[name]) - len(values) if name in collections else 0,
            }
            rows.append(row)
        figures["forms"][form] = {
            "members_called_known": float(np.mean([bool(p.known) for p in answers["members"]])),
            "members": len(answers["members"]),
        }
    figures["rows"] = rows
    figures["reliability"] = _reliability(model.classes, confidence)
    figures["calibration_of_the_card"] = model.manifest.metrics["calibration"]
    table = [{k: v for k, v in row.items() if k != "interval_95"} for row in rows]
    return StudyResult(figures, table, {"known": draw_known(strangeness, figures)})


def _collections(*, quick: bool, seed: int) -> tuple[list[tuple[Crystal, str]], dict[str, list[Crystal]]]:
    """Real members with their class, and crystals of none of the classes by collection."""
    elements = read_table(data_file("elements", "elemental_mp.parquet"))
    member_rows = set(groups_of(dict(elements.labels))["members of the 7 classes"])
    labels = elements.labels["class_label"]
    members = [(elements.crystals[i], str(labels[i])) for i in sorted(member_rows)]
    found = {
        "real elements of other groups": [c for i, c in enumerate(elements.crystals) if i not in member_rows],
        "AFLOW prototypes of other groups": _others("aflow_prototypes.parquet"),
        "ARISE prototypes of other groups": _others("arise_prototypes.parquet"),
    }
    if quick:
        members = [members[i] for i in chosen(len(members), QUICK_ENTRIES, seed)]
        found = {name: [c[i] for i in chosen(len(c), QUICK_ENTRIES, seed)] for name, c in found.items()}
    return members, found


def _others(file: str) -> list[Crystal]:
    """Prototypes whose sites, all made equal, have a group of none of the classes at each tolerance."""
    table = read_table(data_file("prototypes", file))
    periodic = table.labels.get("periodic_directions", [3] * len(table.crystals))
    return [
        crystal
        for crystal, directions in zip(table.crystals, periodic, strict=True)
        if directions == 3 and _belongs_to_none(crystal)  # noqa: PLR2004 - dimensions
    ]


def _belongs_to_none(crystal: Crystal) -> bool:
    rows = first_rows(crystal)
    equal = Crystal(crystal.positions[rows], np.full(len(rows), 14), cell=crystal.cell)
    try:
        groups = {space_group_number(equal, symprec=symprec) for symprec in SYMPRECS}
    except XtalprintError:
        return False
    return not any(group in CLASS_OF_SPACE_GROUP for group in groups)


def _brought(bring: Bring, seed: int, form: int, index: int, crystal: Crystal) -> Crystal | XtalprintError:
    try:
        return bring(crystal, np.random.default_rng([seed, form, index]))
    except XtalprintError as error:
        return error


def _answers(
    predict: Callable[..., list[Prediction]],
    crystals: Sequence[Crystal],
    bring: Callable[[int, Crystal], Crystal | XtalprintError],
) -> list[Prediction]:
    """Answers of those that have one; a molecule in a large empty cell may have none."""
    found = predict([bring(i, crystal) for i, crystal in enumerate(crystals)])
    return [p for p in found if p.status == "ok"]


def _liquids(predict: Callable[..., list[Prediction]], *, quick: bool) -> Floats:
    with data_file("md", "index.csv").open(encoding="utf-8", newline="") as stream:
        entries = [entry for entry in csv.DictReader(stream) if entry["class"] == "liquid"]
    crystals = [c for entry in entries[: 1 if quick else None] for c in read(data_file("md", entry["file"]))]
    return np.array([p.probability_none for p in predict(crystals)])


def _reliability(classes: Sequence[str], answers: Sequence[tuple[Prediction, str]]) -> list[dict[str, float]]:
    """Stated probability against the share of right answers, for the real members in all forms."""
    probabilities = np.array([[p.probabilities[name] for name in classes] for p, _ in answers])
    labels = np.array([classes.index(name) for _, name in answers])
    return reliability(probabilities, labels)
