"""Bulk and shear modulus of a crystal, with an interval and the most similar known crystals."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.compute import map_ordered, together
from xtalprint.crystal import Crystal
from xtalprint.descriptors.interpretable import interpretable_constants, interpretable_features
from xtalprint.elements import SYMBOLS
from xtalprint.errors import ModelError, XtalprintError
from xtalprint.models.answering import notice_of_distances
from xtalprint.models.solids import check_solid, check_touching, notice_of_vacuum
from xtalprint.models.stiffness import element_shares
from xtalprint.models.stiffness_files import decode
from xtalprint.models.stiffness_prediction import (
    PROPERTIES,
    UNIT,
    KnownNeighbour,
    Modulus,
    StiffnessPrediction,
)
from xtalprint.models.trained import TrainedModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.models.manifest import IntervalRule, PropertyManifest
    from xtalprint.models.stiffness_fit import Answer

#: Neighbours that are given, and crystals that are worked on together.
NEIGHBOURS, AT_A_TIME = 5, 32
#: Decimals of a distance by which neighbours are ordered.
ROUNDED = 4
SHORTEST_BOND = "least shortest bond over covalent radii"


class StiffnessModel(TrainedModel[StiffnessPrediction]):
    """A kernel on known crystals and some networks, with the numbers of a crystal that they learned from.

    Parameters
    ----------
    manifest
        What is written down about the model.
    weights, known
        Its two archives, already checked against the manifest.

    Raises
    ------
    ModelError
        If this version computes other numbers of a crystal, or the model predicts something else.
    """

    def __init__(self, manifest: PropertyManifest, weights: bytes, known: bytes) -> None:
        super().__init__(manifest.name, manifest.version, manifest.files.weights.sha256)
        self.manifest = manifest
        if manifest.descriptor.get("constants") != interpretable_constants():
            raise self._other_numbers()
        self.fit, self.crystals, self._columns = decode(weights, known)
        if set(manifest.properties) != set(PROPERTIES) or manifest.unit != UNIT:
            raise ModelError(
                "the model predicts something else", source=manifest.name, value=", ".join(manifest.properties)
            )

    def __repr__(self) -> str:
        """Name, version and size."""
        return f"StiffnessModel({self.manifest.name} {self.manifest.version}, {len(self.crystals.ids):,} crystals)"

    def predict_iter(
        self, crystals: Iterable[Crystal | XtalprintError], *, threads: int | None = None
    ) -> Iterator[StiffnessPrediction]:
        """Answer for a stream: answers come in the order of the crystals, some at a time.

        Memory does not grow with the length of the stream.
        """
        for some in map_ordered(self.predict_many, together(crystals, AT_A_TIME), threads=threads):
            yield from some

    def predict_many(self, items: Sequence[Crystal | XtalprintError]) -> list[StiffnessPrediction]:
        """Answers for a few, to the last bit those that `predict_one` gives for each; quicker than one by one."""
        sound = [place for place, item in enumerate(items) if _is_sound(item)]
        crystals = [item for item in (items[place] for place in sound) if isinstance(item, Crystal)]
        try:
            rows = dict(zip(sound, self._described(crystals), strict=True)) if crystals else {}
        except Exception:  # noqa: BLE001 - one of them; one by one shows which
            rows = {}
        return [self.predict_one(item, rows.get(place)) for place, item in enumerate(items)]

    def predict_one(self, crystal: object, described: Described | None = None) -> StiffnessPrediction:
        """Answer for one crystal; never raises for what it is given.

        Parameters
        ----------
        crystal
            A crystal, or an error in its place.
        described
            Its numbers, if they are known already.
        """
        if isinstance(crystal, Crystal) and described is not None:
            return self._guarded(crystal, lambda: self._prediction(crystal, described))
        return super().predict_one(crystal)

    def _complete_answer(self, crystal: Crystal) -> StiffnessPrediction:
        check_solid(crystal)
        return self._prediction(crystal, self._described([crystal])[0])

    def _failure(self, error: XtalprintError) -> StiffnessPrediction:
        return StiffnessPrediction.failure(error, self._provenance)

    def _described(self, crystals: Sequence[Crystal]) -> list[Described]:
        table = interpretable_features(crystals)
        if table.columns != self._columns:
            raise self._other_numbers()
        points = self.fit.standard.points(table, element_shares([crystal.numbers for crystal in crystals]))
        bonds = table.array[:, table.columns.index(SHORTEST_BOND)]
        return [Described(point, float(bond)) for point, bond in zip(points, bonds, strict=True)]

    def _other_numbers(self) -> ModelError:
        return ModelError(
            "the model was trained on numbers that this version does not have",
            source=self.manifest.name,
            remedy=f"use xtalprint {self.manifest.package_version}, or train it again: xtalprint train stiffness",
        )

    def _prediction(self, crystal: Crystal, described: Described) -> StiffnessPrediction:
        check_touching(crystal, described.shortest_bond)
        answer = self.fit.answer(described.point)
        order = self._nearest(answer)
        nearest = float(answer.distances[order[0]])
        moduli = {
            name: _modulus(self.manifest.properties[name], answer, target, nearest)
            for target, name in enumerate(PROPERTIES)
        }
        neighbours = tuple(self._neighbour(row, float(answer.distances[row])) for row in order)
        emptiness, foreign = notice_of_vacuum(crystal), self._foreign_elements(crystal)
        return StiffnessPrediction(
            status="ok",
            source=crystal.source,
            frame=crystal.frame,
            moduli=moduli,
            known=nearest <= self.manifest.far.distance and not (emptiness or foreign),
            neighbours=neighbours,
            warnings=(
                *emptiness,
                *notice_of_distances(crystal),
                *foreign,
                *self._remoteness(neighbours[0]),
            ),
            provenance=self.provenance,
        )

    def _nearest(self, answer: Answer) -> list[int]:
        """Rows of the nearest known crystals; equally near ones in the order of the data set."""
        some = np.argpartition(answer.distances, NEIGHBOURS)[: NEIGHBOURS + 1]
        near = np.flatnonzero(answer.distances <= answer.distances[some].max())
        ranks = np.lexsort((near, answer.distances[near].round(ROUNDED)))
        return [int(row) for row in near[ranks[:NEIGHBOURS]]]

    def _neighbour(self, row: int, distance: float) -> KnownNeighbour:
        crystals = self.crystals
        return KnownNeighbour(
            id=crystals.ids[row].decode(),
            formula=crystals.formula(row),
            distance=distance,
            values=dict(zip(PROPERTIES, crystals.values[row].tolist(), strict=True)),
            unseen=dict(zip(PROPERTIES, crystals.unseen[row].tolist(), strict=True)),
        )

    def _foreign_elements(self, crystal: Crystal) -> list[str]:
        foreign = sorted(set(crystal.numbers.tolist()) - self.crystals.elements)
        return [f"no known crystal has {', '.join(SYMBOLS[z] for z in foreign)}"] if foreign else []

    def _remoteness(self, nearest: KnownNeighbour) -> list[str]:
        far = self.manifest.far
        if nearest.distance > far.distance:
            share = f"{100 * far.share:g} % of the known ones have another within {far.distance:.2f}"
            return [
                f"far from all known crystals: the nearest is at {nearest.distance:.2f}, and {share}; a guess at best"
            ]
        if nearest.distance > far.same:
            return []
        unseen = ", ".join(f"{name.replace('-', ' ')} {nearest.unseen[name]:.3g} {UNIT}" for name in PROPERTIES)
        return [f"this is probably {nearest.id}, which the model learned from; one that had not said: {unseen}"]


class Described(NamedTuple):
    """What the model sees of a crystal: its point, and its shortest bond in sums of covalent radii."""

    point: NDArray[np.float32]
    shortest_bond: float


def _modulus(rule: IntervalRule, answer: Answer, target: int, distance: float) -> Modulus:
    value = float(answer.value[target])
    half = float(rule.half_width(value, float(answer.disagreement[target]), distance))
    return Modulus(10.0**value, (10.0 ** (value - half), 10.0 ** (value + half)))


def _is_sound(item: object) -> bool:
    if not isinstance(item, Crystal):
        return False
    try:
        check_solid(item)
    except Exception:  # noqa: BLE001 - said one by one
        return False
    return True
