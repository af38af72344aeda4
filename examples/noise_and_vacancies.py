"""How much disorder does the answer survive? Copper with displaced, then with missing atoms.

Every number comes from a seeded generator, so a second run prints the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import xtalprint as xp
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import supercell

if TYPE_CHECKING:
    from xtalprint import Crystal

HERE = Path(__file__).resolve().parent
REPEATS = 5


def report(label: str, crystals: list[Crystal]) -> None:
    """Print how many of the samples are called fcc, and the mean probability of that."""
    predictions = xp.load_model("crystal-class").predict(crystals)
    right = sum(prediction.crystal_class == "fcc" for prediction in predictions)
    mean = np.mean([prediction.probabilities.get("fcc", 0.0) for prediction in predictions])
    print(f"{label:24} fcc {right}/{len(predictions)}, mean probability {mean:.3f}")


def main() -> None:
    rng = np.random.default_rng(0)
    [cell] = xp.read(HERE / "data" / "copper.cif")
    perfect = supercell(cell, (4, 4, 4))
    for sigma in (0.0, 0.05, 0.1, 0.2):
        report(f"displaced, σ = {sigma:.2f} Å", [displace_gaussian(perfect, sigma, rng) for _ in range(REPEATS)])
    for fraction in (0.1, 0.25, 0.4, 0.6):
        report(
            f"{100 * fraction:.0f} % of atoms missing", [vacancies(perfect, fraction, rng) for _ in range(REPEATS)]
        )


if __name__ == "__main__":
    main()
