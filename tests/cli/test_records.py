"""Records on their way out: JSON Lines, CSV, tables, files that appear complete or not at all."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import click
import pytest

from xtalprint.cli.records import chosen_format, error_record, record_writer
from xtalprint.cli.tables import ClassTable, FileTable, SourceColumn, bar, pad, percent
from xtalprint.errors import XtalprintError

COLUMNS = ["source", "frame", "status", "class", "probabilities.fcc", "known", "warnings", "error"]
GOOD = {
    "source": "Cu.cif",
    "frame": 3,
    "status": "ok",
    "class": "fcc",
    "probability": 0.75,
    "probabilities": {"fcc": 0.75, "bcc": 0.25},
    "known": True,
    "warnings": ["disordered site", "odd, very"],
}
BAD = error_record(XtalprintError("no atoms", source="x.cif", frame=0, remedy="check the file"))


def written(format_, records, output=None):
    with record_writer(format_, output, table=ClassTable(["Cu.cif"]), columns=COLUMNS) as write:
        for record in records:
            write(record)
    return None if output is None else Path(output).read_text(encoding="utf-8")


def test_json_lines_have_exactly_the_record(tmp_path):
    lines = written("json", [GOOD, BAD], tmp_path / "out").splitlines()
    assert [json.loads(line) for line in lines] == [GOOD, BAD]
    assert BAD == {
        "source": "x.cif",
        "frame": 0,
        "status": "error",
        "error": "x.cif, frame 0: no atoms; check the file.",
    }


def test_csv_has_all_columns_whichever_record_comes_first(tmp_path):
    assert written("csv", [BAD, GOOD], tmp_path / "out").splitlines() == [
        "source,frame,status,class,probabilities.fcc,known,warnings,error",
        'x.cif,0,error,,,,,"x.cif, frame 0: no atoms; check the file."',
        'Cu.cif,3,ok,fcc,0.75,true,"disordered site; odd, very",',
    ]


def test_the_table_for_people(tmp_path):
    assert written("table", [GOOD, BAD], tmp_path / "out").splitlines() == [
        "file (frame)  class    probability         known",
        "Cu.cif (3)    fcc      ███████▌··  75.00%  yes",
        "    ! disordered site",
        "    ! odd, very",
        "x.cif         error",
        "    ! x.cif, frame 0: no atoms; check the file.",
    ]


def test_frames_with_the_same_warnings_say_them_once():
    table = ClassTable(["Cu.cif"])
    frames = [table.line(GOOD | {"frame": frame}).splitlines() for frame in range(2)]
    assert frames[0][1:] == ["    ! disordered site", "    ! odd, very"]
    assert frames[1][1:] == ["    ! as for the frame before"]
    assert table.line(GOOD | {"source": "other.cif"}).splitlines()[1:] == frames[0][1:]


def test_the_table_of_files():
    record = {"source": "Cu.cif", "frame": 0, "status": "ok", "path": "out/Cu_0.npz", "shape": [3, 64, 64]}
    table = FileTable(["Cu.cif"])
    assert table.line(record) == "Cu.cif        3×64×64      out/Cu_0.npz"
    assert table.line(BAD).endswith("check the file.")


def test_nothing_but_numbers_in_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        written("json", [{"probability": float("nan")}], tmp_path / "out")


def test_a_file_appears_complete_or_not_at_all(tmp_path, capsys):
    target = tmp_path / "records.json"
    target.write_text("old")

    def interrupted():
        yield GOOD
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written("json", interrupted(), target)
    assert target.read_text() == "old"
    assert json.loads((tmp_path / "records.json.partial").read_text()) == GOOD
    assert "records finished so far are in" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["records.json", "records.json.partial"]


def test_nothing_is_left_when_nothing_was_finished(tmp_path):
    def failing():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        written("json", failing(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_followed_and_a_device_is_written_to(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    written("json", [GOOD], tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "real").read_text()) == GOOD
    with record_writer("json", Path("/dev/null"), table=ClassTable([]), columns=[]) as write:
        write(GOOD)
    assert not Path("/dev/null").is_file()


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path):
    with pytest.raises(click.BadParameter, match=r"cannot write .*No such file or directory"):
        written("json", [GOOD], tmp_path / "no" / "out")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_any_name_can_be_printed_on_any_terminal(monkeypatch, encoding):
    for format_ in ("json", "table", "csv"):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, newline=""))
        written(format_, [GOOD | {"source": "Å\udce9.cif"}])
        text = raw.getvalue().decode(encoding)
        assert ".cif" in text
        if format_ == "json":
            assert json.loads(text)["source"] == "Å\udce9.cif"


def test_the_format_follows_the_ending_unless_it_is_given():
    assert chosen_format(None, None) == "table"
    assert chosen_format(None, Path("a.JSONL")) == "json"
    assert chosen_format(None, Path("a.dat")) == "table"
    assert chosen_format("csv", Path("a.json")) == "csv"
    assert chosen_format(None, Path("data.csv")) == "csv"
    promised = {
        "a.xlsx": "spreadsheets",
        "a.ods": "spreadsheets",
        "a.parquet": r"structures \(crystal table\)",
        "a.CIF": r"structures \(CIF\)",
        "a.cif.gz": r"structures \(CIF\)",
        "melt.lammpstrj": r"structures \(LAMMPS dump\)",
        "POSCAR": r"structures \(POSCAR\)",
        "a.csv.gz": "compressed files",
    }
    for name, what in promised.items():
        with pytest.raises(click.BadParameter, match=rf"{name} is a name of {what}, which .* end the name in \.csv"):
            chosen_format(None, Path(name))
        assert chosen_format("csv", Path(name)) == "csv"


def test_long_names_keep_their_end_and_columns_stay_columns():
    column = SourceColumn(["x" * 100])
    assert column.cell({"source": "x" * 90 + "/POSCAR", "frame": 7}) == "…" + "x" * 32 + "/POSCAR (7)"
    assert len(column.header()) == column.width == 44
    assert pad("晶体", 6) == "晶体  "
    assert len(pad("e\u0301", 3)) == 4


def test_control_characters_do_not_reach_the_terminal():
    line = ClassTable([]).line(GOOD | {"source": "\x1b[2Ja\0b\nc"})
    assert r"\x1b[2Ja\x00b\nc (3)" in line.splitlines()[0]


def test_bars_and_percentages():
    assert bar(1.0) == "█" * 10
    assert bar(0.0) == "·" * 10
    assert {len(bar(p / 1000)) for p in range(1001)} == {10}
    assert percent(0.9999999) == ">99.99%"
    assert percent(1.0) == "100.00%"
