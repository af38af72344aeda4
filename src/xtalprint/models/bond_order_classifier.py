"""The cell-free classifier: bond-orientational order and an ensemble of small networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.bond_orientational_order import MOST_SITES, BondOrientationalOrder
from xtalprint.errors import ModelError, NothingSeenError
from xtalprint.geometry import bond_length
from xtalprint.geometry.primitive import without_copies
from xtalprint.geometry.vacuum import thickness, without_vacuum
from xtalprint.models.answering import AnsweringModel, notice_of_elements, onnx_session
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.ensemble import member_probabilities, of_classes
from xtalprint.models.manifest import KnownOutput
from xtalprint.models.own_axes_evidence import ERRORS, believed, find_own_evidence, is_in_doubt, is_settled
from xtalprint.models.prediction import Prediction
from xtalprint.models.symmetry_evidence import (
    CLOSER,
    SIZES,
    TOLERANCES,
    find_evidence,
    marks_of,
    nearly,
    objections,
    weighed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.geometry.vacuum import Vacuum
    from xtalprint.models.manifest import Manifest

#: Fewer sites without a cell than the model was made for: whether they are one of the classes at all is not said.
FEWEST_SITES = 60
#: What is thinner than so many bond lengths in a vacuum is a sheet or wire, hence none of the classes, so probably.
THIN, NONE_IF_THIN = 3.0, 0.999


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
        for table, tolerances in (
            (manifest.evidence, TOLERANCES),
            (manifest.own_axes and manifest.own_axes.table, ERRORS),
        ):
            if table and (
                (table.tolerances, table.sizes) != (tolerances, SIZES) or table.closer not in {None, CLOSER}
            ):
                raise ModelError(
                    "the model weighs a symmetry search that this version does not make",
                    source=manifest.name,
                    value=(table.tolerances, table.sizes, table.closer),
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

    def _seen(self, crystal: Crystal, *, periodic: bool) -> tuple[NDArray[np.float64], float, Sequence[str]]:
        """Answer of each network, the bond length in Å, and warnings; where nothing is seen, that it is none."""
        try:
            fingerprint, length = self.descriptor.compute_with_length(crystal)
        except NothingSeenError as error:
            if not periodic:
                raise
            none = np.zeros((1, len(self.classes) + 1))
            none[:, -1] = 1.0
            return none, bond_length(crystal, method="robust"), [f"{error.problem}: the networks see nothing"]
        return self.predict_order(fingerprint.array), length, fingerprint.warnings

    def _answer(self, crystal: Crystal) -> Prediction:
        given = crystal
        crystal, vacuum = without_vacuum(crystal)
        if crystal.n_sites > MOST_SITES:
            # So that the fingerprint and the search see a perfect supercell of any size as its cell.
            crystal = without_copies(crystal, elements=self.descriptor.species)
        members, length, warnings = self._seen(crystal, periodic=any(given.pbc))
        mean = of_networks = members.mean(axis=0)
        table = self.manifest.evidence
        findings = find_evidence(crystal, length, closer=table.closer is not None) if table else ()
        marks = np.array([marks_of(findings)])
        if table:
            mean = weighed(mean[None], marks, table)[0]
        own = self.manifest.own_axes
        if own and not is_settled(findings) and is_in_doubt(of_networks, mean, own.sure):
            own_marks = np.array([marks_of(find_own_evidence(crystal, length))])
            base = believed(of_networks[None], mean[None], marks, own_marks)
            mean = weighed(base, own_marks, own.table)[0]
        least = thickness(crystal) if vacuum is None else min(vacuum.matter, thickness(crystal))
        thin = least < THIN * length
        if thin:
            mean = np.append(of_classes(mean) * (1 - NONE_IF_THIN), NONE_IF_THIN)
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
            known=None if _is_too_small(crystal) else bool(mean[-1] <= self._rule.probability),
            probability_none=float(mean[-1]),
            probability_spread=float(of_classes(members)[:, best].std()),
            warnings=(
                *_emptiness(vacuum, least if thin else None),
                *warnings,
                *_smallness(crystal),
                *_disagreement(of_classes(members), best),
                *([] if self._names_prototypes else notice_of_elements(given)),
                *objections(findings, answer),
                *nearly(crystal, length, findings, answer),
            ),
            provenance=self.provenance,
        )


def _emptiness(vacuum: Vacuum | None, thin: float | None) -> list[str]:
    sheet = None if thin is None else f"{thin:.2g} Å thick, which is no lattice of three dimensions"
    if vacuum is None:
        return [] if sheet is None else [sheet]
    return [f"{vacuum}: what stands in it is {sheet or 'seen as finite there'}"]


def _is_too_small(crystal: Crystal) -> bool:
    return not any(crystal.pbc) and crystal.n_sites < FEWEST_SITES


def _smallness(crystal: Crystal) -> list[str]:
    if any(crystal.pbc) or crystal.n_sites >= FEWEST_SITES:
        return []
    return [f"{crystal.n_sites} sites without a cell: fewer than the {FEWEST_SITES} that the accuracy is known for"]


def _disagreement(members: NDArray[np.float64], best: int) -> list[str]:
    """Say so if not all networks of the ensemble give the same answer."""
    others = int((members.max(axis=1) > members[:, best]).sum())
    return (
        [f"{others} of {len(members)} networks {'answers' if others == 1 else 'answer'} otherwise"] if others else []
    )
