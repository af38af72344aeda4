"""Write src/xtalprint/geometry/harmonics.npy: the real spherical harmonics in terms of the monomials of degree 12.

They are a least-squares fit to random directions. Kept in a file because a threaded BLAS on a busy machine may take
half a minute for the fit.
"""

from __future__ import annotations

import numpy as np

from xtalprint.geometry.bond_moments import HARMONICS, fitted_harmonics

np.save(HARMONICS, np.concatenate(fitted_harmonics(), axis=1))
print(f"written: {HARMONICS}")
