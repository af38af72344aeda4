"""What distances see of crystals."""

from __future__ import annotations

import pytest

from xtalprint import Crystal
from xtalprint.errors import UnsupportedInputError
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
