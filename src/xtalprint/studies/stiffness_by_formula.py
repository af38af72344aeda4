"""The same as `xtalprint.studies.stiffness_model` in folds that no formula is shared by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.studies.stiffness_model import cross_validated, make_case, result_of

if TYPE_CHECKING:
    from xtalprint.studies.base import StudyResult


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Five folds by formula: polymorphs and duplicates of a test crystal are not in training."""
    found, drawn = cross_validated(make_case(seed, quick=quick), by_formula=True)
    return result_of(found, drawn, "stiffness-by-formula")
