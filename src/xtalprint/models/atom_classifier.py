"""The per-atom classifier: order of each neighbourhood and an ensemble of small networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import disorder_warnings
from xtalprint.descriptors.neighbourhood_order import NeighbourhoodOrder
from xtalprint.errors import UnsupportedInputError, XtalprintError, not_a_crystal
from xtalprint.models.answering import AnsweringModel, onnx_session
from xtalprint.models.ensemble import ensemble_probabilities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.models.manifest import Manifest
    from xtalprint.models.prediction import Prediction

#: Atoms that the network sees at a time; a last part is filled up, so that company changes no bit.
BATCH = 1024


@dataclass(frozen=True)
class AtomPredictions:
    """Class of the neighbourhood of each atom of one crystal.

    Parameters
    ----------
    classes
        (n,) most probable class of each atom, in the order of the crystal's rows; "none" if it is like no class.
    probability
        (n,) its probability.
    probabilities
        (n, k) of all classes, in the order of ``names``; each row adds up to 1.
    names
        Names of the k classes.
    warnings
        What a person should know before relying on it.
    provenance
        What made it: model name and version, SHA-256 of the weights, package version.
    """

    classes: NDArray[np.str_]
    probability: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    names: tuple[str, ...]
    warnings: tuple[str, ...]
    provenance: Mapping[str, str]


class AtomClassifier(AnsweringModel):
    """An ensemble of networks with the neighbourhood order they were trained on.

    Parameters
    ----------
    manifest
        What is written down about the model.
    weights
        Its ONNX file, already checked against the manifest.
    """

    labels_atoms = True

    def __init__(self, manifest: Manifest, weights: bytes) -> None:
        super().__init__(manifest)
        given = {key: value for key, value in manifest.descriptor.items() if key != "descriptor"}
        self.descriptor = NeighbourhoodOrder(**given)
        self._network = onnx_session(weights)

    def predict_atoms(self, crystal: Crystal) -> AtomPredictions:
        """Classify every atom.

        Parameters
        ----------
        crystal
            A periodic box or a finite piece; elements do not matter.

        Raises
        ------
        UnsupportedInputError
            For a single atom without images, for atoms on a heap, and for anything but a crystal.
        """
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        try:
            features = self.descriptor.compute(crystal)
        except XtalprintError as error:
            error.located(source=crystal.source, frame=crystal.frame)
            raise
        probabilities = self.predict_features(features)[crystal.site_of_row]
        best = probabilities.argmax(axis=1)
        return AtomPredictions(
            classes=np.array(self.classes)[best],
            probability=probabilities[np.arange(len(best)), best],
            probabilities=probabilities,
            names=self.classes,
            warnings=tuple(disorder_warnings(crystal)),
            provenance=self.provenance,
        )

    def predict_features(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, k) calibrated probabilities, mean over the ensemble, for neighbourhoods (n, n_features)."""
        logits = []
        for start in range(0, len(features), BATCH):
            part = features[start : start + BATCH]
            filled = np.zeros((BATCH, features.shape[1]), dtype=np.float32)
            filled[: len(part)] = part
            logits.append(self._network.run(["logits"], {"order": filled})[0][: len(part)])
        return ensemble_probabilities(np.concatenate(logits), self.manifest.temperature)

    def _answer(self, crystal: Crystal) -> Prediction:
        raise UnsupportedInputError(
            "this model labels atoms and has no label for the whole structure",
            source=crystal.source,
            frame=crystal.frame,
            remedy="call predict_atoms, or load another model such as crystal-class",
        )
