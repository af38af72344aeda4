"""The files of a `SimilarityIndex`: one folder with arrays, labels and what made them.

``meta.json`` holds the version of the format, the version of the package, the descriptor with its parameters, and
the SHA-256 of every other file. Arrays are plain ``.npy``, mapped into memory rather than read; ids and labels are a
Parquet table. Nothing is pickled.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint._version import __version__
from xtalprint.descriptors.base import parameters
from xtalprint.errors import UnreadableFileError, WrongUsageError
from xtalprint.files import whole_file
from xtalprint.io.tables import pyarrow
from xtalprint.similarity.cumulative import CumulativeTable
from xtalprint.similarity.files import read_json, sha256_of, write_json
from xtalprint.similarity.fingerprinting import made_descriptor
from xtalprint.similarity.index import SimilarityIndex
from xtalprint.similarity.making import Making, making_of
from xtalprint.similarity.search import SortedTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from xtalprint.descriptors.base import Descriptor

FORMAT = "xtalprint similarity index"
FORMAT_VERSION = 1
META, LABELS = "meta.json", "labels.parquet"
#: Axes and type of each array.
ARRAYS: dict[str, tuple[int, type[np.generic]]] = {
    "first": (2, np.uint16),
    "last": (2, np.uint16),
    "offsets": (1, np.int64),
    "values": (1, np.int32),
    "totals": (1, np.int64),
    "codes": (2, np.uint16),
    "numbers": (1, np.int64),
}
REMEDY = "build the index again"


def save_index(index: SimilarityIndex, folder: str | Path, *, overwrite: bool = False) -> None:
    """Write an index; the folder appears complete or not at all.

    An index that is written over is put aside as ``.NAME.old.…`` for a moment. A process that is killed in it leaves
    that, and `load_index` finds it under the name of the index.

    Parameters
    ----------
    folder
        A new one, unless ``overwrite``.

    Raises
    ------
    WrongUsageError
        If the folder exists, or is no index that could be overwritten.
    MissingExtraError
        If pyarrow is not installed.
    """
    target = Path(folder)
    if target.exists() and not (overwrite and (target / META).is_file()):
        raise WrongUsageError(
            "there is something already" if not overwrite else "this is no index that could be overwritten",
            value=str(target),
            remedy="choose another name" if overwrite else "choose another name, or allow overwriting",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        part.chmod(0o755)
        _write(index, part)
        if target.exists():
            old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.old."))
            target.replace(old / target.name)
            part.replace(target)
            shutil.rmtree(old)
        else:
            part.replace(target)
        for left in _put_aside(target):
            shutil.rmtree(left.parent, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load_index(folder: str | Path, *, descriptor: Descriptor | None = None, verify: bool = True) -> SimilarityIndex:
    """Open an index.

    Parameters
    ----------
    folder
        What `save_index` wrote.
    descriptor
        The one it was built with, where the package does not know it.
    verify
        Compare the SHA-256 of all files, which reads them once; without it they are trusted.

    Raises
    ------
    UnreadableFileError
        If a file is missing, changed or of another version.
    WrongUsageError
        If the descriptor has other parameters.
    """
    source = Path(folder)
    if not source.exists():
        source = next(_put_aside(source), source)
    meta = read_json(source / META, what="similarity index", remedy="give the folder that an index was saved in")
    if meta.get("format") != FORMAT or meta.get("format_version") != FORMAT_VERSION:
        raise UnreadableFileError(
            f"this index is of another format than {FORMAT}, version {FORMAT_VERSION}",
            source=str(source),
            value=f"{meta.get('format')}, version {meta.get('format_version')}",
            remedy=REMEDY,
        )
    for name in (*(f"{name}.npy" for name in ARRAYS), LABELS):
        _check_file(source / name, meta, verify=verify)
    arrays = {name: _array(source / f"{name}.npy", *ARRAYS[name]) for name in ARRAYS}
    try:
        packed = arrays["first"], arrays["last"], arrays["offsets"], arrays["values"]
        width = float(meta["bin_width"])
        table = CumulativeTable(*packed, n_bins=int(meta["n_bins"]), making=Making(meta["descriptor"], width))
        ordered = SortedTable(table, arrays["totals"], arrays["codes"], arrays["numbers"])
        ids, labels = _labels(source / LABELS)
        if not _fits(ordered, len(ids)):
            raise UnreadableFileError(
                "the files of the index contradict each other", source=str(source), remedy=REMEDY
            )
        left_out = int(meta.get("n_left_out", 0))
        return SimilarityIndex(ordered, ids, labels, width, _descriptor(meta, descriptor), n_left_out=left_out)
    except (KeyError, TypeError) as error:
        raise UnreadableFileError(f"its description lacks {error}", source=str(source), remedy=REMEDY) from error


def _put_aside(target: Path) -> Iterator[Path]:
    """Complete indexes that were put aside by a process that was then killed."""
    pattern = f".{escape(target.name)}.old.*/{escape(target.name)}/{META}"
    return (meta.parent for meta in sorted(target.parent.glob(pattern)))


def _write(index: SimilarityIndex, folder: Path) -> None:
    pa, pq = pyarrow("saving an index")
    table = index.ordered.table
    arrays = {name: getattr(table, name) for name in ("first", "last", "offsets", "values")}
    arrays |= {name: getattr(index.ordered, name) for name in ("totals", "codes", "numbers")}
    for name, array in arrays.items():
        with whole_file(folder / f"{name}.npy") as beside, beside.open("wb") as stream:
            np.save(stream, array, allow_pickle=False)
    columns: dict[str, Any] = {"id": pa.array(list(index.ids), pa.string())}
    for name, values in index.labels.items():
        try:
            columns[name] = pa.array(list(values))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise WrongUsageError(
                f"label {name} mixes kinds of values", value=str(error), remedy="make them numbers or text"
            ) from error
    with whole_file(folder / LABELS) as beside:
        pq.write_table(pa.table(columns), beside, compression="zstd")
    files = sorted(path.name for path in folder.iterdir())
    write_json(
        folder / META,
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "package_version": __version__,
            "n": len(index),
            "n_left_out": index.n_left_out,
            "n_groups": table.shape[0],
            "n_bins": table.n_bins,
            "bin_width": index.bin_width,
            "descriptor": None if index.descriptor is None else parameters(index.descriptor),
            "files": {
                name: {"sha256": sha256_of(folder / name), "bytes": (folder / name).stat().st_size} for name in files
            },
        },
    )


def _check_file(path: Path, meta: dict[str, Any], *, verify: bool) -> None:
    known = meta.get("files", {}).get(path.name)
    if known is None or not path.is_file():
        raise UnreadableFileError("a file of the index is missing", source=str(path), remedy=REMEDY)
    if path.stat().st_size != known["bytes"] or (verify and sha256_of(path) != known["sha256"]):
        raise UnreadableFileError(
            "the file is not the one that was saved: its SHA-256 differs", source=str(path), remedy=REMEDY
        )


def _array(path: Path, n_axes: int, kind: type[np.generic]) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r" if path.stat().st_size > 0 else None, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UnreadableFileError("this is no array", source=str(path), remedy=REMEDY) from error
    if array.ndim != n_axes or array.dtype != kind:
        raise UnreadableFileError("the array has another type or shape", source=str(path), remedy=REMEDY)
    # A plain array on the same memory: what is compiled does not know maps.
    return np.asarray(array)


def _fits(ordered: SortedTable, n: int) -> bool:
    """Whether the arrays are of one another, so that no compiled loop can leave them."""
    table = ordered.table
    first, last, offsets = table.first, table.last, table.offsets
    if not (len(offsets) == n + 1 and first.shape == last.shape == ordered.codes.shape and len(first) == n):
        return False
    if not (len(ordered.totals) == len(ordered.numbers) == n and first.shape[1] > 0):
        return False
    widths = (last.astype(np.int64) - first).sum(axis=1)
    return bool(
        offsets[0] == 0
        and offsets[-1] == len(table.values)
        and (first <= last).all()
        and (last <= table.n_bins).all()
        and np.array_equal(np.diff(offsets), widths)
        and np.array_equal(np.sort(ordered.numbers), np.arange(n))
        and (np.diff(ordered.totals) >= 0).all()
    )


def _labels(path: Path) -> tuple[tuple[str, ...], dict[str, tuple[Any, ...]]]:
    _, pq = pyarrow("loading an index")
    table = pq.read_table(os.fspath(path))
    columns = {name: tuple(table.column(name).to_pylist()) for name in table.column_names}
    return columns.pop("id"), columns


def _descriptor(meta: dict[str, Any], given: Descriptor | None) -> Descriptor | None:
    saved = meta["descriptor"]
    if given is None:
        if saved is None:
            return None
        try:
            return made_descriptor(saved)
        except WrongUsageError:  # fingerprints can be compared all the same
            return None
    making_of({"the descriptor": given, "the index": Making(saved)})
    return given
