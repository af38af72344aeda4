"""Versions of whatever can change a figure or a trained model."""

from __future__ import annotations

import platform
from importlib import metadata

from xtalprint._version import __version__

#: Libraries whose versions can change the data, the images, the weights or the answers.
PACKAGES = ("numpy", "scipy", "numba", "gemmi", "moyopy", "spglib", "torch", "onnx", "onnxruntime", "safetensors")


def versions() -> dict[str, str]:
    """Return the versions of this package, Python and the libraries that are installed."""
    found = {"xtalprint": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
