"""Counted answers: known intervals and a second implementation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from xtalprint.studies.statistics import accuracy, confusion_matrix, wilson_interval


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_equals_scipy(counts):
    right, total = counts
    expected = binomtest(right, total).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson_interval(right, total) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_failure_counts_as_wrong():
    result = accuracy(["fcc", "fcc", "bcc"], ["fcc", None, "fcc"])
    assert (result["n"], result["right"]) == (3, 1)
    assert result["accuracy"] == pytest.approx(1 / 3)


def test_draws_of_the_same_structures_do_not_make_the_interval_narrower():
    truth, answer = ["fcc"] * 10, ["fcc"] * 9 + [None]
    once, four_times = accuracy(truth, answer), accuracy(4 * truth, 4 * answer, structures=10)
    assert (four_times["n"], four_times["right"], four_times["structures"]) == (40, 36, 10)
    assert four_times["accuracy"] == once["accuracy"]
    assert four_times["interval_95"] == pytest.approx(once["interval_95"], abs=1e-12)


def test_nothing_to_count_gives_no_accuracy():
    assert accuracy([], []) == {"n": 0, "right": 0}


def test_confusion_matrix_has_true_classes_as_rows_and_failures_last():
    matrix = confusion_matrix(["a", "a", "b"], ["a", "b", None], ["a", "b"])
    assert matrix.tolist() == [[1, 1, 0], [0, 0, 1]]
