"""What scripts that write pages share: committed results, tables, paragraphs, and blocks between markers."""

from __future__ import annotations

import json
import re
import textwrap
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtalprint.models.card import markdown_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
#: How crystals are parted.
SPLITS = ("random", "by formula")


@cache
def committed(name: str) -> dict[str, Any]:
    """What a study or a benchmark wrote."""
    folder, file = ROOT / "results" / name / "results.json", ROOT / "results" / f"{name}.json"
    found: dict[str, Any] = json.loads((folder if folder.is_file() else file).read_text(encoding="utf-8"))
    return found


def table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Markdown."""
    return markdown_table(tuple(titles), [tuple(str(cell) for cell in row) for row in rows])


def wrapped(text: str) -> str:
    """Lines of a paragraph."""
    return textwrap.fill(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False)


def filled(page: str, blocks: Mapping[str, str], *, topic: str) -> str:
    """Put each block between ``<!-- TOPIC NAME: begin -->`` and ``… end -->``; no other markers may be there."""
    markers = re.findall(rf"^<!-- {topic} (.+): begin -->$", page, re.MULTILINE)
    if sorted(markers) != sorted(blocks):
        raise SystemExit(f"the page has the markers {markers}, and these are to be filled: {list(blocks)}")
    for name, text in blocks.items():
        begin, end = (f"<!-- {topic} {name}: {place} -->" for place in ("begin", "end"))
        block = f"{begin}\n\n{text}\n\n{end}"
        pattern = rf"^{re.escape(begin)}$.*?^{re.escape(end)}$"
        page, found = re.subn(pattern, lambda _, block=block: block, page, flags=re.MULTILINE | re.DOTALL)
        if found != 1:
            raise SystemExit(f"the page has {found} blocks {name}")
    return page
