"""``xtalprint describe`` from files to arrays and pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import xtalprint as xp
from xtalprint.cli import main
from xtalprint.cli.arrays import file_stem

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the example files as working directory."""
    for path in DATA.iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, exit_code=0):
    result = CliRunner().invoke(main, ["describe", *arguments])
    assert result.exit_code == exit_code, result.output + result.stderr
    return result


def records(*arguments, exit_code=0):
    result = run(*arguments, "--format", "json", exit_code=exit_code)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_record_and_the_files(folder):
    [record] = records("copper.cif", "--descriptor", "diffraction-image", "--output", "images")
    assert list(record)[:5] == ["source", "frame", "status", "path", "shape"]
    assert record["source"] == "copper.cif"
    assert record["status"] == "ok"
    assert record["shape"] == [3, 64, 64]
    assert record["path"] == str(Path("images/copper_0.npz"))
    assert (folder / record["picture"]).read_bytes().startswith(PNG)


@pytest.mark.parametrize(("name", "shape"), [("grid", [50, 100]), ("rdf", [100])])
def test_descriptors_of_distances(folder, name, shape):
    options = ["--n-groups", "50"] if name == "grid" else []
    [record] = records("copper.cif", "--descriptor", name, *options, "--output", name)
    assert record["shape"] == shape
    assert (folder / record["picture"]).read_bytes().startswith(PNG)
    [crystal] = xp.read("copper.cif")
    expected = (xp.GRID(n_groups=50) if name == "grid" else xp.RDF()).compute(crystal)
    with np.load(record["path"]) as stored:
        assert np.array_equal(stored["array"], expected.array)


def test_too_few_groups_are_told(folder):
    arguments = ("copper.cif", "--descriptor", "grid", "--recipe", "cutoff", "--r-max", "5")
    [record] = records(*arguments, "--output", "g", exit_code=1)
    assert "no site has more than 42 neighbours within r_max = 5 Å" in record["error"]
    assert "give n_groups=42" in record["error"]


def test_the_array_is_the_one_of_the_notebook_and_carries_what_made_it(folder):
    [record] = records("copper.cif", "--output", "images", "--no-picture", "--inner-mask", "10")
    assert "picture" not in record
    [crystal] = xp.read("copper.cif")
    expected = xp.DiffractionImage(inner_mask=10).compute(crystal)
    with np.load(record["path"]) as stored:
        assert np.array_equal(stored["array"], expected.array)
        parameters = json.loads(str(stored["parameters"]))
        assert parameters["descriptor"] == "DiffractionImage"
        assert parameters["inner_mask"] == 10
        assert str(stored["source"]) == "copper.cif"
        assert int(stored["frame"]) == 0
        assert str(stored["version"]) == f"xtalprint {xp.__version__}"


def test_the_same_input_gives_the_same_bytes(folder):
    [first] = records("copper.cif", "--output", "one")
    [again] = records("copper.cif", "--output", "two", "--threads", "1")
    for key in ("path", "picture"):
        assert Path(first[key]).read_bytes() == Path(again[key]).read_bytes()


def test_inputs_of_the_same_name_never_share_a_file(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
    shutil.copy("copper.cif", "a/x.cif")
    shutil.copy("SrTiO3_mp-5229_221.cif", "b/x.cif")
    first, second, again = records("a/x.cif", "b/x.cif", "a/x.cif", "--output", "images", "--no-picture")
    assert first["path"] == again["path"] != second["path"]
    [later] = records("b/x.cif", "--output", "images", "--no-picture")
    assert later["path"] == second["path"]
    assert len(list((folder / "images").iterdir())) == 2


def test_frames_get_a_file_each_and_a_bad_file_a_record(folder):
    found = records("aluminium_melting.extxyz.gz", "missing.cif", "--output", "images", "--no-picture", exit_code=1)
    assert [record["status"] for record in found] == ["ok", "ok", "error"]
    assert [Path(record["path"]).name for record in found[:2]] == [
        "aluminium_melting_0.npz",
        "aluminium_melting_1.npz",
    ]
    assert set(found[2]) == {"source", "frame", "status", "error"}


def test_records_and_arrays_in_different_places(folder):
    result = run("copper.cif", "--output-dir", "images", "--output", "records.csv", "--no-picture")
    assert result.stdout == ""
    assert (folder / "images" / "copper_0.npz").is_file()
    header, line = (folder / "records.csv").read_text().splitlines()
    assert header.startswith("source,frame,status,path,shape")
    assert line.startswith("copper.cif,0,ok,images/copper_0.npz,3; 64; 64")


def test_parameters_of_the_descriptor_are_options_with_their_help(folder):
    result = run("--help")
    for name in ("--inner-mask", "--outer-mask", "--min-atoms"):
        assert name in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["copper.cif", "--descriptor", "no-such"], "'no-such' is not"),
        (["copper.cif", "--inner-mask", "40"], "inner_mask"),
        (["copper.cif", "--inner-mask", "wide"], "'wide' is not a valid"),
        (["copper.cif", "--output", "copper.cif/images"], "cannot make copper.cif/images"),
    ],
)
def test_wrong_usage_says_what_is_right(folder, arguments, message):
    result = run(*arguments, exit_code=2)
    assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("POSCAR", "POSCAR_0"),
        ("../../x y;rm -rf.cif", "x_y_rm_-rf_0"),
        ("C:\\data\\Cu.cif", "Cu_0"),
        ("a/.hidden", "hidden_0"),
        ("caf\udce9.cif", "caf_0"),
        ("..", "crystal_0"),
        (None, "crystal_0"),
        ("x" * 300 + ".cif", "x" * 80 + "_0"),
    ],
)
def test_names_of_files_are_safe(source, stem):
    assert file_stem(source, 0) == stem


def test_a_momentum_cloud_keeps_what_its_features_were_made_of(folder):
    options = ("--descriptor", "momentum-cloud", "--s-max", "0.6", "--output", "clouds")
    found = records("copper.cif", "SrTiO3_mp-5229_221.cif", *options)
    clouds = [
        xp.MomentumCloud(s_max=0.6).compute(xp.read(name)[0]) for name in ("copper.cif", "SrTiO3_mp-5229_221.cif")
    ]
    assert len(clouds[0].array) != len(clouds[1].array)
    for record, expected in zip(found, clouds, strict=True):
        assert record["shape"] == list(expected.array.shape)
        assert Path(record["picture"]).read_bytes().startswith(PNG)
        with np.load(record["path"]) as stored:
            assert np.array_equal(stored["array"], expected.array)
            assert np.array_equal(stored["hkl"], expected.cloud.hkl)
            assert np.array_equal(stored["intensities"], expected.cloud.intensities)
            assert np.array_equal(stored["reciprocal"], expected.cloud.reciprocal)
