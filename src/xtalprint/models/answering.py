"""Crystals in, predictions out, one crystal at a time, in as many threads as wanted: what all classifiers share."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import WrongUsageError
from xtalprint.geometry import bond_length, central_block, space_group_number, was_standardised
from xtalprint.models.prediction import Prediction
from xtalprint.models.stoichiometry import objections_of_stoichiometry
from xtalprint.models.trained import TrainedModel
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.models.atom_classifier import AtomPredictions
    from xtalprint.models.manifest import Manifest

#: ONNX Runtime's level for messages on stderr: errors only.
LOG_ERRORS = 3
#: Bond lengths (Å) of crystals lie between these: hydrogen molecules have 0.74, solid xenon has 4.3.
SHORTEST, LONGEST = 0.5, 8.0
#: With a cube root of the volume of each site (Å) between these no bond length is beyond `LONGEST`, as the densest
#: packing has 2^(1/6) times it, and one below `SHORTEST` needs pairs of atoms in each other.
ORDINARY = (1.0, 7.0)
#: Of a larger crystal so many atoms from its middle are measured.
SAMPLE = 2000


class AnsweringModel(TrainedModel[Prediction]):
    """A trained network with the descriptor it was trained on.

    The network sees one crystal at a time, in one thread, so that an answer depends on nothing but its crystal: it is
    the same bit for bit whatever the number of threads, the order, and the company it came in. Several crystals are
    worked on at once instead.

    Parameters
    ----------
    manifest
        What is written down about the model.
    """

    #: Whether it labels atoms, by `predict_atoms`, rather than whole structures.
    labels_atoms = False

    def __init__(self, manifest: Manifest) -> None:
        super().__init__(manifest.name, manifest.version, manifest.weights.onnx.sha256)
        self.manifest = manifest

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}({self.manifest.name} {self.manifest.version}, classes={', '.join(self.classes)})"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the network's outputs."""
        return self.manifest.classes

    def predict_atoms(self, crystal: Crystal) -> AtomPredictions:
        """Classify every atom of one crystal; a `WrongUsageError` if the model labels whole structures."""
        raise WrongUsageError(
            f"{self.manifest.name} has one label for the whole structure and none for its atoms",
            source=crystal.source,
            remedy="load atom-class",
        )

    @abstractmethod
    def _answer(self, crystal: Crystal) -> Prediction:
        """Classify one crystal; raises `XtalprintError` if that is not possible."""

    def _complete_answer(self, crystal: Crystal) -> Prediction:
        return _looked_over(crystal, self._answer(crystal))

    def _failure(self, error: XtalprintError) -> Prediction:
        return Prediction.failure(error, self._provenance)


def _looked_over(crystal: Crystal, answer: Prediction) -> Prediction:
    """Add what no network knows: how far apart atoms can be, and which elements a prototype can have."""
    misfits = [] if answer.prototype is None else objections_of_stoichiometry(crystal, answer.prototype)
    warnings = (*answer.warnings, *notice_of_distances(crystal), *misfits)
    return replace(answer, known=False if misfits else answer.known, warnings=warnings)


def notice_of_distances(crystal: Crystal) -> list[str]:
    """Say so if the bond length is one that no two atoms have: the answers do not depend on the unit of length."""
    if all(crystal.pbc) and ORDINARY[0] <= np.cbrt(crystal.volume / crystal.n_sites) <= ORDINARY[1]:
        return []  # no need to measure it
    sample = crystal if len(crystal) <= SAMPLE else central_block(crystal, n_atoms=SAMPLE)
    length = bond_length(sample, method="robust")
    if SHORTEST <= length <= LONGEST:
        return []
    apart = "so near each other" if length < SHORTEST else "so far apart"
    return [f"the bond length is {length:.3g} Å; atoms of a crystal are not {apart}: check the unit of length"]


def notice_of_elements(crystal: Crystal) -> list[str]:
    """Say so if there are several elements, which the classes do not know."""
    if crystal.is_ordered and len(np.unique(crystal.numbers)) > 1:
        return ["several elements: the class is that of the lattice of equal atoms that they resemble"]
    return []


def second_opinion(crystal: Crystal, answer: str, *, symprec: float) -> list[str]:
    """Say so if there are several elements, or a symmetry search finds the space group of another class.

    Where it finds no symmetry within ``symprec`` (Å), as under noise, it has no opinion.
    """
    warnings = notice_of_elements(crystal)
    if crystal.cell is None or not all(crystal.pbc) or not was_standardised(crystal, symprec=symprec):
        return warnings
    number = space_group_number(crystal, symprec=symprec)
    of_group = CLASS_OF_SPACE_GROUP.get(number)
    if of_group == answer:
        return warnings
    belongs = "which belongs to none of the classes" if of_group is None else f"that of class {of_group}"
    return [*warnings, f"the symmetry search at {symprec} Å finds space group {number}, {belongs}"]


def onnx_session(weights: bytes) -> Any:  # noqa: ANN401 - onnxruntime has no type information
    """Open a network that answers one crystal at a time, in one thread, the same way each time."""
    import onnxruntime  # noqa: PLC0415 - 0.1 s

    onnxruntime.set_default_logger_severity(LOG_ERRORS)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = LOG_ERRORS
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
