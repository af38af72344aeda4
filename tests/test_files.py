"""Files appear complete or not at all, whoever writes them at once and whatever happens."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from xtalprint.files import whole_file


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    target, seen = tmp_path / "answer", []
    real = os.fsync
    monkeypatch.setattr("os.fsync", lambda handle: (seen.append(target.exists()), real(handle)))
    with whole_file(target) as beside:
        beside.write_text("42")
    assert target.read_text() == "42"
    assert seen == [False, True]  # the file, then the folder


def test_after_an_error_the_old_one_stays_and_nothing_else(tmp_path):
    target = tmp_path / "answer"
    target.write_text("old")

    def stopped():
        with whole_file(target) as beside:
            beside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_link_stays_a_link_and_a_long_name_is_no_obstacle(tmp_path):
    target, link = tmp_path / ("ä" * 120), tmp_path / "link"
    link.symlink_to(target)
    with whole_file(link) as beside:
        beside.write_text("42")
    assert link.is_symlink()
    assert target.read_text() == "42"


@pytest.mark.parametrize("new", [False, True])
def test_threads_that_write_the_same_file_at_once(tmp_path, new):
    """Each writes beside it under a name of its own; one of them stays, and only one where none may be replaced."""
    together = Barrier(8)

    def write(number):
        try:
            with whole_file(tmp_path / "answer", new=new) as beside:
                beside.write_text(f"{number}")
                together.wait(10)
        except FileExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as threads:
        wrote = [number for number in threads.map(write, range(8)) if number is not None]
    assert int((tmp_path / "answer").read_text()) in wrote
    assert len(wrote) == (1 if new else 8)
    assert len(list(tmp_path.iterdir())) == 1


def test_without_links_an_old_file_is_not_replaced_either(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.hardlink_to", lambda *_: (_ for _ in ()).throw(OSError(1, "not here")))
    for _ in range(2):
        try:
            with whole_file(tmp_path / "answer", new=True) as beside:
                beside.write_text("first" if not (tmp_path / "answer").exists() else "second")
        except FileExistsError:
            assert (tmp_path / "answer").read_text() == "first"
            return
    pytest.fail("it was written over")
