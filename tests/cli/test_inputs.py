"""FILES of the command line: paths, globs, lists on stdin."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace

import click
import numpy as np
import pytest

from xtalprint import Crystal
from xtalprint.cli.inputs import InputStream
from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io import write_table

XYZ = "1\n\nCu 0 0 0\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Working directory with three one-atom files and a file of two frames."""
    for name in ("b.xyz", "a.xyz", "sub/c.xyz", "odd[1].xyz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(XYZ)
    (tmp_path / "two.xyz").write_text(2 * XYZ)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(*arguments):
    return [(item.source, item.frame) for item in InputStream(arguments)]


def test_order_and_duplicates_are_kept(folder):
    assert read("b.xyz", "a.xyz", "b.xyz") == [("b.xyz", 0), ("a.xyz", 0), ("b.xyz", 0)]


def test_patterns_are_expanded_in_order_of_name(folder):
    assert [source for source, _ in read("[ab].xyz")] == ["a.xyz", "b.xyz"]
    assert ("sub/c.xyz", 0) in read("**/*.xyz")


def test_a_file_with_brackets_in_its_name_is_a_file(folder):
    assert read("odd[1].xyz") == [("odd[1].xyz", 0)]


def test_a_pattern_without_a_match_is_an_error_that_says_where_it_looked(folder):
    stream = InputStream(["nothing-*.cif", "a.xyz"])
    error, crystal = stream
    assert isinstance(error, UnreadableFileError)
    assert "nothing-*.cif: no file matches this pattern" in str(error)
    assert str(folder) in str(error)
    assert crystal.source == "a.xyz"


def test_a_folder_and_a_missing_file_are_errors_and_the_rest_is_read(folder):
    items = list(InputStream(["sub", "no.xyz", "a.xyz"]))
    assert [isinstance(item, XtalprintError) for item in items] == [True, True, False]
    assert "sub" in str(items[0])
    assert "no.xyz" in str(items[1])


def test_frames_are_counted_and_files_finish_with_their_last_frame(folder):
    stream = InputStream(["two.xyz", "no.xyz", "a.xyz"])
    assert stream.number_of_files == 3
    assert len(list(stream)) == 4
    assert [stream.finished_files(n) for n in range(5)] == [0, 0, 1, 2, 3]


def list_on_stdin(monkeypatch, raw):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))


def test_a_list_on_stdin(folder, monkeypatch):
    list_on_stdin(monkeypatch, b"b.xyz\r\n\n  \nsub/*.xyz\n")
    stream = InputStream(["a.xyz", "-"])
    assert stream.number_of_files is None
    assert [item.source for item in stream] == ["a.xyz", "b.xyz", "sub/c.xyz"]


@pytest.mark.parametrize("line", [b"data_NaCl", b"# made by hand", b"8", b"{", b"ITEM: TIMESTEP"])
def test_a_structure_on_stdin_is_wrong_usage(folder, monkeypatch, line):
    list_on_stdin(monkeypatch, b"\n" + line + b"\nloop_\n")
    with pytest.raises(click.UsageError, match=rf"no file is called '{line.decode()}': stdin is read as a list"):
        list(InputStream(["-"]))


def test_a_long_line_is_cut(folder, monkeypatch):
    list_on_stdin(monkeypatch, b'{"sites": [' + 50_000 * b"1, " + b"]}")
    with pytest.raises(click.UsageError) as raised:
        list(InputStream(["-"]))
    assert len(str(raised.value)) < 250


def test_paths_that_look_alike_are_paths(folder, monkeypatch):
    (folder / "b.xyz").rename(folder / "8")
    list_on_stdin(monkeypatch, b"8\ndata_*/*.cif\n")
    read_or_not = list(InputStream(["-"]))
    assert [item.source for item in read_or_not] == ["8", "data_*/*.cif"]
    for line in (b"data_*/x.cif", b"data_1.cif", b"[ab]8.xyz", b"#8.cif"):
        list_on_stdin(monkeypatch, line)
        [missing] = InputStream(["-"])
        assert missing.source == line.decode()


def test_an_empty_list_on_stdin_is_wrong_usage(folder, monkeypatch):
    list_on_stdin(monkeypatch, b"\n")
    with pytest.raises(click.UsageError, match="the list of files on stdin is empty"):
        list(InputStream(["-"]))


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode there")
def test_a_name_that_is_not_utf8_is_read(folder, monkeypatch):
    name = b"caf\xe9.xyz"
    (folder / os.fsdecode(name)).write_text(XYZ)
    list_on_stdin(monkeypatch, name + b"\n")
    [crystal] = InputStream(["-"])
    assert crystal.source == os.fsdecode(name)


def test_a_file_is_opened_only_when_it_is_its_turn(folder):
    stream = iter(InputStream(["a.xyz", "b.xyz"]))
    next(stream)
    (folder / "b.xyz").unlink()
    assert isinstance(next(stream), XtalprintError)


def test_elements_that_a_file_does_not_need_are_told(tmp_path, capsys):
    path = tmp_path / "al.xyz"
    path.write_text("1\n\nAl 0 0 0\n", encoding="utf-8")
    assert len(list(InputStream([str(path)], ["Cu"]))) == 1
    assert capsys.readouterr().err == f"{path}: names its elements itself (Al); --elements is not used\n"
    assert len(list(InputStream([str(path)], ["Al"]))) == 1
    assert capsys.readouterr().err == ""


def test_elements_that_are_not_needed_are_told_once_for_each_ending_where_workers_read(tmp_path, capsys):
    for name in ("a.xyz", "b.xyz", "c.XYZ"):
        (tmp_path / name).write_text("1\n\nAl 0 0 0\n", encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("a.xyz", "b.xyz", "c.XYZ", "no.cif", "no-*.cif")]
    [part, error] = InputStream(paths, ["Cu"]).parts(10)
    assert (len(part.files), len(error.items)) == (4, 1)
    assert capsys.readouterr().err == f"{paths[0]}: names its elements itself (Al); --elements is not used\n"
    for elements in (["Al"], None):
        list(InputStream(paths, elements).parts(10))
    assert capsys.readouterr().err == ""


def test_structures_are_counted_without_reading_them(tmp_path):
    pytest.importorskip("pyarrow")
    write_table([Crystal([[0, 0, 0]], ["Po"], cell=np.eye(3))] * 7, tmp_path / "seven.parquet")
    (tmp_path / "broken.pq").write_bytes(b"PAR1")
    paths = [str(tmp_path / name) for name in ("seven.parquet", "broken.pq", "nope.cif")]
    assert InputStream(paths).least_structures() == 9
