"""The page on the prototypes says what the committed results say, and these are of the model that is shipped."""

from __future__ import annotations

import json
from pathlib import Path

from xtalprint.models.registry import load_manifest

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
