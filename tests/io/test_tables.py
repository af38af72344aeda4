"""Crystal tables: what is written is read, lazily, whole or not at all."""

from __future__ import annotations

import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.crystal import Crystal
from xtalprint.errors import (
    InvalidCrystalError,
    MissingExtraError,
    UnreadableFileError,
    WrongUsageError,
    XtalprintError,
)
from xtalprint.io import iter_read, read, read_table, write_table
from xtalprint.io.table_labels import read_labels

COPPER = Crystal([[0, 0, 0]], ["Cu"], cell=[[0, 1.8, 1.8], [1.8, 0, 1.8], [1.8, 1.8, 0]], source="cu", frame=0)
BRASS = Crystal([[0, 0, 0], [0, 0, 0]], ["Cu", "Zn"], cell=3 * np.eye(3), occupancies=[0.6, 0.4])
FILM = Crystal([[0.5, 0.5, 7.5]], ["Fe"], cell=3 * np.eye(3), pbc=(True, True, False))
CLUSTER = Crystal([[0, 0, 0], [0, 0, 1.1]], ["C", "O"])
ALL = [COPPER, BRASS, FILM, CLUSTER]


def test_every_kind_of_crystal_comes_back(tmp_path):
    path = tmp_path / "t.parquet"
    labels = {"band_gap": [0.0, None, 1.5, 2.0], "name": ["a", "b", None, "d"]}
    assert write_table(ALL, path, labels=labels) == 4
    table = read_table(path)
    assert len(table) == 4
    assert table.labels == labels
    assert table.ids == ["cu#0", "1", "2", "3"]
    assert table.sources == ["cu", None, None, None]
    for there, here in zip(table.crystals, ALL, strict=True):
        assert there.numbers.tolist() == here.numbers.tolist()
        assert there.positions == pytest.approx(here.positions, abs=1e-6)
        assert there.occupancies.tolist() == here.occupancies.tolist()
        assert there.pbc == here.pbc
        assert (there.cell is None) == (here.cell is None)
        assert here.cell is None or there.cell.tolist() == here.cell.tolist()
    assert [(c.source, c.frame) for c in table.crystals] == [(str(path), i) for i in range(4)]


def test_labels_leave_the_groups_of_rows_as_they_are(tmp_path):
    """A part of a table is read without unpacking all of it, with labels or without."""
    n = 4500
    labels = {"number": list(range(n)), "name": [None if i % 7 else f"{i}" for i in range(n)], "empty": [None] * n}
    write_table((COPPER for _ in range(n)), tmp_path / "bare.parquet")
    write_table((COPPER for _ in range(n)), tmp_path / "labelled.parquet", labels=labels)
    bare, labelled = (pq.ParquetFile(tmp_path / f"{name}.parquet") for name in ("bare", "labelled"))
    groups = [[f.metadata.row_group(i).num_rows for i in range(f.num_row_groups)] for f in (bare, labelled)]
    assert groups == [[2000, 2000, 500]] * 2
    table = read_table(tmp_path / "labelled.parquet")
    assert table.labels == labels
    assert table.ids == read_table(tmp_path / "bare.parquet").ids
    assert len(list(tmp_path.iterdir())) == 2


def test_the_file_has_the_columns_of_all_crystal_tables(tmp_path):
    path = tmp_path / "t.parquet"
    write_table([COPPER], path)
    schema = pq.read_schema(path)
    assert schema.field("cell").type == pa.list_(pa.float64())
    assert schema.field("numbers").type == pa.list_(pa.uint8())
    assert schema.field("frac").type == pa.list_(pa.float32())
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 999), n=st.integers(1, 9))
def test_fractional_coordinates_are_in_the_cell(seed, n, tmp_path_factory):
    rng = np.random.default_rng(seed)
    frac = np.arange(n)[:, None] / n + rng.choice([0, -1, 1, 2, -1e-12], (n, 3))
    crystal = Crystal(frac @ np.diag([9.0, 8, 7]), rng.integers(1, 90, n), cell=np.diag([9.0, 8, 7]))
    path = tmp_path_factory.mktemp("t") / "t.parquet"
    write_table([crystal], path)
    stored = np.array(pq.read_table(path).column("frac")[0].as_py())
    assert (stored >= 0).all()
    assert (stored < 1).all()
    shift = read(path)[0].frac - crystal.frac
    assert shift == pytest.approx(np.round(shift), abs=1e-6)


def test_crystals_are_made_when_they_are_asked_for(tmp_path):
    path = tmp_path / "t.parquet"
    write_table(ALL, path)
    table = read_table(path)
    assert [c.formula for c in table.crystals[1:3]] == ["Cu0.6Zn0.4", "Fe"]
    assert table.crystals[-1].formula == "CO"
    with pytest.raises(IndexError):
        table.crystals[4]
    assert repr(table) == f"CrystalTable({str(path)!r}, 4 crystals, labels: none)"


def raw(path, **columns):
    full = {
        "id": ["a", "b"],
        "cell": [[3.0, 0, 0, 0, 3, 0, 0, 0, 3]] * 2,
        "numbers": [[29], [30]],
        "frac": [[0.0, 0, 0]] * 2,
    } | columns
    pq.write_table(pa.table({key: value for key, value in full.items() if value is not None}), path)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"frac": [[0.0, 0, 0], [0, 0, float("nan")]]}, "frame 1, atom 0: coordinate along axis"),
        (
            {"frac": [[0.0, 0, 0], [0, 0]]},
            "frame 1: cell, numbers and frac differ in length; write 9 numbers",
        ),
        ({"frac": [[0.0, 0, 0], None]}, "frame 1: the row lacks cell, numbers or frac; complete or remove the row."),
        (
            {"frac": [[0.0, 0, 0], [0, None, 0]]},
            "frame 1: a number is missing inside the list in frac; complete or remove the row.",
        ),
        ({"numbers": [[29], [None]]}, "frame 1: a number is missing inside the list in numbers; complete"),
        ({"pbc": [[True] * 3, [True, None, True]]}, "frame 1: a number is missing inside the list in pbc; complete"),
        ({"numbers": [[29], [0]]}, "frame 1, atom 0: unknown element (value: 0)"),
        ({"numbers": [[29], []], "frac": [[0.0, 0, 0], []]}, "frame 1: no atoms"),
        ({"cell": [[3.0, 0, 0, 0, 3, 0, 0, 0, 3], [0.0] * 9]}, "frame 1: cell is flat"),
        (
            {"species_known": [True, False]},
            "frame 1: the row names types, not elements; give one element",
        ),
    ],
)
def test_a_bad_row_does_not_stop_the_others(tmp_path, columns, message):
    path = tmp_path / "t.parquet"
    raw(path, **columns)
    good, error = iter_read(path)
    assert good.formula == "Cu"
    assert str(error).startswith(f"{path}, {message}")
    with pytest.raises(XtalprintError, match="frame 1"):
        read_table(path).crystals[1]


def test_a_column_without_a_type_counts_as_absent(tmp_path):
    """Pandas writes a column that has no value with the type null."""
    path = tmp_path / "t.parquet"
    write_table([COPPER, COPPER], path)
    table = pq.read_table(path)
    for name in ("occupancies", "positions"):
        if name in table.column_names:
            table = table.drop_columns([name])
        table = table.append_column(name, pa.nulls(2))
    pq.write_table(table, path)
    assert [crystal.formula for crystal in read(path)] == ["Cu", "Cu"]
    assert [crystal.formula for crystal in read_table(path).crystals] == ["Cu", "Cu"]


def test_clusters_need_no_cell_with_a_type(tmp_path):
    path = tmp_path / "t.parquet"
    write_table([CLUSTER], path)
    table = pq.read_table(path)
    for name in ("cell", "frac", "pbc"):
        table = table.drop_columns([name]).append_column(name, pa.nulls(1))
    pq.write_table(table, path)
    [crystal] = read(path)
    assert (crystal.formula, crystal.cell) == ("CO", None)


def test_a_required_column_without_a_value_is_an_error_of_each_row(tmp_path):
    path = tmp_path / "t.parquet"
    raw(path, numbers=[None, None])
    table = read_table(path)
    assert table.crystals.numbers_of(0).tolist() == []
    assert [str(error) for error in iter_read(path)] == [
        f"{path}, frame {row}: the row lacks cell, numbers or frac; complete or remove the row." for row in (0, 1)
    ]


def test_types_get_the_given_elements(tmp_path):
    path = tmp_path / "t.parquet"
    raw(path, numbers=[[1], [2]], species_known=[False, False])
    assert [c.formula for c in read(path, elements=("Ni", "Al"))] == ["Ni", "Al"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"cell": None}, "no crystal table: the column cell is missing (value: id, numbers, frac)"),
        ({"frac": ["a", "b"]}, "the columns of the crystals are of the wrong type"),
        ({"id": [], "cell": [], "numbers": [], "frac": []}, ""),
    ],
)
def test_a_bad_table_is_one_error(tmp_path, columns, message):
    path = tmp_path / "t.parquet"
    raw(path, **columns)
    [error] = iter_read(path)
    assert message in str(error)
    assert error.source == str(path)


def test_a_cut_table(tmp_path, only_error):
    path = tmp_path / "whole.parquet"
    write_table(ALL, path)
    assert "not a sound Parquet file" in only_error("t.parquet", path.read_bytes()[:-10])


def test_if_the_work_stops_the_old_table_stays(tmp_path):
    path = tmp_path / "t.parquet"
    write_table([COPPER], path)

    def crystals():
        yield BRASS
        raise InvalidCrystalError("stop")

    with pytest.raises(InvalidCrystalError):
        write_table(crystals(), path)
    assert len(read_table(path)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]


@pytest.mark.parametrize("options", [{"ids": ["a"]}, {"labels": {"x": [1]}}, {"ids": list("abcde")}])
def test_ids_and_labels_must_fit(tmp_path, options):
    with pytest.raises(XtalprintError, match=r"ids|values of x"):
        write_table(ALL, tmp_path / "t.parquet", **options)
    assert not list(tmp_path.iterdir())


def test_a_folder_or_a_pipe_is_not_replaced_and_a_link_stays_a_link(tmp_path):
    os.mkfifo(tmp_path / "pipe.parquet")
    (tmp_path / "folder.parquet").mkdir()
    for path in (tmp_path / "folder.parquet", tmp_path / "pipe.parquet"):
        with pytest.raises(XtalprintError, match="not a regular file; name a file for the table"):
            write_table(ALL, path)
    (tmp_path / "link.pq").symlink_to(tmp_path / "target.parquet")
    write_table(ALL, tmp_path / "link.pq")
    assert (tmp_path / "link.pq").is_symlink()
    assert len(read_table(tmp_path / "target.parquet")) == len(ALL)


def test_a_name_that_is_not_utf8_does_not_cost_the_table(tmp_path):
    crystal = Crystal([[0, 0, 0]], ["Cu"], cell=np.eye(3), source="b\udcff.cif", frame=0)
    write_table([crystal], tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").ids[0] == r"b\xff.cif#0"


def test_no_folder(tmp_path):
    with pytest.raises(XtalprintError, match="no such folder; make it first"):
        write_table(ALL, tmp_path / "no" / "t.parquet")


def test_without_pyarrow_the_error_says_how_to_install_it(tmp_path, monkeypatch, write):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r'pip install "xtalprint\[tables\]"'):
        write_table(ALL, tmp_path / "t.parquet")
    [error] = iter_read(write("t.parquet", b"PAR1 PAR1"))
    assert 'pip install "xtalprint[tables]"' in str(error)


@pytest.mark.parametrize("name", ["id", "cell", "frac", "source", "pbc"])
def test_no_label_has_the_name_of_a_column(tmp_path, name):
    crystal = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    with pytest.raises(WrongUsageError, match=f"a label has the name of a column of the table .value: {name}."):
        write_table([crystal], tmp_path / "t.parquet", labels={name: [1]})
    assert list(tmp_path.iterdir()) == []


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "t.parquet"
    write_table([Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))], path)
    pq.write_table(pq.read_table(path).append_column("id", pa.array([1])), path)
    for read_it in (read_table, read_labels, read):
        with pytest.raises(UnreadableFileError, match=r"two columns of the table have the same name \(value: id\)"):
            read_it(path)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("numbers", [["Na"]], r"numbers must be lists of whole numbers \(value: string\); write the atomic numbers"),
        ("numbers", [[11.5]], r"numbers must be lists of whole numbers \(value: double\)"),
        ("frac", [["a", "b", "c"]], r"frac must be lists of numbers \(value: string\)"),
    ],
)
def test_lists_of_something_else_are_named(tmp_path, name, values, message):
    path = tmp_path / "t.parquet"
    write_table([Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))], path)
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(name), name, pa.array(values)), path)
    with pytest.raises(UnreadableFileError, match=message):
        read_table(path)
    with pytest.raises(UnreadableFileError, match=message):
        read(path)
