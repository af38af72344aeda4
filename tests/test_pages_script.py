"""Blocks between markers are written anew by the scripts that write pages."""

from __future__ import annotations

import pytest
from pages import filled

PAGE = "<!-- topic a: begin -->\nold\n<!-- topic a: end -->\n"


def test_a_block_is_written_anew():
    assert filled(PAGE, {"a": "new"}, topic="topic") == "<!-- topic a: begin -->\n\nnew\n\n<!-- topic a: end -->\n"


@pytest.mark.parametrize("wrong", [PAGE.replace(": end", ": finish"), PAGE.replace(" a:", " b:"), 2 * PAGE])
def test_a_page_without_its_markers_is_refused(wrong):
    with pytest.raises(SystemExit, match="the page has"):
        filled(wrong, {"a": "new"}, topic="topic")
