"""Take a finished training run into the package: ``python -m xtalprint.models.shipping RUN VERSION``.

For the developers of this package. The version and the error on the test set become part of the names of the files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from xtalprint.models import crystal_class as words
from xtalprint.models.card import card
from xtalprint.models.files import write_bytes, write_text
from xtalprint.models.manifest import Manifest, Weights
from xtalprint.models.registry import WEIGHTS, checked_bytes, load_manifest


def ship(run: Path, version: str, *, folder: Path = WEIGHTS) -> Manifest:
    """Copy weights, manifest and card of a run into the folder of shipped models, in the place of older ones.

    Parameters
    ----------
    run
        Folder of a finished run.
    version
        Of the shipped model, such as ``"1.0.0"``.
    folder
        Where shipped models are.

    Raises
    ------
    ModelError
        If the run is not finished, or a file of it is not the one that was trained.
    """
    manifest, source = load_manifest(run)
    error = 100 * (1 - manifest.metrics["test"]["accuracy"])
    stem = f"{manifest.name}-{version}-e{error:.2f}"
    contents = {
        ending: checked_bytes(source, getattr(manifest.weights, ending)) for ending in ("onnx", "safetensors")
    }
    records = {
        ending: getattr(manifest.weights, ending).model_copy(update={"path": f"{stem}.{ending}"})
        for ending in contents
    }
    changes = {
        "version": version,
        "weights": Weights(**records).model_dump(),
        "card": f"{manifest.name}.md",
        # Words may be mended after the run; figures may not.
        "summary": words.SUMMARY,
        "intended_use": words.INTENDED_USE,
        "out_of_scope": words.OUT_OF_SCOPE,
        "limitations": words.LIMITATIONS,
    }
    shipped = Manifest.model_validate(manifest.model_dump() | changes)
    for old in folder.glob(f"{manifest.name}[-.]*"):
        old.unlink()
    for ending, content in contents.items():
        write_bytes(folder / f"{stem}.{ending}", content)
    write_text(folder / shipped.card, card(shipped))
    write_text(folder / f"{shipped.name}.json", shipped.model_dump_json(indent=1) + "\n")
    return shipped


def main() -> None:
    """Parse the command line and ship."""
    parser = argparse.ArgumentParser(description="Take a finished training run into the package.")
    parser.add_argument("run", type=Path)
    parser.add_argument("version")
    arguments = parser.parse_args()
    shipped = ship(arguments.run, arguments.version)
    print(f"{shipped.weights.onnx.path}: SHA-256 {shipped.weights.onnx.sha256}")  # noqa: T201 - a developer's command


if __name__ == "__main__":
    main()
