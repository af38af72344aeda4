"""Prototypes and paths: lattice geometry from textbooks, symmetry by another program, the table they came from."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.errors import XtalprintError
from xtalprint.geometry import nearest_distances, space_group_number
from xtalprint.prototypes import (
    SIMPLE_LATTICES,
    all_prototypes,
    body_centred_tetragonal,
    prototype,
    rhombohedral,
    simple_lattice,
)

DATA = os.environ.get("XTALPRINT_DATA")
FILE = Path(__file__).parents[1] / "src" / "xtalprint" / "prototypes"


#: In the source these have coordinates of higher symmetry than their label says, by rounding; one has a smaller cell.
HIGHER = {"AB3_tI16_140_b_ah": 123, "AB4_oC20_41_a_2b": 68, "AB_oP8_33_a_a": 62, "A2B_oC12_38_de_ab": 63}


def test_labels_tell_space_group_and_number_of_atoms():
    """AFLOW label: A2B_cF12_225_c_a has space group 225 and a Pearson symbol cF12."""
    for member in all_prototypes():
        parts = member.label.split("_")
        assert int(parts[2]) == member.spacegroup
        assert parts[1] == member.pearson
        centring = {"P": 1, "I": 2, "F": 4, "C": 2, "A": 2, "R": 1}[member.pearson[1]]
        atoms = 8 if member.label == "AB3_tI16_140_b_ah" else int(member.pearson[2:])
        assert len(member.crystal) * centring == atoms, member.label


def test_cells_have_the_symmetry_of_the_label():
    for member in all_prototypes():
        found = space_group_number(member.crystal, symprec=0.01)
        assert found == HIGHER.get(member.label, member.spacegroup), member.label


def test_the_file_is_small_and_credited():
    assert (FILE / "aflow.json.gz").stat().st_size < 150_000
    assert "Mehl" in (FILE / "NOTICE").read_text(encoding="utf-8")


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="XTALPRINT_DATA names no data sets")
def test_nothing_was_lost_on_the_way_from_the_table():
    table = (
        pytest.importorskip("pyarrow.parquet")
        .read_table(Path(DATA, "prototypes", "aflow_prototypes.parquet"))
        .to_pylist()
    )
    assert [p.label for p in all_prototypes()] == [row["aflow"] for row in table]
    for member, row in zip(all_prototypes(), table, strict=True):
        assert np.allclose(member.crystal.cell, np.reshape(row["cell"], (3, 3)), atol=1e-7)
        assert member.crystal.numbers.tolist() == list(row["numbers"])
        off = member.crystal.frac - np.reshape(row["frac"], (-1, 3))
        assert np.abs(off - np.round(off)).max() < 1e-6


@pytest.mark.parametrize(
    ("label", "group"),
    [("AB_cF8_225_a_b", 221), ("AB_cP2_221_b_a", 229), ("AB3_cP4_221_a_c", 225), ("AB2_cF12_225_a_c", 225)],
)
def test_one_element_raises_the_symmetry(label, group):
    """Rock salt becomes simple cubic, CsCl body-centred, Cu3Au face-centred, and fluorite keeps its group."""
    crystal = prototype(label).with_one_element("Cu", volume_per_atom=12.0)
    assert set(crystal.symbols) == {"Cu"}
    assert crystal.volume / len(crystal) == pytest.approx(12.0)
    assert space_group_number(crystal) == group


def test_messages():
    with pytest.raises(XtalprintError, match=r"no such prototype \(value: X9\); all_prototypes\(\) lists the labels"):
        prototype("X9")
    with pytest.raises(XtalprintError, match=r"unknown element \(value: Qq\)"):
        prototype("A_cF4_225_a").with_one_element("Qq")
    for volume in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(XtalprintError, match="the volume per atom must be a positive number"):
            prototype("A_cF4_225_a").with_one_element("Cu", volume_per_atom=volume)
    with pytest.raises(XtalprintError, match=r"no such simple lattice .*choose one of sc, fcc, bcc"):
        simple_lattice("hexagonal")
    for a, ratio in ((0.0, 1.0), (3.0, -1.0), (float("nan"), 1.0), (3.0, float("inf"))):
        for path in (rhombohedral, body_centred_tetragonal):
            with pytest.raises(XtalprintError, match="a and c/a must be positive numbers"):
                path(a, ratio)


#: Space group, and nearest distance and number of atoms in the conventional cell for a = 4 Å.
LATTICES = {
    "sc": (221, 4.0, 1),
    "fcc": (225, 4 / np.sqrt(2), 4),
    "bcc": (229, 2 * np.sqrt(3), 2),
    "diam": (227, np.sqrt(3), 8),
    "hcp": (194, 4.0, 2),
    "rh": (166, None, 6),
    "bct_139": (139, 4.0, 2),
    "bct_141": (141, 4 * np.sqrt(0.25 + 0.545**2 / 16), 4),
}


@pytest.mark.parametrize("name", SIMPLE_LATTICES)
def test_simple_lattices(name):
    group, distance, n = LATTICES[name]
    crystal = simple_lattice(name)
    assert len(crystal) == n
    assert space_group_number(crystal, symprec=1e-4) == group
    if distance is not None:
        assert nearest_distances(crystal) == pytest.approx(np.full(n, distance))


def test_arsenic_has_its_three_short_bonds():
    """α-As: a = 3.760 Å, c/a = 2.805, z = 0.2271; bond 2.517 Å (Schiferl & Barrett, J. Appl. Cryst. 2, 30, 1969)."""
    assert nearest_distances(simple_lattice("rh", symbol="As", a=3.760)) == pytest.approx(np.full(6, 2.517), abs=2e-3)


@pytest.mark.parametrize(("ratio", "group"), [(np.sqrt(3 / 8), 229), (np.sqrt(3 / 2), 221), (np.sqrt(6), 225)])
def test_the_rhombohedral_path_passes_the_cubic_lattices(ratio, group):
    assert space_group_number(rhombohedral(5.0, ratio), symprec=1e-5) == group
    assert space_group_number(rhombohedral(5.0, 1.05 * ratio), symprec=1e-5) == 166


@pytest.mark.parametrize(("ratio", "group"), [(1.0, 229), (np.sqrt(2), 225), (1.2, 139), (0.8, 139)])
def test_the_bain_path_passes_bcc_and_fcc(ratio, group):
    assert space_group_number(body_centred_tetragonal(3.0, ratio), symprec=1e-5) == group


@given(st.floats(1, 10), st.floats(0.3, 5))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_paths_have_the_volumes_of_their_formulas(a, ratio):
    """√3/2 a²c for the triple hexagonal cell, a²c for the tetragonal one with two atoms."""
    assert rhombohedral(a, ratio).volume == pytest.approx(np.sqrt(3) / 2 * a**3 * ratio / 3)
    assert body_centred_tetragonal(a, ratio).volume == pytest.approx(a**3 * ratio)


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="XTALPRINT_DATA names no data sets")
def test_the_bain_path_of_the_published_files_is_ours():
    rows = (
        pytest.importorskip("pyarrow.parquet").read_table(Path(DATA, "prototypes", "bain_path.parquet")).to_pylist()
    )
    for row in rows:
        ours = body_centred_tetragonal(row["a"], row["c_over_a"])
        assert ours.volume / len(ours) == pytest.approx(row["volume_per_atom"], rel=1e-4)
        assert space_group_number(ours, symprec=0.001) == row["spacegroup_0p001"]
