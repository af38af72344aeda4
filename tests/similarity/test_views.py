"""Metrics by name, and what they see of crystals."""

from __future__ import annotations

import pytest

from xtalprint import Crystal
from xtalprint.errors import UnsupportedInputError, WrongUsageError
from xtalprint.similarity import metric_named


@pytest.mark.parametrize("name", ["amd", "sorted"])
def test_sites_of_a_cluster_are_counted_and_not_their_species(name):
    # Two sites, one of them shared by two elements: three rows.
    cluster = Crystal(
        [[0, 0, 0], [0, 0, 2], [0, 0, 2]], ["Au", "Au", "Cu"], occupancies=[1, 0.5, 0.5], source="a.xyz"
    )
    assert (len(cluster), cluster.n_sites) == (3, 2)
    with pytest.raises(UnsupportedInputError, match=r"a\.xyz: a cluster of 2 atoms has no 100 neighbours for each"):
        metric_named(name).table([cluster])


@pytest.mark.parametrize("weight", ["1e+16", "1E+16", "1e16", "10000000000000000.0"])
def test_the_name_of_a_sum_is_found_again(weight):
    name = metric_named(f"grid-emd:{weight}+composition").name
    assert name == metric_named(name).name == "grid-emd:1e16+composition:1"


@pytest.mark.parametrize("name", ["grid-emd+", "grid-emd+1", "1e+16", "grid-emd+Foo", "grid-emd:1+1e+16"])
def test_parts_without_a_name_are_told(name):
    with pytest.raises(WrongUsageError, match="no such metric"):
        metric_named(name)
