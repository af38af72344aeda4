"""Crystals to calibrate and measure a classifier with: defective copies of known ones, and none of the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets.elements import ELEMENTS, bond_lengths
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import bond_length, space_group_number, standard_cell, supercell_to, to_cluster
from xtalprint.prototypes import all_prototypes
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from xtalprint.models.configuration import CopiesConfig, KnownConfig

#: Sites of a copy before atoms are removed.
ATOMS = 256
#: A prototype within this share of the bond length of a class is not counted as foreign to it.
NEAR = 0.06
#: Displacements in units of the bond length beyond which no crystal is left (Lindemann).
MOLTEN = (0.3, 0.4)
#: Atoms of a liquid keep this share of the bond length from each other; those of a gas only so much.
LIQUID_CORE, GAS_CORE = 0.85, 0.4


def defective_copies(crystals: Sequence[Crystal], config: KnownConfig, *, seed: int) -> dict[str, list[Crystal]]:
    """One copy of each crystal for each kind of defect.

    The crystal is brought to its standard cell, repeated to about `ATOMS` sites and cut free first, as in the paper,
    so that no search for its axes stands between the defects and the image.

    Parameters
    ----------
    crystals
        Pristine.
    config
        Says which displacements (Å) and vacancies.
    seed
        Each copy has random numbers of its own, from the seed, the defect and its place in the list.
    """
    large = [supercell_to(standard_cell(crystal), min_atoms=ATOMS) for crystal in crystals]
    kinds: list[tuple[str, Callable[[Crystal, float, np.random.Generator], Crystal], float]] = [
        *((f"σ = {sigma:g} Å", displace_gaussian, sigma) for sigma in config.displacements),
        *((f"{100 * share:g} % vacancies", vacancies, share) for share in config.vacancies),
    ]
    return {
        name: [
            to_cluster(make(crystal, amount, np.random.default_rng([seed, kind, i])))
            for i, crystal in enumerate(large)
        ]
        for kind, (name, make, amount) in enumerate(kinds)
    }


def training_copies(crystals: Sequence[Crystal], config: CopiesConfig, *, seed: int) -> list[Crystal]:
    """Copies of pristine crystals in pieces of any size, and with defects where the recipe wants them.

    A network that has seen copper only in pieces of 256 atoms knows the shape of that piece rather than copper.

    Parameters
    ----------
    crystals
        Pristine crystals of the training part, never of another.
    config
        Says how many copies, how large, and which defects.
    seed
        Each copy has random numbers of its own, from the seed, its round and its place in the list.

    Returns
    -------
    ``per_crystal`` times the whole list.
    """
    standard = [standard_cell(crystal) for crystal in crystals]
    return [
        _training_copy(crystal, config, np.random.default_rng([seed, turn, i]))
        for turn in range(config.per_crystal)
        for i, crystal in enumerate(standard)
    ]


def _training_copy(crystal: Crystal, config: CopiesConfig, rng: np.random.Generator) -> Crystal:
    least, greatest = np.log(config.sites)
    copy = supercell_to(crystal, min_atoms=round(np.exp(rng.uniform(least, greatest))))
    displaced, thinned = rng.random(2) < 0.5  # noqa: PLR2004 - one half
    if displaced:
        copy = displace_gaussian(copy, rng.uniform(0, config.displacement), rng, unit="d_nn")
    if thinned:
        copy = vacancies(copy, rng.uniform(0, config.vacancies), rng)
    return to_cluster(copy)


def none_of_the_classes(crystals: Sequence[Crystal], *, seed: int) -> dict[str, list[Crystal]]:
    """Make disordered matter with the elements and densities of known crystals.

    Returns
    -------
    By name: random positions with small cores ("gas"), with large cores ("liquid"), and crystals displaced by 0.3
    and 0.4 of the bond length ("amorphous").
    """
    large = [supercell_to(standard_cell(crystal), min_atoms=ATOMS) for crystal in crystals]
    made: dict[str, list[Crystal]] = {"gas": [], "liquid": []}
    made |= {f"amorphous, Lindemann {share:g}": [] for share in MOLTEN}
    for i, crystal in enumerate(large):
        rng = np.random.default_rng([seed, i])
        made["gas"].append(random_packing(crystal, GAS_CORE, rng))
        made["liquid"].append(random_packing(crystal, LIQUID_CORE, rng))
        for share in MOLTEN:
            molten = displace_gaussian(crystal, share, rng, unit="d_nn")
            made[f"amorphous, Lindemann {share:g}"].append(to_cluster(molten))
    return made


def other_prototypes(*, half: Literal[0, 1], seed: int) -> list[Crystal]:
    """AFLOW prototypes with all sites of one element that belong to none of the classes.

    Parameters
    ----------
    half
        Every second one, beginning with the first or the second: 0 to choose a rule with, 1 to measure it.
    seed
        Of the elements.
    """
    rng = np.random.default_rng(seed)
    found = []
    for prototype in all_prototypes():
        symbol = str(rng.choice(ELEMENTS))
        crystal = prototype.with_one_element(symbol)
        factor = bond_lengths()[symbol] / bond_length(crystal)
        crystal = prototype.with_one_element(symbol, volume_per_atom=crystal.volume / len(crystal) * factor**3)
        tolerance = NEAR * bond_lengths()[symbol]
        if space_group_number(crystal, symprec=tolerance) not in CLASS_OF_SPACE_GROUP:
            found.append(crystal)
    return found[half::2]


def random_packing(crystal: Crystal, core: float, rng: np.random.Generator) -> Crystal:
    """As many atoms as ``crystal`` has, at random in a cube of the same density, pushed apart.

    Parameters
    ----------
    crystal
        With a cell; gives the elements, the density and the bond length.
    core
        Atoms closer than this share of the bond length push each other away, as far as that succeeds in 60 steps.
    rng
        The only source of chance.
    """
    edge = crystal.volume ** (1 / 3)
    length = min(core * bond_length(crystal), 0.95 * edge * len(crystal) ** (-1 / 3))
    positions = rng.uniform(0, edge, size=(len(crystal), 3))
    for _ in range(60):
        push = _overlap(positions, edge, length)
        if not push.any():
            break
        positions = (positions + push) % edge
    return Crystal(positions, crystal.numbers, source=f"random packing of {crystal.source}")


def _overlap(positions: NDArray[np.float64], edge: float, length: float) -> NDArray[np.float64]:
    """Half of what each pair lacks to ``length``, along their connection."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only to calibrate

    first, second = cKDTree(positions, boxsize=np.full(3, edge)).query_pairs(length, output_type="ndarray").T
    difference = positions[first] - positions[second]
    difference -= edge * np.round(difference / edge)
    distance = np.sqrt((difference**2).sum(axis=1))
    step = (0.5 * (length / np.maximum(distance, 1e-9) - 1))[:, None] * difference
    push = np.zeros_like(positions)
    np.add.at(push, first, step)
    np.subtract.at(push, second, step)
    return push
