"""Everything that determines a training run of the model of property classes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from xtalprint.models.configuration import NetworksConfig
from xtalprint.models.genome_invariants import GenomeInvariants

#: Neurons of each hidden layer: so many that three networks for each of five questions fit into a file of 6 MB.
WIDTH = 192
#: Share of the hidden neurons that is left out in training. Chosen on validation parts, with the number of epochs:
#: with 0.2 and twice as many, their logarithmic loss rises again.
DROPOUT = 0.35


class PropertyClassData(BaseModel):
    """The crystals of the Materials Project, and how they are parted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Of each question so many are drawn by the seed; None for all.
    n: int | None = Field(default=None, ge=60)
    #: Of the parts. Test parts of 0 and 1 had been looked at while the recipe was made: the same crystals in other
    #: parts.
    seed: int = Field(default=2, ge=0)
    #: Of the table; filled in when training starts.
    sha256: str = ""


class PropertyClassConfig(NetworksConfig):
    """A training run of the model of property classes. The defaults are the recipe of the shipped one."""

    sees: ClassVar[type[Any]] = GenomeInvariants
    data: PropertyClassData = PropertyClassData()
    width: int = Field(default=WIDTH, ge=8)
    dropout: float = Field(default=DROPOUT, ge=0, lt=1)
    #: Crystals that a network learns from, one after the other; at most ``epochs`` times each.
    examples: int = Field(default=1_000_000, ge=1)
    epochs: int = Field(default=30, ge=1)
    batch: int = Field(default=128, ge=2)

    def for_question(self, n_training: int) -> PropertyClassConfig:
        """The same with as many epochs as make so many examples of some crystals."""
        return self.with_changes(epochs=max(1, min(self.epochs, self.examples // n_training)))


#: A run of a few seconds, to see that everything works.
QUICK_PROPERTY_CLASSES = PropertyClassConfig(
    data=PropertyClassData(n=120), members=2, width=32, epochs=2, examples=500, batch=16
)
