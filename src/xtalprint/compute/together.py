"""A stream of structures taken a few at a time, where a few are quicker together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.crystal import Crystal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtalprint.errors import XtalprintError

#: Atoms after which a few are enough: large structures are not quicker together.
ATOMS = 5000


def together(items: Iterable[Crystal | XtalprintError], most: int) -> Iterator[list[Crystal | XtalprintError]]:
    """Lists of at most so many structures that follow each other, fewer where they are large.

    Examples
    --------
    >>> small, large = (Crystal([[2.0 * i, 0, 0] for i in range(n)], ["Au"] * n) for n in (1, ATOMS))
    >>> [len(some) for some in together([small, large, small, small, small], 2)]
    [2, 2, 1]
    """
    some: list[Crystal | XtalprintError] = []
    atoms = 0
    for item in items:
        some.append(item)
        atoms += len(item) if isinstance(item, Crystal) else 0
        if len(some) >= most or atoms >= ATOMS:
            yield some
            some, atoms = [], 0
    if some:
        yield some
