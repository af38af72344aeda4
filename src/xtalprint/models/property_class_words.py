"""What the card of the model of property classes says in words: what it is, what it is for, what it is not for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.datasets.properties import INSULATOR_GAP, METAL_GAP, STABLE_ENERGY, STIFF_BULK, STIFF_SHEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "property-classes"
#: Version of the recipe and of the meaning of the outputs; raised with every new set of shipped weights.
VERSION = "1.0.0"
SUMMARY = (
    "Crystal system, and whether a crystal is a metal, stable, or stiff, from the diffraction of the crystal in "
    "spherical harmonics and the distances of neighbours: numbers that are the same for every cell, supercell, "
    "orientation and order of the sites. Elements are seen by how they scatter X-rays and electrons, not otherwise."
)
#: The questions in words.
MEANING = {
    "crystal-system": "which of the seven crystal systems, as a symmetry search at 0.1 Å says",
    "metal": f"a calculated band gap below {METAL_GAP:g} eV; gaps up to {INSULATOR_GAP:g} eV were left out",
    "stable": f"at most {STABLE_ENERGY:g} eV/atom above the convex hull of the Materials Project, as calculated",
    "stiff": f"a calculated bulk modulus over {STIFF_BULK:g} GPa",
    "shear-stiff": f"a calculated shear modulus over {STIFF_SHEAR:g} GPa",
}
#: What a person should know before relying on an answer.
CAVEATS = {
    "crystal-system": "of relaxed coordinates; small noise lowers the symmetry that it tells. A symmetry search of"
    " good coordinates is right by definition: ask that",
    "metal": "many simple insulators with small symmetrical cells are called metals; and density-functional theory, "
    "which it learned from, has too small gaps",
    "stable": "learned from compounds within 0.08 eV/atom of the hull, most of them stable: hypothetical structures "
    "come out stable too, and well-known ground states unstable; stability depends on all competing compounds, which "
    "are not in the structure",
    "stiff": "learned from density-functional theory at zero temperature",
    "shear-stiff": "learned from density-functional theory at zero temperature",
}
#: Whose crystals say what is far: the moduli are known of fewer.
FAR_BY = {
    "crystal-system": "crystal-system",
    "metal": "crystal-system",
    "stable": "crystal-system",
    "stiff": "stiff",
    "shear-stiff": "stiff",
}
INTENDED_USE = (
    "Ordered inorganic crystals near equilibrium, given with their cell: a first guess before a calculation.",
    "Showing how much of a property is in diffraction and distances, without the names of the elements.",
)
OUT_OF_SCOPE = (
    "Clusters without a cell, molecules in an empty cell, disordered crystals.",
    "The symmetry of a crystal whose coordinates are good enough for a symmetry search: ask that.",
    "Screening hypothetical structures for stability: it has hardly seen an unstable one.",
    "Band gaps, energies and moduli as numbers; for bulk and shear modulus there is the model stiffness.",
    "Decisions about safety, health or the law.",
)
LIMITATIONS = (
    "It learned from density-functional theory, whose gaps are too small: some that it calls metals are not.",
    "About half of the simple insulators of textbooks are called metals, and known: neon, CdTe, BaO, AgCl, NiO.",
    "The crystal system is that of relaxed coordinates: noise that a symmetry search forgives misleads the model.",
    "“Known” does not mean ordered: most boxes of molten elements are known, and some simple metals (V, Be) are not.",
    "Cells over 100,000 Å³, some 10,000 atoms, are refused unless they are exact supercells of a small cell.",
    "Labels of several years of the Materials Project, whose structures were in part relaxed anew since.",
    "Elements that scatter alike, such as neighbours in the periodic table, are hard to tell.",
    "Compressed, stretched or hot crystals are rare among those it learned from.",
)


def limitations(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """All limitations; how much less is known of new formulas, as it was measured.

    Parameters
    ----------
    figures
        By question, with ``by formula`` and ``random``.
    """
    told = ", ".join(
        f"{name} {figures[name]['by formula']['auc']:.3f} and {figures[name]['random']['auc']:.3f}"
        for name in figures
    )
    return (*LIMITATIONS, f"The area under the curve with no formula in common, and with random parts: {told}.")


REFERENCE = (
    "Y. Wang, X.-J. Zhang, F. Xia, E. A. Olivetti, S. D. Wilson, R. Seshadri, J. M. Rondinelli, Phys. Rev. Research "
    "4, 023029 (2022), for the questions. Data: the Materials Project, A. Jain et al., APL Mater. 1, 011002 (2013)."
)
LICENCE = "MIT for the model; it learned from data of the Materials Project, CC BY 4.0"
