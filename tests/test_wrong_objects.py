"""What is no crystal, no model or no number is refused by one family of errors, with the value and what to do."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase.build import bulk

import xtalprint
from xtalprint import Crystal, defects, geometry
from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.momentum_cloud import MomentumCloud
from xtalprint.descriptors.neighbourhood_order import NeighbourhoodOrder
from xtalprint.descriptors.rdf import RDF
from xtalprint.descriptors.scattering_power_spectrum import ScatteringPowerSpectrum
from xtalprint.descriptors.sorted_distances import average_minimum_distances, distances_by_group
from xtalprint.errors import InvalidCrystalError, ModelError, UnsupportedInputError, WrongUsageError, XtalprintError
from xtalprint.io import TableWriter, to_ase, to_pymatgen

RNG = np.random.default_rng(0)
DESCRIPTORS = (BondOrientationalOrder, DiffractionImage, GRID, NeighbourhoodOrder, RDF, ScatteringPowerSpectrum)
DESCRIPTORS = (BondOrientationalOrder, DiffractionImage, MomentumCloud, NeighbourhoodOrder, ScatteringPowerSpectrum)
NOT_OF_A_CRYSTAL = {"heights", "random_rotation"}
CALLS = {
    **{kind.__name__: kind().compute for kind in DESCRIPTORS},
    **{name: getattr(geometry, name) for name in geometry.__all__ if name not in NOT_OF_A_CRYSTAL},
    **{
        name: lambda thing, name=name: getattr(defects, name)(thing, 0.1, RNG)
        for name in ("vacancies", "displace_gaussian", "displace_uniform", "displace_springs", "substitute")
    },
    "average_minimum_distances": average_minimum_distances,
    "distances_by_group": distances_by_group,
    "to_ase": to_ase,
    "to_pymatgen": to_pymatgen,
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("thing", [bulk("Cu"), None, "Cu.cif"], ids=["ASE", "None", "text"])
def test_a_foreign_object_is_refused_by_its_type(name, thing):
    with pytest.raises(UnsupportedInputError, match=rf"no Crystal \(value: {type(thing).__name__} .*from_ase"):
        CALLS[name](thing)


def test_a_foreign_object_is_not_written_into_a_table(tmp_path):
    with pytest.raises(UnsupportedInputError, match="no Crystal"), TableWriter(tmp_path / "t.parquet") as table:
        table.add(bulk("Cu"))


@pytest.mark.parametrize("thing", [None, 3, bulk("NaCl", "rocksalt", a=5.6)], ids=["None", "number", "ASE"])
def test_one_thing_that_is_no_crystal_is_one_record(thing):
    [answer] = xtalprint.load_model().predict(thing)
    assert answer.status == "error"
    assert "this is no Crystal" in answer.error


@pytest.mark.parametrize("threads", [0, -1, 2.5, "2"])
def test_threads_are_counted(threads):
    with pytest.raises(WrongUsageError, match=f"whole number, 1 or more \\(value: {threads!r}\\); None means all"):
        xtalprint.load_model().predict([], threads=threads)


@pytest.mark.parametrize("name", [None, 3, "", " "])
def test_what_is_no_name_of_a_model_is_refused(name):
    with pytest.raises(ModelError, match=f"no name of a model \\(value: {name!r}\\); choose one of atom-class, "):
        xtalprint.load_model(name)


def test_a_misspelt_model_is_asked_back():
    with pytest.raises(ModelError, match=r"no such model \(value: Crystal-Class\); did you mean crystal-class\?"):
        xtalprint.load_model("Crystal-Class")


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (BondOrientationalOrder, {"r_max": "4"}, r"r_max must be a number \(value: '4'\); give it without quotes"),
        (BondOrientationalOrder, {"r_min": True}, r"r_min must be a number \(value: True\)"),
        (BondOrientationalOrder, {"r_max": 1e6}, r"r_max is beyond 25.0 bond lengths \(value: 1000000.0\); 4.4"),
        (BondOrientationalOrder, {"resolution": 1e-9}, r"into 1 to 2000 steps \(value: 1e-09\); 0.1 bond"),
        (BondOrientationalOrder, {"resolution": 9.0}, r"into 1 to 2000 steps \(value: 9.0\); 0.1 bond"),
        (BondOrientationalOrder, {"smearing": 1e3}, r"smearing is longer than r_max \(value: 1000.0\)"),
        (BondOrientationalOrder, {"species": "yes"}, r"species must be True or False \(value: 'yes'\)"),
        (DiffractionImage, {"wavelength": "1"}, r"wavelength must be a number \(value: '1'\)"),
        (DiffractionImage, {"n_pixels": 3.5}, r"n_pixels must be a whole number \(value: 3.5\)"),
        (NeighbourhoodOrder, {"n_shells": 2.5}, r"n_shells must be a whole number \(value: 2.5\)"),
        (NeighbourhoodOrder, {"inner": 1j}, r"inner must be a number \(value: 1j\)"),
        (ScatteringPowerSpectrum, {"s_max": None}, r"s_max must be a number \(value: None\)"),
        (ScatteringPowerSpectrum, {"s_min": 0}, r"s_min must be a positive number \(value: 0\)"),
        (ScatteringPowerSpectrum, {"r_max": 1e6}, r"r_max must lie between 1.2 and 25.0 \(value: 1000000.0\)"),
        (ScatteringPowerSpectrum, {"resolution": 1e-9}, r"into at most 2000 steps \(value: 1e-09\); 0.06"),
    ],
)
def test_parameters_without_a_meaning_are_refused(kind, given, message):
    with pytest.raises(XtalprintError, match=message):
        kind(**given)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (GRID(n_groups=np.int64(20), r_max=np.float32(8)), GRID(n_groups=20, r_max=8.0)),
        (RDF(bin_width=np.float64(0.1)), RDF()),
        (BondOrientationalOrder(species=True), BondOrientationalOrder(species=True)),
    ],
)
def test_parameters_are_plain_data(given, plain):
    assert json.dumps(parameters(given)) == json.dumps(parameters(plain))


@pytest.mark.parametrize("positions", [np.array([[1j, 0, 0]]), [[1j, 0, 0]], [np.array([1j, 0, 0])]])
def test_complex_positions_are_refused(positions):
    with pytest.raises(InvalidCrystalError, match=r"positions are complex numbers .*; give the real part"):
        Crystal(positions, ["Cu"])


@pytest.mark.parametrize("value", ["0.1", None, True])
def test_defects_take_numbers(value):
    crystal = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    with pytest.raises(XtalprintError, match="fraction is out of range"):
        defects.vacancies(crystal, value, RNG)
    with pytest.raises(XtalprintError, match="displacement must be a number"):
        defects.displace_gaussian(crystal, value, RNG)


@pytest.mark.parametrize("kind", [BondOrientationalOrder, DiffractionImage, GRID, RDF, ScatteringPowerSpectrum])
@pytest.mark.parametrize("thing", [None, 3, "Cu.cif", bulk("Cu")], ids=["None", "number", "text", "ASE"])
def test_one_thing_that_is_no_crystal_is_one_failure(kind, thing):
    batch = kind().compute_many(thing)
    assert len(batch.array) == 0
    assert "this is no Crystal" in str(batch.failures[0].error)


@pytest.mark.parametrize("kind", [BondOrientationalOrder, DiffractionImage, GRID, RDF, ScatteringPowerSpectrum])
def test_one_crystal_is_a_batch_of_one(kind):
    crystal = geometry.supercell_to(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)), min_atoms=30)
    expected = kind().compute_many([crystal]).array
    assert (kind().compute_many(crystal).array == expected).all()
    assert (kind().compute_many(one for one in [crystal]).array == expected).all()


@pytest.mark.parametrize("rng", [None, 5, np.random])
@pytest.mark.parametrize(
    "name", ["vacancies", "displace_gaussian", "displace_uniform", "displace_springs", "substitute"]
)
def test_chance_is_a_generator(name, rng):
    box = geometry.supercell(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)), (4, 4, 4))
    with pytest.raises(XtalprintError, match=r"from a random generator .*; give numpy.random.default_rng\(seed\)"):
        getattr(defects, name)(box, 0.1, rng)


@pytest.mark.parametrize("elements", [5, "Cu", None])
def test_substitutes_are_a_list(elements):
    crystal = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    with pytest.raises(XtalprintError, match=r"must be a list of chemical symbols \(value: .*\)"):
        defects.substitute(crystal, 0.5, RNG, elements=elements)


@pytest.mark.parametrize("repeats", ["a", 2, (2, 2), (0, 1, 1), (1.5, 1, 1), None, (True, 1, 1)])
def test_repeats_are_three_whole_numbers(repeats):
    crystal = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    with pytest.raises(XtalprintError, match="repeats must be"):
        geometry.supercell(crystal, repeats)


@pytest.mark.parametrize("least", ["256", 2.5, None, 0])
def test_the_least_number_of_atoms_is_whole(least):
    crystal = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
    with pytest.raises(XtalprintError, match=r"min_atoms must be a whole number, 1 or more"):
        geometry.supercell_to(crystal, min_atoms=least)
