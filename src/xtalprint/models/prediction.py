"""The answer of a classifier for one crystal, and the record that scripts read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtalprint.errors import XtalprintError


@dataclass(frozen=True)
class Prediction:
    """Crystal class of one crystal, or the reason why there is none.

    Parameters
    ----------
    status
        ``"ok"`` or ``"error"``.
    source, frame
        Where the crystal came from; frames count from 0.
    crystal_class
        The most probable class; None on error.
    probability
        Its probability, in [0, 1].
    probabilities
        Probability of every class, adding up to 1.
    prototype
        The same as ``crystal_class`` where the classes are prototypes; None where they are lattices.
    known
        False if the crystal resembles none of the classes.
    probability_none
        Probability that it is of none of the classes; None if the model has no such output.
    probability_spread
        Standard deviation, over the networks of an ensemble, of what each says alone of the class that was answered;
        None if the model is no ensemble. Where it is small the networks agree, right or not.
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
    crystal_class: str | None = None
    probability: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    known: bool | None = None
    probability_none: float | None = None
    probability_spread: float | None = None
    prototype: str | None = None
    warnings: tuple[str, ...] = ()
    error: str | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def failure(cls, error: XtalprintError, provenance: Mapping[str, str] | None = None) -> Self:
        """The record of an input that could not be classified."""
        return cls(
            status="error",
            source=error.source,
            frame=error.frame,
            error=str(error),
            provenance=provenance or {},
        )

    def to_record(self) -> dict[str, Any]:
        """Plain data with the keys of the command line's contract; the class is under ``"class"``."""
        record: dict[str, Any] = {"source": self.source, "frame": self.frame, "status": self.status}
        if self.status == "error":
            return record | {"error": self.error, **self.provenance}
        return record | {
            "class": self.crystal_class,
            **({} if self.prototype is None else {"prototype": self.prototype}),
            "probability": self.probability,
            "probabilities": dict(self.probabilities),
            "known": self.known,
            "warnings": list(self.warnings),
            **({} if self.probability_none is None else {"probability_none": self.probability_none}),
            **({} if self.probability_spread is None else {"probability_spread": self.probability_spread}),
            **self.provenance,
        }
