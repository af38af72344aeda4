"""Whole matrices: the same bits in any blocks, on any threads, after any interruption."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_grids import plain_distances, random_crystal, random_grids

from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.grid import GRID
from xtalprint.errors import UnreadableFileError, WrongUsageError
from xtalprint.similarity import (
    CompositionEarthMovers,
    Cosine,
    EarthMovers,
    Part,
    WeightedSum,
    distance_matrix,
    one_writer,
)
from xtalprint.similarity import matrix as matrix_module
from xtalprint.similarity.matrix import strips_of_pairs

GRIDS = random_grids(90, 8, 40, complete=False)


@pytest.fixture(scope="module")
def metric():
    return EarthMovers(bin_width=0.1)


@pytest.fixture(scope="module")
def table(metric):
    return metric.table(GRIDS)


@pytest.fixture(scope="module")
def expected(metric, table):
    return metric.distances(table, table).astype(np.float32)


@pytest.mark.parametrize("block", [1, 13, 32, 90, 2048])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_bits_in_any_blocks(  # noqa: PLR0917 - fixtures
    tmp_path, metric, table, expected, block, threads
):
    if block == 1:
        table, expected = table[:20], expected[:20, :20]
    found = distance_matrix(metric, table, path=tmp_path / "d.npy", block=block, threads=threads)
    assert np.array_equal(found, expected)
    assert np.array_equal(found, found.T)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.npy", "d.npy.json"]
    about = json.loads((tmp_path / "d.npy.json").read_text(encoding="utf-8"))
    assert about["distance"] == {"distance": "grid-emd", "bin_width": 0.1}
    assert (about["unit"], about["shape"]) == ("Å", list(found.shape))


@pytest.mark.parametrize("threads", [1, 3])
def test_strips_hold_the_same_numbers(metric, table, threads):
    whole, firsts = metric.distances(table, table), []
    for first, values in strips_of_pairs(metric, table, block=40, threads=threads):
        firsts.append(first)
        assert np.array_equal(values, whole[first : first + 40, first:])
    assert firsts == [0, 40, 80]


@pytest.mark.parametrize("text", ['{"precious": 1}', "[1]", "notes", ""])
def test_a_file_of_somebody_else_is_not_written_over(tmp_path, metric, table, text):
    (tmp_path / "d.npy.json").write_text(text)
    with pytest.raises(WrongUsageError, match=r"would be written over a file that is there .*; choose another name"):
        distance_matrix(metric, table, path=tmp_path / "d.npy")
    assert (tmp_path / "d.npy.json").read_text() == text


def test_a_matrix_that_was_deleted_is_made_again(tmp_path, metric, table, expected):
    distance_matrix(metric, table, path=tmp_path / "d.npy")
    (tmp_path / "d.npy").unlink()
    assert np.array_equal(distance_matrix(metric, table, path=tmp_path / "d.npy"), expected)


def test_between_two_tables(tmp_path, metric, table):
    found = distance_matrix(metric, table[:50], table[40:], path=tmp_path / "d.npy", block=16, threads=2)
    assert found == pytest.approx(plain_distances(GRIDS[:50], GRIDS[40:]), abs=1e-6)


TOTAL = WeightedSum([Part(1, EarthMovers(bin_width=0.1)), Part(1, CompositionEarthMovers())])


@pytest.mark.parametrize("distance", [Cosine(), TOTAL])
def test_other_distances(tmp_path, distance):
    compositions = [{"Na": 1 + i % 3, "Cl": 1 + i % 5} for i in range(90)]
    table = distance.table([GRIDS, compositions] if isinstance(distance, WeightedSum) else GRIDS)
    found = distance_matrix(distance, table, path=tmp_path / "d.npy", block=25)
    assert np.array_equal(found, distance.distances(table, table).astype(np.float32))


def test_progress_counts_finished_distances(tmp_path, metric, table):
    told = []
    distance_matrix(metric, table, path=tmp_path / "d.npy", block=40, progress=lambda done, n: told.append((done, n)))
    assert [n for _, n in told] == [8100] * 6
    assert told[-1][0] == 8100
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_finished_matrix_is_not_computed_again(tmp_path, metric, table, expected, monkeypatch):
    distance_matrix(metric, table, path=tmp_path / "d.npy")
    monkeypatch.setattr(matrix_module, "_blocks", None)
    assert np.array_equal(distance_matrix(metric, table, path=tmp_path / "d.npy"), expected)


class StoppedError(RuntimeError):
    pass


@pytest.mark.parametrize("keep_every", [0.0, 1e9])
@pytest.mark.parametrize("stop_after", [1, 4, 9])
def test_goes_on_where_it_stopped(  # noqa: PLR0917 - fixtures
    tmp_path, metric, table, expected, monkeypatch, keep_every, stop_after
):
    monkeypatch.setattr(matrix_module, "KEEP_EVERY", keep_every)
    path = tmp_path / "d.npy"

    def stop(done, _n):
        if done >= stop_after * 500:
            raise StoppedError

    with pytest.raises(StoppedError):
        distance_matrix(metric, table, path=path, block=20, threads=1, progress=stop)
    assert not path.exists(), "an unfinished matrix has not the name of a finished one"
    told = []
    found = distance_matrix(
        metric, table, path=path, block=20, threads=2, progress=lambda done, _n: told.append(done)
    )
    assert np.array_equal(found, expected)
    assert len(told) == 15 - (0 if keep_every else sum(1 for _ in _blocks_before(stop_after * 500)))


def _blocks_before(distances):
    done = 0
    for i in range(5):
        for j in range(i, 5):
            if done >= distances:
                return
            rows, columns = (min(20, 90 - k * 20) for k in (i, j))
            done += rows * columns * (1 if i == j else 2)
            yield i, j


KILLED = """
import sys, time
import numpy as np
sys.path.insert(0, sys.argv[2])
from random_grids import random_grids
from xtalprint.similarity import EarthMovers, distance_matrix, matrix
matrix.KEEP_EVERY = 0.0
metric = EarthMovers(bin_width=0.1)
table = metric.table(random_grids(90, 8, 40, complete=False))
def slowly(done, n):
    print(done, flush=True)
    time.sleep(0.05)
distance_matrix(metric, table, path=sys.argv[1], block=10, threads=1, progress=slowly)
"""


def test_a_killed_run_goes_on(tmp_path, metric, table, expected):
    path = tmp_path / "d.npy"
    command = [sys.executable, "-c", KILLED, str(path), str(Path(__file__).parent)]
    for lines in (1, 5):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
            for _ in range(lines):
                assert run.stdout.readline()
            run.send_signal(signal.SIGKILL)
            run.wait(timeout=60)
        time.sleep(0.01)
        assert not path.exists()
        assert path.with_name("d.npy.lock").exists(), "what a killed run leaves of its lock blocks nobody"
    # The last entry of the journal is cut in the middle.
    journal = path.with_name("d.npy.journal")
    journal.write_text(journal.read_text(encoding="utf-8") + "[3, ", encoding="utf-8")
    told = []
    found = distance_matrix(metric, table, path=path, block=10, progress=lambda done, _n: told.append(done))
    assert np.array_equal(found, expected)
    assert len(told) < 45, "nothing was taken up"


def test_two_runs_at_once_do_not_collide(tmp_path, metric, table, expected):
    path = tmp_path / "d.npy"
    command = [sys.executable, "-c", KILLED, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline()
        with pytest.raises(WrongUsageError) as refused:
            distance_matrix(metric, table, path=path)
        assert first.poll() is None
        first.communicate(timeout=120)
    assert f"d.npy: process {first.pid} on {socket.gethostname()} is writing this file; wait" in str(refused.value)
    assert np.array_equal(np.load(path), expected)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["d.npy", "d.npy.json"]


def test_a_matrix_that_another_finished_meanwhile_is_taken(tmp_path, metric, table, expected, monkeypatch):
    distance_matrix(metric, table, path=tmp_path / "d.npy")
    told = iter([False, True])
    monkeypatch.setattr(matrix_module._Run, "is_finished", lambda _: next(told))
    monkeypatch.setattr(matrix_module, "_blocks", None)
    assert np.array_equal(distance_matrix(metric, table, path=tmp_path / "d.npy"), expected)


def test_a_lock_that_is_removed_while_it_is_taken_is_taken_again(tmp_path, monkeypatch):
    lock, calls = tmp_path / "d.npy.lock", []

    def locked(stream):
        calls.append(stream)
        if len(calls) == 1:
            lock.unlink()
        return True

    monkeypatch.setattr(one_writer, "_locked", locked)
    with one_writer.only_writer(tmp_path / "d.npy"):
        assert lock.read_text().startswith("process ")
    assert len(calls) == 2
    assert not lock.exists()


def test_a_file_system_without_locks_keeps_nobody_out(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with one_writer.only_writer(tmp_path / "d.npy"), one_writer.only_writer(tmp_path / "d.npy"):
        pass


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody may write to")
def test_a_folder_that_may_not_be_written_to_is_said_to(metric, table):
    with pytest.raises(WrongUsageError, match=r"d.npy: cannot be written: .*; allow writing into its folder, or"):
        distance_matrix(metric, table, path="/proc/self/d.npy")
    with pytest.raises(WrongUsageError, match="cannot be written"):
        distance_matrix(metric, table, path="/proc/self/new/d.npy")


def test_a_journal_that_was_cut_at_once_is_begun_anew(tmp_path, metric, table, expected):
    (tmp_path / "d.npy.journal").write_text("{", encoding="utf-8")
    (tmp_path / "d.npy.part").write_bytes(b"")
    assert np.array_equal(distance_matrix(metric, table, path=tmp_path / "d.npy"), expected)


def _unfinished(path, metric, table, block=40):
    def stop(_done, _n):
        raise StoppedError

    with pytest.raises(StoppedError):
        distance_matrix(metric, table, path=path, block=block, threads=1, progress=stop)


def test_other_inputs_are_refused(tmp_path, metric, table):
    path = tmp_path / "d.npy"
    _unfinished(path, metric, table)
    in_other_bins = EarthMovers(bin_width=0.2).table(GRIDS)
    for wrong in (
        lambda: distance_matrix(metric, table[:80], path=path, block=40),
        lambda: distance_matrix(EarthMovers(bin_width=0.2), in_other_bins, path=path, block=40),
        lambda: distance_matrix(metric, table, path=path, block=41),
    ):
        with pytest.raises(WrongUsageError, match="the unfinished matrix there is of other crystals"):
            wrong()
    distance_matrix(metric, table, path=path, block=40)
    with pytest.raises(WrongUsageError, match="the matrix there is of other crystals or another distance"):
        distance_matrix(metric, table[:80], path=path)


def test_rows_made_otherwise_are_refused(tmp_path):
    path, distance, crystals = tmp_path / "d.npy", EarthMovers(), [random_crystal(i) for i in range(3)]
    table = distance.table(GRID(n_groups=5).compute_many(crystals))
    distance_matrix(distance, table, path=path)
    about = json.loads((tmp_path / "d.npy.json").read_text(encoding="utf-8"))
    assert about["distance"] == {"distance": "grid-emd", "bin_width": 0.1, "seen": parameters(GRID(n_groups=5))}
    distance_matrix(distance, table, path=path)
    otherwise = replace(table, making=replace(table.making, descriptor=parameters(GRID(n_groups=5, smearing=0.05))))
    with pytest.raises(WrongUsageError, match="another distance: not the same distance, rows"):
        distance_matrix(distance, otherwise, path=path)


def test_the_width_of_bins_is_written_down_for_each_part_of_a_sum(tmp_path):
    total, crystals = WeightedSum(), [random_crystal(i) for i in range(3)]
    table = total.table([GRID(n_groups=5, bin_width=0.2).compute_many(crystals), [{"Na": 1}] * 3])
    distance_matrix(total, table, path=tmp_path / "d.npy")
    about = json.loads((tmp_path / "d.npy.json").read_text(encoding="utf-8"))
    assert about["distance"]["parts"][0]["bin_width"] == 0.2


def test_an_unfinished_matrix_of_another_version_is_refused(tmp_path, metric, table, monkeypatch):
    _unfinished(tmp_path / "d.npy", metric, table)
    monkeypatch.setattr(matrix_module, "__version__", "0.0.1")
    with pytest.raises(WrongUsageError, match="another block: not the same version of xtalprint"):
        distance_matrix(metric, table, path=tmp_path / "d.npy", block=40)


def test_spoiled_files_are_told(tmp_path, metric, table):
    path = tmp_path / "d.npy"
    _unfinished(path, metric, table)
    (tmp_path / "d.npy.part").write_bytes(b"nonsense")
    with pytest.raises(UnreadableFileError, match="the unfinished matrix cannot be read; delete it and its journal"):
        distance_matrix(metric, table, path=path, block=40)
    np.save(tmp_path / "x.npy", np.zeros((3, 3), np.float32))
    (tmp_path / "x.npy").replace(tmp_path / "d.npy.part")
    with pytest.raises(UnreadableFileError, match="the unfinished matrix has another shape"):
        distance_matrix(metric, table, path=path, block=40)
    path.write_bytes(b"nonsense")
    with pytest.raises(UnreadableFileError, match="this is no description of a distance matrix; choose another name"):
        distance_matrix(metric, table, path=path)


def test_a_full_disk_is_told_before(tmp_path, metric, table, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(WrongUsageError, match=r"takes 0.0 GB and the disk has 0.0 GB left .*; choose another disk"):
        distance_matrix(metric, table, path=tmp_path / "d.npy")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "d.txt"}, "the matrix is written as .npy (value: d.txt); give a name ending with .npy."),
        ({"path": "d.npy", "block": 0}, "the size of a block must be a whole number, 1 or more (value: 0)."),
        ({"path": "d.npy", "block": 1.5}, "the size of a block must be a whole number, 1 or more (value: 1.5)."),
        ({"path": "d.npy", "b": []}, "there is nothing to compare (value: 90 × 0 crystals)."),
    ],
)
def test_wrong_usage_is_told(metric, table, options, message):
    with pytest.raises(WrongUsageError) as caught:
        distance_matrix(metric, table, **options)
    assert message in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="of these systems only")
def test_a_disk_without_room_is_told(tmp_path, metric, table, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(WrongUsageError, match=r"d\.npy\.part: cannot be written: No space left on device"):
        distance_matrix(metric, table, path=tmp_path / "d.npy")
