"""JSON: pymatgen's structures, molecules and entries, lists of them, JSON Lines, and ASE's databases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import UnreadableFileError
from xtalprint.io.frames import frame_or_error
from xtalprint.io.species import atomic_number, unknown_species

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtalprint.errors import XtalprintError
    from xtalprint.io.input_file import InputFile

_REMEDY = "give a pymatgen Structure, Molecule or ComputedStructureEntry as_dict, a list of them, or an ASE database"


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:  # noqa: ARG001 - the signature of every reader
    """Read one structure after the other."""
    content = _parsed(file.text())
    if isinstance(content, dict) and "ids" in content and "nextid" in content:
        from xtalprint.io.ase_database import rows  # noqa: PLC0415 - loads ASE

        yield from rows(file, "json")
        return
    found = content if isinstance(content, list) else [content]
    if not found:
        raise UnreadableFileError("an empty list", remedy=_REMEDY)
    for frame, item in enumerate(found):
        yield frame_or_error(
            lambda item=item, frame=frame: _crystal(item, file.source, frame),  # type: ignore[misc] # bound now
            source=file.source,
            frame=frame,
            what="the structure",
        )


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON of any form
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if error.msg == "Extra data" and len(lines) > 1:
            return [_line(line) for line in lines]
        raise UnreadableFileError(
            f"not valid JSON: {error.msg} in line {error.lineno}", remedy="copy or write the file again"
        ) from None
    except RecursionError:
        raise UnreadableFileError("JSON nested too deeply", remedy=_REMEDY) from None


def _line(line: str) -> Any:  # noqa: ANN401 - likewise
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return line


def _crystal(item: Any, source: str, frame: int) -> Crystal:  # noqa: ANN401 - likewise
    item = _without_wrapping(item)
    if not isinstance(item, dict) or not isinstance(item.get("sites"), list):
        raise UnreadableFileError("not a structure", value=item if isinstance(item, str) else None, remedy=_REMEDY)
    matrix, pbc = _lattice(item.get("lattice"))
    coordinates, numbers, occupancies = [], [], []
    for atom, site in enumerate(item["sites"]):
        try:
            in_cell = matrix is not None and "abc" in site
            xyz = np.array(_plain(site["abc"] if in_cell else site["xyz"]), dtype=float)
            if xyz.shape != (3,):
                raise ValueError(xyz.shape)  # noqa: TRY301 - said below, with all that may be wrong here
            species = [(s["element"], float(s.get("occu", 1.0))) for s in site["species"]]
        except (KeyError, TypeError, ValueError):
            raise UnreadableFileError(
                "the site lacks its species or its coordinates", atom=atom, value=site, remedy="write the file again"
            ) from None
        for symbol, share in species:
            z = atomic_number(symbol) if isinstance(symbol, str) else None
            if z is None:
                raise unknown_species(str(symbol), atom)
            coordinates.append(xyz if matrix is None or not in_cell else xyz @ matrix)
            numbers.append(z)
            occupancies.append(share)
    return Crystal(coordinates, numbers, cell=matrix, occupancies=occupancies, pbc=pbc, source=source, frame=frame)


def _without_wrapping(item: Any) -> Any:  # noqa: ANN401 - likewise
    """Find the structure in an entry or in a document of the Materials Project."""
    for key in ("structure", "molecule"):
        if isinstance(item, dict) and "sites" not in item and isinstance(item.get(key), dict):
            return item[key]
    return item


def _lattice(found: Any) -> tuple[np.ndarray[Any, np.dtype[np.float64]] | None, tuple[bool, bool, bool] | None]:  # noqa: ANN401
    if found is None:
        return None, None
    try:
        matrix = np.array(_plain(found["matrix"]), dtype=float)
        x, y, z = found.get("pbc", (True, True, True))
    except (KeyError, TypeError, ValueError):
        raise UnreadableFileError("the lattice has no matrix", value=found, remedy=_REMEDY) from None
    if matrix.shape != (3, 3):
        raise UnreadableFileError("the matrix of the lattice is not 3×3", value=matrix.shape, remedy=_REMEDY)
    return matrix, (bool(x), bool(y), bool(z))


def _plain(values: Any) -> Any:  # noqa: ANN401 - likewise
    """Take the list out of an array that monty has written."""
    return values["data"] if isinstance(values, dict) and "data" in values else values
