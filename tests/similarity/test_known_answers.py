"""Known answers of GRID with the earth mover's distance, and an index of crystals as a notebook makes it."""

from __future__ import annotations

import numpy as np
import pytest

import xtalprint as xp
from xtalprint.similarity import EarthMovers

PLACES = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
#: Å; of strontium titanate in the published figure.
A = 3.94513


def perovskite(a, shift=(0, 0, 0)):
    """Cubic SrTiO3, titanium shifted by a part of a."""
    places = PLACES + np.array([[0, 0, 0], shift, [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    return xp.Crystal(places * a, ["Sr", "Ti", "O", "O", "O"], cell=a * np.eye(3))


def distance(one, other):
    return xp.emd(*(xp.GRID().compute(crystal) for crystal in (one, other)))


@pytest.mark.parametrize("a", [4.3, 4.4, 4.5, 4.6, 4.7])
def test_linear_in_the_lattice_constant(a):
    assert distance(perovskite(4.55), perovskite(a)) / abs(a - 4.55) == pytest.approx(1.277, abs=1e-3)


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ((0, 0, 0.01), 0.0058),
        ((0, 0, 0.02), 0.0116),
        ((0, 0, 0.03), 0.0175),
        ((0, 0.007, 0.007), 0.0054),
        ((0.006, 0.006, 0.006), 0.0062),
    ],
)
def test_titanium_displaced(shift, expected):
    assert distance(perovskite(A), perovskite(A, shift)) == pytest.approx(expected, abs=5.1e-5)


@pytest.mark.parametrize("smearing", [0.05, 0.1])
def test_the_released_recipe_by_cutoff(smearing):
    descriptor = xp.GRID.by_cutoff(n_groups=20, smearing=smearing)
    crystals = [perovskite(a) for a in (3.8, A, 4.1)]
    fingerprints = [descriptor.compute(crystal) for crystal in crystals]
    sums = np.array([fingerprint.array.sum(axis=-1) for fingerprint in fingerprints])
    assert (sums.max() > 1.01) == (smearing < 0.1), "densities at points, where they are far apart, are no shares"
    shares = [f.array.astype(float) / f.array.astype(float).sum(axis=-1, keepdims=True) for f in fingerprints]
    expected = [[xp.emd(a, b, bin_width=0.1) for b in shares] for a in shares]
    assert [[xp.emd(a, b) for b in fingerprints] for a in fingerprints] == expected
    for form in (fingerprints, descriptor.compute_many(crystals)):
        table = EarthMovers().table(form)
        assert EarthMovers().distances(table, table) == pytest.approx(np.array(expected), abs=1e-6)
    index = xp.SimilarityIndex.build(crystals, descriptor=descriptor)
    assert index.query(crystals[1], k=3).distances == pytest.approx(sorted(expected[1]), abs=1e-6)
    mixed = EarthMovers(bin_width=0.1).table([fingerprints[0], shares[1]])
    assert EarthMovers().distances(mixed, mixed)[0, 1] == pytest.approx(expected[0][1], abs=1e-6)
    with pytest.raises(xp.XtalprintError, match="has more than the mass 1"):
        EarthMovers(bin_width=0.1).table(fingerprints[0].array[None] * 1.01)


def test_densities_are_named_with_their_descriptor():
    function = xp.RDF().compute(perovskite(3.9))
    told = (
        r"group 0 of fingerprint 0, of RDF, has more than the mass 1 .* or take a normalised descriptor, such as GRID"
    )
    with pytest.raises(xp.XtalprintError, match=told):
        xp.SimilarityIndex.build([function, function])
    with pytest.raises(xp.XtalprintError, match=told):
        xp.emd(function, function)


def test_the_index_of_a_notebook(tmp_path):
    sizes = [3.8, 3.9, 4.0, 4.1, 4.3]
    index = xp.SimilarityIndex.build([perovskite(a) for a in sizes], labels={"a": sizes})
    assert index.descriptor == xp.GRID()
    found = index.query(perovskite(4.02), k=3)
    assert found.labels["a"] == (4.0, 4.1, 3.9)
    assert found.distances[0] == pytest.approx(0.02 * 1.277, rel=0.02)
    index.save(tmp_path / "index")
    loaded = xp.SimilarityIndex.load(tmp_path / "index")
    assert loaded.descriptor == xp.GRID()
    assert loaded.query(perovskite(4.02), k=3).records() == found.records()
    with pytest.raises(xp.XtalprintError, match="fingerprints of different descriptors cannot be compared"):
        loaded.query(xp.GRID(smearing=0).compute(perovskite(4)))
