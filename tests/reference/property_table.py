"""A small made table of properties, for models and studies of property classes."""

from __future__ import annotations

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets.properties import Properties

METALS, OTHERS = ("Li", "Na", "K", "Mg", "Ca", "Ti", "Fe", "Ni", "Zr", "Pb"), ("O", "S", "N", "C", "F", "Cl")


def property_table():
    """Cubic and tetragonal CsCl boxes: small ones are stiff, fluorides and chlorides are insulators."""
    rng = np.random.default_rng(0)
    crystals, formulas, cubic, edges = [], [], [], []
    for metal in METALS:
        for other in OTHERS:
            for ratio in (1.0, 1.3):
                edge = rng.uniform(2.8, 4.2)
                cell = np.diag([edge, edge, ratio * edge])
                crystals.append(Crystal([[0, 0, 0], cell.sum(axis=0) / 2], [metal, other], cell=cell))
                formulas.append(metal + other)
                cubic.append(ratio == 1.0)
                edges.append(edge)
    n, small, known = len(crystals), np.array(edges) < 3.5, np.array(cubic)
    ionic = np.array([name.endswith(("F", "Cl")) for name in formulas])
    return Properties(
        ids=np.array([f"x-{i:03d}" for i in range(n)]),
        crystals=crystals,
        sources=np.full(n, "mp36k"),
        formulas=np.array(formulas),
        space_groups=np.where(known, 221, 123),
        crystal_systems=np.where(known, "cubic", "tetragonal"),
        agreed=np.ones(n, dtype=bool),
        band_gap=np.where(ionic, 5.0, 0.0),
        e_above_hull=np.where(rng.random(n) < 0.5, 0.0, 1.0),
        bulk_modulus=np.where(small, 150.0, 20.0),
        shear_modulus=np.where(small, 80.0, 10.0),
        outlier=np.zeros(n, dtype=bool),
        path="made",
    )
