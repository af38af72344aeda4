"""Crystals in, predictions out: descriptor and network, one crystal at a time, in as many threads as wanted."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint._version import __version__
from xtalprint.compute import map_ordered
from xtalprint.crystal import Crystal
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.errors import InternalError, ModelError, XtalprintError, not_a_crystal
from xtalprint.geometry import space_group_number, was_standardised
from xtalprint.models.known import diffuse_share, is_known
from xtalprint.models.prediction import Prediction
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from xtalprint.descriptors.base import Descriptor
    from xtalprint.models.manifest import Manifest

#: ONNX Runtime's level for messages on stderr: errors only.
LOG_ERRORS = 3


class CrystalClassifier:
    """A trained network with the descriptor it was trained on.

    The network sees one image at a time, in one thread, so that an answer depends on nothing but its crystal: it is
    the same bit for bit whatever the number of threads, the order, and the company it came in. Several crystals are
    worked on at once instead.

    Parameters
    ----------
    manifest
        What is written down about the model.
    weights
        Its ONNX file, already checked against the manifest.
    """

    def __init__(self, manifest: Manifest, weights: bytes) -> None:
        self.manifest = manifest
        self.descriptor: Descriptor = _descriptor(manifest)
        self._network = _session(weights)
        self._outputs = ["logits", "distance"] if manifest.known is not None else ["logits"]
        self._provenance = {
            "model": manifest.name,
            "model_version": manifest.version,
            "weights_sha256": manifest.weights.onnx.sha256,
            "package_version": __version__,
        }

    def __repr__(self) -> str:
        return f"CrystalClassifier({self.manifest.name} {self.manifest.version}, classes={', '.join(self.classes)})"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the network's outputs."""
        return self.manifest.classes

    @property
    def provenance(self) -> Mapping[str, str]:
        """Model name and version, SHA-256 of the weights, package version."""
        return dict(self._provenance)

    def predict(
        self, crystals: Crystal | XtalprintError | Iterable[Crystal | XtalprintError], *, threads: int | None = None
    ) -> list[Prediction]:
        """Classify one crystal or many.

        Parameters
        ----------
        crystals
            A crystal or several. An error in the place of a crystal, as `xtalprint.io.iter_read` gives for a frame
            that it could not read, becomes its record.
        threads
            Number of crystals worked on at once; None means all cores this process may use.

        Returns
        -------
        One prediction for each, in the same order; a list for a single crystal too. What cannot be classified has
        the status ``"error"`` and says why.
        """
        single = isinstance(crystals, (Crystal, XtalprintError, str, PathLike))
        items: Any = [crystals] if single else crystals
        return list(self.predict_iter(items, threads=threads))

    def predict_iter(
        self, crystals: Iterable[Crystal | XtalprintError], *, threads: int | None = None
    ) -> Iterator[Prediction]:
        """Classify a stream: predictions come in the order of the crystals, as soon as they are ready.

        Memory does not grow with the length of the stream.
        """
        return map_ordered(self._predict_one, crystals, threads=threads)

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

    def _predict_one(self, crystal: object) -> Prediction:
        if isinstance(crystal, XtalprintError):
            return Prediction.failure(crystal, self._provenance)
        if not isinstance(crystal, Crystal):
            return Prediction.failure(
                not_a_crystal(crystal),
                self._provenance,
            )
        try:
            return self._answer(crystal)
        except XtalprintError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - one crystal must not stop the others
            failure = InternalError.of(error)
        return Prediction.failure(failure.located(source=crystal.source, frame=crystal.frame), self._provenance)

    def _second_opinion(self, crystal: Crystal, answer: str) -> list[str]:
        """Say so if the symmetry search that found the axes of the image found the space group of another class."""
        warnings = []
        if crystal.is_ordered and len(np.unique(crystal.numbers)) > 1:
            warnings.append("several elements: the class is that of the lattice of equal atoms that they resemble")
        symprec = float(self.manifest.descriptor["symprec"])
        if crystal.cell is None or not all(crystal.pbc) or not was_standardised(crystal, symprec=symprec):
            return warnings
        number = space_group_number(crystal, symprec=symprec)
        of_group = CLASS_OF_SPACE_GROUP.get(number)
        if of_group == answer:
            return warnings
        belongs = "which belongs to none of the classes" if of_group is None else f"that of class {of_group}"
        return [*warnings, f"the symmetry search at {symprec} Å finds space group {number}, {belongs}"]

    def _answer(self, crystal: Crystal) -> Prediction:
        fingerprint = self.descriptor.compute(crystal)
        image = fingerprint.array
        probabilities, distance = self.predict_image(image)
        best = int(probabilities.argmax())
        rule = self.manifest.known
        return Prediction(
            status="ok",
            source=crystal.source,
            frame=crystal.frame,
            crystal_class=self.classes[best],
            probability=float(probabilities[best]),
            probabilities=dict(zip(self.classes, probabilities.tolist(), strict=True)),
            known=None if rule is None or distance is None else is_known(rule, distance, diffuse_share(image)),
            warnings=(*fingerprint.warnings, *self._second_opinion(crystal, self.classes[best])),
            provenance=self.provenance,
        )


def _descriptor(manifest: Manifest) -> Descriptor:
    parameters = dict(manifest.descriptor)
    name = parameters.pop("descriptor", None)
    if name != DiffractionImage.__name__:
        raise ModelError(
            "the model was trained on a descriptor that this version does not have",
            source=manifest.name,
            value=name,
            remedy=f"use xtalprint {manifest.package_version} or later",
        )
    # JSON has no tuples; the frozen parameters of a descriptor are tuples.
    descriptor: Descriptor = DiffractionImage(**{key: _tuples(value) for key, value in parameters.items()})
    return descriptor


def _tuples(value: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value


def _session(weights: bytes) -> Any:  # noqa: ANN401 - onnxruntime has no type information
    import onnxruntime  # noqa: PLC0415 - 0.1 s

    onnxruntime.set_default_logger_severity(LOG_ERRORS)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = LOG_ERRORS
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
