"""The study of the per-atom model on a data set of two small frames."""

from __future__ import annotations

import json

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.geometry import supercell
from xtalprint.io import to_ase
from xtalprint.studies import atom_class
from xtalprint.studies.base import run_study


@pytest.fixture
def frames(tmp_path, monkeypatch):
    from ase.io import write  # noqa: PLC0415 - heavy

    folder = tmp_path / "data" / "md"
    folder.mkdir(parents=True)
    copper = Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
    gas = Crystal(np.random.default_rng(0).uniform(0, 60, (60, 3)), ["Ar"] * 60, cell=60 * np.eye(3))
    for name, crystal in (("solid", supercell(copper, (4, 4, 4))), ("gas", gas)):
        write(folder / f"{name}.extxyz", to_ase(crystal))
    pytest.importorskip("ovito")
    (folder / "index.csv").write_text("file,class\nsolid.extxyz,fcc\ngas.extxyz,liquid\n", encoding="utf-8")
    monkeypatch.setenv("XTALPRINT_DATA", str(tmp_path / "data"))


@pytest.mark.usefixtures("frames")
def test_the_study_counts_atoms(tmp_path, monkeypatch):
    monkeypatch.setattr(atom_class, "BOUNDARIES", atom_class.BOUNDARIES[:1])
    monkeypatch.setattr(atom_class, "TEMPERATURES", (0.4,))
    monkeypatch.setattr(atom_class, "LIQUIDS", (1.5,))
    monkeypatch.setattr(atom_class, "STEPS", 50)
    run_study("atom-class", tmp_path / "out", quick=True)
    found = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    solid, gas = found["frames"]
    assert (solid["name"], solid["atoms"], solid["right"], solid["others"]) == ("solid", 64, 1.0, {})
    assert (gas["class"], gas["atoms"]) == ("none", 60)
    assert gas["right"] > 0.9
    assert (solid["ptm_0.1"], solid["ptm_no_cutoff"]) == (1.0, 1.0)
    assert gas["ptm_0.1"] > 0.9
    assert [row["name"] for row in found["made"]] == ["fcc", "bcc", "hcp", "liquid"]
    assert (tmp_path / "out" / "atom-class.png").stat().st_size > 1000
