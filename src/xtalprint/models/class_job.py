"""Classifying as a job for many workers: each loads the model once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtalprint.errors import ModelError, WrongUsageError
from xtalprint.io.part_job import PartJob
from xtalprint.models.prediction import Prediction
from xtalprint.models.registry import load_classifier, model_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.models.answering import AnsweringModel


class ClassJob(PartJob[Prediction]):
    """Asks a model for the class of every structure.

    Parameters
    ----------
    model
        The name of a shipped model, or the folder of a training run; a worker on another machine must find it too.
    elements
        For files that name no elements.

    Raises
    ------
    ModelError
        If there is no such model.
    WrongUsageError
        If it labels atoms and not structures.
    """

    def __init__(self, model: str = "crystal-class", elements: Sequence[str] | None = None) -> None:
        super().__init__(elements)
        # A name is that of a shipped model; a folder must be found from anywhere.
        self._model = model if model in model_names() else str(Path(model).resolve())
        found = _loaded(self._model) if self._model == model else load_classifier(model)
        if found.labels_atoms:
            raise WrongUsageError("this model labels atoms, not structures", source=model, remedy="choose another")
        self._provenance = dict(found.provenance)
        self.classes = found.classes
        self.names_prototypes = found.manifest.answers == "prototype"
        self.optional = ("probability_none", "probability_spread")
        if not self.names_prototypes:
            self.optional = ("prototype", *self.optional)

    def question(self) -> Mapping[str, Any]:
        """The model, its version and the SHA-256 of its weights."""
        return {"command": "classify", **self._provenance}

    def answer(self, item: Crystal | XtalprintError) -> Prediction:
        """Classify one structure."""
        model = _loaded(self._model)
        if dict(model.provenance) != self._provenance:
            raise ModelError(
                "the worker has another model of this name",
                source=self._model,
                remedy="install the same version everywhere, or give the path of a folder that all machines see",
            )
        return model.predict_one(item)

    def record(self, result: Prediction) -> Mapping[str, Any]:
        """Turn a prediction into a record."""
        return result.to_record()

    @property
    def constants(self) -> Mapping[str, Any]:
        """Model, version, SHA-256 of the weights, version of the package."""
        return self._provenance

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


@cache
def _loaded(model: str) -> AnsweringModel:
    return load_classifier(model)
