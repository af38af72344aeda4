"""Trained models by name or by folder; nothing is used whose SHA-256 does not match."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from xtalprint.errors import ModelError
from xtalprint.models.manifest import FileRecord, Manifest, PropertyManifest, QuestionsManifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtalprint.models.answering import AnsweringModel
    from xtalprint.models.property_class_model import PropertyClassModel
    from xtalprint.models.stiffness_model import StiffnessModel

    AnyManifest = Manifest | PropertyManifest | QuestionsManifest

#: Shipped models: one ``NAME.json`` each, with its weights and its card beside it.
WEIGHTS = Path(__file__).parent / "weights"
#: What answers with a network, by the descriptor that it was trained on.
CLASSIFIERS = {
    "BondOrientationalOrder": ("xtalprint.models.bond_order_classifier", "BondOrderClassifier"),
    "NeighbourhoodOrder": ("xtalprint.models.atom_classifier", "AtomClassifier"),
    "DiffractionImage": ("xtalprint.models.classifier", "CrystalClassifier"),
}
#: What is written down about models of other kinds than classifiers, by a field that only they have.
KINDS: dict[str, type[PropertyManifest | QuestionsManifest]] = {
    "properties": PropertyManifest,
    "questions": QuestionsManifest,
}
#: The manifest of a training run.
RUN_MANIFEST = "model.json"

_CHOICE = "choose one of {}, or give the folder of a finished training run"


def model_names() -> tuple[str, ...]:
    """Names of the shipped models.

    Examples
    --------
    >>> "crystal-class" in model_names()
    True
    """
    return tuple(sorted(path.stem for path in WEIGHTS.glob("*.json")))


def read_manifest(model: str | Path) -> tuple[AnyManifest, Path]:
    """Read what is written down about a model of any kind, without loading its weights.

    Parameters
    ----------
    model
        The name of a shipped model, or the folder of a finished training run.

    Returns
    -------
    The manifest and the folder that its files are in.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    path = _manifest_path(model)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ModelError(f"the model's description cannot be read: {error.strerror}", source=str(path)) from error
    return _kind_of(text).parse(text, source=str(path)), path.parent


def load_manifest(model: str | Path) -> tuple[Manifest, Path]:
    """Read what is written down about a classifier, see `read_manifest`.

    Raises
    ------
    ModelError
        If there is no such model, or it is no classifier.
    """
    manifest, folder = read_manifest(model)
    if not isinstance(manifest, Manifest):
        asked = " --property metal" if isinstance(manifest, QuestionsManifest) else ""
        raise _of_another_kind(manifest.name, "predicts properties and no class", f"xtalprint predict{asked}")
    return manifest, folder


@overload
def load_model(model: Literal["stiffness"]) -> StiffnessModel: ...  # type: ignore[overload-overlap]  # one name of all
@overload
def load_model(model: Literal["property-classes"]) -> PropertyClassModel: ...  # type: ignore[overload-overlap]  # as above
@overload
def load_model(model: str | Path = ...) -> AnsweringModel: ...
def load_model(model: str | Path = "crystal-class") -> AnsweringModel | StiffnessModel | PropertyClassModel:
    """Load a model: a classifier, ``"stiffness"``, which predicts moduli, or ``"property-classes"``.

    Parameters
    ----------
    model
        The name of a shipped model, or the folder of a finished training run.

    Raises
    ------
    ModelError
        If there is no such model, or a file of it is missing or not the one that was trained.

    Examples
    --------
    >>> load_model("crystal-class").classes
    ('bcc', 'bct_139', 'bct_141', 'diam', 'fcc', 'hex/rh', 'sc')
    """
    manifest, folder = read_manifest(model)
    if isinstance(manifest, Manifest):
        return _classifier(manifest, folder)
    return _stiffness(manifest, folder) if isinstance(manifest, PropertyManifest) else _questions(manifest, folder)


def load_classifier(model: str | Path) -> AnsweringModel:
    """Load a classifier, see `load_model`; a `ModelError` if it is another model."""
    return _classifier(*load_manifest(model))


def load_stiffness(model: str | Path = "stiffness") -> StiffnessModel:
    """Load a model that predicts moduli, see `load_model`; a `ModelError` if it is another model."""
    manifest, folder = read_manifest(model)
    if not isinstance(manifest, PropertyManifest):
        command = "xtalprint classify" if isinstance(manifest, Manifest) else "xtalprint predict --property metal"
        raise _of_another_kind(manifest.name, "tells classes and no moduli", command)
    return _stiffness(manifest, folder)


def load_property_classes(model: str | Path = "property-classes") -> PropertyClassModel:
    """Load a model of property classes, see `load_model`; a `ModelError` if it is another model."""
    manifest, folder = read_manifest(model)
    if not isinstance(manifest, QuestionsManifest):
        command = (
            "xtalprint classify" if isinstance(manifest, Manifest) else "xtalprint predict --property bulk-modulus"
        )
        raise _of_another_kind(manifest.name, "tells no property classes", command)
    return _questions(manifest, folder)


def _classifier(manifest: Manifest, folder: Path) -> AnsweringModel:
    name = manifest.descriptor.get("descriptor")
    if name not in CLASSIFIERS:
        raise ModelError(
            "the model was trained on a descriptor that this version does not have",
            source=manifest.name,
            value=name,
            remedy=f"use xtalprint {manifest.package_version} or later",
        )
    module, class_name = CLASSIFIERS[name]
    # Imported here, because ONNX Runtime takes 0.1 s.
    classifier: Callable[[Manifest, bytes], AnsweringModel] = getattr(import_module(module), class_name)
    weights = checked_bytes(folder, manifest.weights.onnx)
    return classifier(manifest, weights)


def _stiffness(manifest: PropertyManifest, folder: Path) -> StiffnessModel:
    from xtalprint.models.stiffness_model import StiffnessModel  # noqa: PLC0415 - imports Numba

    files = manifest.files
    return StiffnessModel(manifest, checked_bytes(folder, files.weights), checked_bytes(folder, files.known))


def _questions(manifest: QuestionsManifest, folder: Path) -> PropertyClassModel:
    from xtalprint.models.property_class_model import PropertyClassModel  # noqa: PLC0415 - imports Numba

    return PropertyClassModel(manifest, checked_bytes(folder, manifest.weights.onnx))


def _kind_of(text: bytes) -> type[AnyManifest]:
    try:
        content = json.loads(text)
    except ValueError:
        return Manifest
    found = [kind for field, kind in KINDS.items() if isinstance(content, dict) and field in content]
    return found[0] if found else Manifest


def _of_another_kind(name: str, what: str, command: str) -> ModelError:
    return ModelError(f"this model {what}", source=name, remedy=f"use it with: {command}")


def checked_bytes(folder: Path, record: FileRecord) -> bytes:
    """Content of a model's file, if it is the one that the manifest describes.

    Raises
    ------
    ModelError
        If the file is missing or its SHA-256 is another.
    """
    path = folder / record.path
    remedy = "install xtalprint again, or copy the run folder again: every file of it belongs together"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"weights cannot be read: {error.strerror}", source=str(path), remedy=remedy) from error
    found = hashlib.sha256(content).hexdigest()
    if found != record.sha256:
        raise ModelError(
            f"weights do not match their SHA-256 {record.sha256}", source=str(path), value=found, remedy=remedy
        )
    return content


def _manifest_path(model: str | Path) -> Path:
    if isinstance(model, str) and model in model_names():
        return WEIGHTS / f"{model}.json"
    if not isinstance(model, (str, os.PathLike)) or not str(model).strip():
        raise ModelError(
            "this is no name of a model", value=repr(model), remedy=_CHOICE.format(", ".join(model_names()))
        )
    folder = Path(model)
    if folder.is_dir():
        if (folder / RUN_MANIFEST).is_file():
            return folder / RUN_MANIFEST
        raise ModelError(
            f"this folder holds no finished training run: {RUN_MANIFEST} is missing",
            source=str(folder),
            remedy="finish the run with: xtalprint train NAME --output FOLDER --resume",
        )
    near = difflib.get_close_matches(str(model).lower(), model_names(), n=1)
    remedy = _CHOICE.format(", ".join(model_names()))
    raise ModelError(
        "no such model", value=str(model), remedy=f"did you mean {near[0]}? Otherwise {remedy}" if near else remedy
    )
