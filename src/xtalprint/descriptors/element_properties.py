"""A small table of what is known of the elements: sizes, electronegativity, melting points, outer electrons."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.elements import SYMBOLS
from xtalprint.errors import UnsupportedInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

#: Columns of the table after symbol and number.
PROPERTIES = (
    "covalent_radius",
    "mass",
    "mendeleev_number",
    "electronegativity",
    "molar_volume",
    "melting_point",
    "boiling_point",
    "electron_affinity",
    "ionization_energy",
    "s_electrons",
    "p_electrons",
    "d_electrons",
    "f_electrons",
)
#: The last element of the table, curium.
LAST = 96


@cache
def element_properties() -> dict[str, Floats]:
    """Values by property; entry Z of each is that of atomic number Z, entry 0 is not a number.

    Returns
    -------
    ``covalent_radius`` in Å, ``mass`` in u, ``mendeleev_number``, ``electronegativity`` (Pauling), ``molar_volume``
    in cm³/mol, ``melting_point`` and ``boiling_point`` in K, ``electron_affinity`` and ``ionization_energy`` in eV,
    and outer electrons by orbital. Arrays are read-only.

    Notes
    -----
    A value that is not known is that of the nearest element by Mendeleev number which has one, the lower one first:
    helium, neon and argon have no electronegativity, astatine and francium no molar volume.

    Source
    ------
    Covalent radii: B. Cordero et al., Dalton Trans. 2008, 2832. The others: the periodic table of pymatgen (MIT
    licence). ``scripts/make_element_properties.py`` writes the file.

    Examples
    --------
    >>> float(element_properties()["electronegativity"][26])
    1.83
    """
    text = files("xtalprint.descriptors").joinpath("element_properties.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    order = np.array([float(row["mendeleev_number"]) for row in rows])
    found: dict[str, Floats] = {}
    for name in PROPERTIES:
        values = np.array([float(row[name] or "nan") for row in rows])
        known = np.flatnonzero(np.isfinite(values))
        for place in np.flatnonzero(~np.isfinite(values)):
            values[place] = values[known[np.lexsort((order[known], abs(order[known] - order[place])))[0]]]
        whole = np.concatenate([[np.nan], values])
        whole.setflags(write=False)
        found[name] = whole
    return found


def outer_electrons() -> Floats:
    """Number of outer electrons by atomic number, those of all orbitals together."""
    table = element_properties()
    return np.asarray(sum(table[f"{orbital}_electrons"] for orbital in "spdf"))


def check_elements(numbers: Integers, *, source: str | None = None, frame: int | None = None) -> None:
    """Refuse elements that the table does not have.

    Raises
    ------
    UnsupportedInputError
        Naming the largest atomic number.
    """
    if numbers.max() > LAST:
        raise UnsupportedInputError(
            f"what is known of the elements ends with {SYMBOLS[LAST]}, number {LAST}",
            value=f"{SYMBOLS[int(numbers.max())]}, atomic number {int(numbers.max())}",
            source=source,
            frame=frame,
            remedy="leave this crystal out",
        )
