"""From answers to counted figures: which structures count for whom, and the paper's numbers beside them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.studies.defects_errors import by_margin, wrong_structures
from xtalprint.studies.defects_levels import SPGLIB
from xtalprint.studies.statistics import accuracy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xtalprint.studies.defects_levels import Level
    from xtalprint.studies.defects_structures import Sample

#: A structure with defects: its draw and its row. What was answered for it; None where nothing was found.
Key = tuple[int, int]
Found = dict[Key, str | None]
#: By method.
Answers = dict[str, Found]

PUBLISHED, SHIPPED = "network, published", "network, shipped"
#: What answers by default: it sees the same finite piece, without axes …
DEFAULT = "crystal-class"
#: … and the periodic supercell, as the symmetry searches and template matching do.
PERIODIC = "crystal-class, periodic"
#: The published network, but the image scaled by the robust bond length instead of the mean nearest distance.
RESCALED = "network, published, robust scale"
#: A symmetry search with one tolerance for all levels; with the best for each level; right if right at any tolerance.
#: The tolerances are chosen by those who know the right answers.
SINGLE, BEST, ORACLE = "moyopy, one tolerance", "moyopy, best tolerance of the level", "moyopy, any tolerance"
#: The groups of structures that answers are counted in, by what they are.
ALL, FIRST, UNSEEN, SEARCHED, SIMPLE = (
    "all test structures",
    "all test structures, first draw",
    "unseen by both networks",
    "searched by all methods",
    "simple prototypes",
)
#: Columns of the table that is printed: a group of structures, its methods, and what they are called there.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    ALL: {PUBLISHED: "published", DEFAULT: "crystal-class", PERIODIC: "periodic"},
    SEARCHED: {
        SHIPPED: "shipped",
        RESCALED: "robust",
        **{f"spglib {name}": f"spglib {name}" for name in SPGLIB},
        SINGLE: "moyopy, one",
        BEST: "best",
        ORACLE: "any",
        "PTM, rmsd < 0.1": "PTM, 0.1",
        "PTM, no cutoff": "PTM",
    },
}
#: Displacements over the bond length between which answers are counted together.
RATIOS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, np.inf)
#: Å. Bonds of H, B, C, N, O, F are shorter, most others longer.
SHORT_BOND = 2.0
#: Wrong answers that are written down for each level.
MOST_CONFUSED = 5


def figures_of(answers: Mapping[Level, Answers], sample: Sample) -> dict[str, Any]:
    """Count right answers by level, group and method.

    Parameters
    ----------
    answers
        Of all methods; moyopy's are called ``moyopy … Å``, one for each tolerance.
    sample
        The structures.
    """
    tolerances = [method for method in next(iter(answers.values())) if _is_of_moyopy(method)]
    single = _best_tolerance(answers, tolerances, sample)
    levels = []
    for level, found in answers.items():
        chosen = found | {SINGLE: found[single], ORACLE: _oracle(found, tolerances, sample)}
        best = max(tolerances, key=lambda method, found=found: _right(found[method], sample))  # type: ignore[misc]  # bound
        levels.append(_figures_of_level(level, chosen | {BEST: found[best]}, best, sample))
    return {
        "classified": {
            method: sum(len(found[method]) for found in answers.values())
            for method in (
                *(PUBLISHED, DEFAULT, PERIODIC, SHIPPED, RESCALED),
                *("PTM, rmsd < 0.1", "spglib tight", tolerances[0]),
            )
        },
        "one_tolerance_of_moyopy": single,
        "levels": levels,
        "displacement_over_bond_length": {
            method: _by_ratio(answers, method, sample) for method in (PUBLISHED, SHIPPED, DEFAULT, PERIODIC)
        },
        "paper_set": "AFLOWLIB elemental solids, 10,517 for each level; their files cannot be had any more",
    }


def table_of(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each level, group and method."""
    rows = []
    for level in figures["levels"]:
        for group, methods in level["accuracy"].items():
            for method, counted in methods.items():
                low, high = counted.get("interval_95", (None, None))
                rows.append(
                    {
                        "defects": level["kind"],
                        "amount": level["amount"],
                        "structures": group,
                        "method": method,
                        "n": counted["n"],
                        "right": counted["right"],
                        "accuracy_percent": _percent(counted.get("accuracy")),
                        "low_95_percent": _percent(low),
                        "high_95_percent": _percent(high),
                        "paper_percent": level["paper"].get("network" if method == PUBLISHED else method),
                    }
                )
    return rows


def shown_of(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each level: accuracies in per cent of every method, the paper's beside those it has."""
    rows = []
    for level in figures["levels"]:
        row: dict[str, Any] = {"defects": level["name"]}
        for group, methods in COLUMNS.items():
            for method, title in methods.items():
                row[title] = _percent(level["accuracy"][group].get(method, {}).get("accuracy"))
                paper = "network" if method == PUBLISHED else method
                if paper == "network" or method.startswith("spglib"):
                    row[f"paper: {title}"] = level["paper"].get(paper)
        rows.append(row)
    return rows


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 3)


def _is_of_moyopy(method: str) -> bool:
    return method.startswith("moyopy") and method.endswith("Å")


def _right(found: Found, sample: Sample) -> int:
    return sum(answer == sample.truth[row] for (_, row), answer in found.items())


def _best_tolerance(answers: Mapping[Level, Answers], tolerances: Sequence[str], sample: Sample) -> str:
    """Return the tolerance with most right answers over all displacements."""
    levels = [found for level, found in answers.items() if level.kind == "displacements"]
    return max(tolerances, key=lambda method: sum(_right(found[method], sample) for found in levels))


def _oracle(found: Answers, tolerances: Sequence[str], sample: Sample) -> Found:
    return {
        key: sample.truth[key[1]]
        if any(found[method][key] == sample.truth[key[1]] for method in tolerances)
        else None
        for key in found[tolerances[0]]
    }


def _figures_of_level(level: Level, found: Answers, best: str, sample: Sample) -> dict[str, Any]:
    groups = _groups(found, sample)
    every = list(found[PUBLISHED])
    return {
        "kind": level.kind,
        "amount": level.amount,
        "name": level.name,
        "paper": level.paper(),
        "best_tolerance_of_moyopy": best,
        "accuracy": {
            group: {method: _counted(found[method], keys, sample) for method in methods}
            for group, (keys, methods) in groups.items()
        },
        "against_the_published_network": {
            group: {method: _disagreement(found, method, keys, sample) for method in methods if method != PUBLISHED}
            for group, (keys, methods) in groups.items()
            if group != ALL
        },
        "by_margin": {method: by_margin(found[method], sample) for method in (DEFAULT, PERIODIC)},
        "wrong_structures": {method: wrong_structures(found[method], sample) for method in (DEFAULT, PERIODIC)},
        "published_network": {
            "by_class": {
                name: _counted(found[PUBLISHED], [k for k in every if sample.truth[k[1]] == name], sample)
                for name in sorted(set(sample.truth))
            },
            f"bonds below {SHORT_BOND:g} Å": _where(found, every, sample, lambda row: sample.bonds[row] < SHORT_BOND),
            f"bonds from {SHORT_BOND:g} Å": _where(found, every, sample, lambda row: sample.bonds[row] >= SHORT_BOND),
            "most_common_wrong_answers": _confusions(found[PUBLISHED], sample),
        },
    }


def _groups(found: Answers, sample: Sample) -> dict[str, tuple[list[Key], list[str]]]:
    """Which structures are counted together, and for which methods."""
    matching = [method for method in found if method.startswith("PTM")]
    searched = list(found[ORACLE])
    simple = [key for key in found[matching[0]] if key[1] in sample.simple]
    return {
        ALL: (list(found[PUBLISHED]), [PUBLISHED, DEFAULT, PERIODIC]),
        FIRST: (list(found[RESCALED]), [PUBLISHED, RESCALED]),
        UNSEEN: (list(found[SHIPPED]), [PUBLISHED, SHIPPED, DEFAULT, PERIODIC]),
        SEARCHED: (searched, list(found)),
        SIMPLE: (simple, [PUBLISHED, SHIPPED, DEFAULT, PERIODIC, *matching]),
    }


def _counted(found: Found, keys: Iterable[Key], sample: Sample) -> dict[str, Any]:
    """Count the answers that there are; the draws of one structure do not make the interval narrower."""
    keys = [key for key in keys if key in found]
    return accuracy(
        [sample.truth[row] for _, row in keys], [found[key] for key in keys], structures=len({row for _, row in keys})
    )


def _where(found: Answers, keys: Iterable[Key], sample: Sample, condition: Callable[[int], bool]) -> dict[str, Any]:
    return _counted(found[PUBLISHED], [key for key in keys if condition(key[1])], sample)


def _disagreement(found: Answers, method: str, keys: Iterable[Key], sample: Sample) -> dict[str, int]:
    right = [
        (found[method][key] == sample.truth[key[1]], found[PUBLISHED][key] == sample.truth[key[1]])
        for key in keys
        if key in found[method]
    ]
    return {
        "only_it_is_right": sum(a and not b for a, b in right),
        "only_the_network_is_right": sum(b and not a for a, b in right),
    }


def _confusions(found: Found, sample: Sample) -> dict[str, int]:
    wrong = Counter(
        f"{sample.truth[row]} called {answer}" for (_, row), answer in found.items() if answer != sample.truth[row]
    )
    return dict(wrong.most_common(MOST_CONFUSED))


def _by_ratio(answers: Mapping[Level, Answers], method: str, sample: Sample) -> dict[str, Any]:
    """Count the answers about displaced atoms by displacement over bond length."""
    keys: dict[str, list[tuple[Found, Key]]] = {}
    for level, found in answers.items():
        if level.kind == "displacements":
            for key in found[method]:
                place = int(np.searchsorted(RATIOS, level.amount / sample.bonds[key[1]], side="right"))
                name = f"{RATIOS[place - 1]:g} to {RATIOS[place]:g}"
                keys.setdefault(name, []).append((found[method], key))
    return {
        name: accuracy(
            [sample.truth[row] for _, (_, row) in keys[name]],
            [found[key] for found, key in keys[name]],
            structures=len({row for _, (_, row) in keys[name]}),
        )
        for name in sorted(keys, key=lambda name: float(name.split()[0]))
    }
