"""How unlike two compositions are: the least cost of turning the elements of one into those of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import SYMBOLS
from xtalprint.errors import UnsupportedInputError, WrongUsageError, converter_of, not_a_crystal
from xtalprint.similarity.making import check_tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How unlike two elements are: as released (``1/log10(1/s + 1)``), as tabulated (s), and shortest paths of each.
Ground = Literal["transformed", "raw", "transformed-metric", "raw-metric"]
GROUNDS: tuple[Ground, ...] = get_args(Ground)
#: What a composition is made from: a crystal, or amounts of the elements by their symbols.
Composition = Crystal | Mapping[str, float]
#: A sum of fractions this close to 1 is meant to be 1.
ROUNDING = 1e-6


@cache
def element_dissimilarity(ground: Ground = "transformed") -> NDArray[np.float64]:
    """How unlike the 78 elements of `elements` are to each other.

    Parameters
    ----------
    ground
        ``"raw"``: s = 1/g, g the pair correlation of two elements in known crystals, 10 where the pair is absent.
        ``"transformed"``: 1/log10(1/s + 1), as the released code has it. Neither obeys the triangle inequality.
        ``"raw-metric"``, ``"transformed-metric"``: the least sum over paths of elements between the two, which does.

    Returns
    -------
    (78, 78) symmetric, zero on the diagonal, no unit; read-only.

    Source
    ------
    G. Hautier et al., Inorg. Chem. 50, 656 (2011), as tabulated by gridrdf (MIT licence).
    """
    _checked_ground(ground)
    if ground.endswith("-metric"):
        base: Ground = "raw" if ground == "raw-metric" else "transformed"
        matrix = shortest_paths(element_dissimilarity(base))
    else:
        upper = _tabulated()[1]
        n = len(elements())
        matrix = np.zeros((n, n))
        values = upper if ground == "raw" else 1 / np.log10(1 / upper + 1)
        matrix[np.triu_indices(n, 1)] = values
        matrix += matrix.T
    matrix.setflags(write=False)
    return matrix


def elements() -> tuple[str, ...]:
    """Symbols of the 78 elements, in the order of the fractions: H to Bi without noble gases."""
    return _tabulated()[0]


def shortest_paths(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest matrix that is nowhere above the given one and obeys the triangle inequality (Floyd, Warshall)."""
    paths = matrix.copy()
    for k in range(len(paths)):
        np.minimum(paths, paths[:, k : k + 1] + paths[k], out=paths)
    return paths


def triangle_violations(matrix: NDArray[np.float64], *, slack: float = 1e-12) -> dict[str, float]:
    """Test d(a, c) ≤ d(a, b) + d(b, c) over all triples of a matrix.

    Returns
    -------
    ``triples`` tested, ``violations``, ``worst`` excess of the long way over the short one, and ``pairs_shortened``,
    the share of pairs that have a shorter way through others.
    """
    n = len(matrix)
    excess = matrix[:, None, :] - (matrix[:, :, None] + matrix[None, :, :])
    shortened = shortest_paths(matrix) < matrix - slack
    return {
        "triples": float(n**3),
        "violations": float((excess > slack).sum()),
        "worst": float(max(excess.max(), 0.0)),
        "pairs_shortened": float(shortened.sum() / (n * n - n)),
    }


def composition_fractions(composition: Composition) -> NDArray[np.float64]:
    """Atomic fractions of the 78 `elements`; occupancies count.

    Returns
    -------
    (78,) with the sum 1.

    Raises
    ------
    UnsupportedInputError
        If it has an element that is not among the 78, naming it.
    WrongUsageError
        If amounts are no positive numbers.

    Examples
    --------
    >>> fractions = composition_fractions({"Sr": 1, "Ti": 1, "O": 3})
    >>> round(float(fractions[elements().index("O")]), 12)
    0.6
    """
    place = {symbol: k for k, symbol in enumerate(elements())}
    amounts = _amounts(composition)
    strange = sorted(set(amounts) - set(place))
    if strange:
        where = composition if isinstance(composition, Crystal) else None
        raise UnsupportedInputError(
            "the table of elements ends with Bi and has no noble gases",
            value=", ".join(strange),
            source=None if where is None else where.source,
            frame=None if where is None else where.frame,
            remedy="leave this crystal out, or compare distances only",
        )
    fractions = np.zeros(len(place))
    for symbol, amount in amounts.items():
        fractions[place[symbol]] = amount
    result: NDArray[np.float64] = fractions / fractions.sum()
    return result


@dataclass(frozen=True, repr=False, eq=False)
class CompositionTable:
    """Many compositions, each as its elements in ascending order and their fractions.

    Parameters
    ----------
    counts
        (n,) elements of each.
    places, masses
        (n, most) numbers of the elements among the 78 and their fractions, padded.
    """

    counts: NDArray[np.int64]
    places: NDArray[np.int64]
    masses: NDArray[np.float64]

    @classmethod
    def of(cls, compositions: NDArray[np.float64] | Sequence[Composition]) -> CompositionTable:
        """Prepare crystals, amounts by symbol, or an (n, 78) array of fractions.

        Raises
        ------
        UnsupportedInputError
            If one has an element that is not among the 78.
        WrongUsageError
            If fractions are negative, not finite or do not add up to 1.
        """
        if isinstance(compositions, np.ndarray):
            fractions = _checked(compositions)
        else:
            rows = [composition_fractions(composition) for composition in compositions]
            fractions = np.array(rows).reshape(-1, len(elements()))
        present = fractions > 0
        counts = present.sum(axis=1)
        most = int(counts.max(initial=1))
        # A stable sort brings the elements that are present to the front, in ascending order.
        places = np.argsort(~present, axis=1, kind="stable")[:, :most].astype(np.int64)
        return cls(counts, places, np.take_along_axis(fractions, places, axis=1))

    def __len__(self) -> int:
        """Number of compositions."""
        return len(self.counts)

    def __repr__(self) -> str:
        """Number of compositions."""
        return f"CompositionTable({len(self)} compositions of at most {self.places.shape[1]} elements)"

    def __getitem__(self, rows: slice) -> CompositionTable:
        """Successive rows."""
        return CompositionTable(self.counts[rows], self.places[rows], self.masses[rows])


class CompositionEarthMovers:
    """Earth mover's distance between compositions: exact optimal transport between elements.

    With a ``…-metric`` ground matrix it is a metric; with the other two it is symmetric and zero for equal
    compositions, but breaks the triangle inequality, because they do.

    Parameters
    ----------
    ground
        See `element_dissimilarity`; the default is that of the released code.
    common_stays
        Whether fractions that both have stay where they are, as in the released code. With a metric this is always
        best; with the others the exact optimum may be lower, and False finds it.

    Examples
    --------
    >>> metric = CompositionEarthMovers(ground="raw")
    >>> table = metric.table([{"Na": 1}, {"F": 1}])
    >>> metric.distances(table, table).round(3)
    array([[0.   , 4.385],
           [4.385, 0.   ]])
    """

    name = "composition-emd"
    unit = "1"

    def __init__(self, *, ground: Ground = "transformed", common_stays: bool = True) -> None:
        self.ground = _checked_ground(ground)
        self.common_stays = common_stays

    @property
    def is_metric(self) -> bool:
        """Whether it obeys the triangle inequality."""
        return self.ground.endswith("-metric")

    @property
    def parameters(self) -> dict[str, Any]:
        """Name and parameters, as plain data."""
        return {"distance": self.name, "ground": self.ground, "common_stays": self.common_stays}

    def table(self, compositions: CompositionTable | NDArray[np.float64] | Sequence[Composition]) -> CompositionTable:
        """Prepare compositions for `distances`, see `CompositionTable.of`."""
        return compositions if isinstance(compositions, CompositionTable) else CompositionTable.of(compositions)

    def distances(self, a: CompositionTable, b: CompositionTable) -> NDArray[np.float64]:
        """(len(a), len(b)), no unit."""
        from xtalprint.similarity import compiled_transport as loops  # noqa: PLC0415 - Numba, when it is needed

        check_tables(self.name, CompositionTable, a=a, b=b)
        out = np.empty((len(a), len(b)))
        loops.composition_distances(
            a.counts,
            a.places,
            a.masses,
            b.counts,
            b.places,
            b.masses,
            element_dissimilarity(self.ground),
            self.common_stays,
            a is b,
            out,
        )
        return out


def composition_distance(
    a: Composition, b: Composition, *, ground: Ground = "transformed", common_stays: bool = True
) -> float:
    """Earth mover's distance between two compositions, see `CompositionEarthMovers`; no unit.

    Examples
    --------
    >>> composition_distance({"Na": 1, "Cl": 1}, {"Na": 2, "Cl": 2})
    0.0
    """
    distance = CompositionEarthMovers(ground=ground, common_stays=common_stays)
    return float(distance.distances(distance.table([a]), distance.table([b]))[0, 0])


@cache
def _tabulated() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    path = files("xtalprint.similarity").joinpath("element_dissimilarity.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return tuple(str(symbol) for symbol in arrays["symbols"]), arrays["upper"]


def _checked_ground(ground: Ground) -> Ground:
    if ground not in GROUNDS:
        raise WrongUsageError(
            "no such table of elements", value=repr(ground), remedy=f"take one of {', '.join(GROUNDS)}"
        )
    return ground


def _amounts(composition: Composition) -> dict[str, float]:
    if isinstance(composition, Crystal):
        amounts: Counter[str] = Counter()
        for number, occupancy in zip(composition.numbers.tolist(), composition.occupancies.tolist(), strict=True):
            amounts[SYMBOLS[number]] += occupancy
        return dict(amounts)
    if converter_of(composition) is not None:
        raise not_a_crystal(composition)
    if not isinstance(composition, Mapping):
        raise WrongUsageError(
            "a composition is a crystal, or amounts by symbol", value=repr(composition), remedy='such as {"Na": 1}'
        )
    given: dict[Any, Any] = dict(composition)
    wrong = [
        f"{symbol}: {amount!r}"
        for symbol, amount in given.items()
        if not isinstance(amount, Real) or not 0 < float(amount) < np.inf
    ]
    if wrong or not given:
        raise WrongUsageError(
            "amounts of elements must be positive numbers",
            value=", ".join(wrong) or "none",
            remedy='give them as in {"Na": 1, "Cl": 1}',
        )
    return {str(symbol): float(amount) for symbol, amount in given.items()}


def _checked(array: NDArray[np.float64]) -> NDArray[np.float64]:
    n = len(elements())
    if array.ndim != 2 or array.shape[1] != n:  # noqa: PLR2004 - axes
        raise WrongUsageError(f"fractions have two axes, compositions and {n} elements", value=f"shape {array.shape}")
    fractions = array.astype(np.float64)
    with np.errstate(invalid="ignore"):
        sums = fractions.sum(axis=1)
        wrong = np.flatnonzero(~(np.abs(sums - 1) <= ROUNDING) | (fractions < 0).any(axis=1))
    if wrong.size:
        raise WrongUsageError(
            f"fractions of row {wrong[0]} are negative or do not add up to 1",
            value=f"sum {sums[wrong[0]]:g}",
            remedy="divide each row by its sum",
        )
    result: NDArray[np.float64] = fractions / sums[:, None]
    return result
