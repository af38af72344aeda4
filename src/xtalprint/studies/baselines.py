"""What others answer for the same crystals: symmetry searches, template matching, common neighbours."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import MissingExtraError, XtalprintError
from xtalprint.geometry import space_group_number
from xtalprint.geometry.rows import first_rows, site_labels
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: Structure types of polyhedral template matching, by their names in OVITO; each is looked for.
PTM_TYPES: Mapping[str, str] = {"FCC": "fcc", "HCP": "hcp", "BCC": "bcc", "SC": "sc", "CUBIC_DIAMOND": "diam"}
#: Structure types of common neighbour analysis; an icosahedral neighbourhood counts as other.
CNA_TYPES: Mapping[str, str] = {"FCC": "fcc", "HCP": "hcp", "BCC": "bcc"}
#: The class of the crystal whose sites are of this type; the others are called as their class is.
CLASS_OF_TYPE: Mapping[str, str] = {"fcc": "fcc", "bcc": "bcc", "hcp": "hex/rh", "sc": "sc", "diam": "diam"}
#: The type of a site that is none of those looked for.
OTHER = "other"


def ptm_types(crystal: Crystal, *, rmsd_cutoff: float) -> NDArray[np.str_]:
    """Polyhedral template matching: the type of each site's neighbourhood, by OVITO.

    Only the five types of `PTM_TYPES` compete, which favours it on crystals that are one of them. Elements are not
    looked at.

    Parameters
    ----------
    crystal
        With a cell, or a cluster without neighbours beyond its surface.
    rmsd_cutoff
        Root mean square deviation from the template, in bond lengths, beyond which a site is of no type; 0 for none.

    Returns
    -------
    (n_sites,) of "fcc", "bcc", "hcp", "sc", "diam" and "other".

    Raises
    ------
    MissingExtraError
        Without OVITO.

    Notes
    -----
    P. M. Larsen, S. Schmidt, J. Schiøtz, Modelling Simul. Mater. Sci. Eng. 24, 055007 (2016).

    Examples
    --------
    >>> from xtalprint import Crystal
    >>> copper = Crystal([[0, 0, 0]], ["Cu"], cell=1.805 * (np.ones((3, 3)) - np.eye(3)))
    >>> ptm_types(copper, rmsd_cutoff=0.1).tolist()
    ['fcc']
    """
    modifier = _ovito("modifiers").PolyhedralTemplateMatchingModifier
    kind = modifier.Type
    matching = modifier(rmsd_cutoff=rmsd_cutoff)
    for structure in matching.structures:
        structure.enabled = structure.id in {int(getattr(kind, name)) for name in PTM_TYPES}
    return _types(crystal, matching, {int(getattr(kind, name)): ours for name, ours in PTM_TYPES.items()})


def cna_types(crystal: Crystal) -> NDArray[np.str_]:
    """Adaptive common neighbour analysis: the type of each site's neighbourhood, by OVITO.

    Returns
    -------
    (n_sites,) of "fcc", "bcc", "hcp" and "other".

    Raises
    ------
    MissingExtraError
        Without OVITO.

    Notes
    -----
    A. Stukowski, Modelling Simul. Mater. Sci. Eng. 20, 045021 (2012).
    """
    modifier = _ovito("modifiers").CommonNeighborAnalysisModifier
    analysis = modifier(mode=modifier.Mode.AdaptiveCutoff)
    return _types(crystal, analysis, {int(getattr(modifier.Type, name)): ours for name, ours in CNA_TYPES.items()})


def majority(types: Sequence[str] | NDArray[np.str_]) -> str | None:
    """Most frequent type but "other"; of equally frequent ones the first in the alphabet; None if all are other."""
    names, counts = np.unique([name for name in types if name != OTHER], return_counts=True)
    return str(names[int(counts.argmax())]) if len(names) else None


def ptm_class(crystal: Crystal, *, rmsd_cutoff: float) -> str | None:
    """Crystal class by the majority of `ptm_types`; None if no site is of any type."""
    winner = majority(ptm_types(crystal, rmsd_cutoff=rmsd_cutoff))
    return None if winner is None else CLASS_OF_TYPE[winner]


def spglib_class(crystal: Crystal, *, symprec: float, angle: float) -> str | None:
    """Crystal class by spglib's space group; None if it finds none or the group belongs to no class.

    Parameters
    ----------
    crystal
        With a cell.
    symprec
        Tolerance of positions, in Å.
    angle
        Tolerance of angles in degrees; −1 for spglib's own rule.

    Raises
    ------
    MissingExtraError
        Without spglib.

    Notes
    -----
    A. Togo, K. Shinohara, I. Tanaka, Sci. Technol. Adv. Mater. Methods 4, 2384822 (2024).
    """
    if crystal.cell is None or not all(crystal.pbc):
        return None
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    try:
        import spglib  # noqa: PLC0415 - extra "symmetry"
    except ImportError:
        raise MissingExtraError.of("spglib", "symmetry", "the comparison with spglib") from None
    rows = first_rows(crystal)
    cell = (crystal.cell.tolist(), crystal.frac[rows].tolist(), site_labels(crystal).tolist())
    with warnings.catch_warnings():
        # spglib 2.8 announces a change of its error handling with every failed search.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            found = spglib.get_symmetry_dataset(cell, symprec=symprec, angle_tolerance=angle)
        except spglib.SpglibError:
            return None
    return None if found is None else CLASS_OF_SPACE_GROUP.get(int(found.number))


def moyopy_class(crystal: Crystal, *, symprec: float) -> str | None:
    """Crystal class by moyopy's space group; None if it finds none or the group belongs to no class.

    Searched as everywhere in this package, see `xtalprint.geometry.symmetry`: a large cell is averaged over the
    translations that hold within ``symprec`` first, and where the library could ask for all memory it is not asked.

    Parameters
    ----------
    crystal
        With a cell.
    symprec
        Tolerance of positions, in Å.
    """
    try:
        return CLASS_OF_SPACE_GROUP.get(space_group_number(crystal, symprec=symprec))
    except XtalprintError:
        return None


def _types(crystal: Crystal, modifier: Any, names: Mapping[int, str]) -> NDArray[np.str_]:  # noqa: ANN401 - OVITO's
    """Let one of OVITO's modifiers name the type of each site."""
    data = _ovito("data").DataCollection()
    positions = crystal.positions[first_rows(crystal)]
    data.create_particles(count=len(positions)).create_property("Position", data=positions)
    if crystal.cell is not None:
        matrix = np.zeros((3, 4))
        matrix[:, :3] = crystal.cell.T  # vectors are columns there
        data.create_cell(matrix, pbc=crystal.pbc)
    data.apply(modifier)
    found = np.asarray(data.particles["Structure Type"][...])
    return np.array([names.get(int(number), OTHER) for number in found], dtype=np.str_)


def _ovito(part: str) -> Any:  # noqa: ANN401 - a module, imported late
    try:
        return import_module(f"ovito.{part}")
    except ImportError:
        raise MissingExtraError.of("ovito", "bench", "the comparison with OVITO") from None
