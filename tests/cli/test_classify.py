"""``xtalprint classify`` from files to records, as scripts rely on it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from xtalprint.cli import main

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"
CLASSES = {"bcc", "bct_139", "bct_141", "diam", "fcc", "hex/rh", "sc"}
XYZ_OF_NOTHING = "0\n\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the example files as working directory."""
    for path in DATA.iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, exit_code=0, stdin=None):
    result = CliRunner().invoke(main, ["classify", *arguments], input=stdin)
    assert result.exit_code == exit_code, result.output + result.stderr
    return result


def records(*arguments, exit_code=0, stdin=None):
    result = run(*arguments, "--format", "json", exit_code=exit_code, stdin=stdin)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_record_has_exactly_the_keys_of_the_contract(folder):
    [record] = records("copper.cif")
    contract = ["source", "frame", "status", "class", "probability", "probabilities", "known", "warnings"]
    assert list(record)[: len(contract)] == contract
    more = {"probability_none", "probability_spread", "model", "model_version", "weights_sha256", "package_version"}
    assert set(record) - set(contract) == more
    assert 0 <= record["probability_spread"] < 0.1
    assert 0 <= record["probability_none"] < 0.1
    assert record["source"] == "copper.cif"
    assert record["frame"] == 0
    assert record["status"] == "ok"
    assert record["class"] == "fcc"
    assert set(record["probabilities"]) == CLASSES
    assert record["probability"] == max(record["probabilities"].values()) == record["probabilities"]["fcc"]
    assert sum(record["probabilities"].values()) == pytest.approx(1, abs=1e-9)
    assert record["known"] is True


def test_known_answers(folder):
    """Copper is fcc, magnesium hexagonal, α-brass fcc with a warning of its disorder."""
    copper, magnesium, brass = records("copper.cif", "magnesium.poscar", "brass.cif")
    assert [copper["class"], magnesium["class"], brass["class"]] == ["fcc", "hex/rh", "fcc"]
    assert not copper["warnings"]
    assert any("disorder" in warning for warning in brass["warnings"])


def test_frames_of_a_trajectory_are_counted_from_zero(folder):
    first, second = records("aluminium_melting.extxyz.gz")
    assert [first["frame"], second["frame"]] == [0, 1]
    assert first["class"] == "fcc"


def test_the_blocks_of_a_cif_are_frames(folder):
    text = (folder / "copper.cif").read_text()
    (folder / "two.cif").write_text(text + "\n" + text.replace("data_copper", "data_again"))
    assert [record["frame"] for record in records("two.cif")] == [0, 1]


def test_one_bad_file_never_stops_the_rest(folder):
    (folder / "empty.xyz").write_text(XYZ_OF_NOTHING)
    (folder / "junk.cif").write_bytes(os.urandom(64).replace(b"\n", b"\0"))
    (folder / "folder").mkdir()
    names = ["copper.cif", "missing.cif", "empty.xyz", "junk.cif", "folder", "no-*.cif", "copper.cif"]
    found = records(*names, exit_code=1)
    assert [record["source"] for record in found] == names
    assert [record["status"] for record in found] == ["ok"] + ["error"] * 5 + ["ok"]
    for record in found[1:-1]:
        assert set(record) - {"model", "model_version", "weights_sha256", "package_version"} == {
            *("source", "frame", "status", "error")
        }
        assert record["source"] in record["error"]
        assert record["error"].endswith(".")
        assert ";" in record["error"], "a remedy"


def test_the_same_answer_to_the_last_bit_whatever_the_threads_the_order_and_the_company(folder):
    names = ["copper.cif", "magnesium.poscar", "brass.cif", "aluminium_melting.extxyz.gz"]
    one = {r["source"]: r for r in records(*names, "--threads", "1") if r["frame"] == 0}
    many = {r["source"]: r for r in records(*reversed(names), "--threads", "3") if r["frame"] == 0}
    alone = {name: records(name)[0] for name in names}
    assert one == many == alone


def test_csv_has_one_column_for_each_class(folder):
    result = run("copper.cif", "missing.cif", "--format", "csv", exit_code=1)
    good, bad = csv.DictReader(io.StringIO(result.stdout))
    assert {f"probabilities.{name}" for name in CLASSES} < set(good)
    assert good["class"] == "fcc"
    assert float(good["probabilities.fcc"]) == float(good["probability"])
    assert good["known"] == "true"
    assert bad["status"] == "error"
    assert bad["probabilities.fcc"] == ""
    assert "missing.cif" in bad["error"]


def test_the_table_for_people(folder):
    result = run("copper.cif", "brass.cif", "missing.cif", exit_code=1)
    header, copper, brass, warning, missing, reason = result.stdout.splitlines()
    assert header.startswith("file (frame)")
    assert copper.split()[:2] == ["copper.cif", "fcc"]
    assert "█" in copper
    assert "disorder" in warning
    assert brass.split()[1] == "fcc"
    assert missing.split() == ["missing.cif", "error"]
    assert "missing.cif: " in reason
    assert "2 structures classified, 1 failed" in result.stderr


def test_output_goes_to_a_file_and_its_ending_chooses_the_format(folder):
    result = run("copper.cif", "--output", "classes.jsonl", "--quiet")
    assert result.output == ""
    assert json.loads((folder / "classes.jsonl").read_text())["class"] == "fcc"


def test_a_list_of_files_on_stdin(folder):
    found = records("-", stdin="copper.cif\nmagnesium.poscar\n")
    assert [record["source"] for record in found] == ["copper.cif", "magnesium.poscar"]


def test_a_quoted_pattern(folder):
    found = records("*.cif")
    assert [record["source"] for record in found] == ["SrTiO3_mp-5229_221.cif", "brass.cif", "copper.cif"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'FILES...'"),
        (["copper.cif", "--format", "xml"], "'xml' is not one of 'table', 'json', 'csv'"),
        (
            ["copper.cif", "--model", "no-such-model"],
            "no such model (value: no-such-model); choose",
        ),
        (["copper.cif", "--elements", "Cu,Xx"], "'Xx' is not a chemical symbol; write them as in --elements Cu,Zr"),
        (["copper.cif", "--threads", "0"], "0 is not in the range x>=1"),
        (["copper.cif", "--output", "no/such/folder.json"], "cannot write"),
        (["-"], "the list of files on stdin is empty"),
    ],
)
def test_wrong_usage_says_what_is_right(folder, arguments, message):
    result = run(*arguments, exit_code=2, stdin="")
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_elements_of_a_lammps_dump(folder):
    """Types without names are refused with the hint, and read with it."""
    lines = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", "4", "ITEM: BOX BOUNDS pp pp pp"]
    lines += ["0.0 3.61"] * 3 + ["ITEM: ATOMS id type x y z"]
    lines += ["1 1 0 0 0", "2 1 0 1.805 1.805", "3 1 1.805 0 1.805", "4 1 1.805 1.805 0"]
    (folder / "cu.dump").write_text("\n".join(lines) + "\n")
    [refused] = records("cu.dump", exit_code=1)
    assert "--elements" in refused["error"]
    [accepted] = records("cu.dump", "--elements", "Cu")
    assert accepted["class"] == "fcc"


def start(*arguments, folder):
    return subprocess.Popen(
        [sys.executable, "-m", "xtalprint", "classify", *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_records_stream_and_ctrl_c_stops_cleanly(folder):
    """The first record comes while the list on stdin is still open; then Ctrl-C."""
    process = start("-", "--format", "json", "--threads", "1", folder=folder)
    process.stdin.write("copper.cif\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["class"] == "fcc"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.strip() == "xtalprint: stopped."


def test_a_reader_that_goes_away_is_no_reason_to_complain(folder):
    process = start(*["copper.cif"] * 400, "--format", "json", folder=folder)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.stdin.close()
    assert process.wait(timeout=60) == 141


def test_logs_stay_quiet(folder):
    """Not on a terminal: no bar, and stderr has the last line only."""
    process = start("copper.cif", "magnesium.poscar", folder=folder)
    _, stderr = process.communicate(timeout=60)
    assert len(stderr.splitlines()) == 1
    assert "2 structures classified, 0 failed" in stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_shows_a_bar_of_finished_structures_and_stdout_stays_clean(folder):
    """Stderr is a terminal, stdout a pipe: the bar must not go astray into the records."""
    import pty  # noqa: PLC0415 - not on every system

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "xtalprint", "classify", "-", "--format", "json"]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    drawn = bytearray()
    reader = threading.Thread(target=lambda: [drawn.extend(chunk) for chunk in iter(lambda: _read(master), b"")])
    reader.start()
    with process:
        process.stdin.write(b"copper.cif\n")
        process.stdin.flush()
        time.sleep(2)
        stdout, _ = process.communicate(b"copper.cif\n" * 20, timeout=60)
    reader.join()
    os.close(master)
    assert len([json.loads(line) for line in stdout.splitlines()]) == 21
    assert b"structures finished" in drawn
    assert b"21 structures classified" in drawn


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # how a terminal says that its other end is closed
        return b""


def test_memory_and_order_hold_for_many_frames(folder):
    frame = gzip.decompress((folder / "aluminium_melting.extxyz.gz").read_bytes()).decode().splitlines()[:502]
    (folder / "long.extxyz").write_text(("\n".join(frame) + "\n") * 40)
    start_time = time.perf_counter()
    found = records("long.extxyz")
    assert [record["frame"] for record in found] == list(range(40))
    assert len({record["probability"] for record in found}) == 1
    assert time.perf_counter() - start_time < 60


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_line_not_a_traceback(folder):
    command = [sys.executable, "-m", "xtalprint", "classify", "copper.cif", "--format", "json", "--quiet"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    lines = ["xtalprint: cannot write: No space left on device; make room or give another --output."]
    assert ended.stderr.splitlines() == lines


def test_a_pattern_means_files_and_not_folders(folder):
    (folder / "more").mkdir()
    names = {record["source"] for record in records("*", exit_code=1)}
    assert {"copper.cif", "README.md"} <= names
    assert "more" not in names


@pytest.mark.parametrize("command", ["classify", "convert"])
def test_an_input_is_not_written_over(folder, command):
    before = (folder / "copper.cif").read_bytes()
    result = CliRunner().invoke(main, [command, "brass.cif", "copper.cif", "--output", "copper.cif"])
    assert result.exit_code == 2
    assert "copper.cif is one of the files to read" in result.output
    assert (folder / "copper.cif").read_bytes() == before


@pytest.mark.parametrize("name", ["", "-"])
def test_output_is_the_name_of_a_file(folder, name):
    result = CliRunner().invoke(main, ["classify", "copper.cif", "--output", name])
    assert result.exit_code == 2
    assert "give a file name" in result.output


def test_sigterm_keeps_what_is_finished_like_ctrl_c(folder):
    command = [sys.executable, "-m", "xtalprint", "classify", "-", "--format", "json", "--output", "out.jsonl"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(b"copper.cif\n" * 20)
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not any(p.stat().st_size for p in folder.glob(".out.jsonl*")):
            time.sleep(0.05)
        process.terminate()
        assert process.wait(30) == 130
    assert (folder / "out.jsonl.partial").stat().st_size > 0
    assert not list(folder.glob(".out.jsonl*"))
