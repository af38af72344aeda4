"""A real Dask scheduler with two worker processes on loopback; one of them is killed in the middle."""

from __future__ import annotations

import asyncio
import signal
import time
from concurrent.futures import Future

import pytest

from xtalprint.compute import Engine, ShardFolder, answers, fill, open_pool
from xtalprint.compute.dask_pool import WatchedExecutor, _is_mishap
from xtalprint.errors import WrongUsageError, XtalprintError

pytest.importorskip("distributed")


def test_one_of_two_workers_is_killed_in_the_middle_and_nothing_is_lost(toy, cluster, tmp_path):
    parts = toy.cut(range(240))
    with open_pool(Engine()) as pool:
        list(fill(toy.ToyJob(), parts, tmp_path / "whole", pool, inputs={}))
    finished = []
    with open_pool(Engine("dask", scheduler=cluster.address)) as pool:
        for shard in fill(toy.ToyJob(seconds=0.01), parts, tmp_path / "run", pool, inputs={}):
            finished.append(shard.index)
            if shard.index == 10:
                cluster.workers[0].send_signal(signal.SIGKILL)
    assert finished == list(range(40))
    whole, run = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("whole", "run"))
    assert whole == run


@pytest.mark.parametrize(("who", "sign"), [("workers", "KILL"), ("workers", "STOP"), ("scheduler", "STOP")])
def test_a_run_ends_though_others_are_lost_or_busy_after_the_last_result(toy, cluster, tmp_path, who, sign):
    parts = toy.cut(range(60))
    finished = []
    with open_pool(Engine("dask", scheduler=cluster.address)) as pool:
        for shard in fill(toy.ToyJob(), parts, tmp_path / "run", pool, inputs={}):
            finished.append(shard.index)
            if len(finished) == len(parts):
                for process in cluster.workers if who == "workers" else [cluster.scheduler]:
                    process.send_signal(signal.Signals[f"SIG{sign}"])
                start = time.monotonic()
    assert finished == list(range(len(parts)))
    assert len(ShardFolder(tmp_path / "run").finished()) == len(parts)
    assert time.monotonic() - start < 15


def test_a_result_whose_worker_is_killed_before_it_is_fetched_is_made_again(toy, cluster, tmp_path):
    parts = toy.cut(range(60))
    with open_pool(Engine("dask", scheduler=cluster.address)) as pool:
        shards = fill(toy.ToyJob(), parts, tmp_path / "run", pool, inputs={})
        next(shards)
        deadline = (
            time.monotonic() + 60
        )  # all files of the window are there, and their results still with the workers
        while len(list((tmp_path / "run").glob("*.parquet"))) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        cluster.workers[0].send_signal(signal.SIGKILL)
        assert [shard.index for shard in shards] == list(range(1, len(parts)))


def test_a_cluster_that_loses_all_workers_is_given_up(toy, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("xtalprint.compute.dask_pool.PATIENCE_WITHOUT_WORKERS", 2)
    monkeypatch.setattr("xtalprint.compute.dask_pool.ASK_EVERY", 1)

    def run_until_the_end():
        with open_pool(Engine("dask", scheduler=cluster.address)) as pool:
            for _ in fill(toy.ToyJob(seconds=0.05), toy.cut(range(240)), tmp_path, pool, inputs={}):
                for worker in cluster.workers:
                    worker.kill()

    with pytest.raises(XtalprintError, match="all workers of the Dask cluster were lost; start some again, and then"):
        run_until_the_end()


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
@pytest.mark.parametrize("shard_at_death", [0, 5, 25])
def test_a_scheduler_that_dies_is_said_to_and_a_rerun_goes_on(toy, cluster, tmp_path, shard_at_death):
    parts = toy.cut(range(240))

    def run_until_the_end():
        with open_pool(Engine("dask", scheduler=cluster.address)) as pool:
            for shard in fill(toy.ToyJob(seconds=0.01), parts, tmp_path, pool, inputs={}):
                if shard.index == shard_at_death:
                    cluster.scheduler.kill()

    with pytest.raises(XtalprintError, match="Dask's scheduler was lost; start it again"):
        run_until_the_end()
    with open_pool(Engine()) as pool:
        again = list(fill(toy.ToyJob(), parts, tmp_path, pool, inputs={}))
    assert sum(shard.resumed for shard in again) >= shard_at_death + 1
    assert sum(shard.finished for shard in again) == 240


def test_a_dead_scheduler_is_told_within_ten_seconds():
    start = time.monotonic()
    with (
        pytest.raises(WrongUsageError, match="no Dask scheduler answers"),
        open_pool(Engine("dask", scheduler="tcp://127.0.0.1:9")),
    ):
        pass
    assert time.monotonic() - start < 10


@pytest.mark.slow
def test_no_worker_is_wrong_usage(cluster, monkeypatch):
    monkeypatch.setattr("xtalprint.compute.dask_pool.PATIENCE_WITH_WORKERS", 1)
    for worker in cluster.workers:
        worker.kill()
        worker.wait()
    time.sleep(1)
    with (
        pytest.raises(WrongUsageError, match="the Dask cluster has no worker"),
        open_pool(Engine("dask", scheduler=cluster.address)),
    ):
        pass


def test_an_answer_that_dask_took_for_an_error_is_asked_for_again():
    """As `distributed.cfexecutor` does it when the worker that holds an answer is lost while it is fetched."""
    from distributed import cfexecutor  # noqa: PLC0415 - an optional package

    class Lost:
        status = "pending"

        async def _result(self, *, raiseit):
            return "the answer" if not raiseit else None

    mistaken = Future()

    async def pass_on():
        await cfexecutor._cascade_future(Lost(), mistaken)

    asyncio.run(pass_on())
    assert _is_mishap(mistaken.exception())
    with pytest.raises(TypeError) as own:
        len(7)
    assert not _is_mishap(own.value)
    assert not _is_mishap(None)


def test_work_that_cannot_be_asked_for_again_ends_with_the_reason(monkeypatch):
    """What a done-callback raises is lost: the future must be told."""
    asked = []

    class Busy:
        status = "running"

        def get_executor(self, **_):
            return self

        def shutdown(self, **_):
            pass

        def submit(self, _):
            if asked:
                raise RuntimeError("no more work is taken")
            asked.append(Future())
            return asked[0]

    monkeypatch.setattr("xtalprint.compute.dask_pool._is_mishap", bool)
    executor = WatchedExecutor(Busy(), "tcp://nobody:1")
    future = executor.submit(int)
    asked[0].set_exception(TypeError("lost"))
    with pytest.raises(RuntimeError, match="no more work is taken"):
        future.result(timeout=5)
    executor.shutdown()
