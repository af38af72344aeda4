"""Fit the rule for "resembles none of the classes", set its threshold, and measure it on what it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.classes import CLASSES
from xtalprint.models.defective import defective_copies, none_of_the_classes, other_prototypes
from xtalprint.models.evaluation import accuracy_by, metrics
from xtalprint.models.fitting import evaluate
from xtalprint.models.known import diffuse_share, strangeness
from xtalprint.models.manifest import KnownRule
from xtalprint.models.novelty import GaussianDistance, auroc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xtalprint.models.configuration import TrainingConfig
    from xtalprint.models.convnet import ConvNet
    from xtalprint.models.training_data import TrainingData

#: Offsets of the seed, so that validation, test and negatives share no random numbers.
VALIDATION, TEST, NEGATIVES = 1, 2, 3
#: Known crystals that disordered matter is made from.
SOURCES_OF_NEGATIVES = 200


@dataclass(frozen=True)
class Judged:
    """Distance and diffuse share of some images, and what the network says about them."""

    distance: NDArray[np.float64]
    diffuse: NDArray[np.float64]
    logits: NDArray[np.float32]

    def strangeness(self, rule: KnownRule) -> NDArray[np.float64]:
        """(n,) up to 1: known; above: not."""
        return strangeness(rule, self.distance, self.diffuse)


@dataclass(frozen=True)
class Judge:
    """A trained network with a fitted detector.

    Parameters
    ----------
    network
        Gives logits and features.
    detector
        Measures the distance of the features from those of the training part.
    """

    network: ConvNet
    detector: GaussianDistance

    def __call__(self, images: NDArray[np.float32]) -> Judged:
        """Look at images (n, 3, 64, 64)."""
        features = evaluate(self.network, images, features=True)
        weight, bias = (p.detach().cpu().numpy() for p in (self.network.output.weight, self.network.output.bias))
        diffuse = np.array([diffuse_share(image) for image in images])
        return Judged(self.detector.distance(features), diffuse, features @ weight.T + bias)


def calibrate(
    network: ConvNet, data: TrainingData, config: TrainingConfig, *, say: Callable[[str], None] = lambda _: None
) -> tuple[GaussianDistance, KnownRule, dict[str, Any]]:
    """Fit on the training images, set the thresholds on defective validation crystals, measure on the test part.

    Returns
    -------
    The detector, the rule with its figures, and the accuracy on defective copies of the test part.
    """
    training = data.learned()
    detector = GaussianDistance.fit(
        evaluate(network, training.images, features=True),
        training.labels,
        shrinkage=config.known.shrinkage,
        centres_per_class=config.known.centres_per_class,
    )
    judge = Judge(network, detector)
    say("calibrating on defective copies of the validation part")
    rule = _thresholds(judge, data, config)
    say("measuring on defective copies of the test part")
    defective, kept, known = _on_test(judge, rule, data, config)
    auroc_of = _on_unknown(judge, rule, data, config, known)
    return detector, rule.model_copy(update={"kept_known": kept, "auroc": auroc_of}), defective


def _thresholds(judge: Judge, data: TrainingData, config: TrainingConfig) -> KnownRule:
    copies = defective_copies(data.crystals_of("validation"), config.known, seed=config.seed + VALIDATION)
    judged = [judge(data.examples("validation").images), *(judge(data.images_of(made)) for made in copies.values())]
    # Each of the two criteria may refuse half of what is given away.
    level = 0.5 * (1 + config.known.kept)
    return KnownRule(
        method=(
            "Two criteria. Distance: Mahalanobis distance of the 128 features before the output from the nearest of "
            f"{len(judge.detector.centres)} centres, fitted to the training part; it tells other crystals. "
            "Diffuse share: mean of the diffraction image, whose brightest pixel is 1; it tells disordered matter."
        ),
        distance=float(np.quantile(np.concatenate([j.distance for j in judged]), level)),
        diffuse=float(np.quantile(np.concatenate([j.diffuse for j in judged]), level)),
        calibration=(
            f"The thresholds keep at least {100 * config.known.kept:g} % of the pristine and defective crystals of "
            "the validation part known."
        ),
        kept_known={},
        auroc={},
    )


def _on_test(
    judge: Judge, rule: KnownRule, data: TrainingData, config: TrainingConfig
) -> tuple[dict[str, Any], dict[str, float], NDArray[np.float64]]:
    """Accuracy on defective copies, shares that stay known, and the strangeness of all."""
    examples = data.examples("test")
    judged = {"pristine": judge(examples.images)}
    copies = defective_copies(data.crystals_of("test"), config.known, seed=config.seed + TEST)
    judged |= {name: judge(data.images_of(made)) for name, made in copies.items()}
    accuracy = {}
    for name in copies:
        figures = metrics(judged[name].logits, examples.labels, CLASSES)
        accuracy[name] = {key: figures[key] for key in ("n", "accuracy", "errors", "expected_calibration_error")}
        accuracy[name]["by_source"] = accuracy_by(data.sources("test"), judged[name].logits, examples.labels)
    scores = {name: each.strangeness(rule) for name, each in judged.items()}
    kept = {name: float((values <= 1).mean()) for name, values in scores.items()}
    return accuracy, kept, np.concatenate(list(scores.values()))


def _on_unknown(
    judge: Judge, rule: KnownRule, data: TrainingData, config: TrainingConfig, known: NDArray[np.float64]
) -> dict[str, float]:
    crystals = data.crystals_of("test")
    step = max(1, len(crystals) // SOURCES_OF_NEGATIVES)
    seed = config.seed + NEGATIVES
    negatives = none_of_the_classes(crystals[::step], seed=seed)
    negatives["other AFLOW prototypes"] = other_prototypes(half=1, seed=seed)
    return {
        name: auroc(known, judge(data.images_of(made)).strangeness(rule)) for name, made in negatives.items() if made
    }
