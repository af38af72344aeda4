"""Prototypes by their usual names: the class list of the model ``prototype``, read from a file."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REMEDY = 'write {"prototypes": [{"name": "fcc", "cell": [9 numbers in Å], "numbers": […], "frac": […]}, …]}'
#: Fields of a row that are text, and how far a structure varies unless its row says otherwise.
TEXTS = ("strukturbericht", "aflow", "example", "source")
STRAIN, SHIFT = 0.04, 0.02
#: Tolerance in Å of the space group of a row.
SYMPREC = 1e-3


@dataclass(frozen=True, kw_only=True)
class NamedPrototype:
    """One example of a class.

    Parameters
    ----------
    name
        Of the class.
    crystal
        Its elements only tell which sites are alike.
    strain
        Largest |ln| of the change of an axial ratio that leaves it in its class.
    shift
        The same for the root mean square of the shifts of free coordinates, as a share of the cube root of the
        volume per atom.
    strukturbericht, aflow, example, source
        Symbol, AFLOW label, formula, and name in the collection that it is from; may be empty.
    """

    name: str
    crystal: Crystal
    strain: float = STRAIN
    shift: float = SHIFT
    strukturbericht: str = ""
    aflow: str = ""
    example: str = ""
    source: str = ""

    @cached_property
    def n_elements(self) -> int:
        """Number of different elements."""
        return len(np.unique(self.crystal.numbers))

    @cached_property
    def freedom(self) -> tuple[Floats, Floats]:
        """Project onto what the space group leaves free.

        Returns
        -------
        (9, 9) for strains in Cartesian axes, without a trace, and (3 N, 3 N) for shifts of fractional coordinates.
        """
        import spglib  # noqa: PLC0415 - extra "symmetry"

        cell, frac = np.array(self.crystal.cell), self.crystal.frac
        with warnings.catch_warnings():
            # spglib 2.8 announces a change of its error handling with every search.
            warnings.simplefilter("ignore", DeprecationWarning)
            found = spglib.get_symmetry(
                (cell.tolist(), frac.tolist(), self.crystal.numbers.tolist()), symprec=SYMPREC
            )
        if found is None:
            raise XtalprintError(f"no symmetry is found within {SYMPREC} Å", source=self.name, remedy="check the row")
        n = len(frac)
        strains, shifts = np.zeros((9, 9)), np.zeros((n, 3, n, 3))
        for rotation, translation in zip(found["rotations"], found["translations"], strict=True):
            turn = cell.T @ rotation @ np.linalg.inv(cell.T)
            strains += np.kron(turn, turn)
            apart = (frac @ rotation.T + translation)[:, None] - frac[None]
            partner = ((apart - np.round(apart)) ** 2).sum(axis=-1).argmin(axis=1)
            shifts[np.arange(n), :, partner] += np.linalg.inv(rotation)
        operations = len(found["rotations"])
        traceless = np.eye(9) - np.outer(np.eye(3), np.eye(3)) / 3
        return traceless @ strains / operations, shifts.reshape(3 * n, 3 * n) / operations


def class_list_sha256(path: str | Path | None = None) -> str:
    """SHA-256 of a class list, see `named_prototypes`; of a file that cannot be read an ``OSError`` says why."""
    return hashlib.sha256(_place(path).read_bytes()).hexdigest()


def named_prototypes(path: str | Path | None = None) -> tuple[NamedPrototype, ...]:
    """Read a class list.

    Parameters
    ----------
    path
        A JSON file; None is the list that the package ships: the 27 elemental solids and 11 binaries of A. Leitherer,
        A. Ziletti and L. M. Ghiringhelli, Nature Communications 12, 6234 (2021).

    Raises
    ------
    XtalprintError
        If the file cannot be read or a row is not a crystal; it names the row.

    Examples
    --------
    >>> [p.name for p in named_prototypes()][:3]
    ['fcc', 'bcc', 'hcp']
    """
    place = _place(path)
    try:
        rows = json.loads(place.read_text(encoding="utf-8"))["prototypes"]
        found = tuple(_row(entry, number) for number, entry in enumerate(rows))
    except OSError as error:
        raise XtalprintError(f"the class list cannot be read: {error.strerror}", source=str(place)) from error
    except XtalprintError as error:
        error.located(source=str(place))
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise XtalprintError("this is no class list", source=str(place), remedy=REMEDY) from error
    if len(class_names(found)) < 2:  # noqa: PLR2004 - one class needs no classifier
        raise XtalprintError("a class list needs two names or more", source=str(place), remedy=REMEDY)
    return found


def class_names(prototypes: tuple[NamedPrototype, ...]) -> tuple[str, ...]:
    """Names of the classes, each once, in the order of the list."""
    return tuple(dict.fromkeys(prototype.name for prototype in prototypes))


def _row(entry: Mapping[str, Any], number: int) -> NamedPrototype:
    try:
        cell = np.array(entry["cell"], dtype=np.float64).reshape(3, 3)
        frac = np.array(entry["frac"], dtype=np.float64).reshape(-1, 3)
        name, strain, shift = str(entry["name"]), entry.get("strain", STRAIN), entry.get("shift", SHIFT)
        texts = {key: str(entry.get(key, "")) for key in TEXTS}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise XtalprintError(f"row {number} of the class list is not complete", remedy=REMEDY) from error
    if not (name and 0 <= strain < 1 and 0 <= shift < 1):
        raise XtalprintError(f"row {number} of the class list has no name, or varies by more than 1", remedy=REMEDY)
    crystal = Crystal(frac @ cell, entry["numbers"], cell=cell, source=name)
    return NamedPrototype(name=name, crystal=crystal, strain=float(strain), shift=float(shift), **texts)


def _place(path: str | Path | None) -> Traversable:
    """Where a class list lies; None is that of the package."""
    return files("xtalprint.prototypes") / "named.json" if path is None else Path(path)
