"""Put newly measured figures into docs/similarity.md.

Run ``python benchmarks/similarity.py … --output NEW.json`` first, then this script with NEW.json. What the page says
of the committed results/similarity-speed.json is replaced, NEW.json takes its place, and the picture is drawn anew.
"""

from __future__ import annotations

import importlib.util
import json
import re
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE, RESULT = ROOT / "docs" / "similarity.md", ROOT / "results" / "similarity-speed.json"


def main() -> None:
    """Replace each sentence and row of the page that has a figure."""
    spec = importlib.util.spec_from_file_location("page", ROOT / "tests" / "test_similarity_page.py")
    if spec is None or spec.loader is None:
        raise SystemExit("tests/test_similarity_page.py is missing")
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    text, new = PAGE.read_text(encoding="utf-8"), Path(sys.argv[1]).read_text(encoding="utf-8")
    old = page.said()
    page.SPEED = json.loads(new)
    for name, sentence in page.said().items():
        if sentence == old[name]:
            continue
        pattern = r"\s+".join(re.escape(word) for word in old[name].split())
        text, found = re.subn(pattern, lambda _match, sentence=sentence: sentence, text)
        if found == 0:
            raise SystemExit(f"the page does not say: {old[name]}")
    PAGE.write_text(text, encoding="utf-8")
    RESULT.write_text(new, encoding="utf-8")
    runpy.run_path(str(ROOT / "benchmarks" / "similarity_picture.py"), run_name="__main__")


if __name__ == "__main__":
    main()
