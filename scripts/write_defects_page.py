"""Put what the study of defects found into the tables of docs/defects.md.

Run ``xtalprint study defects --output results/defects`` first, then this script. What stands between the markers
``<!-- defects NAME: begin -->`` and ``<!-- defects NAME: end -->`` is written anew, and the pictures are copied.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import filled, table

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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Results = Mapping[str, Any]

ROOT = Path(__file__).parents[1]
PAGE, RESULTS = ROOT / "docs" / "defects.md", ROOT / "results" / "defects"
PICTURES = ("defects.png", "defects-simple.png")
#: Methods and what they are called in a table.
SEEN = {DEFAULT: "crystal-class, piece", PERIODIC: "crystal-class, periodic"}
NETWORKS = SEEN | {PUBLISHED: "published network", SHIPPED: "image network"}
SEARCHES = {
    "spglib tight": "spglib tight",
    "spglib medium": "medium",
    "spglib loose": "loose",
    SINGLE: "moyopy, one tolerance",
    BEST: "best of the level",
    ORACLE: "any tolerance",
}
MATCHING = ("PTM, rmsd < 0.1", "PTM, no cutoff")
#: Levels whose errors are told by distance from another class.
TOLD = ("pristine", "σ = 0.06 Å", "σ = 0.1 Å", "40 % vacancies", "60 % vacancies", "70 % vacancies")


def main() -> None:
    """Write the page and copy the pictures."""
    results = json.loads((RESULTS / "results.json").read_text(encoding="utf-8"))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), blocks(results), topic="defects"), encoding="utf-8")
    for picture in PICTURES:
        shutil.copyfile(RESULTS / picture, ROOT / "docs" / "images" / picture)


def blocks(results: Results) -> dict[str, str]:
    """Text of each block of the page."""
    levels = results["levels"]
    return {
        "networks": _networks(levels),
        "searches": _searches(levels),
        "templates": _templates(levels),
        "bond lengths": _bond_lengths(results["displacement_over_bond_length"]),
        "margins": _margins(levels),
        "pristine": _pristine(levels),
    }


def percent(counted: Results) -> str:
    """Share of right answers in %, with two decimals."""
    return f"{100 * counted['accuracy']:.2f}"


def short(counted: Results) -> str:
    """The same with one decimal."""
    return f"{100 * counted['accuracy']:.1f}"


def _with_interval(counted: Results) -> str:
    low, high = (100 * share for share in counted["interval_95"])
    return f"{percent(counted)} ({low:.2f} to {high:.2f})"


def _networks(levels: Sequence[Results]) -> str:
    rows = []
    for level in levels:
        counts = level["accuracy"]
        of_all = [_with_interval(counts[ALL][method]) for method in (DEFAULT, PERIODIC, PUBLISHED)]
        rescaled, unseen = short(counts[FIRST][RESCALED]), _with_interval(counts[UNSEEN][SHIPPED])
        rows.append((level["name"], f"{level['paper']['network']:.2f}", *of_all, rescaled, unseen))
    titles = ("", "paper", *SEEN.values(), "published network", "with robust scale", "image network")
    return table(titles, rows)


def _searches(levels: Sequence[Results]) -> str:
    methods, rows = NETWORKS | SEARCHES, []
    for level in levels:
        counts, paper = level["accuracy"][SEARCHED], level["paper"]
        theirs = {method: f" ({paper[method]:.2f})" if method in paper else "" for method in methods}
        rows.append((level["name"], *(short(counts[method]) + theirs[method] for method in methods)))
    return table(("", *methods.values()), rows)


def _templates(levels: Sequence[Results]) -> str:
    rows = []
    for level in levels:
        simple = [short(level["accuracy"][SIMPLE][method]) for method in (*NETWORKS, *MATCHING)]
        rows.append((level["name"], *simple, *(short(level["accuracy"][SEARCHED][method]) for method in MATCHING)))
    return table(("", *NETWORKS.values(), *MATCHING, *(f"all: {method}" for method in MATCHING)), rows)


def _bond_lengths(shares: Results) -> str:
    rows = [
        (method, *(percent(counted) for counted in shares[method].values()))
        for method in (DEFAULT, PERIODIC, PUBLISHED, SHIPPED)
    ]
    return table(
        ("displacement / bond length", *(name.replace("0.1 to inf", "from 0.1") for name in shares[DEFAULT])), rows
    )


def _margins(levels: Sequence[Results]) -> str:
    margins, rows = list(levels[0]["by_margin"][DEFAULT]), []
    for level in levels:
        for method, name in ((DEFAULT, "piece"), (PERIODIC, "periodic")) if level["name"] in TOLD else ():
            counts = [level["by_margin"][method][margin] for margin in margins]
            rows.append((level["name"], name, *(f"{c['n'] - c['right']} of {c['n']:,}" for c in counts)))
    return table(("", "seen as", *margins), rows)


def _pristine(levels: Sequence[Results]) -> str:
    [pristine] = [level for level in levels if level["name"] == "pristine"]
    rows = []
    for method, name in ((DEFAULT, "piece"), (PERIODIC, "periodic")):
        for wrong in pristine["wrong_structures"][method]:
            [called] = wrong["called"]
            bond, margin = f"{wrong['bond_angstrom']:.2f}", f"{wrong['margin']:g}"
            rows.append((wrong["frame"], name, wrong["truth"], called, wrong["sites"], bond, margin))
    return table(("frame", "seen as", "class", "called", "sites", "bond / Å", "margin"), rows)


if __name__ == "__main__":
    main()
