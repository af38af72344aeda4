"""Take a finished training run into the package: ``python -m xtalprint.models.shipping RUN VERSION [--name NAME]``.

For the developers of this package. The version and the error on the test set become part of the names of the files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from xtalprint.models import atom_class, crystal_class, crystal_class_image, crystal_class_published, prototype
from xtalprint.models.card import card
from xtalprint.models.files import write_bytes, write_text
from xtalprint.models.manifest import Manifest, Weights
from xtalprint.models.registry import WEIGHTS, checked_bytes, load_manifest

#: What the cards of the shipped models say in words.
WORDS = {
    words.NAME: words
    for words in (atom_class, crystal_class, crystal_class_image, crystal_class_published, prototype)
}


def ship(run: Path, version: str, *, name: str | None = None, folder: Path = WEIGHTS) -> Manifest:
    """Copy weights, manifest and card of a run into the folder of shipped models, in the place of older ones.

    Parameters
    ----------
    run
        Folder of a finished run.
    version
        Of the shipped model, such as ``"1.0.0"``.
    name
        Under which it is shipped, one of `WORDS`; None is that of the run.
    folder
        Where shipped models are.

    Raises
    ------
    ModelError
        If the run is not finished, or a file of it is not the one that was trained.
    """
    manifest, source = load_manifest(run)
    error = 100 * (1 - manifest.metrics["test"]["accuracy"])
    name = manifest.name if name is None else name
    words = WORDS[name]
    stem = f"{name}-{version}-e{error:.2f}"
    contents = {
        ending: checked_bytes(source, getattr(manifest.weights, ending)) for ending in ("onnx", "safetensors")
    }
    records = {
        ending: getattr(manifest.weights, ending).model_copy(update={"path": f"{stem}.{ending}"})
        for ending in contents
    }
    changes = {
        "name": name,
        "version": version,
        "weights": Weights(**records).model_dump(),
        "card": f"{name}.md",
        # Words may be mended after the run; figures may not.
        "summary": words.SUMMARY,
        "intended_use": words.INTENDED_USE,
        "out_of_scope": words.OUT_OF_SCOPE,
        "limitations": words.LIMITATIONS,
    }
    shipped = Manifest.model_validate(manifest.model_dump() | changes)
    for old in (*folder.glob(f"{name}-[0-9]*"), *folder.glob(f"{name}.*")):
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
    parser.add_argument("--name", choices=sorted(WORDS), help="under which it is shipped; default: that of the run")
    arguments = parser.parse_args()
    shipped = ship(arguments.run, arguments.version, name=arguments.name)
    print(f"{shipped.weights.onnx.path}: SHA-256 {shipped.weights.onnx.sha256}")  # noqa: T201 - a developer's command


if __name__ == "__main__":
    main()
