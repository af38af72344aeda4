"""Everything that determines a training run of the models on bond-orientational order."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.models.configuration import NetworksConfig
from xtalprint.prototypes.named import class_list_sha256


class SampleData(BaseModel):
    """How many crystals are made, how they are parted, and how often each is brought to the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int = Field(ge=70)
    seed: int = Field(default=2, ge=0)
    #: Crystals of no class, and samples of disordered matter.
    others: int = Field(ge=10)
    disordered: int = Field(ge=10)
    test: float = Field(default=0.1, gt=0, lt=1)
    #: Share of the training part that is set aside for choosing and calibrating.
    validation: float = Field(default=0.1, gt=0, lt=1)
    #: How often each crystal is brought to the network, in different ways: in training, and held out.
    presentations: int = Field(default=4, ge=1)
    held_out_presentations: int = Field(default=2, ge=1)


class BondOrderData(SampleData):
    """The made elemental solids. Their seed is another than that of the image network's, whose test part is used."""

    n: int = Field(default=40_000, ge=70)
    #: Share of crystals from random orbits among the varied AFLOW prototypes.
    orbits: float = Field(default=0.4, ge=0, le=1)
    others: int = Field(default=16_000, ge=10)
    disordered: int = Field(default=6_000, ge=10)


class PrototypeData(SampleData):
    """The varied prototypes."""

    #: In all; each class gets as many, and ten at least.
    n: int = Field(default=10_640, ge=10)
    others: int = Field(default=2_400, ge=10)
    disordered: int = Field(default=2_000, ge=10)
    presentations: int = Field(default=2, ge=1)
    #: A class list, see `xtalprint.prototypes.named`; None is the one that the package ships.
    classes: str | None = None
    #: SHA-256 of the class list, which is filled in. A list that has changed since makes another recipe.
    classes_sha256: str | None = None
    #: Share of the presentations of elements in which foreign atoms stand on some of the sites, at random.
    substituted: float = Field(default=0.3, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _with_the_list(cls, values: Any) -> Any:  # noqa: ANN401 - whatever a recipe holds there
        """Note the content of the class list, or compare it with what is noted."""
        if not isinstance(values, dict):
            return values
        classes, noted = values.get("classes"), values.get("classes_sha256")
        try:
            found = class_list_sha256(classes if isinstance(classes, str) else None)
        except OSError as error:
            raise ValueError(f"the class list cannot be read: {error.strerror}") from error
        if noted not in {None, found}:
            raise ValueError(f"the class list {classes or 'of the package'} is not the one of this recipe any more")
        return values | {"classes_sha256": found}


class EnsembleConfig(NetworksConfig):
    """A training run of an ensemble of small networks on bond-orientational order."""

    sees: ClassVar[type[Any]] = BondOrientationalOrder
    data: SampleData
    #: Share of the held-out presentations of the classes that must stay known.
    kept: float = Field(default=0.98, gt=0, lt=1)
    #: Of the symmetry search, see `xtalprint.models.manifest.EvidenceTable`.
    closer: bool = False


class BondOrderConfig(EnsembleConfig):
    """A training run of the cell-free network. The defaults are the recipe of the shipped one."""

    data: BondOrderData = BondOrderData()
    closer: bool = True


class PrototypeConfig(EnsembleConfig):
    """A training run of the network that names prototypes. The defaults are the recipe of the shipped one."""

    data: PrototypeData = PrototypeData()
    descriptor: dict[str, Any] = Field(default_factory=lambda: {"species": True, "r_max": 5.2})
    width: int = Field(default=232, ge=8)
    epochs: int = Field(default=8, ge=1)

    def recipe(self) -> dict[str, Any]:
        """The class list counts by its content and not by where it lies."""
        values = super().recipe()
        del values["data"]["classes"]
        return values


#: A run of a few seconds, to see that everything works.
QUICK_BOND_ORDER = BondOrderConfig(
    data=BondOrderData(n=140, others=40, disordered=40, presentations=1, held_out_presentations=1),
    members=2,
    width=32,
    epochs=2,
    batch=32,
)
QUICK_PROTOTYPE = PrototypeConfig(
    data=PrototypeData(n=70, others=40, disordered=40, presentations=1, held_out_presentations=1),
    members=2,
    width=32,
    epochs=2,
    batch=32,
)
