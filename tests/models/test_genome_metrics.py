"""Metrics against their definitions, and intervals that hold what they say."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint.models.genome_metrics import (
    METRICS,
    accuracy,
    auc,
    average_precision,
    differences,
    f1,
    figures_of,
    over_seeds,
)

pytest.importorskip("sklearn")


def question(n, seed, shift=1.0):
    """Answers whose logits are normal about ±shift/2: the AUC is Φ(shift/√2)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    p = 1 / (1 + np.exp(-(rng.normal(size=n) + shift * (labels - 0.5))))
    return np.stack([1 - p, p], axis=1), labels


def test_auc_is_the_share_of_pairs_in_order():
    probabilities, labels = question(200, 0)
    p = probabilities[:, 1]
    pairs = p[labels == 1][:, None] - p[labels == 0]
    assert auc(probabilities, labels) == pytest.approx((pairs > 0).mean())
    big, truth = question(40_000, 1)
    assert auc(big, truth) == pytest.approx(0.7602, abs=0.01)


def test_f1_and_precision_by_hand():
    probabilities = np.array([[0.1, 0.9], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])
    labels = np.array([1, 0, 1, 0])
    assert f1(probabilities, labels) == pytest.approx(0.5)
    assert accuracy(probabilities, labels) == 0.5
    # yes in the places 1 and 4 of the ranking
    assert average_precision(probabilities, labels) == pytest.approx((1 / 1 + 2 / 4) / 2)


def test_of_more_classes_the_mean_is_taken_and_absent_ones_left_out():
    probabilities = np.array([[0.8, 0.1, 0.1], [0.5, 0.4, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1]])
    labels = np.array([0, 0, 1, 1])
    assert auc(probabilities, labels) == pytest.approx(0.75)
    assert f1(probabilities, labels) == pytest.approx((2 * 2 / 3 / (2 / 3 + 1) + 2 / 3) / 2)
    assert auc(probabilities, np.zeros(4, dtype=int)) == 0.5


def test_weights_count_rows_as_often():
    probabilities, labels = question(50, 2)
    counts = np.random.default_rng(0).integers(0, 3, 50)
    repeated = np.repeat(np.arange(50), counts)
    for metric in (auc, accuracy, f1, average_precision):
        expected = metric(probabilities[repeated], labels[repeated])
        assert metric(probabilities, labels, counts.astype(float)) == pytest.approx(expected)


def test_differences_are_of_the_same_resampled_rows():
    probabilities, labels = question(300, 3)
    groups = [str(i // 2) for i in range(300)]
    nothing = differences(probabilities, probabilities, labels, groups=groups, seed=0, draws=20)
    assert nothing == {"auc": 0.0, "accuracy": 0.0, "interval_95": {"auc": [0.0, 0.0], "accuracy": [0.0, 0.0]}}
    blurred = probabilities + np.random.default_rng(0).normal(scale=0.05, size=(300, 2)) * [[-1, 1]]
    found = differences(probabilities, blurred, labels, groups=groups, seed=0, draws=100)
    alone = figures_of(probabilities, labels, groups=groups, seed=0, draws=100)["interval_95"]
    for name, metric in (("auc", auc), ("accuracy", accuracy)):
        assert found[name] == metric(probabilities, labels) - metric(blurred, labels)
        low, high = found["interval_95"][name]
        assert low < found[name] < high
        assert high - low < 0.7 * (alone[name][1] - alone[name][0]), "what both have in common is gone"


def test_intervals_hold_the_truth():
    held = 0
    for seed in range(12):
        figures = figures_of(*question(150, seed), groups=[str(i) for i in range(150)], seed=seed, draws=40)
        low, high = figures["interval_95"]["auc"]
        held += low <= 0.7602 <= high
    assert held >= 9


def test_rows_of_one_group_are_drawn_together():
    probabilities, labels = question(60, 3)
    four = [np.repeat(values, 4, axis=0) for values in (probabilities, labels)]
    alone = figures_of(probabilities, labels, groups=np.arange(60).astype(str), seed=1, draws=80)
    together = figures_of(*four, groups=np.repeat(np.arange(60), 4).astype(str), seed=1, draws=80)
    apart = figures_of(*four, groups=np.arange(240).astype(str), seed=1, draws=80)
    width = {
        name: np.ptp(one["interval_95"]["auc"])
        for name, one in (("alone", alone), ("together", together), ("apart", apart))
    }
    assert width["together"] == pytest.approx(width["alone"], rel=0.5)
    assert width["apart"] < 0.75 * width["alone"]
    assert figures_of(probabilities, labels, groups=np.arange(60).astype(str), seed=1, draws=80) == alone


def test_over_seeds():
    figures = [figures_of(*question(40, seed), groups=list("ab" * 20), seed=0, draws=0) for seed in range(3)]
    assert set(over_seeds(figures)) == {*METRICS, "expected_calibration_error"}


def test_where_all_answers_are_yes():
    probabilities, labels = np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([1, 1])
    assert auc(probabilities, labels) == 0.5
    assert average_precision(probabilities, labels) == 1.0
    assert f1(probabilities, labels) == pytest.approx(2 / 3)
    assert f1(probabilities, 1 - labels) == average_precision(probabilities, 1 - labels) == 0.0
