"""Put what the study of orientations found into docs/axes.md and docs/cell-free.md.

Run ``xtalprint study orientation --output results/orientation`` first, then this script. What stands between the
markers ``<!-- orientation NAME: begin -->`` and ``<!-- orientation NAME: end -->`` of both pages is written anew, and
the pictures are copied to docs/images.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from pages import filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Results = Mapping[str, Any]

ROOT = Path(__file__).parents[1]
RESULTS, DOCS = ROOT / "results" / "orientation", ROOT / "docs"
PICTURES = ("orientation.png", "orientation-ways.png")
#: Names of ways that are spoken of.
SHIPPED, IMAGE, ORDER, SMALL_ORDER = "crystal-class", "image network", "(d) alone", "(d) on the samples of (b)"
SPECTRUM, OWN_SEARCH, OWN_IMAGE = (
    "(b) power spectrum",
    "(a) own axes, symmetry search",
    "(a) own axes, image network",
)
OWN_OR_ORDER = "(a) where simple, else (d)"
TRAINED = {"b": SPECTRUM, "c": "(c) turned images", "d": SMALL_ORDER}


def main() -> None:
    """Write both pages and copy the pictures."""
    results = json.loads((RESULTS / "results.json").read_text(encoding="utf-8"))
    for name, blocks in (("axes.md", blocks_on_ways(results)), ("cell-free.md", blocks_on_forms(results))):
        page = DOCS / name
        page.write_text(filled(page.read_text(encoding="utf-8"), blocks, topic="orientation"), encoding="utf-8")
    for picture in PICTURES:
        shutil.copyfile(RESULTS / picture, DOCS / "images" / picture)


def blocks_on_ways(results: Results) -> dict[str, str]:
    """Blocks of the page on ways to do without axes."""
    return {
        "training": _training(results),
        "over all": _over_all(results),
        "by form and defects": _by_form_and_defects(results),
        "in words": _in_words(results),
        "time": _table(
            ("way", "ms a structure, processor"),
            ((way, f"{value:.1f}") for way, value in results["ms_per_structure"].items()),
        ),
        "what ships": _what_ships(results),
    }


def blocks_on_forms(results: Results) -> dict[str, str]:
    """Blocks of the page on the default model."""
    ways = [way for way in results["over_all"] if way in {SHIPPED, IMAGE} or way.startswith("moyopy")]
    ours = [row for row in results["rows"] if row["method"] == SHIPPED]
    least = min(row["accuracy"] for row in ours)
    kept = min(results["kept_of_the_standard_setting"][SHIPPED].values())
    words = (
        f"In every form and with every one of these defects {SHIPPED} is right for {percent(least)} % and more, and "
        f"its worst form keeps at least {percent(kept)} % of its accuracy in the standard box."
    )
    return {
        "forms": _matrix(results, ways, "method", lambda row: percent(row["accuracy"])),
        "forms in words": _filled(words),
    }


def percent(share: float) -> str:
    """In %, with one decimal."""
    return f"{100 * share:.1f}"


def _training(results: Results) -> str:
    record = results["training"]
    made, taken = record["set"], record["processor_seconds_of_samples"]
    words = (
        f"(b), (c) and one network of kind (d) learn from the same {record['samples']:,} samples: {made['n']:,} made "
        f"crystals, the first of the set behind the shipped model, {record['presentations']} times each, in its "
        f"forms and with its defects. (c) sees each sample in {record['views']['c']} random orientations, another "
        f"one in each epoch."
    )
    rows = (
        (
            name,
            f"{record['parameters'][way]:,}",
            str(record["epochs"][way]),
            percent(record["right_in_last_epoch"][way]),
            f"{taken[way]:,.0f}",
            f"{record['processor_seconds'][way]:,.0f}",
        )
        for way, name in TRAINED.items()
    )
    heads = ("way", "parameters", "epochs", "right in the last epoch, %", "inputs, s of one core")
    return f"{_filled(words)}\n\n{_table((*heads, 'training, s of one core'), rows)}"


def _over_all(results: Results) -> str:
    rows = []
    for way, counted in results["over_all"].items():
        low, high = counted["interval_95"]
        share, interval = percent(counted["accuracy"]), f"{percent(low)} to {percent(high)}"
        rows.append((way, share, interval, f"{counted['n']:,}", f"{counted['without_an_answer']:,}"))
    return _table(("way", "right, %", "95 % interval", "asked", "no class"), rows)


def _by_form_and_defects(results: Results) -> str:
    ways = [way for way in results["over_all"] if not way.startswith("moyopy")]
    head = f"Right answers of {results['n_structures']} structures:"
    return f"{head}\n\n{_matrix(results, ways, 'way', lambda row: str(row['right']))}"


def _in_words(results: Results) -> str:
    over_all = results["over_all"]
    right = {way: f"{counted['right']:,}" for way, counted in over_all.items()}
    copies = [way for way in over_all if way.startswith("(c)")]
    few, many = (way.rpartition(" ")[2] for way in (copies[0], copies[-1]))
    best = max((way for way in over_all if way.startswith("moyopy")), key=lambda way: over_all[way]["right"])
    words = (
        f"Right of {over_all[SHIPPED]['n']:,}: {SHIPPED} {right[SHIPPED]}, (d) alone {right[ORDER]}. On the same "
        f"samples (b) {right[SPECTRUM]}, (d) {right[SMALL_ORDER]}, (c) {right[copies[0]]} with {few} turned copy and "
        f"{right[copies[-1]]} with the mean of {many}. Own axes with a symmetry search {right[OWN_SEARCH]}, where "
        f"the mean cell is simple, else (d) alone {right[OWN_OR_ORDER]}. The image network {right[IMAGE]} in the "
        f"axes as given and {right[OWN_IMAGE]} in own axes. Of the searches of the box as given {best} has most, "
        f"{right[best]} of {over_all[best]['n']:,}."
    )
    return _filled(words)


def _what_ships(results: Results) -> str:
    both, alone = (results["over_all"][way] for way in (SHIPPED, ORDER))
    noisy = {way: _right_of_noisy_boxes(results, way) for way in (SHIPPED, ORDER)}
    words = (
        f"What ships is (d), weighed with a symmetry search of the box, and, where that is in doubt, with one of the "
        f"own lattice (a). On these structures that is right for {both['right']:,} of {both['n']:,}, (d) alone for "
        f"{alone['right']:,}. In boxes with displaced atoms the search costs answers: {noisy[SHIPPED][0]:,} of "
        f"{noisy[SHIPPED][1]:,} are right with it, {noisy[ORDER][0]:,} without; in the others and in pieces it wins "
        f"more than that. On the same samples (b) is as good as (d) or better; it was not trained on all that the "
        f"shipped networks learned from, and each small network has one seed only, so which of the two is better "
        f"is open."
    )
    return _filled(words)


def _right_of_noisy_boxes(results: Results, way: str) -> tuple[int, int]:
    """Right answers, and all of them."""
    rows = [r for r in results["rows"] if r["method"] == way and "box" in r["form"] and "σ" in r["defects"]]
    return sum(r["right"] for r in rows), sum(r["n"] for r in rows)


def _matrix(results: Results, ways: Sequence[str], head: str, cell: Any) -> str:  # noqa: ANN401 - a function of a row
    """Forms as columns; defects and ways as rows."""
    forms, defects = (list(dict.fromkeys(row[key] for row in results["rows"])) for key in ("form", "defects"))
    rows = []
    for defect in defects:
        for way in ways:
            of = {r["form"]: cell(r) for r in results["rows"] if (r["method"], r["defects"]) == (way, defect)}
            rows.append((defect, way, *(of.get(form, "–") for form in forms)))
    return _table(("defects", head, *forms), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def _filled(words: str) -> str:
    """Lines as long as those of the pages."""
    return fill(words, 120, break_on_hyphens=False)


if __name__ == "__main__":
    main()
