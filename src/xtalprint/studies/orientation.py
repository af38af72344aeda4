"""The same crystal in other axes: crystal-class, image network and symmetry search on one set of structures.

Every structure comes in five forms: a box of its standard cell, a box of another cell, that box turned, a piece of
the standard axes without a cell, and a turned piece cut anywhere; each pristine, displaced, thinned, and both.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets import elemental_solids
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import (
    nearest_distances,
    random_rotation,
    rotated,
    standard_cell,
    supercell_to,
    to_cluster,
)
from xtalprint.models import load_model
from xtalprint.models.presentations import random_piece
from xtalprint.studies.base import StudyResult
from xtalprint.studies.statistics import accuracy
from xtalprint.studies.symmetry_answers import by_symmetry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.figure import Figure

    from xtalprint.models import Classifier

#: Varied prototypes of a seed that no network has learned from.
STRUCTURES, QUICK_STRUCTURES, STRUCTURES_SEED = 300, 12, 11
#: Sites before atoms are removed.
SITES = 256
#: Displacements in bond lengths and shares of vacancies.
DEFECTS = {
    "pristine": (0.0, 0.0),
    "σ = 0.04 d_nn": (0.04, 0.0),
    "25 % vacancies": (0.0, 0.25),
    "40 % vacancies": (0.0, 0.4),
    "σ = 0.04 d_nn, 25 % vacancies": (0.04, 0.25),
}
FORMS = (
    "box of the standard cell",
    "box of another cell",
    "turned box of another cell",
    "piece in the standard axes",
    "turned piece",
)
#: Tolerances of the symmetry search in bond lengths; the best single one is reported.
SYMPRECS = (0.01, 0.03, 0.1, 0.2)
MODELS = {"image": "crystal-class-image", "crystal-class": "crystal-class"}


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Bring the same structures in all forms to all methods; ``seed`` draws forms and defects."""
    made = elemental_solids(seed=STRUCTURES_SEED, n=QUICK_STRUCTURES if quick else STRUCTURES)
    structures, truth = made.crystals, made.labels.tolist()
    models = {name: load_model(model) for name, model in MODELS.items()}
    methods: dict[str, Callable[[Sequence[Crystal]], list[str | None]]] = {
        **{name: partial(_by_model, model) for name, model in models.items()},
        **{f"moyopy, {share:g} d_nn": partial(by_symmetry, share) for share in SYMPRECS},
    }
    rows: list[dict[str, Any]] = []
    for number, (defect, (sigma, share)) in enumerate(DEFECTS.items()):
        for form in FORMS:
            brought = [
                bring(crystal, form, sigma, share, np.random.default_rng([seed, number, row]))
                for row, crystal in enumerate(structures)
            ]
            for method, ask in methods.items():
                if method.startswith("moyopy") and "piece" in form:
                    continue
                rows.append({"defects": defect, "form": form, "method": method} | accuracy(truth, ask(brought)))
    figures = {
        "models": {name: dict(model.provenance) for name, model in models.items()},
        "n_structures": len(structures),
        "n_answers": sum(row["n"] for row in rows),
        "rows": rows,
        "kept_of_the_standard_setting": _kept(rows),
    }
    return StudyResult(figures, [_flat(row) for row in rows], {"orientation": _draw(rows)})


def bring(crystal: Crystal, form: str, sigma: float, share: float, rng: np.random.Generator) -> Crystal:
    """One form of a crystal with defects; all forms of a structure have as many atoms, about."""
    if form == "turned piece":
        sample = random_piece(standard_cell(crystal), SITES, rng)
    elif form.startswith(("box of the standard", "piece in")):
        sample = supercell_to(standard_cell(crystal), min_atoms=SITES)
    else:
        sample = supercell_to(_another_cell(crystal, rng), min_atoms=SITES)
        if form.startswith("turned"):
            sample = rotated(sample, random_rotation(rng))
    if form.startswith("piece in"):
        sample = to_cluster(sample)
    if sigma:
        sample = displace_gaussian(sample, sigma * float(nearest_distances(crystal).mean()), rng)
    return vacancies(sample, share, rng) if share else sample


def _another_cell(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """The same crystal by other lattice vectors: a random product of two shears."""
    if crystal.cell is None:
        raise UnsupportedInputError("a cluster has no other cell", source=crystal.source)
    shears = rng.integers(-1, 2, size=6)
    lower = np.array([[1, 0, 0], [shears[0], 1, 0], [shears[1], shears[2], 1]])
    upper = np.array([[1, shears[3], shears[4]], [0, 1, shears[5]], [0, 0, 1]])
    return Crystal(crystal.positions, crystal.numbers, cell=lower @ upper @ crystal.cell, source=crystal.source)


def _by_model(model: Classifier, crystals: Sequence[Crystal]) -> list[str | None]:
    return [prediction.crystal_class for prediction in model.predict(crystals)]


def _kept(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Least accuracy over the other forms, in units of that in the standard box, for each method and defect."""
    result: dict[str, dict[str, float]] = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        for defect in DEFECTS:
            of = {r["form"]: r["accuracy"] for r in rows if (r["method"], r["defects"]) == (method, defect)}
            standard = of[FORMS[0]]
            if standard:
                result.setdefault(method, {})[defect] = round(min(of.values()) / standard, 4)
    return result


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    low, high = row["interval_95"]
    return {key: value for key, value in row.items() if key != "interval_95"} | {"low": low, "high": high}


def _draw(rows: Sequence[dict[str, Any]]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - plotting is heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(10, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    shown = [*MODELS, *(name for name in dict.fromkeys(r["method"] for r in rows) if name.startswith("moyopy, 0.1 "))]
    for axes, defect in zip(figure.subplots(1, len(DEFECTS), sharey=True), DEFECTS, strict=True):
        for offset, method in enumerate(shown):
            of = {r["form"]: r for r in rows if (r["method"], r["defects"]) == (method, defect)}
            forms = [form for form in FORMS if form in of]
            values = np.array([100 * of[form]["accuracy"] for form in forms])
            bars = np.array([of[form]["interval_95"] for form in forms]).T * 100
            places = np.array([FORMS.index(form) for form in forms]) + 0.15 * (offset - 1)
            reach = np.maximum([values - bars[0], bars[1] - values], 0.0)
            axes.errorbar(places, values, reach, fmt="os^"[offset], label=method, ms=5)
        axes.set_title(defect.replace(", ", ",\n"), fontsize=9)
        axes.set_xticks(range(len(FORMS)), FORMS, rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
        axes.set_ylim(-3, 103)
        axes.grid(axis="y", alpha=0.3)
    figure.axes[0].set_ylabel("right answers, %")
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), fontsize=8)
    return figure
