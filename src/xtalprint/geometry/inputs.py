"""Functions of a crystal refuse anything else in its place, by one rule."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from xtalprint.crystal import Crystal
from xtalprint.errors import not_a_crystal

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
