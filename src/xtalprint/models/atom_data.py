"""Neighbourhoods of atoms in made samples, as the per-atom network learns them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.datasets.elemental_solids import spread_rows
from xtalprint.descriptors.neighbourhood_order import NeighbourhoodOrder
from xtalprint.models.atom_samples import UNUSED, atom_samples

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from xtalprint.models.atom_configuration import AtomConfig

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True, eq=False)
class AtomExamples:
    """Atoms of one part.

    Parameters
    ----------
    arrays
        (n, n_features) what the network sees.
    labels
        (n,) place in `xtalprint.models.atom_samples.ATOM_CLASSES`.
    kinds, heats, forms
        (n,) of the samples that they belong to, see `LabelledAtoms`.
    """

    arrays: NDArray[np.float32]
    labels: NDArray[np.int64]
    kinds: NDArray[np.str_]
    heats: NDArray[np.str_]
    forms: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)


def atom_examples(config: AtomConfig, part: str, folder: Path) -> AtomExamples:
    """Make the atoms of a part, or take those of an interrupted run."""
    path = folder / f"{part}.npz"
    if path.exists():
        with np.load(path) as file:
            return AtomExamples(**{name: file[name] for name in file.files})
    number = {"train": config.data.n, "validation": config.data.validation, "test": config.data.test}[part]
    make = partial(_rows, config=config, part=PARTS.index(part))
    made = [one for row in spread_rows(make, number, config.threads) for one in row]
    arrays, labels, kinds, heats, forms = zip(*made, strict=True)
    sizes = [len(each) for each in labels]
    examples = AtomExamples(
        arrays=np.concatenate(arrays),
        labels=np.concatenate(labels),
        kinds=np.repeat(kinds, sizes),
        heats=np.repeat(heats, sizes),
        forms=np.repeat(forms, sizes),
    )
    partial_path = folder / f".{part}.npz"
    np.savez(partial_path, **vars(examples))
    partial_path.replace(path)
    return examples


def _rows(
    row: int, *, config: AtomConfig, part: int
) -> list[tuple[NDArray[np.float32], NDArray[np.int64], str, str, str]]:
    """Some atoms of each form of one sample; the result depends on the recipe, the part and the row alone."""
    descriptor = NeighbourhoodOrder(**config.descriptor)
    rng = np.random.default_rng([config.data.seed, part, row, 1])
    made = []
    for sample in atom_samples(3 * config.data.seed + part, row):
        used = rng.permutation(np.flatnonzero(sample.labels != UNUSED))[: config.data.atoms]
        array = descriptor.compute(sample.crystal)[used]
        made.append((array, sample.labels[used], sample.kind, sample.heat.partition(" ")[0], sample.form))
    return made
