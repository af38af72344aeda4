"""What the pages on moduli are made of: committed results, the shipped manifest, and how figures are written."""

from __future__ import annotations

import json
import textwrap
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtalprint.models.card import markdown_table
from xtalprint.models.registry import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xtalprint.models.manifest import PropertyManifest

ROOT = Path(__file__).resolve().parents[1]
BULK, SHEAR = MODULI = ("bulk modulus", "shear modulus")
SPLITS = ("random", "by formula")


@cache
def committed(name: str) -> dict[str, Any]:
    """What a study or a benchmark wrote."""
    folder, file = ROOT / "results" / name / "results.json", ROOT / "results" / f"{name}.json"
    found: dict[str, Any] = json.loads((folder if folder.is_file() else file).read_text(encoding="utf-8"))
    return found


@cache
def manifest() -> PropertyManifest:
    """That of the shipped model."""
    found: Any = read_manifest("stiffness")[0]
    return found


def table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Markdown."""
    return markdown_table(tuple(titles), [tuple(str(cell) for cell in row) for row in rows])


def wrapped(text: str) -> str:
    """Lines of a paragraph."""
    return textwrap.fill(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False)


def with_error(found: Mapping[str, Any], key: str, digits: int) -> str:
    """Mean and standard error."""
    return f"{found[key]:.{digits}f} ± {found[f'standard error, {key}']:.{digits}f}"


def per_cent(shares: Iterable[float]) -> str:
    """Shares, without decimals."""
    return ", ".join(f"{100 * share:.0f}" for share in shares)


def signed(values: Iterable[float]) -> str:
    """Errors of log10 with their signs."""
    return ", ".join(f"{value:+.3f}" for value in values)
