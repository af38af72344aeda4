"""The structures of the study of defects: a test part that the networks have not learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.datasets import elemental_solids
from xtalprint.datasets.making import TOLERANCES, Recipe, is_of_orbits
from xtalprint.datasets.structure_types import structure_type
from xtalprint.geometry import bond_length, standard_cell, supercell_to
from xtalprint.studies.base import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.datasets import ElementalSolids

#: Sites of the supercell before atoms are removed.
ATOMS = 256
#: Structure types that template matching has a template of: fcc, bcc, simple cubic, diamond, hcp.
SIMPLE_TYPES = ("cF4_225_m-3m", "cI2_229_m-3m", "cP1_221_m-3m", "cF8_227_-43m", "hP2_194_-6m2")
#: Structures that the symmetry searches are run on, and how many of them where atoms are missing or substituted:
#: there a search finds next to nothing and takes long to say so.
SEARCHED, SEARCHED_FEW = 200, 100
#: Structures of a quick run, of which so many are searched, and its seed: neither network has learned from them.
QUICK_STRUCTURES, QUICK_SEARCHED, QUICK_SEED = 20, 5, 20_180
#: Ends the seed of the choice of what is searched; the random numbers of defects have longer seeds.
CHOICE = 1


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The structures of the study.

    Parameters
    ----------
    crystals
        Pristine supercells of standard cells.
    truth
        Class of each.
    bonds
        (n,) mean distance of nearest neighbours in Å.
    margins
        (n,) how far each is from degeneracy, as in `ElementalSolids`.
    unseen
        Rows that the shipped model has not learned from; the paper's network has learned from none.
    searched, searched_few
        Some of them, for the symmetry searches, and some of these.
    simple
        Those of them that template matching has a template of.
    about
        For the record.
    """

    crystals: Sequence[Crystal]
    truth: Sequence[str]
    bonds: NDArray[np.float64]
    margins: NDArray[np.float64]
    unseen: frozenset[int]
    searched: frozenset[int]
    searched_few: frozenset[int]
    simple: frozenset[int]
    about: dict[str, Any]


def test_part(data: Mapping[str, Any], other: Mapping[str, Any], *, seed: int) -> Sample:
    """Make the published set anew and take its test part.

    Parameters
    ----------
    data
        The set that the paper's network was trained on, as its manifest describes it.
    other
        The set that the shipped network was trained on. It has crystals in common with the first.
    seed
        Of the choice of structures to search.
    """
    say(f"making {data['n']} elemental solids")
    made = elemental_solids(seed=data["seed"], n=data["n"])
    test = made.split(test=0.1, seed=data["seed"])[1]
    seen = np.array([is_in_set(int(row), made.seed, other) for row in test])
    sample = sample_of(made, test, ~seen, searched=SEARCHED, seed=seed)
    sample.about["set"] = f"test part of elemental_solids(seed={data['seed']}, n={data['n']})"
    sample.about["set_is_that_of_the_published_network"] = made.data_hash == data["sha256"]
    return sample


def is_in_set(row: int, seed: int, data: Mapping[str, Any]) -> bool:
    """Whether a crystal of the published set is also in the set that a model was trained on."""
    if data["seed"] != seed or row >= data["n"]:
        return False
    return not is_of_orbits(row, Recipe(seed=seed, orbits=data["orbits"]))


def quick_sample(*, seed: int) -> Sample:
    """Make a few structures of another set than those that the networks were trained on."""
    made = elemental_solids(seed=QUICK_SEED + seed, n=QUICK_STRUCTURES, workers=1)
    sample = sample_of(made, np.arange(len(made)), np.ones(len(made), dtype=bool), searched=QUICK_SEARCHED, seed=seed)
    sample.about["set"] = f"elemental_solids(seed={QUICK_SEED + seed}, n={QUICK_STRUCTURES})"
    return sample


def sample_of(
    made: ElementalSolids, rows: NDArray[np.int64], unseen: NDArray[np.bool_], *, searched: int, seed: int
) -> Sample:
    """Take rows of a made set, pristine, in supercells of their standard cells; choose how many are searched."""
    pristine = [made.crystals[row] for row in rows]
    # A wider tolerance idealises short bonds away: at 0.1 Å a bct_141 crystal of hydrogen becomes a bct_139 one.
    standard = [standard_cell(crystal, symprec=TOLERANCES[0]) for crystal in pristine]
    large = [supercell_to(crystal, min_atoms=ATOMS) for crystal in standard]
    new = np.flatnonzero(unseen)
    chosen = np.random.default_rng([seed, CHOICE]).permutation(new)[:searched]
    simple = [i for i in new.tolist() if structure_type(pristine[i]) in SIMPLE_TYPES]
    sizes = [crystal.n_sites for crystal in large]
    return Sample(
        crystals=large,
        truth=[str(made.labels[row]) for row in rows],
        bonds=np.array([bond_length(crystal) for crystal in large]),
        margins=made.margins[rows],
        unseen=frozenset(new.tolist()),
        searched=frozenset(chosen.tolist()),
        searched_few=frozenset(chosen[:SEARCHED_FEW].tolist()),
        simple=frozenset(simple),
        about={
            "n": len(rows),
            "n_unseen_by_both_networks": len(new),
            "n_searched": len(chosen),
            "n_searched_with_missing_or_substituted_atoms": min(len(chosen), SEARCHED_FEW),
            "n_simple": len(simple),
            "sites": [min(sizes), max(sizes)],
        },
    )
