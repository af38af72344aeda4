"""Table 1 and Supplementary Tables 1 and 2 of Ziletti et al. (2018): defective crystals, and what others answer."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.compute import Engine, available_cores, map_ordered, open_pool
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.geometry import to_cluster
from xtalprint.models import CrystalClassifier, load_model
from xtalprint.models.versions import versions
from xtalprint.studies.base import StudyResult, say
from xtalprint.studies.baselines import moyopy_class, ptm_class, spglib_class
from xtalprint.studies.defects_counts import (
    DEFAULT,
    PERIODIC,
    PUBLISHED,
    RESCALED,
    SHIPPED,
    Answers,
    figures_of,
    shown_of,
    table_of,
)
from xtalprint.studies.defects_levels import LEVELS, QUICK_LEVELS, SPGLIB, Level
from xtalprint.studies.defects_pictures import draw_all, draw_simple
from xtalprint.studies.defects_structures import Sample, quick_sample, test_part
from xtalprint.studies.kept import Kept, keeping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xtalprint.crystal import Crystal
    from xtalprint.models.answering import AnsweringModel

#: Tolerances in Å at which moyopy is asked.
SYMPRECS = (0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
#: Cutoffs of template matching in bond lengths, by name; OVITO takes 0 for none.
PTM: dict[str, float] = {"PTM, rmsd < 0.1": 0.1, "PTM, no cutoff": 0.0}
#: Draws of the defects for the networks; the slower programs see the first one or two.
DRAWS, SIMPLE_DRAWS = 4, 2


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Put defects into the test part of the pristine set and ask networks, symmetry searches and template matching.

    As in the paper the defects come after the standard cell and its supercell. The networks see the finite piece, the
    other programs the periodic supercell, and the model that answers by default is asked about both. ``seed`` is that
    of the defects and of which structures are searched. A quick run has a few structures of another set. What is
    answered is kept in the cache of the user, so that a run that was stopped goes on; a quick one keeps nothing.
    """
    models = _models()
    if quick:
        sample = quick_sample(seed=seed)
    else:
        trained_on = {name: model.manifest.training.data for name, model in models.items()}
        sample = test_part(trained_on[PUBLISHED], trained_on[SHIPPED], seed=seed)
    weights = [model.provenance["weights_sha256"] for model in models.values()]
    with keeping("defects", seed, weights, versions(), keep=not quick) as kept:
        answers = _all_answers(sample, kept, seed=seed, quick=quick)
    figures = {
        "models": {name: dict(model.provenance) for name, model in models.items()},
        "structures": sample.about,
        **figures_of(answers, sample),
    }
    table = table_of(figures)
    drawings = {"defects": draw_all(figures), "defects-simple": draw_simple(figures)}
    headline = {
        "structures": len(sample.crystals),
        "right answers in %": "three columns of all structures, from shipped on of those that all searched",
        "paper": "its network, and spglib at its tolerances",
        "one tolerance of moyopy": figures["one_tolerance_of_moyopy"],
    }
    return StudyResult(figures, table, drawings, headline=headline, shown=shown_of(figures))


@cache
def _models() -> dict[str, AnsweringModel]:
    """The networks that are asked; each worker loads them once."""
    return {
        PUBLISHED: load_model("crystal-class-published"),
        SHIPPED: load_model("crystal-class-image"),
        RESCALED: _rescaled(load_model("crystal-class-published")),
        DEFAULT: load_model("crystal-class"),
    }


def _all_answers(sample: Sample, kept: Kept, *, seed: int, quick: bool) -> dict[Level, Answers]:
    """Ask everybody about every draw of every level, in processes if there is enough to do."""
    levels, draws = (QUICK_LEVELS, 1) if quick else (LEVELS, DRAWS)
    tasks = [(level, draw) for level in levels for draw in range(draws if level.kind != "pristine" else 1)]
    ask = partial(_answers, sample=sample, kept=kept, seed=seed)
    answers: dict[Level, Answers] = {level: {} for level in levels}
    with ExitStack() as stack:
        if quick:
            done: Iterator[Answers] = map(ask, tasks)
        else:
            pool = stack.enter_context(open_pool(Engine("processes", available_cores())))
            done = map_ordered(ask, tasks, threads=pool.workers, executor=pool.executor)
        for (level, draw), found in zip(tasks, done, strict=True):
            say(f"answered: {level.name}, draw {draw + 1}")
            for method, of_method in found.items():
                answers[level].setdefault(method, {}).update(of_method)
    return answers


def _answers(task: tuple[Level, int], *, sample: Sample, kept: Kept, seed: int) -> Answers:
    """Ask everybody about one draw of one level: method → (draw, structure) → class or None."""
    level, draw = task
    found = kept.part(f"level-{level.number}-{draw}", partial(_asked, level, draw, sample, seed))
    return {method: {(draw, i): answer for i, answer in of_method} for method, of_method in found.items()}


def _asked(level: Level, draw: int, sample: Sample, seed: int) -> dict[str, list[tuple[int, str | None]]]:
    made = [
        level.apply(crystal, np.random.default_rng([seed, level.number, draw, i]))
        for i, crystal in enumerate(sample.crystals)
    ]
    return {
        method: [(i, ask(made[i])) for i in sorted(rows)]
        for method, ask, rows in _questions(level, sample, _models(), draw)
    }


def _questions(
    level: Level, sample: Sample, models: dict[str, AnsweringModel], draw: int
) -> list[tuple[str, Callable[[Crystal], str | None], frozenset[int]]]:
    """Who is asked about which structures of a draw."""
    everything = frozenset(range(len(sample.crystals)))
    nothing = frozenset[int]()
    findable = level.kind in {"pristine", "displacements"}
    searched = (sample.searched if findable else sample.searched_few) if draw == 0 else nothing
    simple = sample.simple if draw < SIMPLE_DRAWS else nothing
    first = everything if draw == 0 else nothing
    # Elements are nothing to it, and all draws of a substitution are the same question.
    by_default = first if level.kind == "substitutions" else everything
    rows = {PUBLISHED: everything, SHIPPED: sample.unseen, RESCALED: first, DEFAULT: by_default}
    asked: list[tuple[str, Callable[[Crystal], str | None], frozenset[int]]] = [
        (name, _asking(model), rows[name]) for name, model in models.items()
    ]
    asked.append((PERIODIC, _asking_of_box(models[DEFAULT]), by_default))
    for name, (symprec, angle) in SPGLIB.items():
        asked.append((f"spglib {name}", _spglib(symprec, angle), searched))
    asked += [(f"moyopy {symprec:g} Å", _moyopy(symprec), searched) for symprec in SYMPRECS]
    asked += [(name, _ptm(cutoff), searched | simple) for name, cutoff in PTM.items()]
    return asked


def _rescaled(model: AnsweringModel) -> AnsweringModel:
    """Let the same network see crystals scaled by a bond length that noise and missing atoms leave in place."""
    if isinstance(model, CrystalClassifier) and isinstance(model.descriptor, DiffractionImage):
        model.descriptor = replace(model.descriptor, scale="robust")
    return model


def _asking(model: AnsweringModel) -> Callable[[Crystal], str | None]:
    return lambda crystal: model.predict([to_cluster(crystal)], threads=1)[0].crystal_class


def _asking_of_box(model: AnsweringModel) -> Callable[[Crystal], str | None]:
    return lambda crystal: model.predict([crystal], threads=1)[0].crystal_class


def _spglib(symprec: float, angle: float) -> Callable[[Crystal], str | None]:
    return lambda crystal: spglib_class(crystal, symprec=symprec, angle=angle)


def _moyopy(symprec: float) -> Callable[[Crystal], str | None]:
    return lambda crystal: moyopy_class(crystal, symprec=symprec)


def _ptm(cutoff: float) -> Callable[[Crystal], str | None]:
    return lambda crystal: ptm_class(crystal, rmsd_cutoff=cutoff)
