"""The script that writes the page on property classes, on made results; the page itself, once there are results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import write_genome_pages
from pages import filled

from xtalprint.studies.genome_ablation import BESIDE
from xtalprint.studies.genome_pictures import draw_genome, models_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "genome.md").read_text(encoding="utf-8")


def both(value):
    return {"auc": value, "accuracy": value - 0.05}


def less(value, other):
    low, high = (both(value - other + end) for end in (-0.01, 0.01))
    interval = {
        name: [low[name] + 0.05 * (name == "accuracy"), high[name] + 0.05 * (name == "accuracy")] for name in low
    }
    return {"auc": value - other, "accuracy": value - other, "interval_95": interval}


def figures(auc):
    ends = {name: [value - 0.01, value + 0.01] for name, value in both(auc).items()}
    seeds = {name: {"mean": value - 0.005, "standard_deviation": 0.002} for name, value in both(auc).items()}
    members = [{"epochs": 14}, {"epochs": 20}, {"epochs": 17}]
    return both(auc) | {"interval_95": ends, "seeds": seeds, "members": members}


def made_results():
    models = {
        "majority": 0.5,
        "volume and density, boosted": 0.75,
        "composition, boosted": 0.97,
        "invariants by two rays and distances, dense": 0.93,
        "PointNet, 343 points": 0.91,
    }
    cases = [
        {
            "task": task,
            "n": 1234,
            "classes": {"no": 1000, "yes": 234},
            "share_of_test_with_formula_in_training": 0.0 if by_formula else 0.31,
            "split": {"by_formula": by_formula, "seed": 0},
            "split_name": ("random", "by formula")[by_formula],
            "models": {name: figures(auc - 0.02 * by_formula) for name, auc in models.items()},
        }
        for task in ("crystal-system", "stiff")
        for by_formula in (False, True)
    ]
    left = {
        "whole": 0.93,
        "absences and density": 0.9,
        "absences alone": 0.88,
        "lattice and density": 0.87,
        "lattice alone": 0.84,
        "jittered": 0.91,
        "scattered": 0.85,
        "density alone": 0.7,
    }
    ablated = {
        name: figures(value)
        | {"less": {other: less(value, left[other]) for other in ("whole", *BESIDE.get(name, ()))}}
        for name, value in left.items()
    }
    ways = {"the critical ones first": [0.93, 0.6], "any": [0.93, 0.9], "the critical ones last": [0.93, 0.93]}
    counted = {
        "points": 343,
        "mean_with_a_contribution": 120.4,
        "mean_that_make_half": 9.6,
        "share_of_the_origin": 0.2,
    }
    return {
        "genome": {"tasks": cases, "knows_the_elements": ["composition, boosted"]},
        "genome-ablation": {
            "tasks": [case | {"models": {"invariants": ablated}} for case in cases],
            "meaning": {name: f"means {name}" for name in left},
        },
        "genome-reasons": {
            "n": 1000,
            "critical_points": counted | {"rank_correlation_with_random_weights": [0.21, 0.34, 0.3]},
            "deletion": {"shares": [0.0, 0.1], **ways},
            "by_length": {
                "edges": [0.0, 0.25, 0.5, 0.75],
                "points": [0.1, 0.2, 0.7],
                "contribution": [0.4, 0.2, 0.4],
            },
        },
    }


@pytest.fixture
def blocks():
    return write_genome_pages.blocks(made_results())


def test_the_page_has_a_place_for_every_block(blocks):
    text = filled(PAGE, blocks, topic="genome")
    assert filled(text, blocks, topic="genome") == text
    assert all(block in text for block in blocks.values())


def test_models_stand_in_the_order_of_the_task_that_has_most():
    cases = [{"models": {"a": 1, "c": 1}}, {"models": {"a": 1, "b": 1, "c": 1}}, {"models": {"d": 1}}]
    assert models_of(cases) == ["a", "b", "c", "d"]


def test_bins_of_few_answers_are_not_drawn():
    case = made_results()["genome"]["tasks"][1]
    bins = [{"n": n, "probability": 0.01 * n, "right": 0.5} for n in (1, 20)]
    case = case | {"models": {name: one | {"reliability": bins} for name, one in case["models"].items()}}
    [_, believed] = draw_genome([case]).axes
    _, *curves = believed.get_lines()
    assert [list(curve.get_xdata()) for curve in curves] == [[0.2], [0.2]]


def test_questions_and_results(blocks):
    assert (
        "| stiff | a calculated bulk modulus over 85 GPa | 1,234 | no 1,000, yes 234 | 31 % |" in blocks["questions"]
    )
    assert "|  | crystal-system (accuracy) | stiff |" in blocks["results"]
    row = "| composition, boosted *(knows the elements)* | 0.920 (0.910 to 0.930) | 0.970 (0.960 to 0.980) |"
    assert row in blocks["results"]
    words = " ".join(blocks["in words"].split())
    best = "invariants by two rays and distances, dense"
    assert f"- stiff, random, AUC: without the elements best 0.930 ({best}); our networks 0.930 (single" in words
    assert "(single ones 0.925 ± 0.002, 14 to 20 epochs), the PointNet 0.910 (" in words
    assert "volume and density alone 0.750; with the elements 0.970 (composition, boosted)" in words
    assert "- crystal-system, by formula, accuracy: without the elements best 0.860" in words


def test_ablation_and_worth(blocks):
    assert "| whole | **0.880** | **0.880** | **0.930** | **0.930** |" in blocks["ablation"]
    assert "| lattice alone | 0.790 (-0.090, -0.100 to -0.080)" in blocks["ablation"]
    [row] = [line for line in blocks["worth"].splitlines() if line.startswith("| stiff, by formula, invariants |")]
    gains = (0.02, 0.03, 0.03, 0.17, 0.15, 0.03)
    texts = [f"{gain:+.3f}, {gain - 0.01:+.3f} to {gain + 0.01:+.3f}" for gain in gains]
    assert row.endswith(f"| {' | '.join(texts)} |")


def test_pattern_or_intensities(blocks):
    row = "| stiff, by formula, invariants | 0.700 | 0.900 | 0.850 | 0.930 | +0.050, +0.040 to +0.060 |"
    assert row in blocks["either"]


def test_numbers_that_are_written_alike_are_one():
    results = made_results()["genome-reasons"]
    alike = results["critical_points"] | {"rank_correlation_with_random_weights": [0.401, 0.404]}
    assert "with theirs is 0.40 (1" in " ".join(
        write_genome_pages._reasons(results | {"critical_points": alike}).split()
    )


def test_reasons(blocks):
    reasons = " ".join(blocks["reasons"].split())
    assert "Of 343 points 120 contribute something" in reasons
    assert (
        "20 % of that sum are of the origin, the electron density; points within 0.5 1/Å, the origin among them, are "
        "30 % of all and have 60 %" in reasons
    )
    assert "the rank correlation of the amounts with theirs is 0.21 to 0.34" in reasons
    assert "| any | 0.930 | 0.900 |" in reasons
    assert "leaves an AUC of 0.600 of 0.930; any tenth leaves 0.900, the least critical tenth 0.930." in reasons


def test_the_page_is_as_the_script_writes_it():
    missing = [study for study in write_genome_pages.STUDIES if not (ROOT / "results" / study).is_dir()]
    if missing:
        pytest.skip(f"no full run of {', '.join(missing)} is committed yet")
    results = {
        study: json.loads((ROOT / "results" / study / "results.json").read_text(encoding="utf-8"))
        for study in write_genome_pages.STUDIES
    }
    assert not any(one["quick"] for one in results.values())
    assert filled(PAGE, write_genome_pages.blocks(results), topic="genome") == PAGE
