"""All pairs of some structures: as records, as a matrix for people, as a file, and as pictures."""

from __future__ import annotations

import warnings
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli.pairs import LARGEST_MATRIX, MatrixTable, PairTable, RowTable, is_row, name_of
from xtalprint.cli.progress import ProgressBar
from xtalprint.cli.tables import MAX_SOURCE_WIDTH
from xtalprint.errors import WrongUsageError
from xtalprint.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.cli.gathering import Gathered
    from xtalprint.cli.records import Record, Table
    from xtalprint.similarity.metrics import Metric

    Write = Callable[[Record], Record]

COLUMNS = [
    "a",
    "b",
    "metric",
    "distance",
    "unit",
    "a_frame",
    "b_frame",
    "a_id",
    "b_id",
    "status",
    "warnings",
    "source",
    "frame",
    "error",
]
ROW_COLUMNS = ["row", "source", "frame", "id", "formula", "status", "warnings", "matrix", "metric", "unit", "error"]
#: Rows and columns of the blocks that records of pairs are computed in.
BLOCK = 512
#: Most structures of a picture.
MOST_DRAWN = 5000
#: From so many structures on, records of pairs are a slow way.
MANY = 3000
_ALL_PERCENT = 100


@dataclass
class Comparison:
    """Structures that were prepared, and how their distances are wanted.

    Parameters
    ----------
    gathered
        The structures.
    matrix
        File for the whole matrix, or None for records of pairs.
    for_people
        Whether a small matrix is printed instead of pairs.
    threads
        How many compute; None means all cores.
    quiet
        No bar of what is finished.
    """

    gathered: Gathered
    matrix: Path | None
    for_people: bool
    threads: int | None
    quiet: bool

    @cached_property
    def metric(self) -> Metric:
        """The metric of the structures."""
        from xtalprint.similarity.metrics import metric_named  # noqa: PLC0415 - not for --help

        return metric_named(self.gathered.metric)

    @property
    def is_small_matrix(self) -> bool:
        """Whether the table for people is a matrix."""
        return self.for_people and self.matrix is None and 2 < len(self.gathered) <= LARGEST_MATRIX  # noqa: PLR2004

    @property
    def columns(self) -> list[str]:
        """Of the CSV file."""
        return COLUMNS if self.matrix is None else ROW_COLUMNS

    def look(self, paths: Sequence[str]) -> Table:
        """The table for people."""
        if self.is_small_matrix:
            return MatrixTable(self.metric.name, self.metric.unit)
        ids = zip(self.gathered.places, self.gathered.ids, strict=True)
        names = [*paths, *(known for place, known in ids if is_row(*place, known))]
        return PairTable(names, self.metric.name, self.metric.unit) if self.matrix is None else RowTable(names)

    def run(self, write: Write, pictures: Path | None) -> None:
        """Compare all with each other."""
        if pictures is not None:
            check_number_drawn(len(self.gathered))
        table = self.gathered.table()
        whole: NDArray[Any] | None = None
        if self.matrix is not None:
            whole = self._file(table, self.matrix, write)
        elif self.is_small_matrix:
            whole = self._whole(table)
            write(self._as_matrix(whole))
        else:
            self._hint()
            whole = self._pairs(table, write, keep=pictures is not None)
        if pictures is not None and whole is not None:
            self._draw(pictures, whole)

    def _strips(self, table: Any) -> Iterator[tuple[int, NDArray[Any]]]:  # noqa: ANN401 - that of the distance
        """First row, and distances of some rows to all from the first on, with a bar of what is finished."""
        from xtalprint.similarity.matrix import strips_of_pairs  # noqa: PLC0415 - not for --help

        with (
            closing(strips_of_pairs(self.metric.distance, table, block=BLOCK, threads=self.threads)) as strips,
            ProgressBar("distances", files=len(table), enabled=not self.quiet, whole="structures") as bar,
        ):
            finished = 0
            for start, values in strips:
                yield start, values
                finished += values.size
                bar.update(finished, start + len(values))

    def _hint(self) -> None:
        """Say before something long that there is a shorter way."""
        n = len(self.gathered)
        if n > MANY and not self.quiet:
            click.echo(
                f"{n * (n - 1) // 2:,} pairs; --matrix FILE.npy writes them in much less time and room", err=True
            )

    def _pairs(self, table: Any, write: Write, *, keep: bool) -> NDArray[Any] | None:  # noqa: ANN401 - that of the distance
        """Write a record for each pair; returns the whole matrix if it is to be kept."""
        whole = _Whole(len(table)) if keep else None
        for start, values in self._strips(table):
            for i, row in enumerate(values.tolist()):
                for j in range(i + 1, len(row)):
                    write(self._pair(start + i, start + j, row[j]))
            if whole is not None:
                whole.put(start, values)
        return None if whole is None else whole.symmetric()

    def _pair(self, i: int, j: int, distance: float) -> Record:
        (a, a_frame), (b, b_frame) = self.gathered.places[i], self.gathered.places[j]
        warned = [place for place in (i, j) if place in self.gathered.warnings]
        return {
            "a": a,
            "b": b,
            "metric": self.metric.name,
            "distance": distance,
            "unit": self.metric.unit,
            "a_frame": a_frame,
            "b_frame": b_frame,
            "a_id": self.gathered.ids[i],
            "b_id": self.gathered.ids[j],
            "status": "ok",
            "warnings": [text for place in warned for text in self._warnings(place)],
        }

    def _warnings(self, place: int) -> list[str]:
        name = self._name(place)
        return [f"{name}: {text}" for text in self.gathered.warnings[place]]

    def _name(self, place: int) -> str:
        return name_of(*self.gathered.places[place], self.gathered.ids[place], MAX_SOURCE_WIDTH)

    def _whole(self, table: Any) -> NDArray[Any]:  # noqa: ANN401 - that of the distance
        whole = _Whole(len(table))
        for start, values in self._strips(table):
            whole.put(start, values)
        return whole.symmetric()

    def _as_matrix(self, whole: NDArray[Any]) -> Record:
        """A record for `MatrixTable`."""
        return {
            "status": "ok",
            "names": [self._name(place) for place in range(len(whole))],
            "matrix": whole.tolist(),
            "warnings": [text for place in self.gathered.warnings for text in self._warnings(place)],
        }

    def _file(self, table: Any, path: Path, write: Write) -> NDArray[Any]:  # noqa: ANN401 - that of the distance
        from xtalprint.similarity.matrix import distance_matrix  # noqa: PLC0415 - not for --help

        with ProgressBar("distances", files=_ALL_PERCENT, enabled=not self.quiet, whole="%") as bar:

            def progress(finished: int, of: int) -> None:
                bar.update(finished, _ALL_PERCENT * finished // of)

            whole = distance_matrix(
                self.metric,
                table,
                path=path,
                threads=self.threads,
                progress=progress,
            )
        same = {"matrix": str(path), "metric": self.metric.name, "unit": self.metric.unit}
        for row, place in enumerate(self.gathered.places):
            formula, warnings = self.gathered.formulas[row], list(self.gathered.warnings.get(row, ()))
            known = {"id": self.gathered.ids[row], "formula": formula, "status": "ok", "warnings": warnings}
            write({"row": row, **place._asdict(), **known, **same})
        return whole

    def _draw(self, folder: Path, whole: NDArray[Any]) -> None:
        from xtalprint.similarity.pictures import MatrixPictures  # noqa: PLC0415 - plotting is heavy

        drawn = MatrixPictures(whole, names=self.gathered.names(), title=self.metric.about, unit=self.metric.unit)
        folder.mkdir(parents=True, exist_ok=True)
        names = []
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")  # of a name in letters that the font lacks
            for name, figure in drawn.figures():
                names.append(str(folder / name))
                with whole_file(folder / name) as beside:
                    figure.savefig(beside, format="png", dpi=150)
        if not self.quiet:
            click.echo(f"pictures: {', '.join(names)}", err=True)


def check_number_drawn(n: int) -> None:
    """Refuse pictures of too many structures."""
    if n > MOST_DRAWN:
        raise WrongUsageError(
            f"a picture of more than {MOST_DRAWN} structures shows nothing",
            value=n,
            remedy="leave --pictures out, or compare fewer",
        )


class _Whole:
    """A matrix that is filled strip by strip."""

    def __init__(self, n: int) -> None:
        import numpy as np  # noqa: PLC0415 - not for --help

        self._values = np.zeros((n, n))

    def put(self, start: int, values: NDArray[Any]) -> None:
        """Put the distances of some rows to all from the first of them on in their place."""
        self._values[start : start + len(values), start:] = values

    def symmetric(self) -> NDArray[Any]:
        """One value for both orders of a pair: that of the upper half."""
        import numpy as np  # noqa: PLC0415 - not for --help

        upper = np.triu(self._values, 1)
        return np.asarray(upper + upper.T)
