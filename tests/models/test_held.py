"""Two processes do not make the same at once, and a killed one holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from platform import node

import pytest

from xtalprint.errors import WrongUsageError
from xtalprint.models.held import held


def test_one_at_a_time(tmp_path):
    path = tmp_path / "new" / "cloud.lock"
    with held(path):
        with pytest.raises(WrongUsageError, match=rf"{path}: another run .*{node()} {os.getpid()}.*delete this file"):
            held(path).__enter__()
        assert path.exists()
    assert not path.exists()


def test_after_an_error_it_is_free(tmp_path):
    with pytest.raises(KeyboardInterrupt), held(tmp_path / "lock"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_taken_over(tmp_path):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (tmp_path / "lock").write_text(f"{node()} {int(gone.stdout)}")
    with held(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text().endswith(f" {os.getpid()}")


def test_of_another_machine_nothing_is_known(tmp_path):
    (tmp_path / "lock").write_text("elsewhere 1")
    with pytest.raises(WrongUsageError, match="elsewhere 1"), held(tmp_path / "lock"):
        pass
