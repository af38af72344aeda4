"""Everything that determines a training run of the model of moduli."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from xtalprint.models.configuration import RunConfig
from xtalprint.models.stiffness import CLIPPED, WEIGHTS, KernelSettings
from xtalprint.models.stiffness_network import NetworkSettings


class StiffnessData(BaseModel):
    """The known crystals, and how they are parted to measure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: How many are drawn by the seed; None for all.
    n: int | None = Field(default=None, ge=200)
    #: Of the folds.
    seed: int = Field(default=0, ge=0)
    folds: int = Field(default=5, ge=2)


class KernelConfig(BaseModel):
    """As `xtalprint.models.stiffness.KernelSettings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: float = Field(default=KernelSettings.width, gt=0)
    ridge: float = Field(default=KernelSettings.ridge, gt=0)


class GroupWeights(BaseModel):
    """Weights of the groups of numbers in the distance of two crystals; the elements come last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    composition: float = Field(default=WEIGHTS["composition"], gt=0)
    packing: float = Field(default=WEIGHTS["packing"], gt=0)
    bonds: float = Field(default=WEIGHTS["bonds"], gt=0)
    distances: float = Field(default=WEIGHTS["distances"], gt=0)
    elements: float = Field(default=WEIGHTS["elements"], gt=0)


class StiffnessConfig(RunConfig):
    """A training run of the model of moduli. The defaults are the recipe of the shipped one."""

    data: StiffnessData = StiffnessData()
    weights: GroupWeights = GroupWeights()
    #: Standard deviations beyond which a number counts no more.
    clipped: float = Field(default=CLIPPED, gt=0)
    kernel: KernelConfig = KernelConfig()
    #: Networks, each with a seed of its own, and neurons of their two hidden layers.
    members: int = Field(default=4, ge=1)
    hidden: tuple[int, int] = NetworkSettings.hidden
    dropout: float = Field(default=NetworkSettings.dropout, ge=0, lt=1)
    epochs: int = Field(default=NetworkSettings.epochs, ge=1)
    batch: int = Field(default=NetworkSettings.batch, ge=2)
    learning_rate: float = Field(default=NetworkSettings.rate, gt=0)
    decay: float = Field(default=NetworkSettings.decay, ge=0)

    def kernel_settings(self) -> KernelSettings:
        """Those of the kernel."""
        return KernelSettings(width=self.kernel.width, ridge=self.kernel.ridge)

    def network_settings(self) -> NetworkSettings:
        """Those of each network."""
        return NetworkSettings(
            hidden=self.hidden,
            dropout=self.dropout,
            epochs=self.epochs,
            batch=self.batch,
            rate=self.learning_rate,
            decay=self.decay,
        )


#: A run of a few seconds, to see that everything works.
QUICK_STIFFNESS = StiffnessConfig(data=StiffnessData(n=300, folds=2), members=2, epochs=3)
