"""Pictures of the studies of Fourier descriptors. Importing this file imports matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.descriptors.pairs_of_reflections import PairsOfReflections

    Array = NDArray[np.floating[Any]]

FONT = 8.0


def draw_paths(rows: Sequence[Mapping[str, Any]], names: Sequence[str], box: str) -> Figure:
    """Distance from the first place of each path: the box on the left, the others on the right.

    Parameters
    ----------
    rows
        With path, strain, and a distance for each name.
    names
        Of the descriptors.
    box
        The one that has the left column.
    """
    paths = list(dict.fromkeys(row["path"] for row in rows))
    figure = Figure(figsize=(7.6, 0.9 + 1.7 * len(paths)), layout="constrained")
    axes = figure.subplots(len(paths), 2, sharex=True, squeeze=False)
    for (left, right), path in zip(axes, paths, strict=True):
        of = [row for row in rows if row["path"] == path]
        strain = 100 * np.array([row["strain"] for row in of])
        left.plot(strain, [row[box] for row in of], color="black", lw=0, marker=".", ms=3, label=box)
        left.set_ylim(-0.05, 1.5)
        for name in names:
            if name != box:
                right.plot(strain, [row[name] for row in of], lw=1.2, label=name)
        right.set_ylim(bottom=0)
        for ax in (left, right):
            ax.axvline(0, color="0.6", lw=0.6, ls=":")
            ax.set_title(path, fontsize=FONT)
            ax.tick_params(labelsize=FONT - 1)
            ax.spines[["top", "right"]].set_visible(False)
        left.set_ylabel("relative distance", fontsize=FONT)
    for ax in axes[-1]:
        ax.set_xlabel("strain, %", fontsize=FONT)
    handles, labels = [], []
    for ax in axes[0]:
        found = ax.get_legend_handles_labels()
        handles += found[0]
        labels += found[1]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=FONT)
    figure.suptitle(
        "Distance from the crystal at −2 %: Fourier box (left), without a unit cell (right)", fontsize=FONT + 1
    )
    return figure


def draw_boxes(sides: Mapping[str, tuple[Array, Array]], pairs: PairsOfReflections) -> Figure:
    """Two layers of the box and two angles of the pairs, on both sides of the jump.

    Parameters
    ----------
    sides
        By name the box and the histogram over pairs.
    pairs
        That made the latter.
    """
    figure = Figure(figsize=(7.6, 0.7 + 1.8 * len(sides)), layout="constrained")
    axes = figure.subplots(len(sides), 4, squeeze=False)
    half = 0.5 * pairs.resolution
    place = (pairs.shells[0] - half, pairs.shells[-1] + half) * 2
    top = max(float(np.sqrt(np.maximum(h, 0)).max()) for _, h in sides.values())
    strongest = max(float(box.max()) for box, _ in sides.values())
    which = [0, len(pairs.angles) // 2 + 1]
    for row, (name, (box, histogram)) in zip(axes, sides.items(), strict=True):
        n = len(box) // 2
        for ax, layer in zip(row[:2], (0, 1), strict=True):
            extent = (-n - 0.5, n + 0.5) * 2
            values = box[:, :, n + layer].T
            shown = ax.imshow(values, origin="lower", extent=extent, cmap="viridis", vmin=0, vmax=strongest)
            ax.set_title(f"box |F|²/Σf², l = {layer}", fontsize=FONT)
            ax.set_xlabel("h", fontsize=FONT)
            ax.set(xticks=range(-n, n + 1), yticks=range(-n, n + 1))
            ax.set_ylabel(f"{name}\nk" if layer == 0 else "k", fontsize=FONT)
        for ax, t in zip(row[2:], which, strict=True):
            values = np.sqrt(np.maximum(histogram[t], 0))
            found = ax.imshow(values, origin="lower", extent=place, cmap="magma", vmin=0, vmax=top)
            ax.set_title(f"√ of pairs at {pairs.angles[t]:.0f}°", fontsize=FONT)
            ax.set_xlabel("|s|, 1/Å", fontsize=FONT)
            ax.set_ylabel("|s'|, 1/Å", fontsize=FONT)
        for ax in row:
            ax.tick_params(labelsize=FONT - 1)
        for drawn, beside in ((shown, row[1]), (found, row[3])):
            figure.colorbar(drawn, ax=beside, shrink=0.8).ax.tick_params(labelsize=FONT - 1)
    figure.suptitle("NaCl strained by ∓0.1 %: the box changes, the pairs do not", fontsize=FONT + 1)
    return figure


def draw_link(curves: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], name: str) -> Figure:
    """Pair distribution from reflections and intensity from distances, above; the error against the cut, below.

    Parameters
    ----------
    curves
        r, s, the exact curves, and those of cut sums by name.
    rows
        With what, smearing, cut, error and the Gaussian at the cut.
    name
        Of the crystal.
    """
    figure = Figure(figsize=(7.6, 5.8), layout="constrained")
    (upper_left, upper_right), (lower_left, lower_right) = figure.subplots(2, 2)
    upper_left.plot(curves["r"], curves["exact"], color="black", lw=1.6, label="from distances")
    for (label, curve), colour in zip(curves["seen"].items(), ("#d62728", "#1f77b4"), strict=True):
        upper_left.plot(curves["r"], curve, color=colour, lw=0.9, label=label)
    upper_left.set(xlabel="r, Å", ylabel="neighbours per Å", title=f"{name}: pairs, σ = {curves['width']:g} Å")
    scale = curves["intensity"].max()
    upper_right.plot(curves["s"], curves["intensity"] / scale, color="black", lw=1.6, label="from reflections")
    for (label, curve), colour in zip(curves["powder"].items(), ("#d62728", "#1f77b4"), strict=True):
        upper_right.plot(curves["s"], curve / scale, color=colour, lw=0.9, label=label)
    upper_right.set(xlabel="|s|, 1/Å", ylabel="intensity / maximum", title=f"{name}: intensity of point atoms")
    for ax, what in ((lower_left, "pair distribution"), (lower_right, "intensity")):
        of = [row for row in rows if row["what"] == what]
        for smearing in dict.fromkeys(row["smearing"] for row in of):
            cut = [row["cut"] for row in of if row["smearing"] == smearing]
            error = [row["error"] for row in of if row["smearing"] == smearing]
            gauss = [row["gaussian_at_cut"] for row in of if row["smearing"] == smearing]
            [line] = ax.semilogy(cut, error, marker=".", ms=3, lw=1, label=smearing)
            ax.semilogy(cut, gauss, color=line.get_color(), lw=0.8, ls=":")
        ax.set_ylim(1e-5, 10)
    lower_left.set(
        xlabel="largest |s|, 1/Å", ylabel="error of the pair distribution", title="dotted: Gaussian at the cut"
    )
    lower_right.set(
        xlabel="largest distance, Å", ylabel="error of the intensity", title="dotted: Gaussian at the cut"
    )
    for ax in (upper_left, upper_right, lower_left, lower_right):
        for text in (ax.title, ax.xaxis.label, ax.yaxis.label):
            text.set_fontsize(FONT)
        ax.tick_params(labelsize=FONT - 1)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(fontsize=FONT - 1, frameon=False)
    return figure
