"""Write down what finished training runs have measured: accuracy, every error, time for each part.

Train first, each with its own command, then collect::

    xtalprint train crystal-class-image --output runs/published
    xtalprint train crystal-class-image --config recipes/structure-types.toml --output runs/structure-types
    xtalprint train crystal-class-image --config recipes/crystal-class-image.toml --output runs/crystal-class-image
    xtalprint train crystal-class --output runs/crystal-class
    python benchmarks/training.py runs/published runs/structure-types runs/crystal-class-image runs/crystal-class

It writes results/training.json. Peer: 80 minutes for five epochs (Ziletti et al. 2018, on a quad-core laptop).
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import Any

from xtalprint.compute import available_cores
from xtalprint.models.registry import load_manifest

TARGET = Path(__file__).parents[1] / "results" / "training.json"


def figures(run: Path) -> dict[str, Any]:
    """What a run folder says about itself."""
    manifest, _ = load_manifest(run)
    record, metrics = manifest.training, manifest.metrics
    epochs = {
        path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(run.glob("epochs*.jsonl"))
    }
    parts = {
        name: {k: v for k, v in metrics[name].items() if k != "wrong"} for name in ("train", "validation", "test")
    }
    return {
        "command": record.command,
        "recipe": record.config,
        "data": record.data,
        "seconds": record.seconds,
        "epochs": epochs,
        **parts,
        "wrong_in_test": metrics["test"].get("wrong"),
        **{name: metrics[name] for name in ("defective", "calibration", "single_networks") if name in metrics},
        "known": None if manifest.known is None else manifest.known.model_dump(mode="json"),
        "versions": record.versions,
        "date": record.finished,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of finished runs")
    arguments = parser.parse_args()
    record = {
        "command": "python benchmarks/training.py " + " ".join(f"runs/{run.name}" for run in arguments.runs),
        "machine": f"{platform.machine()}, {available_cores()} cores",
        "runs": {run.name: figures(run) for run in arguments.runs},
    }
    TARGET.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, run in record["runs"].items():
        test, seconds = run["test"], run["seconds"]["training"]
        print(f"{name}: {test['errors']} errors in {test['n']}, trained in {seconds:.0f} s")


if __name__ == "__main__":
    main()
