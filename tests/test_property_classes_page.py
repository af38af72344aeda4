"""The page on property classes shows what the shipped model says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pages import committed
from write_property_classes_page import ASKED, record, table, textbook
from write_stiffness_pages import EXAMPLE, part

import xtalprint as xp
from xtalprint.models.registry import read_manifest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "property-classes.md").read_text(encoding="utf-8")


def inside(name):
    return part(TEXT, name)[2].split("\n", 1)[1].removesuffix("\n```")


def test_the_table_is_what_is_printed():
    assert inside("example") == table()
    assert all(inside("example").count(name) == len(EXAMPLE) for name in ASKED)


def test_the_record_is_what_is_written():
    shown, written = json.loads(inside("record")), record()
    assert shown.pop("probabilities") == pytest.approx(written.pop("probabilities"), abs=1e-4)
    assert shown.pop("probability") == pytest.approx(written.pop("probability"), abs=1e-4)
    assert shown == written


def test_the_snippet_says_so():
    model = xp.load_model("property-classes")
    [crystal] = xp.read(ROOT / "examples" / "data" / "copper.cif")
    answers = model.predict_one(crystal).answers
    assert f"{answers['metal'].value} {answers['crystal-system'].value}\n" in TEXT


def test_every_question_is_named():
    manifest = read_manifest("property-classes")[0]
    assert all(f"| `{name}` |" in TEXT for name in manifest.questions)


def test_targets_that_were_reached_stay_reached():
    metrics = read_manifest("property-classes")[0].metrics
    assert min(metrics["crystal-system"][split]["accuracy"] for split in ("random", "by formula")) >= 0.98
    assert min(metrics["stiff"][split]["auc"] for split in ("random", "by formula")) >= 0.95


def test_the_changelog_has_the_figures():
    metrics = read_manifest("property-classes")[0].metrics
    text = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    for name in ("stiff", "shear-stiff", "stable"):
        random, by_formula = (metrics[name][split]["auc"] for split in ("random", "by formula"))
        assert f"{name} {random:.3f} and {by_formula:.3f}" in text.replace("of stiff", "stiff")


def test_textbook_crystals_are_those_of_the_study():
    found = committed("textbook")
    assert not found["quick"]
    assert found["model"]["weights_sha256"] == read_manifest("property-classes")[0].weights.onnx.sha256
    assert textbook(found) in TEXT
    wrong = {one["name"] for one in found["questions"]["metal"]["not_as_expected"]}
    assert wrong >= {"CdTe", "BaO", "AgCl", "NiO", "Ne"}, "named on the card"
    assert found["questions"]["metal"]["by_expected"]["False"] == {"n": 64, "right": 64 - 31}, "half of them"
    assert found["questions"]["metal"]["by_expected"]["True"] == {"n": 48, "right": 48}
    level = found["crystal_system_with_noise"]["0.02"]
    shares = [f"{100 * level[way]['right'] / level[way]['n']:.0f} %" for way in ("model", "symmetry search")]
    assert shares == ["47 %", "98 %"], "in the changelog"
    assert found["melted"]["known"]["stiff"] > found["melted"]["n"] / 2
    unknown = {name for one in found["questions"].values() for name in one["unknown"]}
    assert unknown == {"V", "Be"}
