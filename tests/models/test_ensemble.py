"""Probabilities of an ensemble, its temperature, and how well "none" is told."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint.models.ensemble import (
    ensemble_probabilities,
    false_alarms,
    fitted_temperature,
    of_classes,
    reliability,
)


def test_the_mean_of_probabilities_is_not_that_of_logits():
    logits = np.log([[[0.9, 0.1], [0.2, 0.8]]])
    np.testing.assert_allclose(ensemble_probabilities(logits, 1.0), [[0.55, 0.45]])


def test_probabilities_given_one_of_the_classes():
    np.testing.assert_allclose(of_classes(np.array([[0.3, 0.1, 0.6]])), [[0.75, 0.25]])
    assert np.isfinite(of_classes(np.array([[0.0, 0.0, 1.0]]))).all()


@pytest.mark.parametrize("true_temperature", [0.7, 1.0, 2.0])
def test_the_temperature_of_made_answers_is_found(true_temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=(20_000, 1, 4))
    probabilities = ensemble_probabilities(logits, true_temperature)
    labels = (probabilities.cumsum(axis=1) < rng.random((len(logits), 1))).sum(axis=1)
    assert fitted_temperature(logits, labels) == pytest.approx(true_temperature, rel=0.06)


def test_false_alarms_count_at_the_threshold_that_keeps_95_percent():
    known = np.linspace(0, 1, 101)
    assert false_alarms(known, np.array([0.94, 0.96, 2.0, 3.0])) == 0.25


def test_reliability_of_honest_answers():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, 30_000)
    right = rng.random(len(p)) < p
    rows = reliability(np.stack([p, 1 - p], axis=1), np.where(right, 0, 1))
    assert sum(row["n"] for row in rows) == len(p)
    for row in rows:
        assert row["right"] == pytest.approx(row["probability"], abs=0.03)
