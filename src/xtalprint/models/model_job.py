"""Asking a trained model as a job for many workers: each loads the model once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from xtalprint.errors import ModelError
from xtalprint.io.part_job import PartJob
from xtalprint.models.registry import model_names, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.models.trained import TrainedModel

Answer = TypeVar("Answer")
Model = TypeVar("Model", bound="TrainedModel[Any]")


class ModelJob(PartJob[Answer], Generic[Model, Answer]):
    """Asks a model about every structure.

    Parameters
    ----------
    load
        Loads it by name or folder; a function that a worker can import.
    model
        The name of a shipped model, or the folder of a training run; a worker on another machine must find it too.
    elements
        For files that name no elements.

    Raises
    ------
    ModelError
        If there is no such model, or it answers something else.
    """

    #: What a person should know before relying on any answer.
    caveats: Sequence[str] = ()

    def __init__(self, load: Callable[[str], Model], model: str, elements: Sequence[str] | None) -> None:
        super().__init__(elements)
        # A name is that of a shipped model; a folder must be found from anywhere, and may have changed since.
        is_shipped = model in model_names()
        self._model, self._load = model if is_shipped else str(Path(model).resolve()), load
        if not is_shipped:
            _loaded.cache_clear()
            read_manifest(model)  # an error names the folder as it was given
        self._provenance = dict(_loaded(load, self._model).provenance)

    @property
    def model(self) -> Model:
        """The model, loaded where it is asked.

        Raises
        ------
        ModelError
            If it is another here.
        """
        model: Model = _loaded(self._load, self._model)
        if dict(model.provenance) != self._provenance:
            raise ModelError(
                "the worker has another model of this name",
                source=self._model,
                remedy="install the same version everywhere, or give the path of a folder that all machines see",
            )
        return model

    def answer(self, item: Crystal | XtalprintError) -> Answer:
        """Ask about one structure."""
        answer: Answer = self.model.predict_one(item)
        return answer

    @property
    def constants(self) -> Mapping[str, Any]:
        """Model, version, SHA-256 of the weights, version of the package."""
        return self._provenance


@cache
def _loaded(load: Callable[[str], Any], model: str) -> Any:  # noqa: ANN401 - of any kind
    return load(model)
