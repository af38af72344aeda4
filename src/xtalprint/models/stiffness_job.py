"""Predicting moduli as a job for many workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.models.model_job import ModelJob
from xtalprint.models.registry import load_stiffness
from xtalprint.models.stiffness_model import AT_A_TIME, StiffnessModel
from xtalprint.models.stiffness_prediction import PROPERTIES, StiffnessPrediction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError


class StiffnessJob(ModelJob[StiffnessModel, StiffnessPrediction]):
    """Asks a model for the moduli of every structure.

    Parameters
    ----------
    model, elements
        As of `ModelJob`.
    properties
        Which, in the order of the records.

    Raises
    ------
    ModelError
        If there is no such model, or it predicts something else.
    """

    at_a_time = AT_A_TIME

    def __init__(
        self,
        model: str = "stiffness",
        properties: Sequence[str] = PROPERTIES,
        elements: Sequence[str] | None = None,
    ) -> None:
        super().__init__(load_stiffness, model, elements)
        self._properties = tuple(properties)

    def question(self) -> Mapping[str, Any]:
        """The properties, the model, its version and the SHA-256 of its weights."""
        return {"command": "predict", "properties": list(self._properties), **self.constants}

    def answer_many(self, items: Sequence[Crystal | XtalprintError]) -> list[StiffnessPrediction]:
        """Predict for some structures together."""
        return self.model.predict_many(items)

    def record(self, result: StiffnessPrediction) -> Mapping[str, Any]:
        """Turn a prediction into its first record."""
        return self.records(result)[0]

    def records(self, result: StiffnessPrediction) -> Sequence[Mapping[str, Any]]:
        """One for each property, or one for an error."""
        return result.to_records(self._properties)

    def columns(self, pa: Any) -> Sequence[tuple[str, Any]]:  # noqa: ANN401 - pyarrow has no types
        """Those of a record; neighbours are a list of structs."""
        texts, numbers = ("id", "formula"), ("value", "distance", "value_unseen")
        neighbour = [(name, pa.string()) for name in texts] + [(name, pa.float64()) for name in numbers]
        return [
            ("property", pa.string()),
            ("value", pa.float64()),
            ("unit", pa.string()),
            ("interval", pa.list_(pa.float64())),
            ("neighbours", pa.list_(pa.struct(neighbour))),
            ("known", pa.bool_()),
            ("warnings", pa.list_(pa.string())),
        ]
