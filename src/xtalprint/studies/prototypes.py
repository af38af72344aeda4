"""The model that names prototypes: each class in all forms and with defects, and crystals of other collections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets.prototype_crystals import prototype_crystals
from xtalprint.defects import displace_gaussian, substitute, vacancies
from xtalprint.geometry import nearest_distances, supercell_to
from xtalprint.io import read_table
from xtalprint.models import load_model
from xtalprint.models.presentations import random_piece
from xtalprint.prototypes import all_prototypes
from xtalprint.prototypes.named import class_names, named_prototypes
from xtalprint.studies.base import StudyResult, chosen, data_file
from xtalprint.studies.statistics import accuracy, confusion_matrix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.models import Classifier, Prediction
    from xtalprint.prototypes.named import NamedPrototype

MODEL = "prototype"
#: Crystals of each class, and entries of a database, of a full and a quick run.
N_EACH, QUICK_EACH, QUICK_ENTRIES = 20, 1, 40
#: Variations of this seed and above are not those of training, which has a seed below.
FIRST_SEED = 1000
#: Sites of boxes with defects.
BOX = 150
#: The same Wyckoff sites with another origin, or the other hand, which the order does not see.
SAME_SITES = {
    "cF4_225_b": "cF4_225_a",
    "cF8_227_b": "cF8_227_a",
    "cI2_229_b": "cI2_229_a",
    "cP1_221_b": "cP1_221_a",
    "hP1_191_b": "hP1_191_a",
    "hP2_194_d": "hP2_194_c",
    "hP3_152_b": "hP3_152_a",
    "hP3_154_a": "hP3_152_a",
    "hP4_194_ad": "hP4_194_ac",
    "hR3_166_bc": "hR3_166_ac",
    "tI4_141_b": "tI4_141_a",
    "tP4_136_g": "tP4_136_f",
}
#: Space groups of the two lattices that the seven classes do not tell apart.
HEXAGONAL, RHOMBOHEDRAL = frozenset(range(168, 195)), frozenset({146, 148, 155, 160, 161, 166, 167})


@dataclass(frozen=True)
class Form:
    """How a crystal is brought: atoms of a turned piece (0: a box), displacement in bond lengths, missing share."""

    name: str
    atoms: int = 0
    displacement: float = 0.0
    missing: float = 0.0

    def of(self, crystal: Crystal, rng: np.random.Generator) -> Crystal:
        """Bring a crystal in this form."""
        if self.atoms:
            sample = random_piece(crystal, round(self.atoms / (1 - self.missing)), rng)
        elif self.displacement or self.missing:
            sample = supercell_to(crystal, min_atoms=round(BOX / (1 - self.missing)))
        else:
            return crystal
        if self.missing:
            sample = vacancies(sample, self.missing, rng)
        if self.displacement:
            sample = displace_gaussian(sample, self.displacement * float(nearest_distances(crystal).mean()), rng)
        return sample


FORMS = (
    Form("pristine cell"),
    Form("box, σ = 0.04 d_nn", displacement=0.04),
    Form("box, σ = 0.08 d_nn", displacement=0.08),
    Form("box, 25 % vacancies", missing=0.25),
    Form("box, 50 % vacancies", missing=0.5),
    Form("piece of 150", atoms=150),
    Form("piece of 150, σ = 0.04 d_nn, 25 % vacancies", atoms=150, displacement=0.04, missing=0.25),
    Form("piece of 60", atoms=60),
    Form("piece of 60, σ = 0.04 d_nn, 25 % vacancies", atoms=60, displacement=0.04, missing=0.25),
)
ALLOY = "box, half of the sites other elements"


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Score every class in every form, AFLOW's prototypes, and real elements; ``seed`` makes the variations."""
    prototypes = named_prototypes()
    names = class_names(prototypes)
    model = load_model(MODEL)
    made = prototype_crystals(prototypes, seed=FIRST_SEED + seed, n_each=QUICK_EACH if quick else N_EACH, workers=1)
    truth = made.labels.tolist()
    answers = {
        form.name: model.predict(
            [form.of(crystal, np.random.default_rng([seed, k, i])) for i, crystal in enumerate(made.crystals)]
        )
        for k, form in enumerate(FORMS)
    }
    alloys = _alloys(model, made.crystals, truth, seed)
    rows = [_row(form, names, truth, predictions) for form, predictions in answers.items()]
    everything = [a.crystal_class for predictions in answers.values() for a in predictions]
    matrix = confusion_matrix(truth * len(FORMS), everything, names)
    figures: dict[str, Any] = {
        "model": dict(model.provenance),
        "classes": {p.name: _about(p) for p in prototypes},
        "n_each": len(truth) // len(names),
        "forms": rows,
        "alloys": alloys,
        "per_class": {
            name: accuracy(
                [name] * int(row.sum()), _as_answers(name, names, row), structures=int(row.sum()) // len(FORMS)
            )
            for name, row in zip(names, matrix, strict=True)
        },
        "confused": _confused(matrix, names),
        "hexagonal_and_rhombohedral": _lattices(prototypes, truth * len(FORMS), everything),
        "exchange": _exchange(model, prototypes),
        "aflow": _aflow(model, prototypes, seed),
        "elements": _real_elements(model, prototypes, quick=quick, seed=seed),
    }
    table = [{"class": name, **{row["form"]: row["per_class"][name]["accuracy"] for row in rows}} for name in names]
    headline = {
        **{row["form"]: row for row in rows},
        ALLOY: alloys,
        "AFLOW's prototypes of the classes, as given": figures["aflow"]["as_given"],
        "real elements whose sites only one class has": figures["elements"],
    }
    return StudyResult(figures, table, _drawings(names, rows, matrix), headline=headline)


def _about(prototype: NamedPrototype) -> dict[str, str]:
    return {
        "strukturbericht": prototype.strukturbericht,
        "aflow": prototype.aflow,
        "example": prototype.example,
    }


def _row(form: str, names: Sequence[str], truth: Sequence[str], predictions: Sequence[Prediction]) -> dict[str, Any]:
    answers = [p.crystal_class for p in predictions]
    return {
        "form": form,
        **accuracy(truth, answers),
        "called_known": float(np.mean([bool(p.known) for p in predictions])),
        "per_class": {name: _of_class(name, truth, answers) for name in names},
    }


def _of_class(name: str, truth: Sequence[str], answers: Sequence[str | None]) -> dict[str, Any]:
    given = [a for t, a in zip(truth, answers, strict=True) if t == name]
    return accuracy([name] * len(given), given)


def _as_answers(name: str, names: Sequence[str], row: NDArray[np.int64]) -> list[str | None]:
    """Answers that a row of the confusion matrix counts."""
    right = int(row[names.index(name)])
    return [name] * right + [None] * (int(row.sum()) - right)


def _alloys(model: Classifier, crystals: Sequence[Crystal], truth: Sequence[str], seed: int) -> dict[str, Any]:
    """Elements with half of their sites given to one of three others, at random."""
    rows = [i for i, crystal in enumerate(crystals) if len(set(crystal.numbers.tolist())) == 1]
    boxes = []
    for i in rows:
        rng = np.random.default_rng([seed, len(FORMS), i])
        box = supercell_to(crystals[i], min_atoms=BOX)
        boxes.append(substitute(box, 0.5, rng, elements=("Ag", "Au", "Pd")))
    answers = [p.crystal_class for p in model.predict(boxes)]
    return {"form": ALLOY, **accuracy([truth[i] for i in rows], answers)}


def _confused(matrix: NDArray[np.int64], names: Sequence[str]) -> list[dict[str, Any]]:
    """Pairs of a class and a wrong answer, the most frequent first."""
    pairs = [
        {"class": names[i], "answer": names[j], "n": int(matrix[i, j]), "of": int(matrix[i].sum())}
        for i in range(len(names))
        for j in range(len(names))
        if i != j and matrix[i, j]
    ]
    return sorted(pairs, key=lambda pair: -pair["n"])


def _lattices(
    prototypes: Sequence[NamedPrototype], truth: Sequence[str], answers: Sequence[str | None]
) -> dict[str, Any]:
    """How often a hexagonal crystal gets the name of a rhombohedral one and the other way round."""
    lattice = {p.name: _lattice(p) for p in prototypes}
    found: dict[str, Any] = {}
    for one, other in (("hexagonal", "rhombohedral"), ("rhombohedral", "hexagonal")):
        rows = [a for t, a in zip(truth, answers, strict=True) if lattice[t] == one]
        wrong = sum(a is not None and lattice[a] == other for a in rows)
        classes = [name for name, kind in lattice.items() if kind == one]
        found[one] = {"classes": classes, "n": len(rows), f"called_{other}": wrong}
    return found


def _lattice(prototype: NamedPrototype) -> str:
    number = int(prototype.aflow.split("_")[2]) if prototype.aflow else 0
    return "hexagonal" if number in HEXAGONAL else "rhombohedral" if number in RHOMBOHEDRAL else "other"


def _exchange(model: Classifier, prototypes: Sequence[NamedPrototype]) -> dict[str, int]:
    """Compounds with their two elements exchanged: how many get the same probabilities to the last bit."""
    pairs = []
    for prototype in prototypes:
        kinds = sorted(set(prototype.crystal.numbers.tolist()))
        if len(kinds) == 2:  # noqa: PLR2004 - binaries
            crystal = prototype.crystal
            other = [kinds[1 - kinds.index(z)] for z in crystal.numbers.tolist()]
            pairs.append((crystal, Crystal(crystal.positions, other, cell=crystal.cell)))
    first, second = (model.predict([pair[k] for pair in pairs]) for k in (0, 1))
    same = sum(dict(a.probabilities) == dict(b.probabilities) for a, b in zip(first, second, strict=True))
    return {"n": len(pairs), "same": same}


def _aflow(model: Classifier, prototypes: Sequence[NamedPrototype], seed: int) -> dict[str, Any]:
    """AFLOW's structures of the classes, matched by label and formula, and its others of one or two elements."""
    name_of = {(p.aflow, frozenset(p.crystal.symbols)): p.name for p in prototypes}
    members, truth, others = [], [], []
    for entry in all_prototypes():
        elements = frozenset(entry.crystal.symbols)
        if (entry.label, elements) in name_of:
            members.append(entry.crystal)
            truth.append(name_of[entry.label, elements])
        elif len(elements) <= 2:  # noqa: PLR2004 - binaries
            others.append(entry.crystal)
    given = model.predict(members)
    form = FORMS[-3]
    pieces = model.predict([form.of(c, np.random.default_rng([seed, i])) for i, c in enumerate(members)])
    unknown = [p for p in model.predict(others) if p.known is False]
    return {
        "as_given": accuracy(truth, [p.crystal_class for p in given]),
        "called_known": sum(bool(p.known) for p in given),
        form.name: accuracy(truth, [p.crystal_class for p in pieces]),
        "wrong": [
            {"class": t, "answer": p.crystal_class, "probability": p.probability}
            for t, p in zip(truth, given, strict=True)
            if p.crystal_class != t
        ],
        "others": len(others),
        "others_called_unknown": len(unknown),
    }


def _real_elements(
    model: Classifier, prototypes: Sequence[NamedPrototype], *, quick: bool, seed: int
) -> dict[str, Any]:
    """Elements of the Materials Project whose Wyckoff sites only one class has, and those with sites of no class."""
    table = read_table(data_file("elements", "elemental_mp.parquet"))
    rows = chosen(len(table.ids), QUICK_ENTRIES if quick else None, seed)
    of_sites = _unique_sites(prototypes)
    sites = [SAME_SITES.get(s, s) for s in (str(table.labels["prototype_like"][i]) for i in rows)]
    predictions = model.predict([table.crystals[i] for i in rows])
    judged = [(i, t, p) for i, s, p in zip(rows, sites, predictions, strict=True) if (t := of_sites.get(s))]
    foreign = [p for s, p in zip(sites, predictions, strict=True) if s not in of_sites]
    by_class = {}
    for name in class_names(tuple(prototypes)):
        answers = [p.crystal_class for _, truth, p in judged if truth == name]
        if answers:
            by_class[name] = accuracy([name] * len(answers), answers)
    return {
        **accuracy([truth for _, truth, _ in judged], [p.crystal_class for _, _, p in judged]),
        "called_known": sum(bool(p.known) for _, _, p in judged),
        "per_class": by_class,
        "ambiguous_sites_left_out": len(rows) - len(judged) - len(foreign),
        "others": len(foreign),
        "others_called_unknown": sum(p.known is False for p in foreign),
        "wrong": [
            {
                "id": table.ids[i],
                "formula": table.crystals[i].formula,
                "class": truth,
                "answer": p.crystal_class,
                "probability": p.probability,
                "known": p.known,
            }
            for i, truth, p in judged
            if p.crystal_class != truth
        ],
    }


def _unique_sites(prototypes: Sequence[NamedPrototype]) -> Mapping[str, str | None]:
    """Class of the Wyckoff sites of elements, such as cF4_225_a; None where several classes have the same."""
    found: dict[str, str | None] = {}
    for prototype in prototypes:
        sites = prototype.aflow.removeprefix("A_")
        if prototype.n_elements == 1:
            found[sites] = None if sites in found else prototype.name
    return found


def _drawings(
    names: Sequence[str], rows: Sequence[Mapping[str, Any]], matrix: NDArray[np.int64]
) -> Mapping[str, Figure]:
    from xtalprint.studies.prototype_pictures import draw_accuracies, draw_confusion  # noqa: PLC0415 - matplotlib

    shares = np.array([[row["per_class"][name]["accuracy"] for row in rows] for name in names])
    return {
        "prototypes": draw_accuracies(shares, names, [row["form"] for row in rows]),
        "prototypes-confusion": draw_confusion(matrix, names),
    }
