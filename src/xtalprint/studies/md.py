"""Molecular dynamics: crystals up to their melting temperature and liquids, one label per structure and per atom."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import WrongUsageError
from xtalprint.io import read
from xtalprint.models import load_model
from xtalprint.studies.base import StudyResult, chosen, data_file
from xtalprint.studies.baselines import CLASS_OF_TYPE, CNA_TYPES, OTHER, cna_types, majority, moyopy_class, ptm_types
from xtalprint.studies.md_counts import ATOMS, CNA, MODELS, MOYOPY, OURS_ATOMS, figures_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.models import Classifier, Prediction
    from xtalprint.models.answering import AnsweringModel

#: Snapshots made by ``scripts/make_md_snapshots.py``, in a checkout of the repository.
MADE = Path("data", "md")
INDEX = "index.csv"
#: The two sets: made by us, and collected from other repositories.
MADE_SET, COLLECTED_SET = "made", "collected"
#: Tolerances of moyopy in Å, from that of a perfect crystal to beyond the displacements at melting.
SYMPRECS = (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
#: Bond lengths; 0 is no cutoff.
RMSD_CUTOFFS = (0.0, 0.1)
#: Files of a quick run.
QUICK_FILES = 2
#: Classes in the indices that a site can be of; the others are liquids and mixtures.
LIQUID, MIXED = "liquid", "mixed"


@dataclass(frozen=True)
class Snapshot:
    """One frame of a file, and what the index says of it.

    Parameters
    ----------
    of_set
        "made" or "collected".
    system
        What lies on one line of the picture: the file's name without its temperature.
    truth
        Type of every site: "fcc", "bcc", "hcp", "sc" or "diam"; or "liquid".
    heat
        T/T_m; None where it is not known.
    """

    of_set: str
    system: str
    file: str
    frame: int
    truth: str
    heat: float | None
    crystal: Crystal


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Label every frame of both sets with the shipped models and with other programs.

    Neither set was used in training. Mixtures of crystal and liquid are left out, for they have no single label.
    ``seed`` chooses the files of a quick run, which looks at those made here only.
    """
    from xtalprint.studies.md_pictures import draw_atoms  # noqa: PLC0415 - plotting is heavy

    if not os.environ.get("XTALPRINT_DATA") and not (MADE / INDEX).is_file():
        raise WrongUsageError(
            "this study needs two sets of snapshots, and neither was found",
            value=f"{MADE / INDEX}, XTALPRINT_DATA",
            remedy="run it in the root of a checkout, and set XTALPRINT_DATA to the folder of the data sets",
        )
    collected = data_file("md")
    made = _index(MADE)
    if quick:
        made = [made[i] for i in chosen(len(made), QUICK_FILES, seed)]
    snapshots = list(_snapshots(MADE_SET, MADE, made))
    if not quick:
        snapshots += _snapshots(COLLECTED_SET, collected, _index(collected))
    models = {name: load_model(name) for name in MODELS}
    rows = [_row(models, snapshot) for snapshot in snapshots]
    figures: dict[str, Any] = {"models": {name: dict(model.provenance) for name, model in models.items()}}
    figures |= figures_of(rows)
    headline = {
        "frames": figures["n_frames"],
        "published, atoms right at melting, %": figures["published_atoms_right_at_melting_percent"],
    }
    return StudyResult(figures, rows, {"md": draw_atoms(figures)}, headline=headline, shown=_by_method(figures))


def _by_method(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """One row for each method: how many crystals of each set it names, and how many liquids it takes for none."""
    sets = list(figures["structures"])
    methods = dict.fromkeys(
        name
        for of_set in sets
        for kind in ("structures", "liquids")
        for name, counted in figures[kind][of_set].items()
        if "right" in counted
    )
    return [
        {
            "method": name,
            **{
                f"{what}, {of_set}": f"{counted['right']} of {counted['n']}" if counted else None
                for of_set in sets
                for what, kind in (("crystals", "structures"), ("liquids", "liquids"))
                for counted in (figures[kind][of_set].get(name),)
            },
        }
        for name in methods
    ]


def atom_classes(crystal: Crystal) -> NDArray[np.str_]:
    """Label of each site by the shipped per-atom model, in the words of `ptm_types`."""
    classes = _atom_model().predict_atoms(crystal).classes
    return np.where(np.isin(classes, list(CLASS_OF_TYPE)), classes, OTHER)


@lru_cache(maxsize=1)
def _atom_model() -> AnsweringModel:
    return load_model("atom-class")


def _index(folder: Path) -> list[dict[str, str]]:
    path = folder / INDEX
    if not path.is_file():
        raise WrongUsageError(
            "the snapshots were not found",
            source=str(path),
            remedy="run the study in the root of a checkout of the repository",
        )
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _snapshots(of_set: str, folder: Path, index: list[dict[str, str]]) -> Iterator[Snapshot]:
    for entry in index:
        if entry["class"] == MIXED:
            continue
        name = entry["file"].split(".")[0]
        heat = entry.get("T_over_Tm")
        for number, crystal in enumerate(read(folder / entry["file"])):
            yield Snapshot(
                of_set=of_set,
                system=name.rsplit("_", 1)[0] if heat else name,
                file=entry["file"],
                frame=number,
                truth=entry["class"],
                heat=float(heat) if heat else None,
                crystal=crystal,
            )


def _row(models: Mapping[str, Classifier], snapshot: Snapshot) -> dict[str, Any]:
    """Ask everyone about one frame."""
    crystal = snapshot.crystal
    row: dict[str, Any] = {
        "set": snapshot.of_set,
        "system": snapshot.system,
        "file": snapshot.file,
        "frame": snapshot.frame,
        "class": snapshot.truth,
        "T_over_Tm": snapshot.heat,
        "n_atoms": len(crystal),
        "expected": CLASS_OF_TYPE.get(snapshot.truth),
    }
    for name, model in models.items():
        row |= _answer(name, model.predict([crystal])[0])
    for cutoff in RMSD_CUTOFFS:
        types = ptm_types(crystal, rmsd_cutoff=cutoff)
        name = f"PTM, rmsd < {cutoff}" if cutoff else "PTM, no cutoff"
        row |= {name: _class_of(majority(types)), ATOMS + name: _right_atoms(types, snapshot.truth)}
    types = cna_types(crystal)
    able = snapshot.truth == LIQUID or snapshot.truth in CNA_TYPES.values()
    row |= {CNA: _class_of(majority(types)), ATOMS + CNA: _right_atoms(types, snapshot.truth) if able else None}
    for symprec in SYMPRECS:
        row[MOYOPY.format(f"{symprec:g}")] = moyopy_class(crystal, symprec=symprec)
    row[OURS_ATOMS] = _right_atoms(atom_classes(crystal), snapshot.truth)
    return row


def _answer(name: str, prediction: Prediction) -> dict[str, Any]:
    return {
        name: prediction.crystal_class,
        f"{name}: probability": prediction.probability,
        f"{name}: known": prediction.known,
        f"{name}: warnings": "; ".join(prediction.warnings),
        f"{name}: error": prediction.error,
    }


def _class_of(site_type: str | None) -> str | None:
    return None if site_type is None else CLASS_OF_TYPE[site_type]


def _right_atoms(types: NDArray[np.str_], truth: str) -> int:
    """Count the sites labelled right; in a liquid those that are of no type."""
    return int((types == (OTHER if truth == LIQUID else truth)).sum())
