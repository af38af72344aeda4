"""Compute the diffraction image of a crystal and draw it, as a person would for a paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import xtalprint as xp

HERE = Path(__file__).resolve().parent


def main() -> None:
    [crystal] = xp.read(HERE / "data" / "copper.cif")
    descriptor = xp.DiffractionImage()
    image = descriptor.compute(crystal)
    print(crystal)
    print(descriptor)
    for channel, axis in zip(image.array, "xyz", strict=True):
        row, column = np.unravel_index(channel.argmax(), channel.shape)
        print(f"crystal turned about {axis}: strongest pixel {channel.max():.3f} at row {row}, column {column}")
    target = Path("copper.png")
    image.plot().savefig(target, dpi=150)
    print(f"written to {target}")


if __name__ == "__main__":
    main()
