"""The elastic moduli of 12,178 crystals that the GRID paper learns from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, reduce
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.datasets.elasticity_source import find_elasticity
from xtalprint.elements import SYMBOLS
from xtalprint.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

#: Hydrogen to bismuth without the noble gases: the elements that the released recipe keeps.
ELEMENTS_78 = frozenset(range(1, 84)) - {2, 10, 18, 36, 54}
#: Share of the test part, and the seed, of the released split.
RELEASED_SHARE, RELEASED_SEED = 0.2, 1
#: GPa: a shear modulus beyond, or beyond so many bulk moduli, is an error of the calculation.
LARGEST_G, LARGEST_G_OVER_K = 600.0, 3.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Elasticity:
    """Crystals with their bulk and shear moduli, in the order of the source file (nearly by ascending bulk modulus).

    Parameters
    ----------
    ids
        (n,) of the Materials Project.
    crystals
        As the source gives them, in cells that are not reduced; made when they are asked for.
    numbers
        Atomic numbers of each crystal, known without making it.
    bulk_modulus, shear_modulus
        (n,) Voigt-Reuss-Hill averages in GPa, whole numbers in the source; 1 stands for anything less.
    anisotropy
        (n,) universal elastic anisotropy index.
    path
        Where it was read from.
    """

    ids: NDArray[np.str_]
    crystals: Sequence[Crystal]
    numbers: Sequence[NDArray[np.int64]]
    bulk_modulus: Floats
    shear_modulus: Floats
    anisotropy: Floats
    path: Path

    def __len__(self) -> int:
        """Number of crystals."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Size and file."""
        return f"Elasticity({len(self)} crystals, {str(self.path)!r})"

    @cached_property
    def formulas(self) -> NDArray[np.str_]:
        """(n,) reduced formula of each, elements in alphabetical order: what `folds` groups by."""
        return np.array([reduced_formula(numbers) for numbers in self.numbers])

    @cached_property
    def outlier(self) -> NDArray[np.bool_]:
        """(n,) shear modulus over 600 GPa or three bulk moduli: drop these where you use it."""
        limit = LARGEST_G_OVER_K * self.bulk_modulus
        return np.asarray((self.shear_modulus > LARGEST_G) | (self.shear_modulus > limit))

    @cached_property
    def of_78_elements(self) -> NDArray[np.bool_]:
        """(n,) whether all elements are among the 78 of the released recipe."""
        return np.array([ELEMENTS_78.issuperset(numbers.tolist()) for numbers in self.numbers])

    def released_split(self) -> tuple[Rows, Rows]:
        """Rows for training and for testing as in the code of the GRID paper.

        Of the crystals of the 78 elements, in the order of the file, ``train_test_split(test_size=0.2,
        random_state=1)`` of scikit-learn, which is one permutation of the legacy generator of NumPy.
        """
        rows = np.flatnonzero(self.of_78_elements)
        shuffled = np.random.RandomState(RELEASED_SEED).permutation(len(rows))
        n_test = int(np.ceil(RELEASED_SHARE * len(rows)))
        return rows[shuffled[n_test:]], rows[shuffled[:n_test]]

    def folds(
        self, n: int = 5, *, seed: int = 0, by_formula: bool = False, among: Rows | None = None
    ) -> list[tuple[Rows, Rows]]:
        """Rows for training and for testing, ``n`` times, each row once in a test part.

        Parameters
        ----------
        n
            Number of folds.
        seed
            Of the shuffling; name it with your figures.
        by_formula
            Whether crystals of one reduced formula stay together: polymorphs and duplicates of a test crystal
            are then not in training.
        among
            Rows to divide; default: all.
        """
        rows = np.arange(len(self)) if among is None else np.asarray(among, dtype=np.int64)
        groups = self.formulas[rows] if by_formula else rows.astype(np.str_)
        names, group_of_row, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        if not 2 <= n <= len(names):  # noqa: PLR2004 - one fold would have nothing to train on
            raise WrongUsageError("the number of folds must lie between 2 and that of the groups", value=n)
        fold_of_group = np.empty(len(names), dtype=np.int64)
        filled = np.zeros(n, dtype=np.int64)
        for group in np.random.default_rng(seed).permutation(len(names)).tolist():
            fold_of_group[group] = smallest = int(np.argmin(filled))
            filled[smallest] += sizes[group]
        fold = fold_of_group[group_of_row]
        return [(rows[fold != i], rows[fold == i]) for i in range(n)]


def elasticity(path: str | Path | None = None, *, allow_download: bool = False) -> Elasticity:
    """Bulk and shear moduli of 12,178 crystals (R. Zhang, S. Seth and J. Cumby, Digital Discovery 2, 81 (2023)).

    Looked for are, in this order: ``path``; the file ``elasticity/elasticity.parquet`` in the folder that the
    environment variable ``XTALPRINT_DATA`` names; the source distribution of gridrdf 0.2.0 in the cache of the user.

    Parameters
    ----------
    path
        The Parquet table or the source distribution, if you have it elsewhere.
    allow_download
        Whether pip may fetch the source distribution (1.8 MB) into the cache if nothing else is found or the
        file there is damaged. Its SHA-256 is checked before anything in it is read or run.

    Raises
    ------
    WrongUsageError
        If it is not found and must not be downloaded.
    UnreadableFileError
        If a file is damaged or is not the one it should be, or the download fails.

    Notes
    -----
    See the card of the data set in the documentation for columns, units, licence and what to beware of.
    """
    found = find_elasticity(path, allow_download=allow_download)
    return Elasticity(
        ids=np.array(found.ids),
        crystals=found.crystals,
        numbers=found.numbers,
        bulk_modulus=np.array(found.bulk_modulus, dtype=np.float64),
        shear_modulus=np.array(found.shear_modulus, dtype=np.float64),
        anisotropy=np.array(found.anisotropy, dtype=np.float64),
        path=found.path,
    )


def reduced_formula(numbers: Sequence[int] | Rows) -> str:
    """Formula with the smallest whole amounts, elements in alphabetical order.

    Examples
    --------
    >>> reduced_formula([22, 8, 8, 22, 8, 8])
    'O2Ti'
    """
    counts = Counter(SYMBOLS[int(z)] for z in numbers)
    divisor = reduce(gcd, counts.values())
    amounts = {symbol: counts[symbol] // divisor for symbol in sorted(counts)}
    return "".join(symbol + ("" if n == 1 else str(n)) for symbol, n in amounts.items())
