"""``xtalprint predict`` from files to records, as scripts rely on it; with every engine and into shards."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from xtalprint import Crystal
from xtalprint.cli import main
from xtalprint.io import read_run, write_table

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"
N = 20
PROVENANCE = {"model", "model_version", "weights_sha256", "package_version"}
MIXED = ["copper.cif", "no-such.cif", "table.parquet", "brass.cif", "aluminium_melting.extxyz.gz", "piece.xyz"]
#: Of these: a table row each, copper, two frames; a missing file, a disordered crystal, a cluster.
GOOD, FAILED = N + 3, 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Working directory with the example files, a table, and a cluster."""
    folder = tmp_path_factory.mktemp("made")
    for path in DATA.iterdir():
        shutil.copy(path, folder)
    rng = np.random.default_rng(5)
    crystals = [
        Crystal(rng.normal([[0.0] * 3, [1.4] * 3], 0.03), ["Fe", "Fe"], cell=2.87 * np.eye(3)) for _ in range(N)
    ]
    write_table(crystals, folder / "table.parquet")
    (folder / "piece.xyz").write_text("2\n\nCu 0 0 0\nCu 2.5 0 0\n")
    return folder


@pytest.fixture
def here(made, monkeypatch, tmp_path):
    """The same as working directory; the folders of shards are made elsewhere."""
    monkeypatch.chdir(made)
    return tmp_path


def call(*arguments, exit_code=0, stdin=None):
    result = CliRunner().invoke(main, list(map(str, arguments)), input=stdin)
    assert result.exit_code == exit_code, result.output + result.stderr
    return result


def records(*arguments, exit_code=0, stdin=None):
    result = call("predict", *arguments, "--format", "json", exit_code=exit_code, stdin=stdin)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_record_has_the_keys_of_the_contract(here):
    bulk, shear = records("copper.cif")
    contract = ["source", "frame", "status", "property", "value", "unit", "interval", "neighbours"]
    assert list(bulk)[: len(contract)] == contract
    assert set(bulk) - set(contract) == {"known", "warnings"} | PROVENANCE
    assert (bulk["source"], bulk["frame"], bulk["status"]) == ("copper.cif", 0, "ok")
    assert (bulk["property"], shear["property"]) == ("bulk-modulus", "shear-modulus")
    assert bulk["unit"] == shear["unit"] == "GPa"
    for record in (bulk, shear):
        low, high = record["interval"]
        assert low < record["value"] < high
        assert [set(one) for one in record["neighbours"]] == [
            {"id", "formula", "value", "distance", "value_unseen"}
        ] * 5


def test_one_property_or_both_in_the_order_asked(here):
    both = records("copper.cif")
    [bulk] = records("copper.cif", "--property", "bulk-modulus")
    assert bulk == both[0]
    asked = ("--property", "shear-modulus", "--property", "bulk-modulus", "--property", "shear-modulus")
    assert records("copper.cif", *asked) == both[::-1]
    told = call("predict", "copper.cif", "--property", "hardness", exit_code=2).stderr
    assert "'hardness' is not one of 'bulk-modulus', 'shear-modulus'" in told


def test_a_bad_input_never_stops_the_rest(here):
    found = records(*MIXED, exit_code=1)
    assert len(found) == 2 * GOOD + FAILED
    bad = [record for record in found if record["status"] == "error"]
    assert [record["source"] for record in bad] == ["no-such.cif", "brass.cif", "piece.xyz"]
    for record in bad:
        assert set(record) - PROVENANCE == {"source", "frame", "status", "error"}
        assert record["source"] in record["error"]
        assert ";" in record["error"], "a remedy"
    assert "(value: Cu 0.7, Zn 0.3)" in bad[1]["error"]
    assert "a cluster without a cell has no bulk or shear modulus (value: 2 atoms)" in bad[2]["error"]
    assert [record["frame"] for record in found if "aluminium" in record["source"]] == [0, 0, 1, 1]


def test_the_table_has_a_line_for_each_property(here):
    result = call("predict", "copper.cif", "brass.cif", exit_code=1)
    title, first, *rest = result.stdout.splitlines()
    assert "value     90 % interval  known  most similar known crystals (distance)" in title
    assert first.startswith("copper.cif")
    assert "bulk modulus" in first
    shear = next(line for line in rest if "shear modulus" in line)
    assert shear.startswith(" " * 12)
    assert "GPa" in shear
    assert any(line.startswith("brass.cif") and line.endswith("error") for line in rest)
    assert "1 structure predicted, 1 failed" in result.stderr


def test_csv_has_the_ends_of_the_interval_and_the_neighbours_in_columns(here):
    bulk, _, bad = csv.DictReader(
        io.StringIO(call("predict", "copper.cif", "x.cif", "--format", "csv", exit_code=1).stdout)
    )
    [record, _] = records("copper.cif")
    assert float(bulk["value"]) == record["value"]
    assert [float(bulk[f"interval.{end}"]) for end in (0, 1)] == record["interval"]
    for place in (0, 1, 2):
        for key, value in record["neighbours"][place].items():
            assert bulk[f"neighbours.{place}.{key}"] == str(value)
    assert bulk["known"] == ("true" if record["known"] else "false")
    assert bad["status"] == "error"
    assert bad["value"] == bad["interval.0"] == ""
    assert "x.cif" in bad["error"]


@pytest.mark.parametrize("engine", ["serial", "threads", "processes"])
def test_the_records_are_the_same_with_every_engine_and_through_a_folder(here, engine):
    plain = call("predict", *MIXED, "--format", "json", exit_code=1).stdout
    assert call("predict", *MIXED, "--format", "json", "--engine", engine, exit_code=1).stdout == plain
    ran = call("predict", *MIXED, "--engine", engine, "--into", here / "run", "--per-shard", 7, exit_code=1)
    assert ran.stdout == ""
    assert f"{GOOD} structures predicted, {FAILED} failed" in ran.stderr
    collected = call("collect", here / "run", "--format", "json", exit_code=1)
    assert collected.stdout == plain
    assert f"{GOOD} structures collected, {FAILED} failed" in collected.stderr
    assert [json.dumps(record, ensure_ascii=False) for record in read_run(here / "run")] == plain.splitlines()


def test_a_dask_cluster_gives_the_same(here, cluster):
    plain = call("predict", *MIXED, "--format", "json", exit_code=1).stdout
    options = ("--engine", "dask", "--scheduler", cluster.address)
    assert call("predict", *MIXED, "--format", "json", *options, exit_code=1).stdout == plain


def test_what_is_collected_looks_the_same(here):
    call("predict", "copper.cif", "--into", here / "run")
    for format_ in ("csv", "table"):
        plain = call("predict", "copper.cif", "--format", format_).stdout.splitlines()
        collected = call("collect", here / "run", "--format", format_).stdout.splitlines()
        assert [line.split() for line in collected] == [line.split() for line in plain]


def test_parquet_has_lists_and_structs(here):
    call("predict", *MIXED, "--into", here / "run", "--per-shard", 7, exit_code=1)
    told = call("collect", here / "run", "--output", here / "all.parquet", exit_code=1).stderr
    assert f"{GOOD} structures collected, {FAILED} failed" in told
    plain = records(*MIXED, exit_code=1)
    for place in (here / "run", here / "all.parquet"):
        table = pq.read_table(place)
        assert table.num_rows == 2 * GOOD + FAILED
        assert table.column("value").to_pylist() == [record.get("value") for record in plain]
        assert table.column("neighbours").to_pylist() == [record.get("neighbours") for record in plain]


def test_jobs_of_a_batch_queue_share_the_work_and_a_second_run_does_nothing_again(here):
    run = ("predict", "table.parquet", "--per-shard", 7)
    call(*run, "--into", here / "one")
    for job in (2, 1):
        call(*run, "--into", here / "many", "--shard", f"{job}/2")
    one, many = ({path.name: path.read_bytes() for path in (here / name).iterdir()} for name in ("one", "many"))
    assert one == many
    assert f"; {N} of them were finished before" in call(*run, "--into", here / "one").stderr
    refused = call(*run, "--into", here / "one", "--property", "bulk-modulus", exit_code=2).stderr
    assert "the folder holds another run: " in refused


def test_another_kind_of_model_is_refused_with_its_command(here):
    told = " ".join(call("predict", "copper.cif", "--model", "prototype", exit_code=2).stderr.split())
    assert "prototype: this model tells classes and no moduli; use it with: xtalprint classify" in told
    told = " ".join(call("classify", "copper.cif", "--model", "stiffness", exit_code=2).stderr.split())
    assert "stiffness: this model predicts properties and no class; use it with: xtalprint predict" in told
    told = " ".join(call("predict", "copper.cif", "--model", "stifness", exit_code=2).stderr.split())
    assert "did you mean stiffness?" in told


def test_the_card_and_the_list_of_models(here):
    assert "## The intervals" in call("models", "stiffness").stdout
    listed = call("models").stdout
    assert "mean errors" in next(line for line in listed.splitlines() if line.startswith("stiffness"))
    [record] = [json.loads(line) for line in call("models", "stiffness", "--format", "json").stdout.splitlines()]
    assert record["properties"] == ["bulk-modulus", "shear-modulus"]
    assert record["test_accuracy"] is None
    assert set(record["errors"]) == {"bulk-modulus", "shear-modulus"}


def test_help_has_examples():
    text = call("predict", "--help").stdout
    assert "xtalprint predict Cu.cif" in text
    assert "--engine" in text
    assert "--shard" in text
