"""Ctrl-C ends as Ctrl-C, wherever it comes: exit code 130 and one line."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from xtalprint.cli import main
from xtalprint.errors import ModelError
from xtalprint.stopping import check_interrupt, stops_remembered, was_asked_to_stop

COPPER = Path(__file__).resolve().parents[1] / "examples" / "data" / "copper.cif"
needs_timer = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends signals")

#: A module as native ones are: what interrupts its import becomes an error of another kind.
SWALLOWS = """
import signal, time
try:
    signal.raise_signal(signal.SIGINT)
    time.sleep(0.1)
except KeyboardInterrupt:
    raise ImportError("initialization failed") from None
"""
BEGUN = """
import sys
from xtalprint.__main__ import main
print("begun", flush=True)
main()
"""


@needs_timer
def test_an_import_is_finished_before_ctrl_c_is_raised(tmp_path, monkeypatch):
    (tmp_path / "swallows.py").write_text(SWALLOWS)
    monkeypatch.syspath_prepend(tmp_path)
    with stops_remembered():
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it comes soon after the import
            importlib.import_module("swallows")
            signal.pause()
        assert was_asked_to_stop()
    assert "swallows" in sys.modules
    assert not was_asked_to_stop()


def test_an_interrupt_that_python_loses_is_found(capfd):
    class Fragile:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    with stops_remembered():
        check_interrupt()
        Fragile()
        with pytest.raises(KeyboardInterrupt):
            check_interrupt()
    assert capfd.readouterr().err == ""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_error_that_an_interrupt_has_become_is_not_believed(monkeypatch, number):
    def loses_it(*_):
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise ModelError("onnx.sha256: String should match pattern '<unprintable str object>'") from None

    monkeypatch.setattr("xtalprint.models.class_job.load_classifier", loses_it)
    result = CliRunner().invoke(main, ["classify", str(COPPER)])
    assert (result.exit_code, result.stderr) == (130, "xtalprint: stopped.\n")


@pytest.mark.parametrize("engine", ["threads", "processes"])
@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.4, 0.7])
def test_ctrl_c_while_the_command_starts_is_one_line(seconds, engine):
    command = [sys.executable, "-c", BEGUN, "classify", *["copper.cif"] * 500, "--engine", engine]
    process = subprocess.Popen(
        command,
        cwd=COPPER.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "begun\n"
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the workers too
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told.strip()) == (130, "xtalprint: stopped.")


def test_ctrl_c_stays_ignored_where_the_process_was_started_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stops_remembered():
            signal.raise_signal(signal.SIGINT)
            check_interrupt()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
