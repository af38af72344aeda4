"""Every file of the corpus of spoiled input gives one clear error in its place, and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from corpus import spoiled_files, spoiled_paths

from xtalprint.crystal import Crystal
from xtalprint.errors import XtalprintError
from xtalprint.io import iter_read, read

#: No answer may take longer (s).
PATIENCE = 10.0

with tempfile.TemporaryDirectory() as _folder:
    SPOILED = list(spoiled_files(_folder))


def timed(path, elements=None):
    start = time.perf_counter()
    items = list(iter_read(path, elements=elements))
    assert time.perf_counter() - start < PATIENCE
    return items


def test_the_corpus_is_large_and_its_names_are_unique():
    assert len(SPOILED) >= 180
    assert len({case.name for case in SPOILED}) == len(SPOILED)


@pytest.mark.parametrize("case", SPOILED, ids=lambda case: case.name)
def test_spoiled_file(case, tmp_path, capfd):
    path = tmp_path / case.name
    path.write_bytes(case.content)
    items = timed(path, case.elements)
    errors = [item for item in items if isinstance(item, XtalprintError)]
    assert any(re.search(case.expected, str(error), re.DOTALL) for error in errors), [*map(str, errors)]
    assert len(items) - len(errors) == case.sound
    for error in errors:
        assert error.source == str(path)
        assert error.remedy
        assert "\n" not in error.problem
        assert "Traceback" not in str(error)
        assert len(str(error)) < len(str(path)) + 700
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("case", SPOILED[::9], ids=lambda case: case.name)
def test_read_raises_the_first_error(case, tmp_path):
    path = tmp_path / case.name
    path.write_bytes(case.content)
    first = next(item for item in iter_read(path, elements=case.elements) if isinstance(item, XtalprintError))
    with pytest.raises(XtalprintError) as raised:
        read(path, elements=case.elements)
    assert str(raised.value) == str(first)


def test_paths_that_are_no_file(tmp_path, capfd):
    for name, path, expected in spoiled_paths(tmp_path):
        items = timed(path)
        assert len(items) == 1, name
        assert isinstance(items[0], XtalprintError), name
        assert re.search(expected, str(items[0])), f"{name}: {items[0]}"
        assert items[0].source == os.fspath(path)
        assert items[0].remedy
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_no_permission(tmp_path):
    path = tmp_path / "secret.cif"
    path.write_text("data_x\n", encoding="utf-8")
    path.chmod(0)
    [error] = timed(path)
    assert str(error) == f"{path}: no permission to read it; ask its owner, or change its permissions."


@pytest.mark.parametrize("refusal", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_file_that_cannot_be_opened(tmp_path, monkeypatch, refusal):
    path = tmp_path / "NaCl.cif"
    path.write_text("data_x\n", encoding="utf-8")

    def refuse(*_args, **_options):
        raise refusal

    monkeypatch.setattr(Path, "open", refuse)
    [error] = timed(path)
    assert re.search("no permission to read it|Input/output error", str(error))


@pytest.mark.parametrize("elements", [("Xx",), "Cu;Zr", (), ("Cu", ""), 29], ids=str)
def test_elements_that_are_none(tmp_path, elements):
    path = tmp_path / "a.xyz"
    path.write_text("1\n\nCu 0 0 0\n", encoding="utf-8")
    [error] = timed(path, elements)
    assert "give chemical symbols, as in --elements Cu,Zr" in str(error)


def test_the_command_line_makes_a_record_of_each(tmp_path):
    """The whole corpus at once: one record per frame, exit code 1, the sound frames in the table."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    cases = [case for case in SPOILED if case.elements is None and "\n" not in case.name]
    for case in cases:
        (folder / case.name).write_bytes(case.content)
    names = "\n".join(str(folder / case.name) for case in cases)
    command = ["-m", "xtalprint", "convert", "-", "--output", "t.parquet", "--format", "json", "--quiet"]
    run = subprocess.run(
        [sys.executable, *command],
        input=names,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        timeout=300,
    )
    assert run.returncode == 1, run.stderr
    assert run.stderr == ""
    records = [json.loads(line) for line in run.stdout.splitlines()]
    assert {record["source"] for record in records} == {str(folder / case.name) for case in cases}
    sound = [record for record in records if record["status"] == "ok"]
    assert len(sound) == sum(case.sound for case in cases)
    assert len(read(tmp_path / "t.parquet")) == len(sound)
    assert all(record["error"] for record in records if record["status"] == "error")


CIF_HEAD = "data_x\n" + "".join(f"_cell_length_{axis} 90\n" for axis in "abc") + "loop_\n_atom_site_label\n"
CIF_HEAD += "".join(f"_atom_site_fract_{axis}\n" for axis in "xyz")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (120_000, "block data_x: more than 100000 atoms listed in one block.*120000"),
        (8_000, "closer than 0.5 Å.*too large for a second reading"),
    ],
)
def test_a_large_cif_is_refused_in_time(tmp_path, rows, expected):
    path = tmp_path / "large.cif"
    path.write_text(CIF_HEAD + "C 0.1 0.2 0.3\n" * rows, encoding="utf-8")
    [error] = timed(path)
    assert re.search(expected, str(error), re.DOTALL)


MILLION = 1_000_000


def million_atoms(path, columns, row):
    side = MILLION ** (1 / 3) * 3
    header = f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{MILLION}\nITEM: BOX BOUNDS pp pp pp\n" + 3 * f"0 {side}\n"
    with path.open("w", encoding="ascii") as file:
        file.write(f"{header}ITEM: ATOMS {columns}\n")
        file.writelines(
            row(i, i % 100 * 3 + 0.1, i // 100 % 100 * 3 + 0.1, i // 10000 * 3 + 0.1) for i in range(MILLION)
        )


@pytest.mark.slow
def test_a_million_atoms_are_read_or_refused_in_time(tmp_path):
    path = tmp_path / "big.dump"
    million_atoms(path, "id type x y z", "{} 1 {:.3f} {:.3f} {:.3f}\n".format)
    [error] = timed(path)
    assert "names types, not elements; give the elements" in str(error)
    [crystal] = timed(path, ("Cu",))
    assert isinstance(crystal, Crystal)
    assert crystal.formula == "Cu1000000"
    path.write_bytes(path.read_bytes()[:-100])
    [error] = timed(path, ("Cu",))
    assert re.search(r"the file ends after 99999\d of 1000000 atoms|too few columns", str(error))
