"""Pictures of the studies of the interpretable model of elastic moduli."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from xtalprint.studies.modulus_pictures import FONT, LIMITS, parity, ticks_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes


def draw_model(found: Mapping[str, Any], drawn: Mapping[str, Any]) -> Figure:
    """Predicted against true moduli above; where they are known, the groups and the learning curve below."""
    more = "ablation" in found
    figure = Figure(figsize=(7.4, 6.6 if more else 3.5), layout="constrained")
    axes = figure.subplots(1 + more, 2, squeeze=False)
    for ax, (modulus, (predicted, y, sound)) in zip(axes[0], drawn.items(), strict=True):
        kept = sound if modulus == "shear modulus" else np.ones(len(y), dtype=np.bool_)
        mesh = parity(ax, 10.0 ** predicted[kept], 10.0 ** y[kept], limit=LIMITS[modulus])
        errors = found[modulus]["ways"][found["intervals_and_picture_of"]]
        ax.set_title(
            f"{modulus}: MAE {errors['MAE, GPa']:.1f} GPa, {errors['MAE of log10']:.3f} of log10", fontsize=FONT
        )
        ax.set_xlabel(f"{modulus}, GPa", fontsize=FONT)
        ax.set_ylabel("predicted in 5 folds, GPa", fontsize=FONT)
    bar = figure.colorbar(mesh, ax=list(axes[0]), shrink=0.85)
    bar.set_label("crystals", fontsize=FONT)
    bar.ax.tick_params(labelsize=FONT - 1)
    if more:
        _draw_ablation(axes[1][0], found)
        _draw_learning(axes[1][1], found)
    return figure


def _draw_ablation(ax: Axes, found: Mapping[str, Any]) -> None:
    names = [row["numbers"] for row in found["ablation"]]
    values = [row["bulk modulus, MAE, GPa"] for row in found["ablation"]]
    ax.barh(names, values, color="#7aa6c2", height=0.65)
    for place, value in enumerate(values):
        ax.text(value + 0.3, place, f"{value:.1f}", va="center", fontsize=FONT - 1.5)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.15 * max(values))
    ax.set_xlabel(
        f"bulk modulus, MAE of the kernel, GPa ({found['ablation'][0]['n_training']:,} crystals)", fontsize=FONT
    )
    ax.tick_params(labelsize=FONT - 1.5)


def _draw_learning(ax: Axes, found: Mapping[str, Any]) -> None:
    sizes = [row["n_training"] for row in found["learning_curve"]]
    for modulus, marker in (("bulk modulus", "o"), ("shear modulus", "s")):
        values = [row[f"{modulus}, MAE, GPa"] for row in found["learning_curve"]]
        ax.plot(sizes, values, marker=marker, ms=4, lw=1.2, label=modulus)
    ticks_at(ax, sizes)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("training crystals", fontsize=FONT)
    ax.set_ylabel("MAE of the kernel, GPa", fontsize=FONT)
    ax.legend(fontsize=FONT - 1, loc="lower left")
    ax.grid(visible=True, lw=0.3)
    ax.tick_params(labelsize=FONT - 1)
