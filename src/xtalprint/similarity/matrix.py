"""Whole matrices of distances, computed in blocks, written to disk as they come, and taken up where they stopped."""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint._version import __version__
from xtalprint.compute import map_ordered
from xtalprint.errors import UnreadableFileError, WrongUsageError
from xtalprint.similarity.distances import check_comparable, described
from xtalprint.similarity.files import content_digest, read_json, write_json, write_text
from xtalprint.similarity.fingerprints import whole_number
from xtalprint.similarity.one_writer import cannot_write, only_writer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from xtalprint.similarity.distances import Distance, Table

    Block = tuple[int, int]
    Matrix = NDArray[np.float32]

FORMAT = "xtalprint distance matrix"
FORMAT_VERSION = 1
#: Rows and columns of a block: 16 MB, and similar crystals still find each other in it.
BLOCK = 2048
#: Finished blocks are written down for good after so many seconds.
KEEP_EVERY = 2.0
#: Left free on the disk.
SPARE = 1 << 26
#: Entries of the description in the words of a message.
_WORDS = {
    "package_version": "version of xtalprint",
    "rows_sha256": "rows",
    "columns_sha256": "columns",
}


def distance_matrix(
    distance: Distance,
    a: Table,
    b: Table | None = None,
    *,
    path: str | Path,
    block: int = BLOCK,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Matrix:
    """Write all distances between the rows of two tables into a ``.npy`` file, in single precision.

    A run that was killed goes on where it stopped, and an unfinished matrix is never found under the name of a
    finished one. The result is the same to the last bit whatever the block, the number of threads and the number of
    interruptions. Beside the file, ``….npy.json`` says what made it; a run goes on only where that is the same.

    Parameters
    ----------
    distance
        Such as ``EarthMovers()``, or a metric of `xtalprint.similarity.metric_named`, which takes crystals.
    a, b
        What ``distance.table`` made; without b the matrix is that of a with itself, and half of it is computed.
    path
        Of the file, ending with ``.npy``.
    block
        Rows and columns that are computed at once.
    threads
        None means all cores.
    progress
        Called with the number of distances that are finished, and of all.

    Returns
    -------
    (len(a), len(b)) matrix, read-only, mapped from the file: only what is looked at is loaded.

    Raises
    ------
    WrongUsageError
        If the tables are not of this distance or cannot be compared, the file, or an unfinished one, is of other
        crystals, another distance or another version of xtalprint, another process is writing it, its folder may not
        be written to, or the disk is too small.

    Examples
    --------
    >>> import tempfile
    >>> from xtalprint.similarity import EarthMovers
    >>> metric = EarthMovers(bin_width=0.1)
    >>> table = metric.table(np.eye(3)[:, None, :])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(distance_matrix(metric, table, path=f"{folder}/d.npy").round(6))
    [[0.  0.1 0.2]
     [0.1 0.  0.1]
     [0.2 0.1 0. ]]
    """
    check_comparable(distance, a, a if b is None else b)
    run = _Run.of(distance, a, b, Path(path), whole_number(block, "the size of a block"))
    if not run.is_finished():
        with only_writer(run.path):
            if not run.is_finished():  # by another, until just now
                _compute(run, partial(_blocks, distance, a, b, run.block, threads), progress)
    return _mapped(run.path)


def strips_of_pairs(
    distance: Distance, table: Table, *, block: int, threads: int | None = None
) -> Generator[tuple[int, NDArray[np.float64]], None, None]:
    """Yield the distances of all pairs of rows in their order, without a file.

    They are computed in the square blocks of `distance_matrix`, and the memory is that of one strip.

    Parameters
    ----------
    distance
        Such as ``EarthMovers()``.
    table
        What ``distance.table`` made.
    block
        Rows of a strip, and rows and columns of what is computed at once.
    threads
        None means all cores.

    Yields
    ------
    Number of the first row of a strip, and the distances of its rows to all rows from that one on.

    Examples
    --------
    >>> from xtalprint.similarity import EarthMovers
    >>> metric = EarthMovers(bin_width=0.1)
    >>> for first, values in strips_of_pairs(metric, metric.table(np.eye(3)[:, None, :]), block=2):
    ...     print(first, values.round(6).tolist())
    0 [[0.0, 0.1, 0.2], [0.1, 0.0, 0.1]]
    2 [[0.0]]
    """
    last = -(-len(table) // block) - 1
    places = _places((len(table), len(table)), block, symmetric=True)
    strip: list[NDArray[np.float64]] = []
    with closing(_blocks(distance, table, None, block, threads, places)) as blocks:
        for (row, column), values in blocks:
            strip.append(values)
            if column == last:
                yield row * block, np.concatenate(strip, axis=1)
                strip = []


def _compute(
    run: _Run,
    blocks: Callable[[Iterable[Block]], Generator[tuple[Block, NDArray[np.float64]], None, None]],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Compute and write what is not there yet."""
    matrix, done = run.opened()
    waiting = [place for place in run.blocks() if place not in done]
    finished = sum(run.size(place) for place in done)
    last = time.monotonic()
    unkept: list[Block] = []
    with closing(blocks(waiting)) as computed:
        for place, values in computed:
            run.write(matrix, place, values.astype(np.float32))
            unkept.append(place)
            if time.monotonic() - last > KEEP_EVERY:
                run.keep(matrix, unkept)
                unkept, last = [], time.monotonic()
            finished += run.size(place)
            if progress is not None:
                progress(finished, run.n_distances)
    run.keep(matrix, unkept)
    del matrix
    run.finish()


def _places(shape: tuple[int, int], block: int, *, symmetric: bool) -> Iterator[Block]:
    """All blocks, row by row; upper right ones only, of a symmetric matrix."""
    counts = (-(-length // block) for length in shape)
    return ((i, j) for i, j in product(*map(range, counts)) if j >= i or not symmetric)


def _blocks(  # noqa: PLR0917 - bound by partial
    distance: Distance, a: Table, b: Table | None, block: int, threads: int | None, places: Iterable[Block]
) -> Generator[tuple[Block, NDArray[np.float64]], None, None]:
    """The distances of each of these blocks, in their order, on several threads."""

    def compute(place: Block) -> tuple[Block, NDArray[np.float64]]:
        rows, columns = (slice(i * block, (i + 1) * block) for i in place)
        of_a = a[rows]
        # The same table twice is compared by halves.
        return place, distance.distances(
            of_a, of_a if b is None and rows == columns else (a if b is None else b)[columns]
        )

    return map_ordered(compute, places, threads=threads)


def _mapped(path: Path) -> Matrix:
    matrix: Matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    return matrix


@dataclass(frozen=True)
class _Run:
    """What is computed, and the files it is written to."""

    path: Path
    block: int
    shape: tuple[int, int]
    symmetric: bool
    what: dict[str, Any]

    @classmethod
    def of(
        cls,
        distance: Distance,
        a: Table,
        b: Table | None,
        path: Path,
        block: int,
    ) -> _Run:
        if path.suffix != ".npy":
            raise WrongUsageError(
                "the matrix is written as .npy", value=str(path), remedy="give a name ending with .npy"
            )
        shape = len(a), len(a if b is None else b)
        what = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "package_version": __version__,
            "distance": described(distance, a),
            "unit": distance.unit,
            "shape": list(shape),
            "rows_sha256": content_digest(a),
            "columns_sha256": None if b is None else content_digest(b),
        }
        # As it is read again: a tuple has become a list.
        return cls(path, block, shape, b is None, json.loads(json.dumps(what)))

    @property
    def n_distances(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def part(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def journal(self) -> Path:
        return self.path.with_name(f"{self.path.name}.journal")

    @property
    def about(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def blocks(self) -> Iterator[Block]:
        """All blocks to be computed."""
        return _places(self.shape, self.block, symmetric=self.symmetric)

    def size(self, place: Block) -> int:
        """Distances that a block tells."""
        rows, columns = (
            min(self.block, length - i * self.block) for i, length in zip(place, self.shape, strict=True)
        )
        return rows * columns * (2 if self.symmetric and place[0] != place[1] else 1)

    def write(self, matrix: Matrix, place: Block, values: Matrix) -> None:
        rows, columns = (slice(i * self.block, (i + 1) * self.block) for i in place)
        matrix[rows, columns] = values
        if self.symmetric and place[0] != place[1]:
            matrix[columns, rows] = values.T

    def is_finished(self) -> bool:
        """Whether the matrix is there; one of other crystals is refused."""
        if not self.path.exists():
            return False
        remedy = "choose another name, or delete it"
        about = read_json(self.about, what="description of a distance matrix", remedy=remedy)
        if {key: about.get(key) for key in self.what} != self.what:
            raise WrongUsageError(
                f"the matrix there is of other crystals or another distance: {self._differing(about)}",
                value=str(self.path),
                remedy=remedy,
            )
        return True

    def _differing(self, known: Mapping[str, Any]) -> str:
        """What is not as it was, for people."""
        return "not the same " + ", ".join(
            _WORDS.get(key, key) for key, value in self.what.items() if known.get(key) != value
        )

    def opened(self) -> tuple[Matrix, set[Block]]:
        """The unfinished matrix and its finished blocks; a new one if there is none."""
        header = self.what | {"block": self.block}
        text = self.journal.read_text(encoding="utf-8") if self.journal.exists() else ""
        first, *lines = text.split("\n")
        known = _parsed(first)
        if known is not None and self.part.exists():
            if known != header:
                found = known if isinstance(known, dict) else {}
                differing = self._differing(found) if found.get("block") == self.block else "not the same block"
                raise WrongUsageError(
                    "the unfinished matrix there is of other crystals, another distance or another block: "
                    + differing,
                    value=str(self.part),
                    remedy="choose another name, or delete it",
                )
            # The last entry is cut off if the run was killed while writing it: its block is computed again, and what
            # is left of the entry must not run into the next one.
            entries = [_parsed(line) for line in lines[:-1]]
            done = {(int(entry[0]), int(entry[1])) for entry in entries if isinstance(entry, list)}
            matrix = self._matrix("r+")
            write_text(self.journal, "\n".join([first, *(json.dumps(place) for place in sorted(done)), ""]))
            return matrix, done
        if self.about.exists() and not _is_description(self.about):
            raise WrongUsageError(
                "the description of the matrix would be written over a file that is there",
                value=str(self.about),
                remedy="choose another name, or delete it",
            )
        self._reserve()
        write_text(self.journal, json.dumps(header) + "\n")
        return self._matrix("r+"), set()

    def keep(self, matrix: Matrix, places: list[Block]) -> None:
        """Bring finished blocks to the disk, then write down that they are there."""
        if places:
            matrix.flush()  # type: ignore[attr-defined] # it is a memory map
            with self.journal.open("a", encoding="utf-8") as stream:
                stream.writelines(f"{json.dumps(place)}\n" for place in places)
                stream.flush()
                os.fsync(stream.fileno())

    def finish(self) -> None:
        write_json(self.about, self.what)
        self.part.replace(self.path)
        self.journal.unlink()

    def _reserve(self) -> None:
        """Take the room on the disk now: a map of a file that cannot grow kills the process that writes to it."""
        size = 4 * self.n_distances
        self.part.unlink(missing_ok=True)
        free = shutil.disk_usage(self.path.parent).free
        if size + SPARE > free:
            raise WrongUsageError(
                f"the matrix takes {size / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB left",
                value=str(self.path),
                remedy="choose another disk, or fewer crystals",
            )
        self._matrix("w+")
        if hasattr(os, "posix_fallocate"):
            try:
                with self.part.open("r+b") as stream:
                    os.posix_fallocate(stream.fileno(), 0, self.part.stat().st_size)
            except OSError as error:
                raise cannot_write(self.part, error) from error

    def _matrix(self, mode: str) -> Matrix:
        try:
            matrix: Matrix = (
                np.lib.format.open_memmap(self.part, mode="w+", dtype=np.float32, shape=self.shape)
                if mode == "w+"
                else np.load(self.part, mmap_mode="r+", allow_pickle=False)
            )
        except OSError as error:
            raise cannot_write(self.part, error) from error
        except ValueError as error:
            raise UnreadableFileError(
                "the unfinished matrix cannot be read", source=str(self.part), remedy="delete it and its journal"
            ) from error
        if matrix.shape != self.shape:
            raise UnreadableFileError(
                "the unfinished matrix has another shape", source=str(self.part), remedy="delete it and its journal"
            )
        return matrix


def _is_description(path: Path) -> bool:
    found = _parsed(path.read_text(encoding="utf-8", errors="replace"))
    return isinstance(found, dict) and found.get("format") == FORMAT


def _parsed(line: str) -> Any:  # noqa: ANN401 - plain data
    try:
        return json.loads(line)
    except ValueError:
        return None
