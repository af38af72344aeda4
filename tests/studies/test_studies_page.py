"""The page on the paper's figures says what the committed results say."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from xtalprint.models.presentations import FEWEST_LEFT
from xtalprint.studies.answers import MODELS
from xtalprint.studies.lattice_paths import AS_CELL, CUBIC, STANDARD

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
DEFAULT = MODELS[-1]
VIEWS = {"1": AS_CELL, "2": STANDARD, "3": CUBIC}
NAMES = (*("fingerprints", "transition-bcc-sc", "transition-rhombohedral", "transition-bain", "amorphous", "size"),)


def result(name):
    return json.loads((ROOT / "results" / name / "results.json").read_text(encoding="utf-8"))


def section(name):
    """The part of the page that begins with the command of a study."""
    return PAGE.split(f"`xtalprint study {name}`")[1].split("\n## ")[0]


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def yes(flag):
    return "yes" if flag else "no"


def place(value, digits=3):
    """A place on a path, or that there is none."""
    return "none" if value is None else f"{value:.{digits}f}"


def assert_rows(name, rows):
    missing = [line for line in rows if line not in section(name)]
    assert not missing, "\n".join(["docs/studies.md lacks", *missing])


@pytest.mark.parametrize("name", NAMES)
def test_results_are_of_full_runs_and_their_pictures_are_shown(name):
    assert not result(name)["quick"]
    assert f"images/{name}" in section(name)
    assert (ROOT / "docs" / "images" / f"{name}.png").is_file()


@pytest.mark.parametrize("name", ["transition-bcc-sc", "amorphous", "size"])
def test_statements_that_were_checked(name):
    checks = result(name)["checks"]
    statements = checks[MODELS[0]]
    assert_rows(name, [row(s, *(yes(checks[model][s]) for model in MODELS)) for s in statements])


def test_statements_about_fingerprints():
    found = result("fingerprints")
    assert_rows("fingerprints", [row(s, yes(flag)) for s, flag in found["checks"].items()])
    names = found["prototypes"]

    def likeness(a, b):
        return f"{found['cosines'][names.index(a)][names.index(b)]:.2f}"

    text = " ".join(section("fingerprints").split())
    assert f"have a cosine of {likeness('hex (Mg)', 'rh (α-Sm)')}" in text
    other = likeness("hex (Mg)", "rh (α-As)"), likeness("hex (Mg)", "rh (β-Po)")
    assert f"({other[0]} for α-As, {other[1]} for β-Po)" in text
    assert f"sc and bct_141 ({likeness('sc (α-Po)', 'bct_141 (β-Sn)')})" in text
    pair = likeness("bct_139 (Pa)", "bcc (W)"), likeness("diam (C)", "bcc (W)")
    assert f"Bct_139 and bcc have {pair[0]}, diamond and bcc {pair[1]}" in text
    vacant, displaced = found["defects"].values()
    assert f"has a cosine of {vacant['mean_cosine_to_pristine']:.3f} with the pristine one" in text
    assert f"the cosine is {displaced['mean_cosine_to_pristine']:.3f}. This" in text
    assert f"the cosine is {displaced['mean_cosine_with_robust_scale']:.3f}." in text


def test_from_bcc_to_sc():
    found = result("transition-bcc-sc")["models"]
    paper = f"{result('transition-bcc-sc')['paper']['switch_percent']:.0f}"

    def figures(key, digits):
        return [place(found[model][key], digits) for model in MODELS]

    rows = [
        row("bcc gives way to sc at, % removed", paper, *figures("switch_percent", 1)),
        "| probability of bcc falls below 0.99 at, % removed | | "
        + " | ".join(figures("bcc_below_0.99_percent", 1))
        + " |",
        row("largest standard deviation of bcc at, % removed", paper, *figures("largest_deviation_percent", 0)),
    ]
    assert_rows("transition-bcc-sc", rows)


def test_rhombohedral_path():
    found = result("transition-rhombohedral")
    regions = found["regions_of_symmetry_search"].values()
    rows = [row("symmetry search at 0.1 Å", *(f"{last - first:.3f}" for first, last in regions))]
    widths = {
        (key, model): [place(w) for w in found["models"][model][view]["width_of_region"].values()]
        for key, view in VIEWS.items()
        for model in MODELS
    }
    rows += [row(f"{key}, {model}", *widths[key, model]) for key in VIEWS for model in MODELS]
    checks = {model: found["checks"][model][STANDARD] for model in MODELS}
    rows += [row(s, *(yes(checks[model][s]) for model in MODELS)) for s in checks[MODELS[0]]]
    assert_rows("transition-rhombohedral", rows)
    lost = [f"{100 * found['models'][model][CUBIC]['share_between']:.0f} %" for model in MODELS]
    text = " ".join(section("transition-rhombohedral").split())
    assert f"{lost[0]} of the places are called hex/rh by the published recipe and {lost[1]} by {MODELS[1]}" in text
    regions = [found["models"][DEFAULT][view]["regions"] for view in VIEWS.values()]
    assert [[r["class"] for r in of] for of in regions] == [["bcc", "hex/rh", "sc", "hex/rh", "fcc", "hex/rh"]] * 3
    most = max(r["places"] for of in regions for r in of if r["class"] != "hex/rh")
    assert f"takes up to {most} places around one of them for it" in text


def test_bain_path():
    found = result("transition-bain")

    def ends(region):
        return "none" if region is None else f"{region[0]:.3f} to {region[1]:.3f}"

    rows = [row("symmetry search at 0.1 Å", *map(ends, found["made"]["regions_of_symmetry_search"].values()))]
    for key, view in VIEWS.items():
        for model in MODELS:
            around = found["made"]["models"][model][view]["region_around"].values()
            rows.append(row(f"{key}, {model}", *map(ends, around)))
    assert_rows("transition-bain", rows)
    groups = found["data_set"]["space_groups_in_the_table"]
    text = " ".join(section("transition-bain").split())
    assert f"calls {groups['139']} bct_139, {groups['225']} fcc and {groups['229']} bcc" in text
    agreement = {
        model: f"{100 * found['data_set']['models'][model][AS_CELL]['agrees_with_symmetry_search']:.1f} %"
        for model in MODELS
    }
    image, other = (agreement[model] for model in MODELS[1:])
    assert agreement[MODELS[0]] == image
    assert f"both image networks agree with it on {image}" in text
    assert f"{DEFAULT}, whose regions of both cubes are narrower, on {other}" in text
    cubes = found["places"]
    for view in VIEWS.values():
        of = found["made"]["models"][DEFAULT][view]
        assert [r["class"] for r in of["regions"]] == ["bct_139", "bcc", "bct_139", "fcc", "bct_139"]
        for name, ends in of["region_around"].items():
            assert max(abs(end / cubes[name] - 1) for end in ends) < 0.02


def test_from_order_to_disorder():
    found = result("amorphous")
    rows = []
    for name in found["crystals"]:
        for words, paper, key in (
            (name, "0.1 to 0.2", "probability_below_0.5"),
            (f"{name}, in σ of one component", "", "probability_below_0.5_sigma_per_component"),
            (f"{name}, half of them called unknown", "", "half_called_unknown_at"),
        ):
            figures = [place(found["models"][model][name][key]) for model in MODELS]
            rows.append(row(words, paper, *figures).replace("|  |", "| |"))
    assert_rows("amorphous", rows)


def test_prototypes_that_are_lost_early_are_named():
    wrong = result("amorphous")["models"][MODELS[1]]
    names = result("amorphous")["crystals"]
    lost = {origin: n for name in names for origin, n in wrong[name]["wrong_at_0.1"].items()}
    assert all("_".join(origin.split("_")[:2]) in section("amorphous") for origin in lost)
    assert f"the only crystal of the {sum(names.values())}" in section("amorphous")
    assert sum(lost.values()) == 1


def test_the_default_model_among_displaced_crystals():
    numbers, found = result("amorphous")["crystals"], result("amorphous")["models"][DEFAULT]
    text = " ".join(section("amorphous").split())
    shares = [f"{found[name]['mean_at_0.1_and_0.2'][0]:.2f} for {name}" for name in numbers]
    assert f"At 0.1 it has {shares[0]}, {shares[1]} and {shares[2]} on average" in text
    wrong = sum(n for name in numbers for n in found[name]["wrong_at_0.1"].values())
    assert f"names {sum(numbers.values()) - wrong} of the {sum(numbers.values())} right" in text
    unknown = [found[name]["half_called_unknown_at"] for name in numbers]
    assert f"called unknown from {min(unknown):.2f} to {max(unknown):.2f} on" in text


def test_sizes():
    found = result("size")["models"]
    rows = [
        row(model, *(f"{100 * figures['accuracy']:.1f} %" for figures in found[model]["accuracy"].values()))
        for model in MODELS
    ]
    assert_rows("size", [line.replace("100.0 %", "100 %") for line in rows])


def test_what_the_default_model_says_of_the_smallest_pieces():
    wrong = result("size")["models"][DEFAULT]
    each = result("size")["elements_per_prototype"]
    assert wrong["wrong"] == {"rh (α-Sm), 36 atoms: bct_139": each}
    assert wrong["wrong_called_known"] == 0
    with (ROOT / "results" / "size" / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["model"] == DEFAULT and row["answer"] != row["class"]]
    text = " ".join(section("size").split())
    [samarium] = {(row["answer"], f"{float(row['probability']):.2f}", row["known"]) for row in rows}
    assert f"α-Sm {samarium[0]} ({samarium[1]}, without a word on `known`)" in text
    assert not samarium[2]
    assert {of["structures"] for of in wrong["accuracy"].values()} == {10}
    assert f"pieces of {FEWEST_LEFT} atoms and more" in text
