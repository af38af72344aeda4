"""The page on elastic moduli has the numbers of the committed runs, beside the published ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stiffness_study_parts import BULK_MODULUS
from write_stiffness_pages import part

from xtalprint.models.stiffness import WEIGHTS, KernelSettings
from xtalprint.models.stiffness_network import NetworkSettings
from xtalprint.studies.bulk_modulus import PUBLISHED, TUNED
from xtalprint.studies.stiffness_model import BEST
from xtalprint.studies.stiffness_ways import TreeSettings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "bulk-modulus.md").read_text(encoding="utf-8")
NAMES = ("bulk modulus", "shear modulus")
STUDIES = ("bulk-modulus", "stiffness-model", "stiffness-by-formula", "stiffness-kernels")


def page():
    return " ".join(TEXT.split())


def committed(name):
    return json.loads((ROOT / "results" / name / "results.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BULK_MODULUS)
def test_a_part_is_what_the_script_writes(name):
    assert part(TEXT, name)[2] == BULK_MODULUS[name]()


@pytest.mark.parametrize("name", STUDIES)
def test_the_committed_runs_are_whole(name):
    results = committed(name)
    assert not results["quick"]
    assert results["command"] in page()


def test_the_nearest_neighbours():
    """Not by way of the functions that write the page."""
    results, text = committed("bulk-modulus"), page()
    tuned, folds = (results["bulk modulus"][key]["tuned"] for key in ("released_split", "folds"))
    assert f"| tuned | | {tuned['MAE, GPa']:.1f} | {tuned['median error, GPa']:.1f} |" in text
    assert f"| tuned | {folds['MAE, GPa']:.1f} ± {folds['standard error, MAE, GPa']:.1f} |" in text
    assert f"{results['n_training']:,} for training and {results['n_test']:,} for testing" in text


def test_which_published_figures_are_reproduced():
    released = committed("bulk-modulus")["bulk modulus"]["released_split"]
    away = {way: abs(released[way]["MAE, GPa"] - value) for way, value in PUBLISHED["MAE, GPa"].items()}
    assert {way for way, difference in away.items() if difference > 0.3} == {"RDF"}
    assert f"differs by {away['RDF']:.1f} GPa" in page()


def test_the_changelog():
    text = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    released = committed("bulk-modulus")["bulk modulus"]["released_split"]
    best, tuned = (released[way]["MAE, GPa"] for way in ("10 GRID + composition", TUNED))
    assert f"{best:.1f} GPa for ten times GRID plus composition (published 17.4), {tuned:.1f} GPa with" in text
    model, by_formula = committed("stiffness-model"), committed("stiffness-by-formula")
    bulk, shear = (model[name]["ways"][BEST] for name in NAMES)
    assert f"a MAE of {bulk['MAE, GPa']:.1f} GPa and {bulk['MAE of log10']:.3f} of log10 for the bulk modulus" in text
    grouped = by_formula["bulk modulus"]["ways"][BEST]["MAE, GPa"]
    assert (
        f"{grouped:.1f} GPa where no formula is in two folds, and {shear['MAE, GPa']:.1f} GPa for the shear" in text
    )


def test_the_interpretable_model():
    results, text = committed("stiffness-model"), page()
    best = results["bulk modulus"]["ways"][BEST]
    assert f"| {BEST} | {best['MAE, GPa']:.2f} ± " in text
    assert f"{results['n']:,} crystals" in text
    assert f"{sum(results['numbers'].values())} numbers" in text
    for group, n in results["numbers"].items():
        assert f"| {group} | {n} |" in text
    assert best["MAE, GPa"] <= 11.0
    assert best["MAE of log10"] <= 0.062


def test_the_settings_are_those_of_the_run():
    settings = committed("stiffness-model")["settings"]
    assert settings["kernel"] == vars(KernelSettings())
    assert settings["boosted trees"] == vars(TreeSettings())
    network = NetworkSettings()
    assert settings["network"] == vars(network) | {"hidden": list(network.hidden)}
    assert settings["weights of the groups"] == WEIGHTS


def test_the_aim_that_was_missed_is_told():
    text = page()
    assert "coNGN and ALIGNN are better" in text
    assert "The aim of this work, to be below coNGN (7.98 GPa), was missed." in text


def test_which_regularisation_wins():
    results, text = committed("stiffness-kernels"), page()
    for name, way in results["best_by_cross_validation"].items():
        rows = [one for one in results["models"] if one["descriptor"] == name]
        assert way == min(rows, key=lambda one: one["cross-validated MAE of log10"])["way"]
        [won] = [one for one in rows if one["way"] == way]
        assert f"| {name} | {way} | " in text
        assert f"| {won['test, MAE, GPa']:.1f} | " in text
    assert f"The report says: {results['published']['report']}" in text
