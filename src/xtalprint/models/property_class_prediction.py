"""The answer of a model of property classes for one crystal, and the records that scripts read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.errors import XtalprintError

#: Names of the questions, in the order of the records.
QUESTIONS = ("crystal-system", "metal", "stable", "stiff", "shear-stiff")
#: Classes of a question that is answered by yes or no.
NO_YES = ("no", "yes")


@dataclass(frozen=True)
class ClassAnswer:
    """The answer to one question.

    Parameters
    ----------
    probabilities
        By class, adding up to 1.
    known
        False if the crystal is far from those that this was learned from, or is mostly empty space.
    warnings
        That it is far.
    """

    probabilities: Mapping[str, float]
    known: bool = True
    warnings: tuple[str, ...] = ()

    @property
    def is_yes_or_no(self) -> bool:
        """Whether the classes are no and yes."""
        return tuple(self.probabilities) == NO_YES

    @property
    def value(self) -> bool | str:
        """The more probable answer, or the name of the most probable class."""
        name = max(self.probabilities, key=lambda one: self.probabilities[one])
        return name == NO_YES[1] if self.is_yes_or_no else name

    @property
    def probability(self) -> float:
        """That the answer is yes; that the named class is right."""
        return self.probabilities[NO_YES[1]] if self.is_yes_or_no else max(self.probabilities.values())


@dataclass(frozen=True)
class PropertyClassPrediction:
    """Classes of one crystal, or the reason why there are none.

    Parameters
    ----------
    status
        ``"ok"`` or ``"error"``.
    source, frame
        Where the crystal came from; frames count from 0.
    answers
        By question.
    warnings
        What a person should know before relying on any of them.
    error
        What went wrong, one sentence with the remedy.
    provenance
        What made it: model name and version, SHA-256 of the weights, package version.
    """

    status: Literal["ok", "error"]
    source: str | None = None
    frame: int | None = None
    answers: Mapping[str, ClassAnswer] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    error: str | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def failure(cls, error: XtalprintError, provenance: Mapping[str, str] | None = None) -> Self:
        """The record of an input that nothing can be predicted for."""
        return cls(
            status="error", source=error.source, frame=error.frame, error=str(error), provenance=provenance or {}
        )

    def to_records(self, properties: Sequence[str] = QUESTIONS) -> list[dict[str, Any]]:
        """Plain data with the keys of the command line's contract: one for each question, or one for an error."""
        record: dict[str, Any] = {"source": self.source, "frame": self.frame, "status": self.status}
        if self.status == "error":
            return [record | {"error": self.error, **self.provenance}]
        return [
            record
            | {
                "property": name,
                "value": self.answers[name].value,
                "unit": None,
                "interval": None,
                "neighbours": [],
                "probability": self.answers[name].probability,
                "probabilities": dict(self.answers[name].probabilities),
                "known": self.answers[name].known,
                "warnings": [*self.warnings, *self.answers[name].warnings],
                **self.provenance,
            }
            for name in properties
        ]
