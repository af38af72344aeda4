"""What a matrix of distances looks like: trees, planes, and the pictures of them."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.similarity.arrangement import average_linkage, classical_scaling
from xtalprint.similarity.pictures import MatrixPictures


def between(points):
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1))


def test_points_of_a_plane_are_found_again():
    points = np.random.default_rng(0).normal(size=(20, 2)) * [3, 1]
    plane = classical_scaling(between(points))
    assert np.allclose(between(plane.points), between(points))
    assert plane.share == pytest.approx(1)
    for axis in plane.points.T:
        assert axis[np.abs(axis).argmax()] > 0
    assert np.ptp(plane.points[:, 0]) > np.ptp(plane.points[:, 1])


def test_classical_scaling_agrees_with_another_implementation():
    manifold = pytest.importorskip("sklearn.manifold")
    if not hasattr(manifold, "ClassicalMDS"):
        pytest.skip("scikit-learn is too old")
    points = np.random.default_rng(1).normal(size=(15, 4))
    theirs = manifold.ClassicalMDS(n_components=2, metric="precomputed").fit_transform(between(points))
    plane = classical_scaling(between(points))
    assert np.allclose(np.abs(theirs), np.abs(plane.points))
    assert 0.5 < plane.share < 1


def test_equal_crystals_are_one_point():
    plane = classical_scaling(np.zeros((3, 3)))
    assert not plane.points.any()
    assert plane.share == 1


def test_the_tree_joins_the_nearest_first():
    line = np.array([[0.0], [1.0], [10.0], [12.0]])
    assert average_linkage(between(line))[:, 2].tolist() == [1.0, 2.0, 10.5]


def test_pictures_name_few_and_draw_many():
    for n in (2, 5, 30, 100, 600):
        points = np.random.default_rng(n).normal(size=(n, 3))
        pictures = MatrixPictures(between(points), [f"crystal {i}" for i in range(n)], "distance", "Å")
        figures = dict(pictures.figures())
        assert list(figures) == ["matrix.png", "tree.png", "map.png"]
        leaves = [text.get_text() for text in figures["tree.png"].axes[0].get_yticklabels()]
        assert leaves == ([f"crystal {i}" for i in pictures.order] if n <= 80 else [])
        numbers = [text.get_text() for text in figures["map.png"].axes[0].texts]
        assert numbers == ([str(i + 1) for i in range(n)] if n <= 40 else [])
        assert figures["tree.png"].axes[0].get_xlabel() == "mean distance (Å) of two groups when they are joined"


def test_a_long_chain_is_drawn():
    """Where each crystal joins the group of all before it, the tree is as deep as it has leaves."""
    points = np.cumsum(np.arange(1500.0))[:, None]
    pictures = MatrixPictures(between(points), [str(i) for i in range(1500)], "distance", "1")
    [drawn] = pictures.draw_tree().axes[0].collections
    assert len(drawn.get_segments()) == 1499


def test_what_cannot_be_drawn():
    with pytest.raises(WrongUsageError, match="two crystals at least"):
        MatrixPictures(np.zeros((1, 1)), ["a"], "distance", "Å")
    with pytest.raises(XtalprintError, match="a name for each"):
        MatrixPictures(np.zeros((3, 3)), ["a", "b"], "distance", "Å")
