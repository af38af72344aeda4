"""Known answers for the figures about a classifier."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix

from xtalprint.models.evaluation import confusion_matrix, expected_calibration_error, metrics, softmax

labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(labels)
def test_confusion_agrees_with_scikit_learn(pairs):
    truth, answer = np.array(pairs, dtype=np.int64).T
    expected = sklearn_confusion_matrix(truth, answer, labels=range(4))
    assert (confusion_matrix(truth, answer, 4) == expected).all()


def test_softmax_of_huge_logits_is_finite():
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0], [-1e4, -1e4]])), [[1, 0], [0.5, 0.5]])


def test_a_sure_classifier_that_is_wrong_half_of_the_time_is_off_by_half():
    probabilities = np.array([[1.0, 0.0]] * 10)
    truth = np.array([0, 1] * 5)
    assert expected_calibration_error(probabilities, truth) == pytest.approx(0.5)


def test_metrics_count_by_class():
    logits = np.array([[5.0, 0.0, 0.0], [5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 5.0, 0.0]])
    found = metrics(logits, np.array([0, 0, 1, 0]), ("a", "b", "c"))
    assert found["accuracy"] == 0.75
    assert found["errors"] == 1
    assert found["per_class"]["a"] == {"n": 3, "accuracy": pytest.approx(2 / 3)}
    assert found["per_class"]["c"] == {"n": 0, "accuracy": None}
    assert found["confusion_matrix"] == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
