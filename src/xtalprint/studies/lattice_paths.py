"""A lattice on its way through lattices of higher symmetry, seen in three ways."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import space_group_number, supercell_to, to_cluster
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP
from xtalprint.studies.answers import MODELS, ask
from xtalprint.studies.made_clusters import ATOMS, cluster

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.studies.answers import Answers

#: A symmetry search at 0.1 Å, the package's own tolerance, snaps to the cubic lattices from both sides.
SYMPREC = 0.1
#: How the models see the crystal.
AS_CELL = "cell, axes found at 0.1 Å"
STANDARD = "cluster, axes found at 0.001 Å"
CUBIC = "cluster, axes of the nearest cube"
#: Decimal places of places on the path and of probabilities.
DIGITS = 5
#: A place on the path is where a lattice is cubic within this.
SAME_PLACE = 1e-6


@dataclass(frozen=True)
class CubicLattice:
    """A cubic lattice on a path.

    Parameters
    ----------
    crystal_class
        bcc, sc or fcc.
    place
        c/a at which the lattice of the path is this one.
    cell
        (3, 3) whole numbers or halves: the edges of its cube in terms of the lattice vectors of the path.
    places
        (k, 3) lattice points in the cube, fractional.
    """

    crystal_class: str
    place: float
    cell: NDArray[np.float64]
    places: NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """A lattice at one place of the path, and the ways in which it is shown to the models."""

    place: float
    expected: str
    by_symmetry: str | None
    views: Mapping[str, Crystal]


def step(
    crystal: Crystal,
    place: float,
    *,
    between: str,
    lattices: Sequence[CubicLattice],
    conventional: Crystal | None = None,
) -> Step:
    """One place of a path.

    Parameters
    ----------
    crystal
        As the models get it.
    place
        c/a.
    conventional
        The same in the cell whose vectors the lattices refer to, if that is another.
    between
        Class of the lattice wherever it is not cubic.
    lattices
        The cubic ones on the path, in the order of their places.
    """
    expected = next((at.crystal_class for at in lattices if abs(at.place - place) < SAME_PLACE), between)
    number = space_group_number(crystal, symprec=SYMPREC)
    nearest = min(lattices, key=lambda at: abs(np.log(at.place / place)))
    cube = in_cubic_axes(crystal if conventional is None else conventional, nearest)
    views = {
        AS_CELL: crystal,
        STANDARD: cluster(crystal),
        CUBIC: to_cluster(supercell_to(cube, min_atoms=ATOMS)),
    }
    return Step(place, expected, CLASS_OF_SPACE_GROUP.get(number), views)


def in_cubic_axes(crystal: Crystal, lattice: CubicLattice) -> Crystal:
    """Return the cell that is a cube where the lattice is cubic, its edges along x, y and z but for the strain."""
    if crystal.cell is None:
        raise UnsupportedInputError("a cluster has no lattice", source=crystal.source)
    cube = lattice.cell @ crystal.cell
    # Turned so that nothing but a symmetrical strain is left: the root of the metric tensor.
    values, vectors = np.linalg.eigh(cube @ cube.T)
    upright = (vectors * np.sqrt(values)) @ vectors.T
    numbers = np.full(len(lattice.places), crystal.numbers[0])
    return Crystal(lattice.places @ upright, numbers, cell=upright, source=crystal.source)


@dataclass(frozen=True)
class Walk:
    """What one model answered along a path, in one way of showing it."""

    steps: Sequence[Step]
    answers: Answers

    @property
    def places(self) -> NDArray[np.float64]:
        """(n,) c/a."""
        return np.array([s.place for s in self.steps])

    def regions(self) -> list[dict[str, Any]]:
        """Stretches with the same answer: class, first and last place, number of places."""
        result = []
        for name, run in groupby(
            zip(self.places.tolist(), self.answers.names, strict=True), key=lambda pair: pair[1]
        ):
            stretch = [place for place, _ in run]
            result.append(
                {
                    "class": name,
                    "from": round(stretch[0], DIGITS),
                    "to": round(stretch[-1], DIGITS),
                    "places": len(stretch),
                }
            )
        return result

    def summary(self, lattices: Sequence[CubicLattice], between: str) -> dict[str, Any]:
        """Regions, answers at the cubic lattices, width of the region around each, and the share right between."""
        names, expected = self.answers.names, [s.expected for s in self.steps]
        regions = self.regions()
        around = {lattice.crystal_class: _around(lattice, regions) for lattice in lattices}
        elsewhere = [n == e for n, e in zip(names, expected, strict=True) if e == between]
        by_symmetry = [n == s.by_symmetry for n, s in zip(names, self.steps, strict=True)]
        return {
            "answer_at": {
                lattice.crystal_class: next(
                    (n for n, s in zip(names, self.steps, strict=True) if _at(lattice, s.place)), None
                )
                for lattice in lattices
            },
            "region_around": around,
            "width_of_region": {
                name: round(ends[1] - ends[0], DIGITS) if ends else None for name, ends in around.items()
            },
            "share_between": float(np.mean(elsewhere)) if elsewhere else None,
            "agrees_with_symmetry_search": float(np.mean(by_symmetry)),
            "n_regions": len(regions),
            "regions": regions,
        }


def walk(steps: Sequence[Step]) -> dict[str, dict[str, Walk]]:
    """Answers of all models, by model and view."""
    return {
        model: {view: Walk(steps, ask(model, [s.views[view] for s in steps])) for view in (AS_CELL, STANDARD, CUBIC)}
        for model in MODELS
    }


def found(
    steps: Sequence[Step],
    walks: Mapping[str, Mapping[str, Walk]],
    lattices: Sequence[CubicLattice],
    between: str,
) -> dict[str, Any]:
    """What is written down about a path: the symmetry search, and each model in each view."""
    return {
        "n_places": len(steps),
        "regions_of_symmetry_search": _symmetry_regions(steps, lattices),
        "models": {
            model: {
                "model": dict(views[STANDARD].answers.model),
                **{view: line.summary(lattices, between) for view, line in views.items()},
            }
            for model, views in walks.items()
        },
    }


def checks(walks: Mapping[str, Mapping[str, Walk]], lattices: Sequence[CubicLattice], between: str) -> dict[str, Any]:
    """The paper's statements about a path, by model and view."""
    return {
        model: {view: _checks(line.summary(lattices, between), between) for view, line in views.items()}
        for model, views in walks.items()
    }


def _checks(summary: Mapping[str, Any], between: str) -> dict[str, bool]:
    at = {f"{name} where the lattice is {name}": got == name for name, got in summary["answer_at"].items()}
    return at | {f"{between} for all other values": summary["share_between"] == 1.0}


def _symmetry_regions(steps: Sequence[Step], lattices: Sequence[CubicLattice]) -> dict[str, list[float] | None]:
    """Around each cubic lattice, from where to where the symmetry search at 0.1 Å takes the lattice for it."""
    regions: dict[str, list[float] | None] = {}
    for lattice in lattices:
        hits = [s.place for s in steps if s.by_symmetry == lattice.crystal_class]
        regions[lattice.crystal_class] = [round(hits[0], DIGITS), round(hits[-1], DIGITS)] if hits else None
    return regions


def rows(walks: Mapping[str, Mapping[str, Walk]]) -> list[dict[str, Any]]:
    """One row for each model, view and place."""
    return [
        {
            "model": model,
            "view": view,
            "c_over_a": round(s.place, DIGITS),
            "expected": s.expected,
            f"symmetry search at {SYMPREC} Å": s.by_symmetry,
            "answer": name,
            **{c: round(float(p), DIGITS) for c, p in zip(line.answers.classes, probabilities, strict=True)},
        }
        for model, views in walks.items()
        for view, line in views.items()
        for s, name, probabilities in zip(line.steps, line.answers.names, line.answers.probabilities, strict=True)
    ]


def draw(walks: Mapping[str, Mapping[str, Walk]], lattices: Sequence[CubicLattice], *, title: str) -> Figure:
    """Class probabilities along the path: a column for each model, a row for each view."""
    from xtalprint.studies.probability_curves import Panel, draw_panels  # noqa: PLC0415 - plotting is heavy

    marks = {at.crystal_class: at.place for at in lattices}
    views = next(iter(walks.values()))
    panels = [
        Panel(
            f"{model}\n{view}",
            walks[model][view].places,
            walks[model][view].answers.probabilities,
            walks[model][view].answers.classes,
            marks=marks,
        )
        for view in views
        for model in walks
    ]
    return draw_panels(panels, columns=len(walks), label="c/a", title=title)


def _at(lattice: CubicLattice, place: float) -> bool:
    return abs(lattice.place - place) < SAME_PLACE


def _around(lattice: CubicLattice, regions: Sequence[Mapping[str, Any]]) -> list[float] | None:
    """Ends of the stretch of its class that a cubic lattice lies in; None if it has another answer."""
    slack = 10.0**-DIGITS
    for region in regions:
        inside = region["from"] - slack <= lattice.place <= region["to"] + slack
        if inside and region["class"] == lattice.crystal_class:
            return [region["from"], region["to"]]
    return None
