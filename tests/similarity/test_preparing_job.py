"""Structures that are answered together: the same bits as one by one, errors in their places."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint import GRID, RDF, Crystal
from xtalprint.compute import together
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.descriptors.fingerprint_job import FingerprintJob
from xtalprint.errors import InternalError, XtalprintError
from xtalprint.similarity.metrics import metrics
from xtalprint.similarity.preparing_job import PreparingJob

UNREADABLE = XtalprintError("cannot be read", source="c.cif")


def crystal(a, symbols=("Fe", "Al"), **options):
    return Crystal([[0.0] * 3, [a / 2] * 3], symbols, cell=a * np.eye(3), **options)


ITEMS = [
    crystal(2.9),
    Crystal([[0, 0, 0]], ["Au"], source="one.xyz", frame=2),
    UNREADABLE,
    crystal(4.0, ("Xe", "Xe"), source="xenon.cif"),
    crystal(3.1, occupancies=[0.5, 1.0]),
    crystal(60.0),
]


def same(arrays, one, other):
    if isinstance(one, XtalprintError):
        return type(one) is type(other) and str(one) == str(other)
    told = [(found.source, found.frame, found.formula, found.warnings) for found in (one, other)]
    pairs = zip(arrays(one), arrays(other), strict=True)
    return told[0] == told[1] and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("descriptor", [GRID(), RDF(), GRID.by_cutoff(n_groups=3)])
def test_descriptors_one_by_one_and_together(descriptor):
    job = FingerprintJob(descriptor, "name")
    assert job.at_a_time > 1
    one_by_one = [job.answer(item) for item in ITEMS]
    answers = job.answer_many(ITEMS)
    assert answers[2] is UNREADABLE
    assert isinstance(answers[1], XtalprintError)
    assert all(same(lambda found: [found.array], a, b) for a, b in zip(one_by_one, answers, strict=True))
    assert job.answer_many([UNREADABLE]) == [UNREADABLE]


def test_other_descriptors_answer_one_at_a_time():
    job = FingerprintJob(DiffractionImage(), "diffraction-image")
    assert job.at_a_time == 1
    assert [len(some) for some in together(ITEMS, job.at_a_time)] == [1] * len(ITEMS)


@pytest.mark.parametrize("name", metrics())
def test_metrics_one_by_one_together_and_from_a_record(name):
    job, view = PreparingJob(name), metrics()[name].view
    one_by_one = [job.answer(item) for item in ITEMS]
    for other in (job.answer_many(ITEMS), [_through_a_record(job, answer) for answer in one_by_one]):
        assert all(same(lambda found: view.arrays(found.row), a, b) for a, b in zip(one_by_one, other, strict=True))


def _through_a_record(job, answer):
    record = job.record(answer)
    assert record["status"] == ("error" if isinstance(answer, XtalprintError) else "ok")
    return answer if isinstance(answer, XtalprintError) else job.prepared(record)


def test_a_fault_stops_nobody(monkeypatch):
    job = PreparingJob("amd")

    def fail(_self, given):
        if len(given) == 1 or given.source == "xenon.cif":
            raise RuntimeError("no way")
        return np.ones(100)

    monkeypatch.setattr(type(metrics()["amd"].view), "of", fail)
    answers = job.answer_many(ITEMS)
    assert [isinstance(answer, InternalError) for answer in answers] == [False, True, False, True, False, False]
    assert (answers[1].source, answers[1].frame) == ("one.xyz", 2)
