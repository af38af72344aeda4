"""``xtalprint compare`` from files to distances, matrices and pictures."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import xtalprint as xp
from xtalprint import Crystal
from xtalprint.cli import main
from xtalprint.cli.options import DEFAULT_METRIC
from xtalprint.io import write_table
from xtalprint.similarity import EarthMovers, matrix
from xtalprint.similarity.metrics import metric_named, metrics
from xtalprint.similarity.one_writer import only_writer

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"
PNG = b"\x89PNG\r\n\x1a\n"
METRICS = {name: metric.unit for name, metric in metrics().items()}
SOME = ["copper.cif", "magnesium.poscar", "brass.cif", "aluminium_melting.extxyz.gz"]
ONE_ATOM = "1\n\nAu 0 0 0\n"
TWO_ATOMS = "2\n\nAu 0 0 0\nAu 0 0 2.9\n"
XENON = '2\nLattice="4 0 0 0 4 0 0 0 4" pbc="T T T"\nXe 0 0 0\nXe 2 2 2\n'
GAS = '1\nLattice="40 0 0 0 40 0 0 0 40" pbc="T T T"\nAu 0 0 0\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the example files as working directory."""
    for path in DATA.iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.xyz").write_text(ONE_ATOM)
    (tmp_path / "two.xyz").write_text(TWO_ATOMS)
    (tmp_path / "xenon.extxyz").write_text(XENON)
    (tmp_path / "gas.extxyz").write_text(GAS)
    (tmp_path / "apart.xyz").write_text("2\n\nAu 0 0 0\nAu 0 0 30\n")
    (tmp_path / "empty.cif").write_text("")
    return tmp_path


def run(*arguments, exit_code=0, stdin=None):
    result = CliRunner().invoke(main, ["compare", *map(str, arguments)], input=stdin)
    assert result.exit_code == exit_code, result.output + result.stderr
    return result


def records(*arguments, exit_code=0, stdin=None):
    result = run(*arguments, "--format", "json", exit_code=exit_code, stdin=stdin)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_record_of_a_pair(folder):
    [record] = records("copper.cif", "magnesium.poscar")
    assert list(record)[:4] == ["a", "b", "metric", "distance"]
    assert (record["a"], record["b"]) == ("copper.cif", "magnesium.poscar")
    assert (record["metric"], record["unit"], record["status"]) == ("grid-emd", "Å", "ok")
    assert (record["a_frame"], record["b_frame"], record["warnings"]) == (0, 0, [])
    assert (record["a_id"], record["b_id"]) == ("copper.cif#0", "magnesium.poscar#0")
    [a], [b] = xp.read("copper.cif"), xp.read("magnesium.poscar")
    assert record["distance"] == pytest.approx(xp.emd(a, b), abs=6e-7)


def test_the_default_is_that_of_the_library():
    assert next(iter(metrics())) == DEFAULT_METRIC


def test_help_tells_which_are_metrics():
    text = CliRunner().invoke(main, ["compare", "--help"]).stdout.split("Metrics (", 1)[1].split("Weighted sums:")[0]
    said = dict(
        re.findall(r"^ +([a-z]+(?:-[a-z]+)?)  +(.*?)(?=^ +[a-z]+(?:-[a-z]+)?  |\Z)", text, re.MULTILINE | re.DOTALL)
    )
    assert set(said) == set(METRICS)
    for name, metric in metrics().items():
        words = " ".join(said[name].split())
        assert ("; a metric" in words, "; no metric" in words) == (metric.is_metric, not metric.is_metric), name
        assert ("in Å" in words) == (metric.unit == "Å"), name


def test_the_page_lists_the_metrics():
    page = (DATA.parents[1] / "docs" / "similarity.md").read_text(encoding="utf-8")
    rows = page.split("<!-- metrics: begin -->")[1].split("<!-- metrics: end -->")[0].strip().splitlines()[2:]
    assert rows == [
        f"| `{name}` | {metric.about} | {'Å ' if metric.unit == 'Å' else ''}| {'yes' if metric.is_metric else 'no'} |"
        for name, metric in metrics().items()
    ]


LOADED = """
import sys
from xtalprint.cli import main
try:
    main(["compare", "copper.cif", "magnesium.poscar", "--quiet"])
finally:
    print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_comparing_two_files_loads_nothing_heavy(folder):
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "numba" in loaded
    heavy = {"torch", "pandas", "pymatgen", "ase", "pyarrow", "matplotlib", "sklearn", "rich", "onnx", "onnxruntime"}
    assert not loaded & (heavy | {"faiss", "distributed", "spglib", "moyopy"})


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_symmetric_and_zero_for_the_same(folder, name):
    files = ["copper.cif", "brass.cif", "magnesium.poscar", "copper.cif"]
    there = {(r["a"], r["b"]): r["distance"] for r in records(*files, "--metric", name)}
    back = {(r["b"], r["a"]): r["distance"] for r in records(*reversed(files), "--metric", name)}
    assert there[("copper.cif", "copper.cif")] == pytest.approx(0, abs=1e-12)
    assert there[("copper.cif", "brass.cif")] > 0
    for pair, distance in there.items():
        assert distance == pytest.approx(back[pair], abs=1e-12)


def test_known_relations_between_the_metrics(folder):
    value = {name: records("copper.cif", "magnesium.poscar", "--metric", name)[0]["distance"] for name in METRICS}
    assert value["amd"] <= value["sorted"] + 1e-12
    assert value["sorted"] == pytest.approx(value["grid-emd"], rel=0.05)
    assert value["total"] == pytest.approx(10 * value["grid-emd"] + value["composition"])
    assert value["total-metric"] == pytest.approx(10 * value["grid-emd"] + value["composition-metric"])
    assert value["composition-metric"] <= value["composition"]


SUM = "grid-emd:10+composition:0.5+sorted:2"


def test_a_weighted_sum_is_that_of_its_parts_and_names_the_weights(folder):
    value = {name: records(*SOME[:3], "--metric", name) for name in ("grid-emd", "composition", "sorted")}
    parts = ("--metric", "grid-emd:10", "--metric", "composition:.5", "--metric", "sorted:2")
    summed = records(*SOME[:3], *parts)
    assert summed == records(*SOME[:3], "--metric", SUM)
    for i, record in enumerate(summed):
        assert (record["metric"], record["unit"]) == (SUM, "1")
        one, two, three = (value[name][i]["distance"] for name in value)
        assert record["distance"] == pytest.approx(10 * one + 0.5 * two + 2 * three)
    rows = csv.DictReader(run(*SOME[:2], *parts, "--format", "csv").stdout.splitlines())
    assert [row["metric"] for row in rows] == [SUM]
    pytest.importorskip("pyarrow")
    assert records(*SOME[:3], *parts, "--into", "shards") == summed, "through files too"
    records(*SOME[:2], *parts, "--matrix", "d.npy")
    about = json.loads(Path("d.npy.json").read_text())["distance"]
    assert (about["metric"], [part["weight"] for part in about["parts"]]) == (SUM, [10, 0.5, 2])
    assert run(*SOME[:3], *parts).stdout.startswith(f"{SUM}, distance\n")


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("grid", "no such metric (value: 'grid'); take one of grid-emd, "),
        ("grid-emd:ten", "the weight of a metric must be a positive number (value: ten); give it as in grid-emd:10."),
        ("grid-emd:0", "the weight of a metric must be a positive number (value: 0.0)."),
        ("grid-emd:1+", "no such metric (value: '')"),
        ("grid-emd:nan", "the weight of a metric must be a positive number (value: nan)."),
    ],
)
def test_what_is_no_metric_or_no_weight(folder, metric, message):
    assert message in " ".join(run("copper.cif", "brass.cif", "--metric", metric, exit_code=2).stderr.split())


@pytest.mark.parametrize("command", ["compare", "similar"])
def test_several_metrics_without_weights_are_no_sum(folder, command):
    options = ["copper.cif", "brass.cif", "--metric", "grid-emd", "--metric", "amd"]
    result = CliRunner().invoke(main, [command, *options])
    assert result.exit_code == 2
    assert "need weights, as in --metric grid-emd:1 --metric amd:1; for each of" in " ".join(result.stderr.split())


def test_one_weight_says_that_a_sum_is_meant(folder):
    [record] = records(*SOME[:2], "--metric", "grid-emd", "--metric", "amd:2")
    assert record["metric"] == "grid-emd:1+amd:2"


def test_all_pairs_of_all_frames_in_the_order_of_the_input(folder):
    found = records(*SOME)
    places = [("copper.cif", 0), ("magnesium.poscar", 0), ("brass.cif", 0), (SOME[3], 0), (SOME[3], 1)]
    expected = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    assert [((r["a"], r["a_frame"]), (r["b"], r["b_frame"])) for r in found] == expected
    assert any("brass.cif: " in text and "disorder" in text for text in found[1]["warnings"])


def test_bad_inputs_become_records_and_the_others_are_compared(folder):
    found = records("copper.cif", "empty.cif", "magnesium.poscar", "nope.cif", "none-*.cif", exit_code=1)
    assert [r.get("source") for r in found[1:]] == ["empty.cif", "nope.cif", "none-*.cif"]
    for record in found[1:]:
        assert set(record) == {"source", "frame", "status", "error"}
        assert record["source"] in record["error"]
        assert ";" in record["error"], "a remedy"
    assert [r["status"] for r in found] == ["ok"] + ["error"] * 3
    assert len(records("copper.cif", "empty.cif", exit_code=1)) == 1


def test_where_nothing_was_compared_that_is_said(folder):
    told = run("copper.cif", "none-*.cif", exit_code=1).stderr
    assert "1 structure prepared, 1 failed" in told
    assert "nothing was compared: one structure is left, which has nothing to be compared with" in told
    assert "nothing was compared: none is left" in run("empty.cif", exit_code=1).stderr
    assert "nothing was compared" not in run("copper.cif", "brass.cif", "empty.cif", exit_code=1).stderr


@pytest.mark.parametrize(
    ("file", "metric", "sentence"),
    [
        ("one.xyz", "grid-emd", "no two sites are within r_max"),
        ("one.xyz", "amd", "a single atom without a cell has no neighbours"),
        ("one.xyz", "sorted", "give more atoms, or the cell"),
        ("two.xyz", "amd", "a cluster of 2 atoms has no 100 neighbours"),
        ("two.xyz", "sorted", "choose grid-emd"),
        ("one.xyz", "rdf-emd", "only a crystal that repeats in three directions has a density"),
        ("one.xyz", "rdf-emd", "; give the cell."),
        ("two.xyz", "rdf-emd", "; give the cell, or choose the metric grid-emd, which needs none."),
        ("gas.extxyz", "rdf-cosine", "(value: 40 Å between the nearest); the metrics amd and sorted reach farther"),
        ("gas.extxyz", "grid-emd", "(value: 40 Å between the nearest); the metrics amd and sorted reach farther"),
        ("gas.extxyz", "total", "reach farther: --metric of compare, and of similar --table."),
        ("apart.xyz", "grid-emd", "(value: 30 Å between the nearest); the metric composition needs no neighbours"),
        ("xenon.extxyz", "composition", "value: Xe"),
        ("xenon.extxyz", "total", "has no noble gases"),
    ],
)
def test_what_a_metric_cannot_see_is_an_error_of_that_input(folder, file, metric, sentence):
    pair, error = records("copper.cif", file, "magnesium.poscar", "--metric", metric, exit_code=1)
    assert error["source"] == file
    assert sentence in error["error"]
    assert (pair["a"], pair["b"]) == ("copper.cif", "magnesium.poscar")


def test_metrics_that_see_no_elements_compare_noble_gases(folder):
    [record] = records("xenon.extxyz", "copper.cif", "--metric", "amd")
    assert record["distance"] > 0


def test_one_structure_is_wrong_usage(folder):
    result = run("copper.cif", exit_code=2)
    assert "nothing to be compared with" in result.stderr
    assert "no-such" in run("copper.cif", "brass.cif", "--metric", "no-such", exit_code=2).stderr


def test_too_many_for_a_picture_are_refused_before_the_work(folder, monkeypatch):
    pytest.importorskip("pyarrow")
    write_table([Crystal([[0, 0, 0]], ["Po"], cell=np.eye(3))] * 5001, "many.parquet")
    monkeypatch.setattr("xtalprint.cli.compare.gather", None)
    told = run("many.parquet", "--pictures", "pictures", exit_code=2).stderr
    assert "a picture of more than 5000 structures shows nothing (value: 5001)" in " ".join(told.split())
    assert not (folder / "pictures").exists()


@pytest.mark.parametrize(
    ("options", "threads"), [((), None), (("--engine", "serial"), 1), (("--engine", "threads", "--workers", 2), 2)]
)
def test_as_many_compare_as_were_asked_for(folder, monkeypatch, options, threads):
    asked = []
    strips = matrix.strips_of_pairs
    monkeypatch.setattr(
        matrix,
        "strips_of_pairs",
        lambda *given, **known: (asked.append(known["threads"]), strips(*given, **known))[1],
    )
    run(*SOME, "--format", "csv", *options)
    assert asked == [threads]


def test_no_empty_folder_of_pictures_is_left(folder):
    run("copper.cif", "--pictures", "pictures", exit_code=2)
    assert not (folder / "pictures").exists()


def test_the_table_for_two_and_the_matrix_for_a_few(folder):
    header, line = run("copper.cif", "magnesium.poscar").stdout.splitlines()
    assert header.split() == ["structure", "structure", "grid-emd,", "distance", "(Å)"]
    assert line.split() == ["copper.cif", "magnesium.poscar", "1.2501"]
    lines = run(*SOME, "nope.cif", exit_code=1).stdout.splitlines()
    assert lines[0] == "grid-emd, distance (Å)"
    numbers = np.array([line.split()[-5:] for line in lines[2:7]], dtype=float)
    assert np.array_equal(numbers, numbers.T)
    assert not numbers.diagonal().any()
    assert "disordered" in lines[7]
    # Warnings are wrapped at the width of the terminal.
    after = [line.split() for line in lines[7:] if not line.startswith(" ")]
    assert after == [["nope.cif", "error"]], "after the matrix"


def test_many_are_a_list_of_pairs_for_people(folder):
    lines = run(*["copper.cif"] * 13).stdout.splitlines()
    assert len(lines) == 1 + 13 * 12 / 2


def test_csv_and_the_output_file(folder):
    run("copper.cif", "brass.cif", "nope.cif", "--output", "d.csv", exit_code=1)
    good, bad = csv.DictReader(io.StringIO((folder / "d.csv").read_text()))
    assert (good["a"], good["b"], good["metric"]) == ("copper.cif", "brass.cif", "grid-emd")
    assert float(good["distance"]) > 0
    assert (bad["source"], bad["status"], bad["a"]) == ("nope.cif", "error", "")
    assert "is one of the files to read" in run("copper.cif", "brass.cif", "-o", "copper.cif", exit_code=2).stderr


def test_a_list_on_stdin(folder):
    assert records("-", stdin="copper.cif\nbrass.cif\n") == records("copper.cif", "brass.cif")


def test_the_same_bits_whatever_the_workers(folder):
    plain = run(*SOME, "--format", "json", "--threads", 1).stdout
    for options in (["--threads", 3], ["--engine", "serial"], ["--engine", "processes", "--workers", 2]):
        assert run(*SOME, "--format", "json", *options).stdout == plain


def test_the_matrix_file_holds_what_the_records_say(folder):
    pairs = records(*SOME, "nope.cif", exit_code=1)[:-1]
    rows = records(*SOME, "nope.cif", "--matrix", "out/d.npy", exit_code=1)
    assert [r["status"] for r in rows] == ["ok"] * 5 + ["error"]
    matrix = np.load("out/d.npy")
    assert matrix.shape == (5, 5)
    row = {(r["source"], r["frame"]): r["row"] for r in rows[:-1]}
    for pair in pairs:
        i, j = row[pair["a"], pair["a_frame"]], row[pair["b"], pair["b_frame"]]
        assert matrix[i, j] == matrix[j, i] == np.float32(pair["distance"])
    assert rows[0]["matrix"] == "out/d.npy"
    assert rows[0]["formula"] == "Cu4"
    assert records(*SOME, "--matrix", "out/d.npy")[0]["row"] == 0, "found finished"
    assert "of other crystals" in run("copper.cif", "brass.cif", "--matrix", "out/d.npy", exit_code=2).stderr
    assert ".npy" in run("copper.cif", "brass.cif", "--matrix", "d.txt", exit_code=2).stderr
    (folder / "file").write_text("")
    told = run("copper.cif", "brass.cif", "--pictures", "file/x", exit_code=2).stderr
    assert "file is no folder; choose another place" in " ".join(told.split())


def test_a_matrix_that_another_writes_or_nobody_may_write_is_said_before_the_work(folder):
    with only_writer(folder / "d.npy"):
        told = run("copper.cif", "brass.cif", "--matrix", "d.npy", exit_code=2)
    assert told.stdout == ""
    assert f"--matrix: d.npy: process {os.getpid()} on " in told.stderr
    assert "is writing this file; wait until it is finished, or choose another name" in told.stderr
    if Path("/proc/self").exists():
        told = run("copper.cif", "brass.cif", "--matrix", "/proc/self/d.npy", exit_code=2)
        assert "d.npy: cannot be written: " in told.stderr
        assert "unfinished" not in told.stderr


@pytest.mark.parametrize("metric", ["sorted", "total", "amd", "composition", "grid-cosine"])
def test_a_matrix_file_of_other_metrics(folder, metric):
    records(*SOME, "--metric", metric, "--matrix", "d.npy")
    [first, *_] = records(*SOME, "--metric", metric)
    assert np.load("d.npy")[0, 1] == np.float32(first["distance"])


SEEN = {
    "grid-emd": ("GRID", "grid-emd"),
    "grid-cosine": ("GRID", "cosine"),
    "grid-euclid": ("GRID", "euclid"),
    "rdf-emd": ("RDF", "rdf-emd"),
    "rdf-cosine": ("RDF", "cosine"),
    "amd": ("AMD", "amd"),
    "sorted": ("sorted distances", "sorted"),
    "composition": ("composition", "composition-emd"),
    "composition-metric": ("composition", "composition-emd"),
    "total": (None, "weighted-sum"),
    "total-metric": (None, "weighted-sum"),
}


def test_a_matrix_file_says_what_made_it(folder):
    assert set(SEEN) == set(METRICS)
    texts = {}
    for name, (descriptor, distance) in SEEN.items():
        run("copper.cif", "brass.cif", "--metric", name, "--matrix", f"{name}.npy")
        text = Path(f"{name}.npy.json").read_text()
        about = json.loads(text)
        assert about["package_version"] == xp.__version__
        assert about["unit"] == METRICS[name]
        assert (about["distance"]["metric"], about["distance"]["distance"]) == (name, distance)
        assert about["distance"]["seen"].get("descriptor") == descriptor
        texts[json.dumps(about["distance"])] = name
    assert len(texts) == len(METRICS), "no two metrics have the same description"
    grid = json.loads(Path("grid-emd.npy.json").read_text())["distance"]
    assert (grid["seen"]["smearing"], grid["seen"]["r_max"], grid["bin_width"]) == (0.1, 10.0, 0.1)
    parts = json.loads(Path("total.npy.json").read_text())["distance"]["seen"]["parts"]
    assert [part["descriptor"] for part in parts] == ["GRID", "composition"]


def test_a_matrix_of_another_version_is_not_gone_on_with(folder):
    run("copper.cif", "brass.cif", "--matrix", "d.npy")
    about = Path("d.npy.json")
    about.write_text(about.read_text().replace(f'"{xp.__version__}"', '"0.0.1"'))
    told = run("copper.cif", "brass.cif", "--matrix", "d.npy", exit_code=2).stderr
    assert "not the same version of xtalprint" in " ".join(told.split())


def test_pictures(folder):
    result = run(*SOME, "--pictures", "pictures", "--matrix", "d.npy")
    assert {path.name for path in (folder / "pictures").iterdir()} == {"matrix.png", "tree.png", "map.png"}
    for path in (folder / "pictures").iterdir():
        assert path.read_bytes().startswith(PNG)
    assert "pictures/map.png" in result.stderr
    before = {path.name: path.read_bytes() for path in (folder / "pictures").iterdir()}
    result = run(*SOME, "--pictures", "pictures", "--quiet")
    assert result.stderr == ""
    assert {path.name: path.read_bytes() for path in (folder / "pictures").iterdir()} == before


def test_pictures_compute_no_distance_twice(folder, monkeypatch):
    computed, distances = [], EarthMovers.distances

    def counted(self, a, b):
        computed.append(len(a) * len(b))
        return distances(self, a, b)

    expected = records(*SOME)
    monkeypatch.setattr("xtalprint.cli.comparison.BLOCK", 2)
    monkeypatch.setattr(EarthMovers, "distances", counted)
    assert records(*SOME, "--pictures", "pictures", "--threads", 1) == expected
    assert sorted(computed) == [1, 2, 2, 4, 4, 4], "each square block of the upper half once"
    assert (folder / "pictures" / "map.png").exists()


@pytest.mark.parametrize(
    "name", ["cost $5 or $6.cif", "_hidden.cif", "铜.cif", "two\nlines.cif", "caf\udce9.cif", "x" * 90]
)
def test_pictures_and_records_of_odd_names(folder, name):
    shutil.copy("copper.cif", name if name.endswith(".cif") else f"{name}.cif")
    found = records("*.cif", "--pictures", "pictures", exit_code=1)
    assert name[:80] in "".join(r["a"] + r["b"] for r in found if r["status"] == "ok")
    assert (folder / "pictures" / "map.png").exists()


def test_pictures_of_a_file_named_twice(folder):
    shutil.copy("copper.cif", "caf\udce9.cif")
    found = records("caf\udce9.cif", "brass.cif", "caf\udce9.cif", "--pictures", "pictures")
    assert [r["b_id"] for r in found] == ["brass.cif#0", "caf\\xe9.cif#0 (2)", "caf\\xe9.cif#0 (2)"]
    assert (folder / "pictures" / "map.png").exists()


def test_a_place_that_cannot_be_written_is_said_before_the_work(folder):
    result = run("copper.cif", "brass.cif", "--output", "nowhere/d.csv", exit_code=2)
    assert "nowhere does not exist" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["compare", "brass.cif", "--pictures", "new/pictures"], ["index", "--output", "new/index"]]
)
def test_a_folder_that_may_not_be_written_to_is_said_before_the_work(folder, monkeypatch, arguments):
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    result = CliRunner().invoke(main, [*arguments, "copper.cif"])
    assert result.exit_code == 2
    assert "may not be written to; choose another place" in " ".join(result.stderr.split())
    assert not (folder / "new").exists()


def test_many_pairs_are_warned_of(folder, monkeypatch):
    monkeypatch.setattr("xtalprint.cli.comparison.MANY", 2)
    assert "10 pairs; --matrix" in run(*SOME, "--format", "csv").stderr


def test_a_dask_cluster_gives_the_same(folder, cluster):
    through = ("--engine", "dask", "--scheduler", cluster.address)
    assert run(*SOME, "--format", "json", *through).stdout == run(*SOME, "--format", "json").stdout


def test_pictures_of_equal_crystals(folder):
    run("copper.cif", "copper.cif", "copper.cif", "--pictures", "pictures")
    assert (folder / "pictures" / "map.png").exists()


def test_no_metric_of_this_name():
    with pytest.raises(xp.XtalprintError, match="take one of grid-emd"):
        metric_named("nonsense")


def test_emd_takes_crystals(folder):
    [a], [b] = xp.read("copper.cif"), xp.read("magnesium.poscar")
    grid = xp.GRID()
    expected = xp.emd(grid.compute(a), grid.compute(b))
    assert xp.emd(a, b) == xp.emd(a, grid.compute(b)) == xp.emd(grid.compute(a), b) == expected
    coarse = xp.GRID(n_groups=10)
    assert xp.emd(coarse.compute(a), b) == xp.emd(coarse.compute(a), coarse.compute(b)) != expected
    with pytest.raises(xp.XtalprintError, match="array of unknown making"):
        xp.emd(a, grid.compute(b).array)


def test_emd_says_what_else_to_give(folder):
    [copper] = xp.read("copper.cif")
    with pytest.raises(xp.XtalprintError, match=r"the name of a file.*; read it first: \[crystal\] = xtalprint.read"):
        xp.emd(copper, "copper.cif")
    with pytest.raises(xp.XtalprintError, match=r"read\(\"copper.cif\"\)"):
        xp.emd(Path("copper.cif"), "copper.cif")
    with pytest.raises(xp.XtalprintError, match=r"neither a crystal nor a fingerprint \(value: None\); give two"):
        xp.emd(None, copper)
    with pytest.raises(xp.XtalprintError, match=r"several crystals \(value: 1 of them\); give one"):
        xp.emd(copper, [copper])
