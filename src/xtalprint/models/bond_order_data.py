"""Presentations of made crystals as inputs of the cell-free network, parted into training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xtalprint.datasets import ElementalSolids, other_crystals
from xtalprint.datasets.elemental_solids import spread_rows
from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.errors import XtalprintError
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.classes import CLASSES
from xtalprint.models.presentations import Presentation, disordered, present
from xtalprint.models.training_data import CRYSTALS, made_crystals, part_by_class, save_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xtalprint.models.bond_order_configuration import BondOrderConfig
    from xtalprint.models.training import Clock

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
OTHERS = "others.npz"
#: Large files that a finished run does not need.
SCRATCH = (OTHERS, "plan.npy", "training_rows.npy", *(f"{part}.npz" for part in PARTS))
#: Label of what belongs to no class: the network's last output.
NONE = len(CLASSES)
#: Kinds of samples, as the plan numbers them, and the names of their sources.
CLASS, OTHER, DISORDERED = 0, 2, 3
SOURCE_NAMES = ("AFLOW prototypes", "random orbits", "other crystals", "disordered")
#: What is to be drawn, and the crystals that disordered matter is made from.
PLAN, TRAINING_ROWS = "plan.npy", "training_rows.npy"
#: A sample that has no fingerprint is drawn again, so many times.
ATTEMPTS = 5
#: Crystals of the training part that disordered matter is made from.
SOURCES = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class BondOrderExamples:
    """Samples of one part.

    Parameters
    ----------
    arrays
        (n, 19, m) fingerprints.
    labels
        (n,) class from 0, or `NONE`.
    sources
        (n,) "AFLOW prototypes", "random orbits", "other crystals" or "disordered".
    periodic, n_sites, displacement, vacancies
        (n,) how each was brought, see `Presentation`.
    """

    arrays: NDArray[np.float32]
    labels: NDArray[np.int64]
    sources: NDArray[np.str_]
    periodic: NDArray[np.bool_]
    n_sites: NDArray[np.int64]
    displacement: NDArray[np.float64]
    vacancies: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.labels)

    def inputs(self) -> NDArray[np.float32]:
        """(n, 25 · m) what the network sees."""
        return network_input(self.arrays)


def prepare_bond_order(
    config: BondOrderConfig, folder: Path, *, clock: Clock, say: Callable[[str], None]
) -> tuple[dict[Part, BondOrderExamples], dict[str, Any]]:
    """Make the crystals and compute their fingerprints, or take those of an interrupted run.

    Returns
    -------
    The samples of each part, and what the data are, for the record.
    """
    with clock.time("data"):
        made = made_crystals(config.data, folder / CRYSTALS, threads=config.threads, say=say)
        rows = _rows(made, config)
        _make_others(config, [made.crystals[i] for i in rows["train"]], folder / OTHERS, say)
    say("computing fingerprints")
    parts: dict[Part, BondOrderExamples] = {}
    with clock.time("fingerprints"):
        for part in PARTS:
            path = folder / f"{part}.npz"
            if not path.exists():
                _save(_examples(config, part, rows, made, folder), path)
            parts[part] = _load(path)
    about = {
        "name": "elemental-solids",
        "n": len(made),
        "seed": config.data.seed,
        "orbits": config.data.orbits,
        "sha256": made.data_hash,
        "samples": {part: len(parts[part]) for part in PARTS},
    }
    return parts, about


def _rows(made: ElementalSolids, config: BondOrderConfig) -> dict[Part, NDArray[np.int64]]:
    labels = _labels(made)
    rest, test = made.split(test=config.data.test, seed=config.data.seed)
    validation = rest[part_by_class(labels[rest], config.data.validation, seed=config.data.seed)]
    return {"train": np.setdiff1d(rest, validation), "validation": validation, "test": test}


def _labels(made: ElementalSolids) -> NDArray[np.int64]:
    return np.array([CLASSES.index(name) for name in made.labels.tolist()], dtype=np.int64)


def _make_others(config: BondOrderConfig, training: list[Any], path: Path, say: Callable[[str], None]) -> None:
    if path.exists():
        return
    n = config.data.others
    say(f"making {n} crystals of none of the classes")
    crystals = other_crystals(training, seed=config.data.seed, n=n, workers=config.threads)
    wrapped = ElementalSolids(
        crystals=crystals,
        labels=np.full(n, "none"),
        space_groups=np.zeros(n, dtype=np.int64),
        origins=np.array([crystal.source for crystal in crystals]),
        margins=np.zeros(n),
        seed=config.data.seed,
    )
    save_whole(wrapped, path)


def _examples(
    config: BondOrderConfig, part: Part, rows: dict[Part, NDArray[np.int64]], made: ElementalSolids, folder: Path
) -> BondOrderExamples:
    """Bring all crystals of a part, each as often as the recipe says."""
    data = config.data
    turns = data.presentations if part == "train" else data.held_out_presentations
    plan = [
        *((CLASS, row, turn) for turn in range(turns) for row in rows[part].tolist()),
        *((OTHER, row, turn) for turn in range(turns) for row in _share(data.others, part, config)),
        *((DISORDERED, row, 0) for row in _share(data.disordered, part, config)),
    ]
    # In a file, because each task that is sent to a worker would carry it along.
    np.save(folder / PLAN, np.array(plan, dtype=np.int64))
    np.save(folder / TRAINING_ROWS, rows["train"][:SOURCES])
    work = partial(_sample, folder=str(folder), part=part, seed=config.data.seed, parameters=config.descriptor)
    done = list(spread_rows(work, len(plan), config.threads))
    labels = _labels(made)
    orbits = np.char.startswith(made.origins, "orbits")
    return BondOrderExamples(
        arrays=np.stack([sample.array for sample in done]),
        labels=np.array([labels[row] if kind == CLASS else NONE for kind, row, _ in plan], dtype=np.int64),
        sources=np.array([SOURCE_NAMES[kind + (kind == CLASS and bool(orbits[row]))] for kind, row, _ in plan]),
        periodic=np.array([sample.periodic for sample in done]),
        n_sites=np.array([sample.n_sites for sample in done]),
        displacement=np.array([sample.displacement for sample in done]),
        vacancies=np.array([sample.vacancies for sample in done]),
    )


def _share(n: int, part: Part, config: BondOrderConfig) -> list[int]:
    """Rows of a part of ``n`` samples that belong to no class: the first for training, the last for the test."""
    test = max(1, round(config.data.test * n))
    validation = max(1, round(config.data.validation * (n - test)))
    limits = {
        "train": (0, n - test - validation),
        "validation": (n - test - validation, n - test),
        "test": (n - test, n),
    }
    return list(range(*limits[part]))


@dataclass(frozen=True)
class _Sample:
    array: NDArray[np.float32]
    periodic: bool
    n_sites: int
    displacement: float
    vacancies: float


def _sample(index: int, *, folder: str, part: Part, seed: int, parameters: dict[str, Any]) -> _Sample:
    """Draw and describe one sample of the plan; a draw without a fingerprint is drawn again."""
    kind, row, turn = np.load(Path(folder, PLAN), mmap_mode="r")[index].tolist()
    rng = np.random.default_rng([seed, PARTS.index(part), kind, turn, row])
    descriptor = BondOrientationalOrder(**parameters)
    for _ in range(ATTEMPTS):
        brought = _drawn(kind, row, folder, rng)
        try:
            array = descriptor.compute(brought.crystal).array
        except XtalprintError as error:
            failure = error
            continue
        return _Sample(
            array, all(brought.crystal.pbc), brought.crystal.n_sites, brought.displacement, brought.vacancies
        )
    raise failure


def _drawn(kind: int, row: int, folder: str, rng: np.random.Generator) -> Presentation:
    if kind == DISORDERED:
        rows = _rows_for_disorder(folder)
        crystals = _crystals(str(Path(folder, CRYSTALS)))
        return Presentation(disordered([crystals[i] for i in rows], rng), 0.0, 0.0)
    return present(_crystals(str(Path(folder, OTHERS if kind == OTHER else CRYSTALS)))[row], rng)


@lru_cache(maxsize=2)
def _crystals(path: str) -> tuple[Any, ...]:
    """Crystals of a saved set; each worker reads them once."""
    return tuple(ElementalSolids.load(Path(path)).crystals)


@lru_cache(maxsize=1)
def _rows_for_disorder(folder: str) -> tuple[int, ...]:
    return tuple(np.load(Path(folder, TRAINING_ROWS)).tolist())


def _save(examples: BondOrderExamples, path: Path) -> None:
    partial_path = path.with_name(f".{path.name}.partial.npz")
    np.savez(partial_path, **{field.name: getattr(examples, field.name) for field in fields(examples)})
    partial_path.replace(path)


def _load(path: Path) -> BondOrderExamples:
    with np.load(path, allow_pickle=False) as stored:
        return BondOrderExamples(**{field.name: stored[field.name] for field in fields(BondOrderExamples)})
