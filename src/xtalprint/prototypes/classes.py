"""The seven crystal classes of the elements and the space groups that they stand for (Ziletti et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: hex/rh stands for two groups, because their images can hardly be told apart.
CLASS_OF_SPACE_GROUP: Mapping[int, str] = {
    139: "bct_139", 141: "bct_141", 166: "hex/rh", 194: "hex/rh", 221: "sc", 225: "fcc", 227: "diam", 229: "bcc",
}  # fmt: skip
