"""How the loops of the compiled files are compiled; importing this file imports Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

#: Any, because some versions of Numba have type information and others have none.
_njit: Any = numba.njit


def compiled(function: Function, *, fastmath: bool = False, inline: bool = False) -> Function:
    """Compile a loop when it is first called, without the interpreter's lock, and keep it on disk.

    ``fastmath`` lets the compiler choose the order of a sum. It is for loops that no compiled loop calls: one that is
    called gave other bits in the process that compiled it than in those that read it from disk.
    `xtalprint.geometry.compiled_sums` has sums that are as fast in a fixed order. ``inline`` puts the statements into
    the loops that call it, which saves counting the references to its arrays at each call.
    """
    where = "always" if inline else "never"
    try:
        result: Function = _njit(cache=True, nogil=True, fastmath=fastmath, inline=where)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written: compile in each process
        result = _njit(nogil=True, fastmath=fastmath, inline=where)(function)
    return result
