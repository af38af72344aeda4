"""Draw docs/images/grid.png: GRID of strontium titanate from the example files, as `describe` draws it."""

from __future__ import annotations

from pathlib import Path

import xtalprint as xp

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Draw it and write the file."""
    [crystal] = xp.read(ROOT / "examples" / "data" / "SrTiO3_mp-5229_221.cif")
    figure = xp.GRID().compute(crystal).plot(title=f"SrTiO₃, cubic, a = {crystal.cell[0, 0]:.3f} Å")
    figure.savefig(ROOT / "docs" / "images" / "grid.png", dpi=130)


if __name__ == "__main__":
    main()
