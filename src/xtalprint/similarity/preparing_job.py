"""What a metric sees of crystals, as a job for many workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.descriptors.base import disorder_warnings
from xtalprint.elements import SYMBOLS
from xtalprint.errors import InternalError, XtalprintError
from xtalprint.io.part_job import PartJob
from xtalprint.similarity.metrics import metric_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.crystal import Crystal


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

    def __init__(self, metric: str, elements: Sequence[str] | None = None) -> None:
        super().__init__(elements)
        self._view = metric_named(metric).view

    def question(self) -> Mapping[str, Any]:
        """What is seen of a crystal."""
        return {"command": "compare", **self._view.parameters}

    def answer(self, item: Crystal | XtalprintError) -> Prepared | XtalprintError:
        """Prepare one structure; whatever goes wrong is given back, so that the others go on."""
        if isinstance(item, XtalprintError):
            return item
        try:
            row = self._view.of(item)
        except XtalprintError as error:
            return error.located(source=item.source, frame=item.frame)
        except Exception as error:  # noqa: BLE001 - one crystal must not stop the others
            return InternalError.of(error).located(source=item.source, frame=item.frame)
        return Prepared(
            row, item.source, item.frame, item.formula, composition_key(item), tuple(disorder_warnings(item))
        )

    def record(self, result: Prepared | XtalprintError) -> Mapping[str, Any]:
        """Source, frame, status and formula; the rows are for memory only."""
        where = {"source": result.source, "frame": result.frame}
        if isinstance(result, XtalprintError):
            return {**where, "status": "error", "error": str(result)}
        return {**where, "status": "ok", "formula": result.formula}

    def columns(self, pa: Any) -> Sequence[tuple[str, Any]]:  # noqa: ANN401 - pyarrow has no types
        """That of a record."""
        return [("formula", pa.string())]


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
