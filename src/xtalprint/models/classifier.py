"""The image network as a classifier: diffraction image and ConvNet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.errors import ModelError
from xtalprint.models.answering import AnsweringModel, onnx_session, second_opinion
from xtalprint.models.known import diffuse_share, is_known
from xtalprint.models.manifest import KnownRule
from xtalprint.models.prediction import Prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.models.manifest import Manifest


class CrystalClassifier(AnsweringModel):
    """A trained network with the diffraction image it was trained on.

    Parameters
    ----------
    manifest
        What is written down about the model.
    weights
        Its ONNX file, already checked against the manifest.
    """

    def __init__(self, manifest: Manifest, weights: bytes) -> None:
        super().__init__(manifest)
        if isinstance(manifest.known, KnownRule) or manifest.known is None:
            self._rule = manifest.known
        else:
            raise ModelError("the rule for “known” is not that of an image network", source=manifest.name)
        # JSON has no tuples; the frozen parameters of a descriptor are tuples.
        given = {key: _tuples(value) for key, value in manifest.descriptor.items() if key != "descriptor"}
        self.descriptor = DiffractionImage(**given)
        self._network = onnx_session(weights)
        self._outputs = ["logits", "distance"] if self._rule is not None else ["logits"]

    def predict_image(self, image: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float64], float | None]:
        """Answer of the network for one diffraction image.

        Parameters
        ----------
        image
            (3, 64, 64), as the model's descriptor makes it.

        Returns
        -------
        Probability of each class, and the distance from the training set, if the model measures it.
        """
        answer = self._network.run(self._outputs, {"image": np.ascontiguousarray(image, dtype=np.float32)[None]})
        logits = answer[0][0].astype(np.float64) / self.manifest.temperature
        weights = np.exp(logits - logits.max())
        return weights / weights.sum(), float(answer[1][0]) if len(answer) > 1 else None

    def features(self, image: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Penultimate layer (128,) for one diffraction image (3, 64, 64)."""
        answer = self._network.run(["features"], {"image": np.ascontiguousarray(image, dtype=np.float32)[None]})
        features: NDArray[np.float32] = answer[0][0]
        return features

    def _answer(self, crystal: Crystal) -> Prediction:
        fingerprint = self.descriptor.compute(crystal)
        image = fingerprint.array
        probabilities, distance = self.predict_image(image)
        best = int(probabilities.argmax())
        rule = self._rule
        return Prediction(
            status="ok",
            source=crystal.source,
            frame=crystal.frame,
            crystal_class=self.classes[best],
            probability=float(probabilities[best]),
            probabilities=dict(zip(self.classes, probabilities.tolist(), strict=True)),
            known=None if rule is None or distance is None else is_known(rule, distance, diffuse_share(image)),
            warnings=(
                *fingerprint.warnings,
                *second_opinion(crystal, self.classes[best], symprec=self.descriptor.symprec),
            ),
            provenance=self.provenance,
        )


def _tuples(value: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
