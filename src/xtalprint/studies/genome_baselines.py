"""What property classes can be told without a network on reflections, on the same parts of the same crystals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xtalprint.datasets.properties import CRYSTAL_SYSTEMS
from xtalprint.models.ensemble import ensemble_probabilities, fitted_temperature
from xtalprint.models.genome_metrics import require_scikit_learn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.datasets.properties import Properties
    from xtalprint.models.genome_data import GenomeCase, Part
    from xtalprint.models.genome_inputs import GenomeInput, Kind
    from xtalprint.studies.stiffness_ways import TreeSettings

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

MAJORITY, SYMMETRY = "majority", "symmetry, tree"
#: Inputs of the baselines with gradient boosting, by name; those with the composition know the elements.
BOOSTED: dict[str, tuple[Kind, ...]] = {
    "volume and density, boosted": ("size",),
    "GRID, boosted": ("distances",),
    "invariants, boosted": ("invariants",),
    "invariants by two rays, boosted": ("two-rays",),
    "composition, boosted": ("composition",),
    "invariants by two rays and distances, boosted": ("rays-and-neighbours",),
    "composition, invariants and distances, boosted": ("composition", "rays-and-neighbours"),
}
BASELINES = (MAJORITY, SYMMETRY, *BOOSTED)
#: Crystals of a leaf of the tree on symmetry.
LEAF = 10
#: Space groups.
GROUPS = 230
#: Least probability of a class, so that it has a logarithm.
LEAST = 1e-6


class Answers(NamedTuple):
    """Probabilities (n, classes) of the test part, and the temperature that they were calibrated with."""

    probabilities: Floats
    temperature: float


@dataclass(frozen=True)
class Baselines:
    """All that a baseline may look at.

    Parameters
    ----------
    table
        Of the properties.
    inputs
        By kind.
    seed
        Of the trees.
    trees
        Settings of the boosted ones.
    """

    table: Properties
    inputs: Mapping[Kind, GenomeInput]
    seed: int
    trees: TreeSettings

    def names(self, case: GenomeCase) -> tuple[str, ...]:
        """Those that make sense: the crystal system is a label of symmetry itself."""
        return tuple(name for name in BASELINES if not (name == SYMMETRY and case.task == "crystal-system"))

    def answers(self, name: str, case: GenomeCase) -> Answers:
        """Learn from the training part, calibrate on the validation part, answer for the test part.

        Raises
        ------
        MissingExtraError
            If scikit-learn is not installed.
        """
        require_scikit_learn()
        if name == MAJORITY:
            shares = np.bincount(case.classes["training"], minlength=len(case.names)) / len(case.classes["training"])
            return Answers(np.tile(shares, (len(case.rows["test"]), 1)), 1.0)
        model = self._model(name).fit(self._seen(name, case, "training"), case.classes["training"])
        logits = {}
        parts: tuple[Part, Part] = ("validation", "test")
        for part in parts:
            probabilities = np.full((len(case.rows[part]), len(case.names)), LEAST)
            probabilities[:, model.classes_] = np.maximum(model.predict_proba(self._seen(name, case, part)), LEAST)
            logits[part] = np.log(probabilities)[:, None]
        temperature = fitted_temperature(logits["validation"], case.classes["validation"])
        return Answers(ensemble_probabilities(logits["test"], temperature), temperature)

    def _model(self, name: str) -> Any:  # noqa: ANN401 - of scikit-learn
        from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - an extra
        from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415 - an extra

        if name == SYMMETRY:
            return DecisionTreeClassifier(min_samples_leaf=LEAF, random_state=self.seed)
        return HistGradientBoostingClassifier(**vars(self.trees), early_stopping=False, random_state=self.seed)

    def _seen(self, name: str, case: GenomeCase, part: Part) -> NDArray[Any]:
        rows = case.rows[part]
        if name == SYMMETRY:
            return self._symmetry(rows)
        found = [self.inputs[kind].of(rows).reshape(len(rows), -1) for kind in BOOSTED[name]]
        return np.concatenate(found, axis=1)

    def _symmetry(self, rows: Rows) -> Floats:
        """(n, 232) number of the space group, of the crystal system, and a column for each space group."""
        groups = self.table.space_groups[rows]
        systems = [CRYSTAL_SYSTEMS.index(name) for name in self.table.crystal_systems[rows].tolist()]
        return np.column_stack([groups, systems, groups[:, None] == np.arange(1, GROUPS + 1)]).astype(np.float64)
