"""Two things to compare, each a crystal or its fingerprint already."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING

from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import Fingerprint
from xtalprint.errors import WrongUsageError, converter_of, not_a_crystal
from xtalprint.similarity.fingerprinting import default_descriptor

if TYPE_CHECKING:
    from xtalprint.similarity.fingerprints import Grid


def as_fingerprints(a: Crystal | Grid, b: Crystal | Grid) -> tuple[Grid, Grid]:
    """Compute the fingerprints of crystals: with the descriptor of the other's fingerprint, or ``GRID()`` for two.

    Raises
    ------
    WrongUsageError
        For a crystal and a plain array, which does not tell its descriptor, for the name of a file, and for what is
        neither a crystal nor a fingerprint.
    XtalprintError
        If a crystal has no fingerprint, or for a structure of ASE or pymatgen.
    """
    for item in (a, b):
        check_no_path(item)
        if isinstance(item, (list, tuple)) and any(isinstance(one, (Crystal, Fingerprint)) for one in item):
            raise WrongUsageError(
                "these are several crystals",
                value=f"{len(item)} of them",
                remedy="give one, such as xtalprint.read(…)[0], or compare many with EarthMovers",
            )
        if converter_of(item) is not None:
            raise not_a_crystal(item)
        if not (isinstance(item, (Crystal, Fingerprint, list, tuple)) or hasattr(item, "__array__")):
            raise WrongUsageError(
                "this is neither a crystal nor a fingerprint",
                value=repr(item),
                remedy="give two crystals, or their fingerprints",
            )
    descriptor = next((item.descriptor for item in (a, b) if isinstance(item, Fingerprint)), None)
    crystals = sum(isinstance(item, Crystal) for item in (a, b))
    if crystals == 1 and descriptor is None:
        raise WrongUsageError(
            "a crystal cannot be compared with an array of unknown making",
            remedy="give two crystals, or the fingerprint of the descriptor",
        )
    made = descriptor or default_descriptor()
    one, other = (made.compute(item) if isinstance(item, Crystal) else item for item in (a, b))
    return one, other


def check_no_path(item: object) -> None:
    """Refuse the name of a file in the place of a crystal.

    Raises
    ------
    WrongUsageError
        Saying how it is read.
    """
    if isinstance(item, (str, PathLike)):
        raise WrongUsageError(
            "this is the name of a file, and no crystal",
            value=item,
            remedy=f'read it first: [crystal] = xtalprint.read("{fspath(item)}")',
        )
