"""The answer of a model of moduli for one crystal, and the records that scripts read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.errors import XtalprintError

#: Names of the properties, in the order of the targets, and their unit.
PROPERTIES = ("bulk-modulus", "shear-modulus")
UNIT = "GPa"


@dataclass(frozen=True)
class Modulus:
    """A predicted modulus.

    Parameters
    ----------
    value
        GPa.
    interval
        GPa, lower and upper end of the interval that holds nine of ten true values.
    """

    value: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class KnownNeighbour:
    """A crystal that the model learned from, and that is like the one asked for.

    Parameters
    ----------
    id
        In the data set: that of the Materials Project.
    formula
        Reduced, elements in alphabetical order.
    distance
        In the standardised numbers that the model sees; 0 for the same crystal.
    values
        GPa, by property: what was learned.
    unseen
        GPa, by property: what a model said that had not learned from this crystal.
    """

    id: str
    formula: str
    distance: float
    values: Mapping[str, float]
    unseen: Mapping[str, float]


@dataclass(frozen=True)
class StiffnessPrediction:
    """Bulk and shear modulus of one crystal, or the reason why there are none.

    Parameters
    ----------
    status
        ``"ok"`` or ``"error"``.
    source, frame
        Where the crystal came from; frames count from 0.
    moduli
        By property.
    known
        False if the crystal is far from all that were learned from, has an element that none of them has, or is
        mostly empty space.
    neighbours
        The nearest of those, nearest first.
    warnings
        What a person should know before relying on it.
    error
        What went wrong, one sentence with the remedy.
    provenance
        What made it: model name and version, SHA-256 of the weights, package version.
    """

    status: Literal["ok", "error"]
    source: str | None = None
    frame: int | None = None
    moduli: Mapping[str, Modulus] = field(default_factory=dict)
    known: bool | None = None
    neighbours: tuple[KnownNeighbour, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def failure(cls, error: XtalprintError, provenance: Mapping[str, str] | None = None) -> Self:
        """The record of an input that nothing can be predicted for."""
        return cls(
            status="error",
            source=error.source,
            frame=error.frame,
            error=str(error),
            provenance=provenance or {},
        )

    @property
    def bulk_modulus(self) -> Modulus | None:
        """None on error."""
        return self.moduli.get("bulk-modulus")

    @property
    def shear_modulus(self) -> Modulus | None:
        """None on error."""
        return self.moduli.get("shear-modulus")

    def to_records(
        self, properties: Sequence[str] = PROPERTIES, *, neighbours: int | None = None
    ) -> list[dict[str, Any]]:
        """Plain data with the keys of the command line's contract: one for each property, or one for an error.

        Parameters
        ----------
        properties
            Which, and in which order.
        neighbours
            How many at most; None means all.
        """
        record: dict[str, Any] = {"source": self.source, "frame": self.frame, "status": self.status}
        if self.status == "error":
            return [record | {"error": self.error, **self.provenance}]
        return [
            record
            | {
                "property": name,
                "value": self.moduli[name].value,
                "unit": UNIT,
                "interval": list(self.moduli[name].interval),
                "neighbours": [
                    {
                        "id": one.id,
                        "formula": one.formula,
                        "value": one.values[name],
                        "distance": one.distance,
                        "value_unseen": one.unseen[name],
                    }
                    for one in self.neighbours[:neighbours]
                ],
                "known": self.known,
                "warnings": list(self.warnings),
                **self.provenance,
            }
            for name in properties
        ]
