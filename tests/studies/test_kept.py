"""What a long study keeps until it is finished."""

from __future__ import annotations

import pytest

from xtalprint.studies import kept
from xtalprint.studies.kept import keeping


@pytest.fixture
def found(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    counts = []

    def find():
        counts.append(1)
        return {"answers": [[0, "fcc"], [1, None]]}

    return find, counts


def asked_and_stopped(find, *about):
    with keeping("made", *about, keep=True) as parts:
        parts.part("one", find)
        raise KeyboardInterrupt


def stopped(find, *about):
    with pytest.raises(KeyboardInterrupt):
        asked_and_stopped(find, *about)


def test_a_study_that_was_stopped_goes_on(found, tmp_path):
    find, counts = found
    stopped(find, 0)
    with keeping("made", 0, keep=True) as parts:
        assert parts.part("one", find) == find()
        assert len(counts) == 2, "once at first, and once for this comparison"
    assert not list(tmp_path.rglob("*.json")), "a finished study leaves nothing"


def test_another_seed_or_other_code_starts_anew(found, monkeypatch, tmp_path):
    find, counts = found
    stopped(find, 0)
    stopped(find, 1)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("changed = True\n")
    monkeypatch.setattr("xtalprint.studies.kept.SOURCE", package)
    stopped(find, 0)
    assert len(counts) == 3


def test_a_quick_study_keeps_nothing(found, tmp_path):
    find, counts = found
    with keeping("made", 0, keep=False) as parts:
        assert parts.part("one", find) == parts.part("one", find)
    assert len(counts) == 2
    assert not list(tmp_path.rglob("*.json"))


def test_tables_of_the_package_are_told_apart_and_weights_are_not(monkeypatch, tmp_path):
    monkeypatch.setattr(kept, "SOURCE", tmp_path)
    (tmp_path / "weights").mkdir()
    (tmp_path / "form_factors.npz").write_bytes(b"one")
    before = kept.digest_of()
    (tmp_path / "weights" / "model.json").write_bytes(b"new")
    assert kept.digest_of() == before
    (tmp_path / "form_factors.npz").write_bytes(b"two")
    assert kept.digest_of() != before
