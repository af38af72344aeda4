"""Arrays and pictures in a folder, under names that are safe and never another input's."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from xtalprint._version import __version__
from xtalprint.files import whole_file

if TYPE_CHECKING:
    from xtalprint.cli.records import Record
    from xtalprint.descriptors.base import Fingerprint

MAX_STEM = 80


class ArrayFolder:
    """Writes one ``.npz``, and one ``.png`` if wanted, for each fingerprint.

    Parameters
    ----------
    folder
        Made if it is not there.
    name
        Of the descriptor, for the record.
    pictures
        Whether to draw them too.

    Raises
    ------
    click.BadParameter
        If the folder cannot be made.
    """

    def __init__(self, folder: Path, *, name: str, pictures: bool) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.BadParameter(f"cannot make {folder}: {error.strerror}", param_hint="--output") from error
        self._folder = folder
        self._name = name
        self._pictures = pictures

    def write(self, fingerprint: Fingerprint) -> Record:
        """Write one fingerprint; the record says where."""
        import numpy as np  # noqa: PLC0415 - not for --help

        from xtalprint.descriptors.base import parameters  # noqa: PLC0415 - likewise

        path = self._free_path(fingerprint.source, fingerprint.frame)
        content: dict[str, Any] = fingerprint.arrays() | {
            "parameters": np.array(json.dumps(parameters(fingerprint.descriptor))),
            "source": np.array(fingerprint.source or ""),
            "frame": np.array(-1 if fingerprint.frame is None else fingerprint.frame),
            "warnings": np.array(fingerprint.warnings, dtype=np.str_),
            "version": np.array(f"xtalprint {__version__}"),
        }
        with whole_file(path) as beside, beside.open("wb") as stream:
            np.savez_compressed(stream, **content)
        record: dict[str, Any] = {
            "source": fingerprint.source,
            "frame": fingerprint.frame,
            "status": "ok",
            "path": str(path),
            "shape": list(fingerprint.array.shape),
            "descriptor": self._name,
            "warnings": list(fingerprint.warnings),
        }
        if self._pictures:
            picture = path.with_suffix(".png")
            with whole_file(picture) as beside:
                fingerprint.plot().savefig(beside, format="png", dpi=150)
            record["picture"] = str(picture)
        return record

    def _free_path(self, source: str | None, frame: int | None) -> Path:
        stem = file_stem(source, frame)
        path = self._folder / f"{stem}.npz"
        if not path.exists() or _made_from(path) == (source or "", frame):
            return path
        digest = hashlib.sha256((source or "").encode("utf-8", "surrogateescape")).hexdigest()[:8]
        return self._folder / f"{stem}-{digest}.npz"


def file_stem(source: str | None, frame: int | None) -> str:
    """Name of the files of one input: its name without folder and endings, and the frame.

    Examples
    --------
    >>> file_stem("run 1/melt.extxyz.gz", 12)
    'melt_12'
    >>> file_stem("../../etc/passwd", 0)
    'passwd_0'
    """
    name = PurePath((source or "").replace("\\", "/")).name
    name = re.sub(r"\.(gz|bz2|xz|zst)$", "", name, flags=re.IGNORECASE)
    stem = re.sub(r"[^\w.+-]+", "_", PurePath(name).stem).strip("._")[:MAX_STEM] or "crystal"
    return f"{stem}_{frame or 0}"


def _made_from(path: Path) -> tuple[str, int | None] | None:
    """Source and frame that an existing array was made from; None if that cannot be told."""
    import numpy as np  # noqa: PLC0415 - not for --help

    try:
        with np.load(path, allow_pickle=False) as stored:
            frame = int(stored["frame"])
            return str(stored["source"]), None if frame < 0 else frame
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
