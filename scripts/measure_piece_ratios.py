"""Measure how far the elements of pieces without a cell are off the ratio of their prototype.

Made pieces of all classes of two elements, with the defects of training but up to 40 % vacancies: how many keep their
answer, beside pieces of crystals of other ratios that the model takes for one of the classes. The limit was chosen on
pieces of seed 2000; run it with another. Writes results/piece-ratios.json and the table of docs/prototypes.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pages import filled

from xtalprint import Crystal, load_model
from xtalprint.datasets.prototype_crystals import prototype_crystals
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import central_block, nearest_distances, supercell_to, to_cluster
from xtalprint.models.presentations import DISPLACED, LARGEST_DISPLACEMENT, random_piece
from xtalprint.models.stoichiometry import objections_of_stoichiometry
from xtalprint.prototypes.named import named_prototypes

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
#: Crystals of each class, pieces of each crystal, pieces of each crystal of another ratio.
CRYSTALS, PIECES, OTHER_PIECES = 6, 60, 240
#: Atoms left; shares that lose atoms, and how many at most.
ATOMS, THINNED, MOST_MISSING = (34, 700), 0.7, 0.4
SIZES = ((34, 59), (60, 99), (100, 249), (250, 750))
FCC = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
HEX = np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, 1]])
#: Fluorite, rutile, cadmium iodide and rhenium trioxide: cell, elements, fractional coordinates.
OTHERS = {
    "CaF2": (2.73 * FCC, ["Ca", "F", "F"], [[0, 0, 0], [0.25] * 3, [0.75] * 3]),
    "TiO2": (
        np.diag([4.59, 4.59, 2.96]),
        ["Ti", "Ti", "O", "O", "O", "O"],
        [
            [0, 0, 0],
            [0.5] * 3,
            *([0.305 * i, 0.305 * i, 0] for i in (1, -1)),
            [0.805, 0.195, 0.5],
            [0.195, 0.805, 0.5],
        ],
    ),
    "CdI2": (
        np.diag([4.24, 4.24, 6.84]) @ HEX,
        ["Cd", "I", "I"],
        [[0, 0, 0], [1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]],
    ),
    "ReO3": (3.75 * np.eye(3), ["Re", "O", "O", "O"], [[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]),
}


def piece_of(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """Cut an ellipsoid or a block anywhere, and take and move atoms."""
    atoms = np.exp(rng.uniform(*np.log(ATOMS)))
    missing = rng.uniform(0, MOST_MISSING) if rng.random() < THINNED else 0.0
    piece = random_piece(crystal, round(atoms / (1 - missing)), rng)
    missing = max(0.0, min(missing, 1 - ATOMS[0] / len(piece)))
    if missing:
        piece = vacancies(piece, missing, rng)
    if rng.random() < DISPLACED:
        length = float(nearest_distances(crystal).mean())
        piece = displace_gaussian(piece, rng.uniform(0, LARGEST_DISPLACEMENT) * length, rng)
    return piece


def answers(pieces: Sequence[Crystal]) -> list[dict[str, Any]]:
    """For each piece its size, what it is called, and whether it is known without and with the ratio."""
    model = load_model("prototype")
    rows = []
    for piece, answer in zip(pieces, model.predict(pieces), strict=True):
        before = answer.probability_none <= model.manifest.known.probability
        rows.append({"n": len(piece), "answer": answer.prototype, "before": before, "after": bool(answer.known)})
    return rows


def by_size(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Counts for each range of sizes: pieces, known without the ratio, known with it."""
    found = []
    for low, high in SIZES:
        of = [row for row in rows if low <= row["n"] <= high]
        counts = {key: sum(row[key] for row in of) for key in ("before", "after")}
        found.append({"atoms": [low, high], "pieces": len(of), **{f"known_{k}": n for k, n in counts.items()}})
    return found


def table(result: dict[str, Any]) -> str:
    """Write the table of the page."""
    rows = {
        "the 11 compounds, the rule alone": result["members"],
        "the 11 compounds, named right": result["members_named_right"],
        **result["others"],
    }
    heads = [f"{low} to {high} atoms" for low, high in SIZES]
    lines = [f"| pieces of | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for name, cells in rows.items():
        shown = (f"{cell['known_after']:,} of {cell['known_before']:,}" for cell in cells)
        lines.append(f"| {name} | {' | '.join(shown)} |")
    kept = "Of {pieces} blocks along the faces of the cell, 40 to 690 atoms, {kept} keep their answer."
    return "\n".join([*lines, "", kept.format(**result["blocks_along_the_cell"])])


def main(seed: int) -> None:
    """Measure, and write the file."""
    prototypes = tuple(p for p in named_prototypes() if p.n_elements > 1)
    made = prototype_crystals(prototypes, seed=seed, n_each=CRYSTALS, workers=1)
    names = np.repeat(made.labels, PIECES).tolist()
    crystals = [crystal for crystal in made.crystals for _ in range(PIECES)]
    pieces = [piece_of(crystal, np.random.default_rng([seed, i])) for i, crystal in enumerate(crystals)]
    fits = [not objections_of_stoichiometry(piece, name) for piece, name in zip(pieces, names, strict=True)]
    of_rule = [{"n": len(piece), "before": True, "after": fit} for piece, fit in zip(pieces, fits, strict=True)]
    rows = answers(pieces)
    right = [row for row, name in zip(rows, names, strict=True) if row["answer"] == name]
    blocks = [
        not objections_of_stoichiometry(central_block(many, n_atoms=n), p.name)
        for p in prototypes
        for many in [to_cluster(supercell_to(p.crystal, min_atoms=3000))]
        for n in range(40, 700, 10)
    ]
    others = {}
    for number, (name, (cell, elements, frac)) in enumerate(OTHERS.items()):
        crystal = Crystal(np.array(frac) @ cell, elements, cell=cell)
        rngs = [np.random.default_rng([seed, 1 + number, i]) for i in range(OTHER_PIECES)]
        others[name] = by_size(answers([piece_of(crystal, rng) for rng in rngs]))
    result = {
        "command": f"python scripts/measure_piece_ratios.py {seed}",
        "seed": seed,
        "model": dict(load_model("prototype").provenance),
        "classes": len(prototypes),
        "members": by_size(of_rule),
        "members_named_right": by_size(right),
        "blocks_along_the_cell": {"pieces": len(blocks), "kept": sum(blocks)},
        "others": others,
    }
    path = ROOT / "results" / "piece-ratios.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    page = ROOT / "docs" / "prototypes.md"
    text = filled(page.read_text(encoding="utf-8"), {"ratios": table(result)}, topic="pieces")
    page.write_text(text, encoding="utf-8")
    print(table(result))


if __name__ == "__main__":
    main(int(sys.argv[1]))
