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
from xtalprint.models.bond_order_configuration import BondOrderData, PrototypeConfig
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.classes import CLASSES
from xtalprint.models.own_axes_evidence import find_own_evidence, is_settled
from xtalprint.models.presentations import Presentation, disordered, present, present_box
from xtalprint.models.prototype_data import about_prototypes, made_prototypes, prototype_classes, unlike_prototypes
from xtalprint.models.symmetry_evidence import find_evidence, marks_of
from xtalprint.models.training_data import CRYSTALS, made_crystals, part_by_class, save_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.models.bond_order_configuration import EnsembleConfig
    from xtalprint.models.training import Clock

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
OTHERS = "others.npz"
#: Large files that a finished run does not need.
SCRATCH = (OTHERS, "plan.npy", *(f"{part}.npz" for part in PARTS), *(f"sources-{part}.npy" for part in PARTS))
#: Kinds of samples, as the plan numbers them, and the names of the sources of those of no class.
CLASS, OTHER, DISORDERED = 0, 2, 3
SOURCES_OF_NONE = {OTHER: "other crystals", DISORDERED: "disordered"}
#: What is to be drawn.
PLAN = "plan.npy"
#: A sample that has no fingerprint is drawn again, so many times.
ATTEMPTS = 5
#: Crystals of a part that its disordered matter is made from, at most.
SOURCES = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class BondOrderExamples:
    """Samples of one part.

    Parameters
    ----------
    arrays
        (n, 19, m) fingerprints.
    labels
        (n,) class from 0, or the number of classes for none of them.
    sources
        (n,) what each was made from, such as "AFLOW prototypes", "other crystals" or "disordered".
    periodic, n_sites, displacement, vacancies
        (n,) how each was brought, see `Presentation`.
    box
        (n,) whether it was brought by `present_box`; held-out parts only.
    marks
        (n, tolerances) what a symmetry search found, see `symmetry_evidence.marks_of`; −1 where there was none, and
        everywhere in the training part.
    own_marks
        (n, errors) the same of the atoms' own lattice; −1 where the search has settled it.
    classes
        Names of the classes.
    """

    arrays: NDArray[np.float32]
    labels: NDArray[np.int64]
    sources: NDArray[np.str_]
    periodic: NDArray[np.bool_]
    n_sites: NDArray[np.int64]
    displacement: NDArray[np.float64]
    vacancies: NDArray[np.float64]
    box: NDArray[np.bool_]
    marks: NDArray[np.int64]
    own_marks: NDArray[np.int64]
    classes: NDArray[np.str_]

    @property
    def member(self) -> NDArray[np.bool_]:
        """(n,) which samples belong to a class."""
        return self.labels < len(self.classes)

    def __len__(self) -> int:
        return len(self.labels)

    def inputs(self) -> NDArray[np.float32]:
        """(n, 25 · m) what the network sees."""
        return network_input(self.arrays)


def prepare_bond_order(
    config: EnsembleConfig, folder: Path, *, clock: Clock, say: Callable[[str], None]
) -> tuple[dict[Part, BondOrderExamples], dict[str, Any]]:
    """Make the crystals and compute their fingerprints, or take those of an interrupted run.

    Returns
    -------
    The samples of each part, and what the data are, for the record.
    """
    with clock.time("data"):
        made, about = _made(config, folder / CRYSTALS, say)
        rows = _rows(made, config)
        _make_others(config, {part: [made.crystals[i] for i in rows[part]] for part in PARTS}, folder / OTHERS, say)
    say("computing fingerprints")
    parts: dict[Part, BondOrderExamples] = {}
    with clock.time("fingerprints"):
        for part in PARTS:
            path = folder / f"{part}.npz"
            if not path.exists():
                _save(_examples(config, part, rows, made, folder), path)
            parts[part] = _load(path)
    facts = {"n": len(made), "seed": config.data.seed, "sha256": made.data_hash}
    return parts, about | facts | {"samples": {part: len(parts[part]) for part in PARTS}}


def _made(config: EnsembleConfig, path: Path, say: Callable[[str], None]) -> tuple[ElementalSolids, dict[str, Any]]:
    """Crystals of the classes, and what to write down about them."""
    if isinstance(config, PrototypeConfig):
        return made_prototypes(config.data, path, threads=config.threads, say=say), about_prototypes(config.data)
    data = BondOrderData.model_validate(config.data.model_dump())
    made = made_crystals(data, path, threads=config.threads, say=say)
    return made, {"name": "elemental-solids", "orbits": data.orbits}


def classes_of(config: EnsembleConfig) -> tuple[str, ...]:
    """Names of the classes that a run learns, in the order of the network's outputs."""
    return prototype_classes(config.data) if isinstance(config, PrototypeConfig) else CLASSES


def _rows(made: ElementalSolids, config: EnsembleConfig) -> dict[Part, NDArray[np.int64]]:
    labels = _labels(made, classes_of(config))
    rest, test = made.split(test=config.data.test, seed=config.data.seed)
    validation = rest[part_by_class(labels[rest], config.data.validation, seed=config.data.seed)]
    return {"train": np.setdiff1d(rest, validation), "validation": validation, "test": test}


def _labels(made: ElementalSolids, classes: tuple[str, ...]) -> NDArray[np.int64]:
    return np.array([classes.index(name) for name in made.labels.tolist()], dtype=np.int64)


def _make_others(config: EnsembleConfig, made: dict[Part, list[Any]], path: Path, say: Callable[[str], None]) -> None:
    """Crystals of no class; a neighbour of a crystal of the classes is in the part of that one."""
    if path.exists():
        return
    n = config.data.others
    say(f"making {n} crystals of none of the classes")
    if isinstance(config, PrototypeConfig):
        crystals = unlike_prototypes(made["train"], config)
    else:
        crystals = []
        for part in PARTS:
            numbers, seed = _share(n, part, config), config.data.seed
            crystals += other_crystals(
                made[part], seed=seed, n=len(numbers), first=len(crystals), workers=config.threads
            )
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
    config: EnsembleConfig, part: Part, rows: dict[Part, NDArray[np.int64]], made: ElementalSolids, folder: Path
) -> BondOrderExamples:
    """Bring all crystals of a part, each as often as the recipe says."""
    data = config.data
    turns = data.presentations if part == "train" else data.held_out_presentations
    crystals = [(CLASS, row) for row in rows[part].tolist()]
    others = [(OTHER, row) for row in _share(data.others, part, config)]
    plan = [
        *(
            (kind, row, turn, False)
            for of_kind in (crystals, others)
            for turn in range(turns)
            for kind, row in of_kind
        ),
        *((DISORDERED, row, 0, False) for row in _share(data.disordered, part, config)),
    ]
    searched = part != "train" and not isinstance(config, PrototypeConfig)
    if searched:
        plan += [(kind, row, turn, True) for turn in range(turns) for kind, row in (*crystals, *others)]
    # In a file, because each task that is sent to a worker would carry it along.
    np.save(folder / PLAN, np.array(plan, dtype=np.int64))
    np.save(folder / f"sources-{part}.npy", rows["train" if isinstance(config, PrototypeConfig) else part][:SOURCES])
    substituted = config.data.substituted if isinstance(config, PrototypeConfig) else 0.0
    work = partial(
        _sample,
        folder=str(folder),
        part=part,
        seed=config.data.seed,
        parameters=config.descriptor,
        substituted=substituted,
        searched=searched,
        closer=config.closer,
    )
    done = list(spread_rows(work, len(plan), config.threads))
    classes = classes_of(config)
    labels, sources = _labels(made, classes), _sources(made.origins)
    return BondOrderExamples(
        arrays=np.stack([sample.array for sample in done]),
        labels=np.array([labels[row] if kind == CLASS else len(classes) for kind, row, *_ in plan], dtype=np.int64),
        sources=np.array([sources[row] if kind == CLASS else SOURCES_OF_NONE[kind] for kind, row, *_ in plan]),
        periodic=np.array([sample.periodic for sample in done]),
        n_sites=np.array([sample.n_sites for sample in done]),
        displacement=np.array([sample.displacement for sample in done]),
        vacancies=np.array([sample.vacancies for sample in done]),
        box=np.array([as_box for *_, as_box in plan], dtype=np.bool_),
        marks=np.array([sample.marks for sample in done], dtype=np.int64),
        own_marks=np.array([sample.own_marks for sample in done], dtype=np.int64),
        classes=np.array(classes),
    )


def _sources(origins: NDArray[np.str_]) -> list[str]:
    """Names of the sources of made crystals: of AFLOW labels and random orbits, or as they are given."""
    kinds = ("elements", "compounds")
    return [
        name if name in kinds else "random orbits" if name.startswith("orbits") else "AFLOW prototypes"
        for name in origins.tolist()
    ]


def _share(n: int, part: Part, config: EnsembleConfig) -> list[int]:
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
    marks: tuple[int, ...]
    own_marks: tuple[int, ...]


def _sample(
    index: int,
    *,
    folder: str,
    part: Part,
    seed: int,
    parameters: dict[str, Any],
    substituted: float,
    searched: bool,
    closer: bool,
) -> _Sample:
    """Draw and describe one sample of the plan; a draw without a fingerprint is drawn again."""
    kind, row, turn, as_box = np.load(Path(folder, PLAN), mmap_mode="r")[index].tolist()
    rng = np.random.default_rng([seed, PARTS.index(part), kind, turn, row, *([1] if as_box else [])])
    descriptor = BondOrientationalOrder(**parameters)
    bring = present_box if as_box else partial(present, substituted=substituted if kind == CLASS else 0.0)
    for _ in range(ATTEMPTS):
        brought = _drawn(kind, row, folder, part, rng, bring)
        try:
            fingerprint, length = descriptor.compute_with_length(brought.crystal)
        except XtalprintError as error:
            failure = error
            continue
        findings = find_evidence(brought.crystal, length, closer=closer) if searched else ()
        return _Sample(
            fingerprint.array,
            all(brought.crystal.pbc),
            brought.crystal.n_sites,
            brought.displacement,
            brought.vacancies,
            marks_of(findings),
            marks_of(find_own_evidence(brought.crystal, length) if searched and not is_settled(findings) else ()),
        )
    raise failure


def _drawn(  # noqa: PLR0917 - what a sample is drawn from
    kind: int,
    row: int,
    folder: str,
    part: Part,
    rng: np.random.Generator,
    bring: Callable[[Crystal, np.random.Generator], Presentation],
) -> Presentation:
    if kind == DISORDERED:
        rows = _rows_for_disorder(folder, part)
        crystals = _crystals(str(Path(folder, CRYSTALS)))
        return Presentation(disordered([crystals[i] for i in rows], rng), 0.0, 0.0)
    return bring(_crystals(str(Path(folder, OTHERS if kind == OTHER else CRYSTALS)))[row], rng)


@lru_cache(maxsize=2)
def _crystals(path: str) -> tuple[Any, ...]:
    """Crystals of a saved set; each worker reads them once."""
    return tuple(ElementalSolids.load(Path(path)).crystals)


@lru_cache(maxsize=1)
def _rows_for_disorder(folder: str, part: Part) -> tuple[int, ...]:
    return tuple(np.load(Path(folder, f"sources-{part}.npy")).tolist())


def _save(examples: BondOrderExamples, path: Path) -> None:
    partial_path = path.with_name(f".{path.name}.partial.npz")
    np.savez(partial_path, **{field.name: getattr(examples, field.name) for field in fields(examples)})
    partial_path.replace(path)


def _load(path: Path) -> BondOrderExamples:
    with np.load(path, allow_pickle=False) as stored:
        return BondOrderExamples(**{field.name: stored[field.name] for field in fields(BondOrderExamples)})
