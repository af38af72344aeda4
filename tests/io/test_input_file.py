"""Opening: compression, names, contents, and everything that is not a readable file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import socket
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io import iter_read, read
from xtalprint.io.formats import FORMATS, known_formats

XYZ = "1\n\nCu 0 0 0\n"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
COMPRESSORS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("ending", COMPRESSORS)
@pytest.mark.parametrize("stem", ["c.xyz", "nameless"])
def test_compressed_files_are_read(write, ending, stem):
    content = b"1\n\nCu 0 0 0\n"
    path = write(stem + ending, COMPRESSORS[ending](content))
    assert read(path)[0].formula == "Cu"
    assert read(path)[0].source == str(path)


def test_the_content_tells_the_compression(write):
    assert len(read(write("c.xyz", gzip.compress(XYZ.encode())))) == 1
    assert len(read(write("c.xyz.gz", XYZ))) == 1


@pytest.mark.parametrize("ending", COMPRESSORS)
@pytest.mark.parametrize("cut", [8, 20, -6])
def test_cut_compressed_data(only_error, ending, cut):
    rows = "50\n\n" + "".join(f"Cu {i * 3.1415:.4f} 0 0\n" for i in range(50))
    message = only_error(f"c.xyz{ending}", COMPRESSORS[ending](rows.encode())[:cut])
    assert "the compressed data are damaged or cut off" in message


def test_frames_before_the_damage_are_kept(write):
    many = "".join(f"1\n\nCu {i * 3.14159:.5f} 0 0\n" for i in range(4000)).encode()
    items = list(iter_read(write("c.xyz.gz", gzip.compress(many)[:-1000])))
    assert len(items) > 1000
    assert items[-2].formula == "Cu"
    assert items[-1].frame == len(items) - 1
    assert "the compressed data are damaged or cut off" in str(items[-1])


def test_paths_of_any_kind(write, monkeypatch, tmp_path):
    path = write("c.xyz", XYZ)
    assert read(str(path))[0].source == str(path)
    assert read(path)[0].source == str(path)
    monkeypatch.chdir(tmp_path)
    assert read("c.xyz")[0].source == "c.xyz"
    odd = write("größe ✓ c.xyz", XYZ)
    assert read(odd)[0].source == str(odd)
    (tmp_path / "link.xyz").symlink_to("c.xyz")
    assert read("link.xyz")[0].source == "link.xyz"


def only(path):
    [error] = iter_read(path)
    assert isinstance(error, UnreadableFileError)
    assert error.source == str(path)
    return str(error).removeprefix(str(path))


def test_missing(tmp_path):
    assert only(tmp_path / "no.cif") == ": no such file; check the path and the spelling."
    assert only(tmp_path / "no" / "no.cif") == ": no such file; check the path and the spelling."


def test_directory(tmp_path):
    assert only(tmp_path) == ': this is a directory; name the files in it, as in "directory/*".'


def test_broken_and_circular_links(tmp_path):
    (tmp_path / "a.cif").symlink_to("gone.cif")
    assert only(tmp_path / "a.cif") == (
        ": a symbolic link to gone.cif, which does not exist; restore the file it points to, or remove the link."
    )
    (tmp_path / "b.cif").symlink_to("b.cif")
    assert "not a usable path" in only(tmp_path / "b.cif")


def test_pipe_and_socket(tmp_path):
    os.mkfifo(tmp_path / "pipe.cif")
    message = ": not a regular file but a pipe, socket or device; save the data in a file first."
    assert only(tmp_path / "pipe.cif") == message
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.cif"))
        assert only(tmp_path / "s.cif") == message
    assert only("/dev/zero") == message


@pytest.mark.skipif(ROOT, reason="root may read everything")
def test_no_permission(write):
    path = write("c.xyz", XYZ)
    path.chmod(0)
    assert only(path) == ": no permission to read it; ask its owner, or change its permissions."


def test_impossible_paths():
    assert "not a usable path" in only("a\0b.cif")
    assert "not a usable path" in only("x" * 5000 + ".cif")


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n"])
def test_empty(write, content):
    path = write("c.cif", content)
    message = ": the file is empty; check that the program that wrote it has finished."
    assert only(path) == message
    path = write("c.cif.gz", gzip.compress(content))
    assert only(path) == message


def test_archives(tmp_path, write):
    inner = write("c.cif", "data_x")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.write(inner)
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as archive:
        archive.add(inner)
    remedy = "; unpack it and give the files in it."
    assert only(tmp_path / "c.zip") == ": the file is a zip archive" + remedy
    assert only(tmp_path / "c.tar.gz") == ": the file is a tar archive" + remedy
    assert (
        only(write("c.cif.gz", gzip.compress(gzip.compress(b"data_x")))) == ": the file is compressed twice" + remedy
    )
    assert only(write("c.cif", (tmp_path / "c.zip").read_bytes())) == ": the file is a zip archive" + remedy


def test_utf16(write):
    message = ": the text is in UTF-16 or UTF-32; save it in UTF-8 or ASCII."
    for encoding in ("utf-16", "utf-32"):
        assert only(write("c.xyz", XYZ.encode(encoding))) == message


def test_binary_where_text_should_be(write):
    message = ": binary data where text was expected; check that this is the right file, "
    for name in ("c.cif", "c.xyz", "POSCAR", "c.dump", "c.data", "c.json"):
        assert only(write(name, b"\x7fELF\0\1\2\3" * 99)).startswith(message)
    assert only(write("c.cif", b"data_x\n" + b" " * 70000 + b"\0")).startswith(message)


def test_unknown(write):
    message = only(write("c.dat", "nothing we know\n"))
    assert message.startswith(": neither its name nor its content tells a known format; known formats: ")
    assert known_formats() in message
    assert message.endswith("others can be read with ASE and passed to xtalprint.from_ase.")
    assert only(write("c.bin", b"\0\1\2" * 99)).startswith(": binary data of an unknown format; known formats: ")


def test_every_format_is_in_the_list():
    assert known_formats().count(",") == len(FORMATS) - 1


def test_a_gzip_bomb_is_refused(write, monkeypatch):
    monkeypatch.setattr("xtalprint.io.input_file.MAX_BYTES", 2**20)
    path = write("c.cif.gz", gzip.compress(b"data_x\n" + b"#" * 2**22))
    with path.open("rb"):
        [error] = iter_read(path)
    assert isinstance(error, UnreadableFileError)


def test_a_line_without_end_is_refused(write):
    assert "a line of more than 1048576 characters" in only(write("c.xyz", "7" * 2**21))


def test_the_last_item_of_a_bad_list_of_elements(write):
    [error] = iter_read(write("c.xyz", XYZ), elements=("Qq",))
    assert "unknown element (value: Qq); give chemical symbols, as in --elements Cu,Zr" in str(error)


def test_read_raises_the_first_error(write):
    path = write("c.xyz", XYZ + "1\n\nCu nan 0 0\n")
    with pytest.raises(ValueError, match=r"frame 1, atom 0: coordinate along axis 0 is not finite"):
        read(path)


def test_importing_the_room_loads_no_heavy_library():
    code = (
        "import sys, xtalprint.io; "
        "print(*{'ase', 'pymatgen', 'pyarrow', 'gemmi', 'scipy', 'pandas'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_a_reader_loads_only_what_it_needs(write):
    path = write("c.extxyz", XYZ)
    code = (
        "import sys, xtalprint.io; xtalprint.io.read(sys.argv[1]); "
        "print(*{'ase', 'pymatgen', 'pyarrow', 'gemmi', 'scipy'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


@pytest.mark.parametrize("path", [None, 3, ["a.cif"]])
def test_what_is_no_path_is_said_so(path):
    with pytest.raises(XtalprintError, match=r"this is no path .* give the name of one file"):
        read(path)


def test_a_path_may_be_bytes(tmp_path):
    with pytest.raises(XtalprintError, match="no such file"):
        read(str(tmp_path / "x.cif").encode())


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (
            "brass.cif",
            "x.xyz",
            "its content looks like CIF, its name says extxyz or xyz: rename it to end in .cif; or ",
        ),
        ("brass.cif", "x.vasp", "its content looks like CIF, its name says POSCAR: rename it to end in .cif; or "),
        (
            "magnesium.poscar",
            "x.cif",
            "its content looks like POSCAR, its name says CIF: rename it to end in .poscar",
        ),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_with_the_name_of_another_format_is_told_what_it_looks_like(tmp_path, content, name, told, compressed):
    data = (EXAMPLES / content).read_bytes()
    path = tmp_path / (name + ".gz" if compressed else name)
    path.write_bytes(gzip.compress(data) if compressed else data)
    [error] = iter_read(path)
    assert told in str(error)


@pytest.mark.parametrize("text", ["data_x\n_cell_length_a 1\n", "nonsense\n"])
def test_what_has_the_format_of_its_name_or_none_gets_no_such_advice(tmp_path, text):
    path = tmp_path / "x.cif"
    path.write_text(text)
    [error] = iter_read(path)
    assert "looks like" not in str(error)
