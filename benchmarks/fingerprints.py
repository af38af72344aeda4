"""Draw the diffraction images of the eight prototypes as one figure, after figure 2c of Ziletti et al. (2018).

Run ``python benchmarks/fingerprints.py``; it writes docs/images/fingerprints.png and prints how alike the images are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import xtalprint as xp
from xtalprint.descriptors.diffraction_plot import draw_composite

TARGET = Path(__file__).parents[1] / "docs" / "images" / "fingerprints.png"
FACE = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]


def crystal(
    symbol: str, lengths: tuple[float, float, float], places: list[list[float]], gamma: float = 90.0
) -> xp.Crystal:
    """One element in a conventional cell with right angles at c."""
    a, b, c = lengths
    angle = np.radians(gamma)
    cell = np.array([[a, 0, 0], [b * np.cos(angle), b * np.sin(angle), 0], [0, 0, c]])
    return xp.Crystal(np.array(places) @ cell, [symbol] * len(places), cell=cell)


def prototypes() -> dict[str, xp.Crystal]:
    """Elemental solids with their experimental lattice parameters in Å."""
    quarter = [[x + 0.25, y + 0.25, z + 0.25] for x, y, z in FACE]
    # Nine close-packed layers, ABCBCACAB: the rhombohedral structure that is like the hexagonal one.
    samarium = [[x, x * 2 % 1, (x + z) % 1] for x in (0, 1 / 3, 2 / 3) for z in (0, 2 / 9, -2 / 9)]
    tin = [[0, 0, 0], [0.5, 0.5, 0.5], [0, 0.5, 0.25], [0.5, 0, 0.75]]
    return {
        "sc (α-Po)": crystal("Po", (3.359,) * 3, [[0, 0, 0]]),
        "fcc (Cu)": crystal("Cu", (3.615,) * 3, FACE),
        "bcc (Fe)": crystal("Fe", (2.866,) * 3, [[0, 0, 0], [0.5] * 3]),
        "diam (Si)": crystal("Si", (5.431,) * 3, FACE + quarter),
        "hex (Mg)": crystal("Mg", (3.209, 3.209, 5.211), [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]], 120.0),
        "rh (α-Sm)": crystal("Sm", (3.629, 3.629, 26.207), samarium, 120.0),
        "bct_139 (In)": crystal("In", (3.253, 3.253, 4.947), [[0, 0, 0], [0.5] * 3]),
        "bct_141 (β-Sn)": crystal("Sn", (5.832, 5.832, 3.182), tin),
    }


def main() -> None:
    """Draw, and print the correlation of each pair."""
    descriptor = xp.DiffractionImage()
    images = {name: descriptor.compute(c).array for name, c in prototypes().items()}
    figure = Figure(figsize=(7.2, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    for ax, (name, image) in zip(axes.flat, images.items(), strict=True):
        draw_composite(ax, image, descriptor.detector)
        ax.set_title(name, fontsize=9)
    figure.supxlabel(r"$s_x$ ($1/d_{\mathrm{nn}}$)", fontsize=9)
    figure.supylabel(r"$s_y$ ($1/d_{\mathrm{nn}}$)", fontsize=9)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(TARGET, dpi=170)
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB; correlation of the images, per cent")
    ring = np.broadcast_to(np.kron(np.ones((2, 2)), np.ones((32, 32))).astype(bool), (3, 64, 64))
    matrix = np.corrcoef([image[ring] for image in images.values()])
    for name, row in zip(images, matrix, strict=True):
        print(f"{name:15s}" + "".join(f"{100 * value:5.0f}" for value in row))


if __name__ == "__main__":
    main()
