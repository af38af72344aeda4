"""Everything that determines a training run of the per-atom model."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from xtalprint.descriptors.neighbourhood_order import NeighbourhoodOrder
from xtalprint.models.configuration import NetworksConfig


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


class AtomConfig(NetworksConfig):
    """A training run of the per-atom network. The defaults are the recipe of the shipped one."""

    sees: ClassVar[type[Any]] = NeighbourhoodOrder
    data: AtomData = AtomData()
    members: int = Field(default=2, ge=1)
    width: int = Field(default=192, ge=8)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    epochs: int = Field(default=12, ge=1)
    batch: int = Field(default=512, ge=2)


#: A run of a few seconds, to see that everything works.
QUICK_ATOMS = AtomConfig(
    data=AtomData(n=12, validation=10, test=10, atoms=60), members=2, width=32, epochs=3, batch=128
)
