import numpy as np
import pytest

from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.scattering import TABLES, form_factors, largest_atomic_number

S = np.linspace(0, 4, 41)


def test_x_rays_see_all_electrons_at_s_zero():
    z = np.arange(1, 99)
    # The fit of the International Tables is off by up to 0.05 electrons there.
    assert np.abs(form_factors(z, 0.0) - z).max() < 0.06


def test_against_periodictable_which_has_another_fit_of_the_same_factors():
    cromermann = pytest.importorskip("periodictable.cromermann")
    symbols = {3: "Li", 6: "C", 14: "Si", 26: "Fe", 29: "Cu", 50: "Sn", 79: "Au", 92: "U"}
    for z, symbol in symbols.items():
        theirs = cromermann.fxrayatstol(symbol, S / 2)
        assert np.abs(form_factors(z, S) - theirs).max() < 0.02 * z, symbol


def test_hydrogen_is_the_bonded_atom():
    # Stewart, Davidson and Simpson (1965), as in the first line of the International Tables' list; the free atom has
    # (1 + (π a₀ s)²)⁻² = 0.481 at s = 0.4 1/Å.
    assert form_factors(1, 0.4) == pytest.approx(0.568, abs=0.001)


def test_against_xraydb_which_has_another_fit_of_the_same_factors():
    xraydb = pytest.importorskip("xraydb")
    for z in (3, 6, 13, 26, 29, 47, 79, 92):
        theirs = xraydb.f0(z, S / 2)
        # Waasmaier and Kirfel against Cromer and Mann: both fits are good to about 0.1 electrons.
        assert np.abs(form_factors(z, S) - theirs).max() < 0.02 * z, z


def test_electrons_and_neutrons():
    # Mott-Bethe: f_e = 0.023934 (Z − f_x)/(s/2)² Å
    s = np.array([0.6, 1.0, 2.0])
    for z in (14, 29):
        mott = 0.023934 * (z - form_factors(z, s)) / (s / 2) ** 2
        assert form_factors(z, s, table="c4322") == pytest.approx(mott, rel=0.03)
    assert form_factors([26, 28], S[:2], table="neutron92") == pytest.approx(np.array([[9.45] * 2, [10.3] * 2]))


def test_shapes_are_numbers_then_s():
    assert form_factors(26, 1.0).shape == ()
    assert form_factors([26, 29], np.zeros((4, 5))).shape == (2, 4, 5)
    assert form_factors([[26, 29]], S).shape == (1, 2, 41)
    both = form_factors([26, 29], S)
    assert np.array_equal(both[1], form_factors(29, S))


def test_every_entry_is_finite():
    for table in TABLES:
        known = [z for z in range(1, largest_atomic_number(table) + 1) if _has(z, table)]
        assert len(known) >= 90
        assert np.isfinite(form_factors(known, S, table=table)).all()


def _has(z, table):
    try:
        form_factors(z, 0.0, table=table)
    except UnsupportedInputError:
        return False
    return True


@pytest.mark.parametrize(
    ("z", "table", "says"),
    [
        (99, "it92", "Z = 99, Es); use elements up to Z = 98"),
        (0, "it92", "Z = 0, no element"),
        (-3, "c4322", "Z = -3, no element"),
        (84, "neutron92", "Z = 84, Po"),
        (200, "it92", "Z = 200, no element"),
    ],
)
def test_missing_elements_are_named(z, table, says):
    with pytest.raises(UnsupportedInputError) as caught:
        form_factors([26, z], 1.0, table=table)
    assert says in str(caught.value)


def test_unknown_table_is_named():
    with pytest.raises(XtalprintError, match=r"unknown table of form factors .value: wk95.; use one of it92"):
        form_factors(26, 1.0, table="wk95")
