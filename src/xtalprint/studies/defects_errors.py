"""Which structures were answered wrong, and how far each is from the point where it becomes one of another class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.datasets.making import MARGIN_GRID
from xtalprint.studies.statistics import accuracy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtalprint.studies.defects_counts import Found
    from xtalprint.studies.defects_structures import Sample


def by_margin(found: Found, sample: Sample) -> dict[str, Any]:
    """Count answers by the distance of the structure from degeneracy.

    Parameters
    ----------
    found
        Answers of one method about one level.
    sample
        The structures.

    Returns
    -------
    By the largest tolerance, in bond lengths, at which a symmetry search of the pristine structure still finds its
    class: at the next one of `MARGIN_GRID` it finds another (there is none after the last).
    """
    counted = {}
    for margin in MARGIN_GRID:
        keys = [key for key in found if sample.margins[key[1]] == margin]
        if keys:
            counted[f"{margin:g}"] = accuracy(
                [sample.truth[row] for _, row in keys],
                [found[key] for key in keys],
                structures=len({row for _, row in keys}),
            )
    return counted


def wrong_structures(found: Found, sample: Sample) -> list[dict[str, Any]]:
    """Every structure with a wrong answer: what it is, what it was called how often, its bond length and margin."""
    wrong: dict[int, dict[str, int]] = {}
    for (_, row), answer in sorted(found.items()):
        if answer != sample.truth[row]:
            names = wrong.setdefault(row, {})
            names[str(answer)] = names.get(str(answer), 0) + 1
    return [_about(row, answers, sample) for row, answers in sorted(wrong.items())]


def _about(row: int, answers: Mapping[str, int], sample: Sample) -> dict[str, Any]:
    crystal = sample.crystals[row]
    return {
        "frame": crystal.frame,
        "sites": crystal.n_sites,
        "truth": sample.truth[row],
        "called": dict(answers),
        "bond_angstrom": round(float(sample.bonds[row]), 3),
        "margin": float(sample.margins[row]),
    }
