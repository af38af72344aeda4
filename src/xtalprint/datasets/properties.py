"""Materials Project structures with the labels of the property classes of Wang et al. (2022)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from xtalprint.errors import UnreadableFileError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

Task = Literal["crystal-system", "metal", "stable", "stiff", "shear-stiff"]
TASKS: tuple[Task, ...] = get_args(Task)
#: From the fewest to the most symmetries.
CRYSTAL_SYSTEMS = ("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic")
#: eV: a metal has a smaller gap than the first, an insulator a larger one than the second; between them is neither.
METAL_GAP, INSULATOR_GAP = 1e-6, 0.05
#: eV/atom above the convex hull: more is unstable.
STABLE_ENERGY = 0.02
#: GPa, bulk and shear modulus: more is stiff.
STIFF_BULK, STIFF_SHEAR = 85.0, 34.0
#: The published parts: training, validation, test.
SHARES = (0.70, 0.15, 0.15)
#: The source of structures that were relaxed anew since their labels were computed.
RELAXED_ANEW = "mp_cif_fxcoudert"
TABLE = Path("properties", "properties.parquet")
COLUMNS = (
    *("formula", "crystal_system", "spacegroup_number", "spacegroup_agree"),
    *("band_gap", "e_above_hull", "K_VRH", "G_VRH", "elastic_outlier"),
)


class Labels(NamedTuple):
    """Rows that have a label for a task, and the labels.

    Parameters
    ----------
    rows
        (m,) of the table, ascending.
    classes
        (m,) index of the class of each row in ``names``.
    names
        Of the classes; ``("no", "yes")`` for a question.
    """

    rows: Rows
    classes: NDArray[np.int64]
    names: tuple[str, ...]


class Split(NamedTuple):
    """Rows of the three parts, each ascending."""

    training: Rows
    validation: Rows
    test: Rows


@dataclass(frozen=True, kw_only=True, eq=False)
class Properties:
    """Crystals with what the Materials Project says about them, sorted by id.

    Parameters
    ----------
    ids
        (n,) of the Materials Project.
    crystals
        As the source gives them; made when they are asked for.
    sources
        (n,) which collection the structure is from, see the card.
    formulas
        (n,) reduced formula.
    space_groups, crystal_systems
        (n,) at symprec 0.1 Å.
    agreed
        (n,) whether 0.01 Å gives the same space group.
    band_gap
        (n,) eV, not a number where there is none.
    e_above_hull
        (n,) eV/atom, likewise.
    bulk_modulus, shear_modulus
        (n,) Voigt-Reuss-Hill averages in GPa, likewise.
    outlier
        (n,) whether the shear modulus is an error of the calculation.
    path
        Where it was read from.
    """

    ids: NDArray[np.str_]
    crystals: Sequence[Crystal]
    sources: NDArray[np.str_]
    formulas: NDArray[np.str_]
    space_groups: NDArray[np.int64]
    crystal_systems: NDArray[np.str_]
    agreed: NDArray[np.bool_]
    band_gap: Floats
    e_above_hull: Floats
    bulk_modulus: Floats
    shear_modulus: Floats
    outlier: NDArray[np.bool_]
    path: str

    def __len__(self) -> int:
        """Number of crystals."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Size and file."""
        return f"Properties({len(self)} crystals, {self.path!r})"

    def drawn(self, n: int | None, seed: int, *, tasks: Sequence[Task] = TASKS) -> Rows:
        """(m,) rows, ascending: of each task ``n`` drawn by a seed among those with a label; None for all rows."""
        if n is None:
            return np.arange(len(self))
        rng = np.random.default_rng(seed)
        return np.unique(np.concatenate([rng.permutation(self.labels(task).rows)[:n] for task in tasks]))

    def labels(self, task: Task, *, original_structures: bool = False) -> Labels:
        """Rows that have a label for a task, with the published thresholds.

        Parameters
        ----------
        task
            ``crystal-system`` (7 classes); ``metal`` (gap below 10⁻⁶ eV against above 0.05 eV, between them none);
            ``stable`` (at most 0.02 eV/atom above the hull); ``stiff`` (bulk modulus over 85 GPa); ``shear-stiff``
            (shear modulus over 34 GPa, without the outliers).
        original_structures
            Whether to leave out crystals that were relaxed anew since their labels were computed.

        Raises
        ------
        WrongUsageError
            If there is no such task.
        """
        known = np.ones(len(self), dtype=np.bool_)
        names: tuple[str, ...] = ("no", "yes")
        if task == "crystal-system":
            names, classes = CRYSTAL_SYSTEMS, self._system_classes()
        else:
            known, answers = self._answers(task)
            classes = answers.astype(np.int64)
        if original_structures:
            known = known & (self.sources != RELAXED_ANEW)
        rows = np.flatnonzero(known)
        return Labels(rows, classes[rows], names)

    def split(self, rows: Rows, *, seed: int = 0, by_formula: bool = False) -> Split:
        """Divide rows at random into 70 % for training, 15 % for validation and 15 % for the test.

        Parameters
        ----------
        rows
            Such as those of `labels`.
        seed
            Of the shuffling; name it with your figures.
        by_formula
            Whether crystals of one reduced formula stay together: a random split has polymorphs and near copies of
            test crystals in its training part.

        Raises
        ------
        WrongUsageError
            If there are fewer than three rows, or formulas.
        """
        rows = np.asarray(rows, dtype=np.int64)
        groups = self.formulas[rows] if by_formula else rows.astype(np.str_)
        names, group_of_row, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        if len(names) < len(SHARES):
            raise WrongUsageError("there are too few to divide into three parts", value=len(names))
        wanted = np.array(SHARES) * len(rows)
        filled = np.zeros(len(SHARES))
        part_of_group = np.empty(len(names), dtype=np.int64)
        # Each goes to the part that lacks most of its share.
        for group in np.random.default_rng(seed).permutation(len(names)).tolist():
            part = int(np.argmax((wanted - filled) / wanted))
            part_of_group[group] = part
            filled[part] += sizes[group]
        part_of_row = part_of_group[group_of_row]
        return Split(*(np.sort(rows[part_of_row == part]) for part in range(len(SHARES))))

    def _system_classes(self) -> NDArray[np.int64]:
        number = {name: i for i, name in enumerate(CRYSTAL_SYSTEMS)}
        return np.array([number[name] for name in self.crystal_systems.tolist()], dtype=np.int64)

    def _answers(self, task: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which rows have an answer, and whether it is yes."""
        gap, energy, bulk, shear = self.band_gap, self.e_above_hull, self.bulk_modulus, self.shear_modulus
        if task == "metal":  # comparisons with what is not a number are false
            return (gap < METAL_GAP) | (gap > INSULATOR_GAP), gap < METAL_GAP
        if task == "stable":
            return ~np.isnan(energy), energy <= STABLE_ENERGY
        if task == "stiff":
            return ~np.isnan(bulk), bulk > STIFF_BULK
        if task == "shear-stiff":
            return ~np.isnan(shear) & ~self.outlier, shear > STIFF_SHEAR
        raise WrongUsageError("there is no such task", value=task, remedy=f"use one of {', '.join(TASKS)}")


def properties(path: str | os.PathLike[str] | None = None) -> Properties:
    """Structures with band gap, energy above the hull, moduli and crystal system, from a crystal table.

    Parameters
    ----------
    path
        Of the table; default: ``properties/properties.parquet`` in the folder that the environment variable
        ``XTALPRINT_DATA`` names.

    Raises
    ------
    WrongUsageError
        If it is not found.
    UnreadableFileError
        If a column is missing.

    Notes
    -----
    See the card of the data set in the documentation for columns, units, licence and what to beware of.
    """
    from xtalprint.io import read_table  # noqa: PLC0415 - pyarrow

    table = read_table(_table_path() if path is None else path)
    missing = [name for name in COLUMNS if name not in table.labels]
    if missing:
        raise UnreadableFileError(
            f"the table has no column {missing[0]}", source=table.path, remedy="give the table of the properties"
        )
    columns = table.labels
    wrong = sorted(set(columns["crystal_system"]) - set(CRYSTAL_SYSTEMS), key=str)
    if wrong:
        raise UnreadableFileError(
            "unknown crystal system", source=table.path, value=wrong[0], remedy=f"use {', '.join(CRYSTAL_SYSTEMS)}"
        )
    return Properties(
        ids=np.array(table.ids),
        crystals=table.crystals,
        sources=np.array([source or "" for source in table.sources]),
        formulas=np.array(columns["formula"]),
        space_groups=np.array(columns["spacegroup_number"], dtype=np.int64),
        crystal_systems=np.array(columns["crystal_system"]),
        agreed=np.array(columns["spacegroup_agree"], dtype=np.bool_),
        band_gap=np.array(columns["band_gap"], dtype=np.float64),
        e_above_hull=np.array(columns["e_above_hull"], dtype=np.float64),
        bulk_modulus=np.array(columns["K_VRH"], dtype=np.float64),
        shear_modulus=np.array(columns["G_VRH"], dtype=np.float64),
        outlier=np.array([bool(value) for value in columns["elastic_outlier"]]),
        path=table.path,
    )


def _table_path() -> Path:
    root = os.environ.get("XTALPRINT_DATA")
    if not root:
        raise WrongUsageError(
            "the property table is not part of the package",
            remedy="set the environment variable XTALPRINT_DATA to the folder of the data sets, or give the path",
        )
    path = Path(root) / TABLE
    if not path.is_file():
        raise WrongUsageError("data set not found", source=str(path), remedy="check XTALPRINT_DATA, or give the path")
    return path
