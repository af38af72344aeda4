"""Which reflections decide: what the largest values behind the pool, and what gradients, say of each point.

Import this file only where torch is needed. The network takes the largest value of each channel over the points, so
that a few critical points carry the whole answer (C. R. Qi et al., Proc. IEEE CVPR 2017, 77,
doi:10.1109/CVPR.2017.16).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.models.genome_networks import PointNetwork

    Singles = NDArray[np.float32]
    Floats = NDArray[np.float64]

#: Clouds that are worked on together.
BLOCK = 64


def critical_points(network: PointNetwork, clouds: Singles, output: int = 0) -> Floats:
    """How much of an answer comes through each point, to first order.

    Of each channel, the value behind the pool times the gradient of the logit with respect to it is given to the
    point that has it: what changes, to first order, if the channel were zero. Points that no channel takes its value
    from have exactly nothing: without all of them together the answer is the same.

    Parameters
    ----------
    network
        Its weights are not changed.
    clouds
        (n, points, features).
    output
        Which logit.

    Returns
    -------
    (n, points) contributions to the logit, with a sign. They need not add up to it, and may cancel.
    """
    network.eval()
    found = np.zeros(clouds.shape[:2])
    for start in range(0, len(clouds), BLOCK):
        some = torch.from_numpy(clouds[start : start + BLOCK])
        with torch.no_grad():
            values, places = network.pooled(some)
        values.requires_grad_()
        [gradient] = torch.autograd.grad(network.answer(values)[:, output].sum(), values)
        summed = torch.zeros(some.shape[:2], dtype=torch.float64)
        summed.scatter_add_(1, places, (gradient * values).detach().double())
        found[start : start + BLOCK] = summed.numpy()
    return found


def gradients(network: PointNetwork, clouds: Singles, output: int = 0) -> Singles:
    """(n, points, features) derivative of a logit with respect to each feature of each point."""
    network.eval()
    found = np.zeros_like(clouds)
    for start in range(0, len(clouds), BLOCK):
        some = torch.from_numpy(clouds[start : start + BLOCK]).requires_grad_()
        [gradient] = torch.autograd.grad(network(some)[:, output].sum(), some)
        found[start : start + BLOCK] = gradient.numpy()
    return found


def without_points(clouds: Singles, dropped: NDArray[np.bool_]) -> Singles:
    """Clouds in which some points are put in the place of the origin, which is always there and never dropped.

    Parameters
    ----------
    clouds
        (n, points, features), the origin in the middle.
    dropped
        (n, points).

    Returns
    -------
    The same shape: for a network that takes the largest value over the points, a copy of another point is no point.
    """
    middle = clouds.shape[1] // 2
    if dropped[:, middle].any():
        raise ValueError("the origin cannot be dropped")
    return np.where(dropped[..., None], clouds[:, middle : middle + 1], clouds)
