"""The same crystal in other axes: all ways to answer without the axes of the cell, and those that need them.

Every structure comes in five forms: a box of its standard cell, a box of another cell, that box turned, a piece of
the standard axes without a cell, and a turned piece cut anywhere; each pristine, displaced, thinned, and both. The
small networks of the ways that are not shipped are trained first.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xtalprint.compute import Engine, available_cores, map_ordered, open_pool
from xtalprint.crystal import Crystal
from xtalprint.datasets import elemental_solids
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import (
    nearest_distances,
    random_rotation,
    rotated,
    standard_cell,
    supercell_to,
    to_cluster,
)
from xtalprint.models.presentations import random_piece
from xtalprint.models.training import require_packages
from xtalprint.studies.base import StudyResult, say
from xtalprint.studies.orientation_models import image_model, order_model
from xtalprint.studies.orientation_pictures import draw_forms, draw_ways
from xtalprint.studies.orientation_training import train_networks
from xtalprint.studies.orientation_ways import IMAGE, SHIPPED, WAYS, ways_in
from xtalprint.studies.statistics import accuracy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.studies.orientation_training import Spread
    from xtalprint.studies.orientation_ways import Answers

#: Varied prototypes of a seed that no network has learned from.
STRUCTURES, QUICK_STRUCTURES, STRUCTURES_SEED = 300, 2, 11
#: Sites before atoms are removed.
SITES = 256
#: Displacements in bond lengths and shares of vacancies.
DEFECTS = {
    "pristine": (0.0, 0.0),
    "σ = 0.04 d_nn": (0.04, 0.0),
    "25 % vacancies": (0.0, 0.25),
    "40 % vacancies": (0.0, 0.4),
    "σ = 0.04 d_nn, 25 % vacancies": (0.04, 0.25),
}
FORMS = (
    "box of the standard cell",
    "box of another cell",
    "turned box of another cell",
    "piece in the standard axes",
    "turned piece",
)
#: Structures of a task.
CHUNK = 60


class Task(NamedTuple):
    """Structures that are brought in one form with one kind of defects.

    Parameters
    ----------
    defect
        Name of the defects.
    number
        Of the defects, for the source of chance.
    form
        Name of the form.
    rows
        Of the structures.
    """

    defect: str
    number: int
    form: str
    rows: range


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Train the small networks, bring the same structures in all forms, and ask all ways about each once.

    ``seed`` draws forms and defects; the networks have seeds of their own.

    Raises
    ------
    MissingExtraError
        Without torch, or spglib.
    """
    require_packages("cpu", packages=("torch", "spglib"))
    made = elemental_solids(seed=STRUCTURES_SEED, n=QUICK_STRUCTURES if quick else STRUCTURES)
    tasks = [
        Task(defect, number, form, range(start, min(start + CHUNK, len(made))))
        for (number, defect), form in product(enumerate(DEFECTS), FORMS)
        for start in range(0, len(made), CHUNK)
    ]
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="xtalprint-orientation-"))
        spread: Spread = map
        if not quick:
            pool = stack.enter_context(open_pool(Engine("processes", available_cores())))
            spread = partial(map_ordered, threads=pool.workers, executor=pool.executor)
        training = train_networks(Path(folder), spread, quick=quick)
        ask = partial(asked, crystals=made.crystals, folder=folder, seed=seed)
        answers: list[tuple[Task, list[Answers]]] = []
        seconds = dict.fromkeys(WAYS, 0.0)
        for task, (found, taken) in zip(tasks, spread(ask, tasks), strict=True):
            say(f"asked: {task.defect}, {task.form}, structures {task.rows[0] + 1} to {task.rows[-1] + 1}")
            answers.append((task, found))
            seconds = {way: value + taken[way] for way, value in seconds.items()}
    truth = made.labels.tolist()
    rows = _counted(answers, truth)
    n_answers = {way: sum(row["n"] for row in rows if row["method"] == way) for way in WAYS}
    over_all = _over_all(rows, len(made))
    figures = {
        "models": {SHIPPED: dict(order_model().provenance), IMAGE: dict(image_model().provenance)},
        "n_structures": len(made),
        "structures_seed": STRUCTURES_SEED,
        "n_answers": sum(n_answers.values()),
        "training": training,
        "ms_per_structure": {way: round(1000 * seconds[way] / n_answers[way], 2) for way in WAYS},
        "over_all": over_all,
        "rows": rows,
        "kept_of_the_standard_setting": _kept(rows),
    }
    drawings = {"orientation": draw_forms(rows, over_all), "orientation-ways": draw_ways(rows, over_all)}
    return StudyResult(figures, [_flat(row) for row in rows], drawings)


def asked(
    task: Task, *, crystals: Sequence[Crystal], folder: str, seed: int
) -> tuple[list[Answers], dict[str, float]]:
    """Ask all ways about the structures of a task; returns their answers, and the processor seconds of each way."""
    sigma, share = DEFECTS[task.defect]
    ways = ways_in(folder)
    brought = [
        bring(crystals[row], task.form, sigma, share, np.random.default_rng([seed, task.number, row]))
        for row in task.rows
    ]
    place = [seed, task.number, FORMS.index(task.form)]
    ways.seconds = dict.fromkeys(WAYS, 0.0)
    answers = [
        ways.answers(crystal, np.random.default_rng([*place, row]))
        for row, crystal in zip(task.rows, brought, strict=True)
    ]
    return answers, ways.seconds


def bring(crystal: Crystal, form: str, sigma: float, share: float, rng: np.random.Generator) -> Crystal:
    """One form of a crystal with defects; all forms of a structure have as many atoms, about."""
    if form == "turned piece":
        sample = random_piece(standard_cell(crystal), SITES, rng)
    elif form.startswith(("box of the standard", "piece in")):
        sample = supercell_to(standard_cell(crystal), min_atoms=SITES)
    else:
        sample = supercell_to(_another_cell(crystal, rng), min_atoms=SITES)
        if form.startswith("turned"):
            sample = rotated(sample, random_rotation(rng))
    if form.startswith("piece in"):
        sample = to_cluster(sample)
    if sigma:
        sample = displace_gaussian(sample, sigma * float(nearest_distances(crystal).mean()), rng)
    return vacancies(sample, share, rng) if share else sample


def _another_cell(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """The same crystal by other lattice vectors: a random product of two shears."""
    if crystal.cell is None:
        raise UnsupportedInputError("a cluster has no other cell", source=crystal.source)
    shears = rng.integers(-1, 2, size=6)
    lower = np.array([[1, 0, 0], [shears[0], 1, 0], [shears[1], shears[2], 1]])
    upper = np.array([[1, shears[3], shears[4]], [0, 1, shears[5]], [0, 0, 1]])
    return Crystal(crystal.positions, crystal.numbers, cell=lower @ upper @ crystal.cell, source=crystal.source)


def _counted(answers: Sequence[tuple[Task, list[Answers]]], truth: Sequence[str]) -> list[dict[str, Any]]:
    """Right answers for each kind of defects, form and way that was asked."""
    rows: list[dict[str, Any]] = []
    for defect, form in product(DEFECTS, FORMS):
        of = [
            (truth[row], given)
            for task, found in answers
            if (task.defect, task.form) == (defect, form)
            for row, given in zip(task.rows, found, strict=True)
        ]
        for way in (way for way in WAYS if way in of[0][1]):
            given = [one[way] for _, one in of]
            rows.append(
                {"defects": defect, "form": form, "method": way}
                | accuracy([right for right, _ in of], given)
                | {"without_an_answer": given.count(None)}
            )
    return rows


def _over_all(rows: Sequence[Mapping[str, Any]], structures: int) -> dict[str, dict[str, Any]]:
    """Right answers of each way over everything that it was asked, about so many structures."""
    result = {}
    for way in WAYS:
        right, n, none = (
            sum(row[key] for row in rows if row["method"] == way) for key in ("right", "n", "without_an_answer")
        )
        counted = accuracy(["right"] * n, ["right"] * right + [None] * (n - right), structures=structures)
        result[way] = counted | {"without_an_answer": none}
    return result


def _kept(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Least accuracy over the other forms, in units of that in the standard box, for each method and defect."""
    result: dict[str, dict[str, float]] = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        for defect in DEFECTS:
            of = {r["form"]: r["accuracy"] for r in rows if (r["method"], r["defects"]) == (method, defect)}
            standard = of[FORMS[0]]
            if standard:
                result.setdefault(method, {})[defect] = round(min(of.values()) / standard, 4)
    return result


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row["interval_95"]
    return {key: value for key, value in row.items() if key != "interval_95"} | {"low": low, "high": high}
