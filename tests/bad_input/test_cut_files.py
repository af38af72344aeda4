"""A file cut off or changed anywhere: an error, or the crystals of the whole file; never others, never a crash."""

from __future__ import annotations

import gzip

import pytest
import sound_files as sound
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.crystal import Crystal
from xtalprint.errors import XtalprintError
from xtalprint.io import iter_read, read

TEXTS = {
    "a.cif": sound.CIF,
    "POSCAR": sound.POSCAR,
    "a.extxyz": sound.EXTXYZ_FRAME * 2,
    "a.dump": sound.DUMP_FRAME * 2,
    "a.data": sound.DATA,
    "XDATCAR": sound.XDATCAR,
    "a.json": sound.JSON,
}


#: How the last row of a frame begins in the sound files.
LAST_ROWS = ("Cl1 Cl 0.5", "0.5 0.5 0.5", "Cl 2.82", "2 2 Cl 2.82", "2 2 2.82")


def cannot_be_noticed(text, cut):
    """Whether the cut is in the last number of a frame: what is left of it is a number, too."""
    start = text.rfind("\n", 0, cut) + 1
    row = text[start:].split("\n", 1)[0]
    return row.startswith(LAST_ROWS) and len(text[start:cut].split()) == len(row.split())


@pytest.fixture(scope="module")
def binaries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    return {
        "a.traj": sound.trajectory(),
        "a.db": sound.database(folder),
        "a.parquet": sound.table(folder),
        "a.extxyz.gz": gzip.compress(sound.EXTXYZ_FRAME.encode() * 20, mtime=0),
    }


def frames_of(path):
    items = list(iter_read(path))
    assert items, "nothing at all was said"
    assert all(isinstance(item, (Crystal, XtalprintError)) for item in items)
    return [item for item in items if isinstance(item, Crystal)], [i for i in items if isinstance(i, XtalprintError)]


@pytest.mark.parametrize("name", TEXTS)
def test_sound_files_are_sound(name, tmp_path):
    path = tmp_path / name
    path.write_text(TEXTS[name], encoding="utf-8")
    assert {crystal.formula for crystal in read(path)} <= {"ClNa", "Cl4Na4"}


@pytest.mark.parametrize("name", TEXTS)
def test_text_cut_anywhere(name, tmp_path):
    text = TEXTS[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    whole = read(path)
    step = 7 if name == "a.json" else 3
    for cut in range(0, len(text.rstrip()), step):
        if cannot_be_noticed(text, cut):
            continue
        path.write_text(text[:cut], encoding="utf-8")
        crystals, errors = frames_of(path)
        assert crystals == whole[: len(crystals)], f"cut at {cut}: another crystal"
        # A file cut between two frames is sound in itself; nothing else may be.
        assert errors or (len(whole) > 1 and 0 < len(crystals) < len(whole)), f"cut at {cut}: not noticed"


@pytest.mark.parametrize("name", ["a.traj", "a.db", "a.parquet", "a.extxyz.gz"])
def test_binary_cut_anywhere(name, binaries, tmp_path):
    content = binaries[name]
    path = tmp_path / name
    path.write_bytes(content)
    whole = read(path)
    for cut in range(0, len(content) - 1, max(1, len(content) // 25)):
        path.write_bytes(content[:cut])
        crystals, errors = frames_of(path)
        assert crystals == whole[: len(crystals)]
        # At the end of a trajectory is a table that is needed to add frames, not to read them.
        assert errors or (name == "a.traj" and len(crystals) == len(whole)), f"cut at {cut}: not noticed"


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_text_with_changed_bytes(name, data, tmp_path_factory):
    content = bytearray(TEXTS[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("changed") / name
    path.write_bytes(bytes(content))
    frames_of(path)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(content=st.binary(max_size=400), name=st.sampled_from([*TEXTS, "a.traj", "a.db", "a.parquet", "a.pos", "a"]))
def test_any_bytes_under_any_name(content, name, tmp_path_factory):
    path = tmp_path_factory.mktemp("bytes") / name
    path.write_bytes(content)
    _, errors = frames_of(path)
    assert errors
