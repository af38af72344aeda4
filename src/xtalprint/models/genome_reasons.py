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
    (n, points) shares of the logit, with a sign.
    """
    network.eval()
    with torch.no_grad():
        values, places = network.pooled(torch.from_numpy(clouds))
    values.requires_grad_()
    logits = network.answer(values)
    [gradient] = torch.autograd.grad(logits[:, output].sum(), values)
    shares = (gradient * values).detach().double()
    summed = torch.zeros(clouds.shape[:2], dtype=torch.float64)
    summed.scatter_add_(1, places, shares)
    return np.asarray(summed.numpy())


def gradients(network: PointNetwork, clouds: Singles, output: int = 0) -> Singles:
    """(n, points, features) derivative of a logit with respect to each feature of each point."""
    network.eval()
    given = torch.from_numpy(clouds).requires_grad_()
    [found] = torch.autograd.grad(network(given)[:, output].sum(), given)
    return np.asarray(found.numpy())


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
