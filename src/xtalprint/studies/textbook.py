"""What the model of property classes says of crystals that everybody knows: as they are, noisy, and melted.

The model learned from calculated labels, so that an answer is compared with what is measured, and with the label of
the same crystal in the data where it is there. Which part of the data that is stands beside it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.datasets import properties
from xtalprint.datasets.elasticity import reduced_formula
from xtalprint.datasets.properties import CRYSTAL_SYSTEMS
from xtalprint.datasets.soft_spheres import soft_spheres
from xtalprint.defects import displace_gaussian
from xtalprint.geometry import supercell
from xtalprint.geometry.symmetry import space_group_number
from xtalprint.models.genome_data import PARTS
from xtalprint.models.registry import load_property_classes
from xtalprint.studies.base import StudyResult, chosen, data_file
from xtalprint.studies.textbook_crystals import textbook_crystals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.datasets.properties import Properties, Task
    from xtalprint.models.property_class_model import PropertyClassModel
    from xtalprint.models.property_class_prediction import PropertyClassPrediction
    from xtalprint.studies.textbook_crystals import Textbook

MODEL = "property-classes"
ASKED: tuple[Task, ...] = ("crystal-system", "metal", "stiff")
#: Distance in Å at which the symmetry search gave the labels of the crystal systems.
SYMPREC = 0.1
#: Last space group of each crystal system but the last.
LAST_GROUPS = (2, 15, 74, 142, 167, 194)
#: The same crystal has the same formula and space group, and its volume differs by less than this share.
SAME_VOLUME = 0.12
#: Where a crystal has no label.
NOWHERE = "not in the data"
#: Standard deviations in Å of the displacements along each axis, of the atoms of the conventional cell.
NOISE = (0.005, 0.01, 0.02, 0.05, 0.1)
#: Noisy copies of each crystal.
COPIES = 3
#: Crystals of a quick run.
QUICK_CRYSTALS = 12
#: Elements are melted in a supercell of so many cells in each direction, as soft spheres that repel as r to the minus
#: this, at so many times the freezing temperature, for so many steps; the density stays that of the crystal.
REPEATS, EXPONENT, TEMPERATURE, STEPS = 3, 12, 2.0, 300
MELTED = ("fcc", "bcc")


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Ask the shipped model about textbook crystals."""
    table = properties(data_file("properties", "properties.parquet"))
    model = load_property_classes(MODEL)
    every = textbook_crystals()
    crystals = [every[i] for i in chosen(len(every), QUICK_CRYSTALS if quick else None, seed)]
    answers = model.predict([one.crystal for one in crystals])
    told = _told_by(table, crystals, int(model.manifest.training.config["data"]["seed"]))
    rows = [
        row for one, answer, labels in zip(crystals, answers, told, strict=True) for row in _rows(one, answer, labels)
    ]
    rng = np.random.default_rng(seed)
    figures = {
        "n": len(crystals),
        "model": dict(answers[0].provenance),
        "questions": {name: _counted([row for row in rows if row["property"] == name]) for name in ASKED},
        "crystal_system_with_noise": {f"{sigma:g}": _noisy(model, crystals, sigma, rng) for sigma in NOISE},
        "melted": _melted(model, crystals, rng),
    }
    return StudyResult(figures, rows, shown=[row for row in rows if row["expected"] not in {None, row["answer"]}])


def _told_by(table: Properties, crystals: Sequence[Textbook], seed: int) -> list[dict[str, tuple[Any, str]]]:
    """Label and part of the data of each crystal, by question."""
    found = [_row_of(table, one.crystal) for one in crystals]
    told: list[dict[str, tuple[Any, str]]] = [{} for _ in crystals]
    for task in ASKED:
        labels = table.labels(task)
        class_of = dict(zip(labels.rows.tolist(), labels.classes.tolist(), strict=True))
        parts = dict(zip(PARTS, table.split(labels.rows, seed=seed, by_formula=True), strict=True))
        part_of = {row: part for part, rows in parts.items() for row in rows.tolist()}
        for row, of_crystal in zip(found, told, strict=True):
            if row in class_of:
                name = labels.names[class_of[row]]
                of_crystal[task] = ({"no": False, "yes": True}.get(name, name), part_of[row])
    return told


def _row_of(table: Properties, crystal: Crystal) -> int | None:
    """Row of the same crystal in the table."""
    same = np.flatnonzero(table.formulas == reduced_formula(crystal.numbers))
    same = same[table.space_groups[same] == space_group_number(crystal, symprec=SYMPREC)]
    ratios = [crystal.volume / len(crystal) / table.crystals[row].volume * len(table.crystals[row]) for row in same]
    off = np.abs(np.array(ratios) - 1)
    return int(same[off.argmin()]) if len(same) and off.min() < SAME_VOLUME else None


def _rows(one: Textbook, answer: PropertyClassPrediction, labels: dict[str, tuple[Any, str]]) -> list[dict[str, Any]]:
    expected = {"crystal-system": one.system, "metal": one.metal, "stiff": one.stiff}
    rows = []
    for name, value in expected.items():
        label, part = labels.get(name, (None, NOWHERE))
        rows.append(
            {
                "name": one.name,
                "structure": one.structure,
                "property": name,
                "expected": value,
                "label": label,
                "part": part,
                "answer": answer.answers[name].value,
                "probability": round(answer.answers[name].probability, 4),
                "known": answer.answers[name].known,
            }
        )
    return rows


def _counted(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many answers are as expected and as labelled, by what was expected and by part; the others."""
    clear = [row for row in rows if row["expected"] is not None]
    labelled = [row for row in rows if row["label"] is not None]
    return {
        "as_expected": _right(clear, "expected"),
        "by_expected": {
            str(value): _right([row for row in clear if row["expected"] == value], "expected")
            for value in dict.fromkeys(row["expected"] for row in clear)
        },
        "most_frequent": max(Counter(row["expected"] for row in clear).values(), default=0),
        "as_labelled": _right(labelled, "label"),
        "labels_as_expected": _right([row for row in labelled if row["expected"] is not None], "expected", "label"),
        "by_part": {
            part: _right([row for row in clear if row["part"] == part], "expected") for part in (*PARTS, NOWHERE)
        },
        "unknown": [row["name"] for row in rows if not row["known"]],
        "not_as_expected": [
            {key: row[key] for key in ("name", "structure", "expected", "label", "part", "probability", "known")}
            for row in clear
            if row["answer"] != row["expected"]
        ],
    }


def _right(rows: Sequence[dict[str, Any]], expected: str, answer: str = "answer") -> dict[str, int]:
    return {"n": len(rows), "right": sum(row[answer] == row[expected] for row in rows)}


def _noisy(
    model: PropertyClassModel, crystals: Sequence[Textbook], sigma: float, rng: np.random.Generator
) -> dict[str, Any]:
    """How often the model and a symmetry search tell the crystal system of crystals with displaced atoms."""
    copies = [displace_gaussian(one.crystal, sigma, rng) for one in crystals for _ in range(COPIES)]
    systems = [one.system for one in crystals for _ in range(COPIES)]
    answers = model.predict(copies)
    told = [answer.answers["crystal-system"].value if answer.status == "ok" else None for answer in answers]
    searched = [_system(crystal) for crystal in copies]
    right = {
        "model": sum(one == other for one, other in zip(told, systems, strict=True)),
        "symmetry search": sum(one == other for one, other in zip(searched, systems, strict=True)),
    }
    return {way: {"n": len(systems), "right": n} for way, n in right.items()} | {"errors": told.count(None)}


def _system(crystal: Crystal) -> str:
    return CRYSTAL_SYSTEMS[int(np.searchsorted(LAST_GROUPS, space_group_number(crystal, symprec=SYMPREC)))]


def _melted(model: PropertyClassModel, crystals: Sequence[Textbook], rng: np.random.Generator) -> dict[str, Any]:
    """Of how many boxes of molten elements a question is called known."""
    how: dict[str, Any] = {"exponent": EXPONENT, "temperature": TEMPERATURE, "steps": STEPS, "melt": True}
    boxes = [
        soft_spheres(supercell(one.crystal, (REPEATS,) * 3), rng=rng, **how)
        for one in crystals
        if one.structure in MELTED
    ]
    answers = [answer for answer in model.predict(boxes) if answer.status == "ok"]
    known = {name: sum(answer.answers[name].known for answer in answers) for name in ASKED}
    return {"n": len(boxes), "errors": len(boxes) - len(answers), "known": known}
