"""The study of the axioms finds what is broken, and its crystals are the same in other cells."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.geometry import nearest_distances, scaled, space_group_number
from xtalprint.prototypes import perovskite
from xtalprint.studies import similarity_metric, similarity_peer
from xtalprint.studies.base import run_study
from xtalprint.studies.random_crystals import in_another_cell, random_crystal, scaled_to
from xtalprint.studies.similarity_methods import Method, methods
from xtalprint.studies.similarity_metric import triangle, violations
from xtalprint.studies.similarity_peer import Chain


def test_the_distances_are_metrics_but_for_the_cosines(tmp_path):
    run_study("similarity-metric", tmp_path, quick=True)
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert all(flag for statement, flag in found["checks"].items() if "Matcher" not in statement)
    for name in ("GRID + EMD", "sorted distances"):
        of = found["beside_a_matcher"][name]
        assert of["both_steps_match"] == of["chains"]
        assert not any(
            value for key, value in of.items() if isinstance(value, int) and key not in {"chains", "both_steps_match"}
        )
    assert set(found["found"]) == set(methods())
    for name, of in found["found"].items():
        assert of["refused"] == 0
        assert of["least_distance_between_different"] > 0
        assert (of["triples_broken"] == 0) or "cosine" in name
    assert (tmp_path / "similarity-metric.png").stat().st_size > 5000


def test_triples_are_counted():
    matrix = np.random.default_rng(4).random((6, 6))
    matrix = matrix + matrix.T
    np.fill_diagonal(matrix, 0)
    excess = [matrix[a, c] - matrix[a, b] - matrix[b, c] for a, b, c in permutations(range(6), 3)]
    worst, broken, triples = triangle(matrix)
    assert worst == pytest.approx(max(excess))
    assert broken == sum(value > similarity_metric.EXACT for value in excess) > 0
    assert triples == len(excess)


def test_what_breaks_an_axiom_is_found():
    def sites(crystals):
        """Number of sites: the same crystal in another cell is another; the order counts."""
        n = np.array([len(crystal) for crystal in crystals], dtype=float)
        return np.abs(n[:, None] - n) + 0.5 * (n[:, None] > n)

    crystals = [random_crystal(np.random.default_rng(i)) for i in range(4)]
    twins = [scaled(crystal, 1.0) for crystal in crystals]
    found = violations(Method("sites", "1", sites, {}), crystals, twins)
    assert found["asymmetry"] == 0.5
    assert found["distance_to_itself"] == 0
    assert found["refused"] == 0


def test_refused_crystals_are_left_out_and_counted():
    crystals = [perovskite(a) for a in (3.9, 7.0, 4.0, 4.1)]
    found = violations(methods()["GRID 0.2.0 + EMD"], crystals, crystals)
    assert found["refused"] == 1
    assert found["triples"] == 3 * 2 * 1
    assert found["distance_to_itself_in_another_cell"] == 0


@pytest.mark.parametrize("seed", range(6))
def test_another_cell_is_of_the_same_crystal(seed):
    rng = np.random.default_rng(seed)
    crystal = random_crystal(rng)
    other = in_another_cell(crystal, rng)
    assert not np.allclose(crystal.cell[0], other.cell[0])
    assert other.volume / len(other) == pytest.approx(crystal.volume / len(crystal))
    assert sorted(set(other.symbols)) == sorted(set(crystal.symbols))
    nearest = [np.unique(nearest_distances(one).round(6)) for one in (crystal, other)]
    assert np.allclose(*nearest)


def test_another_cell_keeps_the_symmetry():
    rng = np.random.default_rng(1)
    cell = in_another_cell(perovskite(4.0), rng)
    assert space_group_number(cell, symprec=1e-4) == 221


def test_random_crystals_are_of_usual_density_and_of_both_kinds():
    crystals = [random_crystal(np.random.default_rng([0, i])) for i in range(40)]
    volumes = [crystal.volume / len(crystal) for crystal in crystals]
    assert min(volumes) >= 8
    assert max(volumes) <= 25
    silicon = [set(crystal.symbols) == {"Si"} for crystal in crystals]
    assert 8 < sum(silicon) < 34
    assert scaled_to(perovskite(4.0), 20.0).volume == pytest.approx(100.0)
    assert similarity_metric._crystal(19, 0).volume == pytest.approx(
        similarity_metric._crystal(10, 0).volume * 1.04**3
    )


def test_a_matcher_is_counted():
    chain = Chain.of(0, 0)
    assert list(chain.crystals) == ["first", "again", "second", "third", "expanded"]
    table = {("first", "again"): 0.1, ("first", "expanded"): 0.0, ("first", "second"): 0.2, ("second", "third"): 0.2}
    found = similarity_peer._counted([lambda a, b: table.get((a, b)), lambda a, b: table.get((a, b), 0.5)])
    assert found == {
        "chains": 2,
        "farthest_from_itself_in_another_cell": 0.1,
        "not_zero_for_itself_in_another_cell": 2,
        "other_when_exchanged": 2,
        "both_steps_match": 2,
        "but_not_both_together": 1,
        "triangle_broken": 1,
        "zero_though_expanded": 2,
    }


def test_a_scaled_crystal_keeps_its_occupancies_and_directions_that_repeat():
    film = Crystal([[0, 0, 0]], ["Cu"], cell=2 * np.eye(3), occupancies=[0.5], pbc=(True, True, False))
    larger = scaled_to(film, 64.0)
    assert larger.volume == pytest.approx(64.0)
    assert (larger.occupancies.tolist(), larger.pbc) == ([0.5], film.pbc)
