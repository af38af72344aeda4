"""The study of molecular dynamics on lattices whose answers are known, and the snapshots that are committed."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.errors import WrongUsageError
from xtalprint.io import read
from xtalprint.studies import md
from xtalprint.studies.base import run_study
from xtalprint.studies.md_counts import CNA, MODELS, figures_of

ROOT = Path(__file__).resolve().parents[2]
MADE = ROOT / "data" / "md"
FACE = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
HEADER = "file,class,T_over_Tm\n"


def written(path, edge, sites, repeats, *, frames=1, noise=0.0):
    """Write an extended XYZ file of a cubic lattice, with random displacements in Å."""
    rng = np.random.default_rng(0)
    steps = np.stack(np.meshgrid(*(np.arange(repeats),) * 3), -1).reshape(-1, 1, 3)
    text = ""
    for _ in range(frames):
        positions = edge * (steps + np.array(sites)).reshape(-1, 3)
        positions = positions + rng.normal(0, noise, positions.shape)
        lattice = " ".join(str(x) for x in np.ravel(edge * repeats * np.eye(3)))
        text += f'{len(positions)}\nLattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T"\n'
        text += "".join(f"Cu {x:.3f} {y:.3f} {z:.3f}\n" for x, y, z in positions)
    path.write_bytes(gzip.compress(text.encode()))


@pytest.fixture
def snapshots(tmp_path, monkeypatch):
    """Two small sets: fcc, simple cubic and something without order here, a cold fcc and a mixture there."""
    pytest.importorskip("ovito")
    made, collected = tmp_path / "data" / "md", tmp_path / "sets" / "md"
    made.mkdir(parents=True)
    collected.mkdir(parents=True)
    written(made / "cu_fcc_040.extxyz.gz", 3.6, FACE, 4, frames=2, noise=0.05)
    written(made / "cu_sc_040.extxyz.gz", 2.6, [[0, 0, 0]], 6, noise=0.02)
    written(made / "cu_liquid_130.extxyz.gz", 3.6, FACE, 4, noise=0.8)
    (made / "index.csv").write_text(
        HEADER + "cu_fcc_040.extxyz.gz,fcc,0.4\ncu_sc_040.extxyz.gz,sc,0.4\ncu_liquid_130.extxyz.gz,liquid,1.3\n"
    )
    written(collected / "cold.extxyz.gz", 3.6, FACE, 3)
    (collected / "index.csv").write_text("file,class\ncold.extxyz.gz,fcc\nnowhere.extxyz.gz,mixed\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XTALPRINT_DATA", str(tmp_path / "sets"))
    return tmp_path


def test_every_frame_is_labelled_and_counted(snapshots):
    result = run_study("md", snapshots / "out")
    record = json.loads((snapshots / "out" / "results.json").read_text(encoding="utf-8"))
    assert record["n_frames"] == 5
    assert [row["file"] for row in result.table].count("cu_fcc_040.extxyz.gz") == 2
    assert record["structures"]["made"]["PTM, no cutoff"]["right"] == 3
    for model in MODELS:
        assert record["structures"]["made"][model]["n"] == 3
        assert record["models"][model]["model"] == model
        assert record["systems_where_others_have_more_right"][model]["moyopy 0.01 Å"] == []
    assert record["structures"]["collected"]["moyopy 0.01 Å"]["right"] == 1
    assert record["liquids"]["made"]["moyopy 0.01 Å"] == {"n": 1, "right": 1, "accuracy": 1.0}
    fcc, sc, liquid, cold = record["systems"]
    assert (fcc["system"], fcc["class"]) == ("cu_fcc", "fcc")
    level = fcc["temperatures"][0]
    assert level["T_over_Tm"] == 0.4
    assert level["atoms"][CNA] == {"n": 512, "accuracy": 1.0}
    assert level["structures"][CNA]["right"] == 2
    assert CNA not in sc["temperatures"][0]["atoms"], "which does not know simple cubic"
    assert liquid["temperatures"][0]["atoms"]["PTM, rmsd < 0.1"]["accuracy"] > 0.5
    assert cold["temperatures"][0]["T_over_Tm"] is None
    assert (snapshots / "out" / "md.png").stat().st_size > 1000


def test_a_quick_run_looks_at_two_files_made_here(snapshots):
    result = md.run(quick=True)
    assert {row["set"] for row in result.table} == {"made"}
    assert len({row["file"] for row in result.table}) == 2


def test_labels_of_atoms_get_their_column_and_without_them_it_is_left_out(snapshots, monkeypatch):
    monkeypatch.setattr(md, "atom_classes", lambda crystal: np.full(len(crystal), "fcc"))
    rows = md.run().table
    atoms = [system["temperatures"][0]["atoms"]["xtalprint"]["accuracy"] for system in figures_of(rows)["systems"]]
    assert atoms == [1.0, 0.0, 0.0, 1.0]
    without = figures_of([row | {"atoms: xtalprint": None} for row in rows])
    assert not any("xtalprint" in system["temperatures"][0]["atoms"] for system in without["systems"])


def test_without_the_snapshots_the_error_names_the_remedy(snapshots, monkeypatch):
    monkeypatch.chdir(snapshots / "sets")
    with pytest.raises(WrongUsageError, match="in the root of a checkout of the repository"):
        md.run()


def test_labels_of_atoms_are_one_a_site_in_the_words_of_template_matching():
    crystal = Crystal(3.6 * FACE + 0.1, ["Cu"] * 4, cell=3.6 * np.eye(3))
    assert md.atom_classes(crystal).tolist() == ["fcc"] * 4
    gas = Crystal(np.random.default_rng(0).uniform(0, 60, (50, 3)), ["Ar"] * 50)
    assert md.atom_classes(gas).tolist() == ["other"] * 50


def index():
    with (MADE / "index.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_index_lists_all_files_and_they_are_small():
    files = sorted(path.name for path in MADE.glob("*.extxyz.gz"))
    assert sorted(entry["file"] for entry in index()) == files
    assert sum(path.stat().st_size for path in MADE.iterdir()) < 2_000_000
    assert {entry["class"] for entry in index()} == {"fcc", "bcc", "hcp", "sc", "diam", "liquid"}


def test_crystals_were_solid_and_liquids_diffused():
    assert {entry["checked"] for entry in index() if entry["class"] != "liquid"} == {"solid"}
    assert {entry["checked"] for entry in index() if entry["class"] == "liquid"} == {"diffuses"}


def test_no_snapshot_is_a_gas():
    """Volumes within 30 % of the element's coldest crystal."""
    solid: dict[str, float] = {}
    for entry in index():
        if entry["class"] != "liquid":
            solid.setdefault(entry["element"], float(entry["volume_per_atom_A3"]))
    ratios = [float(entry["volume_per_atom_A3"]) / solid[entry["element"]] for entry in index()]
    assert 0.7 < min(ratios) <= max(ratios) < 1.3


def test_the_card_names_all_potentials():
    card = (MADE / "README.md").read_text(encoding="utf-8")
    for entry in index():
        assert entry["potential"].startswith("model") or entry["potential"].split()[1].strip(",") in card
        assert entry["lammps"] in card


@pytest.mark.parametrize("entry", index(), ids=lambda entry: entry["file"])
def test_a_file_is_read_as_the_index_says(entry):
    crystals = read(MADE / entry["file"])
    assert len(crystals) == int(entry["n_frames"])
    for crystal in crystals:
        assert len(crystal) == int(entry["n_atoms"])
        assert set(crystal.symbols) == {entry["element"]}
        assert all(crystal.pbc)
        assert abs(np.linalg.det(crystal.cell)) / len(crystal) == pytest.approx(
            float(entry["volume_per_atom_A3"]), rel=1e-4
        )


def test_both_sets_that_are_missing_are_named_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XTALPRINT_DATA", raising=False)
    with pytest.raises(WrongUsageError, match=r"neither was found .*checkout, and set XTALPRINT_DATA"):
        run_study("md", tmp_path / "out")
