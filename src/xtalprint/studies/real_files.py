"""Real files: every molecular-dynamics snapshot and CIF of the data sets, read and classified as a user would."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from xtalprint.io import iter_read
from xtalprint.models import load_model
from xtalprint.studies.base import StudyResult, chosen, data_file
from xtalprint.studies.statistics import accuracy

if TYPE_CHECKING:
    from pathlib import Path

    from xtalprint.models import Classifier

#: Snapshots, and CIFs, of a quick run.
QUICK_FILES = 3

#: What the index of the snapshots calls the class, and the class it has here; liquids and mixtures have none.
CLASS_OF_LABEL = {"bcc": "bcc", "fcc": "fcc", "hcp": "hex/rh"}


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Classify all frames; score the snapshots whose index names one of the seven classes.

    ``seed`` chooses the files of a quick run.
    """
    model = load_model("crystal-class")
    with data_file("md", "index.csv").open(encoding="utf-8", newline="") as stream:
        snapshots = list(csv.DictReader(stream))
    cifs = sorted(data_file("similarity").glob("*.cif"))
    most = QUICK_FILES if quick else None
    snapshots = [snapshots[i] for i in chosen(len(snapshots), most, seed)]
    cifs = [cifs[i] for i in chosen(len(cifs), most, seed)]
    rows: list[dict[str, Any]] = []
    for entry in snapshots:
        rows += answers_of_file(model, data_file("md", entry["file"]), entry["class"], entry["kinetic_temperature_K"])
    for path in cifs:
        rows += answers_of_file(model, path, "", "")
    scored = [r for r in rows if r["expected"] in CLASS_OF_LABEL]
    disordered = [r for r in rows if r["expected"] == "liquid"]
    figures = {
        "n_records": len(rows),
        "n_errors": sum(r["status"] != "ok" for r in rows),
        "accuracy_md": accuracy([CLASS_OF_LABEL[r["expected"]] for r in scored], [r["answer"] for r in scored]),
        "wrong": [r for r in scored if r["answer"] != CLASS_OF_LABEL[r["expected"]]],
        "crystals_called_known": sum(bool(r["known"]) for r in scored),
        "liquid_frames": len(disordered),
        "liquid_frames_called_unknown": sum(r["known"] is False for r in disordered),
    }
    return StudyResult(figures, rows)


def answers_of_file(model: Classifier, path: Path, expected: str, temperature: str) -> list[dict[str, Any]]:
    """One row for each frame of a file: what it should be and what the model says."""
    return [
        {
            "file": path.name,
            "frame": p.frame,
            "expected": expected,
            "kinetic_temperature_K": temperature,
            "status": p.status,
            "answer": p.crystal_class,
            "probability": p.probability,
            "known": p.known,
            "warnings": "; ".join(p.warnings),
            "error": p.error,
        }
        for p in model.predict_iter(iter_read(path))
    ]
