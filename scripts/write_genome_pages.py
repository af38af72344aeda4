"""Put what the studies of property classes found into docs/genome.md.

Run the studies genome, genome-ablation and genome-reasons into results/ first, then this script. What stands
between the markers ``<!-- genome NAME: begin -->`` and ``<!-- genome NAME: end -->`` is written anew, and pictures
are copied.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import filled
from stiffness_figures import table, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Results = Mapping[str, Any]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "genome.md"
STUDIES = ("genome", "genome-ablation", "genome-reasons")
PICTURES = STUDIES
SPLITS = ("random", "by formula")
OURS, PUBLISHED = "invariants, dense", "PointNet, 343 points"


def main() -> None:
    """Write the page and copy the pictures."""
    results = {name: _read(name) for name in STUDIES}
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), blocks(results), topic="genome"), encoding="utf-8")
    for name in PICTURES:
        shutil.copyfile(ROOT / "results" / name / f"{name}.png", ROOT / "docs" / "images" / f"{name}.png")


def blocks(results: Mapping[str, Results]) -> dict[str, str]:
    """Text of each block of the page."""
    genome, ablation, reasons = (results[name] for name in STUDIES)
    return {
        "questions": _questions(genome),
        "results": _results(genome),
        "in words": _in_words(genome),
        "ablation": _ablation(ablation),
        "claims": _claims(ablation),
        "reasons": _reasons(reasons),
    }


def _read(name: str) -> Results:
    found: Results = json.loads((ROOT / "results" / name / "results.json").read_text(encoding="utf-8"))
    return found


def _split(case: Results) -> str:
    return SPLITS[case["split"]["by_formula"]]


def _questions(genome: Results) -> str:
    rows = []
    for case in genome["tasks"]:
        if _split(case) == "random":
            classes = ", ".join(f"{name} {n:,}" for name, n in case["classes"].items())
            share = 100 * case["share_of_test_with_formula_in_training"]
            rows.append((case["task"], f"{case['n']:,}", classes, f"{share:.0f} %"))
    return table(("question", "crystals", "answers", "random test crystals whose formula was learned from"), rows)


def _results(genome: Results) -> str:
    names = list(dict.fromkeys(name for case in genome["tasks"] for name in case["models"]))
    parts = []
    for split in SPLITS:
        cases = [case for case in genome["tasks"] if _split(case) == split]
        rows = [(_named(name, genome), *(_area(case["models"].get(name)) for case in cases)) for name in names]
        parts.append(f"{split.capitalize()} parts:\n\n" + table(("", *(case["task"] for case in cases)), rows))
    return "\n\n".join(parts)


def _named(name: str, genome: Results) -> str:
    return f"{name} *(knows the elements)*" if name in genome["knows_the_elements"] else name


def _area(figures: Results | None) -> str:
    if figures is None:
        return "–"
    low, high = figures["interval_95"]["auc"]
    return f"{figures['auc']:.3f} ({low:.3f} to {high:.3f})"


def _in_words(genome: Results) -> str:
    sentences = []
    for case in genome["tasks"]:
        models = case["models"]
        blind = {name: one for name, one in models.items() if name not in genome["knows_the_elements"]}
        knowing = {name: one for name, one in models.items() if name in genome["knows_the_elements"]}
        best, most = (max(some, key=lambda name, some=some: some[name]["auc"]) for some in (blind, knowing))
        sentences.append(
            f"{case['task']}, {_split(case)}: of those that do not know the elements {best} has the largest area, "
            f"{blind[best]['auc']:.3f} (accuracy {100 * blind[best]['accuracy']:.1f} %); "
            f"ours {_short(models[OURS])}, the published network {_short(models[PUBLISHED])}; "
            f"with chemistry {knowing[most]['auc']:.3f} ({most})."
        )
    return _list(sentences)


def _list(sentences: Iterable[str]) -> str:
    return "\n".join("- " + wrapped(sentence).replace("\n", "\n  ") for sentence in sentences)


def _short(figures: Results) -> str:
    single = figures["seeds"]["auc"]
    return f"{figures['auc']:.3f} (single networks {single['mean']:.3f} ± {single['standard_deviation']:.3f})"


def _ablation(ablation: Results) -> str:
    meaning = [(name, text) for name, text in ablation["meaning"].items()]
    parts = [table(("taken away", "what that means"), meaning)]
    for network in dict.fromkeys(name for case in ablation["tasks"] for name in case["models"]):
        cases = [case for case in ablation["tasks"] if network in case["models"]]
        found = [case["models"][network] for case in cases]
        taken_away = dict.fromkeys(taken for models in found for taken in models)
        rows = [
            (taken, *(f"{models[taken]['auc']:.3f}" if taken in models else "–" for models in found))
            for taken in taken_away
        ]
        titles = ("", *(f"{case['task']}, {case['split_name']}" for case in cases))
        parts.append(f"{network}, area under the curve:\n\n" + table(titles, rows))
    return "\n\n".join(parts)


def _claims(ablation: Results) -> str:
    """What is lost without intensities, without the pattern, and what is left of the density alone."""
    lines = []
    for case in ablation["tasks"]:
        found = case["models"]["invariants"]
        whole = found["whole"]["auc"]
        lost = {
            name: whole - found[name]["auc"] for name in ("absences", "lattice", "shuffled", "scattered", "origin")
        }
        lines.append(
            f"{case['task']}, {case['split_name']} ({whole:.3f}): without intensities but with absences "
            f"{-lost['absences']:+.3f}, of the lattice alone {-lost['lattice']:+.3f}; intensities in another order "
            f"{-lost['shuffled']:+.3f}, and points anywhere {-lost['scattered']:+.3f}; of the density alone "
            f"{-lost['origin']:+.3f}."
        )
    return _list(lines)


def _reasons(reasons: Results) -> str:
    counted, deletion = reasons["critical_points"], reasons["deletion"]
    trained = deletion["trained"]
    tenth = deletion["shares"].index(0.1)
    first, some, last = (trained[way][tenth] for way in trained)
    rows = [
        (weights, way, *(f"{value:.3f}" for value in values))
        for weights, by_way in deletion.items()
        if weights != "shares"
        for way, values in by_way.items()
    ]
    text = (
        f"Of {counted['points']} points {counted['mean_with_a_share']:.0f} carry something of the answer to “stiff”, "
        f"and {counted['mean_that_make_half']:.0f} carry half of it (means over {reasons['n']:,} test crystals). A "
        f"tenth of the points taken away, the critical ones first, leaves an area of {first:.3f} of "
        f"{trained['any'][0]:.3f}; any tenth leaves {some:.3f}, the least critical tenth {last:.3f}."
    )
    titles = ("weights", "points taken away", *(f"{100 * share:.0f} %" for share in deletion["shares"]))
    return f"{wrapped(text)}\n\n{table(titles, rows)}"


if __name__ == "__main__":
    main()
