"""The elastic moduli: from a table, from the source distribution, through a stand-in for pip; splits and folds."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from xtalprint import Crystal
from xtalprint.datasets import elasticity, elasticity_source
from xtalprint.datasets.elasticity import ELEMENTS_78
from xtalprint.errors import UnreadableFileError, WrongUsageError, XtalprintError
from xtalprint.io import write_table

DATA = os.environ.get("XTALPRINT_DATA")
#: As pymatgen writes it; the coordinate 0.99999999 is 1 in single precision.
CIF = """# generated using pymatgen
data_X
_cell_length_a   4.0
_cell_length_b   5.0
_cell_length_c   6.0
_cell_angle_alpha   90.0
_cell_angle_beta   90.0
_cell_angle_gamma   110.0
_chemical_formula_sum   '{formula}'
loop_
 _symmetry_equiv_pos_site_id
 _symmetry_equiv_pos_as_xyz
  1  'x, y, z'
loop_
 _atom_site_type_symbol
 _atom_site_label
 _atom_site_symmetry_multiplicity
 _atom_site_fract_x
 _atom_site_fract_y
 _atom_site_fract_z
 _atom_site_occupancy
  {one}  {one}0  1  0.00000000  0.99999999  0.00000000  1
  {other}  {other}1  1  0.50000000  0.50000000  0.12345678  1
"""
RECORDS = [("mp-1", "Na", "Cl", 24, 15), ("mp-2", "Ne", "O", 1, 1), ("mp-3", "Cl", "Na", 20, 99)]


def packed(folder, records=RECORDS):
    """Write a small distribution of the same form; returns its path and SHA-256."""
    data = [
        {
            "task_id": name,
            "elasticity.K_VRH": k,
            "elasticity.G_VRH": g,
            "elasticity.elastic_anisotropy": 0.5,
            "cif": CIF.format(one=one, other=other, formula=f"{one}1 {other}1"),
        }
        for name, one, other, k, g in records
    ]
    content = json.dumps(data).encode()
    path = folder / elasticity_source.DISTRIBUTION
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo(elasticity_source.MEMBER)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A distribution that counts as the right one, and a cache without it."""
    path, sha256 = packed(tmp_path)
    monkeypatch.setattr(elasticity_source, "SHA256", sha256)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("XTALPRINT_DATA", raising=False)
    return path


def test_from_the_distribution(made):
    moduli = elasticity(made)
    assert len(moduli) == 3
    assert moduli.ids.tolist() == ["mp-1", "mp-2", "mp-3"]
    assert moduli.bulk_modulus.tolist() == [24, 1, 20]
    assert moduli.shear_modulus.tolist() == [15, 1, 99]
    assert moduli.formulas.tolist() == ["ClNa", "NeO", "ClNa"]
    assert moduli.outlier.tolist() == [False, False, True]
    assert moduli.of_78_elements.tolist() == [True, False, True]
    crystal = moduli.crystals[0]
    assert crystal.symbols == ["Na", "Cl"]
    np.testing.assert_allclose(crystal.frac, [[0, 0, 0], [0.5, 0.5, np.float32(0.12345678)]], atol=1e-12)
    assert [len(c) for c in moduli.crystals[1:]] == [2, 2]
    assert crystal.frame == 0
    assert moduli.crystals[-1].frame == 2
    assert "3 crystals" in repr(moduli)


def test_from_a_table(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "elasticity"
    folder.mkdir(parents=True)
    crystal = Crystal([[0, 0, 0]], ["Cu"], cell=2.5 * np.eye(3))
    labels = {"K_VRH": [140.0], "G_VRH": [48.0], "elastic_anisotropy": [2.0]}
    write_table([crystal], folder / "elasticity.parquet", ids=["mp-30"], labels=labels)
    monkeypatch.setenv("XTALPRINT_DATA", str(tmp_path / "data"))
    moduli = elasticity()
    assert (moduli.bulk_modulus.tolist(), moduli.formulas.tolist()) == ([140.0], ["Cu"])
    assert moduli.crystals[0].symbols == ["Cu"]
    write_table([crystal], folder / "other.parquet", ids=["a"], labels={"K_VRH": [1.0]})
    with pytest.raises(UnreadableFileError, match="no column G_VRH"):
        elasticity(folder / "other.parquet")


def test_nothing_is_downloaded_unless_allowed(made, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip was started"))
    with pytest.raises(WrongUsageError, match=r"--allow-download, or datasets\.elasticity\(allow_download=True\)"):
        elasticity()


def stand_in_for_pip(source, *, returncode=0, stderr=""):
    """Do what pip would do: put the file into the folder of --dest."""

    def run(command, **options):
        assert command[:4] == [sys.executable, "-m", "pip", "download"]
        assert {"--no-deps", "--require-hashes"} <= set(command)
        requirement = Path(command[-1]).read_text(encoding="utf-8")
        assert requirement == f"gridrdf==0.2.0 --hash=sha256:{elasticity_source.SHA256}\n"
        assert not [word for word in command if "://" in word]
        if source is not None:
            (Path(command[command.index("--dest") + 1]) / source.name).write_bytes(source.read_bytes())
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    return run


def test_a_download_is_kept(made, monkeypatch):
    monkeypatch.setattr(subprocess, "run", stand_in_for_pip(made))
    assert len(elasticity(allow_download=True)) == 3
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip was started again"))
    assert len(elasticity()) == 3
    assert elasticity().path == elasticity_source.cache_folder() / elasticity_source.DISTRIBUTION


def test_a_damaged_file_in_the_cache_is_fetched_again_if_that_is_allowed(made, monkeypatch):
    kept = elasticity_source.cache_folder() / elasticity_source.DISTRIBUTION
    kept.parent.mkdir(parents=True)
    kept.write_bytes(made.read_bytes()[:-9])
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip was started"))
    with pytest.raises(UnreadableFileError, match=r"its SHA-256 differs .*delete the file .*--allow-download"):
        elasticity()
    monkeypatch.setattr(subprocess, "run", stand_in_for_pip(made))
    assert len(elasticity(allow_download=True)) == len(elasticity()) == 3


def test_a_download_that_fails_says_why_and_leaves_nothing(made, monkeypatch):
    run = stand_in_for_pip(None, returncode=1, stderr="WARNING: slow\nERROR: No matching distribution found\n\n")
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(UnreadableFileError, match=r"ERROR: No matching distribution found.*put it into"):
        elasticity(allow_download=True)

    def too_slow(command, **options):
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", too_slow)
    with pytest.raises(UnreadableFileError, match="pip did not finish"):
        elasticity(allow_download=True)
    assert not elasticity_source.cache_folder().exists()


def test_another_file_is_refused(made, monkeypatch):
    other = made.with_name("other.tar.gz")
    other.write_bytes(made.read_bytes() + b" ")
    with pytest.raises(UnreadableFileError, match="its SHA-256 differs"):
        elasticity(other)
    run = stand_in_for_pip(made)
    monkeypatch.setattr(elasticity_source, "SHA256", "0" * 64)
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(UnreadableFileError, match="its SHA-256 differs"):
        elasticity(allow_download=True)
    assert not elasticity_source.cache_folder().exists()
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        elasticity(made.with_name("missing.tar.gz"))


def test_a_right_hash_with_a_wrong_content(made, monkeypatch):
    made.write_bytes(b"not a tar file")
    monkeypatch.setattr(elasticity_source, "SHA256", hashlib.sha256(made.read_bytes()).hexdigest())
    with pytest.raises(UnreadableFileError, match=r"no gridrdf-0.2.0/MP_modulus.json in it"):
        elasticity(made)


def test_a_cache_that_cannot_be_written(made, monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("a file in its place")
    monkeypatch.setattr(subprocess, "run", stand_in_for_pip(made))
    with pytest.raises(XtalprintError, match="set XDG_CACHE_HOME"):
        elasticity(allow_download=True)


def test_folds_take_each_row_once_and_keep_formulas_together(tmp_path, monkeypatch):
    names = ["Na", "Cl", "O", "Ti", "Fe"]
    rng = np.random.default_rng(0)
    path, sha256 = packed(tmp_path, [(f"mp-{i}", *rng.choice(names, 2), 10 + i, 5) for i in range(60)])
    monkeypatch.setattr(elasticity_source, "SHA256", sha256)
    moduli = elasticity(path)
    for by_formula in (False, True):
        folds = moduli.folds(5, seed=3, by_formula=by_formula)
        assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(60))
        for train, test in folds:
            assert len(train) + len(test) == 60
            assert abs(len(test) - 12) <= (6 if by_formula else 0)
            if by_formula:
                assert not set(moduli.formulas[train]) & set(moduli.formulas[test])
    again = moduli.folds(5, seed=3)
    assert all(
        np.array_equal(a, b)
        for one, two in zip(moduli.folds(5, seed=3), again, strict=True)
        for a, b in zip(one, two, strict=True)
    )
    assert not np.array_equal(moduli.folds(5, seed=4)[0][1], again[0][1])
    among = np.array([1, 5, 7, 11])
    assert sorted(np.concatenate([t for _, t in moduli.folds(2, among=among)]).tolist()) == among.tolist()
    with pytest.raises(WrongUsageError, match="number of folds"):
        moduli.folds(1)


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="XTALPRINT_DATA names no data sets")
def test_the_released_split():
    """The counts and the split that the code of the paper makes with scikit-learn."""
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 - a test dependency

    moduli = elasticity()
    assert len(moduli) == 12_178
    assert len(ELEMENTS_78) == 78
    rows = np.flatnonzero(moduli.of_78_elements)
    assert len(rows) == 11_699
    assert moduli.outlier.sum() == 54
    train, test = moduli.released_split()
    expected = train_test_split(rows, test_size=0.2, random_state=1)
    assert np.array_equal(train, expected[0])
    assert np.array_equal(test, expected[1])
    assert (len(train), len(test)) == (9_359, 2_340)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(DATA is None or "XTALPRINT_NETWORK" not in os.environ, reason="XTALPRINT_NETWORK is not set")
def test_the_real_download_gives_what_the_table_gives(tmp_path, monkeypatch):
    """Asks a package index, so only where the environment variable XTALPRINT_NETWORK says that it may."""
    table = elasticity()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("XTALPRINT_DATA")
    fetched = elasticity(allow_download=True)
    assert fetched.ids.tolist() == table.ids.tolist()
    for name in ("bulk_modulus", "shear_modulus", "anisotropy", "formulas"):
        assert np.array_equal(getattr(fetched, name), getattr(table, name))
    for row in range(0, len(table), 7):
        one, other = fetched.crystals[row], table.crystals[row]
        assert np.array_equal(one.numbers, other.numbers)
        np.testing.assert_allclose(one.cell, other.cell, atol=1e-12)
        np.testing.assert_allclose(one.positions, other.positions, atol=1e-12)


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="XTALPRINT_DATA names no data sets")
def test_the_card_says_what_the_data_say():
    moduli = elasticity()
    card = " ".join((Path(__file__).parents[2] / "docs" / "cards" / "elasticity.md").read_text("utf-8").split())
    atoms = np.array([len(numbers) for numbers in moduli.numbers])
    table = {"bulk modulus, GPa": moduli.bulk_modulus, "shear modulus, GPa": moduli.shear_modulus}
    for name, values in (table | {"atoms in the cell": atoms}).items():
        cells = [f"{value:.0f}" for value in np.percentile(values, [0, 10, 50, 90, 100])]
        assert f"| {name} | {' | '.join(cells)} |" in card
    kinds = np.bincount([len(set(numbers.tolist())) for numbers in moduli.numbers])
    elements = len({z for numbers in moduli.numbers for z in numbers.tolist()})
    assert f"{elements} elements; {kinds[1]} elemental solids, {kinds[2]:,} binaries, {kinds[3]:,} ternaries" in card
    assert f"{kinds[4:].sum()} with four or more" in card
    formulas, counts = np.unique(moduli.formulas, return_counts=True)
    assert f"the {len(moduli):,} crystals have {len(formulas):,} formulas" in card
    assert f"up to {counts.max()} rows ({formulas[counts.argmax()]})" in card
    train, test = moduli.released_split()
    shared = np.isin(moduli.formulas[test], moduli.formulas[train]).mean()
    assert f"of the released test part {100 * shared:.1f} % have" in card
    assert f"{len(train):,} for training and {len(test):,} for testing" in card
    floor = (moduli.bulk_modulus == 1).sum(), (moduli.shear_modulus == 1).sum()
    assert f"{floor[0]} bulk and {floor[1]} shear moduli" in card
    assert f"{moduli.outlier.sum()} rows are marked" in card
    assert elasticity_source.SHA256 in card
