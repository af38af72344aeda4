"""Put what the studies of property classes found into docs/genome.md.

Run the studies genome, genome-ablation and genome-reasons into results/ first, then this script. What stands
between the markers ``<!-- genome NAME: begin -->`` and ``<!-- genome NAME: end -->`` is written anew, and pictures
are drawn from the results, or copied.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import SPLITS, committed, filled, table, wrapped

from xtalprint.models.property_class_words import MEANING
from xtalprint.studies.genome_pictures import CALLED, draw_ablation, draw_genome, judged_by, models_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Results = Mapping[str, Any]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "genome.md"
IMAGES = ROOT / "docs" / "images"
STUDIES = ("genome", "genome-ablation", "genome-reasons")
OURS, PUBLISHED = "invariants by two rays and distances, dense", "PointNet, 343 points"
#: Baselines that say how far one simple thing goes.
SIZE, COMPOSITION = "volume and density, boosted", "composition, boosted"
#: Places and absences without intensities, and these without places; both with the density.
PATTERN, INTENSITIES = "absences and density", "scattered"
#: Differences that part places, intensities, absences, lattice and density, and what each is the worth of.
WORTH = {
    ("jittered", "whole"): "exact places, given the intensities",
    ("absences and density", "whole"): "intensities, beyond absences and density",
    ("lattice and density", "absences and density"): "absences, given lattice and density",
    ("density alone", "lattice and density"): "lattice, given the density",
    ("density alone", "scattered"): "intensities without places, given the density",
    ("lattice alone", "lattice and density"): "density, given the lattice",
}
#: Points up to this |s| in 1/Å are called near.
NEAR = 0.5


def main() -> None:
    """Write the page and draw the pictures."""
    results = {name: committed(name) for name in STUDIES}
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), blocks(results), topic="genome"), encoding="utf-8")
    draw_genome(results["genome"]["tasks"]).savefig(IMAGES / "genome.png", dpi=150)
    draw_ablation(results["genome-ablation"]["tasks"]).savefig(IMAGES / "genome-ablation.png", dpi=150)
    shutil.copyfile(ROOT / "results" / "genome-reasons" / "genome-reasons.png", IMAGES / "genome-reasons.png")


def blocks(results: Mapping[str, Results]) -> dict[str, str]:
    """Text of each block of the page."""
    genome, ablation, reasons = (results[name] for name in STUDIES)
    return {
        "questions": _questions(genome),
        "results": _results(genome),
        "in words": _in_words(genome),
        "inputs": table(("input", "what that means"), ablation["meaning"].items()),
        "ablation": _ablation(ablation),
        "worth": _worth(ablation),
        "either": _either(ablation),
        "verdict": _verdict(ablation),
        "reasons": _reasons(reasons),
    }


def _split(case: Results) -> str:
    return SPLITS[case["split"]["by_formula"]]


def _column(case: Results) -> str:
    """Task, and the metric if it is not the usual one."""
    metric = judged_by(case["task"])
    return case["task"] if metric == "auc" else f"{case['task']} ({CALLED[metric]})"


def _questions(genome: Results) -> str:
    rows = []
    for case in genome["tasks"]:
        if _split(case) == "random":
            classes = ", ".join(f"{name} {n:,}" for name, n in case["classes"].items())
            share = 100 * case["share_of_test_with_formula_in_training"]
            rows.append((case["task"], MEANING[case["task"]], f"{case['n']:,}", classes, f"{share:.0f} %"))
    return table(
        ("question", "meaning", "crystals", "answers", "random test crystals whose formula was learned"), rows
    )


def _results(genome: Results) -> str:
    names = models_of(genome["tasks"])
    parts = []
    for split in SPLITS:
        cases = [case for case in genome["tasks"] if _split(case) == split]
        rows = [
            (
                f"{name} *(knows the elements)*" if name in genome["knows_the_elements"] else name,
                *(_score(case["models"].get(name), judged_by(case["task"])) for case in cases),
            )
            for name in names
        ]
        parts.append(f"{split.capitalize()} parts:\n\n" + table(("", *map(_column, cases)), rows))
    return "\n\n".join(parts)


def _score(figures: Results | None, metric: str) -> str:
    if figures is None:
        return "–"
    low, high = figures["interval_95"][metric]
    return f"{figures[metric]:.3f} ({low:.3f} to {high:.3f})"


def _in_words(genome: Results) -> str:
    """What stands out, for each question and way of parting."""
    sentences = []
    for case in genome["tasks"]:
        models, metric = case["models"], judged_by(case["task"])
        blind = [name for name in models if name not in genome["knows_the_elements"]]
        knowing = [name for name in models if name in genome["knows_the_elements"]]
        best, most = _best(models, blind, metric), _best(models, knowing, metric)
        sentences.append(
            f"{case['task']}, {_split(case)}, {CALLED[metric]}: without the elements best {models[best][metric]:.3f} "
            f"({best}); our networks {_of_seeds(models[OURS], metric)}, the PointNet "
            f"{_of_seeds(models[PUBLISHED], metric)}; volume and density alone {models[SIZE][metric]:.3f}; with the "
            f"elements {models[most][metric]:.3f} ({most}), composition alone {models[COMPOSITION][metric]:.3f}."
        )
    return _list(sentences)


def _best(models: Results, names: Iterable[str], metric: str) -> str:
    return max(names, key=lambda name: float(models[name][metric]))


def _list(sentences: Iterable[str]) -> str:
    return "\n".join("- " + wrapped(sentence).replace("\n", "\n  ") for sentence in sentences)


def _of_seeds(figures: Results, metric: str) -> str:
    """Of the mean probabilities, and of single networks."""
    single, span = figures["seeds"][metric], _span(str(one["epochs"]) for one in figures["members"])
    each = f"{single['mean']:.3f} ± {single['standard_deviation']:.3f}"
    return f"{figures[metric]:.3f} (single ones {each}, {span} epochs)"


def _span(texts: Iterable[str]) -> str:
    """From the least to the largest of numbers; one if all are written alike."""
    ends = sorted(set(texts), key=float)
    return ends[0] if len(ends) == 1 else f"{ends[0]} to {ends[-1]}"


def _ablation(ablation: Results) -> str:
    parts = []
    for network in dict.fromkeys(name for case in ablation["tasks"] for name in case["models"]):
        cases = [case for case in ablation["tasks"] if network in case["models"]]
        variants = dict.fromkeys(variant for case in cases for variant in case["models"][network])
        rows = [(variant, *(_kept(case, network, variant) for case in cases)) for variant in variants]
        titles = ("", *(f"{_column(case)}, {case['split_name']}" for case in cases))
        parts.append(f"{network}:\n\n" + table(titles, rows))
    return "\n\n".join(parts)


def _kept(case: Results, network: str, variant: str) -> str:
    """Score, and the difference to the whole input with its interval."""
    figures, metric = case["models"][network].get(variant), judged_by(case["task"])
    if figures is None:
        return "–"
    if variant == "whole":
        return f"**{figures[metric]:.3f}**"
    return f"{figures[metric]:.3f} ({_difference(figures['less']['whole'], metric)})"


def _worth(ablation: Results) -> str:
    """What places, intensities, absences, lattice and density are worth beside each other."""
    rows = [
        (
            f"{_column(case)}, {case['split_name']}, {network}",
            *(_difference(_turned(of[without]["less"][whole]), judged_by(case["task"])) for without, whole in WORTH),
        )
        for case in ablation["tasks"]
        for network, of in case["models"].items()
    ]
    return table(("", *WORTH.values()), rows)


def _either(ablation: Results) -> str:
    """How far the pattern goes without intensities, and they without places, both beside the density."""
    rows = []
    for case in ablation["tasks"]:
        metric = judged_by(case["task"])
        for network, of in case["models"].items():
            less = _difference(_turned(of[INTENSITIES]["less"][PATTERN]), metric)
            scores = (f"{of[variant][metric]:.3f}" for variant in ("density alone", PATTERN, INTENSITIES, "whole"))
            rows.append((f"{_column(case)}, {case['split_name']}, {network}", *scores, less))
    titles = ("", "density alone", "and pattern", "and intensities", "whole", "pattern less intensities")
    return table(titles, rows)


def _verdict(ablation: Results) -> str:
    """What the two tables say, with the figures of the parts by formula; a test looks whether the words are right."""

    def of(task: str, variant: str, network: str = "invariants") -> str:
        case = by_formula(ablation, task)
        return f"{case['models'][network][variant][judged_by(task)]:.3f}"

    def more(task: str, network: str = "invariants") -> str:
        case = by_formula(ablation, task)
        less = case["models"][network][INTENSITIES]["less"][PATTERN]
        return _difference(_turned(less), judged_by(task))

    sentences = (
        (
            f"The **crystal system** is in the pattern: {of('crystal-system', PATTERN)} without intensities, "
            f"{of('crystal-system', 'whole')} with them, {of('crystal-system', INTENSITIES)} by intensities without "
            f"places. Places that are off by a tenth of the shortest vector leave "
            f"{of('crystal-system', 'jittered')}: it "
            f"is the exact symmetry that tells."
        ),
        (
            f"For **metals** the pattern matters more to our network than intensities without places "
            f"({more('metal')}), as the paper says; to the PointNet of 27 points neither does "
            f"({more('metal', 'PointNet')}), which hardly gets beyond the density: "
            f"{of('metal', 'whole', 'PointNet')} of all, "
            f"{of('metal', 'density alone', 'PointNet')} of the density alone. But this is no matter of exact "
            f"symmetry: "
            f"of places off by a tenth {of('metal', 'jittered')} is left of {of('metal', 'whole')}, of the pattern "
            f"without intensities only {of('metal', PATTERN)}. Intensities at about their places are needed most."
        ),
        (
            f"For **stability** the pattern matters more than intensities ({more('stable')}), but nothing "
            f"tells much of "
            f"it: {of('stable', 'whole')} of all, with an interval as wide as most differences."
        ),
        (
            f"For the **bulk modulus** both are needed: {of('stiff', PATTERN)} by the pattern, "
            f"{of('stiff', INTENSITIES)} by intensities, {of('stiff', 'whole')} by both. Intensities may "
            f"matter a little more to ours "
            f"({more('stiff')}) and do to the PointNet ({more('stiff', 'PointNet')}); exact places do not "
            f"({of('stiff', 'jittered')}). The **shear modulus** is alike ({more('shear-stiff')})."
        ),
        (
            f"The **density alone** does not explain the bulk modulus: {of('stiff', 'density alone')} against "
            f"{of('stiff', 'whole')}. It tells as much as the lattice without it "
            f"({of('stiff', 'lattice alone')}); the "
            f"two together {of('stiff', 'lattice and density')}. Of the shear modulus it tells less "
            f"({of('shear-stiff', 'density alone')} of {of('shear-stiff', 'whole')}), of metals most of what "
            f"there is "
            f"({of('metal', 'density alone')} of {of('metal', 'whole')})."
        ),
    )
    return _list(sentences)


def by_formula(ablation: Results, task: str) -> Results:
    """The case of a task that is parted by formula."""
    [found] = (case for case in ablation["tasks"] if case["task"] == task and case["split"]["by_formula"])
    return found


def _turned(less: Results) -> Results:
    """The loss without something as the gain with it."""
    gains = {name: -less[name] for name in CALLED}
    return gains | {"interval_95": {name: [-end for end in reversed(less["interval_95"][name])] for name in CALLED}}


def _difference(less: Results, metric: str) -> str:
    low, high = less["interval_95"][metric]
    return f"{less[metric]:+.3f}, {low:+.3f} to {high:+.3f}"


def _reasons(reasons: Results) -> str:
    counted, deletion, lengths = reasons["critical_points"], reasons["deletion"], reasons["by_length"]
    tenth = deletion["shares"].index(0.1)
    near = [place for place, edge in enumerate(lengths["edges"][1:]) if edge <= NEAR + 1e-9]
    contribution, points = (sum(lengths[key][place] for place in near) for key in ("contribution", "points"))
    alike = _span(f"{one:.2f}" for one in counted["rank_correlation_with_random_weights"])
    text = (
        f"Of {counted['points']} points {counted['mean_with_a_contribution']:.0f} contribute something to the answer "
        f"to “stiff”, and {counted['mean_that_make_half']:.0f} make half of the sum of amounts (means over "
        f"{reasons['n']:,} test crystals). {100 * counted['share_of_the_origin']:.0f} % of that sum are of the "
        f"origin, the electron density; points within {NEAR:g} 1/Å, the origin among them, are {100 * points:.0f} % "
        f"of all and have {100 * contribution:.0f} % of it. A tenth of the points taken away, the critical ones "
        f"first, leaves an AUC of {deletion['the critical ones first'][tenth]:.3f} of {deletion['any'][0]:.3f}; any "
        f"tenth leaves "
        f"{deletion['any'][tenth]:.3f}, the least critical tenth {deletion['the critical ones last'][tenth]:.3f}. "
        f"Networks of random weights have critical points too; the rank correlation of the amounts with theirs is "
        f"{alike} (1 would say that nothing of the choice was learned)."
    )
    ways = {way: values for way, values in deletion.items() if way != "shares"}
    rows = [(way, *(f"{value:.3f}" for value in values)) for way, values in ways.items()]
    titles = ("points taken away", *(f"{100 * share:.0f} %" for share in deletion["shares"]))
    return f"{wrapped(text)}\n\n{table(titles, rows)}"


if __name__ == "__main__":
    main()
