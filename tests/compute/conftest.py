from pathlib import Path

import pytest


@pytest.fixture
def toy(monkeypatch):
    """The module of toy jobs, where worker processes find it too: they are given the path of modules."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import toy_job  # noqa: PLC0415 - found only now

    return toy_job
