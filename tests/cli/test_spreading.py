"""``--engine``, ``--into``, ``--shard`` and ``collect``: real commands, killed and started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from xtalprint import Crystal
from xtalprint.cli import main
from xtalprint.compute import Engine, fill, open_pool
from xtalprint.io import read_arrays, read_run, write_table
from xtalprint.io.parts import cut
from xtalprint.models.class_job import ClassJob

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"
N = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Working directory with a table, single files, a trajectory and what cannot be read."""
    folder = tmp_path_factory.mktemp("made")
    for path in DATA.iterdir():
        shutil.copy(path, folder)
    rng = np.random.default_rng(5)
    crystals = [
        Crystal(rng.normal([[0.0] * 3, [1.4] * 3], 0.03), ["Fe", "Fe"], cell=2.87 * np.eye(3)) for _ in range(N)
    ]
    write_table(crystals, folder / "table.parquet")
    (folder / "spoiled.cif").write_text("data_x\n")
    frame = '2\nLattice="2.87 0 0 0 2.87 0 0 0 2.87" Properties=species:S:1:pos:R:3\nFe 0 0 {}\nFe 1.4 1.4 1.4\n'
    frames = [frame.format(0.001 * i if i != 30 else "nan") for i in range(400)]
    (folder / "long.extxyz").write_text("".join(frames))
    (folder / "broken.extxyz").write_text("".join(frames[:50]) + "broken\n")
    return folder


@pytest.fixture
def here(made, monkeypatch, tmp_path):
    """The same as working directory; the folders of shards are made elsewhere."""
    monkeypatch.chdir(made)
    return tmp_path


def call(*arguments, exit_code=0):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == exit_code, result.output + result.stderr
    return result


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_long_files_are_shared_out_frame_by_frame(here, engine):
    """Numbers of frames, errors in their place and exit code are those of one file after the other."""
    files = ("broken.extxyz", "copper.cif", "broken.extxyz")
    plain = call("classify", *files, "--format", "json", "--engine", "serial", exit_code=1).stdout
    records = [json.loads(line) for line in plain.splitlines()]
    assert [record["frame"] for record in records] == [*range(51), 0, *range(51)]
    assert [i for i, record in enumerate(records) if record["status"] == "error"] == [30, 50, 82, 102]
    options = ("--format", "json", "--engine", engine, "--workers", 2)
    assert call("classify", *files, *options, exit_code=1).stdout == plain


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_ctrl_c_in_a_long_file_keeps_the_records_that_are_finished(here, engine):
    output = here / "out.jsonl"
    process = start(
        *("classify", "long.extxyz", "long.extxyz", "--engine", engine, "--workers", 2, "--output", output)
    )
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in here.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    lines = told.strip().splitlines()
    assert lines == [f"xtalprint: the records finished so far are in {output}.partial", "", "xtalprint: stopped."]
    kept = [json.loads(line) for line in Path(f"{output}.partial").read_text().splitlines()]
    assert [record["frame"] for record in kept] == list(range(len(kept)))
    assert 0 < len(kept) < 300


MIXED = ["copper.cif", "no-such.cif", "table.parquet", "spoiled.cif", "aluminium_melting.extxyz.gz", "nothing-*.cif"]


@pytest.mark.parametrize("engine", ["serial", "threads", "processes"])
def test_the_records_are_the_same_with_every_engine_and_through_a_folder(here, engine):
    plain = call("classify", *MIXED, "--format", "json", exit_code=1).stdout
    assert call("classify", *MIXED, "--format", "json", "--engine", engine, exit_code=1).stdout == plain
    ran = call("classify", *MIXED, "--engine", engine, "--into", here / "run", "--per-shard", 7, exit_code=1)
    assert ran.stdout == ""
    assert f"{N + 3} structures classified, 3 failed" in ran.stderr
    assert call("collect", here / "run", "--format", "json", exit_code=1).stdout == plain
    assert [json.dumps(record, ensure_ascii=False) for record in read_run(here / "run")] == plain.splitlines()


@pytest.mark.parametrize("model", ["prototype", "crystal-class-image"])
def test_other_models_keep_their_records(here, model):
    plain = call("classify", "copper.cif", "--model", model, "--format", "json").stdout
    csv = call("classify", "copper.cif", "--model", model, "--format", "csv").stdout
    table = call("classify", "copper.cif", "--model", model).stdout
    call("classify", "copper.cif", "--model", model, "--into", here / "run")
    assert call("collect", here / "run", "--format", "json").stdout == plain
    assert call("collect", here / "run", "--format", "csv").stdout == csv
    assert call("collect", here / "run").stdout.split()[-3:] == table.split()[-3:]


def test_describe_into_a_folder_keeps_every_bit_of_the_arrays(here):
    arguments = ("describe", *MIXED[2:], "--descriptor", "bond-orientational-order")
    call(*arguments, "--output", here / "npz", "--no-picture", exit_code=1)
    call(*arguments, "--engine", "processes", "--into", here / "run", "--per-shard", 25, exit_code=1)
    call(*arguments, "--engine", "serial", "--into", here / "serial", "--per-shard", 25, exit_code=1)
    assert content(here / "run") == content(here / "serial")
    seen = 0
    for record, array in read_arrays(here / "run"):
        if record["status"] == "error":
            assert array is None
            continue
        stem = Path(record["source"].split(".")[0]).stem
        with np.load(here / "npz" / f"{stem}_{record['frame']}.npz") as stored:
            assert array.dtype == stored["array"].dtype
            assert np.array_equal(array, stored["array"])
        row = pq.read_table(record["path"]).column("frame")[record["row"]].as_py()
        assert row == record["frame"]
        seen += 1
    assert seen == N + 2
    line = call("collect", here / "run", "--format", "json", exit_code=1).stdout.splitlines()[0]
    assert {"source", "frame", "status", "path", "shape"} <= set(json.loads(line))
    header = call("collect", here / "run", "--format", "csv", exit_code=1).stdout.splitlines()[0]
    assert header == "source,frame,status,path,row,shape,descriptor,warnings,error"


def test_whatever_reads_a_folder_of_parquet_files_reads_the_run(here):
    call("classify", "table.parquet", "--into", here / "run", "--per-shard", 7)
    call("collect", here / "run", "--output", here / "all.parquet")
    records = list(read_run(here / "run"))
    for place in (here / "run", here / "all.parquet"):
        table = pq.read_table(place)
        assert table.column("frame").to_pylist() == list(range(N))
        assert table.column("class").to_pylist() == [record["class"] for record in records]
        assert table.column("probability").to_pylist() == [record["probability"] for record in records]


def test_jobs_of_a_batch_queue_share_the_work(here):
    call("classify", "table.parquet", "--into", here / "one", "--per-shard", 7)
    for job in (3, 1, 2):
        unfinished = call("collect", here / "many", exit_code=1 if job != 3 else 2).stderr
        assert "run is not finished" in unfinished or "does not exist" in unfinished
        call("classify", "table.parquet", "--into", here / "many", "--per-shard", 7, "--shard", f"{job}/3")
    assert content(here / "one") == content(here / "many")


def test_a_second_run_says_what_was_finished_before(here):
    call("classify", "table.parquet", "--into", here / "run", "--per-shard", 7)
    before = content(here / "run")
    again = call("classify", "table.parquet", "--into", here / "run", "--per-shard", 7)
    assert f"{N} structures classified, 0 failed" in again.stderr
    assert f"; {N} of them were finished before" in again.stderr
    assert content(here / "run") == before


def test_another_file_name_model_or_cut_is_refused_and_other_content_is_done_again(here):
    shutil.copy("copper.cif", here / "a.cif")
    run = ("classify", here / "a.cif", "copper.cif", "--into", here / "run", "--per-shard", 1)
    call(*run)
    for other in (
        ("classify", here / "a.cif", "--into", here / "run", "--per-shard", 1),
        (*run, "--model", "crystal-class-image"),
        (*run[:-1], 2),
        ("describe", here / "a.cif", "copper.cif", "--into", here / "run", "--per-shard", 1),
    ):
        refused = call(*other, exit_code=2)
        assert "the folder holds another run: " in refused.stderr
        assert "give another folder" in refused.stderr
    shutil.copy("brass.cif", here / "a.cif")
    assert "1 of them were finished before" in call(*run).stderr
    assert [record["warnings"] != [] for record in read_run(here / "run")] == [True, False]


def test_a_missing_file_that_comes_back_is_read(here):
    run = ("classify", here / "late.cif", "copper.cif", "--into", here / "run")
    call(*run, exit_code=1)
    shutil.copy("copper.cif", here / "late.cif")
    call(*run)
    assert [record["status"] for record in read_run(here / "run")] == ["ok", "ok"]


def test_a_damaged_shard_is_said_to_and_made_again(here):
    call("classify", "table.parquet", "--into", here / "run", "--per-shard", 7)
    before = content(here / "run")
    victim = sorted((here / "run").glob("*.parquet"))[2]
    victim.write_bytes(victim.read_bytes()[:-20])
    told = call("collect", here / "run", "--output", here / "x.json", exit_code=1)
    assert "this shard is damaged; run the same command again" in told.stderr
    assert not (here / "x.json").exists()
    call("classify", "table.parquet", "--into", here / "run", "--per-shard", 7)
    assert content(here / "run") == before


WRONG = [
    (["--shard", "1/2"], "--shard needs a folder of shards that all jobs write into; add --into DIR"),
    (["--per-shard", "5"], "--per-shard needs a folder"),
    (["--into", "x", "--shard", "0/2"], "shares are counted from 1"),
    (["--into", "x", "--shard", "3/2"], "shares are counted from 1"),
    (["--into", "x", "--shard", "half"], "give two whole numbers, as in --shard 3/10"),
    (["--into", "x", "--output", "y.csv"], "leave --output out, and have them afterwards with: xtalprint collect x"),
    (["--into", "x", "--format", "csv"], "leave --format out"),
    (["--engine", "mpi"], "'mpi' is not one of 'serial', 'threads', 'processes', 'dask'"),
    (["--engine", "serial", "--workers", "2"], "the serial engine has one worker"),
    (["--engine", "processes", "--threads", "2"], "--threads N is short for --engine threads --workers N"),
    (["--threads", "2", "--workers", "2"], "--threads N is short for"),
    (["--engine", "dask"], "Dask needs the address of its scheduler"),
    (["--scheduler", "tcp://127.0.0.1:9"], "only Dask has a scheduler"),
    (["--workers", "0"], "0 is not in the range x>=1"),
    (["--into", "copper.cif"], "is a file"),
    (["--into", "copper.cif/below"], "cannot write into this folder"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=lambda value: " ".join(value) if value is list else None)
@pytest.mark.parametrize("command", ["classify", "describe"])
def test_wrong_usage_ends_with_2_and_what_to_do(here, command, options, message):
    told = call(command, "copper.cif", *options, exit_code=2).stderr
    assert message in " ".join(told.split())
    assert not Path("x").exists()


@pytest.mark.parametrize(
    ("package", "options", "group"),
    [
        ("pyarrow", ["--into", "x"], "tables"),
        ("distributed", ["--engine", "dask", "--scheduler", "tcp://x:1"], "dask"),
    ],
)
def test_a_missing_extra_is_said_to_before_the_work(here, monkeypatch, package, options, group):
    monkeypatch.setitem(sys.modules, package, None)
    told = call("classify", "copper.cif", *options, exit_code=2).stderr
    assert f"needs the package {package}, which is not installed" in told
    assert f'pip install "xtalprint[{group}]"' in told
    assert not Path("x").exists()


@pytest.mark.parametrize("arguments", [["no-such-folder"], ["."]])
def test_collecting_what_is_no_run_is_wrong_usage(here, arguments):
    told = call("collect", *arguments, exit_code=2).stderr
    assert "does not exist" in told or "no run of xtalprint was begun in this folder" in told


@pytest.mark.parametrize("output", [[], ["--output", "all.parquet"]])
def test_collecting_a_run_without_structures_is_one_sentence(here, output):
    with open_pool(Engine("serial")) as pool:
        assert list(fill(ClassJob("crystal-class"), cut([]), here / "run", pool, inputs={})) == []
    result = call("collect", here / "run", *output, exit_code=1)
    assert "run: the run had no structures: there is nothing to collect; begin another" in result.stderr
    assert not Path("all.parquet").exists()


def start(*arguments):
    command = [sys.executable, "-m", "xtalprint", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def shards(folder):
    return len(list(folder.glob("*.parquet"))) if folder.exists() else 0


def wait_for_shards(folder, number, process):
    deadline = time.monotonic() + 60
    while shards(folder) < number and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(pid):
    """Worker processes of a command, without the one that looks after semaphores."""
    return [child for child in children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.fixture(scope="module")
def whole(made, tmp_path_factory):
    """What an undisturbed run leaves."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    before = Path.cwd()
    os.chdir(made)
    call("classify", *["table.parquet"] * 5, "--into", folder, "--per-shard", 5, "--engine", "serial")
    os.chdir(before)
    return folder


def disturbed(folder, *options):
    return ("classify", *["table.parquet"] * 5, "--into", folder, "--per-shard", 5, *options)


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")


@needs_proc
@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(here, whole):
    process = start(*disturbed(here / "run", "--engine", "processes", "--workers", 2))
    rng = np.random.default_rng(3)
    for number in (1, 20):
        wait_for_shards(here / "run", number, process)
        os.kill(int(rng.choice(workers(process.pid))), signal.SIGKILL)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert content(here / "run") == content(whole)


@pytest.mark.slow
def test_two_commands_at_once_in_one_folder(here, whole):
    engines = ("threads", "processes")
    both = [start(*disturbed(here / "run", "--engine", engine, "--workers", 2)) for engine in engines]
    for process in both:
        _, told = process.communicate(timeout=180)
        assert process.returncode == 0, told
    assert content(here / "run") == content(whole)


@pytest.mark.slow
def test_dask_with_a_worker_that_is_killed(here, whole, cluster):
    process = start(*disturbed(here / "run", "--engine", "dask", "--scheduler", cluster.address))
    wait_for_shards(here / "run", 10, process)
    cluster.workers[1].kill()
    _, told = process.communicate(timeout=180)
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert content(here / "run") == content(whole)
    plain = call("classify", *MIXED, "--format", "json", exit_code=1).stdout
    through = ("--engine", "dask", "--scheduler", cluster.address)
    assert call("classify", *MIXED, "--format", "json", *through, exit_code=1).stdout == plain


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_a_run_that_is_killed_again_and_again_goes_on(here, whole, engine):
    rng = np.random.default_rng(11)
    for kill in range(3):
        process = start(*disturbed(here / "run", "--engine", engine, "--workers", rng.choice([1, 2, 3])))
        wait_for_shards(here / "run", shards(here / "run") + int(rng.integers(1, 9)), process)
        time.sleep(rng.random() * 0.1)
        orphans = workers(process.pid)
        process.kill()
        process.communicate()
        assert shards(here / "run") < 60 or kill
        deadline = time.monotonic() + 20
        while any(Path(f"/proc/{orphan}").exists() for orphan in orphans) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(Path(f"/proc/{orphan}").exists() for orphan in orphans)
    call(*disturbed(here / "run", "--engine", "serial"))
    assert content(here / "run") == content(whole)


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_whole_shards_and_no_process(here, whole, number):
    for _ in range(3):  # on a busy machine a run may be finished before the signal is sent
        shutil.rmtree(here / "run", ignore_errors=True)
        process = start(*disturbed(here / "run", "--engine", "processes", "--workers", 2))
        wait_for_shards(here / "run", 3, process)
        members = workers(process.pid)
        os.killpg(process.pid, signal.SIGINT) if number == signal.SIGINT else process.send_signal(number)
        _, told = process.communicate(timeout=30)
        if shards(here / "run") < N:
            break
    assert process.returncode == 130
    assert "stopped" in told
    assert "Traceback" not in told
    assert members
    assert not any(Path(f"/proc/{member}").exists() for member in members)
    assert not list((here / "run").glob(".*.part"))
    assert content(here / "run").items() - {("_shards.json", b"")} <= content(whole).items()
    call(*disturbed(here / "run"))
    assert content(here / "run") == content(whole)


@needs_proc
@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_the_rerun_goes_on(here, whole):
    if shutil.which("mount") is None or os.getuid() != 0:
        pytest.skip("needs the right to mount a small disk")
    disk = here / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        process = start(*disturbed(disk / "run", "--engine", "processes", "--workers", 2))
        _, told = process.communicate(timeout=120)
        assert process.returncode == 1
        assert "cannot write" in told
        assert "make room" in told
        assert "Traceback" not in told
        before = shards(disk / "run")
        assert 0 < before < 60
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        assert f"{5 * before} of them were finished before" in call(*disturbed(disk / "run")).stderr
        assert content(disk / "run") == content(whole)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@needs_proc
@pytest.mark.slow
def test_memory_is_flat_in_the_number_of_structures(here, tmp_path_factory):
    """Twenty times the structures, the same peak memory of the command to within a tenth."""
    peak = {}
    for times in (2, 40):
        script = (
            "import resource, sys; from xtalprint.cli import main\n"
            "try: main(sys.argv[1:])\n"
            "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        arguments = ["describe", *["table.parquet"] * times, "--descriptor", "bond-orientational-order"]
        into = here / str(times)
        command = [sys.executable, "-c", script, *arguments, "--into", into, "--per-shard", "20", "-q"]
        ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
        peak[times] = int(ended.stderr.split()[-1])
    assert peak[40] < 1.1 * peak[2]
