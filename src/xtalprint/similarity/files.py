"""Files of distances and indexes: complete or not at all, and known by what is in them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import UnreadableFileError, WrongUsageError
from xtalprint.files import whole_file

if TYPE_CHECKING:
    from pathlib import Path


def content_digest(thing: Any) -> str:  # noqa: ANN401 - a table of any kind
    """SHA-256 of all arrays and plain data in a table, in hexadecimal.

    Raises
    ------
    WrongUsageError
        If something in it is neither.
    """
    digest = hashlib.sha256()
    _feed(digest, thing)
    return digest.hexdigest()


def _feed(digest: Any, thing: Any) -> None:  # noqa: ANN401 - hashlib has no public type
    if isinstance(thing, np.ndarray):
        digest.update(f"{thing.dtype.str}{thing.shape}".encode())
        digest.update(np.ascontiguousarray(thing).data)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            _feed(digest, getattr(thing, field.name))
    elif isinstance(thing, (list, tuple)):
        digest.update(f"{len(thing)}".encode())
        for part in thing:
            _feed(digest, part)
    elif isinstance(thing, (str, int, float, dict, type(None))):
        digest.update(json.dumps(thing, sort_keys=True).encode())
    else:
        raise WrongUsageError("this cannot be told apart by its content", value=type(thing).__name__)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write plain data, complete or not at all."""
    write_text(path, json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text, complete or not at all."""
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def read_json(path: Path, *, what: str, remedy: str) -> dict[str, Any]:
    """Read plain data.

    Raises
    ------
    UnreadableFileError
        If there is no such file, or no JSON object in it.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFileError(f"this is no {what}", source=str(path), remedy=remedy) from error
    if not isinstance(values, dict):
        raise UnreadableFileError(f"this is no {what}", source=str(path), remedy=remedy)
    return values
