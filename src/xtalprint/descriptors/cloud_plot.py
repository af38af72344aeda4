"""Pictures of momentum-space clouds. Importing this file imports matplotlib; nothing global is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.descriptors.clouds import Cloud

    Floats = NDArray[np.float64]

FONT = 8.0
#: Intensities below this share of the largest are drawn as absent.
DARK = 1e-6
#: Area in points² of the largest point and of an absent one.
LARGEST_AREA, ABSENT_AREA = 150.0, 3.0
#: Where the eye is: degrees above the plane of x and y, and around z.
ELEVATION, AZIMUTH = 16.0, -67.0
#: Weak to strong; its palest end would be lost on white. Opacity of the farthest and the nearest point.
COLOUR_MAP = ListedColormap(colormaps["magma_r"](np.linspace(0.16, 0.95, 256)))
FAR, NEAR = 0.35, 1.0
#: Corners of a box that share an edge, as Miller indices of its corners in units of its limit.
EDGES = [
    (np.array(start), np.array(start) + 2 * np.eye(3)[axis])
    for axis in range(3)
    for start in ((x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1))
    if start[axis] < 0
]


def draw_cloud(cloud: Cloud, *, title: str, unit: str, width: float) -> Figure:
    """Draw the points of a cloud in three dimensions, see `MomentumCloud.plot`.

    Area and colour of a point go with the logarithm of its intensity, far points are paler, absent ones grey dots.
    The arrows are the reciprocal axes, as long as the cloud reaches along them; a box has its edges drawn.

    Parameters
    ----------
    cloud
        With at least one point.
    title
        Above the picture.
    unit
        Of the intensity.
    width
        Inches.
    """
    figure = Figure(figsize=(width, 0.84 * width))
    FigureCanvasAgg(figure)
    axes: Any = figure.add_subplot(projection="3d", computed_zorder=False)
    positions, intensities = cloud.positions, cloud.intensities
    seen = intensities > DARK * max(intensities.max(), np.finfo(float).tiny)
    axes.scatter(*positions[~seen].T, s=ABSENT_AREA, c="0.7", linewidths=0, depthshade=False, zorder=1)
    if seen.any():
        _draw_points(figure, axes, positions[seen], intensities[seen], unit)
    ends = _draw_axes(axes, cloud)
    reach = float(max(1.02 * np.abs(positions).max(), 1.12 * np.abs(ends).max()))
    for name in "xyz":
        getattr(axes, f"set_{name}lim")(-reach, reach)
        getattr(axes, f"set_{name}label")(f"$s_{name}$ (1/Å)", fontsize=FONT, labelpad=-2)
        getattr(axes, f"{name}axis").set_major_locator(MaxNLocator(5, symmetric=True))
    axes.tick_params(labelsize=FONT - 1, pad=-1)
    axes.set_box_aspect((1, 1, 1), zoom=1.12)
    axes.view_init(elev=ELEVATION, azim=AZIMUTH)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set_facecolor((0.98, 0.98, 0.98))
        axis._axinfo["grid"]["color"] = (0.9, 0.9, 0.9)  # noqa: SLF001 - the library has no other way
    figure.suptitle(title, fontsize=FONT + 4, y=0.975)
    figure.text(0.5, 0.915, _counts(seen), ha="center", fontsize=FONT)
    axes.set_position((-0.02, 0.03, 0.88, 0.89))
    return figure


def _draw_points(figure: Figure, axes: Any, positions: Floats, intensities: Floats, unit: str) -> None:  # noqa: ANN401 - Axes3D has no types
    low, high = float(intensities.min()), float(intensities.max())
    norm = LogNorm(low if low < 0.99 * high else 0.5 * high, high)
    share = np.asarray(norm(intensities), dtype=np.float64)
    # The far ones first, so that the near ones hide them.
    elevation, azimuth = np.radians([ELEVATION, AZIMUTH])
    towards = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    depth = positions @ towards
    order = np.argsort(depth)
    nearness = (depth - depth.min()) / max(float(np.ptp(depth)), 1e-9)
    colours = COLOUR_MAP(share)
    colours[:, 3] = FAR + (NEAR - FAR) * nearness
    axes.scatter(
        *positions[order].T,
        s=LARGEST_AREA * (0.1 + 0.9 * share[order] ** 2),
        c=colours[order],
        edgecolors=(0.2, 0.2, 0.2, 0.5),
        linewidths=0.3,
        depthshade=False,
        zorder=2,
    )
    bar = figure.colorbar(
        ScalarMappable(norm, COLOUR_MAP), cax=figure.add_axes((0.87, 0.22, 0.022, 0.56)), format="%.2g"
    )
    bar.minorticks_off()
    bar.set_ticks(np.geomspace(low, high, 6).tolist())
    bar.set_label(f"intensity $|F|^2/V^2$ ({unit})", fontsize=FONT)
    bar.ax.tick_params(labelsize=FONT - 1)


def _draw_axes(axes: Any, cloud: Cloud) -> Floats:  # noqa: ANN401 - as above
    """Arrows along the reciprocal axes, and the edges of a box; returns where the arrows end."""
    limits = np.abs(cloud.hkl).max(axis=0).clip(1)
    ends: Floats = cloud.reciprocal * (limits[:, None] + 0.45)
    for end, name in zip(ends, "abc", strict=True):
        axes.quiver(0, 0, 0, *end, color="steelblue", linewidth=1.6, arrow_length_ratio=0.06, zorder=3)
        label = axes.text(*(1.11 * end), f"${name}^*$", color="steelblue", fontsize=FONT + 4, ha="center", zorder=4)
        label.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    if len(cloud.hkl) == np.prod(2 * limits + 1):
        for start, stop in EDGES:
            line = np.array([start * limits, stop * limits]) @ cloud.reciprocal
            axes.plot(*line.T, color="0.75", linewidth=0.6, zorder=0)
    return ends


def _counts(seen: NDArray[np.bool_]) -> str:
    absent = int((~seen).sum())
    return f"{len(seen)} points of the reciprocal lattice" + (f", {absent} of them absent" if absent else "")
