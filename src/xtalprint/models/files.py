"""Files that appear complete or not at all."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from xtalprint.files import whole_file

if TYPE_CHECKING:
    from pathlib import Path

CHECKSUMS = "SHA256SUMS"


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, complete or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as beside:
        beside.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, complete or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, values: Any) -> None:  # noqa: ANN401 - plain data
    """Write plain data for people and machines; a NaN in it is an error."""
    write_text(path, json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_checksums(folder: Path) -> None:
    """Write ``SHA256SUMS`` for all files of a folder, in the form that ``sha256sum --check`` reads."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != CHECKSUMS)
    write_text(folder / CHECKSUMS, "".join(f"{sha256(folder / name)}  {name}\n" for name in names))
