"""The cell-free classifier: bond-orientational order and an ensemble of small networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.errors import ModelError
from xtalprint.models.answering import AnsweringModel, notice_of_elements, onnx_session
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.ensemble import member_probabilities, of_classes
from xtalprint.models.manifest import KnownOutput
from xtalprint.models.prediction import Prediction
from xtalprint.models.symmetry_evidence import SIZES, TOLERANCES, find_evidence, marks_of, objections, weighed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.models.manifest import Manifest

#: Fewer sites without a cell than the model was made for.
FEWEST_SITES = 60


class BondOrderClassifier(AnsweringModel):
    """An ensemble of networks with the bond-orientational order they were trained on.

    Parameters
    ----------
    manifest
        What is written down about the model.
    weights
        Its ONNX file, already checked against the manifest.
    """

    def __init__(self, manifest: Manifest, weights: bytes) -> None:
        super().__init__(manifest)
        if not isinstance(manifest.known, KnownOutput):
            raise ModelError("the model does not say when an input is of none of the classes", source=manifest.name)
        self._rule = manifest.known
        if manifest.evidence and (manifest.evidence.tolerances, manifest.evidence.sizes) != (TOLERANCES, SIZES):
            raise ModelError(
                "the model weighs a symmetry search that this version does not make",
                source=manifest.name,
                value=(manifest.evidence.tolerances, manifest.evidence.sizes),
                remedy=f"use xtalprint {manifest.package_version}",
            )
        self._names_prototypes = manifest.answers == "prototype"
        given = {key: value for key, value in manifest.descriptor.items() if key != "descriptor"}
        self.descriptor = BondOrientationalOrder(**given)
        self._network = onnx_session(weights)

    def predict_order(self, array: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Answer of the ensemble for one fingerprint.

        Parameters
        ----------
        array
            (19, n) or (38, n), as the model's descriptor makes it.

        Returns
        -------
        (members, classes + 1) calibrated probabilities of each network; the last is that of none of the classes.
        """
        logits = self._network.run(["logits"], {"order": network_input(array[None])})[0][0]
        return member_probabilities(logits, self.manifest.temperature)

    def _answer(self, crystal: Crystal) -> Prediction:
        fingerprint, length = self.descriptor.compute_with_length(crystal)
        members = self.predict_order(fingerprint.array)
        mean = members.mean(axis=0)
        findings = find_evidence(crystal, length) if self.manifest.evidence else ()
        if self.manifest.evidence:
            mean = weighed(mean[None], np.array([marks_of(findings)]), self.manifest.evidence)[0]
        probabilities = of_classes(mean)
        best = int(probabilities.argmax())
        answer = self.classes[best]
        return Prediction(
            status="ok",
            source=crystal.source,
            frame=crystal.frame,
            crystal_class=answer,
            probability=float(probabilities[best]),
            probabilities=dict(zip(self.classes, probabilities.tolist(), strict=True)),
            prototype=answer if self._names_prototypes else None,
            known=bool(mean[-1] <= self._rule.probability),
            probability_none=float(mean[-1]),
            warnings=(
                *fingerprint.warnings,
                *_smallness(crystal),
                *_disagreement(of_classes(members), best),
                *([] if self._names_prototypes else notice_of_elements(crystal)),
                *objections(findings, answer),
            ),
            provenance=self.provenance,
        )


def _smallness(crystal: Crystal) -> list[str]:
    if any(crystal.pbc) or crystal.n_sites >= FEWEST_SITES:
        return []
    return [f"{crystal.n_sites} sites without a cell: fewer than the {FEWEST_SITES} that the accuracy is known for"]


def _disagreement(members: NDArray[np.float64], best: int) -> list[str]:
    """Say so if not all networks of the ensemble give the same answer."""
    others = int((members.argmax(axis=1) != best).sum())
    return (
        [f"{others} of {len(members)} networks {'answers' if others == 1 else 'answer'} otherwise"] if others else []
    )
