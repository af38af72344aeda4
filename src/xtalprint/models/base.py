"""What every classifier offers to the command line, the studies and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.models.prediction import Prediction


@runtime_checkable
class Classifier(Protocol):
    """Crystals in, one `Prediction` each out, in the same order; a failure is a record, never an exception."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the outputs."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """Model name and version, SHA-256 of the weights, package version."""
        ...

    def predict(
        self, crystals: Crystal | XtalprintError | Iterable[Crystal | XtalprintError], *, threads: int | None = None
    ) -> list[Prediction]:
        """Classify one or many; a list in either case."""
        ...

    def predict_iter(
        self, crystals: Iterable[Crystal | XtalprintError], *, threads: int | None = None
    ) -> Iterator[Prediction]:
        """Classify a stream in bounded memory."""
        ...
