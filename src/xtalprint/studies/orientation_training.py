"""Small networks that learn from the same samples, so that ways without axes can be compared."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from xtalprint.datasets import elemental_solids
from xtalprint.descriptors.scattering_power_spectrum import ScatteringPowerSpectrum
from xtalprint.errors import XtalprintError
from xtalprint.geometry import random_rotation
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.classes import CLASSES
from xtalprint.models.presentations import present
from xtalprint.studies.base import say
from xtalprint.studies.circles import as_steps, on_circles, scaled_piece, turned_images
from xtalprint.studies.orientation_models import image_model, order_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from xtalprint.crystal import Crystal

Item = TypeVar("Item")
Result = TypeVar("Result")

#: The set that the cell-free model learns from begins with these crystals; the study's structures have another seed.
SEED, ORBITS, CRYSTALS, QUICK_CRYSTALS = 2, 0.4, 2500, 30
#: How often each crystal is brought, in different ways, and in how many orientations each of these is seen by (c).
PRESENTATIONS, VIEWS = 2, 8
#: How often each sample is seen, longest first.
EPOCHS = {"c": 40, "b": 15, "d": 15}
#: Crystals of a task.
CHUNK = 50


class Spread(Protocol):
    """Calls a function for each item, in processes or not, and yields the results in order."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Like `map`."""
        ...


def train_networks(folder: Path, spread: Spread, *, quick: bool) -> dict[str, Any]:
    """Make the samples, train the network of each way, and leave ``b.pt``, ``c.pt`` and ``d.pt`` in a folder.

    Parameters
    ----------
    folder
        Of the study's own; the samples stay there too.
    spread
        How work is spread.
    quick
        On a few crystals, and each sample is seen once.

    Returns
    -------
    What is written down about it.
    """
    made = elemental_solids(seed=SEED, n=QUICK_CRYSTALS if quick else CRYSTALS, orbits=ORBITS)
    say("crystals to learn from: made")
    rows = [(turn, row) for turn in range(PRESENTATIONS) for row in range(len(made))]
    tasks = [
        [(turn, row, made.crystals[row], str(made.labels[row])) for turn, row in rows[start : start + CHUNK]]
        for start in range(0, len(rows), CHUNK)
    ]
    parts: list[dict[str, NDArray[Any]]] = []
    seconds = dict.fromkeys(("bringing", *EPOCHS), 0.0)
    for number, (inputs, taken) in enumerate(spread(samples, tasks)):
        parts.append(inputs)
        seconds = {name: value + taken[name] for name, value in seconds.items()}
        say(f"samples to learn from: {number + 1} of {len(tasks)} parts")
    for name in parts[0]:
        np.save(folder / f"{name}.npy", np.concatenate([inputs[name] for inputs in parts]))
    n_samples = sum(len(inputs["labels"]) for inputs in parts)
    epochs = {way: 1 if quick else n for way, n in EPOCHS.items()}
    record: dict[str, Any] = {
        "seed": 0,
        "set": {"n": len(made), "seed": SEED, "orbits": ORBITS, "sha256": made.data_hash},
        "presentations": PRESENTATIONS,
        "samples": n_samples,
        "left_out": len(rows) - n_samples,
        "views": {way: VIEWS if way == "c" else 1 for way in EPOCHS},
        "epochs": epochs,
        "processor_seconds_of_samples": {name: round(value, 1) for name, value in seconds.items()},
        "parameters": {},
        "right_in_last_epoch": {},
        "processor_seconds": {},
    }
    fits = spread(partial(_train, folder=folder), epochs.items())
    for way, (parameters, right, spent) in zip(epochs, fits, strict=True):
        record["parameters"][way] = parameters
        record["right_in_last_epoch"][way] = round(right, 4)
        record["processor_seconds"][way] = round(spent, 1)
        say(f"trained: ({way}), {100 * right:.1f} % right in the last epoch")
    return record


def samples(
    brought: Sequence[tuple[int, int, Crystal, str]],
) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """What (b), (c) and (d) learn from: the same crystals in the same forms with the same defects.

    Parameters
    ----------
    brought
        Number of the presentation, row of the crystal in its set, crystal, and class of each.

    Returns
    -------
    ``b`` (n, 1, 7, shells), ``c`` (n, views, 3, radii, angles), ``d`` (n, 1, inputs) and ``labels`` (n,); and the
    processor seconds of each, and of bringing the crystals into their forms. What one way cannot see, because there
    are too few pairs, is left out of all.
    """
    order, spectrum, image = order_model().descriptor, ScatteringPowerSpectrum(), image_model().descriptor
    inputs: dict[str, list[NDArray[Any]]] = {"b": [], "c": [], "d": []}
    labels: list[int] = []
    clock = ProcessorClock(("bringing", *inputs))
    for turn, row, crystal, label in brought:
        rng = np.random.default_rng([SEED, turn, row])
        with clock.of("bringing"):
            sample = present(crystal, rng).crystal
        views = [random_rotation(rng) for _ in range(VIEWS)]
        try:
            with clock.of("b"):
                of_b = spectrum.compute(sample).array[None]
            with clock.of("d"):
                of_d = network_input(order.compute(sample).array[None])
            with clock.of("c"):
                of_c = as_steps(on_circles(turned_images(image, scaled_piece(image, sample), views)))
        except XtalprintError:
            continue
        for way, array in (("b", of_b), ("c", of_c), ("d", of_d)):
            inputs[way].append(array)
        labels.append(CLASSES.index(label))
    stacked: dict[str, NDArray[Any]] = {way: np.stack(arrays) for way, arrays in inputs.items()}
    return stacked | {"labels": np.array(labels)}, clock.seconds


class ProcessorClock:
    """Processor seconds of several things."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.seconds = dict.fromkeys(names, 0.0)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Add what is spent inside to ``name``."""
        start = time.process_time()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start


def trained_networks(folder: Path) -> dict[str, nn.Module]:
    """The networks that `train_networks` left in a folder."""
    import torch  # noqa: PLC0415 - an extra

    from xtalprint.studies.orientation_networks import new_network  # noqa: PLC0415 - imports torch

    networks = {way: new_network(way, seed=0) for way in EPOCHS}
    for way, network in networks.items():
        network.load_state_dict(torch.load(folder / f"{way}.pt", weights_only=True))
        network.eval()
    return networks


def _train(task: tuple[str, int], *, folder: Path) -> tuple[int, float, float]:
    """Train the network of one way; returns its parameters, share of right answers and processor seconds."""
    import torch  # noqa: PLC0415 - an extra

    from xtalprint.models.convnet import n_parameters  # noqa: PLC0415 - imports torch
    from xtalprint.studies.orientation_networks import fit, new_network  # noqa: PLC0415 - likewise

    way, epochs = task
    network = new_network(way, seed=0)
    fitted = fit(
        network, np.load(folder / f"{way}.npy", mmap_mode="r"), np.load(folder / "labels.npy"), epochs=epochs
    )
    torch.save(network.state_dict(), folder / f"{way}.pt")
    return n_parameters(network), fitted.right, fitted.seconds
