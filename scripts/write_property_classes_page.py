"""Put what the shipped model of property classes says of the examples into docs/property-classes.md."""

from __future__ import annotations

import json
import subprocess  # runs this package
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import committed, wrapped
from pages import table as table_of
from write_stiffness_pages import EXAMPLE, with_part

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "property-classes.md"
#: What tells the crystal system of noisy crystals, and what the expected answers are called.
WAYS = ("model", "symmetry search")
NAMES: dict[str, dict[str, str]] = {
    "crystal-system": {},
    "metal": {"True": "metals", "False": "insulators"},
    "stiff": {"True": "stiff", "False": "soft"},
}
ASKED = ("crystal-system", "metal", "stiff")


def main() -> None:
    """Write the page."""
    text = with_part(PAGE.read_text(encoding="utf-8"), "example", _fenced("text", table()))
    text = with_part(text, "record", _fenced("json", json.dumps(record(), indent=1)))
    PAGE.write_text(with_part(text, "textbook", textbook(committed("textbook"))), encoding="utf-8")


def table() -> str:
    """What people see."""
    return _told(*EXAMPLE, *(word for name in ASKED for word in ("--property", name)))


def record() -> dict[str, object]:
    """What machines see of the first example."""
    found: dict[str, object] = json.loads(_told(EXAMPLE[0], "--property", "metal", "--format", "json"))
    return found


def textbook(found: Mapping[str, Any]) -> str:
    """How many crystals that everybody knows get the right answer, and which do not."""
    questions, melted = found["questions"], found["melted"]
    rows = []
    for name, counted in questions.items():
        each = counted["by_expected"]
        told = ", ".join(f"{NAMES[name].get(value, value)} {_share(one)}" for value, one in each.items())
        cells = (_share(counted[key]) for key in ("as_expected", "as_labelled", "labels_as_expected"))
        rows.append((name, *cells, f"{counted['most_frequent']}", told))
    titles = (
        *("question", "as measured", "as its label", "labels as measured"),
        "always the most frequent",
        "of these",
    )
    metal = questions["metal"]
    wrong = sorted(metal["not_as_expected"], key=lambda one: -one["probability"])
    unseen = [metal["by_part"][part] for part in ("validation", "test", "not in the data")]
    listed = wrapped(
        "Called metals though they are none, with the probability: "
        + ", ".join(f"{one['name']} {one['probability']:.2f}" for one in wrong)
        + f". Of those that were not learned from, {sum(one['right'] for one in unseen)} of "
        f"{sum(one['n'] for one in unseen)} answers to “metal” are right. Not known: "
        + "; ".join(f"{', '.join(one['unknown'])} ({name})" for name, one in questions.items() if one["unknown"])
        + f". Of {melted['n']} elements melted as soft spheres at the density of the crystal, "
        + ", ".join(f"{n} ({name})" for name, n in melted["known"].items())
        + " are called known."
    )
    noise = [
        (f"{float(sigma):g}", *(f"{100 * level[way]['right'] / level[way]['n']:.0f} %" for way in WAYS))
        for sigma, level in found["crystal_system_with_noise"].items()
    ]
    displaced = wrapped(
        "Crystal systems that are right when the atoms of the conventional cell are displaced, by the standard "
        "deviation along each axis, beside a symmetry search at 0.1 Å:"
    )
    columns = ("σ, Å", *WAYS)
    return "\n\n".join((table_of(titles, rows), listed, displaced, table_of(columns, noise)))


def _share(counted: Mapping[str, int]) -> str:
    return f"{counted['right']} of {counted['n']}"


def _told(*arguments: str) -> str:
    command = [sys.executable, "-m", "xtalprint", "predict", *arguments, "--quiet"]
    return subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT / "examples" / "data", check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout.rstrip()


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


if __name__ == "__main__":
    main()
