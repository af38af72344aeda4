"""CIF: every block with atoms is a frame. Read with gemmi, checked, and in doubt read a second time with pymatgen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xtalprint.crystal import Crystal, cell_parameters
from xtalprint.errors import InvalidCrystalError, UnreadableFileError, XtalprintError
from xtalprint.io.cif_checks import amounts_of, formula_units, geometry_problem, resembles, written
from xtalprint.io.cif_symmetry import candidates, expand, fits_cell
from xtalprint.io.cif_tags import Tags, atoms_of, cell_of, formula_of
from xtalprint.io.frames import frame_or_error
from xtalprint.io.quiet import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.io.cif_tags import Atoms
    from xtalprint.io.input_file import InputFile

#: Most bytes of a CIF, whose syntax is slow to read; most atoms listed in a block; and most in a cell that pymatgen
#: can read in the time a person waits.
MAX_CIF_BYTES, MAX_LISTED, MAX_SECOND = 48 * 2**20, 100_000, 5_000
_BLOCK_START = re.compile(r"^data_", re.MULTILINE | re.IGNORECASE)
_GEMMI_PLACE = re.compile(r"^string:(\d+):\d+\(\d+\):?\s*|^string:(\d+)\s+in\s+|^string:\s*")
#: Fractional coordinates beyond this are errors, and have lost the digits that place the atom in the cell.
MAX_FRACTION = 1e6
#: How far the number of formula units may be from the stated one.
UNITS_TOLERANCE = 0.05


class Reading(NamedTuple):
    """One way to read a block, and what speaks against it."""

    atoms: Atoms
    cell: NDArray[np.float64]
    problem: str | None
    formula_fits: bool
    units_fit: bool


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:  # noqa: ARG001 - the signature of every reader
    """Read block by block.

    A block without cell and atoms, such as ``data_global`` with the bibliography, is passed over if the file has a
    block with atoms; it keeps its number, so that ``frame`` is the number of the block in the file.
    """
    blocks = _blocks(file.text(MAX_CIF_BYTES))
    if not blocks:
        raise UnreadableFileError("no data block", remedy="a CIF begins with a line data_NAME; check the file")
    tags = [block if isinstance(block, XtalprintError) else Tags(block) for block in blocks]
    any_atoms = any(isinstance(t, Tags) and t.has_atoms() for t in tags)
    for frame, (block, found) in enumerate(zip(blocks, tags, strict=True)):
        if isinstance(found, XtalprintError):
            yield found.located(source=file.source, frame=frame)
        elif found.has_atoms() or "_cell_length_a" in found or not any_atoms:
            item = frame_or_error(
                lambda found=found, block=block, frame=frame: _crystal(found, block, file.source, frame),  # type: ignore[misc] # bound now
                source=file.source,
                frame=frame,
                what="the block",
            )
            if isinstance(item, XtalprintError):
                item.problem = f"block data_{block.name}: {item.problem}"
            yield item


def _blocks(text: str) -> list[Any]:
    """Blocks of the file; a block with an error in its syntax becomes that error, and the others are read."""
    import gemmi  # noqa: PLC0415 - 30 ms that other formats do not pay

    try:
        return list(gemmi.cif.read_string(text, check_level=0))
    except (ValueError, RuntimeError) as error:
        starts = [match.start() for match in _BLOCK_START.finditer(text)]
        if len(starts) < 2:  # noqa: PLR2004 - nothing to separate
            return [_syntax_error(error, 0)]
    found: list[Any] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        try:
            found += list(gemmi.cif.read_string(text[start:end], check_level=0))
        except (ValueError, RuntimeError) as error:
            found.append(_syntax_error(error, text.count("\n", 0, start)))
    return found


def _syntax_error(error: Exception, lines_before: int) -> UnreadableFileError:
    message = first_line(error)
    place = _GEMMI_PLACE.match(message)
    line = next((int(part) for part in place.groups() if part), None) if place else None
    where = f" in line {line + lines_before}" if line else ""
    return UnreadableFileError(
        f"not valid CIF{where}: {_GEMMI_PLACE.sub('', message)}",
        remedy="correct this line, or copy the file again if it is cut off",
    )


def _crystal(tags: Tags, block: Any, source: str, frame: int) -> Crystal:  # noqa: ANN401 - gemmi has no types
    if not tags.has_atoms():
        raise UnreadableFileError(
            "no atoms", remedy="check that the file is complete: a cell or symmetry is not enough"
        )
    cell = cell_of(tags)
    rows = len(tags.column("_atom_site_fract_x") or ())
    if rows > MAX_LISTED:
        raise UnreadableFileError(
            f"more than {MAX_LISTED} atoms listed in one block",
            value=rows,
            remedy="write large samples as extxyz or a LAMMPS dump",
        )
    listed = atoms_of(tags)
    sound = np.abs(listed.frac) < MAX_FRACTION  # false for NaN
    if not sound.all():
        atom = int(np.argwhere(~sound)[0][0])
        finite = np.isfinite(listed.frac[atom]).all()
        problem = f"a coordinate is {MAX_FRACTION:g} cells away or more" if finite else "a coordinate is not finite"
        raise InvalidCrystalError(problem, atom=atom, value=listed.frac[atom].tolist(), remedy="correct it")
    _check_occupancies(listed)
    formula = formula_of(tags)
    best: Reading | None = None
    mismatched = False
    for operations in candidates(tags, *_gamma_alpha(cell)):
        if not fits_cell(operations, cell):
            mismatched = True
            continue
        reading = _reading(expand(listed, operations, cell), cell, formula, tags.one("_cell_formula_units_z"))
        if best is None or _rank(reading) > _rank(best):
            best = reading
        if _rank(best) == (True, True, True):
            break
    if best is None:
        raise UnreadableFileError(
            "the symmetry operations do not fit the cell" if mismatched else "no symmetry operations",
            value=[round(float(x), 3) for x in np.linalg.norm(cell, axis=1)],
            remedy="correct the cell or the space group",
        )
    if best.problem is not None or not best.formula_fits:
        return _second_opinion(best, formula, block, source, frame)
    return _made(best, source, frame)


def _gamma_alpha(cell: NDArray[np.float64]) -> tuple[float, float]:
    alpha, _, gamma = cell_parameters(cell)[3:]
    return gamma, alpha


def _check_occupancies(atoms: Atoms) -> None:
    bad = np.flatnonzero(~((atoms.occupancies > 0) & (atoms.occupancies <= 1 + 0.02)))
    if len(bad):
        atom = int(bad[0])
        raise InvalidCrystalError(
            f"occupancy of {atoms.labels[atom]} is outside (0, 1]",
            atom=atom,
            value=atoms.occupancies[atom],
            remedy="give fractions, not per cent",
        )


def _reading(atoms: Atoms, cell: NDArray[np.float64], formula: dict[str, float] | None, units: str | None) -> Reading:
    problem = geometry_problem(cell, atoms.frac @ cell, atoms.occupancies)
    found = None if formula is None else formula_units(amounts_of(atoms.numbers, atoms.occupancies), formula)
    stated = float(units) if units is not None and units.isdigit() else None
    units_fit = stated is None or found is None or abs(found - stated) <= UNITS_TOLERANCE * stated
    return Reading(atoms, cell, problem, formula is None or found is not None, units_fit)


def _rank(reading: Reading) -> tuple[bool, bool, bool]:
    return (reading.problem is None, reading.formula_fits, reading.units_fit)


def _made(reading: Reading, source: str, frame: int) -> Crystal:
    atoms = reading.atoms
    return Crystal(
        atoms.frac @ reading.cell,
        atoms.numbers,
        cell=reading.cell,
        occupancies=_settled(atoms, reading.cell),
        source=source,
        frame=frame,
    )


def _settled(atoms: Atoms, cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Occupancies whose sum on a site is 1.01 by rounding, scaled to 1."""
    occupancies = np.minimum(atoms.occupancies, 1.0)
    if (occupancies == 1.0).all():
        return occupancies
    from xtalprint.sites import group_coincident  # noqa: PLC0415 - only for disordered crystals

    site = group_coincident(atoms.frac @ cell, cell, (True, True, True), 0.05)
    total = np.bincount(site, weights=occupancies)[site]
    return np.where(total > 1.0, occupancies / total, occupancies)


def _second_opinion(
    reading: Reading,
    formula: dict[str, float] | None,
    block: Any,  # noqa: ANN401 - gemmi has no types
    source: str,
    frame: int,
) -> Crystal:
    """Read with pymatgen what gemmi's reading leaves in doubt.

    Its reading is taken if it passes the checks that ours failed. If both readers find the same sound atoms and the
    stated formula differs by some vacancies or rounding, the formula is an ideal one, and the atoms count. If an
    element is missing, or far from its share, atoms are missing: that is refused.
    """
    found = amounts_of(reading.atoms.numbers, reading.atoms.occupancies)
    doubt = reading.problem or (
        f"the atoms make {written(found)}, which is no multiple of _chemical_formula_sum {written(formula or {})}"
    )
    if len(reading.atoms.numbers) > MAX_SECOND:
        raise InvalidCrystalError(doubt, remedy="correct the file; it is too large for a second reading")
    try:
        other = _by_pymatgen(block, source, frame)
    except ImportError:
        raise InvalidCrystalError(
            doubt, remedy='correct the file, or for a second reading: pip install "xtalprint[pymatgen]"'
        ) from None
    except Exception as error:
        raise InvalidCrystalError(doubt, remedy=f"correct the file; pymatgen says: {first_line(error)}") from error
    their_cell = reading.cell if other.cell is None else other.cell
    if geometry_problem(their_cell, other.positions, other.occupancies) is not None:
        raise InvalidCrystalError(doubt, remedy="correct the file; pymatgen reads it no better")
    theirs = amounts_of(other.numbers, other.occupancies)
    if formula is None or formula_units(theirs, formula) is not None:
        return other
    if reading.problem is None and formula_units(found, theirs) is not None and resembles(found, formula):
        return _made(reading, source, frame)
    raise InvalidCrystalError(doubt, remedy=f"correct the file; pymatgen finds {written(theirs)}")


def _by_pymatgen(block: Any, source: str, frame: int) -> Crystal:  # noqa: ANN401 - gemmi has no types
    from xtalprint.io.pymatgen_objects import crystal_of_sites  # noqa: PLC0415 - loads pymatgen
    from xtalprint.io.quiet import quiet  # noqa: PLC0415 - likewise

    with quiet():
        from pymatgen.io.cif import CifParser  # noqa: PLC0415 - half a second

        parser = CifParser.from_str(block.as_string(), occupancy_tolerance=1 + 0.02)
        [structure] = parser.parse_structures(primitive=False, on_error="raise")
    return crystal_of_sites(structure, source=source, frame=frame)
