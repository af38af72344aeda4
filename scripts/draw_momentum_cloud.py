"""Draw docs/images/momentum-cloud-*.png: rock salt in its conventional cell, and a sphere of quartz."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import xtalprint as xp

OUTPUT = Path(__file__).parents[1] / "docs" / "images"
FACE = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])


def rock_salt() -> xp.Crystal:
    """NaCl, a = 5.64 Å."""
    positions = 5.64 * np.concatenate([FACE, FACE + np.array([0.5, 0, 0])])
    return xp.Crystal(positions, ["Na"] * 4 + ["Cl"] * 4, cell=5.64 * np.eye(3))


def quartz() -> xp.Crystal:
    """α-quartz (group 154), rounded from L. Levien, C. T. Prewitt and D. J. Weidner, Am. Mineral. 65 (1980)."""
    cell = np.array([[4.916, 0, 0], [-4.916 / 2, 4.916 * np.sqrt(3) / 2, 0], [0, 0, 5.405]])
    silicon = [(0.47, 0, 2 / 3), (0, 0.47, 1 / 3), (0.53, 0.53, 0)]
    x, y, z = 0.4135, 0.2669, 0.7858
    oxygen = [(x, y, z), (-y, x - y, z + 2 / 3), (y - x, -x, z + 1 / 3)]
    oxygen += [(y, x, -z), (-x, y - x, 2 / 3 - z), (x - y, -y, 1 / 3 - z)]
    return xp.Crystal(np.array(silicon + oxygen) @ cell, ["Si"] * 3 + ["O"] * 6, cell=cell)


def main() -> None:
    """Write the files."""
    salt = xp.MomentumCloud(cell="conventional")
    salt.compute(rock_salt()).plot(title="NaCl, conventional cell").savefig(
        OUTPUT / "momentum-cloud-rock-salt.png", dpi=110
    )
    sphere = xp.MomentumCloud(s_max=0.8)
    sphere.compute(quartz()).plot(title="α-quartz, sphere of 0.8 1/Å").savefig(
        OUTPUT / "momentum-cloud-quartz.png", dpi=110
    )


if __name__ == "__main__":
    main()
