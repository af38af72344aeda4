"""A corpus of spoiled input: each case is one file and what must be said about it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import tarfile
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import sound_files as sound

if TYPE_CHECKING:
    from pathlib import Path


class Spoiled(NamedTuple):
    """One spoiled file.

    ``expected``: regular expression that one of the errors matches. ``sound``: frames that are read all the same.
    """

    name: str
    content: bytes
    expected: str
    sound: int = 0
    elements: tuple[str, ...] | None = None


def spoiled(name, content, expected, *, sound=0, elements=None):
    return Spoiled(name, content if isinstance(content, bytes) else content.encode(), expected, sound, elements)


def changed(text, old, new, count=1):
    """``text`` with one thing replaced; fails if it is not there, so that no case is sound by mistake."""
    assert old in text, old
    return text.replace(old, new, count)


NO_CELL_ITEM = re.sub(r"_cell_length_b.*\n", "", sound.CIF)
SYMMETRY_ONLY = sound.CIF[: sound.CIF.index("loop_")]
HEADER_ONLY = sound.CIF[: sound.CIF.index("Na1 Na")]


def cif_cases():
    cif = sound.CIF
    site = "Na1 Na 0.0 0.0 0.0 1.0"
    yield spoiled("only-symmetry.cif", SYMMETRY_ONLY, "block data_NaCl: no atoms")
    yield spoiled("empty-loop.cif", HEADER_ONLY, "not valid CIF|no atoms")
    yield spoiled("only-text.cif", "This is not a CIF at all.\n", "CIF")
    yield spoiled("only-a-comment.cif", "# nothing\n", "no data block")
    yield spoiled("no-block-name.cif", changed(cif, "data_NaCl\n", ""), "not valid CIF")
    yield spoiled("nan-coordinate.cif", changed(cif, site, "Na1 Na nan 0 0 1.0"), "not finite|not a number")
    yield spoiled("inf-coordinate.cif", changed(cif, site, "Na1 Na inf 0 0 1.0"), "not finite|not a number")
    yield spoiled("word-coordinate.cif", changed(cif, site, "Na1 Na left 0 0 1.0"), "coordinate of Na1.*'?left")
    yield spoiled("missing-coordinate.cif", changed(cif, site, "Na1 Na ? 0 0 1.0"), "Na1 has no coordinates")
    yield spoiled("unknown-element.cif", changed(cif, site, "Xx1 Xx 0 0 0 1.0"), "unknown element.*Xx")
    yield spoiled("dummy-label.cif", changed(cif, site, "? ? 0 0 0 1.0"), "unknown element")
    yield spoiled("zero-length.cif", changed(cif, "_cell_length_a 5.64", "_cell_length_a 0"), "span no cell")
    yield spoiled("negative-length.cif", changed(cif, "_cell_length_a 5.64", "_cell_length_a -5"), "span no cell")
    yield spoiled("flat-angle.cif", changed(cif, "_angle_gamma 90", "_angle_gamma 180"), "span no cell")
    yield spoiled("zero-angle.cif", changed(cif, "_angle_gamma 90", "_angle_gamma 0"), "span no cell")
    yield spoiled("impossible-angles.cif", changed(cif, "_angle_gamma 90", "_angle_gamma 30")
                  .replace("_angle_beta 90", "_angle_beta 30"), "span no cell")  # fmt: skip
    yield spoiled("nan-length.cif", changed(cif, "_cell_length_a 5.64", "_cell_length_a nan"), "span no cell|finite")
    yield spoiled("missing-length.cif", NO_CELL_ITEM, "no _cell_length_b")
    yield spoiled("unknown-length.cif", changed(cif, "_cell_length_a 5.64", "_cell_length_a ?"), "no _cell_length_a")
    yield spoiled("word-length.cif", changed(cif, "_cell_length_a 5.64", "_cell_length_a big"), "not a number.*big")
    yield spoiled("tiny-cell.cif", re.sub(r"(_cell_length_.) 5.64", r"\1 0.564", cif), "too small")
    yield spoiled("nm-for-angstrom.cif", re.sub(r"(_cell_length_.) 5.64", r"\1 56400000", cif), "Å")
    yield spoiled(
        "per-cent.cif", changed(cif, "0.0 0.0 0.0 1.0", "0.0 0.0 0.0 100"), "occupancy of Na1.*not per cent"
    )
    yield spoiled("negative-occupancy.cif", changed(cif, "0.0 0.0 0.0 1.0", "0 0 0 -0.5"), "occupancy of Na1")
    yield spoiled("all-empty.cif", cif.replace(" 1.0\n", " 0\n"), "no atoms.*all its sites are empty")
    yield spoiled("two-on-one-site.cif", cif + "K1 K 0.0 0.0 0.0 1.0\n", "closer than 0.5 Å.*add up to 2")
    yield spoiled("too-close.cif", cif + "K1 K 0.03 0.0 0.0 1.0\n", "closer than 0.5 Å")
    yield spoiled("atom-missing.cif", changed(cif, "Cl1 Cl 0.5 0.5 0.5 1.0\n", ""), "_chemical_formula_sum")
    yield spoiled("wrong-group.cif", changed(cif, "'F m -3 m'", "'F x -9 q'"), "space group 'F x -9 q' is unknown")
    yield spoiled("group-against-cell.cif", changed(cif, "_cell_length_a 5.64", "_cell_length_a 7.1"), "fit the cell")
    symop = "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'{}'\nloop_"
    yield spoiled("broken-symop.cif", changed(cif, "loop_", symop.format("x,y,q")), "symmetry operation")
    yield spoiled("two-entries-symop.cif", changed(cif, "loop_", symop.format("x,y")), "symmetry operation")
    yield spoiled("no-group-symop.cif", changed(cif, "loop_", symop.format("-y,x,z")), "not a whole group")
    yield spoiled("short-row.cif", changed(cif, site, "Na1 Na 0.0 0.0 0.0"), "not valid CIF|number")
    yield spoiled("open-quote.cif", changed(cif, "'Cl1 Na1'", "'Cl1 Na1"), "not valid CIF in line")
    yield spoiled(
        "open-semicolon.cif", changed(cif, "loop_", "_publ_section_title\n;\nforever\nloop_"), "not valid CIF"
    )
    cartesian = cif.replace("_atom_site_fract_", "_atom_site_Cartn_")
    yield spoiled("cartesian.cif", cartesian, "Cartesian coordinates only")
    yield spoiled(
        "second-block-bad.cif", cif + SYMMETRY_ONLY.replace("NaCl", "second"), "frame 1: block data_second", sound=1
    )
    yield spoiled(
        "first-block-bad.cif", SYMMETRY_ONLY.replace("NaCl", "first") + cif, "frame 0: block data_first", sound=1
    )
    bad_syntax = "data_bad\n_cell_length_a 'x\n"
    yield spoiled(
        "syntax-in-one-block.cif", cif + bad_syntax + cif.replace("NaCl", "third"), "frame 1.*not valid", sound=2
    )


def poscar_cases():
    poscar = sound.POSCAR
    row = "0.5 0.5 0.5\n"
    yield spoiled("POSCAR_comment_only", "rock salt\n", "line 2 is not the scale")
    yield spoiled("POSCAR_zero_scale", changed(poscar, "\n1.0\n", "\n0.0\n"), "scale is not positive")
    yield spoiled("POSCAR_word_scale", changed(poscar, "\n1.0\n", "\nbig\n"), "line 2 is not the scale.*big")
    yield spoiled(
        "POSCAR_nan_cell", changed(poscar, "0.00 2.82 2.82", "nan 2.82 2.82"), "line 3 is not a lattice vector.*nan"
    )
    flat = changed(poscar, "0.00 2.82 2.82", "5.64 2.82 2.82").replace("2.82 2.82 0.00", "7.05 4.23 4.23")
    yield spoiled("POSCAR_flat_cell", changed(flat, "2.82 0.00 2.82", "1.41 1.41 1.41"), "flat")
    yield spoiled("POSCAR_volume_of_flat", changed(poscar, "\n1.0\n", "\n-40\n")
                  .replace("2.82 0.00 2.82", "0.00 2.82 2.82"), "cell is flat")  # fmt: skip
    yield spoiled("POSCAR_zero_vector", changed(poscar, "0.00 2.82 2.82", "0 0 0"), "cell is flat")
    yield spoiled(
        "POSCAR_two_numbers", changed(poscar, "0.00 2.82 2.82", "0.00 2.82"), "line 3 is not a lattice vector"
    )
    yield spoiled("POSCAR_vasp4", changed(poscar, "Na Cl\n", ""), "names no elements.*--elements")
    yield spoiled("POSCAR_unknown", changed(poscar, "Na Cl", "Na Qq"), "unknown element.*Qq")
    yield spoiled("POSCAR_more_symbols", changed(poscar, "Na Cl", "Na Cl K"), "3 elements but 2 counts")
    yield spoiled("POSCAR_no_counts", changed(poscar, "1 1\n", ""), "number of atoms of each element")
    yield spoiled("POSCAR_too_many", changed(poscar, "1 1\n", "1 7\n"), "end after 2 of 8 atoms")
    yield spoiled("POSCAR_no_atoms", changed(poscar, "1 1\n", "0 0\n"), "no atoms")
    yield spoiled("POSCAR_billions", changed(poscar, "1 1\n", "1 99999999999\n"), "more than 2000000 atoms")
    yield spoiled("POSCAR_no_mode", changed(poscar, "Direct", "Weird"), "neither Direct nor Cartesian.*Weird")
    yield spoiled("POSCAR_word", changed(poscar, row, "0.5 half 0.5\n"), "atom 1.*not a number.*half")
    yield spoiled("POSCAR_nan", changed(poscar, row, "0.5 nan 0.5\n"), "atom 1.*not finite")
    yield spoiled("POSCAR_inf", changed(poscar, row, "0.5 inf 0.5\n"), "atom 1.*not finite")
    yield spoiled("POSCAR_huge", changed(poscar, row, "0.5 1e300 0.5\n"), "atom 1")
    yield spoiled("POSCAR_short_row", changed(poscar, row, "0.5 0.5\n"), "atom 1.*too few columns")
    yield spoiled("POSCAR_coincide", changed(poscar, row, "0.0 0.0 0.0\n"), "atoms 0, 1 coincide")
    yield spoiled("POSCAR_stars", changed(poscar, row, "0.5 ******** 0.5\n"), "atom 1.*not a number")
    yield spoiled("CONTCAR", "", "the file is empty")
    yield spoiled("blank.vasp", "\n  \n\n", "the file is empty")
    yield spoiled("XDATCAR_no_frames", sound.XDATCAR[: sound.XDATCAR.index("Direct")], "no line Direct configuration")
    yield spoiled("XDATCAR_nan", changed(sound.XDATCAR, "0.01", "nan"), "frame 1, atom 0.*not finite", sound=1)


def xyz_cases():
    good, row = sound.EXTXYZ_FRAME, "Cl 2.82 2.82 2.82"
    yield spoiled("zero.xyz", "0\nnothing\n", "frame 0: no atoms")
    yield spoiled("negative.xyz", "-3\nnothing\n", "negative number of atoms")
    yield spoiled("billions.xyz", "99999999999\nnothing\n", "more than 2000000 atoms")
    yield spoiled("words.xyz", "not a number\nnothing\n", "number of atoms of the first frame")
    yield spoiled("nan.extxyz", changed(good, row, "Cl nan 2.82 2.82"), "frame 0, atom 1: coordinate along axis 0")
    yield spoiled("inf.extxyz", changed(good, row, "Cl 2.82 -inf 2.82"), "atom 1: coordinate along axis 1")
    yield spoiled("overflow.extxyz", changed(good, row, "Cl 1e999 0 0"), "atom 1")
    yield spoiled("unknown.extxyz", changed(good, row, "Zz 2.82 2.82 2.82"), "atom 1: unknown element.*Zz")
    yield spoiled("vacancy.extxyz", changed(good, row, "X 2.82 2.82 2.82"), "atom 1: unknown element.*X")
    yield spoiled("zero-number.extxyz", changed(good, row, "0 2.82 2.82 2.82"), "atom 1: unknown element")
    yield spoiled("short-row.extxyz", changed(good, row, "Cl 2.82"), "too few columns")
    yield spoiled("coincide.extxyz", changed(good, row, "Cl 0 0 0.001"), "atoms 0, 1 coincide")
    yield spoiled("coincide-across.extxyz", changed(good, row, "Cl 0.01 2.82 2.82"), "atoms 0, 1 coincide")
    yield spoiled(
        "flat.extxyz", changed(good, "0 2.82 2.82 2.82 0 2.82 2.82 2.82 0", "1 0 0 0 1 0 1 1 0"), "cell is flat"
    )
    yield spoiled("nan-cell.extxyz", changed(good, "0 2.82 2.82", "nan 2.82 2.82"), "cell is not finite")
    yield spoiled("eight-numbers.extxyz", changed(good, '2.82 0"', '2.82"'), "Lattice is not nine numbers")
    yield spoiled("words-in-cell.extxyz", changed(good, "0 2.82 2.82", "a b c"), "Lattice is not nine numbers")
    yield spoiled("odd-pbc.extxyz", changed(good, "T T T", "yes perhaps"), "pbc is not three of T and F")
    yield spoiled("periodic-without-cell.xyz", '1\npbc="T T T"\nCu 0 0 0\n', "periodic without a cell")
    yield spoiled("odd-properties.extxyz", changed(good, "species:S:1:pos:R:3", "species:S"), "name:type:columns")
    yield spoiled(
        "no-positions.extxyz", changed(good, "pos:R:3", "forces:R:3"), "no column of species or none of pos"
    )
    yield spoiled("too-many.extxyz", changed(good, "2\n", "5\n"), "ends after 2 of 5 atoms")
    yield spoiled(
        "too-few.extxyz", changed(good, "2\n", "1\n") + good, "frame 1.*further frame was expected", sound=1
    )
    yield spoiled("middle-frame.extxyz", good + changed(good, row, "Cl nan 0 0") + good, "frame 1, atom 1", sound=2)
    yield spoiled("last-frame-cut.extxyz", good + good[:-30], "frame 1", sound=1)
    yield spoiled(
        "wrong-encoding.extxyz", changed(good, "Na ", "N\xe4 ").encode("latin-1"), "atom 0: unknown element"
    )
    yield spoiled("utf16.extxyz", good.encode("utf-16"), "UTF-16")
    yield spoiled("utf32.xyz", good.encode("utf-32"), "UTF-16 or UTF-32")
    yield spoiled("arabic-digits.xyz", "٢\nx\nNa 0 0 0\n", "atoms|number")
    yield spoiled("blank-lines.extxyz", good + "\n" * 20_000 + good, "frame 1: more than 10000 blank lines", sound=1)
    yield spoiled("one-long-line.xyz", b"7" * 3_000_000, "line of more than|number of atoms")
    yield spoiled("rows-of-thousands.xyz", "1\nx\nCu 1_000 0 0\n", "not a number")
    yield spoiled("far.xyz", "1\nx\nCu 1e12 0 0\n", "beyond 1e\\+07 Å")


def lammps_cases():
    dump, row = sound.DUMP_FRAME, "2 2 Cl 2.82 2.82 2.82"
    types = changed(dump, "type element", "type").replace(" Na ", " ").replace(" Cl ", " ")
    yield spoiled("types.dump", types, "names types, not elements.*--elements")
    yield spoiled("few-elements.dump", types, "atom 1: type 2 has no element", elements=("Na",))
    yield spoiled("unknown.dump", changed(dump, " Cl ", " Qq "), "atom 1: unknown element.*Qq")
    yield spoiled("nan.dump", changed(dump, row, "2 2 Cl nan 0 0"), "atom 1: coordinate along axis 0")
    yield spoiled("short-row.dump", changed(dump, row, "2 2 Cl 2.82"), "too few columns")
    yield spoiled("no-positions.dump", changed(dump, "x y z", "vx vy vz"), "no columns of positions")
    yield spoiled("too-many.dump", changed(dump, "ATOMS\n2", "ATOMS\n9"), "ends after 2 of 9 atoms")
    yield spoiled(
        "no-atoms.dump",
        re.sub(r"\n1 1 Na.*", "\n", changed(dump, "ATOMS\n2", "ATOMS\n0"), flags=re.DOTALL),
        "no atoms",
    )
    yield spoiled("word-count.dump", changed(dump, "ATOMS\n2", "ATOMS\nmany"), "not a whole number.*many")
    yield spoiled("billions.dump", changed(dump, "ATOMS\n2", "ATOMS\n99999999999"), "more than 2000000 atoms")
    yield spoiled("flat-box.dump", changed(dump, "0.0 5.64", "1.0 1.0"), "cell is flat")
    yield spoiled("word-box.dump", changed(dump, "0.0 5.64", "0.0 wide"), "not a number.*wide")
    yield spoiled("only-one-item.dump", "ITEM: TIMESTEP\n0\n", "frame ends before its atoms")
    yield spoiled("no-item.dump", "1 2 3\n4 5 6\n", "no ITEM: TIMESTEP")
    yield spoiled("middle-frame.dump", dump + changed(dump, row, "2 2 Cl nan 0 0") + dump, "frame 1, atom 1", sound=2)
    yield spoiled("frame-cut.dump", dump + dump[: dump.index(row)] + dump, "frame 1.*ends after 1 of 2", sound=2)
    data = sound.DATA
    without_masses = re.sub(r"Masses\n\n.*\n.*\n\n", "", data)
    yield spoiled("types.data", without_masses, "names types, not elements.*--elements")
    yield spoiled("few-elements.data", without_masses, "type 2 has no element", elements=("Na",))
    yield spoiled("odd-mass.data", changed(data, "35.453", "58.8"), "mass does not tell.*58.8.*--elements")
    yield spoiled("no-box.data", changed(data, "0.0 5.64 ylo yhi\n", ""), "box is not complete")
    yield spoiled("flat-box.data", changed(data, "0.0 5.64 ylo yhi", "0.0 0.0 ylo yhi"), "cell is flat")
    yield spoiled("no-atoms.data", data[: data.index("Atoms #")], "atoms|Atoms")
    yield spoiled("cut.data", data[: data.index("2 2 2.82")], "1 rows of atoms, 2 in the header")
    yield spoiled("nan.data", changed(data, "2 2 2.82", "2 2 nan"), "atom 1.*not finite")
    yield spoiled("word.data", changed(data, "2 2 2.82", "2 2 here"), "atom 1.*not a number")
    yield spoiled("style.data", changed(data, "# atomic", "# peri-odd"), "atom style is not known.*peri-odd")


def json_cases():
    record = sound.structure_dict()
    bad_site = {"species": [{"element": "Qq", "occu": 1}], "abc": [0, 0, 0]}
    yield spoiled("cut.json", sound.JSON[:-40], "not valid JSON")
    yield spoiled("words.json", "{not json}", "not valid JSON")
    yield spoiled("number.json", "17", "not a structure")
    yield spoiled("null.json", "null", "not a structure")
    yield spoiled("string.json", '"POSCAR"', "not a structure")
    yield spoiled("empty-list.json", "[]", "empty list")
    yield spoiled("empty-object.json", "{}", "not a structure")
    yield spoiled("other-object.json", '{"a": 1}', "not a structure")
    yield spoiled("deep.json", "[" * 100_000 + "]" * 100_000, "nested too deeply|not valid JSON")
    yield spoiled("no-sites.json", json.dumps(record | {"sites": []}), "no atoms")
    yield spoiled("no-matrix.json", json.dumps(record | {"lattice": {"a": 1}}), "lattice has no matrix")
    yield spoiled("small-matrix.json", json.dumps(record | {"lattice": {"matrix": [[1, 0], [0, 1]]}}), "3×3|matrix")
    yield spoiled("unknown.json", json.dumps(record | {"sites": [bad_site]}), "atom 0: unknown element.*Qq")
    yield spoiled("no-species.json", json.dumps(record | {"sites": [{"abc": [0, 0, 0]}]}), "atom 0: the site lacks")
    yield spoiled("short-abc.json", json.dumps(record | {"sites": [record["sites"][0] | {"abc": [0, 0]}]}), "frame 0")
    yield spoiled("nan.json", sound.JSON.replace("[0.5, 0.5, 0.5]", "[NaN, 0.5, 0.5]"), "atom 1: coordinate along")
    yield spoiled("one-bad.json", json.dumps([record, {"a": 1}, record]), "frame 1: not a structure", sound=2)
    yield spoiled("one-bad.jsonl", f"{sound.JSON}\n{{broken\n{sound.JSON}\n", "frame 1", sound=2)
    yield spoiled("notebook.ipynb", '{"cells": [], "nbformat": 4}', "not a structure")


def binary_cases(folder):
    trajectory, database, table = sound.trajectory(), sound.database(folder), sound.table(folder)
    yield spoiled("cut-head.traj", trajectory[:20], "ASE trajectory")
    yield spoiled("cut-middle.traj", trajectory[: len(trajectory) // 2], "trajectory|frame")
    yield spoiled("wrong.traj", sound.POSCAR, "not an ASE trajectory")
    yield spoiled("noise.traj", b"- of Ulm" + bytes(range(256)) * 8, "damaged ASE trajectory")
    yield spoiled("cut.db", database[:3000], "damaged ASE database")
    yield spoiled("wrong.db", b"\x01" * 500, "not an ASE database")
    yield spoiled("noise.db", b"SQLite format 3\0" + bytes(range(256)) * 40, "damaged ASE database")
    yield spoiled("cut.parquet", table[:-50], "not a sound Parquet file")
    yield spoiled("cut-head.parquet", table[:10], "not a sound Parquet file")
    yield spoiled("wrong.parquet", sound.POSCAR, "not a sound Parquet file")
    yield spoiled("types.pos", sound.atom_probe(), "names no elements.*--elements Al")
    yield spoiled("two.pos", sound.atom_probe(), "names no elements", elements=("Al", "Cu"))
    yield spoiled("cut.pos", sound.atom_probe()[:-3], "45 bytes are not a whole number of 16-byte", elements=("Al",))
    yield spoiled("cut.epos", sound.atom_probe(2, 11)[:-1], "whole number of 44-byte", elements=("Al",))
    yield spoiled("empty.pos", b"", "the file is empty", elements=("Al",))
    yield spoiled("nan.pos", b"\x7f\xc0\0\0" * 4, "not finite", elements=("Al",))
    noise = bytes((i * 7919) % 256 for i in range(5000))
    for name in ("noise.cif", "POSCAR_noise", "noise.xyz", "noise.dump", "noise.data", "noise.json", "noise.parquet"):
        yield spoiled(name, noise, "binary|not a sound Parquet")
    yield spoiled("noise", noise, "binary data of an unknown format")
    yield spoiled("picture.cif", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise, "binary data where text was expected")
    yield spoiled("zeros.xyz", bytes(4096), "binary|empty")
    yield spoiled("late-zeros.cif", sound.CIF.encode() + bytes(100), "binary data where text was expected|CIF")


def packed_cases():
    good = sound.EXTXYZ_FRAME.encode() * 50
    packed = gzip.compress(good, mtime=0)
    yield spoiled("cut.extxyz.gz", packed[: len(packed) // 2], "damaged or cut off")
    yield spoiled("cut-head.extxyz.gz", packed[:6], "damaged or cut off")
    yield spoiled("checksum.extxyz.gz", packed[:-8] + b"\0" * 8, "CRC check failed")
    yield spoiled("flipped.extxyz.gz", packed[:40] + b"\xff\xff\xff" + packed[43:], "damaged|binary|number|atom")
    yield spoiled("empty.extxyz.gz", gzip.compress(b"", mtime=0), "the file is empty")
    yield spoiled("not-gzip.extxyz.gz", b"no gzip at all", "number of atoms|gzip")
    yield spoiled("twice.extxyz.gz", gzip.compress(packed, mtime=0), "compressed twice.*unpack")
    yield spoiled("cut.cif.bz2", bz2.compress(sound.CIF.encode())[:-20], "damaged or cut off")
    yield spoiled("cut.cif.xz", lzma.compress(sound.CIF.encode())[:-20], "damaged or cut off")
    yield spoiled("gzip-of-bz2.cif.gz", gzip.compress(bz2.compress(sound.CIF.encode()), mtime=0), "compressed twice")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("NaCl.cif", sound.CIF)
    yield spoiled("archive.zip", archive.getvalue(), "the file is a zip archive.*unpack")
    yield spoiled("archive.cif", archive.getvalue(), "the file is a zip archive.*unpack")
    yield spoiled("archive.zip.gz", gzip.compress(archive.getvalue(), mtime=0), "zip archive|compressed twice")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as file:
        member = tarfile.TarInfo("NaCl.cif")
        member.size = len(sound.CIF)
        file.addfile(member, io.BytesIO(sound.CIF.encode()))
    yield spoiled("archive.tar", tar.getvalue(), "the file is a tar archive")
    yield spoiled("archive.tar.gz", gzip.compress(tar.getvalue(), mtime=0), "the file is a tar archive")
    yield spoiled("archive.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50), "7z archive")
    yield spoiled("zstd.cif.zst", b"\x28\xb5\x2f\xfd" + bytes(50), "compressed with zstd")


def name_cases():
    yield spoiled("prose.txt", "Dear editor,\nplease find enclosed our manuscript.\n", "known formats:.*CIF")
    yield spoiled("without_ending", "hello\n", "neither its name nor its content")
    yield spoiled("Ünïcødé 结构 🧂.cif", SYMMETRY_ONLY, "Ünïcødé 结构 🧂.cif, frame 0: .*no atoms")
    yield spoiled("with spaces & $signs;.cif", SYMMETRY_ONLY, "no atoms")
    yield spoiled("new\nline.cif", SYMMETRY_ONLY, "no atoms")
    yield spoiled("-starts-with-dash.xyz", "0\n\n", "no atoms")
    yield spoiled("table.csv", "a,b\n1,2\n", "known formats")
    yield spoiled("INCAR", "ENCUT = 500\nISMEAR = 0\n", "known formats")


def spoiled_files(folder):
    """All cases that are a file with content."""
    for cases in (
        cif_cases(),
        poscar_cases(),
        xyz_cases(),
        lammps_cases(),
        json_cases(),
        packed_cases(),
        name_cases(),
    ):
        yield from cases
    yield from binary_cases(folder)


def spoiled_paths(folder: Path):
    """Paths that are no readable file: name, path, expected text."""
    (folder / "directory.cif").mkdir()
    yield "directory", folder / "directory.cif", 'this is a directory; name the files in it, as in "directory/\\*"'
    yield "missing", folder / "missing.cif", "no such file; check the path"
    yield "missing folder", folder / "nowhere" / "missing.cif", "no such file"
    yield "below a file", folder / "sound.cif" / "missing.cif", "no such file|not a usable path"
    (folder / "sound.cif").write_text(sound.CIF, encoding="utf-8")
    (folder / "broken-link.cif").symlink_to(folder / "gone.cif")
    yield "broken link", folder / "broken-link.cif", "symbolic link to .*gone.cif, which does not exist"
    (folder / "loop.cif").symlink_to(folder / "loop.cif")
    yield "link to itself", folder / "loop.cif", "not a usable path|symbolic link"
    (folder / "link-to-folder.cif").symlink_to(folder / "directory.cif")
    yield "link to a folder", folder / "link-to-folder.cif", "this is a directory"
    os.mkfifo(folder / "pipe.cif")
    yield "pipe", folder / "pipe.cif", "not a regular file but a pipe"
    yield "device", "/dev/zero", "not a regular file"
    yield "name too long", folder / ("x" * 5000 + ".cif"), "not a usable path"
    yield "null byte", f"{folder}/a\0b.cif", "not a usable path|no such file"
    yield "empty path", "", "no such file|directory|not a usable path"
