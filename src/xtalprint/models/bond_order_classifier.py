"""The cell-free classifier: bond-orientational order and an ensemble of small networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.errors import ModelError
from xtalprint.models.answering import AnsweringModel, onnx_session, second_opinion
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.ensemble import member_probabilities, of_classes
from xtalprint.models.manifest import KnownOutput
from xtalprint.models.prediction import Prediction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.models.manifest import Manifest

#: Tolerance in Å of the symmetry search whose opinion is asked beside the network's.
SYMPREC = 0.1
#: Larger cells are boxes rather than unit cells; the search would take longer than the rest, and finds nothing where
#: atoms are shaken or missing.
MOST_SITES = 128
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
        fingerprint = self.descriptor.compute(crystal)
        members = self.predict_order(fingerprint.array)
        mean = members.mean(axis=0)
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
            warnings=(
                *fingerprint.warnings,
                *_smallness(crystal),
                *_disagreement(of_classes(members), best),
                *self._second_opinion(crystal, answer),
            ),
            provenance=self.provenance,
        )

    def _second_opinion(self, crystal: Crystal, answer: str) -> list[str]:
        """What a symmetry search says; the space group of a crystal does not tell its prototype."""
        if self._names_prototypes:
            return []
        return second_opinion(crystal, answer, symprec=SYMPREC, most_sites=MOST_SITES)


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
