"""Which reflections a network on clouds decides by: critical points and gradients, and whether they can be believed.

The published network learns to tell stiff crystals. Points are then taken away from the test crystals, those that
carry most of the answer first, those that carry nothing, or any: if the critical points decide, the answer must
suffer most from losing them and not at all from losing the others. Networks of random weights have critical points
too; how far they are the same ones says how much of the choice was learned.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import spearmanr

from xtalprint.datasets import properties
from xtalprint.descriptors.clouds import POSITION_SCALE
from xtalprint.descriptors.momentum_cloud import MomentumCloud
from xtalprint.models.genome_data import make_case, rows_of
from xtalprint.models.genome_metrics import auc
from xtalprint.studies.base import StudyResult, data_file, say
from xtalprint.studies.genome_reasons_pictures import Pictured, draw_reasons
from xtalprint.studies.genome_runs import QUICK, Extent, config_for, networks_folder, prepare_inputs, run_folder
from xtalprint.studies.textbook_crystals import textbook_crystals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.datasets.properties import Task
    from xtalprint.models.genome_networks import PointNetwork

    Singles = NDArray[np.float32]
    Floats = NDArray[np.float64]

TASK: Task = "stiff"
#: One network on 343 points; ten minutes on two cores.
FULL = Extent(seeds=1)
#: Networks of random weights that it is compared with.
RANDOM_NETWORKS = 3
#: Test crystals of a quick run, and orientations that are averaged over for a picture.
QUICK_TESTED, TURNS = 20, 32
#: Shares of the points that are taken away.
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
#: Ways of choosing them.
CRITICAL, RANDOM, IDLE = "the critical ones first", "any", "the critical ones last"
#: Crystals for the picture: stiff tungsten, soft sodium chloride.
PICTURED = ("W", "NaCl")
#: Bins of |s| in 1/Å; the last has all beyond, too.
EDGES = np.linspace(0.0, 2.0, 21)


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Train one network, find its critical points, take points away.

    Inputs and the trained network are kept in the cache of the user; a quick run keeps nothing.
    """
    from xtalprint.models.fitting import one_thread  # noqa: PLC0415 - torch
    from xtalprint.models.genome_reasons import critical_points, gradients  # noqa: PLC0415 - as above
    from xtalprint.models.genome_training import seen, train_genome  # noqa: PLC0415 - as above

    extent = QUICK if quick else FULL
    table = properties(data_file("properties", "properties.parquet"))
    with run_folder(seed, keep=not quick) as folder:
        place = folder / "reasons"
        inputs = prepare_inputs(table, ("cloud",), place, extent, seed, among=table.labels(TASK).rows)
        given = inputs["cloud"]
        case = make_case(table, TASK, among=rows_of([given]), by_formula=True, seed=seed, most=extent.most)
        config = config_for("points", extent.miller, case, extent, seed=seed)
        with one_thread():
            answers = train_genome(case, given, config, networks_folder(place) / TASK, resume=True, say=say)
        network: Any = answers.network.cpu()
        clouds = seen(case, "test", given, config).images[: QUICK_TESTED if quick else None]
    labels = case.classes["test"][: len(clouds)]
    trained: PointNetwork = network.network
    parts = critical_points(trained, clouds)
    steep = np.abs(gradients(trained, clouds)[..., 3]).astype(np.float64)
    curves = _deletion(trained, clouds, labels, parts, np.random.default_rng(seed))
    untrained = random_networks(seed)
    amounts = np.abs(parts)
    lengths = POSITION_SCALE * np.linalg.norm(clouds[..., :3], axis=2)
    figures = {
        "n": len(clouds),
        "network": answers.figures,
        "extent": asdict(extent),
        "parts": case.about["parts"],
        "critical_points": _counted(parts)
        | {
            "share_of_the_origin": float(amounts[:, parts.shape[1] // 2].sum() / amounts.sum()),
            "rank_correlation_with_random_weights": [
                _agreement(parts, critical_points(o, clouds)) for o in untrained
            ],
        },
        "by_length": {
            "edges": EDGES.tolist(),
            "points": _by_length(np.ones_like(parts), lengths),
            "contribution": _by_length(amounts, lengths),
            "gradient_of_intensity": _by_length(steep, lengths),
        },
        "deletion": {"shares": list(SHARES), **curves},
    }
    rows = [
        {"points taken away": way, "share": share, "auc": round(value, 4)}
        for way, values in curves.items()
        for share, value in zip(SHARES, values, strict=True)
    ]
    pictures = {one.name: one.crystal for one in textbook_crystals() if one.name in PICTURED}
    pictured = {name: _pictured(crystal, trained, seed) for name, crystal in pictures.items()}
    return StudyResult(figures, rows, {"genome-reasons": draw_reasons(figures, pictured)})


def random_networks(seed: int) -> list[PointNetwork]:
    """Networks that have learned nothing, none of them the start of the one trained from this seed."""
    import torch  # noqa: PLC0415 - an extra

    from xtalprint.models.genome_networks import PointNetwork  # noqa: PLC0415 - torch

    return [
        PointNetwork(1, generator=torch.Generator().manual_seed(seed + number))
        for number in range(1, RANDOM_NETWORKS + 1)
    ]


def _agreement(some: Floats, others: Floats) -> float:
    """Mean over the crystals of the rank correlation of how much comes through each point."""
    amounts = zip(np.abs(some), np.abs(others), strict=True)
    return float(np.mean([spearmanr(one, other).statistic for one, other in amounts]))


def _deletion(
    network: PointNetwork,
    clouds: Singles,
    labels: NDArray[np.int64],
    parts: Floats,
    rng: np.random.Generator,
) -> dict[str, list[float]]:
    """AUC after shares of the points were taken away, chosen in three ways; the origin always stays."""
    from xtalprint.models.genome_reasons import without_points  # noqa: PLC0415 - torch

    amounts = np.abs(parts)
    middle = clouds.shape[1] // 2
    orders = {CRITICAL: -amounts, RANDOM: rng.random(amounts.shape), IDLE: amounts}
    found: dict[str, list[float]] = {}
    for way, keys in orders.items():
        keys[:, middle] = np.inf
        ranks = keys.argsort(axis=1, kind="stable").argsort(axis=1)
        found[way] = [
            _auc(network, without_points(clouds, ranks < round(share * (clouds.shape[1] - 1))), labels)
            for share in SHARES
        ]
    return found


def _auc(network: PointNetwork, clouds: Singles, labels: NDArray[np.int64]) -> float:
    from xtalprint.models.fitting import evaluate  # noqa: PLC0415 - torch

    logits = evaluate(network, clouds)[:, 0].astype(np.float64)
    return auc(np.column_stack([-logits, logits]), labels)


def _counted(parts: Floats) -> dict[str, Any]:
    """Through how many points something comes at all, and how many make half of the sum of amounts."""
    amounts = np.sort(np.abs(parts), axis=1)[:, ::-1]
    half = (amounts.cumsum(axis=1) < 0.5 * amounts.sum(axis=1, keepdims=True)).sum(axis=1) + 1
    return {
        "points": parts.shape[1],
        "mean_with_a_contribution": float((amounts > 0).sum(axis=1).mean()),
        "mean_that_make_half": float(half.mean()),
    }


def _by_length(values: Floats, lengths: Floats) -> list[float]:
    """Share of the sum of values in each bin of |s|."""
    sums, _ = np.histogram(np.minimum(lengths, EDGES[-1]), bins=EDGES, weights=values)
    return [float(one) for one in sums / values.sum()]


def _pictured(crystal: Crystal, network: PointNetwork, seed: int) -> Pictured:
    """What is drawn of a crystal: means over many orientations."""
    from xtalprint.models.fitting import evaluate  # noqa: PLC0415 - torch
    from xtalprint.models.genome_reasons import critical_points, gradients  # noqa: PLC0415 - as above
    from xtalprint.models.genome_training import turned  # noqa: PLC0415 - as above

    fingerprint = MomentumCloud().compute(crystal)
    clouds = turned(np.tile(fingerprint.array[None], (TURNS, 1, 1)), np.random.default_rng(seed))
    return Pictured(
        fingerprint.cloud.positions,
        critical_points(network, clouds).mean(axis=0),
        gradients(network, clouds)[..., 3].mean(axis=0).astype(np.float64),
        float(evaluate(network, clouds).mean()),
    )
