"""Descriptors in pipelines of scikit-learn."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

import xtalprint as xp
from xtalprint import Crystal, DescriptorTransformer, XtalprintError

DESCRIPTORS = [
    xp.GRID(n_groups=7),
    xp.RDF(r_max=8.0),
    xp.DiffractionImage(),
    xp.BondOrientationalOrder(),
    xp.MomentumCloud(),
    xp.FourierBox(),
    xp.PowderPattern(),
    xp.ReflectionPowerSpectrum(),
    xp.PairsOfReflections(),
    xp.ReflectionBispectrum(),
]


def cube(edge: float, symbol: str = "Po") -> Crystal:
    return Crystal([[0, 0, 0]], [symbol], cell=edge * np.eye(3), source=f"{symbol}-{edge:g}")


CUBES = [cube(edge) for edge in np.linspace(2.8, 3.9, 12)]


# `parametrize_with_checks` makes none for what does not take a table; these look at the object alone.
@pytest.mark.parametrize(
    "name",
    [
        "check_estimator_cloneable",
        "check_estimator_tags_renamed",
        "check_valid_tag_types",
        "check_estimator_repr",
        "check_no_attributes_set_in_init",
        "check_mixin_order",
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_get_params_invariance",
        "check_set_params",
    ],
)
def test_checks_of_scikit_learn(name):
    getattr(estimator_checks, name)("DescriptorTransformer", DescriptorTransformer(xp.GRID(n_groups=7)))


@pytest.mark.parametrize("descriptor", DESCRIPTORS, ids=lambda one: type(one).__name__)
def test_rows_are_those_of_the_descriptor(descriptor):
    rows = DescriptorTransformer(descriptor).fit_transform(CUBES[:3])
    assert np.array_equal(rows, descriptor.compute_many(CUBES[:3]).array.reshape(3, -1))


def test_in_a_pipeline_with_a_grid_search():
    edges = [crystal.cell[0, 0] for crystal in CUBES]
    pipeline = make_pipeline(DescriptorTransformer(xp.RDF()), StandardScaler(), Ridge())
    name = "descriptortransformer__descriptor__r_max"
    search = GridSearchCV(pipeline, {name: [6.0, 12.0]}, cv=3).fit(CUBES, edges)
    assert search.best_estimator_[0].descriptor == xp.RDF(r_max=search.best_params_[name])
    assert pipeline[0].descriptor == xp.RDF()


def test_a_new_descriptor_takes_the_place_of_the_old():
    transformer = DescriptorTransformer(xp.GRID(n_groups=7))
    copy = clone(transformer).set_params(descriptor__n_groups=3)
    assert (copy.descriptor, transformer.descriptor) == (xp.GRID(n_groups=3), xp.GRID(n_groups=7))
    assert copy.set_params(descriptor=xp.RDF(), threads=1).get_params()["descriptor__r_max"] == xp.RDF().r_max
    assert copy.set_params(descriptor=xp.GRID(), descriptor__n_groups=5).descriptor == xp.GRID(n_groups=5)


def test_parameters_that_do_not_exist_and_values_that_are_refused():
    transformer = DescriptorTransformer(xp.RDF())
    with pytest.raises(ValueError, match=r"no such parameter: descriptor__n_groups; there are \['descriptor'"):
        transformer.set_params(descriptor__n_groups=3)
    with pytest.raises(XtalprintError, match="r_max"):
        transformer.set_params(descriptor__r_max=-1.0, threads=2)
    assert (transformer.descriptor, transformer.threads) == (xp.RDF(), None)


def test_names_of_the_columns():
    transformer = DescriptorTransformer(xp.RDF(r_max=2.0)).fit(CUBES)
    assert transformer.get_feature_names_out()[[0, -1]].tolist() == ["rdf0", f"rdf{transformer.n_features_out_ - 1}"]


def test_one_crystal_counts_as_a_list_of_one_and_none_gives_no_rows():
    transformer = DescriptorTransformer(xp.RDF(r_max=2.0)).fit(CUBES[0])
    assert transformer.transform(CUBES[0]).shape == (1, transformer.n_features_out_)
    assert transformer.transform([]).shape == (0, transformer.n_features_out_)
    sent = pickle.loads(pickle.dumps(transformer))  # noqa: S301 - our own
    assert sent.transform(iter(CUBES)).shape[0] == len(CUBES)


def test_crystals_may_come_from_an_iterator():
    transformer = DescriptorTransformer(xp.RDF(r_max=2.0))
    rows = transformer.fit_transform(iter(CUBES), None)
    assert rows.shape == (len(CUBES), transformer.n_features_out_)
    assert np.array_equal(rows, transformer.transform(CUBES))


def test_rows_as_a_table_of_pandas():
    pandas = pytest.importorskip("pandas")
    transformer = DescriptorTransformer(xp.RDF(r_max=2.0)).set_output(transform="pandas")
    table = transformer.fit_transform(iter(CUBES))
    assert isinstance(table, pandas.DataFrame)
    assert table.columns[0] == "rdf0"
    pandas.testing.assert_frame_equal(table, transformer.transform(CUBES))


def test_a_crystal_without_features_is_named():
    cluster = Crystal([[0, 0, 0], [0, 0, 2.5]], ["Cu", "Cu"], source="dimer.xyz", frame=4)
    message = (
        r"dimer\.xyz, frame 4: 2 of 14 crystals have no features, the first is number 12: .*"
        r"leave them out: compute_many says which work\."
    )
    with pytest.raises(XtalprintError, match=message):
        DescriptorTransformer(xp.RDF()).fit(CUBES).transform([*CUBES, cluster, cluster])


def test_no_crystals_something_else_and_too_early():
    with pytest.raises(XtalprintError, match="there is no crystal to fit to"):
        DescriptorTransformer(xp.RDF()).fit([])
    with pytest.raises(XtalprintError, match="this is no Crystal"):
        DescriptorTransformer(xp.RDF()).fit([[1.0, 2.0]])
    with pytest.raises(NotFittedError):
        DescriptorTransformer(xp.RDF()).transform(CUBES)


def test_clouds_of_different_sizes_do_not_make_a_table():
    transformer = DescriptorTransformer(xp.MomentumCloud(s_max=1.0)).fit([cube(2.8)])
    with pytest.raises(XtalprintError, match="another number of features than the one fitted to"):
        transformer.transform([cube(3.9)])


def test_something_that_is_no_descriptor():
    with pytest.raises(XtalprintError, match="this is no descriptor"):
        DescriptorTransformer("GRID").fit(CUBES)
    with pytest.raises(XtalprintError, match="this is no descriptor"):
        DescriptorTransformer(xp.GRID).fit(CUBES)


WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "sklearn":
            raise ImportError(name)

sys.meta_path.insert(0, Missing())
from xtalprint import *
import xtalprint
assert GRID is xtalprint.GRID
try:
    xtalprint.DescriptorTransformer
except ImportError as error:
    print(error)
"""


def test_without_scikit_learn_all_else_works():
    found = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert (
        'needs the package scikit-learn, which is not installed; install it with: pip install "xtalprint[train]"'
        in (found.stdout)
    )
