"""What the pages on moduli are made of: the shipped manifest, and how figures are written."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from xtalprint.models.registry import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtalprint.models.manifest import PropertyManifest

BULK, SHEAR = MODULI = ("bulk modulus", "shear modulus")


@cache
def manifest() -> PropertyManifest:
    """That of the shipped model."""
    found: Any = read_manifest("stiffness")[0]
    return found


def with_error(found: Mapping[str, Any], key: str, digits: int) -> str:
    """Mean and standard error."""
    return f"{found[key]:.{digits}f} ± {found[f'standard error, {key}']:.{digits}f}"


def per_cent(shares: Iterable[float]) -> str:
    """Shares, without decimals."""
    return ", ".join(f"{100 * share:.0f}" for share in shares)


def signed(values: Iterable[float]) -> str:
    """Errors of log10 with their signs."""
    return ", ".join(f"{value:+.3f}" for value in values)
