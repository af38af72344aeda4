"""Cutting the input into parts: nothing is lost, nothing depends on anything but the input."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xtalprint.crystal import Crystal
from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io import iter_read, write_table
from xtalprint.io.parts import cut

XYZ = "1\n\nCu 0 0 {}\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Single files, one of several frames, a large one, tables, and what cannot be read."""
    folder = tmp_path_factory.mktemp("files")
    for i in range(9):
        (folder / f"{i}.xyz").write_text(XYZ.format(i))
    (folder / "many.xyz").write_text("".join(XYZ.format(i) for i in range(40)) + "broken\n")
    (folder / "large.xyz").write_text("".join(XYZ.format(i) for i in range(300)))
    crystals = [Crystal([[0, 0, 0]], [29], cell=(3 + 0.01 * i) * np.eye(3)) for i in range(33)]
    write_table(crystals, folder / "table.parquet")
    (folder / "table.pq.gz").write_bytes(gzip.compress((folder / "table.parquet").read_bytes()))
    (folder / "damaged.parquet").write_bytes((folder / "table.parquet").read_bytes()[:-9])
    (folder / "empty.xyz").touch()
    return folder


NAMES = [
    *(f"{i}.xyz" for i in range(9)),
    *("many.xyz", "large.xyz", "table.parquet", "table.pq.gz", "damaged.parquet", "empty.xyz", "missing.cif"),
]


def told(items):
    """Where each is from, and what: the error or the numbers."""
    return [
        (item.source, item.frame, str(item) if isinstance(item, XtalprintError) else item.positions.tobytes())
        for item in items
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=12),
    size=st.integers(1, 60),
    few=st.none() | st.integers(1, 60),
)
def test_the_parts_hold_what_the_files_hold_in_their_order(files, names, size, few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xtalprint.io.parts.LARGE", 2000)
        patch.setattr("xtalprint.io.parts.TINY", 100)
        paths = [str(files / name) for name in names]
        parts = list(cut(paths, size=size, few=few))
        again = list(cut(paths, size=size, few=few))
    assert told(item for part in parts for item in part.read(None)) == told(
        item for path in paths for item in iter_read(path)
    )
    assert [part.index for part in parts] == list(range(len(parts)))
    assert sum(part.finished_files for part in parts) == len(paths)
    assert [part.content(None) for part in parts] == [part.content(None) for part in again]
    assert all(pickle.loads(pickle.dumps(part)).content(None) == part.content(None) for part in parts)  # noqa: S301 - ours
    for part in parts:
        assert told(i for piece in part.split() for i in piece.read(None)) == told(part.read(None))


def test_a_table_is_cut_into_rows_and_files_go_together(files, monkeypatch):
    monkeypatch.chdir(files)
    parts = list(cut([f"{i}.xyz" for i in range(9)] + ["table.parquet"], size=4))
    assert [part.files for part in parts[:3]] == [
        ("0.xyz", "1.xyz", "2.xyz", "3.xyz"),
        ("4.xyz", "5.xyz", "6.xyz", "7.xyz"),
        ("8.xyz",),
    ]
    assert [part.rows for part in parts[3:]] == [(i, min(i + 4, 33)) for i in range(0, 33, 4)]


def test_a_large_file_travels_frame_by_frame_and_many_atoms_part_it(files, monkeypatch):
    monkeypatch.setattr("xtalprint.io.parts.LARGE", 2000)
    monkeypatch.setattr("xtalprint.io.parts.MOST_ATOMS", 7)
    parts = list(cut([str(files / "large.xyz")], size=1000))
    assert [len(part.items) for part in parts] == [7] * 42 + [6]
    assert [part.finished_files for part in parts] == [0] * 42 + [1]


def test_where_answers_are_waited_for_no_part_takes_long(files, monkeypatch, tmp_path):
    """A part of a few kB may be hundreds of frames: 40 and 300 of them here."""
    monkeypatch.chdir(files)
    monkeypatch.setattr("xtalprint.io.parts.TINY", 100)
    with Path("large.xyz").open("rb") as plain, gzip.open(tmp_path / "large.xyz.gz", "wb") as packed:
        packed.write(plain.read())
    for name in ("many.xyz", "large.xyz", str(tmp_path / "large.xyz.gz")):
        parts = list(cut([name], few=8))
        assert max(len(part.items) for part in parts) == 8
        assert not any(part.files for part in parts)
    # Files of one frame, and of formats that have one as a rule, are left to the workers.
    files_of = [part.files for part in cut([f"{i}.xyz" for i in range(9)] + ["missing.cif"], few=8)]
    assert files_of == [tuple(f"{i}.xyz" for i in range(8)), ("8.xyz", "missing.cif")]
    assert [part.rows for part in cut(["table.parquet"], size=20, few=8)] == [(0, 20), (20, 33)]


def test_an_error_stands_in_its_place(files):
    error = UnreadableFileError("no file matches this pattern", source="*.cif", remedy="check")
    parts = list(cut([str(files / "0.xyz"), error, str(files / "1.xyz")]))
    assert [item.source for part in parts for item in part.read(None)] == [
        str(files / "0.xyz"),
        "*.cif",
        str(files / "1.xyz"),
    ]


def test_the_content_is_what_is_in_the_files(files, tmp_path):
    copy = tmp_path / "0.xyz"
    copy.write_text(XYZ.format(0))
    [part], [original] = cut([str(copy)]), cut([str(files / "0.xyz")])
    assert part.content(None) == original.content(None)
    copy.write_text(XYZ.format(0.1))
    assert part.content(None) != original.content(None)
    copy.unlink()
    assert part.content(None) != original.content(None)


def test_one_row_of_a_table_changes_the_content_of_its_part_only(tmp_path):
    path = tmp_path / "t.parquet"
    cells = [(3 + 0.01 * i) * np.eye(3) for i in range(9)]
    write_table([Crystal([[0, 0, 0]], [29], cell=cell) for cell in cells], path)
    before = [part.content(None) for part in cut([str(path)], size=3)]
    cells[4] = 5 * np.eye(3)
    write_table([Crystal([[0, 0, 0]], [29], cell=cell) for cell in cells], path)
    after = [part.content(None) for part in cut([str(path)], size=3)]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_a_part_is_read_from_another_folder_under_the_name_that_was_given(files, monkeypatch, tmp_path):
    monkeypatch.chdir(files)
    parts = [pickle.loads(pickle.dumps(part)) for part in cut(["0.xyz", "table.parquet"])]  # noqa: S301 - ours
    monkeypatch.chdir(tmp_path)
    items = [item for part in parts for item in part.read(None)]
    assert items[0].source == "0.xyz"
    assert items[-1].source == "table.parquet"
    assert isinstance(items[0], Crystal)
    assert not Path("0.xyz").exists()
