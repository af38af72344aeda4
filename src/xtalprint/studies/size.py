"""Clusters of 32 to 1,024 atoms: methods of Ziletti et al., Nat. Commun. 9, 2775 (2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.studies.answers import MODELS, ask
from xtalprint.studies.base import StudyResult
from xtalprint.studies.made_clusters import OTHER_RHOMBOHEDRAL, PROTOTYPES, cluster, drawn_element, with_element
from xtalprint.studies.statistics import accuracy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from xtalprint.crystal import Crystal
    from xtalprint.studies.answers import Answers
    from xtalprint.studies.made_clusters import ClassPrototype

#: Atoms of a cluster, at least; the last number that whole cells reach may be larger.
SIZES = (32, 64, 128, 256, 512, 1024)
#: Elements that each prototype is tried with.
ELEMENTS, QUICK_ELEMENTS = 20, 2
ALL = (*PROTOTYPES, *OTHER_RHOMBOHEDRAL)


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Classify the prototypes of the classes, of several elements each, in clusters of 32 to 1,024 atoms.

    The paper's figure is that the class does not depend on the size. ``seed`` draws the elements.
    """
    cases = [
        (kind, size, draw) for kind in ALL for size in SIZES for draw in range(QUICK_ELEMENTS if quick else ELEMENTS)
    ]
    crystals = [_made(kind, size, np.random.default_rng([seed, draw])) for kind, size, draw in cases]
    figures: dict[str, Any] = {
        "paper": {"same class from 32 to 1,024 atoms": True},
        "sizes": list(SIZES),
        "elements_per_prototype": QUICK_ELEMENTS if quick else ELEMENTS,
        "models": {},
        "checks": {},
    }
    rows: list[dict[str, Any]] = []
    shares: dict[str, dict[str, list[float]]] = {}
    for model in MODELS:
        answers = ask(model, crystals)
        rows += _rows(model, cases, crystals, answers)
        mine = [row for row in rows if row["model"] == model]
        figures["models"][model] = {
            "model": dict(answers.model),
            "accuracy": {
                str(size): accuracy(*_pairs([row for row in mine if row["least_atoms"] == size]), structures=len(ALL))
                for size in SIZES
            },
            "wrong": _wrong(mine),
            "wrong_called_known": sum(bool(row["known"]) for row in mine if row["answer"] != row["class"]),
        }
        shares[model] = {kind.name: [_share(mine, kind.name, size) for size in SIZES] for kind in ALL}
        figures["models"][model]["share_right"] = shares[model]
        figures["checks"][model] = {
            f"{kind.name}: the same, right class from 32 to 1,024 atoms": min(shares[model][kind.name]) == 1.0
            for kind in ALL
        }
    headline = {
        "right": {model: _right([row for row in rows if row["model"] == model]) for model in MODELS},
        "the same, right class for all sizes, prototypes": figures["checks"],
    }
    return StudyResult(figures, rows, {"size": _draw(shares)}, headline=headline, shown=_by_size(shares))


def _made(kind: ClassPrototype, size: int, rng: np.random.Generator) -> Crystal:
    return cluster(with_element(kind.crystal, drawn_element(rng)), atoms=size)


def _rows(
    model: str, cases: list[tuple[ClassPrototype, int, int]], crystals: list[Crystal], answers: Answers
) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "prototype": kind.name,
            "class": kind.crystal_class,
            "least_atoms": size,
            "atoms": len(crystal),
            "element": crystal.symbols[0],
            "answer": name,
            "probability": round(float(best), 5),
            "known": known,
            "paper": kind.crystal_class,
        }
        for (kind, size, _), crystal, name, best, known in zip(
            cases, crystals, answers.names, answers.probabilities.max(axis=1), answers.known, strict=True
        )
    ]


def _right(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {"n": len(rows), "right": sum(row["answer"] == row["class"] for row in rows)}


def _by_size(shares: dict[str, dict[str, list[float]]]) -> list[dict[str, Any]]:
    """Right answers in per cent, a row for each model and prototype."""
    return [
        {
            "model": model,
            "prototype": name,
            **{f"{size} atoms, %": 100 * share for size, share in zip(SIZES, of_size, strict=True)},
            "paper": "the same class",
        }
        for model, by_name in shares.items()
        for name, of_size in by_name.items()
    ]


def _pairs(rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    return [row["class"] for row in rows], [row["answer"] for row in rows]


def _share(rows: list[dict[str, Any]], name: str, size: int) -> float:
    right = [r["answer"] == r["class"] for r in rows if r["prototype"] == name and r["least_atoms"] == size]
    return float(np.mean(right))


def _wrong(rows: list[dict[str, Any]]) -> dict[str, int]:
    """How often each prototype of each size got which other answer."""
    counts: dict[str, int] = {}
    for row in rows:
        if row["answer"] != row["class"]:
            words = f"{row['prototype']}, {row['atoms']} atoms: {row['answer']}"
            counts[words] = counts.get(words, 0) + 1
    return counts


def _draw(shares: dict[str, dict[str, list[float]]]) -> Figure:
    from xtalprint.studies.matrix_pictures import draw_matrices  # noqa: PLC0415 - plotting is heavy

    return draw_matrices(
        {model: 100 * np.array(list(by_name.values())) for model, by_name in shares.items()},
        rows=[kind.name for kind in ALL],
        columns=[str(size) for size in SIZES],
        label="atoms, at least",
        title="Right answers in per cent, for clusters of growing size",
        largest=100.0,
        form="{:.0f}",
    )
