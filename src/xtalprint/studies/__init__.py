"""Studies: each reproduces a published table or figure, or measures the package on real data, by one command."""

from __future__ import annotations

from xtalprint.studies.base import STUDIES, Study, StudyResult, run_study

__all__ = ["STUDIES", "Study", "StudyResult", "run_study"]
