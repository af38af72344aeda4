"""The seven crystal classes as the network numbers them."""

from __future__ import annotations

#: Names in the order of the network's outputs (alphabetical).
CLASSES: tuple[str, ...] = ("bcc", "bct_139", "bct_141", "diam", "fcc", "hex/rh", "sc")
