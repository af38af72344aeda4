"""``xtalprint convert``: records, exit codes, and a table that is whole or not there."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

from xtalprint.cli import main
from xtalprint.io import read, read_table, write_table

XYZ = "1\n\nCu 0 0 0\n"
SALT = '2\nLattice="5.6 0 0 0 5.6 0 0 0 5.6"\nNa 0 0 0\nCl 2.8 2.8 2.8\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "a.xyz").write_text(XYZ)
    (tmp_path / "b.extxyz").write_text(SALT + SALT.replace("Na 0", "Na nan") + SALT)
    (tmp_path / "good.extxyz").write_text(SALT + SALT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def convert(*arguments, given=None):
    return CliRunner().invoke(main, ["convert", *arguments], input=given)


def test_all_good(folder):
    run = convert("a.xyz", "good.extxyz", "--output", "t.parquet")
    assert run.exit_code == 0
    assert run.stdout == ""
    assert run.stderr.startswith("3 structures written, 0 failed")
    table = read_table("t.parquet")
    assert table.ids == ["a.xyz#0", "good.extxyz#0", "good.extxyz#1"]
    assert table.sources == ["a.xyz", "good.extxyz", "good.extxyz"]
    assert [c.formula for c in table.crystals] == ["Cu", "ClNa", "ClNa"]


def test_a_file_named_twice_gets_ids_of_its_own(folder):
    run = convert("good.extxyz", "a.xyz", "good.extxyz", "a.xyz", "a.xyz", "--output", "t.parquet")
    assert run.exit_code == 0
    assert read_table("t.parquet").ids == [
        *("good.extxyz#0", "good.extxyz#1", "a.xyz#0", "good.extxyz#0 (2)", "good.extxyz#1 (2)"),
        *("a.xyz#0 (2)", "a.xyz#0 (3)"),
    ]


@pytest.mark.parametrize("name", ["t.csv", "t", "t.json", "t.parquet.gz"])
def test_a_table_is_parquet_and_is_called_so(folder, name):
    run = convert("a.xyz", "--output", name)
    assert run.exit_code == 2
    assert f"a crystal table is a Parquet file (value: {name}); give a name ending with .parquet." in run.stderr
    assert not (folder / name).exists()


def test_some_bad(folder):
    run = convert("a.xyz", "b.extxyz", "no.cif", "--output", "t.parquet", "--quiet")
    assert run.exit_code == 1
    assert run.stdout == ""
    assert run.stderr == (
        "error: b.extxyz, frame 1, atom 0: coordinate along axis 0 is not finite (value: nan); "
        "repair or remove this atom.\n"
        "error: no.cif: no such file; check the path and the spelling.\n"
    )
    assert len(read("t.parquet")) == 3


def test_all_bad_writes_no_table(folder):
    run = convert("no.cif", "--output", "t.parquet")
    assert run.exit_code == 1
    assert "xtalprint: t.parquet: no structure could be read, so no table is written." in run.stderr
    assert not (folder / "t.parquet").exists()


def test_the_old_table_stays_if_nothing_can_be_read(folder):
    convert("a.xyz", "--output", "t.parquet")
    convert("no.cif", "--output", "t.parquet")
    assert len(read("t.parquet")) == 1


def test_records_in_json(folder):
    run = convert("b.extxyz", "--output", "t.parquet", "--format", "json", "--quiet")
    assert run.exit_code == 1
    records = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(r["source"], r["frame"], r["status"]) for r in records] == [
        ("b.extxyz", 0, "ok"),
        ("b.extxyz", 1, "error"),
        ("b.extxyz", 2, "ok"),
    ]
    written = {"row": 1, "id": "b.extxyz#2", "formula": "ClNa", "n_atoms": 2}
    assert records[2] == {"source": "b.extxyz", "frame": 2, "status": "ok"} | written


def test_records_in_csv(folder):
    run = convert("b.extxyz", "--output", "t.parquet", "--format", "csv", "--quiet")
    rows = list(csv.DictReader(run.stdout.splitlines()))
    assert [row["status"] for row in rows] == ["ok", "error", "ok"]
    assert rows[1]["error"].startswith("b.extxyz, frame 1, atom 0")


def test_a_table_for_people(folder):
    run = convert("b.extxyz", "--output", "t.parquet", "--format", "table", "--quiet")
    assert "b.extxyz (2)" in run.stdout
    assert "ClNa" in run.stdout
    assert "not finite" in " ".join(run.stdout.split())


def test_patterns_lists_elements_and_tables(folder):
    (folder / "c.dump").write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 5\n0 5\n0 5\n"
        "ITEM: ATOMS id type x y z\n1 1 0 0 0\n"
    )
    run = convert("-", "*.dump", "--elements", "Ni", "--output", "t.parquet", given="a.xyz\ngood.*\n")
    assert run.exit_code == 0, run.output
    assert [c.formula for c in read("t.parquet")] == ["Cu", "ClNa", "ClNa", "Ni"]
    assert convert("t.parquet", "a.xyz", "--output", "u.parquet").exit_code == 0
    assert len(read("u.parquet")) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.xyz"], "Missing option '-o' / '--output'"),
        (["--output", "t.parquet"], "Missing argument 'FILES...'"),
        (["a.xyz", "--output", "no/t.parquet"], "does not exist"),
        (["a.xyz", "--output", "t.parquet", "--elements", "Qq"], "'Qq' is not a chemical symbol"),
        (["a.xyz", "--output", "."], "is a directory"),
    ],
)
def test_wrong_usage(folder, arguments, message):
    run = convert(*arguments)
    assert run.exit_code == 2
    assert message in run.stderr
    assert not (folder / "t.parquet").exists()


def test_rows_of_tables_keep_their_ids_and_labels(folder):
    first, second = read("good.extxyz"), read("a.xyz")
    write_table(first, "one.parquet", ids=["mp-1", "mp-2"], labels={"gap": [1.5, None], "frame": [7, 8]})
    write_table(second, "two.parquet", ids=["mp-3"], labels={"name é": ["copper"]})
    run = convert("one.parquet", "a.xyz", "two.parquet", "--output", "both.parquet")
    assert run.exit_code == 0, run.stderr
    table = read_table("both.parquet")
    assert table.ids == ["mp-1", "mp-2", "a.xyz#0", "mp-3"]
    assert table.labels == {
        "gap": [1.5, None, None, None],
        "frame": [7, 8, None, None],
        "name é": [None, None, None, "copper"],
    }
    run = convert("one.parquet", "both.parquet", "--output", "t.parquet")
    assert run.exit_code == 2
    assert "this id is in one.parquet, row 0 and in both.parquet, row 0 (value: mp-1)" in run.stderr
    assert not (folder / "t.parquet").exists()
