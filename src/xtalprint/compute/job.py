"""What is asked about every structure, and the pieces that the work is cut into."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError


class Part(Protocol):
    """A piece of the input: the same whoever works on it, and whatever has been done already."""

    @property
    def index(self) -> int:
        """Its place among the parts, from 0."""
        ...

    @property
    def source(self) -> str | None:
        """The first file of it."""
        ...

    def description(self) -> Mapping[str, Any]:
        """Where its structures come from, as plain data."""
        ...

    def split(self) -> Sequence[Self]:
        """The smallest parts that can be read by themselves."""
        ...


P = TypeVar("P", bound=Part)
Result = TypeVar("Result")


class Job(ABC, Generic[P, Result]):
    """What is asked about every structure. It travels to the workers, so it is small and can be pickled.

    The answer for a structure depends on the structure and on `settings`, and on nothing else.
    """

    #: How many structures `answer_many` is given at a time; more than one where many are quicker together.
    at_a_time = 1

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """All that an answer depends on, as plain data: parameters, name, version and SHA-256 of a model."""

    @abstractmethod
    def inputs(self, part: P) -> Iterator[Crystal | XtalprintError]:
        """Read the structures of a part; what cannot be read is an error in its place."""

    @abstractmethod
    def content(self, part: P) -> str:
        """Hash of what is read for a part."""

    @abstractmethod
    def answer(self, item: Crystal | XtalprintError) -> Result:
        """Answer for one structure; never raises for a bad one, and gives an error as what it is."""

    def answer_many(self, items: Sequence[Crystal | XtalprintError]) -> list[Result]:
        """Answers for some structures: to the last bit those that `answer` gives for each."""
        return [self.answer(item) for item in items]

    @abstractmethod
    def encode(self, results: Sequence[Result]) -> bytes:
        """Content of the file that keeps the answers of a part."""

    @abstractmethod
    def counts(self, payload: bytes) -> tuple[int, int]:
        """How many answers such a file holds, and how many of them are errors."""
