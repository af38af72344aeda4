"""The per-atom model on hot made crystals, across made boundaries, and on molecular-dynamics frames of metals.

Beside it polyhedral template matching (PTM: P. M. Larsen, S. Schmidt, J. Schiøtz, Modelling Simul. Mater. Sci. Eng.
24, 055007, 2016) with its usual cutoff of 0.1 and without one, as in the study ``md``. It needs OVITO.
"""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.defects import displace_gaussian
from xtalprint.geometry import supercell_to
from xtalprint.io import read
from xtalprint.models import load_model
from xtalprint.models.atom_samples import ATOM_CLASSES, NONE, SPHERES, LabelledAtoms, grains, ideal_box
from xtalprint.studies.base import StudyResult, data_file
from xtalprint.studies.baselines import OTHER, ptm_types

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.models.answering import AnsweringModel

#: Temperatures in units of freezing, boxes of each, and steps of molecular dynamics.
TEMPERATURES, LIQUIDS, STEPS = (0.4, 0.7, 1.0), (1.0, 1.5, 2.5), 400
BOXES, QUICK_BOXES = 3, 1
#: Pairs of grains; samples of each; distances from the boundary in bond lengths.
BOUNDARIES = (("fcc", "fcc"), ("bcc", "bcc"), ("fcc", "hcp"), ("fcc", "bcc"), ("fcc", "liquid"), ("bcc", "liquid"))
GRAINS, QUICK_GRAINS = 6, 1
EDGES = np.arange(0, 3.01, 0.25)
#: Displacement in bond lengths of the crystals of the boundaries and of the timed box, and its atoms.
WARM, TIMED, QUICK_TIMED = 0.06, 40_000, 2_000
#: Cutoffs of PTM; 0 is none.
CUTOFFS = (0.1, 0.0)


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Measure it; ``seed`` draws the made samples, none of which was learned."""
    folder = data_file("md")
    model = load_model("atom-class")
    made = _made(model, seed, QUICK_BOXES if quick else BOXES)
    boundaries = _boundaries(model, seed, QUICK_GRAINS if quick else GRAINS)
    frames = _frames(model, folder, quick=quick)
    figures = {
        "model": dict(model.provenance),
        "made": made,
        "boundaries": {"edges": EDGES.tolist(), "rows": boundaries},
        "speed": _speed(model, seed, QUICK_TIMED if quick else TIMED),
        "frames": frames,
    }
    table = [{"kind": "made"} | row for row in made] + [{"kind": "molecular dynamics"} | row for row in frames]
    keys = list(dict.fromkeys(key for row in table for key in row))
    return StudyResult(
        figures, [{key: row.get(key, "") for key in keys} for row in table], {"atom-class": _draw(boundaries)}
    )


def _made(model: AnsweringModel, seed: int, boxes: int) -> list[dict[str, Any]]:
    """Share of atoms labelled right in hot crystals and liquids of soft spheres."""
    cases = [(kind, t) for kind in ("fcc", "bcc", "hcp") for t in TEMPERATURES] + [("liquid", t) for t in LIQUIDS]
    rows = []
    for number, (kind, temperature) in enumerate(cases):
        answers = []
        for box in range(boxes):
            sample = _spheres(kind, temperature, np.random.default_rng([seed, 1, number, box]))
            answers.append(model.predict_atoms(sample.crystal).classes)
        found = np.concatenate(answers)
        truth = "none" if kind == "liquid" else kind
        rows.append({"name": kind, "temperature": temperature} | _share(found, truth))
    return rows


def _spheres(kind: str, temperature: float, rng: np.random.Generator) -> LabelledAtoms:
    from xtalprint.datasets.soft_spheres import soft_spheres  # noqa: PLC0415 - imports Numba

    solid = "fcc" if kind == "liquid" else kind
    crystal, labels = ideal_box(solid, rng)
    exponent = int(rng.choice(SPHERES[solid]))
    hot = soft_spheres(
        crystal, exponent=exponent, temperature=temperature, steps=STEPS, rng=rng, melt=kind == "liquid"
    )
    return LabelledAtoms(hot, np.full(len(labels), NONE) if kind == "liquid" else labels, kind)


def _share(found: NDArray[np.str_], truth: str) -> dict[str, Any]:
    return {"class": truth, "atoms": len(found), "right": round(float((found == truth).mean()), 4)}


def _boundaries(model: AnsweringModel, seed: int, samples: int) -> list[dict[str, Any]]:
    """Share of atoms labelled right by their distance from a plane between two grains or phases."""
    rows = []
    for number, pair in enumerate(BOUNDARIES):
        distances, right = [], []
        for row in range(samples):
            rng = np.random.default_rng([seed, 2, number, row])
            parts = [_warm(kind, rng) for kind in pair]
            sample = grains(parts[0], parts[1], rng, skin=0.0)
            used = sample.labels >= 0
            found = model.predict_atoms(sample.crystal).classes[used]
            distances.append(np.abs(sample.crystal.positions[used, 0]))
            right.append(found == np.array(ATOM_CLASSES)[sample.labels[used]])
        distance, is_right = np.concatenate(distances), np.concatenate(right)
        owner = np.digitize(distance, EDGES) - 1
        rows.append(
            {
                "boundary": " | ".join(pair),
                "atoms": len(distance),
                "right_by_distance": [round(float(is_right[owner == b].mean()), 4) for b in range(len(EDGES) - 1)],
                "right_from_1_d_nn": round(float(is_right[distance >= 1].mean()), 4),
            }
        )
    return rows


def _warm(kind: str, rng: np.random.Generator) -> LabelledAtoms:
    if kind == "liquid":
        return _spheres(kind, LIQUIDS[0], rng)
    crystal, labels = ideal_box(kind, rng)
    return LabelledAtoms(displace_gaussian(crystal, WARM, rng), labels, kind)


def _speed(model: AnsweringModel, seed: int, atoms: int) -> dict[str, Any]:
    """Atoms per second in one box, the second time."""
    rng = np.random.default_rng([seed, 3])
    box = displace_gaussian(supercell_to(ideal_box("fcc", rng)[0], min_atoms=atoms), WARM, rng)
    start = 0.0
    for _ in range(2):
        start = time.process_time()
        model.predict_atoms(box)
    return {"atoms": len(box), "atoms_per_cpu_second": round(len(box) / (time.process_time() - start))}


def _frames(model: AnsweringModel, folder: Path, *, quick: bool) -> list[dict[str, Any]]:
    """Share of atoms labelled right in the frames of one class."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as stream:
        files = [row for row in csv.DictReader(stream) if row["class"] != "mixed"]
    rows = []
    for file in files[:2] if quick else files:
        crystals = read(folder / file["file"])
        truth, expected = ("none", OTHER) if file["class"] == "liquid" else (file["class"], file["class"])
        found = np.concatenate([model.predict_atoms(crystal).classes for crystal in crystals])
        matched = {cutoff: np.concatenate([ptm_types(c, rmsd_cutoff=cutoff) for c in crystals]) for cutoff in CUTOFFS}
        wrong, counts = np.unique(found[found != truth], return_counts=True)
        rows.append(
            {"name": file["file"].partition(".")[0]}
            | _share(found, truth)
            | {"others": dict(zip(wrong.tolist(), (counts / len(found)).round(4).tolist(), strict=True))}
            | {f"ptm_{cutoff or 'no_cutoff'}": _share(types, expected)["right"] for cutoff, types in matched.items()}
        )
    return rows


def _draw(rows: Sequence[dict[str, Any]]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    middles = 0.5 * (EDGES[1:] + EDGES[:-1])
    for row, mark in zip(rows, "os^vDX", strict=False):
        axes.plot(middles, 100 * np.array(row["right_by_distance"]), f"{mark}-", ms=4, label=row["boundary"])
    axes.axvline(1.0, color="grey", lw=0.8, ls=":")
    axes.set_xlabel("distance from the boundary, bond lengths")
    axes.set_ylabel("atoms labelled right, %")
    axes.set_ylim(None, 101)
    axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=8)
    return figure
