"""Classifiers: the network, its training, and the registry of shipped weights.

What answers at run time needs ONNX Runtime only; torch is for training (extra ``train``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xtalprint.models.base import Classifier
    from xtalprint.models.classes import CLASSES
    from xtalprint.models.classifier import CrystalClassifier
    from xtalprint.models.prediction import Prediction
    from xtalprint.models.registry import load_model, model_names

_HOME = {
    "CLASSES": "xtalprint.models.classes",
    "Classifier": "xtalprint.models.base",
    "CrystalClassifier": "xtalprint.models.classifier",
    "Prediction": "xtalprint.models.prediction",
    "load_model": "xtalprint.models.registry",
    "model_names": "xtalprint.models.registry",
}

__all__ = ["CLASSES", "Classifier", "CrystalClassifier", "Prediction", "load_model", "model_names"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the module-level hook of PEP 562
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'xtalprint.models' has no attribute {name!r}")
