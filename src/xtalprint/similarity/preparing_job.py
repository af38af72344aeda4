"""What a metric sees of crystals, as a job for many workers."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.base import attempt, disorder_warnings
from xtalprint.descriptors.distance_bins import CHUNK_CRYSTALS
from xtalprint.elements import SYMBOLS
from xtalprint.errors import XtalprintError
from xtalprint.io.part_job import PartJob
from xtalprint.similarity.metrics import metric_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: The column of what a metric keeps of a crystal: arrays, each as the bytes of an .npy file.
PREPARED = "prepared"


@dataclass(frozen=True, eq=False)
class Prepared:
    """One crystal, ready to be packed with others.

    Parameters
    ----------
    row
        What the metric keeps of it.
    source, frame
        Where it came from.
    formula
        Its content.
    composition
        The same for crystals of the same composition, whatever their cells.
    warnings
        Things a person should know.
    """

    row: Any
    source: str | None
    frame: int | None
    formula: str
    composition: str
    warnings: tuple[str, ...] = ()


class PreparingJob(PartJob["Prepared | XtalprintError"]):
    """Prepares every structure for a metric.

    Parameters
    ----------
    metric
        Its name.
    elements
        For files that name no elements.
    """

    at_a_time = CHUNK_CRYSTALS

    def __init__(self, metric: str, elements: Sequence[str] | None = None) -> None:
        super().__init__(elements)
        self._view = metric_named(metric).view

    def question(self) -> Mapping[str, Any]:
        """What is seen of a crystal: metrics that see the same can share a folder of shards."""
        return {"command": "prepare", **self._view.parameters}

    def answer(self, item: Crystal | XtalprintError) -> Prepared | XtalprintError:
        """Prepare one structure; whatever goes wrong is given back, so that the others go on."""
        return item if isinstance(item, XtalprintError) else _prepared(attempt(self._view.of, item), item)

    def answer_many(self, items: Sequence[Crystal | XtalprintError]) -> list[Prepared | XtalprintError]:
        """Prepare some structures together."""
        crystals = [item for item in items if not isinstance(item, XtalprintError)]
        rows = iter(self._view.of_many(crystals) if crystals else ())
        return [item if isinstance(item, XtalprintError) else _prepared(next(rows), item) for item in items]

    def record(self, result: Prepared | XtalprintError) -> Mapping[str, Any]:
        """All of it, what the metric keeps as arrays."""
        where = {"source": result.source, "frame": result.frame}
        if isinstance(result, XtalprintError):
            return {**where, "status": "error", "error": str(result)}
        return {
            **where,
            "status": "ok",
            "formula": result.formula,
            "composition": result.composition,
            "warnings": list(result.warnings),
            PREPARED: [_bytes(array) for array in self._view.arrays(result.row)],
        }

    def prepared(self, record: Mapping[str, Any]) -> Prepared:
        """The crystal of a record that is no error."""
        row = self._view.row([_array(part) for part in record[PREPARED]])
        known = {name: record[name] for name in ("source", "frame", "formula", "composition")}
        return Prepared(row, **known, warnings=tuple(record["warnings"]))

    def columns(self, pa: Any) -> Sequence[tuple[str, Any]]:  # noqa: ANN401 - pyarrow has no types
        """Those of a record."""
        return [
            ("formula", pa.string()),
            ("composition", pa.string()),
            ("warnings", pa.list_(pa.string())),
            (PREPARED, pa.list_(pa.binary())),
        ]


def _prepared(row: Any, crystal: Crystal) -> Prepared | XtalprintError:  # noqa: ANN401 - that of the view
    if isinstance(row, XtalprintError):
        return row.located(source=crystal.source, frame=crystal.frame)
    key, warnings = composition_key(crystal), tuple(disorder_warnings(crystal))
    return Prepared(row, crystal.source, crystal.frame, crystal.formula, key, warnings)


def _bytes(array: NDArray[Any]) -> bytes:
    stream = BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _array(content: bytes) -> NDArray[Any]:
    array: NDArray[Any] = np.load(BytesIO(content), allow_pickle=False)
    return array


def composition_key(crystal: Crystal) -> str:
    """Elements and their shares of the atoms to 10⁻⁵, as text; occupancies count.

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> composition_key(Crystal([[0, 0, 0], [1.4, 1.4, 1.4], [0, 0, 2.8]], ["Cu", "Zn", "Cu"]))
    'Cu 0.66667 Zn 0.33333'
    """
    shares = np.bincount(crystal.numbers, weights=crystal.occupancies) / crystal.occupancies.sum()
    return " ".join(f"{SYMBOLS[number]} {shares[number]:.5f}" for number in np.flatnonzero(shares).tolist())
