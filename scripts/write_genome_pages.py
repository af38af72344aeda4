"""Put what the studies of property classes found into docs/genome.md.

Run the studies genome, genome-ablation and genome-reasons into results/ first, then this script. What stands
between the markers ``<!-- genome NAME: begin -->`` and ``<!-- genome NAME: end -->`` is written anew, and pictures
are copied.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import filled
from stiffness_figures import SPLITS, committed, table, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Results = Mapping[str, Any]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "genome.md"
STUDIES = ("genome", "genome-ablation", "genome-reasons")
PICTURES = STUDIES
OURS, PUBLISHED = "invariants by two rays and distances, dense", "PointNet, 343 points"
#: What the claims of the paper are about.
TAKEN_AWAY = ("absences alone", "lattice alone", "shuffled", "scattered", "density alone")


def main() -> None:
    """Write the page and copy the pictures."""
    results = {name: committed(name) for name in STUDIES}
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
    single, epochs = figures["seeds"]["auc"], {one["epochs"] for one in figures["members"]}
    return (
        f"{figures['auc']:.3f} (single networks {single['mean']:.3f} ± {single['standard_deviation']:.3f}, "
        f"{' to '.join(str(n) for n in sorted({min(epochs), max(epochs)}))} epochs)"
    )


def _ablation(ablation: Results) -> str:
    parts = [table(("input", "what that means"), ablation["meaning"].items())]
    for network in dict.fromkeys(name for case in ablation["tasks"] for name in case["models"]):
        cases = [case for case in ablation["tasks"] if network in case["models"]]
        found = [case["models"][network] for case in cases]
        variants = dict.fromkeys(variant for models in found for variant in models)
        rows = [
            (variant, *(f"{models[variant]['auc']:.3f}" if variant in models else "–" for models in found))
            for variant in variants
        ]
        titles = ("", *(f"{case['task']}, {case['split_name']}" for case in cases))
        parts.append(f"{network}, AUC:\n\n" + table(titles, rows))
    return "\n\n".join(parts)


def _claims(ablation: Results) -> str:
    """What is lost without intensities, without the pattern, and what is left of the electron density alone."""
    rows = [
        (
            f"{case['task']}, {case['split_name']}, {network}",
            f"{found['whole']['auc']:.3f}",
            *(_difference(found[name]["less_whole"]) for name in TAKEN_AWAY),
        )
        for case in ablation["tasks"]
        for network, found in case["models"].items()
    ]
    return "AUC less that of the whole input, with 95 % intervals:\n\n" + table(("", "whole", *TAKEN_AWAY), rows)


def _difference(less: Results) -> str:
    low, high = less["interval_95"]
    return f"{less['auc']:+.3f} ({low:+.3f} to {high:+.3f})"


def _reasons(reasons: Results) -> str:
    counted, deletion = reasons["critical_points"], reasons["deletion"]
    ways = {way: values for way, values in deletion.items() if way != "shares"}
    tenth = deletion["shares"].index(0.1)
    first, some, last = (values[tenth] for values in ways.values())
    alike = counted["rank_correlation_with_random_weights"]
    text = (
        f"Of {counted['points']} points {counted['mean_with_a_contribution']:.0f} contribute something to the answer "
        f"to “stiff”, and {counted['mean_that_make_half']:.0f} make half of the sum of amounts (means over "
        f"{reasons['n']:,} test crystals). A tenth of the points taken away, the critical ones first, leaves an AUC "
        f"of {first:.3f} of {ways['any'][0]:.3f}; any tenth leaves {some:.3f}, the least critical tenth {last:.3f}. "
        f"Networks of random weights have critical points too; the rank correlation of the amounts with theirs is "
        f"{min(alike):.2f} to {max(alike):.2f} (1 would say that nothing of the choice was learned)."
    )
    rows = [(way, *(f"{value:.3f}" for value in values)) for way, values in ways.items()]
    titles = ("points taken away", *(f"{100 * share:.0f} %" for share in deletion["shares"]))
    return f"{wrapped(text)}\n\n{table(titles, rows)}"


if __name__ == "__main__":
    main()
