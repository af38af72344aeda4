"""What is written down about a trained model: the schema of the JSON file beside its weights."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xtalprint.errors import ModelError


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


class EvidenceTable(_Strict):
    """How much the findings of a symmetry search are worth, see `xtalprint.models.symmetry_evidence`."""

    #: In bond lengths.
    tolerances: tuple[float, ...]
    #: Sites of a primitive cell that part the ranges of sizes.
    sizes: tuple[int, ...]
    #: Power of the networks' probabilities where nothing is found, and for each range of sizes.
    trust: tuple[float, ...]
    #: For each tolerance, finding and output: what is added to the logarithm of the probability.
    weights: tuple[tuple[tuple[float, ...], ...], ...]


class TrainingRecord(_Strict):
    """How the weights came about."""

    command: str
    config: dict[str, Any]
    data: dict[str, Any]
    versions: dict[str, str]
    seconds: dict[str, float]
    finished: str


class Manifest(_Strict):
    """Everything that is known about a model. `xtalprint.models.card` turns it into the page for people."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+(-[a-z0-9.]+)?$")
    summary: str
    architecture: str
    classes: tuple[str, ...] = Field(min_length=2)
    #: What the classes are: lattices that elements are not looked at for, or prototypes.
    answers: Literal["class", "prototype"] = "class"
    descriptor: dict[str, Any]
    weights: Weights
    #: Page for people, beside the weights.
    card: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.md$")
    temperature: float = Field(default=1.0, gt=0)
    known: KnownRule | KnownOutput | None
    evidence: EvidenceTable | None = None
    metrics: dict[str, Any]
    training: TrainingRecord
    intended_use: tuple[str, ...] = Field(min_length=1)
    out_of_scope: tuple[str, ...] = Field(min_length=1)
    limitations: tuple[str, ...] = Field(min_length=1)
    reference: str
    licence: str
    package_version: str

    @classmethod
    def parse(cls, text: str | bytes, *, source: str) -> Manifest:
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
