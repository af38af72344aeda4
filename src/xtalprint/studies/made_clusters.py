"""The crystals of the paper's figures: prototypes of the classes, as clusters in their standard axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtalprint.crystal import Crystal
from xtalprint.datasets.elements import ELEMENTS, bond_lengths
from xtalprint.errors import XtalprintError
from xtalprint.geometry import bond_length, scaled, standard_cell, supercell_to, to_cluster
from xtalprint.prototypes import all_prototypes

if TYPE_CHECKING:
    import numpy as np


#: Sites of a cluster, at least; the paper has about 250.
ATOMS = 256
#: Tolerance in Å at which the standard axes of a made crystal are looked for. It is perfect, so a small one is
#: enough, and only a small one leaves crystals alone that are nearly of a higher symmetry.
STRICT = 1e-3


@dataclass(frozen=True)
class ClassPrototype:
    """A prototype of a class: its name in pictures, and label and mineral of the AFLOW library."""

    name: str
    label: str
    mineral: str
    crystal_class: str

    @property
    def crystal(self) -> Crystal:
        """The structure with its own element and lengths."""
        for candidate in all_prototypes():
            if (candidate.label, candidate.mineral) == (self.label, self.mineral):
                return candidate.crystal
        raise XtalprintError("no such prototype", value=f"{self.label}, {self.mineral}")


#: In the order of figure 2b of the paper, which does not name its structures. The indium of the library is not taken
#: for bct_139: its cell has twice the volume of that metal.
PROTOTYPES = (
    ClassPrototype("bct_139 (Pa)", "A_tI2_139_a", "Protactinium", "bct_139"),
    ClassPrototype("bct_141 (β-Sn)", "A_tI4_141_a", "beta Sn", "bct_141"),
    ClassPrototype("hex (Mg)", "A_hP2_194_c", "Magnesium", "hex/rh"),
    ClassPrototype("rh (α-Sm)", "A_hR3_166_ac", "alpha Samarium", "hex/rh"),
    ClassPrototype("sc (α-Po)", "A_cP1_221_a", "alpha Po", "sc"),
    ClassPrototype("fcc (Cu)", "A_cF4_225_a", "Copper", "fcc"),
    ClassPrototype("diam (C)", "A_cF8_227_a", "diamond", "diam"),
    ClassPrototype("bcc (W)", "A_cI2_229_a", "Tungsten", "bcc"),
)
#: Rhombohedral prototypes that are no stacks of close-packed layers.
OTHER_RHOMBOHEDRAL = (
    ClassPrototype("rh (α-As)", "A_hR2_166_c", "alpha As", "hex/rh"),
    ClassPrototype("rh (β-Po)", "A_hR1_166_a", "beta Polonium", "hex/rh"),
)


def cluster(crystal: Crystal, *, atoms: int = ATOMS) -> Crystal:
    """Cut a perfect crystal free in its standard axes, so that no model has to look for them."""
    return to_cluster(supercell_to(standard_cell(crystal, symprec=STRICT), min_atoms=atoms))


def drawn_element(rng: np.random.Generator) -> str:
    """One of the 83 elements of the made set."""
    return str(rng.choice(ELEMENTS))


def with_element(crystal: Crystal, symbol: str) -> Crystal:
    """Make all atoms of one element, at its bond length."""
    same = Crystal(
        crystal.positions, [symbol] * len(crystal), cell=crystal.cell, source=f"{crystal.source} ({symbol})"
    )
    return scaled(same, bond_lengths()[symbol] / bond_length(same))
