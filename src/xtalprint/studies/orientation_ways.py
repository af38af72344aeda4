"""Ways to answer without the axes of the cell, asked about one crystal, each step once; and the time that each takes.

(a) own axes: lattice and mean cell from the atoms' own repeats, then a symmetry search, or the shipped image network;
(b) power spectrum of the intensity in three dimensions and a small convolutional network;
(c) diffraction images of turned copies, on circles, and a small convolutional network whose answers are averaged;
(d) bond-orientational order: the shipped networks alone, one network that learned from the samples of (b) and (c),
    and the shipped model, which weighs them with symmetry searches;
(a) where simple, else (d): own axes and symmetry search where the mean cell is simple, else the shipped networks.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from xtalprint.defects import displace_gaussian
from xtalprint.descriptors.scattering_power_spectrum import ScatteringPowerSpectrum
from xtalprint.errors import XtalprintError
from xtalprint.geometry import random_rotation, standard_cell, supercell_to, to_cluster
from xtalprint.geometry.own_axes import own_axes
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.classes import CLASSES
from xtalprint.models.ensemble import of_classes
from xtalprint.prototypes import simple_lattice
from xtalprint.scattering import use_compiled_sum
from xtalprint.studies.circles import PIECE, as_steps, on_circles, scaled_piece, turned_images
from xtalprint.studies.orientation_models import image_model, order_model
from xtalprint.studies.orientation_training import ProcessorClock, trained_networks
from xtalprint.studies.symmetry_answers import by_symmetry, class_of_mean_cell, is_simple, tolerances

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from torch import nn

    from xtalprint.crystal import Crystal
    from xtalprint.geometry.own_axes import OwnAxes
    from xtalprint.models.answering import AnsweringModel

    Answers = dict[str, str | None]

Found = TypeVar("Found")

#: What the ways are called: the shipped model, the image network in the axes as given, …
SHIPPED, IMAGE = "crystal-class", "image network"
OWN_SEARCH, OWN_IMAGE = "(a) own axes, symmetry search", "(a) own axes, image network"
OWN_OR_ORDER = "(a) where simple, else (d)"
SPECTRUM, ORDER, SMALL_ORDER = "(b) power spectrum", "(d) alone", "(d) on the samples of (b)"
#: Turned copies that are averaged over.
TURNS = (1, 8)
#: Tolerances of the symmetry search of the box as given, in bond lengths.
SYMPRECS = (0.01, 0.03, 0.1, 0.2)


def averaged(turns: int) -> str:
    """Name of way (c) with so many turned copies."""
    return f"(c) turned images, k = {turns}"


def searched(share: float) -> str:
    """Name of a symmetry search of the box as given."""
    return f"moyopy, {share:g} d_nn"


#: All ways, in the order in which they are shown.
WAYS = (
    *(SHIPPED, ORDER, SMALL_ORDER, SPECTRUM, *(averaged(k) for k in TURNS), OWN_SEARCH, OWN_IMAGE, OWN_OR_ORDER),
    *(IMAGE, *(searched(share) for share in SYMPRECS)),
)


class Ways:
    """All ways, and the processor seconds that each would have taken alone.

    Parameters
    ----------
    networks
        Trained ones of (b), (c) and (d).
    """

    def __init__(self, networks: Mapping[str, nn.Module]) -> None:
        use_compiled_sum()
        self.networks = networks
        self.image_model, self.order_model = image_model(), order_model()
        self.spectrum = ScatteringPowerSpectrum()
        self.seconds = dict.fromkeys(WAYS, 0.0)

    def answers(self, crystal: Crystal, rng: np.random.Generator) -> Answers:
        """Ask every way; None is no answer, and a box is not searched for in what has none.

        Parameters
        ----------
        crystal
            In any form.
        rng
            Draws the turns of (c).
        """
        clock = ProcessorClock()
        found = _attempt(clock, "own axes", partial(own_axes, crystal))
        result = {
            SHIPPED: _attempt(clock, SHIPPED, partial(_class_by, self.order_model, crystal)),
            IMAGE: _attempt(clock, IMAGE, partial(_class_by, self.image_model, crystal)),
            SPECTRUM: _attempt(clock, SPECTRUM, partial(self._by_spectrum, crystal)),
            **self._by_own_axes(found, clock),
            **self._by_order(crystal, clock),
            **self._by_turned_images(crystal, rng, clock),
        }
        own = result[OWN_SEARCH] if is_simple(found) else None
        result[OWN_OR_ORDER] = own or result[ORDER]
        if crystal.cell is not None:
            for share in SYMPRECS:
                result[searched(share)] = _attempt(clock, searched(share), partial(_by_search, share, crystal))
        parts = _parts(simple=is_simple(found), answered=own is not None)
        for way in result:
            self.seconds[way] += sum(clock.seconds.get(part, 0.0) for part in parts.get(way, (way,)))
        return {way: result[way] for way in WAYS if way in result}

    def _by_spectrum(self, crystal: Crystal) -> str:
        return self._by_network("b", self.spectrum.compute(crystal).array[None])

    def _by_own_axes(self, found: OwnAxes | None, clock: ProcessorClock) -> Answers:
        if found is None:
            return {OWN_SEARCH: None, OWN_IMAGE: None}
        return {
            OWN_SEARCH: _attempt(clock, "search", partial(class_of_mean_cell, found)),
            OWN_IMAGE: _attempt(clock, "image", lambda: _class_by(self.image_model, in_standard_axes(found))),
        }

    def _by_order(self, crystal: Crystal, clock: ProcessorClock) -> Answers:
        order = _attempt(clock, "order", lambda: self.order_model.descriptor.compute(crystal).array)
        if order is None:
            return {ORDER: None, SMALL_ORDER: None}
        shipped = partial(self.order_model.predict_order, order)
        members = _attempt(clock, "shipped networks", shipped)
        return {
            ORDER: None if members is None else CLASSES[int(of_classes(members.mean(axis=0)).argmax())],
            SMALL_ORDER: _attempt(clock, "small network", lambda: self._by_network("d", network_input(order[None]))),
        }

    def _by_turned_images(self, crystal: Crystal, rng: np.random.Generator, clock: ProcessorClock) -> Answers:
        """Class by the mean probabilities of the first turns, and of all."""
        turns = [random_rotation(rng) for _ in range(max(TURNS))]
        result: Answers = dict.fromkeys(map(averaged, TURNS))
        image = self.image_model.descriptor
        piece = _attempt(clock, "piece", partial(scaled_piece, image, crystal))
        total = np.zeros(len(CLASSES))
        for done, k in zip((0, *TURNS), TURNS, strict=False):
            with clock.of(averaged(k)):
                if piece is None:
                    continue
                circles = as_steps(on_circles(turned_images(image, piece, turns[done:k])))
                total = total + self._probabilities("c", circles).sum(axis=0)
                result[averaged(k)] = CLASSES[int(total.argmax())]
        return result

    def _by_network(self, way: str, inputs: NDArray[np.float32]) -> str:
        return CLASSES[int(self._probabilities(way, inputs)[0].argmax())]

    def _probabilities(self, way: str, inputs: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float64]:
        from xtalprint.studies.orientation_networks import probabilities  # noqa: PLC0415 - imports torch

        return probabilities(self.networks[way], inputs)


@cache
def ways_in(folder: str) -> Ways:
    """All ways with the networks in a folder; each process loads them once, and all that they load and compile."""
    ways, rng = Ways(trained_networks(Path(folder))), np.random.default_rng(0)
    box = displace_gaussian(supercell_to(simple_lattice("fcc"), min_atoms=PIECE), 0.1, rng)
    for crystal in (box, to_cluster(box)):
        ways.answers(crystal, rng)
    return ways


def in_standard_axes(found: OwnAxes) -> Crystal:
    """A piece of the mean crystal in its standard axes, as the image network likes it."""
    return to_cluster(supercell_to(standard_cell(found.crystal, symprec=tolerances(found)[0]), min_atoms=PIECE))


def _parts(*, simple: bool, answered: bool) -> dict[str, tuple[str, ...]]:
    """What each way consists of that is more than one step; steps are shared."""
    alone = ("order", "shipped networks")
    return {
        ORDER: alone,
        SMALL_ORDER: ("order", "small network"),
        OWN_SEARCH: ("own axes", "search"),
        OWN_IMAGE: ("own axes", "image"),
        OWN_OR_ORDER: ("own axes", *(["search"] if simple else []), *([] if answered else alone)),
        **{averaged(k): ("piece", *(averaged(less) for less in TURNS if less <= k)) for k in TURNS},
    }


def _class_by(model: AnsweringModel, crystal: Crystal) -> str | None:
    return model.predict([crystal], threads=1)[0].crystal_class


def _by_search(share: float, crystal: Crystal) -> str | None:
    return by_symmetry(share, [crystal])[0]


def _attempt(clock: ProcessorClock, part: str, ask: Callable[[], Found]) -> Found | None:
    """What is found, or nothing if that is not possible; and the time it takes."""
    with clock.of(part):
        try:
            return ask()
        except XtalprintError:
            return None
