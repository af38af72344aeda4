"""What is written down about a trained model: the schema of the JSON file beside its weights."""

from __future__ import annotations

from typing import Any, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xtalprint.errors import ModelError

#: One number, or an array of them.
Numbers = TypeVar("Numbers", float, NDArray[np.float64])


#: Ways of parting crystals into folds: at random, and so that no formula is in two folds.
RANDOM, BY_FORMULA = SPLITS = ("random", "by formula")
#: Part of a model's answer: the mean of the kernel's and that of the networks.
BOTH = "both"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_min_length=1)


class FileRecord(_Strict):
    """A file of the model, relative to the folder of the manifest."""

    path: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)


class Weights(_Strict):
    """The two forms of the weights: ONNX is what answers, safetensors is what training continues from."""

    onnx: FileRecord
    safetensors: FileRecord


class KnownRule(_Strict):
    """When an input counts as one of the classes: both its distance and its diffuse share are small enough."""

    method: str
    #: Largest Mahalanobis distance of the features from the nearest centre.
    distance: float = Field(gt=0)
    #: Largest mean of the image, whose brightest pixel is 1: Bragg peaks are few, diffuse scattering is everywhere.
    diffuse: float = Field(gt=0)
    calibration: str
    kept_known: dict[str, float]
    auroc: dict[str, float]


class KnownOutput(_Strict):
    """When an input counts as one of the classes: the network's own probability of "none" is small enough."""

    method: str
    #: Largest probability of "none of the classes".
    probability: float = Field(gt=0, lt=1)
    calibration: str
    kept_known: dict[str, float]
    auroc: dict[str, float]
    #: Share of inputs of no class that are called known, when 95 % of the classes are.
    false_alarms: dict[str, float]


class CloserSearch(_Strict):
    """Tolerances of a closer symmetry search in bond lengths, see `xtalprint.models.symmetry_evidence`."""

    #: Within which copies of a site are looked for, one after the other.
    copies: tuple[float, ...]
    #: At which almost-cubic crystals are looked at once more.
    decisive: float


class EvidenceTable(_Strict):
    """How much the findings of a symmetry search are worth, see `xtalprint.models.symmetry_evidence`."""

    #: In bond lengths; of the atoms' own lattice in units of its error.
    tolerances: tuple[float, ...]
    #: How almost-copies in large boxes and almost-cubic crystals are looked at more closely; None if they are not.
    closer: CloserSearch | None = None
    #: Sites of a primitive cell that part the ranges of sizes.
    sizes: tuple[int, ...]
    #: Power of the networks' probabilities where nothing is found, and for each range of sizes.
    trust: tuple[float, ...]
    #: For each tolerance, finding and output: what is added to the logarithm of the probability.
    weights: tuple[tuple[tuple[float, ...], ...], ...]


class OwnAxesTable(_Strict):
    """The same for the atoms' own lattice, and when it is looked for, see `xtalprint.models.own_axes_evidence`."""

    table: EvidenceTable
    #: Only if no output has this probability without it.
    sure: float = Field(gt=0, le=1)


class TrainingRecord(_Strict):
    """How the weights came about."""

    command: str
    config: dict[str, Any]
    data: dict[str, Any]
    versions: dict[str, str]
    seconds: dict[str, float]
    finished: str


class Description(_Strict):
    """What is written down about every model."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+(-[a-z0-9.]+)?$")
    summary: str
    architecture: str
    descriptor: dict[str, Any]
    #: Page for people, beside the weights.
    card: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.md$")
    metrics: dict[str, Any]
    training: TrainingRecord
    intended_use: tuple[str, ...] = Field(min_length=1)
    out_of_scope: tuple[str, ...] = Field(min_length=1)
    limitations: tuple[str, ...] = Field(min_length=1)
    reference: str
    licence: str
    package_version: str

    @property
    def headline(self) -> str:
        """How good it is, in a few words."""
        raise NotImplementedError

    @classmethod
    def parse(cls, text: str | bytes, *, source: str) -> Self:
        """Read the JSON text of a manifest.

        Raises
        ------
        ModelError
            If a field is missing, unknown or of the wrong kind.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the whole file"
            raise ModelError(
                f"the model's description is not valid at {place}: {first['msg']}",
                source=source,
                remedy="take the complete folder of a finished training run, or install xtalprint again",
            ) from error


class Manifest(Description):
    """Everything that is known about a classifier. `xtalprint.models.card` turns it into the page for people."""

    classes: tuple[str, ...] = Field(min_length=2)
    #: What the classes are: lattices that elements are not looked at for, or prototypes.
    answers: Literal["class", "prototype"] = "class"
    weights: Weights
    temperature: float = Field(default=1.0, gt=0)
    known: KnownRule | KnownOutput | None
    evidence: EvidenceTable | None = None
    own_axes: OwnAxesTable | None = None

    @property
    def headline(self) -> str:
        """Accuracy on the test part."""
        return f"test accuracy {100 * self.metrics['test']['accuracy']:.2f} %"


class IntervalRule(_Strict):
    """How wide an interval is; see `half_width`."""

    level: float = Field(gt=0, lt=1)
    constant: float = Field(ge=0)
    disagreement: float = Field(ge=0)
    remoteness: float = Field(ge=0)
    softness: float = Field(ge=0)
    factor: float = Field(gt=0)
    #: log10 of a modulus in GPa from which on softness has no part in the width.
    stiff: float

    def half_width(self, value: Numbers, disagreement: Numbers, distance: Numbers) -> Numbers:
        """Half of an interval: factor · (constant + disagreement · s + remoteness · d + softness · b) of log10.

        Parameters
        ----------
        value
            log10 of the answer; b is how far it is below `stiff`.
        disagreement
            s, the standard deviation of the answers of all parts.
        distance
            d, that from the nearest known crystal.
        """
        scale = self.constant + self.disagreement * disagreement + self.remoteness * distance
        below: Numbers = np.maximum(0.0, self.stiff - value)
        return self.factor * (scale + self.softness * below)


class FarRule(_Strict):
    """When a crystal is far from all that were learned from."""

    #: Distance from the nearest known crystal, and the share of known crystals that have another one as near.
    distance: float = Field(gt=0)
    share: float = Field(gt=0, lt=1)
    #: Nearer than this, it is probably one of them.
    same: float = Field(gt=0)


class PropertyFiles(_Strict):
    """The two files of a model of properties, NumPy archives that are read without pickle."""

    weights: FileRecord
    known: FileRecord


class PropertyManifest(Description):
    """Everything that is known about a model of elastic moduli."""

    #: Names of the properties, and their intervals.
    properties: dict[str, IntervalRule] = Field(min_length=1)
    unit: str
    files: PropertyFiles
    far: FarRule

    @property
    def errors(self) -> dict[str, float]:
        """Mean absolute error by property, in folds that no formula is shared by."""
        return {name: self.metrics[name][BY_FORMULA]["errors"][BOTH]["MAE, GPa"] for name in self.properties}

    @property
    def headline(self) -> str:
        """Errors on new formulas."""
        told = ", ".join(f"{name} {error:.1f}" for name, error in self.errors.items())
        return f"mean error, {self.unit}: {told}"


class Question(_Strict):
    """What is asked, and how its probabilities are made honest."""

    classes: tuple[str, ...] = Field(min_length=2)
    #: In words; and what a person should know before relying on an answer.
    meaning: str
    caveat: str
    temperature: float = Field(gt=0)
    #: Question whose crystals were nearly the same, and which says what is far from them.
    far_by: str


class FarInput(_Strict):
    """When an input is far from those that were learned from."""

    #: Mahalanobis distance of the input from the nearest of them, and the share of others like them within it.
    distance: float = Field(gt=0)
    share: float = Field(gt=0, lt=1)
    #: So many of those learned from lie far apart and cover the others; along so many directions.
    examples: int = Field(ge=1)
    directions: int = Field(ge=1)


class QuestionsManifest(Description):
    """Everything that is known about a model of property classes."""

    questions: dict[str, Question] = Field(min_length=1)
    weights: Weights
    far: dict[str, FarInput]

    @property
    def areas(self) -> dict[str, float]:
        """Area under the curve by question, on new formulas."""
        return {name: self.metrics[name][BY_FORMULA]["auc"] for name in self.questions}

    @property
    def headline(self) -> str:
        """The same in words."""
        return "AUC on new formulas: " + ", ".join(f"{name} {area:.3f}" for name, area in self.areas.items())
