"""Crystal system, metal, stable and stiff: networks on the diffraction of a crystal that no cell or axes enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import ModelError, UnsupportedInputError
from xtalprint.geometry.primitive import without_copies
from xtalprint.models.answering import notice_of_distances, onnx_session
from xtalprint.models.ensemble import ensemble_probabilities
from xtalprint.models.genome_invariants import GenomeInvariants
from xtalprint.models.property_class_prediction import QUESTIONS, ClassAnswer, PropertyClassPrediction
from xtalprint.models.solids import check_solid, check_touching, notice_of_vacuum, shortest_bond
from xtalprint.models.trained import TrainedModel

if TYPE_CHECKING:
    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.models.manifest import QuestionsManifest

#: Input of the graph. The logits of a question are named after it, and so is the distance from its crystals.
GIVEN = "invariants"


#: Larger cells have more reflections than are summed up; some 10,000 atoms.
MOST_VOLUME = 1e5


def distance_name(question: str) -> str:
    """Output of the graph with the distance from the crystals of a question."""
    return f"distance of {question}"


def _of_bounded_volume(crystal: Crystal) -> Crystal:
    """The crystal itself, or the primitive cell of a large supercell."""
    if crystal.volume <= MOST_VOLUME:
        return crystal
    smaller = without_copies(crystal)
    if smaller.volume <= MOST_VOLUME:
        return smaller
    raise UnsupportedInputError(
        f"the primitive cell has more than {MOST_VOLUME:,.0f} Å³",
        source=crystal.source,
        frame=crystal.frame,
        value=f"{smaller.volume:,.0f} Å³, {len(smaller):,} atoms",
        remedy="give a smaller cell; of a noisy box the crystal that it is a snapshot of, relaxed or averaged",
    )


class PropertyClassModel(TrainedModel[PropertyClassPrediction]):
    """An ensemble of networks for each question, and the input that all of them see.

    Parameters
    ----------
    manifest
        What is written down about the model.
    weights
        Its ONNX file, already checked against the manifest.

    Raises
    ------
    ModelError
        If it answers other questions.
    """

    def __init__(self, manifest: QuestionsManifest, weights: bytes) -> None:
        super().__init__(manifest.name, manifest.version, manifest.weights.onnx.sha256)
        self.manifest = manifest
        if unknown := set(manifest.questions) ^ set(QUESTIONS):
            raise ModelError(
                "the model answers other questions", source=manifest.name, value=", ".join(sorted(unknown))
            )
        given = {key: value for key, value in manifest.descriptor.items() if key != "descriptor"}
        self.descriptor = GenomeInvariants(**given)
        self._network = onnx_session(weights)

    def __repr__(self) -> str:
        """Name, version and questions."""
        return (
            f"PropertyClassModel({self.manifest.name} {self.manifest.version}, {', '.join(self.manifest.questions)})"
        )

    def _complete_answer(self, crystal: Crystal) -> PropertyClassPrediction:
        check_solid(crystal, asked="property of a solid")
        check_touching(crystal, shortest_bond(crystal))
        seen = self.descriptor.compute(_of_bounded_volume(crystal)).astype(np.float32)[None]
        places = list(self.manifest.far)
        outputs = self._network.run([*QUESTIONS, *map(distance_name, places)], {GIVEN: seen})
        logits, distances = outputs[: len(QUESTIONS)], [float(found) for [found] in outputs[len(QUESTIONS) :]]
        far = {place: self._remoteness(place, found) for place, found in zip(places, distances, strict=True)}
        emptiness = notice_of_vacuum(crystal)
        answers = {}
        for name, [of_members] in zip(QUESTIONS, logits, strict=True):
            question = self.manifest.questions[name]
            mean = ensemble_probabilities(of_members, question.temperature).tolist()
            warnings = far[question.far_by]
            answers[name] = ClassAnswer(
                dict(zip(question.classes, mean, strict=True)), not (emptiness or warnings), warnings
            )
        return PropertyClassPrediction(
            status="ok",
            source=crystal.source,
            frame=crystal.frame,
            answers=answers,
            warnings=(*emptiness, *notice_of_distances(crystal)),
            provenance=self.provenance,
        )

    def _failure(self, error: XtalprintError) -> PropertyClassPrediction:
        return PropertyClassPrediction.failure(error, self._provenance)

    def _remoteness(self, question: str, distance: float) -> tuple[str, ...]:
        far = self.manifest.far[question]
        if distance <= far.distance:
            return ()
        share = f"{100 * far.share:g} % of others like them are within {far.distance:.1f}"
        apart = f"at {distance:.1f} standard deviations from the nearest example"
        return (f"unlike what the model learned from: {apart}; {share}",)
