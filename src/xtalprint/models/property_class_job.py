"""Telling property classes as a job for many workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.models.model_job import ModelJob
from xtalprint.models.property_class_model import PropertyClassModel
from xtalprint.models.property_class_prediction import QUESTIONS, PropertyClassPrediction
from xtalprint.models.registry import load_property_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PropertyClassJob(ModelJob[PropertyClassModel, PropertyClassPrediction]):
    """Asks a model for the property classes of every structure.

    Parameters
    ----------
    model, elements
        As of `ModelJob`.
    properties
        Which, in the order of the records.

    Raises
    ------
    ModelError
        If there is no such model, or it answers something else.
    """

    def __init__(
        self,
        model: str = "property-classes",
        properties: Sequence[str] = QUESTIONS,
        elements: Sequence[str] | None = None,
    ) -> None:
        super().__init__(load_property_classes, model, elements)
        self._properties = tuple(properties)
        questions = self.model.manifest.questions
        self._classes = list(dict.fromkeys(name for one in self._properties for name in questions[one].classes))
        self.caveats = [f"{name}: {questions[name].caveat}" for name in self._properties]

    def question(self) -> Mapping[str, Any]:
        """The questions, the model, its version and the SHA-256 of its weights."""
        return {"command": "predict", "properties": list(self._properties), **self.constants}

    def record(self, result: PropertyClassPrediction) -> Mapping[str, Any]:
        """Turn a prediction into its first record."""
        return self.records(result)[0]

    def records(self, result: PropertyClassPrediction) -> Sequence[Mapping[str, Any]]:
        """One for each question, or one for an error."""
        return result.to_records(self._properties)

    def columns(self, pa: Any) -> Sequence[tuple[str, Any]]:  # noqa: ANN401 - pyarrow has no types
        """Those of a record; values are text where one of them is a name, and the probabilities are a struct."""
        value = pa.string() if "crystal-system" in self._properties else pa.bool_()
        return [
            ("property", pa.string()),
            ("value", value),
            ("unit", pa.string()),
            ("interval", pa.list_(pa.float64())),
            ("neighbours", pa.list_(pa.string())),
            ("probability", pa.float64()),
            ("probabilities", pa.struct([(name, pa.float64()) for name in self._classes])),
            ("known", pa.bool_()),
            ("warnings", pa.list_(pa.string())),
        ]
