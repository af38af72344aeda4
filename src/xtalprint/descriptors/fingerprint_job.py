"""Describing as a job for many workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.descriptors.base import Fingerprint, attempt, parameters
from xtalprint.errors import XtalprintError
from xtalprint.io.part_job import PartJob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Descriptor


class FingerprintJob(PartJob["Fingerprint | XtalprintError"]):
    """Computes a descriptor of every structure.

    Parameters
    ----------
    descriptor
        With its parameters.
    name
        Of the descriptor, for the records.
    elements
        For files that name no elements.
    """

    def __init__(self, descriptor: Descriptor, name: str, elements: Sequence[str] | None = None) -> None:
        super().__init__(elements)
        self._descriptor = descriptor
        self._name = name
        self.at_a_time = getattr(descriptor, "at_a_time", 1)

    def question(self) -> Mapping[str, Any]:
        """The descriptor and all its parameters."""
        return {"command": "describe", "name": self._name, **parameters(self._descriptor)}

    def answer(self, item: Crystal | XtalprintError) -> Fingerprint | XtalprintError:
        """Compute the fingerprint of one structure."""
        return item if isinstance(item, XtalprintError) else attempt(self._descriptor.compute, item)

    def answer_many(self, items: Sequence[Crystal | XtalprintError]) -> list[Fingerprint | XtalprintError]:
        """Compute those of some structures, in one batch if the descriptor is quicker so."""
        if self.at_a_time == 1:
            return super().answer_many(items)
        crystals = [item for item in items if not isinstance(item, XtalprintError)]
        found = iter(self._descriptor.compute_many(crystals, threads=1).outcomes(crystals, self._descriptor))
        return [item if isinstance(item, XtalprintError) else next(found) for item in items]

    def record(self, result: Fingerprint | XtalprintError) -> Mapping[str, Any]:
        """Source, frame, shape, descriptor, warnings, and the array as a flat list."""
        where = {"source": result.source, "frame": result.frame}
        if isinstance(result, XtalprintError):
            return {**where, "status": "error", "error": str(result)}
        return {
            **where,
            "status": "ok",
            "shape": list(result.array.shape),
            "descriptor": self._name,
            "warnings": list(result.warnings),
            "array": result.array.ravel(),
        }

    def columns(self, pa: Any) -> Sequence[tuple[str, Any]]:  # noqa: ANN401 - pyarrow has no types
        """Those of a record of `describe`, and the array in single precision."""
        return [
            ("shape", pa.list_(pa.int32())),
            ("descriptor", pa.string()),
            ("warnings", pa.list_(pa.string())),
            ("array", pa.list_(pa.float32())),
        ]
