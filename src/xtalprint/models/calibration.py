"""Fit the rule for "resembles none of the classes", set its threshold, and measure it on what it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.classes import CLASSES
from xtalprint.models.defective import defective_copies, none_of_the_classes, other_prototypes
from xtalprint.models.evaluation import metrics
from xtalprint.models.fitting import evaluate
from xtalprint.models.manifest import KnownRule
from xtalprint.models.novelty import GaussianDistance, auroc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.models.configuration import TrainingConfig
    from xtalprint.models.convnet import ConvNet
    from xtalprint.models.training_data import TrainingData

#: Offsets of the seed, so that validation, test and negatives share no random numbers.
VALIDATION, TEST, NEGATIVES = 1, 2, 3
#: Known crystals that disordered matter is made from.
SOURCES_OF_NEGATIVES = 200


def calibrate(
    network: ConvNet, data: TrainingData, config: TrainingConfig, *, say: Callable[[str], None] = lambda _: None
) -> tuple[GaussianDistance, KnownRule, dict[str, Any]]:
    """Fit on pristine training images, set the threshold on defective validation crystals, measure on the test part.

    Returns
    -------
    The detector, the rule with its figures, and the accuracy on defective copies of the test part.
    """
    training = data.examples("train")
    detector = GaussianDistance.fit(
        evaluate(network, training.images, features=True),
        training.labels,
        shrinkage=config.known.shrinkage,
        centres_per_class=config.known.centres_per_class,
    )

    def distance(images: NDArray[np.float32]) -> NDArray[np.float64]:
        return detector.distance(evaluate(network, images, features=True))

    say("calibrating on defective copies of the validation part")
    copies = defective_copies(data.crystals_of("validation"), config.known, seed=config.seed + VALIDATION)
    calibration = np.concatenate(
        [distance(data.images_of(crystals)) for crystals in copies.values()]
        + [distance(data.examples("validation").images)]
    )
    threshold = float(np.quantile(calibration, config.known.kept))
    say("measuring on defective copies of the test part")
    test = data.crystals_of("test")
    labels = data.examples("test").labels
    defective, kept = {}, {}
    known = [distance(data.examples("test").images)]
    kept["pristine"] = float((known[0] <= threshold).mean())
    for name, crystals in defective_copies(test, config.known, seed=config.seed + TEST).items():
        images = data.images_of(crystals)
        figures = metrics(evaluate(network, images), labels, CLASSES)
        defective[name] = {key: figures[key] for key in ("n", "accuracy", "errors", "expected_calibration_error")}
        known.append(distance(images))
        kept[name] = float((known[-1] <= threshold).mean())
    unknown = _unknown(test, data, distance, seed=config.seed + NEGATIVES)
    everything = np.concatenate(known)
    rule = KnownRule(
        method=(
            "Mahalanobis distance of the 128 features before the output from the nearest of "
            f"{len(detector.centres)} centres, fitted to pristine training crystals."
        ),
        threshold=threshold,
        calibration=(
            f"The threshold keeps {100 * config.known.kept:g} % of the pristine and defective copies of the "
            "validation part known."
        ),
        kept_known=kept,
        auroc={name: auroc(everything, values) for name, values in unknown.items()},
    )
    return detector, rule, defective


def _unknown(
    crystals: Sequence[Crystal],
    data: TrainingData,
    distance: Callable[[NDArray[np.float32]], NDArray[np.float64]],
    *,
    seed: int,
) -> dict[str, NDArray[np.float64]]:
    step = max(1, len(crystals) // SOURCES_OF_NEGATIVES)
    negatives = none_of_the_classes(crystals[::step], seed=seed)
    negatives["other AFLOW prototypes"] = other_prototypes(half=1, seed=seed)
    return {name: distance(data.images_of(made)) for name, made in negatives.items() if made}
