"""The script that writes the page on property classes, on made results; the page itself, once there are results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import write_genome_pages
from pages import filled

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "genome.md").read_text(encoding="utf-8")


def figures(auc):
    return {
        "auc": auc,
        "accuracy": auc - 0.05,
        "interval_95": {"auc": [auc - 0.01, auc + 0.01]},
        "seeds": {"auc": {"mean": auc - 0.005, "standard_deviation": 0.002}},
        "members": [{"epochs": 14}, {"epochs": 20}, {"epochs": 17}],
        "less_whole": {"auc": auc - 0.93, "interval_95": [auc - 0.94, auc - 0.92]},
    }


def made_results():
    models = {
        "majority": 0.5,
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
        for task in ("metal", "stiff")
        for by_formula in (False, True)
    ]
    taken = {
        "whole": 0.93,
        "absences alone": 0.9,
        "lattice alone": 0.88,
        "shuffled": 0.89,
        "scattered": 0.8,
        "density alone": 0.7,
    }
    ablated = [
        case | {"models": {"invariants": {name: figures(auc) for name, auc in taken.items()}}} for case in cases
    ]
    ways = {"the critical ones first": [0.93, 0.6], "any": [0.93, 0.9], "the critical ones last": [0.93, 0.93]}
    counted = {"points": 343, "mean_with_a_contribution": 120.4, "mean_that_make_half": 9.6}
    return {
        "genome": {"tasks": cases, "knows_the_elements": ["composition, boosted"]},
        "genome-ablation": {"tasks": ablated, "meaning": {name: f"means {name}" for name in taken}},
        "genome-reasons": {
            "n": 1000,
            "critical_points": counted | {"rank_correlation_with_random_weights": [0.21, 0.34, 0.3]},
            "deletion": {"shares": [0.0, 0.1], **ways},
        },
    }


@pytest.fixture
def blocks():
    return write_genome_pages.blocks(made_results())


def test_the_page_has_a_place_for_every_block(blocks):
    text = filled(PAGE, blocks, topic="genome")
    assert filled(text, blocks, topic="genome") == text
    assert all(block in text for block in blocks.values())


def test_questions_and_results(blocks):
    assert "| metal | 1,234 | no 1,000, yes 234 | 31 % |" in blocks["questions"]
    assert "| composition, boosted *(knows the elements)* | 0.970 (0.960 to 0.980) |" in blocks["results"]
    assert "| invariants by two rays and distances, dense | 0.910 (0.900 to 0.920) |" in blocks["results"]
    words = " ".join(blocks["in words"].split())
    best = "invariants by two rays and distances, dense"
    assert f"- stiff, random: of those that do not know the elements {best} has the largest area" in words
    assert "0.930 (accuracy 88.0 %); ours 0.930 (single networks 0.925 ± 0.002, 14 to 20 epochs)" in words
    assert "with chemistry 0.950 (composition, boosted)." in words


def test_ablation_and_reasons(blocks):
    assert "| lattice | 0.880 | 0.880 | 0.880 | 0.880 |" in blocks["ablation"]
    claims = blocks["claims"]
    assert "| metal, by formula, invariants | 0.930 | -0.030 (-0.040 to -0.020) | -0.050 (" in claims
    assert " | -0.230 (-0.240 to -0.220) |" in claims
    reasons = " ".join(blocks["reasons"].split())
    assert "Of 343 points 120 contribute something" in reasons
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
