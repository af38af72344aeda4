"""The constants of cumulated masses in whole numbers, for packing, tiles and search alike.

Apart from the compiled loops, so that those who only need a constant do not import Numba.
"""

from __future__ import annotations

#: The whole mass of a group: masses are rounded to this fraction of it.
WHOLE = 2**24
#: A sum this close to 1 is meant to be 1: the rounding of single precision.
ROUNDING = 1e-6
#: A sum that is larger by more than this is no slip of rounding.
EXCESS = 1e-5
#: Distances in whole numbers stay far below this.
ENDLESS = 2**62
#: What is wrong with a group; 0 is nothing.
NOT_FINITE, NEGATIVE, TOO_MUCH = 1, 2, 3
