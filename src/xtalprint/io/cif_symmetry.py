"""Symmetry operations of a CIF: from the list, else Hall symbol, Hermann-Mauguin symbol or number; and the orbits."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.errors import UnreadableFileError
from xtalprint.io.cif_tags import Atoms

if TYPE_CHECKING:
    from collections.abc import Iterator

    import gemmi
    from numpy.typing import NDArray

    from xtalprint.io.cif_tags import Tags

_XYZ = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz", "_space_group_symop_magn_operation_xyz")
_CENTERING = ("_space_group_symop_magn_centering_xyz",)
_HALL = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_HM = (
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_ref",
    "_space_group_name_h-m_full",
)
_NUMBER = ("_space_group_it_number", "_symmetry_int_tables_number")

#: Images of a fully occupied atom closer than this (Å) are one atom on a special position, badly rounded.
MERGED = 0.5
#: Images of a partly occupied atom farther apart than this (Å) may be split positions.
SPLIT = 0.1
#: How well operations must map the cell on itself, relative to its squared lengths.
METRIC_TOLERANCE = 0.03
#: Grid on which positions that are equal but for rounding errors are recognised: 2^20 steps along each axis, and an
#: offset so that no simple fraction lies on the edge of a step.
_STEPS, _OFFSET = 2**20, 0.381966
#: Most atoms of an expanded cell.
MAX_IMAGES = 5_000_000


class Operations(NamedTuple):
    """A space group: (n, 3, 3) rotations, (n, 3) translations of fractional coordinates, and where it is from."""

    rotations: NDArray[np.float64]
    translations: NDArray[np.float64]
    origin: str


def candidates(tags: Tags, gamma: float, alpha: float) -> Iterator[Operations]:
    """Yield the operations that the block states, the most explicit statement first.

    Raises
    ------
    UnreadableFileError
        If a list of operations cannot be read, or only a symbol that is unknown stands there.
    """
    listed = tags.column(*_XYZ)
    stated = None
    if listed and listed[0] not in {"?", "."}:
        stated = _XYZ[0]
        yield _listed(tuple(listed), tuple(tags.column(*_CENTERING) or ()))
    for name, found in _named(tags, alpha, gamma):
        stated = stated or name
        if found is not None:
            yield found
        elif stated == name:
            raise UnreadableFileError(
                f"{name} is unknown", remedy="list the operations under _space_group_symop_operation_xyz"
            )
    if stated is None:
        yield _listed(("x,y,z",), ())


def _named(tags: Tags, alpha: float, gamma: float) -> Iterator[tuple[str, Operations | None]]:
    if hall := tags.one(*_HALL):
        yield f"Hall symbol {hall!r}", _of_hall(hall)
    if name := tags.one(*_HM):
        found = _of_symbol(name, round(alpha, 3), round(gamma, 3))
        yield f"space group {name!r}", found[0] if found else None
        for other in found[1:]:
            yield f"space group {name!r}", other
    if text := tags.one(*_NUMBER):
        found = _of_number(text, round(alpha, 3), round(gamma, 3))
        yield f"space group number {text}", found[0] if found else None
        for other in found[1:]:
            yield f"space group number {text}", other


@lru_cache(maxsize=256)
def _listed(triplets: tuple[str, ...], centering: tuple[str, ...]) -> Operations:
    import gemmi  # noqa: PLC0415 - 30 ms that other formats do not pay

    def operation(triplet: str) -> gemmi.Op:
        try:
            # A magnetic group has a fourth entry, the inversion of time.
            return gemmi.Op(",".join(triplet.replace(" ", "").split(",")[:3]))
        except (RuntimeError, ValueError) as error:
            raise UnreadableFileError(
                "a symmetry operation cannot be read", value=triplet, remedy="as in -x, y+1/2, -z"
            ) from error

    operations = [operation(t) for t in triplets]
    if centering:
        operations = [c.combine(o).wrap() for c in map(operation, centering) for o in operations]
    group = {o.wrap().triplet(): o for o in operations}
    whole = _size_of_group(list(group.values()))
    if whole != len(group):
        raise UnreadableFileError(
            f"the {len(group)} symmetry operations are not a whole group"
            + (f", which would have {whole}" if whole else ""),
            remedy="complete or correct the list of operations",
        )
    return _arrays(list(group.values()), "listed operations")


def _size_of_group(operations: list[gemmi.Op]) -> int | None:
    """How many operations the group has that these generate, or None if there is no end to them."""
    import gemmi  # noqa: PLC0415 - as above

    group = gemmi.GroupOps(operations)
    try:
        group.add_missing_elements()
    except RuntimeError:
        return None
    return len(group)


@lru_cache(maxsize=256)
def _of_hall(symbol: str) -> Operations | None:
    import gemmi  # noqa: PLC0415 - as above

    try:
        return _arrays(list(gemmi.symops_from_hall(symbol)), f"Hall symbol {symbol}")
    except (RuntimeError, ValueError):
        return None


@lru_cache(maxsize=256)
def _of_symbol(symbol: str, alpha: float, gamma: float) -> list[Operations]:
    """Groups that a symbol may mean, the likely one first: the others have another origin."""
    import gemmi  # noqa: PLC0415 - as above

    def find(name: str) -> gemmi.SpaceGroup | None:
        return gemmi.find_spacegroup_by_name(name, alpha, gamma)

    found = find(symbol.replace("_", ""))
    if found is None:
        # COD writes the origin or the axes as ":1" or ":H", others as "(origin 1)", "S", "Z", "HR".
        words = symbol.replace("_", "").split()
        for cut in range(len(words) - 1, 0, -1):
            if words[cut].upper().strip("()") in {"S", "Z", "H", "R", "HR", "RS", "1", "2", "ORIGIN", "O1", "O2"}:
                found = find(" ".join(words[:cut]))
    if found is None:
        return []
    others = [g for g in gemmi.spacegroup_table() if g.number == found.number and g.hm == found.hm and g.ext in "12"]
    ambiguous = found.ext == "1" and ":" not in symbol
    groups = [found, *(g for g in others if ambiguous and g.ext == "2")]
    return [_arrays(list(g.operations()), f"space group {g.xhm()}") for g in groups]


@lru_cache(maxsize=256)
def _of_number(text: str, alpha: float, gamma: float) -> list[Operations]:
    import gemmi  # noqa: PLC0415 - as above

    group = gemmi.find_spacegroup_by_number(int(text)) if text.isdigit() and 0 < int(text) <= 230 else None  # noqa: PLR2004
    return _of_symbol(group.hm, alpha, gamma) if group is not None else []


def _arrays(operations: list[gemmi.Op], origin: str) -> Operations:
    rotations = np.array([o.rot for o in operations], dtype=np.float64) / 24
    translations = np.array([o.tran for o in operations], dtype=np.float64) / 24
    rotations.setflags(write=False)
    translations.setflags(write=False)
    return Operations(rotations, translations, origin)


def fits_cell(operations: Operations, cell: NDArray[np.float64]) -> bool:
    """Whether the rotations map the cell on itself."""
    if len(operations.rotations) == 1:
        return True
    metric = cell @ cell.T
    mapped = operations.rotations.transpose(0, 2, 1) @ metric @ operations.rotations
    scale = np.sqrt(np.outer(metric.diagonal(), metric.diagonal()))
    return bool((np.abs(mapped - metric) <= METRIC_TOLERANCE * scale).all())


def expand(atoms: Atoms, operations: Operations, cell: NDArray[np.float64]) -> Atoms:
    """All atoms of the cell, fractional coordinates in [0, 1).

    An atom that an operation moves by less than `MERGED` is put on the special position; but a partly occupied one
    whose images are apart is left where it is: that is disorder about a special position.
    """
    n = len(operations.rotations)
    if n == 1:
        return atoms
    if n * len(atoms.numbers) > MAX_IMAGES:
        raise UnreadableFileError(
            f"symmetry would make more than {MAX_IMAGES} atoms", value=n * len(atoms.numbers), remedy="check the list"
        )
    frac = _on_special_positions(atoms, operations, cell)
    images = _images(frac, operations)
    images -= np.floor(images)
    images[images >= 1.0] = 0.0  # a tiny negative number rounds up to 1
    steps = np.floor(images * _STEPS + _OFFSET).astype(np.int64) % _STEPS
    keys = (steps[..., 0] * _STEPS + steps[..., 1]) * _STEPS + steps[..., 2]
    kept, owner = [], []
    for atom, row in enumerate(keys):
        first = np.sort(np.unique(row, return_index=True)[1])
        kept.append(images[atom, first])
        owner += [atom] * len(first)
    return Atoms(
        [atoms.labels[i] for i in owner], atoms.numbers[owner], np.concatenate(kept), atoms.occupancies[owner]
    )


def _images(frac: NDArray[np.float64], operations: Operations) -> NDArray[np.float64]:
    """(m, n, 3) images of m positions under n operations."""
    moved = frac @ operations.rotations.transpose(0, 2, 1) + operations.translations[:, None, :]
    return np.ascontiguousarray(moved.transpose(1, 0, 2))


def _on_special_positions(atoms: Atoms, operations: Operations, cell: NDArray[np.float64]) -> NDArray[np.float64]:
    moved = _images(atoms.frac, operations) - atoms.frac[:, None, :]
    moved -= np.round(moved)
    distance = np.linalg.norm(moved @ cell, axis=2)
    near = distance < MERGED
    close = distance < SPLIT
    # Merge what full occupancy allows no other reading for; leave partly occupied positions apart if their sum fits.
    together = atoms.occupancies * near.sum(axis=1) / close.sum(axis=1)
    chosen = np.where((together > 1 + SLACK)[:, None], near, close)
    shift = (moved * chosen[..., None]).sum(axis=1) / chosen.sum(axis=1)[:, None]
    averaged: NDArray[np.float64] = atoms.frac + shift
    return averaged


#: Rounding allowed in a sum of occupancies.
SLACK = 0.02
