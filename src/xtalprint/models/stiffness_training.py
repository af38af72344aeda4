"""A training run of the model of moduli: folds that measure it, then all known crystals; weights, card, index."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.datasets import elasticity
from xtalprint.descriptors.interpretable import interpretable_constants, interpretable_features
from xtalprint.errors import WrongUsageError
from xtalprint.models import stiffness_words as words
from xtalprint.models.files import write_bytes, write_checksums
from xtalprint.models.manifest import BOTH, BY_FORMULA, RANDOM, SPLITS, FarRule, PropertyFiles, PropertyManifest
from xtalprint.models.property_card import property_card
from xtalprint.models.stiffness import element_shares
from xtalprint.models.stiffness_figures import measured
from xtalprint.models.stiffness_files import KnownCrystals, encode
from xtalprint.models.stiffness_fit import fit_stiffness
from xtalprint.models.stiffness_intervals import Unseen, fitted_rule
from xtalprint.models.stiffness_prediction import PROPERTIES, UNIT
from xtalprint.models.training import (
    Clock,
    file_record,
    name_of,
    prepare_folder,
    require_packages,
    training_record,
    write_description,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.datasets.elasticity import Elasticity
    from xtalprint.descriptors.interpretable import Table
    from xtalprint.models.manifest import TrainingRecord
    from xtalprint.models.stiffness_configuration import StiffnessConfig
    from xtalprint.models.stiffness_fit import StiffnessFit

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

WEIGHTS_FILE, KNOWN_FILE = "weights.npz", "known.npz"
#: A crystal is far if it is farther from the known ones than this share of them is from all others.
NOT_FAR = 0.99
#: Nearer than this it is probably one of them: coordinates are kept in half precision.
SAME = 0.02


@dataclass(frozen=True)
class Known:
    """The known crystals with sound moduli, as the model sees them."""

    data: Elasticity
    rows: Rows
    table: Table
    shares: Floats
    y: Floats

    def folds(self, config: StiffnessConfig, split: str) -> Iterator[tuple[Rows, Rows]]:
        """Places among the rows, not in the data set."""
        where = np.full(len(self.data), -1)
        where[self.rows] = np.arange(len(self.rows))
        drawn = config.data
        for fold in self.data.folds(drawn.folds, seed=drawn.seed, by_formula=split == BY_FORMULA, among=self.rows):
            train, test = (where[rows] for rows in fold)
            yield train, test

    def fit(self, some: Rows, config: StiffnessConfig, seed: int) -> StiffnessFit:
        """The recipe, on some of them."""
        return fit_stiffness(
            self.table.rows(some),
            self.shares[some],
            self.y[some],
            seed=seed,
            members=config.members,
            weights=config.weights.model_dump(),
            clipped=config.clipped,
            kernel=config.kernel_settings(),
            network=config.network_settings(),
        )


@dataclass(frozen=True)
class Folded:
    """Answers (n, targets) by models that had not seen the crystal; n of the fold, n distances."""

    parts: dict[str, Floats]
    disagreement: Floats
    distance: Floats
    fold_of: Rows

    def unseen(self, y: Floats, target: int) -> Unseen:
        """Answers for one modulus."""
        return Unseen(self.parts[BOTH][:, target], y[:, target], self.disagreement[:, target], self.distance)


def train_stiffness(
    config: StiffnessConfig,
    folder: Path,
    *,
    resume: bool = False,
    command: str = "",
    say: Callable[[str], None] = lambda _: None,
    allow_download: bool = False,
) -> PropertyManifest:
    """Measure the recipe in folds, fit it to all known crystals and write a run folder.

    Parameters
    ----------
    config
        The recipe.
    folder
        Of the run; made if it is not there.
    resume
        Go on after the folds that are finished.
    command
        What to type to do it again, for the record.
    say
        Called with a sentence before each long step.
    allow_download
        Whether pip may fetch the data, see `xtalprint.datasets.elasticity`.

    Returns
    -------
    What is written down about the finished model, as in ``model.json``.

    Raises
    ------
    WrongUsageError
        If the folder holds another run, or the data are not there.
    MissingExtraError
        If a package that it needs is not installed.
    """
    require_packages("cpu", packages=("torch", "threadpoolctl"))
    data = elasticity(allow_download=allow_download)
    prepare_folder(folder, config, resume=resume)
    with _one_thread():
        return _trained(data, config, folder, command=command or name_of(train_stiffness), say=say)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Linear algebra in one thread: the last bits of its sums depend on the number."""
    import scipy.linalg  # noqa: F401, PLC0415 - its BLAS must be loaded to be held back
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - an extra

    with threadpool_limits(1, user_api="blas"):
        yield


def _trained(
    data: Elasticity, config: StiffnessConfig, folder: Path, *, command: str, say: Callable[[str], None]
) -> PropertyManifest:
    clock = Clock(folder / "seconds.json")
    say("computing the numbers of the known crystals")
    with clock.time("numbers"):
        known = _known(data, config)
    folded = {split: _folded(known, config, split, folder, clock=clock, say=say) for split in SPLITS}
    say(f"fitting to all {len(known.rows):,} crystals")
    with clock.time("fitting"):
        fit = known.fit(np.arange(len(known.rows)), config, config.seed)
    with clock.time("distances"):
        nearest = _nearest_other(fit)
    far = FarRule(distance=float(np.quantile(nearest, NOT_FAR)), share=NOT_FAR, same=SAME)
    about = _about(data, known)
    record = training_record(config, about, clock, command)
    manifest = _write(folder, known, fit, folded=folded, far=far, record=record)
    for path in (*folder.glob("fold-*.npz"), clock.path):
        path.unlink(missing_ok=True)
    write_checksums(folder)
    return manifest


def _known(data: Elasticity, config: StiffnessConfig) -> Known:
    rows = np.flatnonzero(~data.outlier)
    if config.data.n is not None:
        if config.data.n > len(rows):
            raise WrongUsageError(
                f"there are {len(rows):,} sound crystals", value=config.data.n, remedy="ask for fewer"
            )
        rows = np.sort(np.random.default_rng(config.data.seed).choice(rows, config.data.n, replace=False))
    table = interpretable_features([data.crystals[int(i)] for i in rows])
    moduli = np.stack([data.bulk_modulus[rows], data.shear_modulus[rows]], axis=1)
    return Known(data, rows, table, element_shares([data.numbers[int(i)] for i in rows]), np.log10(moduli))


def _about(data: Elasticity, known: Known) -> dict[str, Any]:
    """What was learned from, for the record."""
    text = b"".join(
        f"{data.ids[row]} {data.bulk_modulus[row]:g} {data.shear_modulus[row]:g}\n".encode() for row in known.rows
    )
    return {
        "name": "elasticity",
        "n": len(known.rows),
        "outliers left out": int(data.outlier.sum()),
        "formulas": len(np.unique(data.formulas[known.rows])),
        "sha256 of ids and moduli": hashlib.sha256(text).hexdigest(),
    }


def _folded(
    known: Known,
    config: StiffnessConfig,
    split: str,
    folder: Path,
    *,
    clock: Clock,
    say: Callable[[str], None],
) -> Folded:
    """All folds of a way of parting; those that are finished are taken from the folder."""
    n, targets = known.y.shape
    parts = {name: np.full((n, targets), np.nan) for name in ("kernel", "networks", BOTH)}
    disagreement, distance = np.full((n, targets), np.nan), np.full(n, np.nan)
    fold_of = np.full(n, -1)
    for number, (train, test) in enumerate(known.folds(config, split)):
        path = folder / f"fold-{split.replace(' ', '-')}-{number}.npz"
        if not path.is_file():
            say(f"fold {number + 1} of {config.data.folds}, {split}")
            with clock.time(f"folds {split}"):
                # Each fold its own seeds, none of them those of the shipped networks.
                seed = config.seed + config.members * (1 + number + config.data.folds * SPLITS.index(split))
                found = _answers(known.fit(train, config, seed), known, test)
                write_bytes(path, _bytes(found))
        with np.load(path, allow_pickle=False) as found_before:
            for name, values in parts.items():
                values[test] = found_before[name]
            disagreement[test], distance[test] = found_before["disagreement"], found_before["distance"]
        fold_of[test] = number
    return Folded(parts, disagreement, distance, fold_of)


def _answers(fit: StiffnessFit, known: Known, test: Rows) -> dict[str, Floats]:
    """Answers for some crystals, one by one as `predict` does it."""
    points = fit.standard.points(known.table.rows(test), known.shares[test])
    answers = [fit.answer(point) for point in points]
    return {
        BOTH: np.array([answer.value for answer in answers]),
        "kernel": np.array([answer.parts[0] for answer in answers]),
        "networks": np.array([answer.networks for answer in answers]),
        "disagreement": np.array([answer.disagreement for answer in answers]),
        "distance": np.array([float(answer.distances.min()) for answer in answers]),
    }


def _nearest_other(fit: StiffnessFit) -> Floats:
    """(n,) distance of each known point from the nearest other."""
    from xtalprint.models.compiled_points import distances  # noqa: PLC0415 - imports Numba

    columns = fit.columns
    nearest = np.empty(columns.shape[1])
    found = np.empty(columns.shape[1], dtype=np.float32)
    for row in range(columns.shape[1]):
        distances(columns, np.ascontiguousarray(columns[:, row]), found)
        found[row] = np.inf
        nearest[row] = found.min()
    return nearest


def _write(
    folder: Path,
    known: Known,
    fit: StiffnessFit,
    *,
    folded: dict[str, Folded],
    far: FarRule,
    record: TrainingRecord,
) -> PropertyManifest:
    """Write both archives, figures, manifest and card."""
    crystals = KnownCrystals.of(
        [str(known.data.ids[row]) for row in known.rows],
        [known.data.numbers[row] for row in known.rows],
        10.0**known.y,
        10.0 ** folded[RANDOM].parts[BOTH],
    )
    figures = measured(known.y, folded)
    weights, index = encode(fit, crystals, known.table.columns)
    write_bytes(folder / WEIGHTS_FILE, weights)
    write_bytes(folder / KNOWN_FILE, index)
    return write_description(
        folder,
        words,
        PropertyManifest,
        property_card,
        architecture=_architecture(fit),
        descriptor={"descriptor": "interpretable_features"}
        | {group: known.table.groups.count(group) for group in dict.fromkeys(known.table.groups)}
        | {"weights of the groups": dict(fit.standard.weights), "constants": dict(interpretable_constants())},
        properties={
            name: fitted_rule(folded[RANDOM].unseen(known.y, target)) for target, name in enumerate(PROPERTIES)
        },
        unit=UNIT,
        files=PropertyFiles(weights=file_record(folder, WEIGHTS_FILE), known=file_record(folder, KNOWN_FILE)),
        far=far,
        metrics=figures,
        training=record,
        limitations=words.limitations(figures),
    )


def _architecture(fit: StiffnessFit) -> str:
    sizes = [len(fit.networks[0].matrices[0]), *(len(bias) for bias in fit.networks[0].biases)]
    return (
        f"mean of a kernel ridge regression on {len(fit.rounded):,} known crystals, exp(-d/{fit.width:g}), and of "
        f"{len(fit.networks)} perceptrons of {'-'.join(map(str, sizes))} neurons, for log10 of both moduli"
    )


def _bytes(arrays: dict[str, Floats]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
