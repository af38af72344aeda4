"""A real Dask scheduler with two worker processes on loopback; one of them is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xtalprint.compute import Engine, answers, fill, open_pool
from xtalprint.errors import WrongUsageError, XtalprintError

pytest.importorskip("distributed")
SRC = Path(__file__).resolve().parents[2] / "src"


class Cluster:
    """Scheduler and workers, each a process."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), str(SRC)]),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        }
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", folder / "file"
        )
        self.workers = [self.worker() for _ in range(2)]

    @property
    def address(self):
        return next(
            line.split('"')[3] for line in (self.folder / "file").read_text().splitlines() if '"address"' in line
        )

    def worker(self):
        return self._start(
            *("worker", "--scheduler-file", self.folder / "file", "--nthreads", "1"),
            *("--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", self.folder),
        )

    def _start(self, what, *options):
        log = (self.folder / f"{what}-{len(self.processes)}.log").open("w")
        command = [sys.executable, "-m", "distributed.cli.dask_" + what, *map(str, options)]
        process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, cwd=self.folder)
        log.close()
        self.processes.append(process)
        deadline = time.monotonic() + 30
        while not (self.folder / "file").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return process

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("dask"))
    yield made
    made.stop()


def test_one_of_two_workers_is_killed_in_the_middle_and_nothing_is_lost(toy, cluster, tmp_path):
    parts = toy.cut(range(240))
    with open_pool(Engine()) as pool:
        list(fill(toy.ToyJob(), parts, tmp_path / "whole", pool, {}))
    finished = []
    with open_pool(Engine("dask", scheduler=cluster.address)) as pool:
        for shard in fill(toy.ToyJob(seconds=0.01), parts, tmp_path / "run", pool, {}):
            finished.append(shard.index)
            if shard.index == 10:
                cluster.workers[0].send_signal(signal.SIGKILL)
    assert finished == list(range(40))
    whole, run = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("whole", "run"))
    assert whole == run


@pytest.mark.slow
def test_what_kills_dask_workers_is_found_by_a_process_here(toy, cluster, tmp_path):
    job = toy.ToyJob(marks=str(tmp_path), kill=((7, 99),))
    for _ in range(2):
        cluster.worker()
    with open_pool(Engine("dask", scheduler=cluster.address)) as pool:
        found = [x for part in answers(job, toy.cut(range(20)), pool) for x in part]
    assert [x for i, x in enumerate(found) if i != 7] == [x * x for x in range(20) if x != 7]
    assert found[7].startswith("error: file-6, frame 1: the worker process died twice")


@pytest.mark.slow
def test_a_scheduler_that_dies_is_said_to_and_a_rerun_goes_on(toy, cluster, tmp_path):
    parts = toy.cut(range(240))
    with (
        pytest.raises(XtalprintError, match="Dask's scheduler was lost; start it again"),
        open_pool(Engine("dask", scheduler=cluster.address)) as pool,
    ):
        for shard in fill(toy.ToyJob(seconds=0.01), parts, tmp_path, pool, {}):
            if shard.index == 5:
                cluster.scheduler.kill()
    with open_pool(Engine()) as pool:
        again = list(fill(toy.ToyJob(), parts, tmp_path, pool, {}))
    assert sum(shard.resumed for shard in again) >= 6
    assert sum(shard.finished for shard in again) == 240


@pytest.mark.slow
def test_no_scheduler_and_no_worker_are_wrong_usage(cluster, monkeypatch):
    monkeypatch.setattr("xtalprint.compute.engine.PATIENCE", 1)
    with pytest.raises(WrongUsageError, match="no Dask scheduler answers"), open_pool(
        Engine("dask", scheduler="tcp://127.0.0.1:9")
    ):
        pass
    for worker in cluster.workers:
        worker.kill()
        worker.wait()
    time.sleep(1)
    with pytest.raises(WrongUsageError, match="the Dask cluster has no worker"), open_pool(
        Engine("dask", scheduler=cluster.address)
    ):
        pass
