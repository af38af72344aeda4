"""Draw docs/images/bond-orientational-order.png: copper, and a shaken piece of it with 40 % of its atoms missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import xtalprint as xp
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.descriptors.bond_orientational_order import DEGREES
from xtalprint.geometry import random_rotation, rotated, supercell, to_cluster

OUTPUT = Path(__file__).parents[1] / "docs" / "images" / "bond-orientational-order.png"


def main() -> None:
    """Draw both and write the file."""
    copper = xp.Crystal([[0, 0, 0]], ["Cu"], cell=1.805 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
    rng = np.random.default_rng(0)
    piece = rotated(to_cluster(supercell(copper, (7, 7, 7))), random_rotation(rng))
    piece = vacancies(displace_gaussian(piece, 0.12, rng), 0.4, rng)
    descriptor = xp.BondOrientationalOrder()
    figure = Figure(figsize=(7.4, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2, sharex=True, sharey="row")
    titles = ("fcc copper, primitive cell", f"turned, σ = 0.12 Å, 40 % missing: {piece.n_sites} atoms, no cell")
    half = 0.5 * descriptor.resolution
    for (top, bottom), crystal, title in zip(axes.T, (copper, piece), titles, strict=True):
        array = descriptor.compute(crystal).array
        top.fill_between(descriptor.distances, array[0], color="0.85")
        top.plot(descriptor.distances, array[0], color="black", linewidth=1)
        top.set_title(title, fontsize=9)
        extent = (descriptor.distances[0] - half, descriptor.distances[-1] + half, -0.5, len(DEGREES) - 0.5)
        drawn = bottom.imshow(
            array[1 : 1 + len(DEGREES)], aspect="auto", origin="lower", extent=extent, cmap="magma", vmin=0, vmax=2
        )
        bottom.set_yticks(range(len(DEGREES)), [str(degree) for degree in DEGREES])
        bottom.set_xlabel("distance in bond lengths", fontsize=8)
    axes[0, 0].set_ylabel("pairs", fontsize=8)
    axes[1, 0].set_ylabel("degree $l$", fontsize=8)
    figure.colorbar(drawn, ax=axes[1], pad=0.01, extend="max").set_label("order", fontsize=8)
    for one in axes.flat:
        one.tick_params(labelsize=8)
    figure.savefig(OUTPUT, dpi=130)


if __name__ == "__main__":
    main()
