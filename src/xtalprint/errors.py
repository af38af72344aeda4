"""The one family of errors: each names source, frame, atom, value and remedy, so that a person can act on it."""

from __future__ import annotations

from typing import Any


class XtalprintError(ValueError):
    """Something in the input is not usable.

    Parameters
    ----------
    problem
        What is wrong, a clause without a full stop: ``"coordinate along axis 0 is not finite"``.
    source
        File, table row or object that the input came from.
    frame
        Frame in a file of several, counted from 0.
    atom
        Atom or site in the frame, counted from 0.
    value
        The offending value as it was read.
    remedy
        What to do about it, a clause without a full stop.

    Examples
    --------
    >>> print(XtalprintError("no atoms", source="empty.xyz", frame=0, remedy="check that the file is complete"))
    empty.xyz, frame 0: no atoms; check that the file is complete.
    """

    def __init__(
        self,
        problem: str,
        *,
        source: str | None = None,
        frame: int | None = None,
        atom: int | None = None,
        value: object = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.source = source
        self.frame = frame
        self.atom = atom
        self.value = value
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        """One sentence: where, what, which value, what to do."""
        place = [part for part in (self.source, None if self.frame is None else f"frame {self.frame}") if part]
        if self.atom is not None:
            place.append(f"atom {self.atom}")
        text = f"{', '.join(place)}: {self.problem}" if place else self.problem
        if self.value is not None:
            text += f" (value: {_short(self.value)})"
        if self.remedy:
            text += f"; {self.remedy}"
        return f"{text.removesuffix('.')}."  # a remedy may quote another error

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes with all fields."""
        return (_rebuild, (type(self), self.problem, self.__dict__.copy()))

    def located(self, *, source: str | None = None, frame: int | None = None) -> XtalprintError:
        """Fill in where the input came from, unless it is known already; returns ``self``."""
        if self.source is None:
            self.source = source
        if self.frame is None:
            self.frame = frame
        return self


class InvalidCrystalError(XtalprintError):
    """The numbers do not describe a crystal: NaN, no atoms, flat cell, coincident atoms, unknown element."""


class UnreadableFileError(XtalprintError):
    """A file is missing, truncated, binary, a directory, or of a format that no reader knows."""


class UnsupportedInputError(XtalprintError):
    """A sound crystal that this step cannot use, such as one without a cell where a cell is needed."""


class NothingSeenError(UnsupportedInputError):
    """A sound crystal in which a descriptor finds nothing to describe, such as molecules far apart."""


class InternalError(XtalprintError):
    """A fault of this package: whatever else is raised where one crystal of many must not stop the others."""

    @classmethod
    def of(cls, error: Exception) -> InternalError:
        """Error in the place of any exception that is not of this family."""
        text = " ".join(str(error).split())
        return cls(
            f"a fault of xtalprint itself ({type(error).__name__}: {text})",
            remedy="please report it together with this structure",
        )


class WrongUsageError(XtalprintError):
    """What was asked for cannot be done as it was asked; nothing was done."""


class ModelError(XtalprintError):
    """A model is unknown, or its weights do not match their SHA-256."""


class MissingExtraError(XtalprintError, ImportError):
    """An optional dependency is not installed; the remedy is the line that installs it."""

    @classmethod
    def of(cls, package: str, extra: str, purpose: str) -> MissingExtraError:
        """Error for ``package`` missing from extra ``extra``, needed for ``purpose``."""
        return cls(
            f"{purpose} needs the package {package}, which is not installed",
            remedy=f'install it with: pip install "xtalprint[{extra}]"',
        )


def not_a_crystal(thing: object) -> UnsupportedInputError:
    """Error for anything else in the place of a `Crystal`."""
    converter = converter_of(thing)
    return UnsupportedInputError(
        "this is no Crystal",
        value=f"{type(thing).__name__} {thing!r}",
        remedy="read files with xtalprint.read, and take objects of other libraries with from_ase or from_pymatgen"
        if converter is None
        else f"convert it first, with xtalprint.{converter}",
    )


def converter_of(thing: object) -> str | None:
    """Name of the function that makes a `Crystal` of a structure of ASE or pymatgen; None for anything else."""
    if hasattr(thing, "get_atomic_numbers"):
        return "from_ase"
    return "from_pymatgen" if hasattr(thing, "sites") else None


def _short(value: object, limit: int = 60) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _rebuild(kind: type[XtalprintError], problem: str, state: dict[str, Any]) -> XtalprintError:
    error = kind(problem)
    error.__dict__.update(state)
    return error
