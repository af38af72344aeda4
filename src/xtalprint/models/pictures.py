"""Pictures of a training run: confusion matrix and learning curve."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

#: Above this share of a row the number is written in white.
DARK = 0.5


def draw_confusion_matrix(matrix: NDArray[np.int64], classes: Sequence[str], *, title: str = "") -> Figure:
    """Draw counts, shaded by the share of their row.

    Parameters
    ----------
    matrix
        (true classes, answers) counts.
    classes
        Names of the answers, and of the true classes in the same order; there may be more true classes than answers
        or the other way round, the rest is numbered.
    title
        Above the picture.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - plotting is heavy

    rows, columns = matrix.shape
    figure = Figure(figsize=(1.2 + 0.62 * columns, 1.1 + 0.58 * rows), layout="constrained")
    axes = figure.add_subplot()
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            colour = "white" if share[row, column] > DARK else "black"
            axes.text(column, row, f"{count}", ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(columns), _names(classes, columns), rotation=35, ha="right")
    axes.set_yticks(range(rows), _names(classes, rows))
    axes.set_xlabel("answer")
    axes.set_ylabel("true class")
    right = int(np.trace(matrix))
    total = int(matrix.sum())
    axes.set_title(f"{title}\n{right} of {total} right ({100 * right / max(total, 1):.2f} %)".strip(), fontsize=10)
    return figure


def draw_learning_curve(
    steps: Sequence[Mapping[str, float]], epochs: Sequence[Mapping[str, float]], *, batches_per_epoch: int
) -> Figure:
    """Draw loss and share of errors against epochs: training as it went, validation after each epoch."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - plotting is heavy

    figure = Figure(figsize=(7.0, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    x = [step["epoch"] - 1 + step["batch"] / batches_per_epoch for step in steps]
    finished = [epoch["epoch"] for epoch in epochs]
    _curves(left, x, [s["loss"] for s in steps], finished, [e["validation_loss"] for e in epochs])
    left.set_ylabel("cross-entropy, mean over the epoch so far")
    errors = [100 * (1 - s["accuracy"]) for s in steps]
    _curves(right, x, errors, finished, [100 * (1 - e["validation_accuracy"]) for e in epochs])
    right.set_ylabel("errors, %")
    right.set_yscale("symlog", linthresh=0.1)
    right.set_ylim(bottom=0.0)
    left.set_yscale("log")
    left.legend(frameon=False, fontsize=8)
    return figure


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as a PNG file without a date in it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()


def _curves(
    axes: Axes, x: Sequence[float], training: Sequence[float], ends: Sequence[float], validation: Sequence[float]
) -> None:
    axes.plot(x, training, linewidth=1.2, label="training")
    axes.plot(ends, validation, "o", markersize=4, label="validation")
    axes.set_xlabel("epochs")
    axes.spines[["top", "right"]].set_visible(False)


def _names(classes: Sequence[str], n: int) -> list[str]:
    return [*classes[:n], *(f"other {i}" for i in range(1, n - len(classes) + 1))]
