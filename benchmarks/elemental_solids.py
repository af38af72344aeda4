"""Make the pristine set and write down what is in it.

Run ``python benchmarks/elemental_solids.py [--n 10517] [--workers 2] [--save FILE.npz]``; it writes
results/elemental-solids.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections import Counter
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import xtalprint
from xtalprint.datasets import ElementalSolids, elemental_solids
from xtalprint.datasets.candidates import loose_space_group
from xtalprint.datasets.elements import ELEMENTS
from xtalprint.datasets.making import SHARES, distance_from_degeneracy
from xtalprint.geometry import nearest_distances
from xtalprint.prototypes import body_centred_tetragonal, rhombohedral, simple_lattice
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

#: Correlation of two images above which they are taken for the same picture.
TWIN = 0.999
TARGET = Path(__file__).parents[1] / "results" / "elemental-solids.json"


def tin(ratio: float) -> Crystal:
    """White tin's lattice with another ratio c/a."""
    known = simple_lattice("bct_141")
    assert known.cell is not None
    stretch = np.array([1, 1, ratio / 0.545])
    return xtalprint.Crystal(known.positions * stretch, known.numbers, cell=known.cell * stretch)


#: Each tetragonal or rhombohedral path with the ratio c/a of its degenerate points.
PATHS: dict[str, tuple[Callable[[float], Crystal], int, dict[str, float]]] = {
    "bct_139 (one atom)": (
        lambda ratio: body_centred_tetragonal(3.0, ratio),
        139,
        {"bcc": 1.0, "fcc": float(np.sqrt(2))},
    ),
    "bct_141 (white tin)": (tin, 141, {"diam": float(np.sqrt(2))}),
    "rhombohedral (one atom)": (
        lambda ratio: rhombohedral(3.0, ratio),
        166,
        {"bcc": float(np.sqrt(3 / 8)), "sc": float(np.sqrt(3 / 2)), "fcc": float(np.sqrt(6))},
    ),
}


def excluded(make: Callable[[float], Crystal], group: int, centre: float, margin: float) -> list[float]:
    """Range of c/a around a degenerate point in which no crystal passes the margin, to 0.1 %."""
    ends = []
    for sign in (-1, 1):
        steps = centre * (1 + sign * 0.001 * np.arange(1, 400))
        passing = [r for r in steps if distance_from_degeneracy(make(float(r)), group) >= margin]
        ends.append(round(float(passing[0]), 4))
    return ends


def _class_at(crystal: Crystal, symprec: float) -> str | None:
    assert crystal.cell is not None
    return CLASS_OF_SPACE_GROUP.get(loose_space_group(crystal.cell, crystal.frac, symprec=symprec) or 1)


def counts(values: NDArray[Any]) -> dict[str, int]:
    return {str(key): int(n) for key, n in sorted(Counter(values.tolist()).items())}


def content(made: ElementalSolids) -> dict[str, Any]:
    sizes = np.array([len(c) for c in made.crystals])
    elements = Counter(c.symbols[0] for c in made.crystals)
    from_orbits = np.char.startswith(made.origins, "orbits")
    lengths = np.array([nearest_distances(c).mean() for c in made.crystals])
    types = made.structure_types
    return {
        "n": len(made),
        "sha256": made.data_hash,
        "by_class": counts(made.labels),
        "by_space_group": counts(made.space_groups),
        "by_source": {"AFLOW prototypes": int((~from_orbits).sum()), "random orbits": int(from_orbits.sum())},
        "by_class_and_source": {
            str(name): {
                "AFLOW prototypes": int(((made.labels == name) & ~from_orbits).sum()),
                "random orbits": int(((made.labels == name) & from_orbits).sum()),
            }
            for name in np.unique(made.labels)
        },
        "by_margin": counts(made.margins),
        "by_element": {symbol: elements[symbol] for symbol in ELEMENTS},
        "aflow_labels": len(set(made.origins[~from_orbits].tolist())),
        "structure_types": {
            "all": len(set(types.tolist())),
            "by_class": {str(name): len(set(types[made.labels == name].tolist())) for name in np.unique(made.labels)},
            "most_common": dict(Counter(types.tolist()).most_common(15)),
        },
        "atoms_per_cell": {
            "quantiles_0_25_50_75_90_100": [int(q) for q in np.percentile(sizes, [0, 25, 50, 75, 90, 100])]
        },
        "mean_nearest_distance_angstrom": {"least": round(lengths.min(), 4), "greatest": round(lengths.max(), 4)},
        # `standard_cell` searches at 0.1 Å: these have less room than that before another class is found.
        "margin_below_0.1_angstrom": int((made.margins * lengths < 0.1).sum()),
        "another_class_at_0.1_angstrom": [
            {"row": i, "element": c.symbols[0], "class": str(made.labels[i]), "margin": float(made.margins[i])}
            for i, c in enumerate(made.crystals)
            if _class_at(c, 0.1) != made.labels[i]
        ],
        "held_out_by_structure_type": len(made.split_by_prototype()[1]),
    }


def twins(made: ElementalSolids) -> dict[str, float]:
    """Share of the test part, by class, whose image correlates to more than `TWIN` with one of the training part."""
    images = xtalprint.DiffractionImage().compute_many(made.crystals).array.reshape(len(made), -1)
    images = images - images.mean(axis=1, keepdims=True)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    training, test = made.split()
    found = {}
    for name in np.unique(made.labels):
        of_class = made.labels == name
        held_out, learned = images[test[of_class[test]]], images[training[of_class[training]]]
        found[str(name)] = round(float(((held_out @ learned.T).max(axis=1) > TWIN).mean()), 3)
    return found


def _seconds_on_record(made: ElementalSolids) -> float | None:
    """Time of the run that made the same set, if the record is of that set."""
    if not TARGET.exists():
        return None
    record = json.loads(TARGET.read_text(encoding="utf-8"))
    return float(record["seconds"]) if record["set"]["sha256"] == made.data_hash else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_517)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--save", type=Path, default=None)
    parser.add_argument(
        "--load", type=Path, default=None, help="describe a saved set again; keeps the time on record"
    )
    options = parser.parse_args()
    start = time.perf_counter()
    if options.load is None:
        made = elemental_solids(options.seed, options.n, workers=options.workers)
        seconds: float | None = time.perf_counter() - start
    else:
        made = ElementalSolids.load(options.load)
        seconds = _seconds_on_record(made)
    if options.save is not None:
        made.save(options.save)
    figures = {
        "command": f"python benchmarks/elemental_solids.py --n {options.n} --seed {options.seed}",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": {
            "python": platform.python_version(),
            "xtalprint": xtalprint.__version__,
            **{name: metadata.version(name) for name in ("numpy", "spglib", "moyopy", "ase")},
        },
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, shared with other work",
        "seed": options.seed,
        "seconds": None if seconds is None else round(seconds, 1),
        "load_average_at_the_end": [round(x, 1) for x in os.getloadavg()],
        "shares_of_space_groups": {str(group): share for group, share in SHARES.items()},
        "classes": {str(group): name for group, name in CLASS_OF_SPACE_GROUP.items()},
        "set": content(made),
        "test_crystals_with_a_twin_in_training": twins(made),
        "excluded_c_over_a_at_margin_0.06": {
            path: {name: excluded(make, group, centre, 0.06) for name, centre in points.items()}
            for path, (make, group, points) in PATHS.items()
        },
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({k: figures[k] for k in ("seconds", "excluded_c_over_a_at_margin_0.06")}, indent=1))


if __name__ == "__main__":
    main()
