"""What scripts that write pages share: blocks between markers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
