"""Worker processes that die: nothing is lost, and what kills them is named."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xtalprint.compute import Engine, answers, fill, open_pool
from xtalprint.compute.careful import MOST_BLAMED
from xtalprint.compute.process_pool import SturdyProcessPool
from xtalprint.errors import XtalprintError

TWO = Engine("processes", 2)


def all_answers(job, parts, engine=TWO):
    with open_pool(engine) as pool:
        return [result for part in answers(job, parts, pool) for result in part]


def test_work_of_a_worker_that_is_killed_once_is_done_by_another(toy, tmp_path):
    job = toy.ToyJob(marks=str(tmp_path), kill=((7, 1), (29, 1)))
    assert all_answers(job, toy.cut(range(40))) == [x * x for x in range(40)]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_structure_that_always_kills_becomes_an_error_that_names_it(toy, tmp_path):
    job = toy.ToyJob(marks=str(tmp_path), kill=((7, 99),))
    found = all_answers(job, toy.cut(range(20)))
    assert [x for i, x in enumerate(found) if i != 7] == [x * x for x in range(20) if x != 7]
    assert found[7] == (
        "error: file-6, frame 1: the worker process died twice while it was working on this structure; leave it out, "
        "or give it more memory: with fewer workers, or on another machine."
    )


def test_a_file_that_kills_while_it_is_read_becomes_one_error(toy, tmp_path):
    found = all_answers(toy.ToyJob(kill_reading=(7,)), toy.cut(range(12)))
    assert found[:7] == [x * x for x in range(7)]
    assert found[7].startswith("error: file-6, frame 1: the worker process died twice while it was reading")
    assert found[8:] == [81, 100, 121]  # the rest of the file cannot be read, the next file can


def test_a_part_full_of_killers_is_given_up_after_some(toy, tmp_path):
    parts = toy.cut(range(16), per_file=16)
    kill = tuple((x, 99) for x in range(1, 15))
    found = all_answers(toy.ToyJob(marks=str(tmp_path), kill=kill), parts)
    assert len(found) == 16
    assert found[0] == 0
    assert all("died twice" in text for text in found[1 : 1 + MOST_BLAMED])
    assert all("not tried" in text for text in found[1 + MOST_BLAMED :])


def test_a_shard_with_an_error_of_that_kind_is_tried_again_by_the_next_run(toy, tmp_path):
    marks, folder = tmp_path / "marks", tmp_path / "run"
    marks.mkdir()
    parts = toy.cut(range(20))
    with open_pool(TWO) as pool:
        first = list(fill(toy.ToyJob(marks=str(marks), kill=((7, 99),)), parts, folder, pool, inputs={}))
    assert [shard.failed for shard in first] == [0, 1, 0, 0]
    with open_pool(TWO) as pool:
        second = list(fill(toy.ToyJob(), parts, folder, pool, inputs={}))
        whole = list(fill(toy.ToyJob(), parts, tmp_path / "whole", pool, inputs={}))
    assert [shard.resumed for shard in second] == [True, False, True, True]
    assert [shard.name for shard in second] == [shard.name for shard in whole]
    assert len(list(folder.glob("*.parquet"))) == 4


def test_workers_that_cannot_begin_are_said_to(toy, monkeypatch):
    monkeypatch.setattr("xtalprint.compute.process_pool.prepare_process", _die)
    with pytest.raises(XtalprintError, match="worker processes die before they begin to work; check the memory"):
        all_answers(toy.ToyJob(), toy.cut(range(3)))


def _die(stop):
    os._exit(3)


def test_workers_have_one_thread_for_linear_algebra_and_the_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with open_pool(TWO) as pool:
        assert pool.executor.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
        assert pool.executor.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_an_error_of_the_work_is_raised_as_it_is():
    pool = SturdyProcessPool(1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()
    pool.shutdown()
    assert pool.submit(divmod, 1, 1).cancelled()


def test_workers_end_with_a_parent_that_is_killed(toy, tmp_path):
    script = """
import os, sys, time
from xtalprint.compute import Engine, open_pool
if __name__ == "__main__":
    with open_pool(Engine("processes", 2)) as pool:
        print(*{pool.executor.submit(os.getpid).result() for _ in range(20)}, flush=True)
        pool.executor.submit(time.sleep, 60)
        time.sleep(60)
"""
    path = tmp_path / "parent.py"
    path.write_text(script)
    parent = subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, text=True)
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(_runs(pid) for pid in workers):
        time.sleep(0.05)
    assert workers
    assert not any(_runs(pid) for pid in workers)


def _runs(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
