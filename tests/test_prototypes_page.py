"""The page on the prototypes says what the committed results say, and these are of the model that is shipped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from measure_piece_ratios import table

from xtalprint import Crystal, load_model
from xtalprint.models.presentations import random_piece
from xtalprint.models.registry import load_manifest
from xtalprint.models.stoichiometry import DEVIATIONS_IN_PIECE, FEWEST_IN_PIECE, HALF, IMPURITY, MOST_OFF

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "prototypes.md").read_text(encoding="utf-8")
RESULT = json.loads((ROOT / "results" / "prototypes" / "results.json").read_text(encoding="utf-8"))
MANIFEST = load_manifest("prototype")[0]


def percent(share):
    return f"{100 * share:.1f}"


def test_results_are_of_the_shipped_model():
    assert RESULT["model"]["weights_sha256"] == MANIFEST.weights.onnx.sha256
    assert not RESULT["quick"]
    assert list(RESULT["classes"]) == list(MANIFEST.classes)


def test_the_table_of_forms():
    for row in RESULT["forms"]:
        low, high = row["interval_95"]
        interval = f"{percent(low)} to {percent(high)}"
        assert f"| {row['form']} | {percent(row['accuracy'])} | {interval} | {percent(row['called_known'])} |" in PAGE
    alloys = RESULT["alloys"]
    assert f"| {alloys['form']} | {percent(alloys['accuracy'])} |" in PAGE
    assert f"{RESULT['n_each']} new variations of each class" in PAGE


def test_the_table_of_classes():
    forms = {row["form"]: row["per_class"] for row in RESULT["forms"]}
    shown = (
        *("pristine cell", "box, σ = 0.08 d_nn", "box, 50 % vacancies"),
        *("piece of 150", "piece of 60, σ = 0.04 d_nn, 25 % vacancies"),
    )
    for name, about in RESULT["classes"].items():
        cells = [percent(forms[form][name]["accuracy"]) for form in shown]
        over_all = RESULT["per_class"][name]
        low, high = over_all["interval_95"]
        last = f"{percent(over_all['accuracy'])} ({percent(low)} to {percent(high)})"
        row = (name, about["strukturbericht"] or "–", about["example"], *cells, last)
        assert "| " + " | ".join(row) + " |" in PAGE


def test_pairs_that_are_confused():
    for pair in RESULT["confused"][:5]:
        share = percent(pair["n"] / pair["of"])
        assert f"| {pair['class']} | {pair['answer']} | {share} |" in PAGE
    lattices = RESULT["hexagonal_and_rhombohedral"]
    for one, other in (("hexagonal", "rhombohedral"), ("rhombohedral", "hexagonal")):
        row = lattices[one]
        assert f"{percent(row[f'called_{other}'] / row['n'])} % of the {one} crystals get a {other} name" in PAGE


def test_exchange_of_elements():
    exchange = RESULT["exchange"]
    assert exchange["same"] == exchange["n"] == 11


def test_other_collections():
    aflow, real = RESULT["aflow"], RESULT["elements"]
    assert f"{aflow['as_given']['right']} of {aflow['as_given']['n']} as given" in PAGE
    piece = aflow["piece of 150, σ = 0.04 d_nn, 25 % vacancies"]
    assert f"{piece['right']} of {piece['n']} as turned pieces" in PAGE
    assert f"of its {aflow['others']} others {aflow['others_called_unknown']} are called unknown" in PAGE
    assert f"{real['right']} of {real['n']} ({percent(real['accuracy'])} %)" in PAGE
    assert f"of {real['others']} entries on other sites {real['others_called_unknown']} are called unknown" in PAGE
    unknown = sum(wrong["known"] is False for wrong in real["wrong"])
    distorted = sum((wrong["class"], wrong["answer"]) == ("alpha-U", "hcp") for wrong in real["wrong"])
    assert f"Of the {len(real['wrong'])} wrong answers {unknown} are called unknown, and {distorted} have" in PAGE
    for name, row in real["per_class"].items():
        assert f"| {name} | {row['n']} | {row['right']} |" in PAGE


def test_none_of_these():
    known = MANIFEST.known
    alarms = known.false_alarms
    assert f"AUROC {known.auroc['other crystals']:.3f} for other crystals" in PAGE
    assert f"and {known.auroc['disordered']:.3f} for disordered" in PAGE
    assert f"{percent(alarms['other crystals'])} % and {percent(alarms['disordered'])} % are called known" in PAGE
    assert f"above\n{known.probability:.4f}, `known` is false" in PAGE
    assert "keeps 98 % of the" in known.calibration
    assert "The threshold keeps 98 % of the" in PAGE


def test_the_ratio_of_the_elements():
    ratios = json.loads((ROOT / "results" / "piece-ratios.json").read_text(encoding="utf-8"))
    assert ratios["model"]["weights_sha256"] == MANIFEST.weights.onnx.sha256
    assert f"<!-- pieces ratios: begin -->\n\n{table(ratios)}\n\n<!-- pieces ratios: end -->" in PAGE
    words = " ".join(PAGE.split())
    assert f"off by a factor of {MOST_OFF}, or the share p of an element by" in words
    assert f"{DEVIATIONS_IN_PIECE * HALF:.2f} √(p (1 − p)/N) of N atoms, {DEVIATIONS_IN_PIECE} standard" in words
    assert f"of fewer than {FEWEST_IN_PIECE} atoms nothing is said" in words
    assert f"less than {100 * IMPURITY:.0f} % of the atoms" in words


A7, A8 = [[0, 0, 1], [0, 0, -1]], [[1, 0, 1 / 3], [0, 1, 2 / 3], [-1, -1, 0]]
#: Textbook cells: element, a, c, what it is, and fractional coordinates in a hexagonal cell.
TEXTBOOK = {
    "Bi, a = 4.546 Å, c = 11.86 Å, z = 0.2339": ("Bi", 4.546, 11.86, "alpha-As", (A7, 0.2339)),
    "Sb, a = 4.307 Å, c = 11.27 Å, z = 0.2335": ("Sb", 4.307, 11.27, "alpha-As", (A7, 0.2335)),
    "Te, a = 4.451 Å, c = 5.926 Å, x = 0.2633": ("Te", 4.451, 5.926, "gamma-Se", (A8, 0.2633)),
    "graphite, a = 2.461 Å, c = 6.708 Å": ("C", 2.461, 6.708, "graphite", None),
}


def textbook(symbol, a, c, sites):
    if sites is None:
        frac = np.array([[0, 0, 0.25], [0, 0, 0.75], [1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])
    elif sites[0] is A7:
        obverse = np.array([[0, 0, 0], [2 / 3, 1 / 3, 1 / 3], [1 / 3, 2 / 3, 2 / 3]])
        frac = (obverse[:, None] + sites[1] * np.array(A7, dtype=float)).reshape(-1, 3)
    else:
        frac = np.array(A8) * [sites[1], sites[1], 1.0]
    cell = np.array([[a, 0, 0], [-a / 2, a * np.sqrt(0.75), 0], [0, 0, c]])
    return Crystal(frac @ cell, [symbol] * len(frac), cell=cell)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_weak_spots_are_as_the_page_says(name):
    """Where this fails because the model has become better: good; then the page is to say so."""
    symbol, a, c, truth, sites = TEXTBOOK[name]
    [answer] = load_model("prototype").predict(textbook(symbol, a, c, sites))
    probabilities = f"{answer.probability:.3f} | {answer.probability_none:.3f}"
    known = "yes" if answer.known else "no"
    assert f"| {name} | {truth} | {answer.prototype} | {probabilities} | {known} |" in PAGE
    assert answer.warnings == (), "a probability of none has no warning of its own"
    assert answer.known is (answer.probability_none <= MANIFEST.known.probability)


def test_a_small_piece_of_a_superstructure_has_the_name_of_an_element():
    """Fe3Al: iron on the corners and half of the centres of body-centred cubes."""
    cell = 5.79 / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    frac = np.array([[0, 0, 0], [0.25] * 3, [0.5] * 3, [0.75] * 3])
    crystal = Crystal(frac @ cell, ["Al", "Fe", "Fe", "Fe"], cell=cell)
    piece = random_piece(crystal, 60, np.random.default_rng(0))
    [answer] = load_model("prototype").predict(piece)
    assert (answer.prototype, answer.known) == ("bcc", True)
    assert "Fe₃Al a piece of 60 atoms is bcc and\nknown" in PAGE
