"""Functions of a crystal refuse anything else in its place, by one rule."""

from __future__ import annotations

from functools import wraps
from numbers import Integral
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar, cast

from xtalprint.crystal import Crystal
from xtalprint.errors import XtalprintError, converter_of, not_a_crystal

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")


def takes_crystal(function: Function) -> Function:
    """Let a function raise `UnsupportedInputError` where its first argument is no `Crystal`.

    Examples
    --------
    >>> @takes_crystal
    ... def size(crystal):
    ...     return len(crystal)
    >>> size(Crystal([[0, 0, 0]], ["Po"]))
    1
    >>> size([])
    Traceback (most recent call last):
    xtalprint.errors.UnsupportedInputError: this is no Crystal (value: list []); read files with xtalprint.read, and \
take objects of other libraries with from_ase or from_pymatgen.
    """

    @wraps(function)
    def checked(crystal: object, *rest: object, **options: object) -> object:
        if not isinstance(crystal, Crystal):
            raise not_a_crystal(crystal)
        return function(crystal, *rest, **options)

    return cast("Function", checked)


def is_one(given: object) -> bool:
    """Tell one thing in the place of a crystal from several; structures of ASE and pymatgen are iterable too."""
    one = isinstance(given, (Crystal, XtalprintError, str, PathLike)) or not hasattr(given, "__iter__")
    return one or converter_of(given) is not None


def check_whole(what: str, *numbers: object, least: int = 1) -> None:
    """Refuse what is no whole number, or below the ``least``.

    Raises
    ------
    XtalprintError
        With all the numbers.

    Examples
    --------
    >>> check_whole("repeats", 2, 0)
    Traceback (most recent call last):
    xtalprint.errors.XtalprintError: repeats must be whole numbers, 1 or more (value: (2, 0)).
    """
    if not all(isinstance(n, Integral) and int(n) >= least for n in numbers) or any(n is True for n in numbers):
        one = len(numbers) == 1
        kind = "a whole number" if one else "whole numbers"
        raise XtalprintError(f"{what} must be {kind}, {least} or more", value=repr(numbers[0] if one else numbers))
