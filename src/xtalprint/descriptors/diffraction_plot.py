"""Pictures of diffraction images. Importing this file imports matplotlib; nothing global is touched."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from xtalprint.descriptors.base import Fingerprint
    from xtalprint.scattering.detector import Detector

#: Lengths are scaled so that the nearest-neighbour distance is 1 Å.
AXIS_LABELS = (r"$s_x$ (1/Å at $d_{\mathrm{nn}}$ = 1 Å)", r"$s_y$ (1/Å at $d_{\mathrm{nn}}$ = 1 Å)")
COLOURS = ("R", "G", "B")
FONT = 8.0


def draw_image(
    array: NDArray[np.floating[Any]],
    detector: Detector,
    *,
    angle: float,
    title: str,
    gamma: float,
    channels: bool,
    width: float,
) -> Figure:
    """Draw one diffraction image, see `DiffractionImage.plot`.

    Parameters
    ----------
    array
        (3, n, n) between 0 and 1, [channel, row = y, column = x].
    detector
        For the scale and the masks. Scattering vectors are those of the scaled crystal, whose nearest-neighbour
        distance is 1 Å: a number in 1/Å is the same number in units of 1/d_nn.
    angle
        Of the turns, degrees, for the titles.
    title, gamma, channels, width
        See `DiffractionImage.plot`.
    """
    if not gamma > 0:
        raise XtalprintError("gamma must be positive", value=gamma)
    n = 4 if channels else 1
    height = width / n + (0.95 if channels else 0.75)
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, n, squeeze=False)[0]
    draw_composite(axes[0], array, detector, gamma=gamma)
    axes[0].set_title("RGB composite" if channels else title, fontsize=FONT)
    axes[0].set_xlabel(AXIS_LABELS[0], fontsize=FONT)
    axes[0].set_ylabel(AXIS_LABELS[1], fontsize=FONT)
    if not channels:
        return figure
    for channel, ax in enumerate(axes[1:]):
        shown = _draw_channel(ax, array[channel], detector, gamma)
        ax.set_title(f"{COLOURS[channel]}: ±{angle:g}° about {'xyz'[channel]}", fontsize=FONT)
        ax.set_xlabel(AXIS_LABELS[0], fontsize=FONT)
        ax.set_yticklabels([])
    bar = figure.colorbar(shown, ax=axes.tolist(), location="bottom", shrink=0.5, aspect=40, pad=0.02)
    bar.set_ticks([0.0, 0.01, 0.1, 0.25, 0.5, 1.0], labels=["0", "0.01", "0.1", "0.25", "0.5", "1"])
    bar.set_label("intensity / largest intensity of the three channels", fontsize=FONT)
    bar.ax.tick_params(labelsize=FONT - 1)
    figure.suptitle(title + "\n", fontsize=FONT + 2)
    return figure


def draw_composite(
    ax: Axes, array: NDArray[np.floating[Any]], detector: Detector, *, gamma: float = 0.5
) -> AxesImage:
    """Draw the three channels as red, green and blue into the axes of an existing figure."""
    colours = np.moveaxis(np.clip(array, 0.0, 1.0), 0, -1) ** gamma
    shown = ax.imshow(colours, extent=_extent(detector), origin="lower", interpolation="nearest")
    _dress(ax, detector)
    return shown


def caption(fingerprint: Fingerprint) -> str:
    """Formula with subscripts, and the name of the file it came from."""
    formula = re.sub(r"(\d+(?:\.\d+)?)", r"$_{\1}$", fingerprint.formula or "")
    source = PurePath(fingerprint.source).name if fingerprint.source else ""
    return " · ".join(part for part in (formula, source.replace("$", r"\$")) if part)


def _draw_channel(ax: Axes, image: NDArray[np.floating[Any]], detector: Detector, gamma: float) -> AxesImage:
    shown = ax.imshow(
        image,
        extent=_extent(detector),
        origin="lower",
        interpolation="nearest",
        cmap="inferno",
        norm=PowerNorm(gamma, vmin=0.0, vmax=1.0),
    )
    _dress(ax, detector)
    return shown


def _dress(ax: Axes, detector: Detector) -> None:
    """Masks and ticks."""
    for radius in (detector.inner_mask, detector.outer_mask):
        if 0 < radius <= detector.n_pixels:
            ring = Circle((0, 0), radius * detector.s_per_pixel, fill=False, lw=0.5, ls=(0, (4, 4)), ec="0.6")
            ax.add_patch(ring)
    edge = _extent(detector)[1]
    step = 10.0 ** np.floor(np.log10(edge))
    ticks = np.arange(-int(edge / step), int(edge / step) + 1) * step
    ax.set_xticks(ticks)
    ax.set_yticks(ticks)
    ax.tick_params(labelsize=FONT - 1, length=2, pad=2)


def _extent(detector: Detector) -> tuple[float, float, float, float]:
    """Edges of the detector in units of the scattering vector at the middle; 0.7 % too long at 30 pixels."""
    edge = 0.5 * detector.n_pixels * detector.s_per_pixel
    return (-edge, edge, -edge, edge)
