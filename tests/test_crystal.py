"""`Crystal` and its errors: what is refused, what is kept, what the words are."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint import sites
from xtalprint.crystal import Crystal
from xtalprint.errors import (
    InvalidCrystalError,
    MissingExtraError,
    ModelError,
    UnreadableFileError,
    UnsupportedInputError,
    XtalprintError,
)

CUBE = 4.0 * np.eye(3)

REFUSED = [
    ({"positions": [[0, 0, np.nan]], "numbers": [26]}, "atom 0: coordinate along axis 2 is not finite (value: nan)"),
    (
        {"positions": [[0, 0, 0], [0, -np.inf, 0]], "numbers": [26, 26]},
        "atom 1: coordinate along axis 1 is not finite",
    ),
    ({"positions": [[0, 2e7, 0]], "numbers": [26]}, "atom 0: coordinate along axis 1 is beyond 1e+07 Å"),
    ({"positions": [], "numbers": []}, "no atoms"),
    ({"positions": np.zeros((0, 3)), "numbers": []}, "no atoms"),
    ({"positions": [[0, 0]], "numbers": [26]}, "positions must be an array of shape (N, 3) (value: shape (1, 2))"),
    ({"positions": [[0, 0, 0]], "numbers": [26, 26]}, "numbers must have one entry for each of the 1 positions"),
    ({"positions": [[0, 0, 0]], "numbers": ["Xx"]}, "atom 0: unknown element (value: Xx)"),
    ({"positions": [[0, 0, 0]], "numbers": [0]}, "atom 0: unknown element (value: 0)"),
    ({"positions": [[0, 0, 0]], "numbers": [119]}, "atom 0: unknown element (value: 119)"),
    ({"positions": [[0, 0, 0]], "numbers": [1.5]}, "atomic numbers are not whole numbers"),
    ({"positions": [["a", 0, 0]], "numbers": [26]}, "positions are not numbers in a regular array"),
    ({"positions": [[0, 0, 0], [1, 2]], "numbers": [26, 26]}, "positions are not numbers in a regular array"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "cell": np.zeros((3, 3))}, "cell is flat"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "cell": [[1, 0, 0], [0, 1, 0], [1, 1, 0]]}, "cell is flat"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "cell": np.full((3, 3), np.nan)}, "cell is not finite"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "cell": 1e8 * np.eye(3)}, "cell is longer than 1e+07 Å"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "cell": np.eye(2)}, "cell must be an array of shape (3, 3)"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "pbc": (True, True, True)}, "periodic without a cell"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "cell": CUBE, "pbc": True}, "pbc must be three booleans"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "cell": CUBE, "pbc": (True, False)}, "pbc must be three booleans"),
    ({"positions": [[0, 0, 0]], "numbers": [1e300]}, "atomic numbers are not whole numbers"),
    ({"positions": [[0, 0, 0]], "numbers": [np.inf]}, "atomic numbers are not whole numbers"),
    ({"positions": [[0, 0, 0]], "numbers": [True]}, "atomic numbers are not whole numbers"),
    ({"positions": [[0, 0, 0]] * 2, "numbers": [[26], [26, 27]]}, "atomic numbers are not in a regular array"),
    ({"positions": [[0, 0, 0]], "numbers": [["Fe"]]}, "symbols must be a flat list"),
    ({"positions": [[1j, 0, 0]], "numbers": [26]}, "positions are complex numbers"),
    ({"positions": [[0, 0, 0], [0, 0, 4.0]], "numbers": [26, 26], "cell": CUBE}, "atoms 0, 1 coincide"),
    ({"positions": [[0, 0, 0]] * 2, "numbers": [26, 27], "occupancies": [0.6, 0.6]}, "add up to 1.2"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "occupancies": [0.0]}, "atom 0: occupancy is outside (0, 1]"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "occupancies": [50]}, "atom 0: occupancy is outside (0, 1]"),
    ({"positions": [[0, 0, 0]], "numbers": [26], "occupancies": [np.nan]}, "atom 0: occupancy is outside (0, 1]"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_bad_input_is_refused_with_source_frame_and_reason(arguments, words):
    arguments = dict(arguments)
    with pytest.raises(InvalidCrystalError) as caught:
        Crystal(arguments.pop("positions"), arguments.pop("numbers"), **arguments, source="run/POSCAR", frame=3)
    assert words in str(caught.value)
    assert str(caught.value).startswith("run/POSCAR, frame 3")
    assert str(caught.value).endswith(".")


def test_arrays_cannot_be_changed_and_the_input_is_copied():
    positions = np.zeros((1, 3))
    crystal = Crystal(positions, [26])
    positions += 1
    assert crystal.positions.sum() == 0
    with pytest.raises(ValueError, match="read-only"):
        crystal.positions[0, 0] = 1.0
    with pytest.raises(AttributeError):
        crystal.source = "other"


def test_arrays_cannot_be_changed_after_a_pickle_either():
    crystal = Crystal([[0, 0, 0]], [26], cell=CUBE, occupancies=[0.5])
    assert crystal.site_of_row.tolist() == [0]
    twin = pickle.loads(pickle.dumps(crystal))  # noqa: S301 - our own object
    for array in (twin.positions, twin.numbers, twin.cell, twin.occupancies, twin.site_of_row):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_symbols_may_come_as_a_column_of_a_table():
    assert Crystal([[0, 0, 0]], np.array(["Fe"], dtype=object)).numbers.tolist() == [26]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_sites_do_not_depend_on_the_order_the_origin_or_the_image(seed):
    rng = np.random.default_rng(seed)
    cell = np.diag(rng.uniform(2, 6, 3)) @ (np.eye(3) + np.tril(rng.uniform(-2, 2, (3, 3)), -1))
    frac = np.repeat(rng.random((4, 3)), 2, axis=0)
    arguments = {"cell": cell, "occupancies": [0.5] * 8}
    one = Crystal(frac @ cell, [29, 79] * 4, **arguments)
    order = rng.permutation(8)
    moved = (frac[order] + rng.integers(-3, 4, (8, 3)) + rng.random(3)) @ cell
    two = Crystal(moved, np.array([29, 79] * 4)[order], **arguments)
    assert one.n_sites == two.n_sites == 4
    same = two.site_of_row[:, None] == two.site_of_row[None]
    np.testing.assert_array_equal(same, (one.site_of_row[:, None] == one.site_of_row[None])[np.ix_(order, order)])
    first = np.unique(two.site_of_row, return_index=True)[1]
    assert first.tolist() == sorted(first.tolist()), "numbered in order of first appearance"


def test_partial_occupancies_share_a_site():
    crystal = Crystal([[0, 0, 0], [4, 0, 0], [2, 2, 2]], ["Cu", "Au", "Cu"], cell=CUBE, occupancies=[0.25, 0.75, 1])
    assert crystal.n_sites == 2
    assert not crystal.is_ordered
    assert crystal.site_of_row.tolist() == [0, 0, 1]
    assert crystal.formula == "Au0.75Cu1.25"


def test_representations_tell_formula_cell_and_source():
    crystal = Crystal([[0, 0, 0], [1, 1, 1]], ["C", "H"], source="a.xyz", frame=2)
    assert repr(crystal) == "Crystal(CH, cluster of 2 atoms, source='a.xyz', frame=2)"
    slab = Crystal([[0, 0, 0]], ["C"], cell=CUBE, pbc=(True, True, False))
    assert "pbc=(True, True, False)" in repr(slab)


def test_a_cluster_has_neither_volume_nor_fractions():
    cluster = Crystal([[0, 0, 0]], ["He"])
    for name in ("volume", "frac"):
        with pytest.raises(InvalidCrystalError, match="a cluster has no"):
            getattr(cluster, name)


def test_fractions_and_volume():
    cell = np.array([[3.0, 0, 0], [1, 4, 0], [0.5, 0.2, 5]])
    frac = np.array([[0.1, 0.2, 0.3], [1.5, -0.5, 0.25]])
    crystal = Crystal(frac @ cell, [6, 6], cell=cell)
    np.testing.assert_allclose(crystal.frac, frac, atol=1e-12)
    assert crystal.volume == pytest.approx(60.0)


def test_equality_is_to_the_last_bit_and_ignores_the_source():
    one = Crystal([[0, 0, 0]], ["Po"], cell=CUBE, source="a")
    assert one == Crystal([[0, 0, 0]], [84], cell=CUBE, source="b")
    assert one != Crystal([[0, 0, 1e-15]], [84], cell=CUBE)
    assert one != Crystal([[0, 0, 0]], [84])
    assert one != "Po"
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own object


def test_deuterium_counts_as_hydrogen():
    assert Crystal([[0, 0, 0]], ["D"]).formula == "H"


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_small_and_large_search_group_the_same_sites(seed, periodic):
    rng = np.random.default_rng(seed)
    cell = np.diag(rng.uniform(2, 6, 3)) @ (np.eye(3) + np.tril(rng.uniform(-1, 1, (3, 3)), -1))
    base = rng.random((12, 3))
    twins = base[:5] + rng.integers(-2, 3, (5, 3)) * periodic
    positions = np.concatenate([base, twins]) @ cell + np.concatenate(
        [np.zeros((12, 3)), rng.normal(0, 0.005, (5, 3))]
    )
    pbc = (periodic,) * 3
    small = sites.group_coincident(positions, cell, pbc, 0.05)
    most, sites.SMALL = sites.SMALL, 0
    try:
        large = sites.group_coincident(positions, cell, pbc, 0.05)
    finally:
        sites.SMALL = most
    np.testing.assert_array_equal(small, large)
    np.testing.assert_array_equal(small[12:], small[:5])


@pytest.mark.parametrize(
    "kind", [XtalprintError, InvalidCrystalError, UnreadableFileError, UnsupportedInputError, ModelError]
)
def test_errors_travel_between_processes_whole(kind):
    error = kind("too short", source="a.cif", frame=1, atom=2, value=0.1, remedy="check it")
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own object
    assert type(twin) is kind
    assert str(twin) == "a.cif, frame 1, atom 2: too short (value: 0.1); check it."
    assert twin.__dict__ == error.__dict__


def test_long_values_are_cut():
    assert len(str(XtalprintError("bad", value="x" * 10_000))) < 100


def test_a_missing_extra_tells_how_to_install_it():
    error = MissingExtraError.of("pyarrow", "tables", "reading a crystal table")
    assert isinstance(error, ImportError)
    assert str(error) == (
        "reading a crystal table needs the package pyarrow, which is not installed; "
        'install it with: pip install "xtalprint[tables]".'
    )


def test_where_it_came_from_is_filled_in_once():
    error = XtalprintError("bad", source="inner").located(source="outer", frame=4)
    assert str(error) == "inner, frame 4: bad."


@pytest.mark.parametrize(
    "cell",
    [np.diag([3, 3, 0.01]), np.eye(3) * 1e-150, [[3, 0, 0], [3, 0.04, 0], [0, 0, 3]]],
    ids=["short", "tiny", "skewed"],
)
def test_an_atom_on_its_own_image_is_refused(cell):
    with pytest.raises(InvalidCrystalError, match=r"each atom coincides with its own image: .* shorter than 0.05 Å"):
        Crystal([[0, 0, 0]], ["Cu"], cell=cell)


@pytest.mark.parametrize(("positions", "numbers"), [([[0, 0, 0]], 6), (5.0, [6]), (5.0, 6)])
def test_numbers_in_the_place_of_arrays_are_refused(positions, numbers):
    with pytest.raises(InvalidCrystalError, match="must"):
        Crystal(positions, numbers)


def test_masked_positions_are_refused():
    positions = np.ma.masked_greater(np.eye(3), 0.5)
    with pytest.raises(InvalidCrystalError, match=r"some positions are masked .*; leave out these atoms"):
        Crystal(positions, ["Cu"] * 3)
