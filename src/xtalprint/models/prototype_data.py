"""Varied prototypes, and crystals unlike all of them, for the network that names prototypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.datasets import ElementalSolids
from xtalprint.datasets.prototype_crystals import prototype_crystals, prototype_others
from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.errors import XtalprintError
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.training_data import save_whole
from xtalprint.prototypes.named import class_list_sha256, class_names, named_prototypes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.models.bond_order_configuration import PrototypeConfig, PrototypeData

#: Fewest crystals of a class: one of them is held out for each of the other two parts.
FEWEST = 10
#: What is closer than this to a crystal of a class, in the space of the network's input, may be one. The ideal Cu3Au
#: is 2.6 from fcc; neighbours in the training part of a class are up to 2 apart.
UNLIKE = 2.0
#: So many more candidates are made than are wanted, and again as many, until enough are left; at most so many rounds.
SPARE, ROUNDS = 1.25, 8


def prototype_classes(data: PrototypeData) -> tuple[str, ...]:
    """Names of the classes of a run, in the order of its class list."""
    return class_names(named_prototypes(data.classes))


def made_prototypes(
    data: PrototypeData, path: Path, *, threads: int | None, say: Callable[[str], None]
) -> ElementalSolids:
    """Vary the prototypes, or read what the run has made before it was interrupted."""
    if path.exists():
        return ElementalSolids.load(path)
    prototypes = named_prototypes(data.classes)
    n_each = max(FEWEST, data.n // len(class_names(prototypes)))
    say(f"varying {len(prototypes)} prototypes, {n_each} crystals of each class")
    made = prototype_crystals(prototypes, seed=data.seed, n_each=n_each, workers=threads)
    save_whole(made, path)
    return made


def about_prototypes(data: PrototypeData) -> dict[str, Any]:
    """What a model's description says about its class list."""
    prototypes = named_prototypes(data.classes)
    return {
        "name": "named-prototypes",
        "classes_sha256": class_list_sha256(data.classes),
        "prototypes": [
            {
                "name": p.name,
                "strukturbericht": p.strukturbericht,
                "aflow": p.aflow,
                "example": p.example,
                "source": p.source,
                "strain": p.strain,
                "shift": p.shift,
            }
            for p in prototypes
        ],
    }


def unlike_prototypes(training: Sequence[Crystal], config: PrototypeConfig) -> list[Crystal]:
    """As many crystals as the recipe says whose order is unlike that of every crystal of the training part.

    None is there twice, because a copy could come into another part of the run. See `UNLIKE`.
    """
    descriptor = BondOrientationalOrder(**config.descriptor)
    n = config.data.others
    members = _inputs(descriptor, training, config.threads)
    squares = (members**2).sum(axis=1)
    kept: list[Crystal] = []
    for number in range(ROUNDS):
        # A round has two seeds of its own, see `prototype_others`.
        seed = config.data.seed + 2 * number
        candidates = prototype_others(training, seed=seed, n=round(SPARE * n), workers=config.threads)
        kept += [
            candidate
            for candidate, row in zip(candidates, _inputs(descriptor, candidates, config.threads), strict=True)
            if (squares - 2 * (members @ row) + row @ row).min() > UNLIKE**2
        ]
        if len(kept) >= n:
            return kept[:n]
    raise XtalprintError(
        f"of {ROUNDS * round(SPARE * n)} made crystals only {len(kept)} are unlike the classes",
        value=f"others = {n}",
        remedy="ask for fewer others in [data] of the recipe",
    )


def _inputs(
    descriptor: BondOrientationalOrder, crystals: Sequence[Crystal], threads: int | None
) -> NDArray[np.float64]:
    batch = descriptor.compute_many(crystals, threads=threads)
    if batch.failures:
        raise batch.failures[0].error
    return network_input(batch.array).astype(np.float64)
