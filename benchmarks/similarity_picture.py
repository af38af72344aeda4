"""Draw how the index grows: ``python benchmarks/similarity_picture.py``, from results/similarity-speed.json."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

ROOT = Path(__file__).parents[1]
SOURCE, TARGET = ROOT / "results" / "similarity-speed.json", ROOT / "docs" / "images" / "similarity-growth.png"


def main() -> None:
    result = json.loads(SOURCE.read_text(encoding="utf-8"))
    rows = result["growth"]
    sizes = [row["crystals"] for row in rows]
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    panels = (
        ("time of one query (ms)", {"mean": [row["ms_mean"] for row in rows]}),
        (
            "crystals touched by a query",
            {
                "bounds computed": [row["bounds_computed_mean"] for row in rows],
                "distances computed": [row["distances_computed_mean"] for row in rows],
                "all": sizes,
            },
        ),
        (
            "memory (MB), time to build (s)",
            {"memory": [row["memory_MB"] for row in rows], "build": [row["build_cpu_s"] for row in rows]},
        ),
    )
    for axis, (label, curves) in zip(axes, panels, strict=True):
        for (name, values), style in zip(curves.items(), ("o-", "s-", "--"), strict=False):
            axis.loglog(sizes, values, style, label=name, markersize=4)
        axis.set_xlabel("crystals in the index")
        axis.set_ylabel(label)
        axis.grid(visible=True, which="both", alpha=0.25)
        if len(curves) > 1:
            axis.legend(frameon=False, fontsize=8, loc="upper left")
    axes[0].set_ylim(0.1, 2)
    axes[0].set_title("Exact search for the nearest ten, one thread", fontsize=9, loc="left")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(TARGET, dpi=150)


if __name__ == "__main__":
    main()
