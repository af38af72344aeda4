"""Bulk modulus by kernel ridge regression: the Fourier box of the report against descriptors that no cell enters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.datasets import elasticity
from xtalprint.descriptors.fourier_box import FourierBox
from xtalprint.descriptors.pairs_of_reflections import PairsOfReflections
from xtalprint.descriptors.reflection_bispectrum import ReflectionBispectrum
from xtalprint.descriptors.reflection_power_spectrum import ReflectionPowerSpectrum
from xtalprint.studies.base import StudyResult, say
from xtalprint.studies.kernel_ridge import ridge_weights, squared_distances
from xtalprint.studies.modulus_errors import errors_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Descriptor
    from xtalprint.studies.modulus_pictures import Array

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

BOX = "Fourier box"
#: Crystals of the released training part that are used, of which the last are for choosing parameters.
TRAINING, CHOOSING, QUICK = 4000, 1000, (120, 40)
#: What is tried: as it is or root by root; linear or Gaussian kernel; width over the median distance; ridge.
ROOTS = (1.0, 0.5)
WIDTHS = (0.1, 0.3, 1.0, 3.0)
RIDGES = (1e-3, 1e-2, 1e-1, 1.0)
REPORT = {"report, Fourier box, kernel ridge": "fits the training part, MAE 28 % on the test part"}


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Learn log10 K of some of the released training part, chosen by ``seed``, and predict the released test part."""
    data = elasticity()
    train, test = data.released_split()
    n, choosing = QUICK if quick else (TRAINING, CHOOSING)
    train = np.random.default_rng(seed).permutation(train)[:n]
    test = test[:n] if quick else test
    k = np.log10(data.bulk_modulus)
    features = _features([data.crystals[int(i)] for i in np.concatenate([train, test])])
    rows, predictions = [], {}
    for name, x in features.items():
        found = _learn(x, k[train], n, choosing)
        predicted = found.pop("predicted")
        parts = {"training": (predicted[:n], k[train]), "test": (predicted[n:], k[test])}
        predictions[name] = parts
        rows.append(
            {
                "descriptor": name,
                "numbers": x.shape[1],
                **found,
                **{
                    f"{part}, {key}": value for part, pair in parts.items() for key, value in errors_of(*pair).items()
                },
            }
        )
        say(f"{name}: done")
    mean = errors_of(np.full(len(test), k[train].mean()), k[test])
    figures: dict[str, Any] = {
        "published": REPORT,
        "n_training": n,
        "n_test": len(test),
        "chosen_on": choosing,
        "mean_of_training": mean,
        "models": {row["descriptor"]: {key: v for key, v in row.items() if key != "descriptor"} for row in rows},
    }
    from xtalprint.studies.modulus_pictures import draw_log_parity  # noqa: PLC0415 - plotting is heavy

    chosen: dict[str, dict[str, tuple[Array, Array]]] = {
        name: predictions[name] for name in (BOX, "powder pattern", "pairs of reflections")
    }
    return StudyResult(figures, rows, {"fourier-modulus": draw_log_parity(chosen)})


def _features(crystals: list[Crystal]) -> dict[str, Floats]:
    """Arrays by descriptor, one row a crystal; of the box the half that is not repeated by the other."""
    options: dict[str, Any] = {"scale": "volume"}
    made: dict[str, Descriptor] = {
        BOX: FourierBox(scale="volume"),
        "power spectrum": ReflectionPowerSpectrum(**options),
        "bispectrum": ReflectionBispectrum(**options),
        "pairs of reflections": PairsOfReflections(**options),
    }
    arrays: dict[str, Floats] = {}
    for name, descriptor in made.items():
        batch = descriptor.compute_many(crystals)
        if batch.failures:
            raise batch.failures[0].error
        arrays[name] = batch.array.reshape(len(crystals), -1).astype(np.float64)
        say(f"{name}: computed")
    arrays[BOX] = arrays[BOX][:, : arrays[BOX].shape[1] // 2 + 1]
    shells = len(ReflectionPowerSpectrum().shells)
    # Cubic in the intensity: brought to its power first.
    arrays["bispectrum"] = np.cbrt(arrays["bispectrum"])
    without = [arrays[name] for name in ("power spectrum", "bispectrum", "pairs of reflections")]
    return {
        BOX: arrays[BOX],
        "powder pattern": arrays["power spectrum"][:, :shells],
        **{name: arrays[name] for name in ("power spectrum", "bispectrum", "pairs of reflections")},
        "all without a cell": np.concatenate(without, axis=1),
    }


def _learn(x: Floats, y: Floats, n: int, choosing: int) -> dict[str, Any]:
    """Choose on the last of the training rows, learn from all of them, predict all rows."""
    best: tuple[float, float, str, float, float] = (np.inf, 1.0, "", 1.0, 1.0)
    inner = n - choosing
    for root in ROOTS:
        z = _scaled(x, root, inner)
        for kernel, width in [("linear", 1.0), *(("gaussian", w) for w in WIDTHS)]:
            gram = _kernel(z[:n], z[:inner], kernel, width)
            for ridge in RIDGES:
                predicted = gram[inner:] @ ridge_weights(gram[:inner], y[:inner], ridge) + y[:inner].mean()
                error = float(abs(predicted - y[inner:]).mean())
                best = min(best, (error, root, kernel, width, ridge))
    _, root, kernel, width, ridge = best
    z = _scaled(x, root, n)
    gram = _kernel(z, z[:n], kernel, width)
    predicted = gram @ ridge_weights(gram[:n], y, ridge) + y.mean()
    return {"power": root, "kernel": kernel, "width": width, "ridge": ridge, "predicted": predicted}


def _scaled(x: Floats, power: float, n: int) -> Floats:
    """Power with the sign kept, then mean 0 and standard deviation 1 of the first ``n``."""
    z = np.sign(x) * np.abs(x) ** power
    spread = z[:n].std(axis=0)
    seen = spread > 1e-9 * abs(z[:n]).max()
    result: Floats = (z[:, seen] - z[:n, seen].mean(axis=0)) / spread[seen] / np.sqrt(seen.sum())
    return result


def _kernel(z: Floats, known: Floats, kind: str, width: float) -> Floats:
    """Linear, or exp(−width |z − z'|²/2), the mean of |z − z'|² being 2."""
    if kind == "linear":
        return np.asarray(z @ known.T)
    return np.asarray(np.exp(-0.5 * width * squared_distances(z, known)))
