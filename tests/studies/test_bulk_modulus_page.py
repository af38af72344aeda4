"""The page on elastic moduli has the numbers of the committed runs, beside the published ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xtalprint.models.stiffness import KernelSettings, TreeSettings
from xtalprint.models.stiffness_network import NetworkSettings
from xtalprint.studies.bulk_modulus import FOLDED, NEAREST, PUBLISHED, TUNED
from xtalprint.studies.stiffness_model import BEST, WAYS

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("bulk modulus", "shear modulus")
STUDIES = ("bulk-modulus", "stiffness-model", "stiffness-by-formula")


def page():
    return " ".join((ROOT / "docs" / "bulk-modulus.md").read_text(encoding="utf-8").split())


def committed(name):
    return json.loads((ROOT / "results" / name / "results.json").read_text(encoding="utf-8"))


def row(*cells):
    return " ".join(("| " + " | ".join(str(cell) for cell in cells) + " |").split())


def four(errors):
    return [
        f"{errors['MAE, GPa']:.1f}",
        f"{errors['median error, GPa']:.1f}",
        f"{errors['RMSE, GPa']:.1f}",
        f"{errors['MAE of log10']:.3f}",
    ]


def rows_of_neighbours(results, name):
    released = results[name]["released_split"]
    for way in (*NEAREST, TUNED, "mean of training"):
        published = PUBLISHED["MAE, GPa"].get(way, "") if name == "bulk modulus" else ""
        yield row(way, published, *four(released[way])) if name == "bulk modulus" else row(way, *four(released[way]))


def rows_of_folds(results):
    for way in FOLDED:
        cells = []
        for name in NAMES:
            found = results[name]["folds"][way]
            cells.append(f"{found['MAE, GPa']:.1f} ± {found['standard error, GPa']:.1f}")
        yield row(way, *cells)


def rows_of_curve(results):
    for point in results["bulk modulus"]["learning_curve"]:
        ways = [f"{value:.1f}" for name, value in point.items() if name != "n_training"]
        yield row(f"{point['n_training']:,}", *ways)


def rows_of_ways(results, by_formula, name):
    for way in WAYS:
        found, grouped = results[name]["ways"][way], by_formula[name]["ways"][way]
        cells = []
        for one in (found, grouped):
            cells.append(f"{one['MAE, GPa']:.2f} ± {one['standard error, MAE, GPa']:.2f}")
            cells.append(f"{one['MAE of log10']:.4f} ± {one['standard error, MAE of log10']:.4f}")
        yield row(way, *cells)


def rows_of_ablation(results):
    for found in results["ablation"]:
        yield row(found["numbers"], *(f"{found[f'{name}, MAE, GPa']:.1f}" for name in NAMES))


def rows_of_intervals(results, by_formula):
    for split, of in (("random", results), ("by formula", by_formula)):
        for name in NAMES:
            found = of[name]["intervals"]
            parts = [f"{100 * part['coverage']:.1f}" for part in found["by_width"]]
            yield row(
                f"{name}, {split}",
                f"{100 * found['coverage']:.1f}",
                f"{found['median_half_width_of_log10']:.3f}",
                f"{parts[0]} to {parts[-1]}",
            )


def rows_of_others(results):
    for other, found in results["published_matbench"].items():
        yield row(other, f"{found['MAE, GPa']:g}", f"{found['MAE of log10']:.4f}")


@pytest.mark.parametrize("name", STUDIES)
def test_the_committed_runs_are_whole(name):
    results = committed(name)
    assert not results["quick"]
    assert results["command"] in page()


def test_the_nearest_neighbours():
    results, text = committed("bulk-modulus"), page()
    for name in NAMES:
        for line in rows_of_neighbours(results, name):
            assert line in text
    for line in (*rows_of_folds(results), *rows_of_curve(results)):
        assert line in text
    assert f"{results['n_training']:,} for training and {results['n_test']:,} for testing" in text
    for name in NAMES:
        chosen = results[name]["chosen"]
        assert f"{chosen['weight']:g} {chosen['structure']} + composition" in text
        assert f"{chosen['neighbours']} neighbours" in text
    assert f"{results['shear modulus']['outliers_left_out']} of them are left out" in text


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
    results, by_formula, text = committed("stiffness-model"), committed("stiffness-by-formula"), page()
    for name in NAMES:
        for line in rows_of_ways(results, by_formula, name):
            assert line in text
    lines = (*rows_of_ablation(results), *rows_of_intervals(results, by_formula), *rows_of_others(results))
    for line in lines:
        assert line in text
    assert f"{results['n']:,} crystals" in text
    assert f"{sum(results['numbers'].values())} numbers" in text
    for group, n in results["numbers"].items():
        assert f"| {group} | {n} |" in text
    for point in results["learning_curve"]:
        assert f"{point['n_training']:,} crystals: {point['bulk modulus, MAE, GPa']:.1f} GPa" in text
    best = results["bulk modulus"]["ways"][BEST]
    assert best["MAE, GPa"] <= 11.0
    assert best["MAE of log10"] <= 0.062
    assert results["settings"]["kernel"] == vars(KernelSettings())
    assert results["settings"]["boosted trees"] == vars(TreeSettings())
    network = NetworkSettings()
    assert results["settings"]["network"] == vars(network) | {"hidden": list(network.hidden)}
