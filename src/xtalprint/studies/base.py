"""How a study is found, run and written down."""

from __future__ import annotations

import csv
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import WrongUsageError
from xtalprint.models.files import write_json
from xtalprint.models.versions import versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Study:
    """A study's name, what it shows, and the module whose ``run(seed=…, quick=…)`` does it.

    ``needs_data`` says whether it reads the data sets below ``XTALPRINT_DATA``.
    """

    name: str
    summary: str
    module: str
    needs_data: bool = False


@dataclass(frozen=True)
class StudyResult:
    """What a study found.

    Parameters
    ----------
    figures
        The measured numbers, as plain data for ``results.json``.
    table
        Rows for people and for ``table.csv``; all with the same keys.
    drawings
        Matplotlib figures by file name without ending.
    headline
        The few of the figures that are printed; empty for those that stand least deep.
    shown
        The table that is printed, ours beside the paper's; empty for some rows of ``table``.
    """

    figures: Mapping[str, Any]
    table: Sequence[Mapping[str, Any]]
    drawings: Mapping[str, Figure] = field(default_factory=dict)
    headline: Mapping[str, Any] = field(default_factory=dict)
    shown: Sequence[Mapping[str, Any]] = ()


STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        Study(
            "defects",
            "Ziletti et al. (2018), Table 1 and Supplementary Tables 1 and 2: accuracy with displaced, missing and "
            "substituted atoms",
            "xtalprint.studies.defects",
        ),
        Study(
            "real-elements",
            "accuracy on 831 elemental solids of the Materials Project, trained on made crystals only",
            "xtalprint.studies.real_elements",
            needs_data=True,
        ),
        Study(
            "real-files",
            "one answer for each molecular-dynamics file and each CIF of the data sets, read as a user would",
            "xtalprint.studies.real_files",
            needs_data=True,
        ),
        Study(
            "cell-free",
            "real elemental solids as given, as turned pieces with defects and in other settings, and snapshots",
            "xtalprint.studies.cell_free",
            needs_data=True,
        ),
        Study(
            "known",
            "whether real crystals of other types, prototypes and liquids are told from the classes; reliability",
            "xtalprint.studies.known",
            needs_data=True,
        ),
        Study(
            "orientation",
            "ways to do without the axes of the cell, trained and compared: other cells, turned boxes, pieces",
            "xtalprint.studies.orientation",
        ),
        Study(
            "degenerate",
            "how near to a cubic lattice others are told from it: default model, own axes, symmetry search",
            "xtalprint.studies.degenerate",
        ),
        Study(
            "prototypes",
            "38 prototypes of elements and binaries in all forms and with defects, and those of other collections",
            "xtalprint.studies.prototypes",
        ),
        Study(
            "atom-class",
            "a class for every atom: hot made crystals, across boundaries, and molecular dynamics beside PTM",
            "xtalprint.studies.atom_class",
            needs_data=True,
        ),
        Study(
            "fingerprints",
            "figure 2c-h: images of the eight prototypes, how alike they are, and what defects do to them",
            "xtalprint.studies.fingerprints",
        ),
        Study(
            "transition-bcc-sc",
            "figure 4b: class probabilities while the body centres of bcc are taken away",
            "xtalprint.studies.transition_bcc_sc",
        ),
        Study(
            "transition-rhombohedral",
            "figure 4d: a rhombohedral lattice that passes through bcc, sc and fcc",
            "xtalprint.studies.transition_rhombohedral",
        ),
        Study(
            "transition-bain",
            "the Bain path: a body-centred tetragonal lattice that passes through bcc and fcc",
            "xtalprint.studies.transition_bain",
            needs_data=True,
        ),
        Study(
            "amorphous",
            "supplementary figure 1: class probabilities while thermal-like disorder melts the crystal",
            "xtalprint.studies.amorphous",
        ),
        Study(
            "size",
            "whether 32 to 1,024 atoms of each prototype get the same class",
            "xtalprint.studies.size",
        ),
        Study(
            "similarity-lattice",
            "Cumby and Seth (2021), figure 2e and f: how unlike a perovskite and the same one expanded are",
            "xtalprint.studies.similarity_lattice",
        ),
        Study(
            "similarity-displacement",
            "Cumby and Seth (2021), figure 2c and d: how unlike a perovskite is when its small cation moves",
            "xtalprint.studies.similarity_displacement",
        ),
        Study(
            "similarity-ruddlesden-popper",
            "Cumby and Seth (2021), figure 2a and b: layered perovskites, idealised and real",
            "xtalprint.studies.similarity_ruddlesden_popper",
            needs_data=True,
        ),
        Study(
            "similarity-metric",
            "whether distances between crystals are symmetric, zero for the same crystal, and obey the triangle",
            "xtalprint.studies.similarity_metric",
        ),
        Study(
            "fourier-jump",
            "where the reduced cell jumps: the Fourier box of the report, and four descriptors that no cell enters",
            "xtalprint.studies.fourier_jump",
        ),
        Study(
            "fourier-link",
            "the pair distribution from reflections and the intensity from distances; what a cut of either costs",
            "xtalprint.studies.fourier_link",
        ),
        Study(
            "fourier-modulus",
            "bulk modulus by kernel ridge on Fourier descriptors: the box of the report, and those without a cell",
            "xtalprint.studies.fourier_modulus",
            needs_data=True,
        ),
        Study(
            "bulk-modulus",
            "Cumby and Seth (2021), figure 3: bulk and shear modulus of the most similar known crystal, by nine ways",
            "xtalprint.studies.bulk_modulus",
            needs_data=True,
        ),
        Study(
            "stiffness-kernels",
            "Cumby and Seth (2021), figure 4: kernel ridge and LASSO on RDF, GRID, Fourier box and all together",
            "xtalprint.studies.stiffness_kernels",
            needs_data=True,
        ),
        Study(
            "stiffness-model",
            "bulk and shear modulus from readable numbers by kernel, boosted trees and network; ablation; intervals",
            "xtalprint.studies.stiffness_model",
            needs_data=True,
        ),
        Study(
            "stiffness-by-formula",
            "the same where no formula is both in training and in the test",
            "xtalprint.studies.stiffness_by_formula",
            needs_data=True,
        ),
        Study(
            "genome",
            "Wang et al. (2022): crystal system, metal, stable, stiff from clouds of reflections, beside baselines",
            "xtalprint.studies.genome",
            needs_data=True,
        ),
        Study(
            "genome-ablation",
            "the same with something taken away from the input: intensities, their order, places, all but the origin",
            "xtalprint.studies.genome_ablation",
            needs_data=True,
        ),
        Study(
            "genome-reasons",
            "which reflections a network on clouds decides by: critical points, gradients, and points taken away",
            "xtalprint.studies.genome_reasons",
            needs_data=True,
        ),
        Study(
            "textbook",
            "crystals that everybody knows, as they are, noisy and melted, by the model of property classes",
            "xtalprint.studies.textbook",
            needs_data=True,
        ),
        Study(
            "md",
            "thermal snapshots of crystals up to melting, and liquids: one label each; in a checkout only",
            "xtalprint.studies.md",
            needs_data=True,
        ),
    )
}


def run_study(name: str, output: Path, *, seed: int = 0, quick: bool = False) -> StudyResult:
    """Run one study and write ``results.json``, ``table.csv`` and its drawings into ``output``.

    Parameters
    ----------
    name
        One of `STUDIES`.
    output
        Folder; made if it is not there.
    seed
        Of everything random in it.
    quick
        On a part of the data, to see that it runs; its numbers are not for citing.

    Raises
    ------
    WrongUsageError
        If there is no study of that name, its data set is not to be found, or the folder cannot be written to.
    """
    if name not in STUDIES:
        raise WrongUsageError("no such study", value=name, remedy=f"choose one of {', '.join(STUDIES)}")
    _make(output)
    start = time.perf_counter()
    result: StudyResult = import_module(STUDIES[name].module).run(seed=seed, quick=quick)
    record = {
        "study": name,
        "command": f"xtalprint study {name} --seed {seed}{' --quick' if quick else ''} --output DIR",
        "quick": quick,
        "seed": seed,
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.perf_counter() - start, 1),
        "versions": versions(),
        **result.figures,
    }
    write_json(output / "results.json", record)
    with (output / "table.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(result.table[0]))
        writer.writeheader()
        writer.writerows(result.table)
    for stem, drawing in result.drawings.items():
        drawing.savefig(output / f"{stem}.png", dpi=150)
    return result


def _make(output: Path) -> None:
    """Make the folder before the work, which may take hours."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=output):
            pass
    except OSError as error:
        raise WrongUsageError(
            f"the results cannot be written to this folder ({error.strerror})",
            source=str(output),
            remedy="name another one, or make room",
        ) from error


def say(text: str) -> None:
    """Show how far a long study has come, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{text}\n")


def data_file(*parts: str) -> Path:
    """Path of a file or folder below ``XTALPRINT_DATA``."""
    root = os.environ.get("XTALPRINT_DATA")
    if not root:
        raise WrongUsageError(
            "this study needs the data sets", remedy="set the environment variable XTALPRINT_DATA to their folder"
        )
    path = Path(root, *parts)
    if not path.exists():
        raise WrongUsageError("data set not found", source=str(path), remedy="check XTALPRINT_DATA")
    return path


def chosen(total: int, most: int | None, seed: int) -> list[int]:
    """Return which of ``total`` entries a run looks at: all, or ``most`` of them drawn by ``seed``, in order."""
    if most is None or most >= total:
        return list(range(total))
    return sorted(np.random.default_rng(seed).choice(total, size=most, replace=False).tolist())
