"""Real files: every one of the data sets, and COD entries that ASE ships, beside the readers of ASE and pymatgen."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
from pymatgen.io.cif import CifParser

from xtalprint.crystal import Crystal
from xtalprint.io import from_ase, from_pymatgen, iter_read, read, read_table

DATA = Path(os.environ.get("XTALPRINT_DATA", "no data sets"))
needs_data = [
    pytest.mark.data,
    pytest.mark.skipif("XTALPRINT_DATA" not in os.environ, reason="XTALPRINT_DATA names no data sets"),
]
COD = sorted((Path(ase.__file__).parent / "test" / "testdata" / "minerals").glob("*.cif"))


def pairs_within(crystal, cutoff=3.2):
    """Sorted distances of all pairs with images, which no choice of axes or origin changes."""
    steps = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3), axis=-1).reshape(-1, 3)
    frac = crystal.frac - np.floor(crystal.frac)
    delta = (frac[:, None] - frac).reshape(-1, 1, 3) + steps
    distances = np.sort(np.linalg.norm(delta @ crystal.cell, axis=2), axis=None)
    return distances[(distances > 1e-6) & (distances < cutoff)]


def same_crystal(here, there):
    assert here.formula == there.formula
    assert here.volume == pytest.approx(there.volume, rel=1e-6)
    assert here.n_sites == there.n_sites
    ours, theirs = pairs_within(here), pairs_within(there)
    assert len(ours) == len(theirs)
    assert ours == pytest.approx(theirs, abs=2e-3)


@pytest.mark.skipif(not COD, reason="this ASE comes without its test data")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", COD, ids=lambda path: path.stem)
def test_entries_of_cod_as_other_readers_see_them(path):
    [ours] = read(path)
    same_crystal(ours, from_ase(ase.io.read(path)))
    [theirs] = CifParser(path).parse_structures(primitive=False)
    same_crystal(ours, from_pymatgen(theirs))


class TestDataSets:
    """All files of the data sets."""

    pytestmark = needs_data

    @pytest.mark.filterwarnings("ignore")
    def test_similarity(self):
        with (DATA / "similarity" / "index.csv").open(encoding="utf-8", newline="") as stream:
            entries = list(csv.DictReader(stream))
        assert len(entries) == 22
        for entry in entries:
            path = DATA / "similarity" / entry["file"]
            [ours] = read(path)
            assert len(ours) == ours.n_sites == int(entry["nsites"])
            assert ours.volume == pytest.approx(float(entry["volume_A3"]), rel=1e-4)
            same_crystal(ours, from_pymatgen(CifParser(path).parse_structures(primitive=False)[0]))

    @pytest.mark.parametrize("folder", ["md", "experiment"])
    def test_configurations(self, folder):
        with (DATA / folder / "index.csv").open(encoding="utf-8", newline="") as stream:
            entries = list(csv.DictReader(stream))
        for entry in entries:
            path = DATA / folder / entry["file"]
            frames = read(path)
            theirs = ase.io.read(path, ":")
            assert len(frames) == len(theirs) == int(entry.get("n_frames") or 1)
            assert [c == from_ase(a) for c, a in zip(frames, theirs, strict=True)] == [True] * len(frames)
            assert all(len(c) == int(entry["n_atoms"]) for c in frames)
            assert all(c.is_cluster == (folder == "experiment") for c in frames)

    @pytest.mark.parametrize(
        ("table", "rows"),
        [
            ("elements/elemental_mp.parquet", 831),
            ("prototypes/aflow_prototypes.parquet", 288),
            ("prototypes/arise_prototypes.parquet", 108),
            ("prototypes/bain_path.parquet", 202),
        ],
    )
    def test_every_row_of_the_small_tables(self, table, rows):
        items = list(iter_read(DATA / table))
        assert len(items) == rows
        assert all(isinstance(item, Crystal) for item in items)
        labels = read_table(DATA / table).labels
        if "nsites" in labels:
            assert [len(c) for c in items] == labels["nsites"]

    @pytest.mark.parametrize("table", ["elasticity/elasticity.parquet", "properties/properties.parquet"])
    def test_a_sample_of_the_large_tables(self, table):
        found = read_table(DATA / table)
        rows = np.linspace(0, len(found) - 1, 300).astype(int).tolist()
        key = "n_sites" if "n_sites" in found.labels else "nsites"
        assert [len(found.crystals[row]) for row in rows] == [found.labels[key][row] for row in rows]
        if "volume" in found.labels:
            volumes = [found.crystals[row].volume for row in rows]
            assert volumes == pytest.approx([found.labels["volume"][row] for row in rows], rel=1e-3)

    def test_the_table_without_elements_is_not_taken_for_hydrogen_and_helium(self):
        items = list(iter_read(DATA / "symmetry" / "spglib_poscars.parquet"))
        assert len(items) == 784
        assert sum(isinstance(item, Crystal) for item in items) == 1
        assert "names types, not elements" in str(items[0])
