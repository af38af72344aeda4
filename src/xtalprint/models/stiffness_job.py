"""Predicting moduli as a job for many workers: each loads the model once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtalprint.errors import ModelError
from xtalprint.io.part_job import PartJob
from xtalprint.models.registry import load_stiffness, model_names
from xtalprint.models.stiffness_model import AT_A_TIME
from xtalprint.models.stiffness_prediction import PROPERTIES, StiffnessPrediction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.models.stiffness_model import StiffnessModel


class StiffnessJob(PartJob[StiffnessPrediction]):
    """Asks a model for the moduli of every structure.

    Parameters
    ----------
    model
        The name of a shipped model, or the folder of a training run; a worker on another machine must find it too.
    properties
        Which, in the order of the records.
    elements
        For files that name no elements.

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
        super().__init__(elements)
        self._properties = tuple(properties)
        # A name is that of a shipped model; a folder must be found from anywhere.
        self._model = model if model in model_names() else str(Path(model).resolve())
        found = _loaded(self._model) if self._model == model else load_stiffness(model)
        self._provenance = dict(found.provenance)

    def question(self) -> Mapping[str, Any]:
        """The properties, the model, its version and the SHA-256 of its weights."""
        return {"command": "predict", "properties": list(self._properties), **self._provenance}

    def answer(self, item: Crystal | XtalprintError) -> StiffnessPrediction:
        """Predict for one structure."""
        return self._checked_model().predict_one(item)

    def answer_many(self, items: Sequence[Crystal | XtalprintError]) -> list[StiffnessPrediction]:
        """Predict for some structures together."""
        return self._checked_model().predict_many(items)

    def _checked_model(self) -> StiffnessModel:
        model = _loaded(self._model)
        if dict(model.provenance) != self._provenance:
            raise ModelError(
                "the worker has another model of this name",
                source=self._model,
                remedy="install the same version everywhere, or give the path of a folder that all machines see",
            )
        return model

    def record(self, result: StiffnessPrediction) -> Mapping[str, Any]:
        """Turn a prediction into its first record."""
        return self.records(result)[0]

    def records(self, result: StiffnessPrediction) -> Sequence[Mapping[str, Any]]:
        """One for each property, or one for an error."""
        return result.to_records(self._properties)

    @property
    def constants(self) -> Mapping[str, Any]:
        """Model, version, SHA-256 of the weights, version of the package."""
        return self._provenance

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


@cache
def _loaded(model: str) -> StiffnessModel:
    return load_stiffness(model)
