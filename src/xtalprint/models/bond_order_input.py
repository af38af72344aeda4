"""What the cell-free network sees: bond-orientational order, brought to similar sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.bond_orientational_order import DEGREES, N_CHANNELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Where there are hardly any pairs, the order per pair goes to zero instead of to chance.
FEW_PAIRS = 0.15


def network_input(arrays: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """(n, 25 · m) from fingerprints (n, 19, m): ln(1 + pairs), ln(1 + order), order per pair, signed ln(1 + |…|).

    With the channels of like pairs, (n, 38, m), it is (n, 50 · m), block after block.

    Examples
    --------
    >>> network_input(np.zeros((2, 19, 40))).shape
    (2, 1000)
    """
    whole = np.asarray(arrays, dtype=np.float32)
    values = whole.reshape(-1, N_CHANNELS, whole.shape[-1])
    n = 1 + len(DEGREES)
    pairs, order, relative = values[:, :1], values[:, 1:n], values[:, n:]
    rows = (
        np.log1p(pairs),
        np.log1p(order),
        order / (pairs + FEW_PAIRS),
        np.sign(relative) * np.log1p(abs(relative)),
    )
    joined: NDArray[np.float32] = np.concatenate(rows, axis=1, dtype=np.float32)
    return joined.reshape(len(whole), -1)
