"""Diffraction images of the prototypes and of defective crystals: figure 2 of Ziletti et al. (2018)."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.geometry import standard_cell, supercell_to, to_cluster
from xtalprint.studies.base import StudyResult
from xtalprint.studies.made_clusters import ATOMS, OTHER_RHOMBOHEDRAL, PROTOTYPES, STRICT, cluster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.studies.made_clusters import ClassPrototype

    Images = Mapping[str, NDArray[np.float32]]

#: Of the defective simple cubic crystal in figure 2e and f: share of atoms removed, and standard deviation in Å.
VACANCIES, DISPLACEMENT = 0.25, 0.08
#: Draws of each defect; the pictures show the first.
DRAWS, QUICK_DRAWS = 50, 3
#: Images with a cosine above this count as the same.
SAME = 0.95
#: Changes of intensity are drawn linear below this, and logarithmic above.
LINEAR = 0.005
SIMPLE_CUBIC = next(kind for kind in PROTOTYPES if kind.crystal_class == "sc")
ALL = (*PROTOTYPES, *OTHER_RHOMBOHEDRAL)


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Compare the images of the prototypes with each other, and of a defective sc crystal with the pristine one.

    Likeness is the cosine of two images as vectors of all pixels and channels: 1 for the same image, 0 where no spot
    is shared. The distance of the images, each divided by its length, is √(2 − 2·cosine). ``seed`` draws the defects.
    """
    descriptor = DiffractionImage()
    images = {kind.name: descriptor.compute(cluster(kind.crystal)).array for kind in ALL}
    cosines = cosine_matrix(images)
    clusters = _defective(QUICK_DRAWS if quick else DRAWS, seed)
    defective = {name: [descriptor.compute(c).array for c in drawn] for name, drawn in clusters.items()}
    robust = replace(descriptor, scale="robust")
    pristine = images[SIMPLE_CUBIC.name]
    likeness = {name: [cosine(array, pristine) for array in drawn] for name, drawn in defective.items()}
    pairs = _pairs(cosines)
    figures: dict[str, Any] = {
        "descriptor": parameters(descriptor),
        "likeness": "cosine of the images; the distance of the normalised images is the root of 2 - 2 cosine",
        "prototypes": [kind.name for kind in ALL],
        "cosines": np.round(cosines, 4).tolist(),
        "distances": np.round(np.sqrt(np.clip(2 - 2 * cosines, 0, None)), 4).tolist(),
        "most_alike": {f"{p['first']} - {p['second']}": round(p["cosine"], 4) for p in pairs[:8]},
        "defects": {
            name: {
                "draws": len(values),
                "mean_cosine_to_pristine": float(np.mean(values)),
                "least_cosine_to_pristine": float(np.min(values)),
                "mean_cosine_with_robust_scale": float(
                    np.mean([cosine(robust.compute(c).array, pristine) for c in clusters[name]])
                ),
            }
            for name, values in likeness.items()
        },
        "paper": "only the rhombohedral and the hexagonal prototype have the same image; defects hardly change it",
        "checks": _checks(pairs, likeness),
    }
    shown = {SIMPLE_CUBIC.name: pristine, **{name: drawn[0] for name, drawn in defective.items()}}
    drawings = {
        "fingerprints": _draw_prototypes({kind.name: images[kind.name] for kind in PROTOTYPES}, descriptor),
        "fingerprints-defects": _draw_defects(shown, descriptor),
        "fingerprints-likeness": _draw_likeness(cosines),
    }
    return StudyResult(figures, pairs, drawings)


def cosine(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Cosine of two images as vectors."""
    a, b = first.astype(np.float64).ravel(), second.astype(np.float64).ravel()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def cosine_matrix(images: Images) -> NDArray[np.float64]:
    """(n, n) cosines of all pairs."""
    arrays = list(images.values())
    return np.array([[cosine(a, b) for b in arrays] for a in arrays])


def _defective(draws: int, seed: int) -> dict[str, list[Crystal]]:
    """Clusters of the simple cubic prototype with each of the two defects."""
    large = supercell_to(standard_cell(SIMPLE_CUBIC.crystal, symprec=STRICT), min_atoms=ATOMS)

    def generators(kind: int) -> list[np.random.Generator]:
        return [np.random.default_rng([seed, kind, draw]) for draw in range(draws)]

    return {
        f"{100 * VACANCIES:g} % vacancies": [to_cluster(vacancies(large, VACANCIES, rng)) for rng in generators(0)],
        f"σ = {DISPLACEMENT:g} Å": [to_cluster(displace_gaussian(large, DISPLACEMENT, rng)) for rng in generators(1)],
    }


def _pairs(cosines: NDArray[np.float64]) -> list[dict[str, Any]]:
    """All pairs of prototypes, the most alike first."""
    pairs = [
        {
            "first": a.name,
            "second": b.name,
            "cosine": float(cosines[i, j]),
            "distance": float(np.sqrt(max(0.0, 2 - 2 * cosines[i, j]))),
            "same class": a.crystal_class == b.crystal_class,
            "paper": "the same image" if _hexagonal(a, b) else "different",
        }
        for (i, a), (j, b) in combinations(enumerate(ALL), 2)
    ]
    return sorted(pairs, key=lambda pair: -pair["cosine"])


def _hexagonal(a: ClassPrototype, b: ClassPrototype) -> bool:
    return a.crystal_class == b.crystal_class == "hex/rh" and a.name.startswith("hex")


def _checks(pairs: list[dict[str, Any]], likeness: Mapping[str, list[float]]) -> dict[str, bool]:
    names = [kind.name for kind in PROTOTYPES]
    shown = [pair for pair in pairs if pair["first"] in names and pair["second"] in names]
    others = [pair["cosine"] for pair in shown if not pair["same class"]]
    hexagonal = {
        pair["second"]: pair["cosine"] for pair in pairs if pair["first"].startswith("hex") and pair["same class"]
    }
    worst = min(min(values) for values in likeness.values())
    most = max(pair["cosine"] for pair in shown if SIMPLE_CUBIC.name in {pair["first"], pair["second"]})
    return {
        **{f"{name} has the image of hex (cosine above {SAME})": value > SAME for name, value in hexagonal.items()},
        "hex and the rhombohedral prototype shown are the most alike of all pairs": shown[0]["same class"],
        f"no other two prototypes have the same image (cosine above {SAME})": max(others) <= SAME,
        "every defective sc image is more like the pristine one than any other prototype is": worst > most,
    }


def _draw_prototypes(images: Images, descriptor: DiffractionImage) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 - plotting is heavy

    figure = Figure(figsize=(7.4, 4.1), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    for ax, (name, image) in zip(axes.flat, images.items(), strict=True):
        _image(ax, image, descriptor, name)
    _label(figure)
    return figure


def _draw_defects(images: Images, descriptor: DiffractionImage) -> Figure:
    """Above the images, below what the defects added (red) and took away (blue), mean of the channels."""
    from matplotlib.colors import SymLogNorm  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - plotting is heavy

    figure = Figure(figsize=(7.4, 5.2), layout="constrained")
    axes = figure.subplots(2, len(images), sharex=True, sharey=True)
    pristine = next(iter(images.values()))
    changes = {name: (image - pristine).mean(axis=0) for name, image in images.items()}
    largest = max(float(np.abs(change).max()) for change in changes.values())
    norm = SymLogNorm(LINEAR, vmin=-largest, vmax=largest, base=10)
    for ax, (name, image) in zip(axes[0], images.items(), strict=True):
        _image(ax, image, descriptor, name)
    axes[1, 0].axis("off")
    extent = axes[0, 0].get_images()[0].get_extent()
    for ax, (name, change) in list(zip(axes[1], changes.items(), strict=True))[1:]:
        shown = ax.imshow(change, cmap="RdBu_r", norm=norm, extent=extent, origin="lower", interpolation="nearest")
        ax.set_title(f"{name}, minus pristine", fontsize=8)
        ax.tick_params(labelsize=7)
    bar = figure.colorbar(shown, cax=axes[1, 0].inset_axes((0.0, 0.55, 0.9, 0.07)), orientation="horizontal")
    ticks = [-0.1, -LINEAR, 0.0, LINEAR, 0.1]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.minorticks_off()
    bar.set_label("change of intensity,\nmean of the channels", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    _label(figure)
    return figure


def _draw_likeness(cosines: NDArray[np.float64]) -> Figure:
    from xtalprint.studies.matrix_pictures import draw_matrices  # noqa: PLC0415 - plotting is heavy

    names = [kind.name for kind in ALL]
    return draw_matrices(
        {"": cosines},
        rows=names,
        columns=names,
        label="",
        title="Cosine of the diffraction images",
        largest=1.0,
        form="{:.2f}",
    )


def _image(ax: Axes, image: NDArray[np.float32], descriptor: DiffractionImage, title: str) -> None:
    from xtalprint.descriptors.diffraction_plot import draw_composite  # noqa: PLC0415 - plotting is heavy

    draw_composite(ax, image, descriptor.detector)
    ax.set_title(title, fontsize=9)


def _label(figure: Figure) -> None:
    figure.supxlabel(r"$s_x$ ($1/d_{\mathrm{nn}}$)", fontsize=9)
    figure.supylabel(r"$s_y$ ($1/d_{\mathrm{nn}}$)", fontsize=9)
