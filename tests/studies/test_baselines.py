"""The other programs name the simple lattices right, and say None where they find nothing."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.errors import MissingExtraError
from xtalprint.geometry import random_rotation, rotated, supercell, to_cluster
from xtalprint.studies.baselines import (
    cna_types,
    majority,
    moyopy_class,
    ptm_class,
    ptm_types,
    spglib_class,
)

FACE = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
HEXAGONAL = 2.5 * np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, np.sqrt(8 / 3)]])


def cubic(sites, a):
    sites = np.array(sites, dtype=float)
    return Crystal(sites * a, np.full(len(sites), 29), cell=a * np.eye(3))


LATTICES = {
    "fcc": cubic(FACE, 3.6),
    "bcc": cubic([[0, 0, 0], [0.5, 0.5, 0.5]], 2.9),
    "sc": cubic([[0, 0, 0]], 2.5),
    "diam": cubic([*FACE, *(FACE + 0.25)], 5.4),
    "hex/rh": Crystal(np.array([[0, 0, 0], [1 / 3, 2 / 3, 0.5]]) @ HEXAGONAL, [29, 29], cell=HEXAGONAL),
}
TYPES = {name: "hcp" if name == "hex/rh" else name for name in LATTICES}


@pytest.mark.parametrize("name", LATTICES)
def test_each_program_names_each_lattice(name):
    turned = rotated(LATTICES[name], random_rotation(np.random.default_rng(1)))
    large = supercell(turned, (4, 3, 3))
    for crystal in (turned, large):
        assert ptm_class(crystal, rmsd_cutoff=0.1) == name
        assert set(ptm_types(crystal, rmsd_cutoff=0.0)) == {TYPES[name]}
        assert spglib_class(crystal, symprec=1e-3, angle=1.0) == name
        assert moyopy_class(crystal, symprec=1e-3) == name
        assert set(cna_types(crystal)) == {TYPES[name] if name in {"fcc", "bcc", "hex/rh"} else "other"}


def test_template_matching_looks_past_noise_and_missing_atoms_and_elements():
    rng = np.random.default_rng(2)
    large = supercell(LATTICES["fcc"], (4, 4, 4))
    noisy = displace_gaussian(vacancies(large, 0.1, rng), 0.1, rng)
    mixed = Crystal(noisy.positions, rng.integers(1, 90, len(noisy)), cell=noisy.cell)
    assert ptm_class(mixed, rmsd_cutoff=0.0) == "fcc"
    assert ptm_types(mixed, rmsd_cutoff=0.0).tolist() == ptm_types(noisy, rmsd_cutoff=0.0).tolist()


def test_a_cutoff_leaves_noisy_sites_without_a_type():
    noisy = displace_gaussian(supercell(LATTICES["fcc"], (4, 4, 4)), 0.1, np.random.default_rng(3))
    assert set(ptm_types(noisy, rmsd_cutoff=0.001)) == {"other"}
    assert ptm_class(noisy, rmsd_cutoff=0.001) is None
    assert set(ptm_types(noisy, rmsd_cutoff=0.0)) == {"fcc"}


def test_a_cluster_has_types_inside_and_a_surface():
    types = ptm_types(to_cluster(supercell(LATTICES["fcc"], (5, 5, 5))), rmsd_cutoff=0.1)
    assert majority(types) == "fcc"
    assert "other" in types


def test_a_disordered_site_is_one_site():
    both = Crystal([[0, 0, 0], [0, 0, 0]], [29, 79], cell=2.5 * np.eye(3), occupancies=[0.5, 0.5])
    assert ptm_types(both, rmsd_cutoff=0.1).tolist() == ["sc"]
    assert spglib_class(both, symprec=1e-3, angle=1.0) == "sc"


def test_a_search_that_finds_too_little_gives_none():
    noisy = displace_gaussian(supercell(LATTICES["fcc"], (3, 3, 3)), 0.05, np.random.default_rng(4))
    assert spglib_class(noisy, symprec=1e-3, angle=1.0) is None
    assert moyopy_class(noisy, symprec=1e-3) is None
    assert moyopy_class(noisy, symprec=0.3) == "fcc"
    close = Crystal([[0, 0, 0], [0, 0, 0.7]], [1, 1], cell=3 * np.eye(3))
    assert spglib_class(close, symprec=1.5, angle=1.0) is None
    assert moyopy_class(close, symprec=1.5) is None
    assert moyopy_class(to_cluster(noisy), symprec=0.1) is None
    assert spglib_class(to_cluster(noisy), symprec=0.1, angle=1.0) is None


def test_majority_leaves_out_other_and_breaks_ties_by_name():
    assert majority(["other", "other", "sc"]) == "sc"
    assert majority(["hcp", "fcc", "fcc", "hcp"]) == "fcc"
    assert majority(np.array(["other", "other"])) is None
    assert majority([]) is None


@pytest.mark.parametrize(("package", "extra"), [("ovito", "bench"), ("spglib", "symmetry")])
def test_a_missing_package_is_named_with_the_line_that_installs_it(package, extra, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    ask = {"ovito": cna_types, "spglib": partial(spglib_class, symprec=1e-3, angle=1.0)}[package]
    with pytest.raises(MissingExtraError, match=rf'pip install "xtalprint\[{extra}\]"'):
        ask(LATTICES["fcc"])
