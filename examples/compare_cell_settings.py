"""Describe one crystal in different cells, and see whether the answer depends on the description.

`crystal-class` needs no axes, so a primitive cell, a supercell and a turned crystal give the same class. So do noise
on a primitive supercell, which hides the symmetry, and a cluster, which has no cell at all; it is a little less sure
of these. Give `crystal-class-image` instead to see what the published method, which needs the axes, makes of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import xtalprint as xp
from xtalprint.defects import displace_gaussian
from xtalprint.geometry import random_rotation, rotated, supercell, to_cluster

HERE = Path(__file__).resolve().parent


def main() -> None:
    rng = np.random.default_rng(1)
    [cube] = xp.read(HERE / "data" / "copper.cif")
    half = 3.6149 / 2
    primitive = xp.Crystal([[0, 0, 0]], ["Cu"], cell=[[0, half, half], [half, 0, half], [half, half, 0]])
    large = supercell(cube, (4, 4, 4))
    settings = {
        "conventional cell": cube,
        "primitive cell": primitive,
        "primitive supercell": supercell(primitive, (3, 3, 3)),
        "turned": rotated(cube, random_rotation(rng)),
        "noisy cube, 0.06 Å": displace_gaussian(large, 0.06, rng),
        "noisy primitive supercell": displace_gaussian(supercell(primitive, (7, 7, 7)), 0.06, rng),
        "turned cluster, no cell": to_cluster(rotated(large, random_rotation(rng))),
    }
    predictions = xp.load_model("crystal-class").predict(settings.values())
    for name, prediction in zip(settings, predictions, strict=True):
        print(f"{name:26} {prediction.crystal_class or prediction.error:8} {prediction.probability or 0:.4f}")
        for warning in prediction.warnings:
            print(f"    {warning}")


if __name__ == "__main__":
    main()
