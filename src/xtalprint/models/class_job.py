"""Classifying as a job for many workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.errors import WrongUsageError
from xtalprint.models.answering import AnsweringModel
from xtalprint.models.model_job import ModelJob
from xtalprint.models.prediction import Prediction
from xtalprint.models.registry import load_classifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ClassJob(ModelJob[AnsweringModel, Prediction]):
    """Asks a model for the class of every structure.

    Parameters
    ----------
    model, elements
        As of `ModelJob`.

    Raises
    ------
    ModelError
        If there is no such model.
    WrongUsageError
        If it labels atoms and not structures.
    """

    def __init__(self, model: str = "crystal-class", elements: Sequence[str] | None = None) -> None:
        super().__init__(load_classifier, model, elements)
        found = self.model
        if found.labels_atoms:
            raise WrongUsageError("this model labels atoms, not structures", source=model, remedy="choose another")
        self.classes = found.classes
        self.names_prototypes = found.manifest.answers == "prototype"
        self.optional = ("probability_none", "probability_spread")
        if not self.names_prototypes:
            self.optional = ("prototype", *self.optional)

    def question(self) -> Mapping[str, Any]:
        """The model, its version and the SHA-256 of its weights."""
        return {"command": "classify", **self.constants}

    def record(self, result: Prediction) -> Mapping[str, Any]:
        """Turn a prediction into a record."""
        return result.to_record()

    def columns(self, pa: Any) -> Sequence[tuple[str, Any]]:  # noqa: ANN401 - pyarrow has no types
        """Those of a record of `classify`; the probabilities are a struct."""
        return [
            ("class", pa.string()),
            ("prototype", pa.string()),
            ("probability", pa.float64()),
            ("probabilities", pa.struct([(name, pa.float64()) for name in self.classes])),
            ("known", pa.bool_()),
            ("warnings", pa.list_(pa.string())),
            ("probability_none", pa.float64()),
            ("probability_spread", pa.float64()),
        ]
