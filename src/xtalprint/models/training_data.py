"""Made elemental solids as images with labels, parted into training, validation and test."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.files import whole_file
from xtalprint.models.classes import CLASSES
from xtalprint.models.defective import training_copies
from xtalprint.models.files import write_json
from xtalprint.models.fitting import Examples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.datasets import ElementalSolids
    from xtalprint.models.bond_order_configuration import BondOrderData
    from xtalprint.models.configuration import DataConfig, TrainingConfig
    from xtalprint.models.training import Clock

Part = Literal["train", "validation", "test"]
CRYSTALS = "crystals.npz"
IMAGES, COPIES = "images.npy", "copies.npy"
#: Large files that a finished run does not need.
SCRATCH = (IMAGES, "images.json", COPIES, "copies.json")
#: Crystals whose images are computed between two looks at the keyboard.
CHUNK = 512


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingData:
    """Everything that a run learns from and is measured on.

    Parameters
    ----------
    crystals
        Pristine.
    labels
        (n,) class of each, from 0.
    images
        (n, 3, 64, 64), possibly mapped from disk.
    index
        Which rows are for training, validation and test.
    descriptor
        Makes images.
    provenance
        Name, number, seed and hash of the data, for the record.
    copies
        Copies of the training part that are learned beside it; None if there are none.
    origins, margins
        (n,) what each crystal was made from, and how far it is from a degenerate one; None if not known.
    threads
        Number of threads for more images.
    """

    crystals: Sequence[Crystal]
    labels: NDArray[np.int64]
    images: NDArray[np.float32]
    index: dict[Part, NDArray[np.int64]]
    descriptor: DiffractionImage
    provenance: dict[str, Any]
    copies: Examples | None = None
    origins: NDArray[np.str_] | None = None
    margins: NDArray[np.float64] | None = None
    threads: int | None = None

    def examples(self, part: Part) -> Examples:
        """Images and labels of a part, in memory."""
        return Examples(self.images, self.labels).part(self.index[part])

    def learned(self) -> Examples:
        """Everything that the network learns from: the training part and its copies, in memory."""
        pristine = self.examples("train")
        if self.copies is None:
            return pristine
        return Examples(
            np.concatenate([pristine.images, self.copies.images]),
            np.concatenate([pristine.labels, self.copies.labels]),
        )

    def crystals_of(self, part: Part) -> list[Crystal]:
        """Crystals of a part."""
        return [self.crystals[i] for i in self.index[part]]

    def sources(self, part: Part) -> NDArray[np.str_]:
        """Say of each crystal of a part whether it is a varied AFLOW prototype or made of random orbits."""
        if self.origins is None:
            return np.full(len(self.index[part]), "unknown")
        from_orbits = np.char.startswith(self.origins[self.index[part]], "orbits")
        return np.where(from_orbits, "random orbits", "AFLOW prototypes")

    def images_of(self, crystals: Sequence[Crystal]) -> NDArray[np.float32]:
        """Images of other crystals; one that fails is an error."""
        return compute_images(self.descriptor, crystals, threads=self.threads)

    def describe(self, row: int) -> dict[str, Any]:
        """Say which crystal a row is."""
        about: dict[str, Any] = {"row": row, "crystal": repr(self.crystals[row])}
        if self.origins is not None and self.margins is not None:
            about |= {"origin": str(self.origins[row]), "margin": float(self.margins[row])}
        return about


def part_by_class(labels: NDArray[np.int64], share: float, *, seed: int) -> NDArray[np.int64]:
    """Rows of a random part that holds ``share`` of each class, in ascending order.

    Examples
    --------
    >>> len(part_by_class(np.repeat([0, 1], 50), 0.1, seed=0))
    10
    """
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    chosen = [rng.permutation(members)[: max(1, round(share * len(members)))] for members in rows]
    return np.sort(np.concatenate(chosen))


def compute_images(
    descriptor: DiffractionImage, crystals: Sequence[Crystal], *, threads: int | None = None
) -> NDArray[np.float32]:
    """Images (n, 3, n_pixels, n_pixels) of crystals that are known to be sound.

    Raises
    ------
    XtalprintError
        That of the first crystal that has no image: made data must not contain one.
    """
    batch = descriptor.compute_many(crystals, threads=threads)
    if batch.failures:
        raise batch.failures[0].error
    return batch.array.astype(np.float32, copy=False)


def cached_images(
    descriptor: DiffractionImage,
    crystals: Callable[[], Sequence[Crystal]],
    path: Path,
    *,
    made_from: dict[str, Any],
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Images of all crystals, computed once for a run folder and then mapped from disk.

    Parameters
    ----------
    descriptor
        Makes them.
    crystals
        Makes the crystals; called only if their images are not there.
    path
        Of the images; what they were made from is kept in a JSON file beside them.
    made_from
        Plain data that tells these crystals from others: what was computed from others, or with other parameters, is
        computed again.
    threads
        Number of threads.
    """
    record = path.with_suffix(".json")
    plain = json.loads(json.dumps(made_from | parameters(descriptor)))
    if not (record.exists() and path.exists() and json.loads(record.read_text(encoding="utf-8")) == plain):
        made = crystals()
        shape = (len(made), 3, descriptor.n_pixels, descriptor.n_pixels)
        with whole_file(path) as beside:
            images = np.lib.format.open_memmap(beside, mode="w+", dtype=np.float32, shape=shape)
            for start in range(0, len(made), CHUNK):
                chunk = made[start : start + CHUNK]
                images[start : start + len(chunk)] = compute_images(descriptor, chunk, threads=threads)
            images.flush()
            del images
        write_json(record, plain)
    mapped: NDArray[np.float32] = np.load(path, mmap_mode="r")
    return mapped


def prepare(
    config: TrainingConfig, folder: Path, *, clock: Clock, say: Callable[[str], None] = lambda _: None
) -> TrainingData:
    """Make the crystals from their seed and compute their images, or take those of an interrupted run."""
    with clock.time("data"):
        made = made_crystals(config.data, folder / CRYSTALS, threads=config.threads, say=say)
    descriptor = DiffractionImage(**config.descriptor)
    labels = np.array([CLASSES.index(name) for name in made.labels.tolist()], dtype=np.int64)
    index = rows_of_parts(made, labels, config)
    train = index["train"]
    say("computing their diffraction images")
    with clock.time("images"):
        compute = partial(cached_images, descriptor, threads=config.threads)
        about = {"data": made.data_hash, "n": len(made)}
        images = compute(lambda: made.crystals, folder / IMAGES, made_from=about)
        copies = None
        if config.copies.per_crystal:
            recipe = {"rows": _hash(train), "seed": config.seed, "copies": config.copies.model_dump(mode="json")}
            copies = Examples(
                compute(
                    lambda: training_copies([made.crystals[i] for i in train], config.copies, seed=config.seed),
                    folder / COPIES,
                    made_from=about | recipe,
                ),
                np.tile(labels[train], config.copies.per_crystal),
            )
    return TrainingData(
        crystals=made.crystals,
        labels=labels,
        images=images,
        index=index,
        descriptor=descriptor,
        provenance={
            "name": "elemental-solids",
            "n": len(labels),
            "seed": config.data.seed,
            "orbits": config.data.orbits,
            "sha256": made.data_hash,
            "classes": {name: int((labels == i).sum()) for i, name in enumerate(CLASSES)},
        },
        copies=copies,
        origins=made.origins,
        margins=made.margins,
        threads=config.threads,
    )


def rows_of_parts(
    made: ElementalSolids, labels: NDArray[np.int64], config: TrainingConfig
) -> dict[Part, NDArray[np.int64]]:
    """Rows of the crystals of each part; every crystal is in one of them."""
    data = config.data
    split = made.split if data.split == "random" else made.split_by_prototype
    rest, test = split(test=data.test, seed=data.seed)
    validation = rest[part_by_class(labels[rest], data.validation, seed=data.seed)]
    return {"train": np.setdiff1d(rest, validation), "validation": validation, "test": test}


def _hash(rows: NDArray[np.int64]) -> str:
    return hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()


def made_crystals(
    wanted: DataConfig | BondOrderData, path: Path, *, threads: int | None, say: Callable[[str], None]
) -> ElementalSolids:
    """Make the crystals, or read those that the run has made before it was interrupted."""
    from xtalprint.datasets import ElementalSolids, elemental_solids  # noqa: PLC0415 - only a run that starts needs them

    if path.exists():
        saved = ElementalSolids.load(path)
        if (len(saved), saved.seed) == (wanted.n, wanted.seed):
            return saved
    say(f"making {wanted.n} elemental solids")
    made = elemental_solids(seed=wanted.seed, n=wanted.n, orbits=wanted.orbits, workers=threads)
    save_whole(made, path)
    return made


def save_whole(made: ElementalSolids, path: Path) -> None:
    """Save a set, complete or not at all."""
    partial_path = path.with_name(f".{path.name}.partial.npz")
    made.save(partial_path)
    partial_path.replace(path)
