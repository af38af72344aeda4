"""Fingerprints in a folder of shards, and rows of tables by their ids: ``compare``, ``index`` and ``duplicates``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from xtalprint import Crystal
from xtalprint.cli import main
from xtalprint.io import write_table
from xtalprint.similarity import SimilarityIndex
from xtalprint.similarity.metrics import metrics

pytest.importorskip("pyarrow")

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"
N = 12
FILES = ["table.parquet", "no-such.cif", "brass.cif", "copper.cif"]
SHARDS = ("--per-shard", 4)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Working directory with a table, single files and what cannot be read."""
    for name in ("copper.cif", "brass.cif"):
        shutil.copy(DATA / name, tmp_path)
    crystals = [
        Crystal([[0.0] * 3, [a / 2] * 3], ["Fe", "Al"], cell=a * np.eye(3)) for a in 2.6 + 0.05 * np.arange(N)
    ]
    write_table(crystals, tmp_path / "table.parquet", ids=[f"c{i}" for i in range(N)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments, exit_code=0):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == exit_code, result.output + result.stderr
    return result


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_bytes_with_every_engine_and_through_a_folder(here):
    plain = call("compare", *FILES, "--format", "json", exit_code=1).stdout
    for engine in ("serial", "threads", "processes"):
        into = ("--engine", engine, "--into", here / engine, *SHARDS)
        assert call("compare", *FILES, "--format", "json", *into, exit_code=1).stdout == plain
        assert content(here / engine) == content(here / "serial")
    again = call("compare", *FILES, "--format", "json", *into, exit_code=1)
    assert again.stdout == plain
    cosine = call("compare", *FILES, "--metric", "grid-cosine", "--format", "json", *into, exit_code=1)
    assert cosine.stdout == call("compare", *FILES, "--metric", "grid-cosine", "--format", "json", exit_code=1).stdout
    assert content(here / "processes") == content(here / "serial"), "another metric of the same fingerprint"
    refused = call("compare", *FILES, "--metric", "amd", *into, exit_code=2).stderr
    assert "the folder holds another run: " in refused


@pytest.mark.parametrize("metric", [*metrics(), "total:2+sorted:1+amd:3"])
def test_every_metric_comes_back_from_the_folder(here, metric):
    arguments = ("compare", *FILES[1:], "table.parquet", "--metric", metric, "--format", "json")
    plain = call(*arguments, exit_code=1).stdout
    assert call(*arguments, "--into", here / "run", *SHARDS, exit_code=1).stdout == plain


def test_index_and_duplicates_take_the_folder_of_compare(here):
    into = ("--into", here / "run", *SHARDS)
    call("compare", *FILES, *into, exit_code=1)
    before = content(here / "run")
    made = call("index", *FILES, "--output", here / "through", *into, exit_code=1)
    assert f"{N + 3} of them were finished before" in made.stderr
    call("index", *FILES, "--output", here / "plain", exit_code=1)
    assert content(here / "through") == content(here / "plain")
    assert SimilarityIndex.load(here / "through").ids == (*(f"c{i}" for i in range(N)), "brass.cif#0", "copper.cif#0")
    groups = ("duplicates", *FILES, "--tolerance", 0.2, "--same-composition", "--format", "json")
    assert call(*groups, *into, exit_code=1).stdout == call(*groups, exit_code=1).stdout
    assert content(here / "run") == before


def test_jobs_of_a_batch_queue_prepare_and_one_compares(here):
    call("compare", *FILES, "--into", here / "one", *SHARDS, exit_code=1)
    for job, command, exit_code in ((2, "index", 0), (3, "duplicates", 0), (1, "compare", 1)):
        share = call(command, *FILES, "--into", here / "many", *SHARDS, "--shard", f"{job}/3", exit_code=exit_code)
        assert share.stdout == ""
        assert "structures prepared" in share.stderr
    assert content(here / "one") == content(here / "many")
    assert list(here.glob("*.index")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compare", "--matrix", "d.npy", "--into", "x", "--shard", "1/2"), "leave --matrix out, and give it to"),
        (("compare", "--pictures", "p", "--into", "x", "--shard", "1/2"), "leave --pictures out"),
        (("duplicates", "--format", "csv", "--into", "x", "--shard", "1/2"), "leave --format out"),
        (("index", "--output", "i", "--into", "x", "--shard", "1/2"), "leave --output out"),
        (("index", "--into", "x"), "Missing option '-o' / '--output'"),
        (("compare", "--shard", "1/2"), "--shard needs a folder of shards"),
        (("index", "--per-shard", "3", "--output", "i"), "--per-shard needs a folder of shards"),
    ],
)
def test_wrong_usage(here, arguments, message):
    command, *options = arguments
    told = call(command, "table.parquet", *options, exit_code=2).stderr
    assert message in " ".join(told.split())
    assert not (here / "x").exists()


def test_a_folder_says_which_fingerprints_it_keeps_and_how_it_is_cut(here):
    into = ("--into", here / "run")
    call("compare", *FILES, *into, "--per-shard", 7, "--shard", "1/2", exit_code=1)
    call("compare", *FILES, *into, exit_code=1)
    whole = content(here / "run")
    call("compare", *FILES, *into, "--per-shard", 7, exit_code=1)
    assert content(here / "run") == whole, "cut as it was begun"
    for metric, wanted in (("amd", "AMD"), ("total", "GRID and composition")):
        told = call("compare", *FILES, *into, "--metric", metric, exit_code=2).stderr
        assert f"holds another run: fingerprints of GRID, not of {wanted}; give another folder" in told
    told = call("classify", *FILES, *into, exit_code=2).stderr
    assert "holds another run: it is of compare, index or duplicates, not of classify; give" in told


def test_a_folder_of_other_files_says_which(here):
    call("compare", *FILES, "--into", here / "run", exit_code=1)
    more = f'"{FILES[0]}" and {len(FILES) - 1} more'
    told = call("index", "brass.cif", "--into", here / "run", "--output", "i", exit_code=2).stderr
    assert f'holds another run: of {more}, not of "brass.cif"; give another folder' in told
    told = call("compare", FILES[0], *FILES[:0:-1], "--into", here / "run", exit_code=2).stderr
    assert f"holds another run: of {more}, but not the same files in the same order; give" in told


def test_a_folder_of_before_goes_on_without_the_name_of_its_first_file(here):
    arguments = ("compare", "table.parquet", "--into", here / "run")
    call(*arguments)
    manifest = here / "run" / "_manifest.json"
    known = json.loads(manifest.read_text())
    assert known["inputs"].pop("first_file") == "table.parquet"
    manifest.write_text(json.dumps(known))
    call(*arguments)
    told = call("compare", "brass.cif", "--into", here / "run", exit_code=2).stderr
    assert 'holds another run: of 1 file, not of "brass.cif"; give' in told


def test_the_folder_holds_no_answers(here):
    call("compare", "table.parquet", "--into", here / "run")
    told = call("collect", here / "run", exit_code=2).stderr
    assert "fingerprints for compare, index and duplicates, not answers; give one of these commands" in told


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_killed_run_goes_on(here):
    arguments = ("compare", *["table.parquet"] * 20, "--into", here / "run", "--per-shard", "2", "--format", "json")
    command = [sys.executable, "-m", "xtalprint", *map(str, arguments), "--engine", "serial"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(list((here / "run").glob("*.parquet"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert 3 <= len(list((here / "run").glob("*.parquet"))) < 120
    resumed = call("compare", *["table.parquet"] * 20, "--into", here / "run", "--per-shard", 2, "--matrix", "d.npy")
    assert "of them were finished before" in resumed.stderr
    call("compare", *["table.parquet"] * 20, "--into", here / "whole", "--per-shard", 2, "--matrix", "e.npy")
    assert content(here / "run") == content(here / "whole")
    assert Path("d.npy").read_bytes() == Path("e.npy").read_bytes()


def test_rows_of_a_table_are_named_by_their_ids(here):
    found = [
        json.loads(line) for line in call("compare", *FILES, "--format", "json", exit_code=1).stdout.splitlines()
    ]
    assert (found[0]["a_id"], found[0]["b_id"], found[0]["a"], found[0]["b_frame"]) == (
        "c0",
        "c1",
        "table.parquet",
        1,
    )
    assert found[N]["b_id"] == "copper.cif#0"
    lines = call("compare", *FILES, exit_code=1).stdout.splitlines()
    assert lines[1].split()[:2] == ["c0", "c1"]
    assert lines[N].split()[:2] == ["c0", "brass.cif"]
    rows = call("compare", *FILES, "--matrix", "d.npy", "--format", "json", exit_code=1).stdout.splitlines()
    assert [json.loads(row)["id"] for row in rows[:-1]] == [f"c{i}" for i in range(N)] + [
        "brass.cif#0",
        "copper.cif#0",
    ]
    table = call("compare", *FILES, "--matrix", "d.npy", exit_code=1).stdout.splitlines()
    assert table[1].split() == ["c0", "0"]
    write_table([Crystal([[0, 0, 0]], ["Po"], cell=3.3 * np.eye(3))] * 3, "few.parquet", ids=["one", "two", "three"])
    matrix = call("compare", "few.parquet").stdout.splitlines()
    assert [line.split()[1] for line in matrix[2:]] == ["one", "two", "three"]


def test_pictures_name_rows_by_their_ids(here, monkeypatch):
    from xtalprint.similarity import pictures  # noqa: PLC0415 - imports matplotlib

    named = []
    monkeypatch.setattr(pictures.MatrixPictures, "figures", lambda self: named.append(self.names) or iter(()))
    call("compare", *FILES, "--pictures", "p", exit_code=1)
    assert named == [[*(f"c{i}" for i in range(N)), "brass", "copper"]]


def test_a_file_named_twice_is_indexed_twice(here):
    call("index", "copper.cif", "table.parquet", "copper.cif", "table.parquet", "--output", "i")
    ids = SimilarityIndex.load("i").ids
    assert (ids[0], ids[1], ids[N + 1], ids[N + 2]) == ("copper.cif#0", "c0", "copper.cif#0 (2)", "c0 (2)")


def test_ids_that_repeat_are_named_before_the_work(here):
    crystals = [Crystal([[0, 0, 0]], ["Po"], cell=a * np.eye(3)) for a in (3.3, 3.4, 3.5)]
    write_table(crystals, "again.parquet", ids=["new", "c3", "other"])
    told = call("index", "table.parquet", "again.parquet", "--output", "i", exit_code=2)
    assert told.stdout == ""
    assert (
        "this id is in table.parquet, row 3 and in again.parquet, row 1 (value: c3); give each row an id"
        in told.stderr
    )
    assert call("compare", "table.parquet", "again.parquet").exit_code == 0


def test_a_folder_is_filled_by_a_dask_cluster_too(here, cluster):
    through = ("--engine", "dask", "--scheduler", cluster.address, "--into", here / "dask", *SHARDS)
    plain = call("compare", *FILES, "--format", "json", exit_code=1).stdout
    assert call("compare", *FILES, "--format", "json", *through, exit_code=1).stdout == plain
