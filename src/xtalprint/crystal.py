"""`Crystal`: the one type that every room to the right works on, validated once when it is made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from xtalprint.elements import ATOMIC_NUMBERS, MAX_ATOMIC_NUMBER, SYMBOLS
from xtalprint.errors import InvalidCrystalError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Rows closer than this (Å) stand on one site.
COINCIDENCE = 0.05
#: A cell is flat if its volume is below this fraction of the product of its three lengths.
FLATNESS = 1e-6
#: No coordinate or cell length may exceed this (Å); more is a unit error or overflow.
MAX_LENGTH = 1e7
#: Rounding allowed in the sum of the occupancies of one site.
OCCUPANCY_SLACK = 1e-3


@dataclass(frozen=True, eq=False, repr=False)
class Crystal:
    """Atoms in a cell, or a cluster without one.

    A row is one species on one site. Several rows may share a site if their occupancies add up to at most 1:
    that is a disordered site, and it is kept as it is.

    Parameters
    ----------
    positions
        (N, 3) Cartesian positions in Å.
    numbers
        (N,) atomic numbers, 1 to 118.
    cell
        (3, 3) lattice vectors as rows in Å, or None for a cluster.
    occupancies
        (N,) in (0, 1]; None means all 1.
    pbc
        Along which lattice vectors the crystal repeats; default: all if there is a cell, else none.
    source
        Where it came from: a path, a table row, a name.
    frame
        Which frame of the source, from 0.

    Raises
    ------
    InvalidCrystalError
        NaN, no atoms, flat cell, coincident atoms, wrong shapes, unknown elements, occupancies outside (0, 1].

    Examples
    --------
    >>> Crystal([[0, 0, 0], [1.435, 1.435, 1.435]], [26, 26], cell=2.87 * np.eye(3), source="bcc-Fe")
    Crystal(Fe2, a=2.870 b=2.870 c=2.870 Å, α=90.0 β=90.0 γ=90.0°, source='bcc-Fe')
    """

    positions: NDArray[np.float64]
    numbers: NDArray[np.int64]
    cell: NDArray[np.float64] | None
    occupancies: NDArray[np.float64]
    pbc: tuple[bool, bool, bool]
    source: str | None
    frame: int | None

    def __init__(
        self,
        positions: ArrayLike,
        numbers: ArrayLike,
        *,
        cell: ArrayLike | None = None,
        occupancies: ArrayLike | None = None,
        pbc: tuple[bool, bool, bool] | None = None,
        source: str | None = None,
        frame: int | None = None,
    ) -> None:
        try:
            self._fill(
                _floats(positions, "positions"),
                _whole_numbers(numbers),
                None if cell is None else _floats(cell, "cell"),
                None if occupancies is None else _floats(occupancies, "occupancies"),
                pbc,
                source,
                frame,
            )
            self._validate()
        except InvalidCrystalError as error:
            error.located(source=source, frame=frame)
            raise

    def _fill(  # noqa: PLR0917 - the one place that sets all fields
        self,
        positions: NDArray[np.float64],
        numbers: NDArray[np.int64],
        cell: NDArray[np.float64] | None,
        occupancies: NDArray[np.float64] | None,
        pbc: tuple[bool, bool, bool] | None,
        source: str | None,
        frame: int | None,
    ) -> None:
        if occupancies is None:
            occupancies = np.ones(numbers.shape)
        if pbc is not None and np.shape(pbc) != (3,):
            raise InvalidCrystalError("pbc must be three booleans, one for each lattice vector", value=pbc)
        periodic = (cell is not None,) * 3 if pbc is None else tuple(bool(p) for p in pbc)
        for array in (positions, numbers, cell, occupancies):
            if array is not None:
                array.setflags(write=False)
        values: dict[str, Any] = {
            "positions": positions,
            "numbers": numbers,
            "cell": cell,
            "occupancies": occupancies,
            "pbc": periodic,
            "source": source,
            "frame": frame,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def _trusted(
        cls,
        positions: NDArray[np.float64],
        numbers: NDArray[np.int64],
        *,
        like: Crystal,
        cell: NDArray[np.float64] | None,
        occupancies: NDArray[np.float64] | None = None,
        pbc: tuple[bool, bool, bool] | None = None,
        site_of_row: NDArray[np.int64] | None = None,
    ) -> Self:
        """Make a crystal from arrays that were derived from a valid one; nothing is checked or copied.

        For `xtalprint.geometry` and `xtalprint.defects` only. Source and frame are taken from ``like``. Give
        ``site_of_row`` where it follows from that of the other: it saves a search, and two atoms that were moved
        onto each other stay two sites.
        """
        new = cls.__new__(cls)
        new._fill(positions, numbers, cell, occupancies, pbc, like.source, like.frame)  # noqa: SLF001
        if site_of_row is not None:
            site_of_row.setflags(write=False)
            new.__dict__["site_of_row"] = site_of_row
        return new

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Come out of a pickle with arrays that cannot be changed, as they went in."""
        self.__dict__.update(state)
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def _validate(self) -> None:
        if self.positions.size == 0:
            raise InvalidCrystalError("no atoms", remedy="check that the file is complete")
        if self.positions.ndim != 2 or self.positions.shape[1] != 3:  # noqa: PLR2004
            raise InvalidCrystalError(
                "positions must be an array of shape (N, 3)",
                value=f"shape {self.positions.shape}",
                remedy="give one row of x, y, z in Å for each atom",
            )
        n = len(self.positions)
        for name, array in (("numbers", self.numbers), ("occupancies", self.occupancies)):
            if array.shape != (n,):
                raise InvalidCrystalError(
                    f"{name} must have one entry for each of the {n} positions", value=f"shape {array.shape}"
                )
        self._validate_cell()  # first: positions made with a cell that is not finite are not the atoms' fault
        self._validate_atoms()
        self._validate_sites()

    def _validate_atoms(self) -> None:
        bad = np.argwhere(~np.isfinite(self.positions))
        if len(bad):
            atom, axis = (int(i) for i in bad[0])
            raise InvalidCrystalError(
                f"coordinate along axis {axis} is not finite",
                atom=atom,
                value=self.positions[atom, axis],
                remedy="repair or remove this atom",
            )
        far = np.argwhere(np.abs(self.positions) > MAX_LENGTH)
        if len(far):
            atom, axis = (int(i) for i in far[0])
            raise InvalidCrystalError(
                f"coordinate along axis {axis} is beyond {MAX_LENGTH:g} Å",
                atom=atom,
                value=self.positions[atom, axis],
                remedy="give positions in Å",
            )
        unknown = np.flatnonzero((self.numbers < 1) | (self.numbers > MAX_ATOMIC_NUMBER))
        if len(unknown):
            atom = int(unknown[0])
            raise InvalidCrystalError(
                "unknown element",
                atom=atom,
                value=int(self.numbers[atom]),
                remedy=f"atomic numbers run from 1 to {MAX_ATOMIC_NUMBER}",
            )
        empty = np.flatnonzero(~((self.occupancies > 0) & (self.occupancies <= 1 + OCCUPANCY_SLACK)))
        if len(empty):
            atom = int(empty[0])
            raise InvalidCrystalError(
                "occupancy is outside (0, 1]",
                atom=atom,
                value=self.occupancies[atom],
                remedy="leave out empty sites and give fractions, not per cent",
            )

    def _validate_cell(self) -> None:
        if self.cell is None:
            if any(self.pbc):
                raise InvalidCrystalError("periodic without a cell", value=self.pbc, remedy="give the cell")
            return
        if self.cell.shape != (3, 3):
            raise InvalidCrystalError(
                "cell must be an array of shape (3, 3), lattice vectors as rows",
                value=f"shape {self.cell.shape}",
                remedy="give three vectors of x, y, z in Å",
            )
        if not np.isfinite(self.cell).all():
            raise InvalidCrystalError("cell is not finite", value=self.cell.tolist(), remedy="give the cell in Å")
        lengths = np.linalg.norm(self.cell, axis=1)
        if lengths.max() > MAX_LENGTH:
            raise InvalidCrystalError(
                f"cell is longer than {MAX_LENGTH:g} Å", value=lengths.tolist(), remedy="give the cell in Å"
            )
        if lengths.min() == 0 or abs(np.linalg.det(self.cell / lengths[:, None])) < FLATNESS:
            raise InvalidCrystalError(
                "cell is flat, or too skew: its three vectors span next to no volume",
                value=self.cell.tolist(),
                remedy="give three independent lattice vectors, a reduced cell, or no cell at all for a cluster",
            )

        vectors = self.cell[list(self.pbc)]
        steps = np.array([s for s in product((-1, 0, 1), repeat=len(vectors)) if any(s)], dtype=np.float64)
        if len(vectors) and np.sqrt(((steps @ vectors) ** 2).sum(axis=1).min()) < COINCIDENCE:
            raise InvalidCrystalError(
                f"each atom coincides with its own image: the lattice has a vector shorter than {COINCIDENCE} Å",
                value=self.cell.tolist(),
                remedy="give the cell in Å",
            )

    def _validate_sites(self) -> None:
        site_occupancy = np.bincount(self.site_of_row, weights=self.occupancies)
        over = np.flatnonzero(site_occupancy > 1 + OCCUPANCY_SLACK)
        if len(over):
            rows = np.flatnonzero(self.site_of_row == over[0])
            raise InvalidCrystalError(
                f"atoms {', '.join(map(str, rows[:6].tolist()))} coincide: they are closer than {COINCIDENCE} Å and "
                f"their occupancies add up to {site_occupancy[over[0]]:.3g}",
                atom=int(rows[0]),
                value=self.positions[rows[0]].tolist(),
                remedy="remove the duplicate atoms, or give occupancies that add up to at most 1",
            )

    @cached_property
    def site_of_row(self) -> NDArray[np.int64]:
        """(N,) index of the site that each row stands on; rows within 0.05 Å of each other share one."""
        from xtalprint.sites import group_coincident  # noqa: PLC0415 - kept apart: one algorithm, one file

        sites = group_coincident(self.positions, self.cell, self.pbc, COINCIDENCE)
        sites.setflags(write=False)
        return sites

    @property
    def n_sites(self) -> int:
        """Number of distinct sites."""
        return int(self.site_of_row.max()) + 1

    @property
    def is_ordered(self) -> bool:
        """True if every site is fully occupied by one species."""
        return bool((self.occupancies > 1 - OCCUPANCY_SLACK).all())

    @property
    def is_cluster(self) -> bool:
        """True if it repeats along no direction."""
        return not any(self.pbc)

    @property
    def volume(self) -> float:
        """Cell volume in Å³; NaN never: raises for a crystal without a cell."""
        if self.cell is None:
            raise InvalidCrystalError("a cluster has no cell volume", source=self.source, frame=self.frame)
        return float(abs(np.linalg.det(self.cell)))

    @property
    def frac(self) -> NDArray[np.float64]:
        """(N, 3) fractional coordinates, not wrapped; raises for a crystal without a cell."""
        if self.cell is None:
            raise InvalidCrystalError("a cluster has no fractional coordinates", source=self.source, frame=self.frame)
        return np.asarray(np.linalg.solve(self.cell.T, self.positions.T).T, dtype=np.float64)

    @property
    def symbols(self) -> list[str]:
        """Chemical symbol of each row."""
        return [SYMBOLS[z] for z in self.numbers]

    @property
    def formula(self) -> str:
        """Content of the cell as it is, symbols in alphabetical order after C and H (Hill)."""
        counts: Counter[str] = Counter()
        for symbol, occupancy in zip(self.symbols, self.occupancies, strict=True):
            counts[symbol] += occupancy
        first = ["C", "H"] if "C" in counts else []
        order = [s for s in first if s in counts] + sorted(s for s in counts if s not in first)
        return "".join(s + _amount(counts[s]) for s in order)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.numbers)

    def __eq__(self, other: object) -> bool:
        """Same rows in the same order in the same cell, to the last bit; the source does not count."""
        if not isinstance(other, Crystal):
            return NotImplemented
        if (self.cell is None) != (other.cell is None):
            return False
        same_cell = self.cell is None or (other.cell is not None and np.array_equal(self.cell, other.cell))
        return (
            same_cell
            and self.pbc == other.pbc
            and np.array_equal(self.positions, other.positions)
            and np.array_equal(self.numbers, other.numbers)
            and np.array_equal(self.occupancies, other.occupancies)
        )

    __hash__ = None  # type: ignore[assignment] # arrays inside

    def __repr__(self) -> str:
        """Formula, cell and source."""
        if self.cell is None:
            shape = f"cluster of {len(self)} atoms"
        else:
            a, b, c, alpha, beta, gamma = cell_parameters(self.cell)
            shape = f"a={a:.3f} b={b:.3f} c={c:.3f} Å, α={alpha:.1f} β={beta:.1f} γ={gamma:.1f}°"
            if not all(self.pbc):
                shape += f", pbc={self.pbc}"
        disorder = "" if self.is_ordered else ", disordered"
        source = "" if self.source is None else f", source={self.source!r}"
        frame = "" if self.frame is None else f", frame={self.frame}"
        return f"Crystal({self.formula}, {shape}{disorder}{source}{frame})"


def cell_parameters(cell: NDArray[np.float64]) -> tuple[float, float, float, float, float, float]:
    """Lengths a, b, c (Å) and angles α, β, γ (degrees) of a cell given as rows."""
    a, b, c = np.linalg.norm(cell, axis=1)
    unit = cell / np.array([a, b, c])[:, None]
    cosines = np.clip([unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]], -1, 1)
    alpha, beta, gamma = np.degrees(np.arccos(cosines))
    return float(a), float(b), float(c), float(alpha), float(beta), float(gamma)


def _amount(count: float) -> str:
    if abs(count - round(count)) < OCCUPANCY_SLACK:
        return "" if round(count) == 1 else str(round(count))
    return f"{count:.3g}"


def _floats(values: ArrayLike, name: str) -> NDArray[np.float64]:
    if np.ma.is_masked(values):
        raise InvalidCrystalError(f"some {name} are masked", value=values, remedy="leave out these atoms")
    try:
        if not np.iscomplexobj(values):  # of these NumPy would drop the imaginary part
            return np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise InvalidCrystalError(f"{name} are not numbers in a regular array", value=values) from error
    raise InvalidCrystalError(f"{name} are complex numbers", value=values, remedy="give the real part")


def _whole_numbers(values: ArrayLike) -> NDArray[np.int64]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InvalidCrystalError("atomic numbers are not in a regular array", value=values) from error
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and all(isinstance(s, str) for s in array.flat)):
        if array.ndim != 1:
            raise InvalidCrystalError("symbols must be a flat list", value=f"shape {array.shape}")
        symbols = [str(s) for s in array.tolist()]
        for atom, symbol in enumerate(symbols):
            if symbol not in ATOMIC_NUMBERS:
                raise InvalidCrystalError(
                    "unknown element", atom=atom, value=symbol, remedy="use chemical symbols H to Og"
                )
        return np.array([ATOMIC_NUMBERS[s] for s in symbols], dtype=np.int64)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    whole = array.dtype.kind in "iu" or (array.dtype.kind == "f" and bool((array == np.round(array)).all()))
    if not whole or bool((np.abs(array.astype(np.float64)) > MAX_LENGTH).any()):
        raise InvalidCrystalError("atomic numbers are not whole numbers", value=values)
    return array.astype(np.int64, copy=True)
