"""Everything that determines a training run, validated before it starts."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.errors import WrongUsageError
from xtalprint.models.architecture import IMAGE_SHAPE

if TYPE_CHECKING:
    from pathlib import Path


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataConfig(_Strict):
    """The made elemental solids: how many, from which seed, and how they are parted."""

    n: int = Field(default=10_517, ge=70)
    seed: int = Field(default=0, ge=0)
    #: Share of crystals from random orbits among the varied AFLOW prototypes.
    orbits: float = Field(default=0.0, ge=0, le=1)
    test: float = Field(default=0.1, gt=0, lt=1)
    #: "random": the same share of each class; "structure types": no structure type is both learned and tested.
    split: Literal["random", "structure types"] = "random"
    #: Share of the training part that is set aside for choosing and calibrating.
    validation: float = Field(default=0.1, gt=0, lt=1)


class CopiesConfig(_Strict):
    """Copies of the training crystals that are learned beside them: other sizes, and defects if wanted."""

    #: Copies of each training crystal; none as published.
    per_crystal: int = Field(default=0, ge=0)
    #: Least and greatest number of sites that a copy is repeated to; drawn evenly on a logarithmic scale.
    sites: tuple[int, int] = (32, 1024)
    #: Half of the copies are displaced, by a standard deviation up to this share of the bond length.
    displacement: float = Field(default=0.0, ge=0, le=0.3)
    #: Half of the copies lose atoms, up to this share.
    vacancies: float = Field(default=0.0, ge=0, lt=1)


class KnownConfig(_Strict):
    """How the rule for "resembles none of the classes" is fitted and calibrated."""

    shrinkage: float = Field(default=0.05, ge=0, le=1)
    centres_per_class: int = Field(default=1, ge=1)
    #: Share of defective copies of validation crystals that must stay known.
    kept: float = Field(default=0.99, gt=0, lt=1)
    #: Standard deviations of the displacements in Å and shares of vacancies of those copies.
    displacements: tuple[float, ...] = (0.03, 0.06, 0.08)
    vacancies: tuple[float, ...] = (0.1, 0.25, 0.4)


class RunConfig(_Strict):
    """What every training run has."""

    seed: int = Field(default=0, ge=0)
    epochs: int = Field(default=5, ge=1)
    batch: int = Field(default=32, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)

    def recipe(self) -> dict[str, Any]:
        """Everything that the result depends on; a run can be resumed only with the same."""
        return self.model_dump(mode="json", exclude={"threads", "device", "checkpoint_minutes"})

    def with_changes(self, **changes: object) -> Self:
        """Copy with some fields replaced, validated; None leaves a field as it is."""
        given = {key: value for key, value in changes.items() if value is not None}
        return parse_config(self.model_dump(mode="json") | given, type(self), source="the command line")


class FitConfig(RunConfig):
    """How a network is fitted, whatever it sees. ``threads`` and ``device`` change its speed and the last bits."""

    #: "constant" as published; "cosine" falls to zero over all epochs.
    schedule: Literal["constant", "cosine"] = "constant"
    precision: Literal["float32", "bfloat16"] = "float32"
    threads: int | None = Field(default=None, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    #: Minutes between checkpoints within an epoch; there is one after each epoch in any case.
    checkpoint_minutes: float = Field(default=3.0, gt=0)


class NetworksConfig(FitConfig):
    """A training run of an ensemble of small networks on what a descriptor gives."""

    #: The descriptor, a dataclass.
    sees: ClassVar[type[Any]]
    #: Its parameters; those not given keep their defaults.
    descriptor: dict[str, Any] = Field(default_factory=dict)
    #: Networks of the ensemble, and neurons of each of the two hidden layers.
    members: int = Field(default=3, ge=1)
    width: int = Field(default=384, ge=8)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    epochs: int = Field(default=16, ge=1)
    batch: int = Field(default=256, ge=2)
    learning_rate: float = Field(default=2e-3, gt=0)
    schedule: Literal["constant", "cosine"] = "cosine"

    @field_validator("descriptor")
    @classmethod
    def _check_descriptor(cls, values: dict[str, Any]) -> dict[str, Any]:
        unknown = [name for name in values if name not in cls.sees.__dataclass_fields__]
        if unknown:
            raise ValueError(f"{cls.sees.__name__} has no parameter {unknown[0]}")
        cls.sees(**values)
        return values


class TrainingConfig(FitConfig):
    """A training run of the crystal-class-image network. Defaults are those of Ziletti et al. (2018).

    ``threads`` and ``device`` change how fast it is and the last bits of the result; everything else, the result.
    """

    data: DataConfig = DataConfig()
    #: Parameters of `xtalprint.DiffractionImage`; those not given keep their defaults.
    descriptor: dict[str, Any] = Field(default_factory=dict)
    copies: CopiesConfig = CopiesConfig()
    known: KnownConfig = KnownConfig()

    @field_validator("descriptor")
    @classmethod
    def _check_descriptor(cls, values: dict[str, Any]) -> dict[str, Any]:
        unknown = [name for name in values if name not in DiffractionImage.__dataclass_fields__]
        if unknown:
            raise ValueError(f"DiffractionImage has no parameter {unknown[0]}")
        try:
            made = DiffractionImage(**values)
        except TypeError as error:
            raise ValueError(str(error)) from error
        if made.n_pixels != IMAGE_SHAPE[-1]:
            raise ValueError(f"the network sees {IMAGE_SHAPE[-1]} × {IMAGE_SHAPE[-1]} pixels: leave n_pixels out")
        return values


Config = TypeVar("Config", bound=RunConfig)


def read_config(path: Path, kind: type[Config]) -> Config:
    """Read a configuration in JSON or TOML.

    Raises
    ------
    WrongUsageError
        If the file cannot be read, or a field is unknown or out of range.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise WrongUsageError(f"the configuration cannot be read: {error.strerror}", source=str(path)) from error
    except ValueError as error:
        raise WrongUsageError(
            f"the configuration is neither JSON (NAME.json) nor TOML (any other name): {error}", source=str(path)
        ) from error
    return parse_config(values, kind, source=str(path))


def parse_config(values: object, kind: type[Config], *, source: str) -> Config:
    """Validate plain data."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise WrongUsageError(
            f"configuration not valid at {place}: {first['msg']}",
            source=source,
            value=first["input"],
            remedy="see the page on training for the fields and their defaults",
        ) from error


#: A run of a few seconds, to see that everything works.
QUICK = TrainingConfig(data=DataConfig(n=140), epochs=1, known=KnownConfig(displacements=(0.06,), vacancies=(0.25,)))
