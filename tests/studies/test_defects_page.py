"""The page on defects has the numbers of the committed run, beside those of the paper."""

from __future__ import annotations

import json
from pathlib import Path

from pages import filled
from write_defects_page import blocks, percent, short

from xtalprint.models.registry import load_manifest
from xtalprint.studies.defects_counts import (
    ALL,
    DEFAULT,
    FIRST,
    PERIODIC,
    PUBLISHED,
    RESCALED,
    SEARCHED,
    SHIPPED,
    UNSEEN,
)
from xtalprint.studies.defects_levels import LEVELS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "defects.md").read_text(encoding="utf-8")
RESULTS = json.loads((ROOT / "results" / "defects" / "results.json").read_text(encoding="utf-8"))
NAMES = [level["name"] for level in RESULTS["levels"]]


def test_the_run_is_the_full_one_of_the_shipped_networks():
    assert not RESULTS["quick"]
    assert [level.name for level in LEVELS] == NAMES
    assert RESULTS["structures"]["set_is_that_of_the_published_network"]
    assert RESULTS["structures"]["n"] >= 1000
    assert RESULTS["classified"][PUBLISHED] >= 100_000
    networks = {PUBLISHED: "crystal-class-published", SHIPPED: "crystal-class-image", DEFAULT: "crystal-class"}
    for method, name in networks.items():
        assert RESULTS["models"][method]["weights_sha256"] == load_manifest(name)[0].weights.onnx.sha256


def test_the_tables_are_as_the_script_writes_them():
    assert filled(PAGE, blocks(RESULTS), topic="defects") == PAGE


def test_the_page_says_how_many():
    about, classified = RESULTS["structures"], RESULTS["classified"]
    numbers = [about["n"], about["n_unseen_by_both_networks"], about["n_searched"], about["n_simple"]]
    for number in (*numbers, classified[PUBLISHED], classified[SHIPPED]):
        assert f"{number:,}" in PAGE
    one = RESULTS["one_tolerance_of_moyopy"]
    assert one.removeprefix("moyopy ") in PAGE
    [noisy] = [level["accuracy"][SEARCHED] for level in RESULTS["levels"] if level["name"] == "σ = 0.1 Å"]
    assert f"for {short(noisy[one])} % at 0.1 Å" in " ".join(PAGE.split())


def test_what_the_page_says_in_words():
    level = {level["name"]: level for level in RESULTS["levels"]}
    network = {name: level[name]["published_network"] for name in level}
    text = " ".join(PAGE.split())
    for name in ("pristine", "σ = 0.06 Å", "σ = 0.1 Å", "70 % vacancies"):
        assert f"{percent(level[name]['accuracy'][ALL][PUBLISHED])} %" in text
    for name in ("σ = 0.1 Å", "70 % vacancies"):
        assert f"{short(level[name]['accuracy'][FIRST][RESCALED])} %" in text
    by_class = {name: 100 * counted["accuracy"] for name, counted in network["σ = 0.1 Å"]["by_class"].items()}
    assert min(by_class[name] for name in ("hex/rh", "diam", "bct_139", "bct_141")) > 97
    assert f"fall to {by_class['fcc']:.0f} and {by_class['bcc']:.0f} %" in text
    tenth = network["10 % substitutions"]
    below, above = (short(tenth[f"bonds {where} 2 Å"]) for where in ("below", "from"))
    assert f"{below} % where bonds are below 2 Å, {above} % elsewhere" in text
    assert f"{short(network['σ = 0.06 Å']['bonds from 2 Å'])} % at 0.06 Å" in text
    for share in (1, 2, 5, 10, 15, 20):
        unseen = level[f"{share} % vacancies"]["accuracy"][UNSEEN]
        assert unseen[PUBLISHED]["right"] >= unseen[SHIPPED]["right"]


def test_what_the_page_says_of_the_default_model():
    level = {level["name"]: level["accuracy"][ALL][DEFAULT] for level in RESULTS["levels"]}
    text = " ".join(PAGE.split())
    assert f"{percent(level['pristine'])} % pristine, {percent(level['σ = 0.1 Å'])} % at 0.1 Å" in text
    assert f"70 % of the atoms missing {percent(level['70 % vacancies'])} % (paper: 89.05)" in text
    for share, paper in ((60, 97.18), (70, 89.05)):
        assert 100 * level[f"{share} % vacancies"]["accuracy"] > paper
    assert max(counted["accuracy"] for counted in level.values()) < 1
    substituted = {counted["right"] / counted["n"] for name, counted in level.items() if "substitutions" in name}
    assert substituted == {level["pristine"]["right"] / level["pristine"]["n"]}
    periodic = {level["name"]: level["accuracy"][ALL][PERIODIC] for level in RESULTS["levels"]}
    perfect = {name for name, counted in (level | periodic).items() if counted["accuracy"] == 1}
    assert perfect == {f"σ = {sigma} Å" for sigma in (0.002, 0.003, 0.004, 0.005, 0.01)}
    half = "50 % vacancies"
    assert f"{percent(level[half])} % are right as a piece and {percent(periodic[half])} % periodic" in text
    cells = [percent(periodic[name]) for name in ("pristine", "σ = 0.06 Å", "σ = 0.1 Å", "70 % vacancies")]
    assert f"{cells[0]} % pristine, {cells[1]} % at 0.06 Å, {cells[2]} % at 0.1 Å, {cells[3]} % with 70 %" in text


def test_what_the_page_says_of_the_errors():
    level, text = {level["name"]: level for level in RESULTS["levels"]}, " ".join(PAGE.split())

    def wrong(name, condition):
        of = level[name]["wrong_structures"][PERIODIC]
        return sum(sum(w["called"].values()) for w in of if condition(w))

    def is_far(structure):
        return structure["margin"] >= 0.1

    far = sum(
        counted["n"] for margin, counted in level["σ = 0.06 Å"]["by_margin"][PERIODIC].items() if float(margin) >= 0.1
    )
    assert wrong("σ = 0.06 Å", is_far) == 0
    assert f"all {wrong('σ = 0.06 Å', lambda _: True)} wrong answers" in text
    assert f"of the {far:,} answers about the others none is wrong" in text
    short = wrong("σ = 0.1 Å", lambda w: is_far(w) and w["bond_angstrom"] < 0.7)
    assert f"At 0.1 Å {wrong('σ = 0.1 Å', is_far)} of these are, and {short} of the" in text
    for name in ("σ = 0.002 Å", "σ = 0.003 Å", "σ = 0.004 Å", "σ = 0.005 Å", "σ = 0.01 Å"):
        assert not level[name]["wrong_structures"][PERIODIC]
    least = min(map(float, level["pristine"]["by_margin"][PERIODIC]))
    of_boxes = level["pristine"]["wrong_structures"][PERIODIC]
    assert [(w["truth"], w["called"], w["margin"]) for w in of_boxes] == [("bcc", {"fcc": 1}, least)] * 2
