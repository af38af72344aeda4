"""Put what the study cell-free found about other settings into docs/cell-free.md.

Run ``xtalprint study cell-free --output results/cell-free`` first, then this script. What stands between the markers
``<!-- settings table: begin -->`` and ``<!-- settings table: end -->`` is written anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import filled, table, wrapped

from xtalprint.studies.settings import CHANGED

if TYPE_CHECKING:
    from collections.abc import Mapping

    Results = Mapping[str, Any]

ROOT = Path(__file__).parents[1]
PAGE, RESULTS = ROOT / "docs" / "cell-free.md", ROOT / "results" / "cell-free" / "results.json"


def main() -> None:
    """Write the page."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), blocks(results), topic="settings"), encoding="utf-8")


def blocks(results: Results) -> dict[str, str]:
    """Text of each block of the page."""
    columns = ("form", "setting", "n", "changed", "other_known", "other_class")
    rows = [[row[key] for key in columns] for row in results["settings"]]
    most = max(row["largest_change"] for row in results["settings"])
    n, changed, other = (sum(row[key] for row in results["settings"]) for key in ("n", "changed", "other_class"))
    words = (
        f"Of {n:,} answers {changed} differ by more than {CHANGED:g} in a probability from that for the crystal as "
        f"it was; the largest difference is {most:.2g}, and {other} name another class."
    )
    titles = ("form", "given in", "asked", "probability changed", "other `known`", "other class")
    return {"table": f"{wrapped(words)}\n\n{table(titles, rows)}"}


if __name__ == "__main__":
    main()
