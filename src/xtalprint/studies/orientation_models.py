"""The shipped models that the study of orientations asks, and whose descriptors its small networks see."""

from __future__ import annotations

from xtalprint.errors import ModelError
from xtalprint.models import load_model
from xtalprint.models.bond_order_classifier import BondOrderClassifier
from xtalprint.models.classifier import CrystalClassifier

ORDER, IMAGE = "crystal-class", "crystal-class-image"


def order_model() -> BondOrderClassifier:
    """The model that answers by default."""
    model = load_model(ORDER)
    if not isinstance(model, BondOrderClassifier):
        raise ModelError("the model does not look at bond-orientational order", source=ORDER)
    return model


def image_model() -> CrystalClassifier:
    """The image network."""
    model = load_model(IMAGE)
    if not isinstance(model, CrystalClassifier):
        raise ModelError("the model does not look at a diffraction image", source=IMAGE)
    return model
