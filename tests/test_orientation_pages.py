"""The pages say of the study of orientations what its committed results say, as a script writes them."""

from __future__ import annotations

import json
from pathlib import Path

import write_orientation_pages as script
from pages import filled

from xtalprint.models.registry import load_manifest

ROOT = Path(__file__).resolve().parents[1]
RESULTS = json.loads((ROOT / "results" / "orientation" / "results.json").read_text(encoding="utf-8"))
WAYS_PAGE = (ROOT / "docs" / "axes.md").read_text(encoding="utf-8")
FORMS_PAGE = (ROOT / "docs" / "cell-free.md").read_text(encoding="utf-8")
FORMS = 5


def right(way):
    return RESULTS["over_all"][way]["right"]


def share(way, *, forms="", defects=""):
    of = [r for r in RESULTS["rows"] if r["method"] == way and forms in r["form"] and defects in r["defects"]]
    return sum(r["right"] for r in of) / sum(r["n"] for r in of)


def test_results_are_whole_and_of_the_shipped_models():
    assert not RESULTS["quick"]
    assert RESULTS["n_structures"] == 300
    shipped = {load_manifest(name)[0].weights.onnx.sha256 for name in ("crystal-class", "crystal-class-image")}
    assert {provenance["weights_sha256"] for provenance in RESULTS["models"].values()} == shipped
    assert RESULTS["over_all"]["crystal-class"]["n"] == 300 * 5 * FORMS
    assert RESULTS["seconds"] < 3600


def test_the_networks_learned_from_the_first_crystals_of_the_shipped_model():
    data, learned = load_manifest("crystal-class")[0].training.data, RESULTS["training"]["set"]
    assert (learned["seed"], learned["orbits"]) == (data["seed"], data["orbits"])
    assert learned["n"] < data["n"]
    assert learned["seed"] != RESULTS["structures_seed"]


def test_the_pages_are_as_the_script_writes_them():
    assert filled(WAYS_PAGE, script.blocks_on_ways(RESULTS), topic="orientation") == WAYS_PAGE
    assert filled(FORMS_PAGE, script.blocks_on_forms(RESULTS), topic="orientation") == FORMS_PAGE
    for name in script.PICTURES:
        copy = (ROOT / "docs" / "images" / name).read_bytes()
        assert copy == (ROOT / "results" / "orientation" / name).read_bytes()


def test_the_tables_have_a_line_for_every_way():
    ways = list(RESULTS["over_all"])
    for way in ways:
        figures = RESULTS["over_all"][way]
        assert f"| {way} | {100 * figures['accuracy']:.1f} | " in WAYS_PAGE
        assert f"| {way} | {RESULTS['ms_per_structure'][way]:.1f} |" in WAYS_PAGE
        lines = [line for line in WAYS_PAGE.splitlines() if f"| {way} |" in line and line.count("|") == FORMS + 3]
        assert len(lines) == (0 if way.startswith("moyopy") else 5)
    for way in ("crystal-class", "image network", "moyopy, 0.01 d_nn"):
        assert FORMS_PAGE.count(f" | {way} | ") == 5
    assert f"{RESULTS['training']['samples']:,} samples" in WAYS_PAGE


def test_what_is_said_about_the_ways():
    over_all = RESULTS["over_all"]
    assert max(over_all, key=right) == "crystal-class"
    # The same network in other axes.
    assert right("(a) own axes, image network") > 1.4 * right("image network")
    assert right("(c) turned images, k = 8") > right("(c) turned images, k = 1")


def test_what_is_said_about_forms():
    assert share("image network", forms="standard") > 0.95
    assert share("image network", forms="turned piece") < 0.25
    assert share("moyopy, 0.01 d_nn", defects="pristine") == 1
    assert share("moyopy, 0.1 d_nn", defects="σ") < 0.01
    assert share("moyopy, 0.2 d_nn", defects="σ = 0.04 d_nn") > 0.3
    assert all(share(f"moyopy, {s} d_nn", defects="vacancies") < 0.01 for s in ("0.01", "0.03", "0.1", "0.2"))
