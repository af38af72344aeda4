"""Where a long study keeps what it has found, so that one that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtalprint.datasets.elasticity_source import cache_folder
from xtalprint.models.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Folder of the package: what is kept is of this code.
SOURCE = Path(__file__).resolve().parents[1]
#: Endings of its source code and tables, and the folder of weights, which a study names that asks them.
KINDS, WEIGHTS = frozenset({".py", ".csv", ".json", ".npy", ".npz"}), "weights"


@dataclass(frozen=True)
class Kept:
    """Parts of a study that are found once, by whichever process asks first.

    Parameters
    ----------
    folder
        One JSON file for each part; None keeps nothing.
    """

    folder: Path | None

    def part(self, name: str, find: Callable[[], Any]) -> Any:  # noqa: ANN401 - plain data
        """What was found, or is found now; plain data."""
        path = None if self.folder is None else self.folder / f"{name}.json"
        if path is not None and path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
        found = find()
        if path is not None:
            write_json(path, found)
        return found


@contextmanager
def keeping(study: str, *about: object, keep: bool) -> Iterator[Kept]:
    """Keep parts in the cache of the user until the study is finished.

    Parameters
    ----------
    study
        Its name.
    about
        All that its parts depend on besides the source code of the package: seed, weights, versions of others.
    keep
        Whether to keep them at all.
    """
    if not keep:
        yield Kept(None)
        return
    folder = cache_folder() / "studies" / study / digest_of(*about)
    yield Kept(folder)
    shutil.rmtree(folder, ignore_errors=True)


def digest_of(*about: object) -> str:
    """Short hash of some things and of the package: its source code and tables, but for trained weights."""
    digest = hashlib.sha256(repr(about).encode())
    source = SOURCE
    paths = [path for path in source.rglob("*") if path.suffix in KINDS and WEIGHTS not in path.parts]
    for path in sorted(paths):
        digest.update(path.relative_to(source).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
