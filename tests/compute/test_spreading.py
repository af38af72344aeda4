"""Work in parts: any engine, any number of workers, any order, any interruption, and the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xtalprint.compute import Engine, Pool, ShardFolder, Share, answers, fill, open_pool
from xtalprint.compute.shard_folder import LIST, MANIFEST
from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.files import remove_unfinished

ENGINES = [Engine("serial"), Engine("threads", 3), Engine("processes", 2)]
ABOUT = {"files": 7}


def content(folder):
    """Everything that a run leaves: name and bytes of each file."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def results(folder):
    found = ShardFolder(folder)
    return [result for name in found.finished() for result in json.loads(found.read(name))]


def run(job, parts, folder, engine=ENGINES[0], share=None):
    with open_pool(engine) as pool:
        return list(fill(job, parts, folder, pool, inputs=ABOUT, share=share))


@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
def test_answers_come_in_the_order_of_the_parts(toy, engine):
    with open_pool(engine) as pool:
        found = list(answers(toy.ToyJob(), toy.cut(range(40)), pool))
    assert [x for part in found for x in part] == [x * x for x in range(40)]
    assert len(found) == 7


@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
def test_every_engine_leaves_the_same_bytes(toy, engine, tmp_path):
    parts = toy.cut(range(40))
    run(toy.ToyJob(), parts, tmp_path / "one")
    shards = run(toy.ToyJob(), parts, tmp_path / "other", engine)
    assert content(tmp_path / "one") == content(tmp_path / "other")
    assert [shard.index for shard in shards] == list(range(7))
    assert results(tmp_path / "other") == [x * x for x in range(40)]
    assert sum(shard.finished for shard in shards) == 40


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.integers(1, 5).flatmap(lambda jobs: st.permutations(range(1, jobs + 1))),
    workers=st.integers(1, 3),
    n=st.integers(1, 30),
)
def test_any_split_into_jobs_in_any_order(toy, tmp_path_factory, order, workers, n):
    parts = toy.cut(range(n), per_file=2, per_part=1)
    whole, split = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("split")
    run(toy.ToyJob(), parts, whole)
    for number in order:
        run(toy.ToyJob(), parts, split, Engine("threads", workers), Share(number, len(order)))
        assert (split / LIST).exists() == (len(list(split.glob("*.parquet"))) == len(parts))
    assert content(whole) == content(split)


def test_what_is_there_is_not_done_again(toy, tmp_path):
    parts = toy.cut(range(40))
    first = run(toy.ToyJob(), parts, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    second = run(toy.ToyJob(), parts, tmp_path)
    assert not any(shard.resumed for shard in first)
    assert all(shard.resumed for shard in second)
    assert [shard.finished for shard in second] == [shard.finished for shard in first]
    assert before == {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}


@pytest.mark.parametrize("spoil", ["cut", "emptied", "flipped", "removed", "replaced"])
def test_a_damaged_shard_is_made_again(toy, tmp_path, spoil):
    parts = toy.cut(range(40))
    run(toy.ToyJob(), parts, tmp_path)
    whole = content(tmp_path)
    victim = sorted(tmp_path.glob("*.parquet"))[3]
    raw = victim.read_bytes()
    new = {"cut": raw[:-3], "emptied": b"", "flipped": bytes([raw[0] ^ 1]) + raw[1:], "replaced": b"[1]"}
    victim.unlink() if spoil == "removed" else victim.write_bytes(new[spoil])
    if spoil == "removed":
        with pytest.raises(XtalprintError, match="1 of 7 shards are missing"):
            results(tmp_path)
    else:
        assert ShardFolder(tmp_path).read(victim.name) is None
    assert [shard.resumed for shard in run(toy.ToyJob(), parts, tmp_path)].count(False) == 1
    assert content(tmp_path) == whole


def test_other_content_gives_other_addresses_and_only_that_part_is_done_again(toy, tmp_path):
    parts = toy.cut(range(40))
    run(toy.ToyJob(), parts, tmp_path)
    before = set(content(tmp_path))
    parts[2] = toy.ToyPart(2, ((100, 101), (102,)))
    shards = run(toy.ToyJob(), parts, tmp_path)
    assert [shard.resumed for shard in shards] == [True, True, False, True, True, True, True]
    assert len(set(content(tmp_path)) - before) == 1
    assert len(list(tmp_path.glob("00000002-*"))) == 1
    assert 100**2 in results(tmp_path)


def test_an_input_that_became_shorter_leaves_no_shard_behind(toy, tmp_path):
    run(toy.ToyJob(), toy.cut(range(40)), tmp_path)
    run(toy.ToyJob(), toy.cut(range(12)), tmp_path)
    assert results(tmp_path) == [x * x for x in range(12)]
    assert len(list(tmp_path.glob("*.parquet"))) == 2


def test_another_question_is_refused(toy, tmp_path):
    run(toy.ToyJob(), toy.cut(range(9)), tmp_path)
    before = content(tmp_path)
    with pytest.raises(WrongUsageError, match="holds another run: power was 2, is 3; give another folder"):
        run(toy.ToyJob(power=3), toy.cut(range(9)), tmp_path)
    assert content(tmp_path) == before


def test_files_of_others_are_left_alone(toy, tmp_path):
    others = {"notes.txt": b"mine", "results.parquet": b"PAR1", "00000001.parquet": b"x", ".hidden": b""}
    for name, raw in others.items():
        (tmp_path / name).write_bytes(raw)
    run(toy.ToyJob(), toy.cut(range(40)), tmp_path)
    found = content(tmp_path)
    assert others.items() <= found.items()
    assert results(tmp_path) == [x * x for x in range(40)]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"layout": 99}', '{"layout": 1, "cut of'])
def test_a_manifest_of_another_program_is_refused(toy, tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(WrongUsageError, match=r"_manifest.json in this folder is not what .*; give another folder"):
        run(toy.ToyJob(), toy.cut(range(9)), tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(toy, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WrongUsageError, match="cannot write into this folder"):
        run(toy.ToyJob(), toy.cut(range(9)), tmp_path / "file")


def test_reading_an_unfinished_run_says_so(toy, tmp_path):
    with pytest.raises(WrongUsageError, match="no run of xtalprint was begun"):
        ShardFolder(tmp_path).finished()
    run(toy.ToyJob(), toy.cut(range(40)), tmp_path, share=Share(1, 2))
    with pytest.raises(XtalprintError, match="not finished: 4 shards so far; run the same command again"):
        ShardFolder(tmp_path).finished()


def test_two_jobs_at_once_in_one_folder(toy, tmp_path):
    parts = toy.cut(range(60), per_part=1)
    job = toy.ToyJob(seconds=0.002)
    run(toy.ToyJob(), parts, tmp_path / "one")
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(run, job, parts, tmp_path / "both", Engine("threads", 2)) for _ in range(3)]:
            assert len(done.result()) == 20
    assert content(tmp_path / "one") == content(tmp_path / "both")


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(toy, tmp_path, monkeypatch):
    parts = toy.cut(range(40))
    real, written = os.fsync, []

    def full(handle):
        written.append(handle)
        if len(written) > 8:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        run(toy.ToyJob(), parts, tmp_path)
    monkeypatch.undo()
    assert not list(tmp_path.glob(".*.part"))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    assert any(shard.resumed for shard in run(toy.ToyJob(), parts, tmp_path))
    assert results(tmp_path) == [x * x for x in range(40)]


def test_what_a_killed_run_was_writing_is_swept_away(toy, tmp_path):
    run(toy.ToyJob(), toy.cut(range(9)), tmp_path)
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    here = os.uname().nodename
    left = tmp_path / f".x.parquet.{here}.{int(dead.stdout)}.12.part"
    alive = tmp_path / f".y.parquet.{here}.{os.getpid()}.12.part"
    elsewhere, old = tmp_path / ".z.parquet.farm.1.2.part", tmp_path / ".old.parquet.farm.1.2.part"
    for path in (left, alive, elsewhere, old):
        path.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    run(toy.ToyJob(), toy.cut(range(9)), tmp_path)
    assert [path.exists() for path in (left, alive, elsewhere, old)] == [False, True, True, False]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_process_that_was_killed_and_whose_parent_does_not_ask_is_dead(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        left = tmp_path / f".x.parquet.{os.uname().nodename}.{process.pid}.12.part"
        left.touch()
        remove_unfinished(tmp_path)
        assert left.exists()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        os.kill(process.pid, 0)  # no error: the number is still taken
        remove_unfinished(tmp_path)
        assert not left.exists()


def test_what_a_killed_worker_was_writing_is_swept_away_at_the_end(toy, tmp_path):
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    with open_pool(ENGINES[0]) as pool:
        shards = fill(toy.ToyJob(), toy.cut(range(20)), tmp_path, pool, inputs=ABOUT)
        next(shards)
        (tmp_path / f".x.parquet.{os.uname().nodename}.{int(dead.stdout)}.12.part").touch()
        list(shards)
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("shares", [1, 2])
def test_of_an_input_that_became_shorter_nothing_is_left(toy, tmp_path, shares):
    for parts in (toy.cut(range(36)), toy.cut(range(18))):
        for number in range(1, shares + 1):
            run(toy.ToyJob(), parts, tmp_path, share=Share(number, shares))
    assert results(tmp_path) == [x * x for x in range(18)]
    assert sorted(path.name for path in tmp_path.glob("*.parquet")) == ShardFolder(tmp_path).finished()


def test_a_run_whose_shards_another_takes_away_does_not_end_well(toy, tmp_path):
    with open_pool(ENGINES[0]) as pool:
        shards = fill(toy.ToyJob(), toy.cut(range(20)), tmp_path, pool, inputs=ABOUT)
        (tmp_path / next(shards).name).unlink()
        with pytest.raises(XtalprintError, match="the run is not finished: shards are missing"):
            list(shards)
    assert not (tmp_path / LIST).exists()


def test_of_two_runs_that_begin_at_once_in_one_folder_one_is_refused(tmp_path, monkeypatch):
    """Both look before either has written."""
    ShardFolder(tmp_path).begin({"layout": 1, "power": 2})
    real, looks = ShardFolder.manifest, []

    def nothing_at_first(folder):
        looks.append(folder)
        return None if len(looks) == 1 else real(folder)

    monkeypatch.setattr(ShardFolder, "manifest", nothing_at_first)
    with pytest.raises(WrongUsageError, match="holds another run: power was 2, is 3"):
        ShardFolder(tmp_path).begin({"layout": 1, "power": 3})
    assert json.loads((tmp_path / MANIFEST).read_bytes())["power"] == 2


def test_memory_and_look_ahead_do_not_grow_with_the_number_of_parts(toy, tmp_path):
    """Parts are made while others are done: a few for each worker are ahead, no more."""
    made = []

    def parts():
        for part in toy.cut(range(600), per_file=1, per_part=1):
            made.append(part.index)
            yield part

    with open_pool(Engine("threads", 2)) as pool:
        ahead = [made[-1] - shard.index for shard in fill(toy.ToyJob(), parts(), tmp_path, pool, inputs=ABOUT)]
    assert max(ahead) <= 8


@pytest.mark.parametrize("engine", ENGINES[1:], ids=lambda e: e.name)
def test_stopping_leaves_whole_files_and_no_workers(toy, tmp_path, engine):
    job = toy.ToyJob(seconds=0.02)
    parts = toy.cut(range(2000))
    start = time.monotonic()
    with open_pool(engine) as pool:
        shards = fill(job, parts, tmp_path, pool, inputs=ABOUT)
        next(shards)
        shards.close()
    assert time.monotonic() - start < 8
    assert 0 < len(list(tmp_path.glob("*.parquet"))) < len(parts)
    assert not list(tmp_path.glob(".*.part"))
    assert all(ShardFolder(tmp_path).read(path.name) for path in tmp_path.glob("*.parquet"))


def test_another_version_on_a_worker_is_refused(toy):
    from xtalprint.compute.spreading import _answers  # noqa: PLC0415 - private

    with pytest.raises(WrongUsageError, match=r"a worker has xtalprint .*, but the run is of 0\.0\.1"):
        _answers(toy.ToyJob(), toy.cut(range(3))[0], version="0.0.1")


@pytest.mark.parametrize(("number", "of"), [(0, 3), (4, 3), (-1, 2), (1, 0)])
def test_shares_outside_their_number_are_refused(number, of):
    with pytest.raises(WrongUsageError, match=r"shares are counted from 1 .*; give 1/4, 2/4, 3/4 and 4/4"):
        Share(number, of)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "mpi"}, r"no such engine \(value: mpi\); choose one of serial, threads, processes, dask"),
        ({"workers": 0}, "workers must be a whole number, 1 or more"),
        ({"workers": 1.5}, "workers must be a whole number"),
        ({"name": "serial", "workers": 2}, "the serial engine has one worker"),
        ({"name": "dask"}, "Dask needs the address of its scheduler"),
        ({"name": "dask", "workers": 2, "scheduler": "tcp://x:1"}, "those that joined it"),
        ({"name": "threads", "scheduler": "tcp://x:1"}, "only Dask has a scheduler"),
    ],
)
def test_engines_that_make_no_sense_are_refused(options, message):
    with pytest.raises(WrongUsageError, match=message):
        Engine(**options)


def test_any_executor_is_a_pool(toy, tmp_path):
    with ThreadPoolExecutor(2) as executor:
        list(fill(toy.ToyJob(), toy.cut(range(9)), tmp_path, Pool(executor, 2), inputs=ABOUT))
    assert results(tmp_path) == [x * x for x in range(9)]


def test_random_kills_of_the_whole_run(toy, tmp_path):
    """kill -9 of a run with its workers at random moments; at the end the bytes are those of an undisturbed run."""
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import toy_job
from pathlib import Path
from xtalprint.compute import Engine, fill, open_pool
if __name__ == "__main__":
    with open_pool(Engine("threads", 2)) as pool:
        job, parts, folder = toy_job.ToyJob(seconds=0.002), toy_job.cut(range(150)), {str(tmp_path / "killed")!r}
        for _ in fill(job, parts, Path(folder), pool, inputs={ABOUT}):
            print("finished", flush=True)
"""
    run(toy.ToyJob(), toy.cut(range(150)), tmp_path / "whole")
    rng = np.random.default_rng(7)
    kills = 0
    while True:
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        for _ in range(rng.integers(1, 6)):
            process.stdout.readline()
        time.sleep(rng.random() * 0.02)
        if process.poll() is None and kills < 6:
            process.kill()
            kills += 1
        process.communicate()
        if process.returncode == 0:
            break
    assert kills >= 3
    found = content(tmp_path / "killed")
    assert not [name for name in found if name.endswith(".part")]
    assert found == content(tmp_path / "whole")
