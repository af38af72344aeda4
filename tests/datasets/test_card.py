"""The card of the data set says what the results file says."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results():
    return json.loads((ROOT / "results" / "elemental-solids.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def card():
    return (ROOT / "docs" / "cards" / "elemental-solids.md").read_text(encoding="utf-8")


def test_the_set_is_large_and_balanced_enough(results):
    whole = results["set"]
    assert whole["n"] == 10_517
    assert min(whole["by_class"].values()) >= 800
    assert len(whole["by_class"]) == 7
    assert len(whole["by_space_group"]) == 8
    assert sum(n > 0 for n in whole["by_element"].values()) == 83


def test_the_card_has_the_counts_and_hashes_of_the_results(results, card):
    whole = results["set"]
    for name, n in whole["by_class"].items():
        row = re.search(rf"^\| {re.escape(name)} \|.*$", card, re.MULTILINE)[0]
        numbers = [int(x) for x in re.findall(r"\d+", row.split("|", 3)[3])]
        assert numbers[0] == n
        assert numbers[-1] == whole["structure_types"]["by_class"][name]
    assert whole["sha256"] in card
    assert f"{results['seconds']:.0f} s for 10,517" in card
    assert f"{len(whole['another_class_at_0.1_angstrom'])} of the 10,517" in card
    for share in results["test_crystals_with_a_twin_in_training"].values():
        assert f"| {100 * share:.1f} % |" in card
    margins = re.search(r"^\| crystals \|(.*)\|$", card, re.MULTILINE)[1]
    assert [int(x.replace(",", "")) for x in margins.split("|")] == list(whole["by_margin"].values())


def test_the_card_has_the_excluded_ratios_of_the_results(results, card):
    for family in results["excluded_c_over_a_at_margin_0.06"].values():
        for low, high in family.values():
            assert f"{low:.3f} to {high:.3f}" in card
