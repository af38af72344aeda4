"""CIF: symmetry in all its notations, disorder, numbers, blocks. Expected contents are those of textbooks."""

from __future__ import annotations

import gemmi
import moyopy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.crystal import Crystal, cell_parameters
from xtalprint.elements import SYMBOLS
from xtalprint.errors import XtalprintError
from xtalprint.io import cif, iter_read, read
from xtalprint.io.cif_symmetry import Operations, fits_cell
from xtalprint.io.quiet import first_line


def cell(a, b=None, c=None, alpha=90, beta=90, gamma=90):  # noqa: PLR0917 - the usual order of six
    return "".join(
        f"_cell_length_{axis} {value}\n" for axis, value in zip("abc", (a, b or a, c or a), strict=True)
    ) + "".join(
        f"_cell_angle_{angle} {value}\n"
        for angle, value in zip(("alpha", "beta", "gamma"), (alpha, beta, gamma), strict=True)
    )


def atoms(*rows, columns="label fract_x fract_y fract_z"):
    return "loop_\n" + "".join(f"_atom_site_{name}\n" for name in columns.split()) + "\n".join(rows) + "\n"


def block(*parts, name="test"):
    return f"data_{name}\n" + "".join(part if part.endswith("\n") else part + "\n" for part in parts)


SALT = atoms("Na1 0 0 0", "Cl1 0.5 0.5 0.5")
SQRT3 = np.sqrt(3)


@pytest.mark.parametrize(
    "symmetry",
    [
        "_symmetry_space_group_name_H-M 'F m -3 m'",
        "_symmetry_space_group_name_H-M 'Fm-3m'",
        "_space_group_name_H-M_alt 'F m 3 m'",
        "_symmetry_space_group_name_Hall '-F 4 2 3'",
        "_space_group_IT_number 225",
        "_symmetry_Int_Tables_number 225",
        "_symmetry_space_group_name_H-M 'F M -3 M'",
        "_SYMMETRY_SPACE_GROUP_NAME_H-M 'F m -3 m'",
        "_space_group.name_H-M_alt 'F m -3 m'",
    ],
)
def test_rock_salt_by_any_name_of_its_group(write, symmetry):
    [crystal] = read(write("salt.cif", block(cell("5.6402(3)"), symmetry, SALT)))
    assert crystal.formula == "Cl4Na4"
    assert crystal.n_sites == 8
    assert crystal.volume == pytest.approx(5.6402**3)
    assert crystal.frame == 0


def test_the_list_of_operations_counts_more_than_the_name(write):
    operations = "loop_\n_symmetry_equiv_pos_as_xyz\n'x, y, z'\n'1/2+x, 1/2+y, z'\n"
    text = block(cell(4, 5, 6), "_symmetry_space_group_name_H-M 'P 1'", operations, atoms("Fe 0.1 0.2 0.3"))
    [crystal] = read(write("c.cif", text))
    assert crystal.frac == pytest.approx(np.array([[0.1, 0.2, 0.3], [0.6, 0.7, 0.3]]))


@pytest.mark.parametrize(
    "triplets",
    [
        ["x,y,z", "-x,1/2+y,-z"],
        ["'X, Y, Z'", "'-X, Y+1/2, -Z'"],
        ["+x,+y,+z", "-x,.5+y,-z"],
        ["1 x,y,z", "2 -x,y+1/2,-z"],
    ],
)
def test_operations_in_any_spelling(write, triplets):
    tags = "_symmetry_equiv_pos_site_id\n" if triplets[0][0] == "1" else ""
    text = block(
        cell(4.661, 5.602, 3.411, beta=90.2),
        f"loop_\n{tags}_space_group_symop_operation_xyz\n" + "\n".join(triplets),
        atoms("Co 0.24824 0.00000 0.24480"),
    )
    [crystal] = read(write("c.cif", text))
    assert crystal.frac == pytest.approx(np.array([[0.24824, 0, 0.2448], [1 - 0.24824, 0.5, 1 - 0.2448]]))


def test_corundum_on_hexagonal_and_on_rhombohedral_axes_is_one_crystal(write):
    """Al2O3, R-3c: 30 atoms in the hexagonal cell, 10 in the rhombohedral one (a 5.128 Å, alpha 55.28 degrees)."""
    name = "_symmetry_space_group_name_H-M 'R -3 c'"
    hexagonal = block(cell(4.7589, 4.7589, 12.991, gamma=120), name, atoms("Al 0 0 0.3521", "O 0.3064 0 0.25"))
    a = np.sqrt(3 * 4.7589**2 + 12.991**2) / 3
    alpha = np.degrees(2 * np.arcsin(3 / (2 * np.sqrt(3 + (12.991 / 4.7589) ** 2))))
    rhombohedral = block(
        cell(a, a, a, alpha, alpha, alpha), name, atoms("Al 0.3521 0.3521 0.3521", "O 0.5564 -0.0564 0.25")
    )
    [h] = read(write("h.cif", hexagonal))
    [r] = read(write("r.cif", rhombohedral))
    assert (h.formula, r.formula) == ("Al12O18", "Al4O6")
    assert h.volume / 3 == pytest.approx(r.volume, rel=1e-6)
    distances = []
    for crystal in (h, r):
        frac = crystal.frac[:, None] - crystal.frac[None]
        shortest = np.linalg.norm((frac - np.round(frac)) @ crystal.cell, axis=2) + 9 * np.eye(len(crystal))
        distances.append(np.sort(np.unique(shortest.min(axis=1).round(3))))
    assert distances[0] == pytest.approx(distances[1], abs=2e-3)


@pytest.mark.parametrize("name", ["R -3 c :H", "R-3c:H", "R -3 c H", "R -3 c HR"])
def test_the_axes_may_stand_in_the_name(write, name):
    text = block(
        cell(4.7589, 4.7589, 12.991, gamma=120), f"_symmetry_space_group_name_H-M '{name}'", atoms("Al 0 0 0.3521")
    )
    assert len(read(write("h.cif", text))[0]) == 12


def test_numbers_in_the_words_of_another_library_are_plain():
    error = ValueError("thickness=[np.float64(0.001), np.float64(1e-09)] Å, np.int64(3) below threshold")
    assert first_line(error) == "thickness=[0.001, 1e-09] Å, 3 below threshold"


def test_formula_units_choose_between_two_origins(write):
    """Diamond: at 1/8 1/8 1/8 in the setting with the origin at the centre, 0 0 0 in the other."""
    name = "_symmetry_space_group_name_H-M 'F d -3 m'"
    rest = "_chemical_formula_sum C\n_cell_formula_units_Z 8"
    for place in ("0 0 0", "0.125 0.125 0.125"):
        [crystal] = read(write("c.cif", block(cell(3.567), name, rest, atoms(f"C {place}"))))
        assert len(crystal) == 8
        frac = crystal.frac[:, None] - crystal.frac[None]
        shortest = np.linalg.norm((frac - np.round(frac)) @ crystal.cell, axis=2) + 9 * np.eye(8)
        assert shortest.min(axis=1) == pytest.approx(3.567 * SQRT3 / 4)


def test_a_rounded_special_position_is_made_exact(write):
    """Magnesium: 0.3333 0.6667 0.25 in P6_3/mmc is 1/3 2/3 1/4; else each atom would be three."""
    text = block(
        cell(3.2094, 3.2094, 5.2108, gamma=120),
        "_symmetry_space_group_name_H-M 'P 63/m m c'",
        atoms("Mg 0.3333 0.6667 0.25"),
    )
    [crystal] = read(write("mg.cif", text))
    assert np.sort(crystal.frac, axis=0) == pytest.approx(
        np.array([[1 / 3, 1 / 3, 0.25], [2 / 3, 2 / 3, 0.75]]), abs=1e-12
    )


def test_a_block_without_symmetry_is_p1(write):
    [crystal] = read(write("p1.cif", block(cell(4, 5, 6), atoms("Fe 0 0 0", "O .5 .5 .5"))))
    assert crystal.formula == "FeO"


def test_disorder_is_kept(write):
    text = block(
        cell(3.68),
        "_space_group_IT_number 225",
        atoms("Cu1 0 0 0 0.63(2)", "Zn1 0 0 0 0.37(2)", columns="label fract_x fract_y fract_z occupancy"),
    )
    [crystal] = read(write("brass.cif", text))
    assert (len(crystal), crystal.n_sites) == (8, 4)
    assert crystal.formula == "Cu2.52Zn1.48"
    assert not crystal.is_ordered


def test_disorder_groups_stay_apart(write):
    columns = "label type_symbol fract_x fract_y fract_z occupancy disorder_assembly disorder_group"
    text = block(
        cell(8, 9, 10),
        atoms(
            "O1A O 0.10 0.2 0.3 0.6 A 1",
            "O1B O 0.13 0.2 0.3 0.4 A 2",
            "C1 C 0.5 0.5 0.5 . . .",
            columns=columns,
        ),
    )
    [crystal] = read(write("d.cif", text))
    assert crystal.n_sites == 3
    assert crystal.occupancies == pytest.approx([0.6, 0.4, 1.0])


def test_an_atom_disordered_about_a_mirror_is_not_merged(write):
    """0.3 Å from the mirror and half occupied: two positions, of which one is occupied at a time."""
    columns = "label fract_x fract_y fract_z occupancy disorder_group"
    operations = "loop_\n_space_group_symop_operation_xyz\nx,y,z\nx,y,-z\n"
    text = block(cell(8, 9, 10), operations, atoms("O1 0.1 0.2 0.015 0.5 -1", columns=columns))
    [crystal] = read(write("d.cif", text))
    assert len(crystal) == 2
    assert crystal.formula == "O"
    full = block(cell(8, 9, 10), operations, atoms("O1 0.1 0.2 0.015 1 .", columns=columns))
    [crystal] = read(write("f.cif", full))
    assert len(crystal) == 1
    assert crystal.frac[0] == pytest.approx([0.1, 0.2, 0.0], abs=1e-12)


def test_occupancies_that_add_up_to_a_little_more_than_one_are_scaled(write):
    text = block(
        cell(4),
        atoms("Cu 0 0 0 0.67", "Zn 0 0 0 0.34", columns="label fract_x fract_y fract_z occupancy"),
    )
    [crystal] = read(write("c.cif", text))
    assert crystal.occupancies.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("symbol", "label", "element"),
    [
        ("Fe3+", "X", "Fe"),
        ("O2-", "Z9", "O"),
        ("O-2", "o1", "O"),
        ("Fe+3", "f", "Fe"),
        ("CU", "CU1", "Cu"),
        ("fe", "fe", "Fe"),
        ("D", "D1", "H"),
        ("Wat", "Wat1", "O"),
        ("OH", "OH1", "O"),
        ("Ti4+", "Ti1", "Ti"),
        (".", "Si12A", "Si"),
        ("?", "OW1", "O"),
        (".", "Ca(2)", "Ca"),
        (".", "C(2)", "C"),
        (".", "CA1", "Ca"),
        (".", "CU1", "Cu"),
        (".", "CAB", "C"),
        (".", "Hg2", "Hg"),
        (".", "HO1", "H"),
        ("Cval", "C1", "C"),
        ("Siva", "Si1", "Si"),
    ],
)
def test_species_as_people_write_them(write, symbol, label, element):
    text = block(
        cell(4),
        "_chemical_formula_sum 'H'" if element == "H" else "_chemical_formula_sum ?",
        atoms(f"{label} {symbol} 0 0 0", columns="label type_symbol fract_x fract_y fract_z"),
    )
    assert read(write("c.cif", text))[0].symbols == [element]


def test_the_formula_tells_calcium_from_a_carbon(write):
    text = block(cell(4), "_chemical_formula_sum 'Ca O'", atoms("CA1 0 0 0", "O1 .5 .5 .5"))
    assert read(write("c.cif", text))[0].formula == "CaO"


COD_LIKE = """\
#------------------------------------------------------------------------------
# This file is in the manner of the Crystallography Open Database
#------------------------------------------------------------------------------
data_9999999
loop_
_publ_author_name
'Müller, U.'
"O'Neil, J."
_publ_section_title
;
 A title over
 two lines with data_ and loop_ in it
;
_journal_year                    2001
_chemical_formula_sum            'O2 Ti'   # a comment
_chemical_name_mineral           Rutile
_symmetry_space_group_name_H-M   'P 42/m n m'
_CELL_ANGLE_alpha                90
_cell_angle_beta                 90
_cell_angle_gamma                90.00
_cell_length_a                   4.5937(1)
_cell_length_b                   4.5937(1)
_cell_length_c                   2.9587(1)
_cell_volume                     62.435
_cell_formula_units_Z            2
_exptl_crystal_density_diffrn    ?
loop_
_atom_site_label
_Atom_Site_Type_Symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
_atom_site_U_iso_or_equiv
_atom_site_calc_flag
Ti1 Ti4+ 0.00000 0.00000 0.00000 1. 0.00532 .
O1 O2- 0.30478(6) 0.30478(6) 0.00000 . ? d
Cg1 . 0.25 0.25 0.25 . . dum
loop_
_atom_site_aniso_label
_atom_site_aniso_U_11
Ti1 0.006
#END
"""


def test_a_file_in_the_manner_of_cod(write):
    [crystal] = read(write("9999999.cif", COD_LIKE))
    assert crystal.formula == "O4Ti2"
    assert crystal.n_sites == 6
    assert crystal.volume == pytest.approx(62.435, rel=1e-4)
    # Ti-O in rutile: 1.949 Å four times and 1.980 Å twice (Burdett et al. 1987).
    titanium = np.flatnonzero(crystal.numbers == 22)[0]
    images = np.array(np.meshgrid(*[[-1, 0, 1]] * 3)).reshape(3, -1).T @ crystal.cell
    oxygen = (crystal.positions[crystal.numbers == 8][:, None] + images).reshape(-1, 3)
    distances = np.sort(np.linalg.norm(oxygen - crystal.positions[titanium], axis=1))[:6]
    assert distances == pytest.approx([1.948] * 4 + [1.980] * 2, abs=2e-3)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems(write, end):
    path = write("c.cif", COD_LIKE.replace("\n", end).encode("utf-8"))
    assert read(path)[0].formula == "O4Ti2"


def test_latin1_in_the_bibliography_does_no_harm(write):
    assert read(write("c.cif", COD_LIKE.encode("latin-1")))[0].formula == "O4Ti2"


def test_a_byte_order_mark_does_no_harm(write):
    assert read(write("c.cif", COD_LIKE.encode("utf-8-sig")))[0].formula == "O4Ti2"


def test_atoms_without_a_loop(write):
    text = block(cell(4), "_atom_site_label Po1\n_atom_site_fract_x 0\n_atom_site_fract_y 0.\n_atom_site_fract_z 1/2")
    assert read(write("c.cif", text))[0].frac[0] == pytest.approx([0, 0, 0.5])


def test_a_magnetic_cif(write):
    text = block(
        "_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4",
        "loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\n-x,-y,-z,-1\n",
        "loop_\n_space_group_symop_magn_centering.xyz\nx,y,z,+1\nx+1/2,y+1/2,z+1/2,-1\n",
        atoms("Fe 0.1 0.2 0.3"),
    )
    assert len(read(write("c.mcif", text))[0]) == 4


def test_every_block_is_a_frame_and_keeps_its_number(write):
    one = block(cell(4), atoms("Fe 0 0 0"), name="one")
    two = block(cell(5), atoms("Cu 0 0 0"), name="two")
    crystals = read(write("c.cif", "data_global\n_journal_year 2001\n" + one + two))
    assert [(c.frame, c.formula) for c in crystals] == [(1, "Fe"), (2, "Cu")]


def test_a_bad_block_does_not_stop_the_others(write):
    good = block(cell(4), atoms("Fe 0 0 0"), name="good")
    cases = {
        "frame 1: block data_bad: no atoms": block(cell(4), name="bad"),
        "frame 1, atom 0: block data_bad: unknown element (value: Qq)": block(
            cell(4), atoms("Qq Qq 0 0 0", columns="label type_symbol fract_x fract_y fract_z"), name="bad"
        ),
        "frame 1: not valid CIF in line 23": "data_bad\nloop_\n_a\n_b\n1 2 3\n",
    }
    for message, bad in cases.items():
        path = write("c.cif", good + bad + good.replace("good", "last"))
        first, error, last = iter_read(path)
        assert (first.frame, error.frame, last.frame) == (0, 1, 2)
        assert last.formula == "Fe"
        assert message.replace("line 23", "") in str(error)


def test_equal_block_names_and_double_items_do_no_harm(write):
    one = block("_journal_year 1\n_journal_year 2", cell(4), atoms("Fe 0 0 0"))
    assert len(read(write("c.cif", one + one))) == 2


MESSAGES = {
    "only symmetry": (
        block(cell(4), "_space_group_IT_number 225"),
        "frame 0: block data_test: no atoms; check that the file is complete: a cell or symmetry is not enough.",
    ),
    "only text": (
        "data_global\n_journal_year 2001\n",
        "frame 0: block data_global: no atoms; check that the file is complete: a cell or symmetry is not enough.",
    ),
    "no cell": (
        block(atoms("Fe 0 0 0")),
        "frame 0: block data_test: no _cell_length_a; complete the cell.",
    ),
    "unknown angle": (
        block(cell(4, 5, 6, beta="?"), atoms("Fe 0 0 0")),
        "frame 0: block data_test: no _cell_angle_beta; complete the cell.",
    ),
    "impossible angles": (
        block(cell(4, 4, 4, 30, 30, 100), atoms("Fe 0 0 0")),
        (
            "frame 0: block data_test: these lengths and angles span no cell "
            "(value: [4.0, 4.0, 4.0, 30.0, 30.0, 100.0]); correct the _cell_ items."
        ),
    ),
    "unknown coordinates": (
        block(cell(4), atoms("Fe1 0 0 0", "H1 ? ? ?")),
        "frame 0, atom 1: block data_test: the atom H1 has no coordinates (value: ?); add them, or remove the atom.",
    ),
    "no number": (
        block(cell(4), atoms("Fe1 0 0 zero")),
        "frame 0, atom 0: block data_test: coordinate of Fe1 is not a number (value: zero); correct it.",
    ),
    "per cent": (
        block(cell(4), atoms("Fe1 0 0 0 50", columns="label fract_x fract_y fract_z occupancy")),
        (
            "frame 0, atom 0: block data_test: occupancy of Fe1 is outside (0, 1] (value: 50.0); "
            "give fractions, not per cent."
        ),
    ),
    "Cartesian": (
        block(cell(4), atoms("Fe1 0 0 0", columns="label Cartn_x Cartn_y Cartn_z")),
        "frame 0: block data_test: the atoms have Cartesian coordinates only; write _atom_site_fract_x, y and z.",
    ),
    "unknown group": (
        block(cell(4), "_symmetry_space_group_name_H-M 'X 17'", atoms("Fe 0 0 0")),
        (
            "frame 0: block data_test: space group 'X 17' is unknown; "
            "list the operations under _space_group_symop_operation_xyz."
        ),
    ),
    "no operation": (
        block(cell(4), "loop_\n_symmetry_equiv_pos_as_xyz\nx,y\n", atoms("Fe 0 0 0")),
        "frame 0: block data_test: a symmetry operation cannot be read (value: x,y); as in -x, y+1/2, -z.",
    ),
    "half a group": (
        block(cell(4), "loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n-y,x,z\n", atoms("Fe 0 0 0")),
        (
            "frame 0: block data_test: the 2 symmetry operations are not a whole group, which would have 4; "
            "complete or correct the list of operations."
        ),
    ),
    "no group at all": (
        block(cell(4), "loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\nx+y,y,z\n", atoms("Fe 0 0 0")),
        (
            "frame 0: block data_test: the 2 symmetry operations are not a whole group; "
            "complete or correct the list of operations."
        ),
    ),
    "infinite angle": (
        block(cell(4, 4, 4, "inf"), atoms("Fe 0 0 0")),
        (
            "frame 0: block data_test: these lengths and angles span no cell "
            "(value: [4.0, 4.0, 4.0, inf, 90.0, 90.0]); correct the _cell_ items."
        ),
    ),
    "wrong cell for the group": (
        block(cell(4, 5, 6), "_space_group_IT_number 225", atoms("Fe 0 0 0")),
        (
            "frame 0: block data_test: the symmetry operations do not fit the cell (value: [4.0, 5.0, 6.0]); "
            "correct the cell or the space group."
        ),
    ),
    "dots as coordinates": (
        block(cell(4), atoms("Fe 0 0 nan")),
        "frame 0, atom 0: block data_test: a coordinate is not finite (value: [0.0, 0.0, nan]); correct it.",
    ),
    "no block": (
        "just text\n",
        (
            "frame 0: not valid CIF in line 1: expected block header (data_); "
            "correct this line, or copy the file again if it is cut off."
        ),
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(only_error, case):
    text, message = MESSAGES[case]
    assert (
        only_error("c.cif", text).startswith(message) if case == "no block" else only_error("c.cif", text) == message
    )


def test_coincident_atoms_are_refused_after_a_second_opinion(only_error):
    message = only_error("c.cif", block(cell(4), atoms("Fe1 0 0 0", "Co1 0.01 0 0")))
    assert message.startswith(
        "frame 0: block data_test: atoms 0, 1 are closer than 0.5 Å, and their occupancies add up to 2; correct the"
    )


@pytest.fixture
def second(monkeypatch):
    """What pymatgen would answer."""
    asked = []

    def set_answer(answer):
        def by_pymatgen(block, source, frame):
            asked.append(frame)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(cif, "_by_pymatgen", by_pymatgen)
        return asked

    return set_answer


STALE = block(cell(4), "_chemical_formula_sum 'Fe2 O3'", atoms("Fe 0 0 0", "O .5 .5 .5"))
IRON_OXIDE = Crystal([[0, 0, 0], [2, 2, 2]], ["Fe", "O"], cell=4 * np.eye(3))


def test_a_sound_file_needs_no_second_opinion(write, second):
    asked = second(IRON_OXIDE)
    read(write("c.cif", block(cell(4), "_chemical_formula_sum 'Fe O'", atoms("Fe 0 0 0", "O .5 .5 .5"))))
    assert not asked


def test_missing_hydrogen_needs_no_second_opinion(write, second):
    asked = second(IRON_OXIDE)
    read(write("c.cif", block(cell(4), "_chemical_formula_sum 'Fe H2 O'", atoms("Fe 0 0 0", "O .5 .5 .5"))))
    assert not asked


def test_if_both_readers_agree_the_atoms_count_not_the_formula(write, second):
    asked = second(IRON_OXIDE)
    assert read(write("c.cif", STALE))[0].formula == "FeO"
    assert asked == [0]


def test_the_other_reading_is_taken_if_it_has_the_formula(write, second):
    five = Crystal(np.arange(15).reshape(5, 3), ["Fe", "Fe", "O", "O", "O"], cell=20 * np.eye(3))
    second(five)
    assert read(write("c.cif", STALE))[0] is five


def test_if_the_readers_disagree_the_file_is_refused(only_error, second):
    second(Crystal([[0, 0, 0]], ["Fe"], cell=4 * np.eye(3)))
    assert only_error("c.cif", STALE) == (
        "frame 0: block data_test: the atoms make Fe1 O1, which is no multiple of _chemical_formula_sum Fe2 O3; "
        "correct the file; pymatgen finds Fe1."
    )


def test_without_pymatgen_a_doubtful_file_is_refused_with_the_install_line(only_error, second):
    second(ImportError("no pymatgen"))
    assert only_error("c.cif", STALE).endswith(
        'correct the file, or for a second reading: pip install "xtalprint[pymatgen]".'
    )


def test_an_absurd_cell_is_refused(only_error, second):
    second(RuntimeError("no structure"))
    assert "the cell is too small, 1 Å³" in only_error("c.cif", block(cell(1), atoms("Fe 0 0 0")))


def compatible_cell(operations, rng):
    """A cell that the rotations leave as it is: the mean of a metric over the group."""
    start = np.diag([15.0, 17.0, 19.0]) + rng.uniform(-1, 1, (3, 3))
    metric = start @ start.T
    rotations = operations.rotations
    mean = (rotations.transpose(0, 2, 1) @ metric @ rotations).mean(axis=0)
    return np.linalg.cholesky(mean)


def positions_apart(operations, cell_rows, rng):
    """Three positions whose orbits keep 0.6 Å from each other and from themselves."""
    while True:
        frac = rng.uniform(0.05, 0.95, (3, 3))
        orbits = (frac @ operations.rotations.transpose(0, 2, 1) + operations.translations[:, None]).reshape(-1, 3)
        delta = orbits[:3, None] - orbits
        distances = np.linalg.norm((delta - np.round(delta)) @ cell_rows, axis=2)
        if (distances[~np.eye(3, len(orbits), dtype=bool)] > 0.6).all():
            return frac


def test_every_setting_of_every_space_group(write):
    """Three elements at general positions: moyopy must find the group that the file names or lists."""
    rng = np.random.default_rng(0)
    for number in range(1, 231):
        settings_of = [g for g in gemmi.spacegroup_table() if g.number == number]
        # The first and the last setting of each group in the table, which has some 560.
        for group in {g.xhm(): g for g in (settings_of[0], settings_of[-1])}.values():
            operations = [o.triplet() for o in group.operations()]
            arrays = Operations(
                *(np.array([getattr(o, key) for o in group.operations()]) / 24.0 for key in ("rot", "tran")), ""
            )
            a, b, c, *angles = cell_parameters(compatible_cell(arrays, np.random.default_rng(number)))
            frac = positions_apart(arrays, compatible_cell(arrays, np.random.default_rng(number)), rng)
            places = [" ".join([name, *(f"{x:.6f}" for x in row)]) for name, row in zip("BNS", frac, strict=True)]
            head = cell(*(f"{x:.8f}" for x in (a, b, c, *angles)))
            listed = "loop_\n_space_group_symop_operation_xyz\n" + "\n".join(operations)
            named = f"_space_group_name_Hall '{group.hall}'"
            by_list = read(write("c.cif", block(head, listed, atoms(*places))))[0]
            by_name = read(write("c.cif", block(head, named, atoms(*places))))[0]
            assert len(by_list) == len(by_name) == 3 * len(operations), group.xhm()
            moyo = moyopy.Cell(by_name.cell.tolist(), by_name.frac.tolist(), by_name.numbers.tolist())
            assert moyopy.MoyoDataset(moyo, symprec=1e-3).number == number, group.xhm()


def test_a_group_fits_only_its_lattices():
    fourfold = Operations(
        np.array([np.eye(3), [[0, -1, 0], [1, 0, 0], [0, 0, 1]]], dtype=float), np.zeros((2, 3)), ""
    )
    assert fits_cell(fourfold, np.diag([4.0, 4.0, 6.0]))
    assert fits_cell(fourfold, np.diag([4.0, 4.01, 6.0]))
    assert not fits_cell(fourfold, np.diag([4.0, 5.0, 6.0]))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data(), n=st.integers(1, 6))
def test_a_p1_file_gives_back_what_was_written(data, n, tmp_path_factory):
    lengths = [data.draw(st.floats(6, 12)) for _ in range(3)]
    angles = [data.draw(st.floats(75, 105)) for _ in range(3)]
    numbers = data.draw(st.lists(st.integers(1, 118), min_size=n, max_size=n))
    frac = np.array([[(i + 0.5) / n, data.draw(st.floats(-1, 2)), data.draw(st.floats(-1, 2))] for i in range(n)])
    rows = [f"{SYMBOLS[z]} {x!r} {y!r} {w!r}" for z, (x, y, w) in zip(numbers, frac.tolist(), strict=True)]
    path = tmp_path_factory.mktemp("cif") / "c.cif"
    path.write_text(block(cell(*(repr(x) for x in (*lengths, *angles))), atoms(*rows)))
    [crystal] = read(path)
    assert crystal.numbers.tolist() == numbers
    assert crystal.frac == pytest.approx(frac, abs=1e-9)
    assert np.linalg.norm(crystal.cell, axis=1) == pytest.approx(lengths)


def test_reading_twice_gives_the_same_bits(write):
    path = write("c.cif", COD_LIKE)
    assert read(path)[0] == read(path)[0]


def test_no_item_is_lost_where_all_blocks_are_bad(write):
    items = list(iter_read(write("c.cif", 3 * "data_x\n_cell_length_a 4\n")))
    assert [(isinstance(e, XtalprintError), e.frame) for e in items] == [(True, 0), (True, 1), (True, 2)]


def test_coordinates_far_beyond_any_cell_are_refused(write):
    text = block(cell(4), atoms("Cu1 Cu 1e16 0 0", columns="label type_symbol fract_x fract_y fract_z"))
    with pytest.raises(XtalprintError, match=r"a coordinate is 1e\+06 cells away or more"):
        read(write("far.cif", text))


def test_a_file_cut_off_at_the_end_of_a_row_is_refused_by_its_formula(write):
    rows = [f"Cu{i} {i / 40} {i % 3 / 3} {i % 5 / 5}" for i in range(9)]
    text = block(cell(10), "_chemical_formula_sum 'Cu32'", atoms(*rows))
    with pytest.raises(
        XtalprintError, match="the atoms make Cu9, which is no multiple of _chemical_formula_sum Cu32"
    ):
        read(write("cut.cif", text))
