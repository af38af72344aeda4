"""Errors of predicted moduli, as all studies of them tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.models.stiffness_figures import log_errors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def errors_of(predicted: Floats, true: Floats) -> dict[str, float]:
    """Errors from log10 of the moduli: those of `log_errors`, and the mean one in per cent of the modulus."""
    share = abs(10.0 ** (predicted - true) - 1)
    return {**log_errors(predicted, true), "mean error, % of K": round(float(100 * share.mean()), 1)}
