"""How good the cell-free model is on presentations that it has not seen, and when it should say "none"."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.ensemble import ensemble_probabilities, false_alarms, of_classes, reliability
from xtalprint.models.evaluation import accuracy_by, metrics
from xtalprint.models.manifest import KnownOutput
from xtalprint.models.novelty import auroc
from xtalprint.models.presentations import SLIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.models.bond_order_configuration import EnsembleConfig
    from xtalprint.models.bond_order_data import BondOrderExamples

    Floats = NDArray[np.float64]

#: Limits of the groups in which accuracy is reported: displacements in bond lengths, shares of vacancies, sites.
DISPLACEMENTS, VACANCIES, SITES = (0.04, 0.08), (0.25, 0.5), (100, 250)


def groups(examples: BondOrderExamples) -> dict[str, NDArray[np.bool_]]:
    """Rows of samples of the classes, by how they were brought; one row may be in several groups."""
    member = examples.member & ~examples.box
    sigma, missing = examples.displacement, examples.vacancies
    whole, still = missing == 0, sigma == 0
    result = {
        "pristine, periodic": whole & still & examples.periodic,
        "pristine, finite pieces": whole & still & ~examples.periodic,
    }
    edges = (0.0, *DISPLACEMENTS, np.inf)
    for low, high in pairwise(edges):
        text = f"up to {high:g}" if np.isfinite(high) else f"above {low:g}"
        result[f"displaced, {text} bond lengths"] = whole & (sigma > low) & (sigma <= high)
    edges = (0.0, *VACANCIES, np.inf)
    for low, high in pairwise(edges):
        text = f"up to {100 * high:g} %" if np.isfinite(high) else f"above {100 * low:g} %"
        result[f"vacancies, {text}"] = still & (missing > low) & (missing <= high)
    result["displaced and with vacancies"] = ~whole & ~still
    edges = (0, *SITES, np.inf)
    for low, high in pairwise(edges):
        text = f"up to {high:g}" if np.isfinite(high) else f"more than {low:g}"
        result[f"finite pieces, {text} atoms left"] = (
            ~examples.periodic & (examples.n_sites > low) & (examples.n_sites <= high)
        )
    boxes = {
        "small boxes, pristine": whole & still,
        f"small boxes, displaced up to {SLIGHT[1]:g} bond lengths": whole & (sigma > 0) & (sigma <= SLIGHT[1]),
        "small boxes, 1 to 3 atoms missing": ~whole & still,
        "small boxes, more displaced or both": (sigma > SLIGHT[1]) | (~whole & ~still),
    }
    return {name: rows & member for name, rows in result.items()} | {
        name: rows & examples.box & examples.member for name, rows in boxes.items()
    }


def figures_of(
    logits: NDArray[np.float32],
    probabilities: Mapping[Any, Floats],
    parts: Mapping[Any, BondOrderExamples],
    temperature: float,
) -> dict[str, Any]:
    """Accuracy, calibration and confusion of each part among the samples of the classes, as plain data.

    Parameters
    ----------
    logits
        (n, members, outputs) of the test part.
    probabilities
        (n, outputs) of each part, by all that the model knows.
    parts
        The samples.
    temperature
        Of the networks.
    """
    figures: dict[str, Any] = {}
    for part, examples in parts.items():
        member = examples.member & ~examples.box
        labels = examples.labels[member]
        conditional = of_classes(probabilities[part][member])
        as_logits = np.log(conditional)
        figures[part] = metrics(as_logits, labels, examples.classes.tolist())
        figures[part]["by_source"] = accuracy_by(examples.sources[member], as_logits, labels)
    examples = parts["test"]
    answers = of_classes(probabilities["test"])
    figures["defective"] = {
        name: metrics(np.log(answers[rows]), examples.labels[rows], examples.classes.tolist())
        | {"by_source": accuracy_by(examples.sources[rows], answers[rows], examples.labels[rows])}
        for name, rows in groups(examples).items()
        if rows.any()
    }
    member = examples.member & ~examples.box
    uncalibrated = of_classes(ensemble_probabilities(logits[member], 1.0))
    figures["calibration"] = {
        "temperature": temperature,
        "before": metrics(np.log(uncalibrated), examples.labels[member], examples.classes.tolist())[
            "expected_calibration_error"
        ],
        "after": figures["test"]["expected_calibration_error"],
        "reliability": reliability(answers[member], examples.labels[member]),
    }
    figures["single_networks"] = [
        float((one[member, :-1].argmax(axis=1) == examples.labels[member]).mean())
        for one in np.moveaxis(logits, 1, 0)
    ]
    return figures


@dataclass(frozen=True)
class KnownJudge:
    """The threshold of "none of the classes" and how it came about.

    Parameters
    ----------
    threshold
        Largest probability of "none" at which an input is known.
    kept
        Share of the validation samples of the classes that are.
    """

    threshold: float
    kept: float

    @classmethod
    def calibrated(cls, probabilities: Floats, examples: BondOrderExamples, config: EnsembleConfig) -> KnownJudge:
        """Set the threshold on the validation part."""
        strangeness = probabilities[:, -1]
        threshold = float(np.quantile(strangeness[examples.member], config.kept))
        return cls(float(np.clip(threshold, 1e-6, 1 - 1e-6)), config.kept)

    def measured(self, probabilities: Floats, examples: BondOrderExamples, *, method: str) -> KnownOutput:
        """Measure it on the test part; ``method`` says in words where "none" was learned from."""
        strangeness = probabilities[:, -1]
        member, box = examples.member, examples.box
        against = {
            str(name): (strangeness[member & ~box], strangeness[(examples.sources == name) & ~box])
            for name in np.unique(examples.sources[~member])
        }
        pristine = box & (examples.displacement == 0) & (examples.vacancies == 0)
        if (pristine & ~member).any():
            against["other crystals, pristine boxes"] = (
                strangeness[pristine & member],
                strangeness[pristine & ~member],
            )
        return KnownOutput(
            method=method,
            probability=self.threshold,
            calibration=(
                f"The threshold keeps {100 * self.kept:g} % of the presentations of the validation part known, with "
                "all their defects."
            ),
            kept_known={
                name: float((strangeness[rows] <= self.threshold).mean())
                for name, rows in groups(examples).items()
                if rows.any()
            },
            auroc={name: auroc(known, others) for name, (known, others) in against.items()},
            false_alarms={name: false_alarms(known, others) for name, (known, others) in against.items()},
        )
