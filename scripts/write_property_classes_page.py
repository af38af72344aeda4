"""Put what the shipped model of property classes says of the examples into docs/property-classes.md."""

from __future__ import annotations

import json
import subprocess  # runs this package
import sys
from pathlib import Path

from write_stiffness_pages import EXAMPLE, with_part

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "property-classes.md"
ASKED = ("crystal-system", "metal", "stiff")


def main() -> None:
    """Write the page."""
    text = with_part(PAGE.read_text(encoding="utf-8"), "example", _fenced("text", table()))
    PAGE.write_text(with_part(text, "record", _fenced("json", json.dumps(record(), indent=1))), encoding="utf-8")


def table() -> str:
    """What people see."""
    return _told(*EXAMPLE, *(word for name in ASKED for word in ("--property", name)))


def record() -> dict[str, object]:
    """What machines see of the first example."""
    found: dict[str, object] = json.loads(_told(EXAMPLE[0], "--property", "metal", "--format", "json"))
    return found


def _told(*arguments: str) -> str:
    command = [sys.executable, "-m", "xtalprint", "predict", *arguments, "--quiet"]
    return subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT / "examples" / "data", check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout.rstrip()


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


if __name__ == "__main__":
    main()
