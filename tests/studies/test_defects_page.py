"""The page on defects has the numbers of the committed run, beside those of the paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xtalprint.models.registry import load_manifest
from xtalprint.studies.defects_counts import (
    ALL,
    BEST,
    DEFAULT,
    FIRST,
    ORACLE,
    PERIODIC,
    PUBLISHED,
    RESCALED,
    SEARCHED,
    SHIPPED,
    SIMPLE,
    SINGLE,
    UNSEEN,
)
from xtalprint.studies.defects_levels import LEVELS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "defects.md").read_text(encoding="utf-8")
RESULTS = json.loads((ROOT / "results" / "defects" / "results.json").read_text(encoding="utf-8"))
NAMES = [level["name"] for level in RESULTS["levels"]]
ON_THE_SAME = (
    *(DEFAULT, PERIODIC, PUBLISHED, SHIPPED),
    *("spglib tight", "spglib medium", "spglib loose", SINGLE, BEST, ORACLE),
)
#: Levels whose errors the page tells by distance from another class; the distances; words for the two methods.
SHOWN = ("pristine", "σ = 0.06 Å", "σ = 0.1 Å", "40 % vacancies", "60 % vacancies", "70 % vacancies")
MARGINS = ("0.06", "0.08", "0.1", "0.15", "0.2")
NAME = {DEFAULT: "piece", PERIODIC: "periodic"}
MATCHING = ("PTM, rmsd < 0.1", "PTM, no cutoff")


def percent(counted):
    return f"{100 * counted['accuracy']:.2f}"


def with_interval(counted):
    low, high = (100 * share for share in counted["interval_95"])
    return f"{percent(counted)} ({low:.2f} to {high:.2f})"


def short(counted):
    return f"{100 * counted['accuracy']:.1f}"


def rows_of(level):
    """Rows of a level in the three tables of the page."""
    counts, paper = level["accuracy"], level["paper"]
    networks = [
        f"{paper['network']:.2f}",
        with_interval(counts[ALL][DEFAULT]),
        with_interval(counts[ALL][PERIODIC]),
        with_interval(counts[ALL][PUBLISHED]),
        short(counts[FIRST][RESCALED]),
        with_interval(counts[UNSEEN][SHIPPED]),
    ]
    same = []
    for method in ON_THE_SAME:
        theirs = f" ({paper[method]:.2f})" if method in paper else ""
        same.append(short(counts[SEARCHED][method]) + theirs)
    simple = [short(counts[SIMPLE][method]) for method in (DEFAULT, PERIODIC, PUBLISHED, SHIPPED, *MATCHING)]
    everything = [short(counts[SEARCHED][method]) for method in MATCHING]
    tables = (networks, same, [*simple, *everything])
    return ["| " + " | ".join([level["name"], *cells]) + " |" for cells in tables]


def test_the_run_is_the_full_one_of_the_shipped_networks():
    assert not RESULTS["quick"]
    assert [level.name for level in LEVELS] == NAMES
    assert RESULTS["structures"]["set_is_that_of_the_published_network"]
    assert RESULTS["structures"]["n"] >= 1000
    assert RESULTS["classified"][PUBLISHED] >= 100_000
    for method, name in (
        (PUBLISHED, "crystal-class-published"),
        (SHIPPED, "crystal-class-image"),
        (DEFAULT, "crystal-class"),
    ):
        assert RESULTS["models"][method]["weights_sha256"] == load_manifest(name)[0].weights.onnx.sha256


@pytest.mark.parametrize("level", RESULTS["levels"], ids=NAMES)
def test_each_row_of_the_page_is_that_of_the_results(level):
    for row in rows_of(level):
        assert row in PAGE


def test_the_page_says_how_many():
    about, classified = RESULTS["structures"], RESULTS["classified"]
    numbers = [about["n"], about["n_unseen_by_both_networks"], about["n_searched"], about["n_simple"]]
    for number in (*numbers, classified[PUBLISHED], classified[SHIPPED]):
        assert f"{number:,}" in PAGE
    assert RESULTS["one_tolerance_of_moyopy"].removeprefix("moyopy ") in PAGE


def test_each_share_by_bond_length_stands_on_the_page():
    for method in (DEFAULT, PERIODIC, PUBLISHED, SHIPPED):
        cells = [percent(counted) for counted in RESULTS["displacement_over_bond_length"][method].values()]
        assert " | ".join([method, *cells]) in PAGE


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
    substituted = {counted["right"] / counted["n"] for name, counted in level.items() if "substitutions" in name}
    assert substituted == {level["pristine"]["right"] / level["pristine"]["n"]}
    periodic = {level["name"]: level["accuracy"][ALL][PERIODIC] for level in RESULTS["levels"]}
    cells = [percent(periodic[name]) for name in ("pristine", "σ = 0.06 Å", "σ = 0.1 Å", "70 % vacancies")]
    assert f"{cells[0]} % pristine, {cells[1]} % at 0.06 Å, {cells[2]} % at 0.1 Å, {cells[3]} % with 70 %" in text


@pytest.mark.parametrize("method", [DEFAULT, PERIODIC])
def test_errors_by_margin_stand_on_the_page(method):
    for level in RESULTS["levels"]:
        if level["name"] in SHOWN:
            wrong = {
                margin: counted["n"] - counted["right"] for margin, counted in level["by_margin"][method].items()
            }
            assert len(wrong) == len(MARGINS)
            cells = [f"{wrong[margin]} of {level['by_margin'][method][margin]['n']:,}" for margin in MARGINS]
            assert f"| {level['name']} | {NAME[method]} | " + " | ".join(cells) + " |" in PAGE


def test_each_wrong_pristine_structure_stands_on_the_page():
    [pristine] = [level for level in RESULTS["levels"] if level["name"] == "pristine"]
    for method in (DEFAULT, PERIODIC):
        for wrong in pristine["wrong_structures"][method]:
            [called] = wrong["called"]
            assert (
                f"| {wrong['frame']} | {NAME[method]} | {wrong['truth']} | {called} | {wrong['sites']} | "
                f"{wrong['bond_angstrom']:.2f} | {wrong['margin']:g} |"
            ) in PAGE


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
    slight = level["σ = 0.001 Å"]
    n, structures = slight["accuracy"][ALL][PERIODIC]["n"], len(slight["wrong_structures"][PERIODIC])
    lost = wrong("σ = 0.001 Å", lambda _: True)
    assert f"cost periodic crystals {lost} of {n:,} answers, all about {structures} structures" in text
    [only] = level["pristine"]["wrong_structures"][PERIODIC]
    assert only["frame"] in {w["frame"] for w in slight["wrong_structures"][PERIODIC]}
    assert [w["margin"] for w in level["pristine"]["wrong_structures"][DEFAULT]] == [0.1, 0.08, 0.2]
