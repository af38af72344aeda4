"""Crystals in, answers out, whatever is asked: what every trained model shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from xtalprint._version import __version__
from xtalprint.compute import map_ordered
from xtalprint.crystal import Crystal
from xtalprint.errors import InternalError, XtalprintError, not_a_crystal
from xtalprint.geometry.inputs import is_one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Answer = TypeVar("Answer")


class TrainedModel(ABC, Generic[Answer]):
    """A trained model; an answer depends on nothing but its crystal, and a failure is an answer too.

    Parameters
    ----------
    name, version
        Of the model.
    weights_sha256
        Check sum of its weights.
    """

    def __init__(self, name: str, version: str, weights_sha256: str) -> None:
        self._provenance = {
            "model": name,
            "model_version": version,
            "weights_sha256": weights_sha256,
            "package_version": __version__,
        }

    @property
    def provenance(self) -> Mapping[str, str]:
        """Model name and version, SHA-256 of the weights, package version."""
        return dict(self._provenance)

    def predict(
        self, crystals: Crystal | XtalprintError | Iterable[Crystal | XtalprintError], *, threads: int | None = None
    ) -> list[Answer]:
        """Answer for one crystal or many.

        Parameters
        ----------
        crystals
            A crystal or several. An error in the place of a crystal, as `xtalprint.io.iter_read` gives for a frame
            that it could not read, becomes its record.
        threads
            Number of crystals worked on at once; None means all cores this process may use.

        Returns
        -------
        One answer for each, in the same order; a list for a single crystal too. What there is no answer for has the
        status ``"error"`` and says why.
        """
        items: Any = [crystals] if is_one(crystals) else crystals
        return list(self.predict_iter(items, threads=threads))

    def predict_iter(
        self, crystals: Iterable[Crystal | XtalprintError], *, threads: int | None = None
    ) -> Iterator[Answer]:
        """Answer for a stream: answers come in the order of the crystals, as soon as they are ready.

        Memory does not grow with the length of the stream.
        """
        return map_ordered(self.predict_one, crystals, threads=threads)

    @abstractmethod
    def _complete_answer(self, crystal: Crystal) -> Answer:
        """Answer for one crystal; raises `XtalprintError` if that is not possible."""

    @abstractmethod
    def _failure(self, error: XtalprintError) -> Answer:
        """Answer that says what went wrong."""

    def predict_one(self, crystal: object) -> Answer:
        """Answer for one crystal; never raises for what it is given."""
        if isinstance(crystal, XtalprintError):
            return self._failure(crystal)
        if not isinstance(crystal, Crystal):
            return self._failure(not_a_crystal(crystal))
        return self._guarded(crystal, lambda: self._complete_answer(crystal))

    def _guarded(self, crystal: Crystal, answer: Callable[[], Answer]) -> Answer:
        """What is answered for a crystal, or why there is no answer."""
        try:
            return answer()
        except XtalprintError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - one crystal must not stop the others
            failure = InternalError.of(error)
        return self._failure(failure.located(source=crystal.source, frame=crystal.frame))
