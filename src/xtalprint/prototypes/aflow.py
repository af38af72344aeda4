"""The 288 prototypes of the AFLOW library that the package ships."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import XtalprintError


@dataclass(frozen=True)
class Prototype:
    """A structure type with its namesake as an example.

    Parameters
    ----------
    label
        AFLOW label: stoichiometry, Pearson symbol, space group, Wyckoff letters, such as ``A_cF4_225_a``.
    pearson
        Pearson symbol.
    mineral
        Name of the structure that the type is called after.
    spacegroup
        Space-group number in the label.
    crystal
        That structure, its primitive cell.
    """

    label: str
    pearson: str
    mineral: str
    spacegroup: int
    crystal: Crystal

    def with_one_element(self, symbol: str, *, volume_per_atom: float | None = None) -> Crystal:
        """All sites of one element, which often raises the symmetry: rock salt becomes simple cubic.

        Parameters
        ----------
        symbol
            Chemical symbol.
        volume_per_atom
            Å³; None leaves the lengths as they are.
        """
        if symbol not in ATOMIC_NUMBERS:
            raise XtalprintError("unknown element", value=symbol, remedy="use chemical symbols H to Og")
        n = len(self.crystal)
        factor = 1.0
        if volume_per_atom is not None:
            if not (np.isfinite(volume_per_atom) and volume_per_atom > 0):
                raise XtalprintError("the volume per atom must be a positive number of Å³", value=volume_per_atom)
            factor = float(np.cbrt(volume_per_atom * n / self.crystal.volume))
        cell = self.crystal.cell
        return Crystal(
            self.crystal.positions * factor,
            [symbol] * n,
            cell=None if cell is None else cell * factor,
            source=f"{self.label} ({symbol})",
        )


@lru_cache(maxsize=1)
def all_prototypes() -> tuple[Prototype, ...]:
    """Every prototype, in the order of the library.

    Notes
    -----
    M. J. Mehl et al., The AFLOW Library of Crystallographic Prototypes, Comput. Mater. Sci. 136, S1 (2017); read from
    pymatgen (MIT licence). See the NOTICE beside the data file.

    Examples
    --------
    >>> len(all_prototypes())
    288
    """
    packed = (files("xtalprint.prototypes") / "aflow.json.gz").read_bytes()
    return tuple(
        Prototype(
            label=entry["label"],
            pearson=entry["pearson"],
            mineral=entry["mineral"],
            spacegroup=entry["spacegroup"],
            crystal=Crystal(
                np.array(entry["frac"]).reshape(-1, 3) @ np.array(entry["cell"]).reshape(3, 3),
                entry["numbers"],
                cell=np.array(entry["cell"]).reshape(3, 3),
                source=entry["label"],
            ),
        )
        for entry in json.loads(gzip.decompress(packed))
    )


def prototype(label: str) -> Prototype:
    """Return the first prototype of a label.

    Examples
    --------
    >>> prototype("A_cF4_225_a").mineral
    'Copper'
    """
    for candidate in all_prototypes():
        if candidate.label == label:
            return candidate
    raise XtalprintError("no such prototype", value=label, remedy="all_prototypes() lists the labels")
