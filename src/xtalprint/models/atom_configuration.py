"""Everything that determines a training run of the per-atom model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from xtalprint.descriptors.neighbourhood_order import NeighbourhoodOrder
from xtalprint.models.configuration import FitConfig


class AtomData(BaseModel):
    """The made samples and how they are parted; each comes as a box, as a piece and beside another grain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Samples to learn from, to calibrate with, and to measure on; none shares random numbers with another.
    n: int = Field(default=280, ge=10)
    validation: int = Field(default=40, ge=10)
    test: int = Field(default=40, ge=10)
    seed: int = Field(default=0, ge=0)
    #: Most atoms that are used of each form of a sample.
    atoms: int = Field(default=150, ge=1)


class AtomConfig(FitConfig):
    """A training run of the per-atom network. The defaults are the recipe of the shipped one."""

    data: AtomData = AtomData()
    #: Parameters of `xtalprint.descriptors.neighbourhood_order.NeighbourhoodOrder`; the others keep their defaults.
    descriptor: dict[str, Any] = Field(default_factory=dict)
    #: Networks of the ensemble, and neurons of each of the two hidden layers.
    members: int = Field(default=2, ge=1)
    width: int = Field(default=192, ge=8)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    epochs: int = Field(default=12, ge=1)
    batch: int = Field(default=512, ge=2)
    learning_rate: float = Field(default=2e-3, gt=0)
    schedule: Literal["constant", "cosine"] = "cosine"

    @field_validator("descriptor")
    @classmethod
    def _check_descriptor(cls, values: dict[str, Any]) -> dict[str, Any]:
        unknown = [name for name in values if name not in NeighbourhoodOrder.__dataclass_fields__]
        if unknown:
            raise ValueError(f"NeighbourhoodOrder has no parameter {unknown[0]}")
        NeighbourhoodOrder(**values)
        return values


#: A run of a few seconds, to see that everything works.
QUICK_ATOMS = AtomConfig(
    data=AtomData(n=12, validation=10, test=10, atoms=60), members=2, width=32, epochs=3, batch=128
)
