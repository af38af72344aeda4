"""Real crystals by the cell-free model: as given, as turned pieces with defects, in other settings; and snapshots."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import nearest_distances
from xtalprint.io import read_table
from xtalprint.models import load_model
from xtalprint.models.presentations import random_piece
from xtalprint.studies.base import StudyResult, chosen, data_file
from xtalprint.studies.real_elements import groups_of
from xtalprint.studies.real_files import CLASS_OF_LABEL, answers_of_file
from xtalprint.studies.settings import same_answers
from xtalprint.studies.statistics import accuracy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.models import Prediction

MODEL = "crystal-class"
#: Entries and files of a quick run.
QUICK_ENTRIES, QUICK_FILES = 40, 2
#: Members that are asked about in several settings.
SETTINGS, QUICK_SETTINGS = 100, 2
#: Atoms left of a piece, shares of vacancies, and displacements in bond lengths.
ATOMS = (60, 150, 300)
DEFECTS = ((0.0, 0.0), (0.4, 0.0), (0.0, 0.05), (0.25, 0.05))


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Score the members of the seven classes in all forms, and the snapshots; ``seed`` cuts the pieces."""
    table = read_table(data_file("elements", "elemental_mp.parquet"))
    rows = chosen(len(table.ids), QUICK_ENTRIES if quick else None, seed)
    labels = {name: [column[i] for i in rows] for name, column in table.labels.items()}
    crystals = [table.crystals[i] for i in rows]
    groups = groups_of(labels)
    members = groups["members of the 7 classes"]
    simple = [k for k, row in enumerate(members) if row in set(groups["simple prototypes"])]
    truth = [labels["class_label"][i] for i in members]
    model = load_model(MODEL)
    given = model.predict(crystals)
    results = [_score("as given", 0, [given[i] for i in members], truth, simple)]
    for missing, displacement in DEFECTS:
        for atoms in ATOMS:
            pieces = [
                piece_of(crystals[i], atoms, missing, displacement, np.random.default_rng([seed, atoms, i]))
                for i in members
            ]
            name = f"turned piece, {100 * missing:g} % vacancies, σ = {displacement:g} d_nn"
            results.append(_score(name, atoms, model.predict(pieces), truth, simple))
    others = [given[i] for i in range(len(rows)) if i not in set(members)]
    asked = np.random.default_rng([seed, SETTINGS]).permutation(members)[: QUICK_SETTINGS if quick else SETTINGS]
    settings = same_answers(model, [crystals[i] for i in np.sort(asked)], np.random.default_rng([seed, SETTINGS, 1]))
    snapshots = _snapshots(quick=quick, seed=seed)
    figures: dict[str, Any] = {
        "model": dict(model.provenance),
        "elements": results,
        "share_of_members_called_known": float(np.mean([bool(given[i].known) for i in members])),
        "share_of_others_called_unknown": float(np.mean([p.known is False for p in others])) if others else None,
        "wrong_as_given": [
            {
                "id": table.ids[rows[i]],
                "formula": crystals[i].formula,
                "prototype_like": labels["prototype_like"][i],
                "class_label": labels["class_label"][i],
                "answer": given[i].crystal_class,
                "probability": given[i].probability,
                "known": given[i].known,
                "warnings": len(given[i].warnings),
            }
            for i in members
            if given[i].crystal_class != labels["class_label"][i]
        ],
        "settings": settings,
        "snapshots": snapshots,
    }
    return StudyResult(figures, [{k: v for k, v in row.items() if k != "interval_95"} for row in results])


def piece_of(crystal: Crystal, atoms: int, missing: float, displacement: float, rng: np.random.Generator) -> Crystal:
    """Cut a turned piece that has about ``atoms`` left when the share ``missing`` of them is gone.

    ``displacement`` is the standard deviation of the displacements in bond lengths.
    """
    piece = random_piece(crystal, round(atoms / (1 - missing)), rng)
    if displacement:
        piece = displace_gaussian(piece, displacement * float(nearest_distances(crystal).mean()), rng)
    return vacancies(piece, missing, rng) if missing else piece


def _score(
    form: str, atoms: int, predictions: Sequence[Prediction], truth: Sequence[str], simple: Sequence[int]
) -> dict[str, Any]:
    answers = [p.crystal_class for p in predictions]
    right_simple = sum(truth[k] == answers[k] for k in simple)
    return {
        "form": form,
        "atoms": atoms,
        **accuracy(truth, answers),
        "simple_n": len(simple),
        "simple_right": right_simple,
        "called_known": sum(bool(p.known) for p in predictions),
    }


def _snapshots(*, quick: bool, seed: int) -> dict[str, Any]:
    """Answers for the molecular-dynamics files whose index names a class, and for liquids."""
    model = load_model(MODEL)
    with data_file("md", "index.csv").open(encoding="utf-8", newline="") as stream:
        entries = list(csv.DictReader(stream))
    entries = [entries[i] for i in chosen(len(entries), QUICK_FILES if quick else None, seed)]
    rows = [
        row
        for entry in entries
        for row in answers_of_file(
            model, data_file("md", entry["file"]), entry["class"], entry["kinetic_temperature_K"]
        )
    ]
    scored = [r for r in rows if r["expected"] in CLASS_OF_LABEL]
    liquid = [r for r in rows if r["expected"] == "liquid"]
    return {
        "crystals": accuracy([CLASS_OF_LABEL[r["expected"]] for r in scored], [r["answer"] for r in scored]),
        "crystals_called_known": sum(bool(r["known"]) for r in scored),
        "liquid_frames": len(liquid),
        "liquid_frames_called_unknown": sum(r["known"] is False for r in liquid),
    }
