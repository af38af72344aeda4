"""Put measured figures into docs/predict.md and docs/bulk-modulus.md, and into what CHANGELOG.md says of them.

Run it after ``train stiffness``, its shipping, ``benchmarks/predict.py`` and the studies. A page has ``<!--
NAME -->``
before and ``<!-- end -->`` after each part that is written here; the tests compare the same parts.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pages import ROOT, committed
from stiffness_figures import manifest
from stiffness_predict_parts import PREDICT
from stiffness_study_parts import BULK_MODULUS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCS = ROOT / "docs"
PAGES: dict[str, Mapping[str, Callable[[], str]]] = {"predict.md": PREDICT, "bulk-modulus.md": BULK_MODULUS}
PICTURES = {
    "bulk-modulus": ("bulk-modulus.png", "bulk-modulus-curves.png"),
    "stiffness-model": ("stiffness-model.png",),
    "stiffness-kernels": ("stiffness-kernels.png",),
}
EXAMPLE = ("SrTiO3_mp-5229_221.cif", "copper.cif", "magnesium.poscar")


def part(text: str, name: str) -> re.Match[str]:
    """Find the part of a page between its marks."""
    found = re.search(rf"(<!-- {re.escape(name)} -->\n\n)(.*?)(\n\n<!-- end -->)", text, re.DOTALL)
    if found is None:
        raise SystemExit(f"the page has no <!-- {name} --> followed by <!-- end -->")
    return found


def with_part(text: str, name: str, new: str) -> str:
    """Replace it."""
    found = part(text, name)
    return text[: found.start(2)] + new + text[found.end(2) :]


def example() -> str:
    """What ``predict`` prints for three files."""
    command = [sys.executable, "-m", "xtalprint", "predict", *EXAMPLE, "--quiet"]
    told = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT / "examples" / "data", check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout
    titles, *rows = told.splitlines()
    lines = [titles, *(row for row in rows if " GPa " in row and " to " in row)]
    return "```text\n$ xtalprint predict " + " ".join(EXAMPLE) + "\n" + "\n".join(lines) + "\n```"


def changelog() -> dict[str, str]:
    """What the changelog says, by a pattern of what it said."""
    errors = {
        split: [manifest().metrics[name][split]["errors"]["both"]["MAE, GPa"] for name in manifest().properties]
        for split in ("random", "by formula")
    }
    ways, grouped = (committed(name) for name in ("stiffness-model", "stiffness-by-formula"))
    bulk, shear = (ways[name]["ways"]["kernel and network"] for name in ("bulk modulus", "shear modulus"))
    formula = grouped["bulk modulus"]["ways"]["kernel and network"]["MAE, GPa"]
    number = r"[\d.]+"
    said = {
        f"{number} and {number} GPa in five random folds": "{:.1f} and {:.1f} GPa in five random folds".format(
            *errors["random"]
        ),
        f"{number} and {number} GPa on formulas never seen": "{:.1f} and {:.1f} GPa on formulas never seen".format(
            *errors["by formula"]
        ),
        f"a MAE of {number} GPa and {number} of log10 for the bulk modulus": (
            f"a MAE of {bulk['MAE, GPa']:.1f} GPa and {bulk['MAE of log10']:.3f} of log10 for the bulk modulus"
        ),
        f"{number} GPa where no formula is in two folds, and {number} GPa for the shear": (
            f"{formula:.1f} GPa where no formula is in two folds, and {shear['MAE, GPa']:.1f} GPa for the shear"
        ),
    }
    return {pattern.replace(" ", r"\s+"): text for pattern, text in said.items()}


def main() -> None:
    """Write both pages, the changelog and the pictures."""
    for page, parts in PAGES.items():
        path = DOCS / page
        text = path.read_text(encoding="utf-8")
        for name, write in parts.items():
            text = with_part(text, name, write())
        if page == "predict.md":
            text = with_part(text, "example", example())
        path.write_text(text, encoding="utf-8")
    path = ROOT / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    for pattern, said in changelog().items():
        # The line break stays where it was, if there was one.
        text, found = re.subn(pattern, lambda match, said=said: _broken_as(match[0], said), text)
        if found == 0:
            raise SystemExit(f"CHANGELOG.md does not say: {said}")
    path.write_text(text, encoding="utf-8")
    for study, names in PICTURES.items():
        for name in names:
            made = Path(sys.argv[1]) / study / name if len(sys.argv) > 1 else None
            if made is not None and made.is_file():
                shutil.copyfile(made, DOCS / "images" / name)


def _broken_as(old: str, new: str) -> str:
    """Give new words the white space of the old ones."""
    spaces = [*re.findall(r"\s+", old), ""]
    return "".join(word + space for word, space in zip(new.split(), spaces, strict=True))


if __name__ == "__main__":
    main()
