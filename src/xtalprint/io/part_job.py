"""A job on structures that are read from files, with records as answers: what `classify` and `describe` share."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

from xtalprint.compute import Job
from xtalprint.io.parts import Part
from xtalprint.io.record_files import count_records, encode_records
from xtalprint.io.tables import pyarrow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError

Result = TypeVar("Result")


class PartJob(Job[Part, Result]):
    """Asks the same of every structure of the parts of `cut`.

    Parameters
    ----------
    elements
        For files that name no elements.
    """

    #: Columns that a record leaves out where they are empty.
    optional: Sequence[str] = ()

    def __init__(self, elements: Sequence[str] | None = None) -> None:
        self.elements = None if elements is None else tuple(elements)

    @abstractmethod
    def question(self) -> Mapping[str, Any]:
        """What is asked, as plain data: all that the answers depend on but the input."""

    @abstractmethod
    def record(self, result: Result) -> Mapping[str, Any]:
        """Turn an answer into a record."""

    def records(self, result: Result) -> Sequence[Mapping[str, Any]]:
        """Turn an answer into its records, where it has more than one."""
        return [self.record(result)]

    @abstractmethod
    def columns(self, pa: Any) -> Sequence[tuple[str, Any]]:  # noqa: ANN401 - pyarrow has no types
        """Names and pyarrow types of the columns between ``status`` and ``error``."""

    @property
    def constants(self) -> Mapping[str, Any]:
        """What is the same in all records."""
        return {}

    def settings(self) -> dict[str, Any]:
        """The question, and how the input is read."""
        return {**self.question(), "elements": None if self.elements is None else list(self.elements)}

    def inputs(self, part: Part) -> Iterator[Crystal | XtalprintError]:
        """Read a part."""
        return part.read(self.elements)

    def content(self, part: Part) -> str:
        """Hash of what is read for a part."""
        return part.content(self.elements)

    def encode(self, results: Sequence[Result]) -> bytes:
        """Put the answers of a part into a Parquet file."""
        pa, _ = pyarrow("a folder of shards")
        schema = pa.schema(
            [
                ("source", pa.string()),
                ("frame", pa.int64()),
                ("status", pa.string()),
                *self.columns(pa),
                ("error", pa.string()),
            ]
        )
        records = [record for result in results for record in self.records(result)]
        return encode_records(
            records, schema, constants=self.constants, optional=self.optional, n_structures=len(results)
        )

    def counts(self, payload: bytes) -> tuple[int, int]:
        """How many answers such a file holds, and how many of them are errors."""
        return count_records(payload)
