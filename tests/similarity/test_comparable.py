"""What was made by different descriptors is never compared, whichever way it comes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ase.build import bulk
from pymatgen.core import Lattice, Structure
from random_grids import random_crystal

import xtalprint as xp
from xtalprint.descriptors.base import parameters
from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.prototypes import perovskite
from xtalprint.similarity import (
    Cosine,
    EarthMovers,
    Euclid,
    Part,
    SimilarityIndex,
    WeightedSum,
    composition_distance,
    cumulative,
    distance_matrix,
    groups_within,
    metric_named,
)

CRYSTALS = [random_crystal(i) for i in range(4)]
SMEARED, PLAIN = xp.GRID(n_groups=7), xp.GRID(n_groups=7, smearing=0)
ONE, OTHER = SMEARED.compute_many(CRYSTALS), PLAIN.compute_many(CRYSTALS)
A, B = SMEARED.compute(CRYSTALS[0]), PLAIN.compute(CRYSTALS[1])
INDEX = SimilarityIndex.build(ONE)
SUM = WeightedSum([Part(1, EarthMovers()), Part(2, Cosine())])


def compared(distance, one, other):
    return distance.distances(distance.table(one), distance.table(other))


@pytest.mark.parametrize(
    ("mixed", "names"),
    [
        (lambda: xp.emd(A, B), ("b", "a")),
        (lambda: cumulative([A, B]), ("fingerprint 1", "fingerprint 0")),
        (lambda: EarthMovers().table([A, A, B]), ("fingerprint 2", "fingerprint 0")),
        (lambda: Cosine().table([A, A, B]), ("fingerprint 2", "fingerprint 0")),
        (lambda: groups_within([A, B], 0.1), ("fingerprint 1", "fingerprint 0")),
        (lambda: SimilarityIndex.build([A, A.array, B]), ("fingerprint 2", "fingerprint 0")),
        (lambda: SUM.table([[A, A], [A, B]]), ("fingerprint 1", "fingerprint 0")),
        (lambda: compared(EarthMovers(), ONE, OTHER), ("table b", "table a")),
        (lambda: compared(Cosine(), ONE, OTHER), ("table b", "table a")),
        (lambda: compared(Euclid(), ONE, OTHER), ("table b", "table a")),
        (lambda: SUM.distances(SUM.table([ONE, ONE]), SUM.table([ONE, OTHER])), ("table b", "table a")),
        (lambda: SimilarityIndex.build(OTHER, descriptor=SMEARED), ("what is given", "the index")),
        (lambda: INDEX.add([B]), ("what is given", "the index")),
        (lambda: INDEX.add(EarthMovers().table(OTHER)), ("what is given", "the index")),
        (lambda: INDEX.query(B), ("the query", "the index")),
        (lambda: INDEX.within(B, 1.0), ("the query", "the index")),
        (lambda: INDEX.query_many([A, B]), ("the query", "the index")),
    ],
)
def test_mixed_descriptors_are_refused_with_both_named(mixed, names):
    with pytest.raises(WrongUsageError) as caught:
        mixed()
    text = str(caught.value)
    assert "fingerprints of different descriptors cannot be compared: " in text
    for name, smearing in zip(names, ("0", "0.1"), strict=True):
        assert re.search(rf"{name}( is)? of GRID\(smearing={smearing}\)", text)
    assert text.endswith("; compute all of them with the same descriptor.")


@pytest.mark.parametrize("distance", [EarthMovers(), Cosine(), Euclid()])
def test_the_descriptor_comes_with_tables_and_their_parts(distance):
    table = distance.table(ONE)
    for part in (table, table[1:3], type(table).joined([table, table])):
        assert part.making.descriptor == parameters(SMEARED)
    assert len(compared(distance, ONE, [A, A.array])) == 4, "arrays contradict nobody"


def test_an_index_remembers_what_made_it_in_its_files(tmp_path, monkeypatch):
    INDEX.save(tmp_path / "index")
    monkeypatch.setattr("xtalprint.similarity.fingerprinting.HOMES", {})
    loaded = SimilarityIndex.load(tmp_path / "index")
    assert loaded.descriptor is None, "it cannot be made here"
    assert loaded.add([A]).query(A, 1).distances[0] == 0
    for mixed in (lambda: loaded.add([B]), lambda: loaded.query(B)):
        with pytest.raises(WrongUsageError, match="different descriptors cannot be compared"):
            mixed()


def test_fingerprints_of_other_kinds_are_named():
    with pytest.raises(WrongUsageError, match=r"b is of RDF\(.*\), a of GRID\(n_groups=100, smearing=0.1"):
        xp.emd(xp.GRID().compute(CRYSTALS[0]), xp.RDF().compute(CRYSTALS[0]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda path: distance_matrix("emd", EarthMovers().table(ONE), path=path),
            "this is no distance (value: 'emd')",
        ),
        (
            lambda path: distance_matrix(EarthMovers(), CRYSTALS, path=path),
            'made itself (value: list); make them with its table(…); of crystals, as in metric_named("grid-emd")',
        ),
        (lambda path: distance_matrix(EarthMovers(), iter(CRYSTALS), path=path), "this is no table of a distance"),
        (
            lambda path: distance_matrix(Cosine(), EarthMovers().table(ONE), path=path),
            "cosine compares tables that it has made itself (value: CumulativeTable)",
        ),
        (
            lambda path: distance_matrix(EarthMovers(), Cosine().table(ONE), path=path),
            "grid-emd compares tables that it has made itself (value: VectorTable)",
        ),
        (
            lambda path: distance_matrix(SUM, EarthMovers().table(ONE), path=path),
            "weighted-sum compares tables that it has made itself (value: CumulativeTable)",
        ),
        (
            lambda path: distance_matrix(metric_named("composition"), EarthMovers().table(ONE), path=path),
            "composition-emd compares tables that it has made itself (value: CumulativeTable)",
        ),
        (
            lambda path: distance_matrix(
                EarthMovers(), EarthMovers().table(ONE), EarthMovers().table(OTHER), path=path
            ),
            "fingerprints of different descriptors cannot be compared: table b is of GRID(smearing=0)",
        ),
        (
            lambda path: distance_matrix(EarthMovers(bin_width=0.2), EarthMovers().table(ONE), path=path),
            "bin_width differs from that of the descriptor",
        ),
        (lambda _: EarthMovers().table(CRYSTALS), "these are crystals, and no fingerprints"),
        (lambda _: Cosine().table([A, CRYSTALS[0]]), "these are crystals, and no fingerprints"),
        (lambda _: SimilarityIndex.build([A, CRYSTALS[0]]), "these are crystals, and no fingerprints"),
        (lambda _: WeightedSum([EarthMovers()]), "a part of a sum is a weight and a distance"),
        (lambda _: WeightedSum([(1.0, "emd")]), "a part of a sum is a weight and a distance (value: (1.0, 'emd'))"),
    ],
)
def test_what_is_no_distance_or_no_table_of_it_is_told_before_anything_is_written(call, message, tmp_path):
    with pytest.raises(WrongUsageError) as caught:
        call(tmp_path / "d.npy")
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_pair_is_a_part_of_a_sum():
    assert WeightedSum([(1.0, EarthMovers()), (2, Cosine())]).parameters == SUM.parameters


def test_metrics_by_name_take_crystals_and_write_matrices(tmp_path):
    metric = metric_named("grid-emd")
    matrix = distance_matrix(metric, metric.table(CRYSTALS), path=tmp_path / "d.npy")
    for i, one in enumerate(CRYSTALS):
        assert matrix[i] == pytest.approx([xp.emd(one, other) for other in CRYSTALS], abs=1e-6)


@pytest.mark.parametrize("name", ["grid-emd", "grid-cosine", "rdf-emd", "amd", "sorted", "composition", "total"])
def test_a_table_of_a_metric_is_made_in_pieces(name, monkeypatch):
    monkeypatch.setattr("xtalprint.similarity.metrics.AT_A_TIME", 3)
    metric = metric_named(name)
    crystals = [perovskite(a, symbols=(symbol, "Ti", "O")) for a in (3.9, 4.1) for symbol in ("Sr", "Ba", "Ca", "Pb")]
    table = metric.table(crystals, threads=2)
    assert len(table) == len(crystals)
    one_by_one = [
        metric.distances(metric.table([crystals[0]]), metric.table([crystal]))[0, 0] for crystal in crystals
    ]
    assert np.array_equal(metric.distances(table, table)[0], one_by_one)
    with pytest.raises(WrongUsageError, match="there is no crystal to compare; give at least one"):
        metric.table([])
    with pytest.raises(XtalprintError):
        metric.table([*crystals, None])


def test_an_index_of_a_crystal_table_has_its_ids_and_labels(tmp_path):
    pytest.importorskip("pyarrow")
    xp.io.write_table(CRYSTALS, tmp_path / "t.parquet", ids=list("abcd"), labels={"K": [1, 2, 3, 4]})
    found = SimilarityIndex.build(xp.io.read_table(tmp_path / "t.parquet")).query(CRYSTALS[2], 1)
    assert (found.ids, found.labels) == (("c",), {"K": (3,)})
    assert SimilarityIndex.build(xp.io.read_table(tmp_path / "t.parquet"), ids=list("efgh")).ids == tuple("efgh")


ASE, PYMATGEN = bulk("Cu"), Structure(Lattice.cubic(3), ["Po"], [[0, 0, 0]])


@pytest.mark.parametrize(("thing", "remedy"), [(ASE, "from_ase"), (PYMATGEN, "from_pymatgen")])
@pytest.mark.parametrize(
    "call",
    [
        lambda thing: xp.emd(thing, CRYSTALS[0]),
        lambda thing: xp.emd(CRYSTALS[0], thing),
        lambda thing: EarthMovers().table([thing]),
        lambda thing: EarthMovers().table(thing),
        lambda thing: Cosine().table([thing]),
        lambda thing: groups_within([thing], 0.1),
        lambda thing: composition_distance(thing, CRYSTALS[0]),
        lambda thing: metric_named("grid-emd").table([thing]),
        lambda thing: metric_named("composition").table(thing),
        SimilarityIndex.build,
        lambda thing: SimilarityIndex.build([thing]),
        lambda thing: SimilarityIndex.build([CRYSTALS[0]]).query(thing),
    ],
)
def test_structures_of_ase_and_pymatgen_are_told_how_to_come_in(call, thing, remedy):
    with pytest.raises(XtalprintError) as caught:
        call(thing)
    assert str(caught.value).endswith(f"convert it first, with xtalprint.{remedy}.")
