"""What the studies of the paper's figures ask their models, and how the answers are summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import XtalprintError
from xtalprint.models import load_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: The published recipe, which the paper's statements are about; the same network, trained on defects too; the model
#: that answers by default, which sees no image.
MODELS = ("crystal-class-published", "crystal-class-image", "crystal-class")


@dataclass(frozen=True)
class Answers:
    """What one model said about a list of crystals.

    Parameters
    ----------
    classes
        Names of the columns of ``probabilities``.
    probabilities
        (n, classes).
    known
        (n,) whether the model took the crystal for one of the classes; None where it does not say.
    model
        What made the answers.
    """

    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    known: tuple[bool | None, ...]
    model: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """The most probable class of each crystal."""
        return [self.classes[column] for column in self.probabilities.argmax(axis=1)]

    def of(self, name: str) -> NDArray[np.float64]:
        """(n,) probability of one class."""
        return self.probabilities[:, self.classes.index(name)]


def ask(name: str, crystals: Sequence[Crystal]) -> Answers:
    """Let a model answer for crystals that a study made.

    Parameters
    ----------
    name
        Of the model.
    crystals
        All of them sound.

    Raises
    ------
    XtalprintError
        If the model has no answer for one of them: a study must not leave out what failed.
    """
    model = load_model(name)
    predictions = model.predict(crystals)
    for prediction in predictions:
        if prediction.status != "ok":
            raise XtalprintError(f"{name} has no answer: {prediction.error}", source=prediction.source)
    return Answers(
        model.classes,
        np.array([[p.probabilities[c] for c in model.classes] for p in predictions]),
        tuple(p.known for p in predictions),
        dict(predictions[0].provenance),
    )


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of class probabilities over the draws of each step.

    Parameters
    ----------
    mean, deviation
        (steps, classes).
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def of(cls, answers: Answers, steps: int) -> Spread:
        """Sum up answers for ``steps`` blocks of equally many draws."""
        blocks = answers.probabilities.reshape(steps, -1, len(answers.classes))
        return cls(blocks.mean(axis=1), blocks.std(axis=1))


def falls_below(x: NDArray[np.float64], y: NDArray[np.float64], level: float) -> float | None:
    """Place where ``y`` first falls below ``level``, by linear interpolation; None if it never does.

    Examples
    --------
    >>> falls_below(np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.0]), 0.5)
    1.5
    """
    below = np.flatnonzero(y < level)
    if len(below) == 0:
        return None
    after = int(below[0])
    if after == 0:
        return float(x[0])
    share = (y[after - 1] - level) / (y[after - 1] - y[after])
    return float(x[after - 1] + share * (x[after] - x[after - 1]))
