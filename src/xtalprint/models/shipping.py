"""Take a finished training run into the package: ``python -m xtalprint.models.shipping RUN VERSION [--name NAME]``.

For the developers of this package. The version and the error on the test set become part of the names of the files.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from xtalprint.models import (
    atom_class,
    crystal_class,
    crystal_class_image,
    crystal_class_published,
    property_class_words,
    prototype,
    stiffness_words,
)
from xtalprint.models.files import write_bytes, write_text
from xtalprint.models.manifest import FileRecord, PropertyManifest, QuestionsManifest
from xtalprint.models.property_card import card_of
from xtalprint.models.registry import WEIGHTS, checked_bytes, read_manifest

if TYPE_CHECKING:
    from xtalprint.models.manifest import Manifest
    from xtalprint.models.registry import AnyManifest

#: What the cards of the shipped models say in words.
WORDS = {
    words.NAME: words
    for words in (
        *(atom_class, crystal_class, crystal_class_image, crystal_class_published),
        *(property_class_words, prototype, stiffness_words),
    )
}


def ship(run: Path, version: str, *, name: str | None = None, folder: Path = WEIGHTS) -> AnyManifest:
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
    manifest, source = read_manifest(run)
    name = manifest.name if name is None else name
    if isinstance(manifest, PropertyManifest):
        stem = f"{name}-{version}-e{manifest.errors['bulk-modulus']:.2f}"
        records: dict[str, FileRecord] = dict(manifest.files)
        paths = {"weights": f"{stem}.npz", "known": f"{stem}-known.npz"}
    else:
        stem = f"{name}-{version}{_told(manifest)}"
        records = dict(manifest.weights)
        paths = {ending: f"{stem}.{ending}" for ending in records}
    contents = {paths[key]: checked_bytes(source, record) for key, record in records.items()}
    moved = {key: record.model_copy(update={"path": paths[key]}).model_dump() for key, record in records.items()}
    words = WORDS[name]
    changes = {
        "name": name,
        "version": version,
        "files" if isinstance(manifest, PropertyManifest) else "weights": moved,
        "card": f"{name}.md",
        # Words may be mended after the run; figures may not.
        "summary": words.SUMMARY,
        "intended_use": words.INTENDED_USE,
        "out_of_scope": words.OUT_OF_SCOPE,
        "limitations": words.LIMITATIONS,
    }
    if isinstance(manifest, QuestionsManifest):
        changes["questions"] = {
            key: question.model_dump() | {"meaning": words.MEANING[key], "caveat": words.CAVEATS[key]}
            for key, question in manifest.questions.items()
        }
    shipped = type(manifest).model_validate(manifest.model_dump() | changes)
    for old in (*folder.glob(f"{name}-[0-9]*"), *folder.glob(f"{name}.*")):
        old.unlink()
    for path, content in contents.items():
        write_bytes(folder / path, content)
    write_text(folder / shipped.card, card_of(shipped))
    write_text(folder / f"{shipped.name}.json", shipped.model_dump_json(indent=1) + "\n")
    return shipped


def _told(manifest: Manifest | QuestionsManifest) -> str:
    """Error on the test part in %, for the names of the files; there is no one error of several questions."""
    if isinstance(manifest, QuestionsManifest):
        return ""
    return f"-e{100 * (1 - float(manifest.metrics['test']['accuracy'])):.2f}"


def main() -> None:
    """Parse the command line and ship."""
    parser = argparse.ArgumentParser(description="Take a finished training run into the package.")
    parser.add_argument("run", type=Path)
    parser.add_argument("version")
    parser.add_argument("--name", choices=sorted(WORDS), help="under which it is shipped; default: that of the run")
    arguments = parser.parse_args()
    shipped = ship(arguments.run, arguments.version, name=arguments.name)
    weights = shipped.files.weights if isinstance(shipped, PropertyManifest) else shipped.weights.onnx
    print(f"{weights.path}: SHA-256 {weights.sha256}")  # noqa: T201 - a developer's command


if __name__ == "__main__":
    main()
