"""The five tasks of property classes, parted into training, validation and test at random or by formula."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xtalprint.models.fitting import Examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.datasets.properties import Properties, Task
    from xtalprint.models.genome_inputs import GenomeInput

    Rows = NDArray[np.int64]

Part = Literal["training", "validation", "test"]
PARTS: tuple[Part, ...] = ("training", "validation", "test")


@dataclass(frozen=True, eq=False)
class GenomeCase:
    """A task, and which crystals are learned from, watched and tested.

    Parameters
    ----------
    task
        One of `xtalprint.datasets.properties.TASKS`.
    by_formula
        Whether no reduced formula is in two parts; otherwise the parts are random, as published.
    names
        Of the classes.
    rows
        Of the table, of each part, ascending.
    classes
        Class of each of these.
    formulas
        Of the test part, in its order: crystals of one formula are not independent.
    about
        Counts, and how much of the test part has relatives in the training part, as plain data.
    """

    task: Task
    by_formula: bool
    names: tuple[str, ...]
    rows: dict[Part, Rows]
    classes: dict[Part, NDArray[np.int64]]
    formulas: NDArray[np.str_]
    about: dict[str, Any]

    @property
    def n_outputs(self) -> int:
        """Logits of a network: 1 for a question."""
        return 1 if len(self.names) == len(("no", "yes")) else len(self.names)

    def sha256(self, given: GenomeInput) -> str:
        """Hash of what is learned from, watched and tested: the input, and rows and classes of all parts."""
        digest = hashlib.sha256(given.sha256.encode())
        for part in PARTS:
            digest.update(self.rows[part].astype(np.int64).tobytes() + self.classes[part].astype(np.int64).tobytes())
        return digest.hexdigest()

    def examples(self, part: Part, given: GenomeInput) -> Examples:
        """Inputs and classes of a part, in memory."""
        return Examples(given.of(self.rows[part]), self.classes[part])


def make_case(
    table: Properties,
    task: Task,
    *,
    among: Rows,
    by_formula: bool,
    seed: int = 0,
    most: int | None = None,
) -> GenomeCase:
    """Take the crystals that have a label and all inputs, and part them.

    Parameters
    ----------
    table
        Of the properties.
    task
        See `Properties.labels`.
    among
        Rows that have all inputs, see `rows_of`; others are left out.
    by_formula, seed
        As of `Properties.split`.
    most
        Draw so many by the seed; None takes all.

    Raises
    ------
    WrongUsageError
        If there are too few.
    """
    labels = table.labels(task)
    class_of = dict(zip(labels.rows.tolist(), labels.classes.tolist(), strict=True))
    rows = np.intersect1d(labels.rows, among)
    if most is not None and most < len(rows):
        rows = np.sort(np.random.default_rng(seed).choice(rows, size=most, replace=False))
    parted = dict(zip(PARTS, table.split(rows, seed=seed, by_formula=by_formula), strict=True))
    classes = {
        part: np.array([class_of[row] for row in some.tolist()], dtype=np.int64) for part, some in parted.items()
    }
    formulas = {part: table.formulas[some] for part, some in parted.items()}
    groups = {part: list(zip(formulas[part], table.space_groups[some], strict=True)) for part, some in parted.items()}
    about = {
        "n": len(rows),
        "parts": {part: len(some) for part, some in parted.items()},
        "classes": {
            name: int(sum((found == number).sum() for found in classes.values()))
            for number, name in enumerate(labels.names)
        },
        "split": {"by_formula": by_formula, "seed": seed},
        "share_of_test_with_formula_in_training": float(np.isin(formulas["test"], formulas["training"]).mean()),
        "share_of_test_with_formula_and_space_group_in_training": _share(groups["test"], groups["training"]),
    }
    return GenomeCase(task, by_formula, labels.names, parted, classes, formulas["test"], about)


def rows_of(inputs: Sequence[GenomeInput]) -> Rows:
    """Rows that are in all of some inputs, ascending."""
    rows = inputs[0].rows
    for other in inputs[1:]:
        rows = np.intersect1d(rows, other.rows)
    return rows


def _share(some: list[tuple[str, int]], others: list[tuple[str, int]]) -> float:
    known = set(others)
    return sum(one in known for one in some) / len(some)
