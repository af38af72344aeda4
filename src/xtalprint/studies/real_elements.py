"""Real elemental solids: a model trained on made crystals only answers for 831 Materials Project entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import XtalprintError
from xtalprint.io import read_table
from xtalprint.models import load_model
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP
from xtalprint.studies.base import StudyResult, chosen, data_file
from xtalprint.studies.statistics import accuracy, confusion_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from xtalprint.crystal import Crystal
    from xtalprint.models import Prediction

#: One atom per lattice point (two for diamond and hcp), as the data set's README lists them.
SIMPLE_PROTOTYPES = (
    "cF4_225_a",
    "cI2_229_a",
    "cP1_221_",
    "hP2_194_c",
    "hP2_194_d",
    "tI2_139_",
    "tI4_141_",
    "cF8_227_",
)

#: The model that stands beside.
IMAGE_NETWORK = "crystal-class-image"
#: Entries of a quick run.
QUICK_ENTRIES = 80


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Classify every entry with the shipped model and count the right answers.

    The true class is the table's: the space group at symprec 0.1 Å. The same structures are labelled by moyopy at
    three tolerances and by the image network, as the baselines. ``seed`` chooses the entries of a quick run.
    """
    table = read_table(data_file("elements", "elemental_mp.parquet"))
    rows = chosen(len(table.ids), QUICK_ENTRIES if quick else None, seed)
    crystals = [table.crystals[i] for i in rows]
    labels = {name: [column[i] for i in rows] for name, column in table.labels.items()}
    ids = [table.ids[i] for i in rows]
    model = load_model("crystal-class")
    predictions = model.predict(crystals)
    truth: list[str] = labels["class_label"]
    answers = [p.crystal_class for p in predictions]
    groups = groups_of(labels)
    figures: dict[str, Any] = {
        "model": dict(predictions[0].provenance),
        "n_entries": len(crystals),
        "accuracy": {
            name: accuracy([truth[i] for i in rows], [answers[i] for i in rows]) for name, rows in groups.items()
        },
        "per_class": {
            name: accuracy(
                [t for t in truth if t == name], [a for t, a in zip(truth, answers, strict=True) if t == name]
            )
            for name in model.classes
        },
        "baseline_moyopy": _baseline(crystals, truth, groups),
        "image_network": _image_network(crystals, truth, groups),
        "known": _known(predictions, truth),
        "with_a_warning": {
            "right_answers": sum(bool(p.warnings) for p, t in zip(predictions, truth, strict=True) if _right(p, t)),
            "wrong_answers": sum(
                bool(p.warnings) for p, t in zip(predictions, truth, strict=True) if t != "none" and not _right(p, t)
            ),
            "others": sum(bool(p.warnings) for p, t in zip(predictions, truth, strict=True) if t == "none"),
        },
        "classes": list(model.classes),
    }
    members = groups["members of the 7 classes"]
    matrix = confusion_matrix([truth[i] for i in members], [answers[i] for i in members], model.classes)
    figures["confusion_matrix"] = matrix.tolist()
    records = [
        _row(ids[i], crystals[i], {k: v[i] for k, v in labels.items()}, predictions[i]) for i in range(len(ids))
    ]
    figures["errors"] = [r for r in records if r["class_label"] != "none" and not r["right"]]
    return StudyResult(figures, records, {"confusion-matrix": _draw(matrix, model.classes)})


def groups_of(labels: dict[str, list[Any]]) -> dict[str, list[int]]:
    """Rows of the members of the classes: all, those whose label is agreed, simple prototypes, and the others."""
    members = [i for i, name in enumerate(labels["class_label"]) if name != "none"]
    simple = [i for i in members if str(labels["prototype_like"][i]).startswith(SIMPLE_PROTOTYPES)]
    return {
        "members of the 7 classes": members,
        "members, label agreed at 0.1, 0.01, 0.001 Å": [i for i in members if labels["class_agree"][i]],
        "simple prototypes": simple,
        "other prototypes": [i for i in members if i not in set(simple)],
    }


def _baseline(crystals: Sequence[Crystal], truth: list[str], groups: dict[str, list[int]]) -> dict[str, Any]:
    rows = groups["members of the 7 classes"]
    result: dict[str, Any] = {}
    for symprec in (0.1, 0.01, 0.001):
        found = [_class_by_symmetry(crystals[i], symprec) for i in rows]
        result[f"symprec {symprec} Å"] = accuracy([truth[i] for i in rows], found)
    result["note"] = "the labels are spglib's at 0.1 Å, so a symmetry search at 0.1 Å is right by construction"
    return result


def _image_network(crystals: Sequence[Crystal], truth: list[str], groups: dict[str, list[int]]) -> dict[str, Any]:
    model = load_model(IMAGE_NETWORK)
    predictions = model.predict(crystals)
    return {
        "model": dict(model.provenance),
        "accuracy": {
            name: accuracy([truth[i] for i in rows], [predictions[i].crystal_class for i in rows])
            for name, rows in groups.items()
        },
        "known": _known(predictions, truth),
    }


def _right(prediction: Prediction, truth: str) -> bool:
    return prediction.crystal_class == truth


def _class_by_symmetry(crystal: Crystal, symprec: float) -> str | None:
    from xtalprint.geometry import space_group_number  # noqa: PLC0415 - symmetry library only where it is used

    try:
        return CLASS_OF_SPACE_GROUP.get(space_group_number(crystal, symprec=symprec))
    except XtalprintError:
        return None  # no group was found


def _known(predictions: Sequence[Prediction], truth: list[str]) -> dict[str, float | None]:
    answered = [(p, t) for p, t in zip(predictions, truth, strict=True) if p.status == "ok"]
    member = np.array([t != "none" for _, t in answered])
    known = np.array([bool(p.known) for p, _ in answered])
    return {
        "without_an_answer": len(predictions) - len(answered),
        "share_of_members_called_known": float(known[member].mean()) if member.any() else None,
        "share_of_others_called_unknown": float((~known[~member]).mean()) if (~member).any() else None,
    }


def _row(name: str, crystal: Crystal, labels: dict[str, Any], prediction: Prediction) -> dict[str, Any]:
    return {
        "id": name,
        "formula": crystal.formula,
        "n_sites": len(crystal),
        "prototype_like": labels["prototype_like"],
        "class_label": labels["class_label"],
        "class_agree": bool(labels["class_agree"]),
        "spacegroup_0p1": labels["spacegroup_shipped_0p1"],
        "spacegroup_0p001": labels["spacegroup_shipped_0p001"],
        "answer": prediction.crystal_class,
        "probability": prediction.probability,
        "known": prediction.known,
        "right": _right(prediction, labels["class_label"]),
        "warnings": "; ".join(prediction.warnings),
        "status": prediction.status,
        # Without the folder, which differs from machine to machine.
        "error": prediction.error and prediction.error.replace(f"{data_file('elements')}/", ""),
    }


def _draw(matrix: np.ndarray[Any, np.dtype[np.int64]], classes: Sequence[str]) -> Figure:
    from xtalprint.models.pictures import draw_confusion_matrix  # noqa: PLC0415 - plotting is heavy

    return draw_confusion_matrix(matrix[:, :-1], classes, title="Materials Project elemental solids")
