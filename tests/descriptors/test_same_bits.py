"""The same crystal gives the same bits whatever the threads of BLAS, and whether a loop was compiled or read."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HASHES = """
import hashlib
import numpy as np
from xtalprint import Crystal
from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.descriptors.neighbourhood_order import NeighbourhoodOrder
from xtalprint.geometry.bond_moments import bond_moments

rng = np.random.default_rng(0)
for n in (1, 2, 3, 40):  # the small ones are added up in NumPy, the large one in Numba
    found = hashlib.sha256()
    for _ in range(1 if n > 3 else 5):
        cell = 2.5 * n ** (1 / 3) * (np.eye(3) + 0.2 * rng.random((3, 3)))
        crystal = Crystal(rng.random((n, 3)) @ cell, rng.choice([8, 22], n), cell=cell)
        found.update(BondOrientationalOrder()._array(crystal, 2.5).tobytes())
        found.update(bond_moments(crystal, step=0.1, n_steps=90).moments.tobytes())
        if {more} or n > 3:
            found.update(NeighbourhoodOrder().compute(crystal).tobytes())
    print(n, found.hexdigest())
if {more}:
    from xtalprint.descriptors.reflection_bispectrum import ReflectionBispectrum
    from xtalprint.descriptors.reflection_power_spectrum import ReflectionPowerSpectrum

    for descriptor in (ReflectionBispectrum(), ReflectionPowerSpectrum()):
        print(hashlib.sha256(descriptor.compute(crystal).array.tobytes()).hexdigest())
"""


def hashes(*, more: bool, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", HASHES.replace("{more}", str(more))],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.slow
def test_threads_of_blas_do_not_matter():
    one, two = (hashes(more=True, OPENBLAS_NUM_THREADS=n, OMP_NUM_THREADS=n) for n in "12")
    assert one == two


@pytest.mark.slow
def test_state_of_the_cache_does_not_matter(tmp_path):
    first, second = (hashes(more=False, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert list(tmp_path.rglob("*.nbi"))
    assert first == second
