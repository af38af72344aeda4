"""The seven crystal classes and the space groups they stand for."""

from __future__ import annotations

#: Names in the order of the network's outputs (alphabetical).
CLASSES: tuple[str, ...] = ("bcc", "bct_139", "bct_141", "diam", "fcc", "hex/rh", "sc")
