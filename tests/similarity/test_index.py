"""The index: exactly the neighbours that comparing with all gives, in memory and from its files."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_grids import plain_grid, random_crystal, random_grids

from xtalprint import Crystal
from xtalprint.descriptors.base import Failure, Fingerprint, FingerprintBatch
from xtalprint.errors import MissingExtraError, UnreadableFileError, UnsupportedInputError, WrongUsageError
from xtalprint.similarity import CumulativeTable, EarthMovers, SimilarityIndex, fingerprinting
from xtalprint.similarity.search import SortedTable, code_shift

GRIDS = random_grids(400, 12, 50, complete=False)
#: Some are equal, so that there are ties.
GRIDS = np.concatenate([GRIDS, GRIDS[::7], GRIDS[:5]])


@dataclass(frozen=True, kw_only=True)
class PlainGRID:
    """Enough of a descriptor."""

    n_groups: int = 30
    bin_width: float = 0.1

    def compute(self, crystal):
        if 1 in crystal.numbers:
            raise UnsupportedInputError("no hydrogen here")
        return Fingerprint(plain_grid(crystal, self.n_groups), self)

    def compute_many(self, crystals, *, threads=None):  # noqa: ARG002 - one is enough
        rows, index, failures = [], [], []
        for i, crystal in enumerate(crystals):
            try:
                rows.append(self.compute(crystal).array)
                index.append(i)
            except UnsupportedInputError as error:
                failures.append(Failure(i, error))
        return FingerprintBatch(np.array(rows).reshape(-1, self.n_groups, 80), np.array(index, int), tuple(failures))

    def plot(self, *fingerprint, **options):
        raise NotImplementedError


@pytest.fixture(scope="module")
def index():
    return SimilarityIndex.build(GRIDS, bin_width=0.1, labels={"half": [i / 2 for i in range(len(GRIDS))]})


@pytest.fixture(scope="module")
def distances():
    metric = EarthMovers(bin_width=0.1)
    table = metric.table(GRIDS)
    return metric.distances(table, table)


@pytest.mark.parametrize("k", [1, 10, 60, 463, 1000])
def test_the_nearest_are_those_of_all(index, distances, k):
    for i in range(0, len(GRIDS), 17):
        found = index.query(GRIDS[i], k)
        expected = np.lexsort((np.arange(len(GRIDS)), distances[i]))[:k]
        assert np.array_equal(found.numbers, expected), "ties in the order of the index"
        assert np.array_equal(found.distances, distances[i][expected])
        assert len(found) == min(k, len(GRIDS))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(2, 300), st.integers(1, 6), st.integers(1, 12))
def test_the_nearest_of_any_set(seed, n, n_bins, n_groups, k):
    rng = np.random.default_rng(seed)
    grids = rng.dirichlet(np.full(n_bins, 0.05), (n + 1, n_groups))
    if seed % 3 == 0:
        grids[:] = grids[rng.integers(0, 2, n + 1)]
    ordered = SortedTable.of(CumulativeTable.of(grids[:n]))
    query = CumulativeTable.of(grids[n:])
    found = ordered.nearest(query, k)
    expected = np.abs(CumulativeTable.of(grids[:n]).unpacked().astype(int) - query.unpacked()).sum(axis=(1, 2))
    order = np.lexsort((np.arange(n), expected))[:k]
    assert np.array_equal(found.numbers, order)
    assert np.array_equal(found.distances, expected[order])
    reach = int(np.median(expected))
    near = ordered.within(query, reach)
    assert set(near.numbers.tolist()) == set(np.flatnonzero(expected <= reach).tolist())
    assert (np.diff(near.distances) >= 0).all()


def test_bounds_are_never_above_the_distance():
    from xtalprint.similarity.compiled_search import bound_of  # noqa: PLC0415 - compiles

    table = CumulativeTable.of(GRIDS)
    ordered = SortedTable.of(table)
    exact = np.abs(ordered.table.unpacked().astype(int)[:, None] - ordered.table.unpacked()[None, :40]).sum(
        axis=(2, 3)
    )
    shift = code_shift(table.n_bins)
    for i in range(len(table)):
        for j in range(40):
            bound = bound_of(ordered.codes[i], ordered.codes[j], shift)
            assert bound <= exact[i, j]
            assert abs(int(ordered.totals[i] - ordered.totals[j])) <= exact[i, j]


def test_most_are_not_compared(index):
    found = index.query(GRIDS[3], 5)
    assert found.measured < found.looked_at <= len(index)
    assert found.measured < len(index) / 2


def test_within(index, distances):
    for i in (0, 50, 399):
        for reach in (0.05, 0.2, 100.0):
            found = index.within(GRIDS[i], reach)
            assert set(found.numbers.tolist()) == set(np.flatnonzero(distances[i] <= reach).tolist())
            assert len(found) <= found.measured <= found.looked_at <= len(index)
    some = index.within(GRIDS[0], float(np.sort(distances[0])[20]))
    assert len(some) >= 21, "the distance itself counts"


def test_within_and_groups_have_one_rule(index, distances):
    groups = index.groups(0)
    assert groups.max() + 1 == 400
    for i in (0, 7, 399, 402):
        equal = set(np.flatnonzero(distances[i] == 0).tolist())
        assert (
            set(index.within(GRIDS[i], 0).numbers.tolist())
            == equal
            == set(np.flatnonzero(groups == groups[i]).tolist())
        )
    # The distance of two counts for both, and what is a millionth shorter for neither.
    pair = index.ordered.table.take(index.ordered.numbers.argsort()[[3, 200]])
    two = SimilarityIndex.build(pair, bin_width=0.1)
    distance = float(distances[3, 200])
    for reach, n in ((distance, 2), (distance * (1 - 1e-6), 1)):
        assert len(two.within(GRIDS[3], reach)) == n
        assert len(set(two.groups(reach).tolist())) == 3 - n


def test_within_finds_any_number():
    many = SimilarityIndex.build(np.repeat(GRIDS[:1], 1100, axis=0), bin_width=0.1)
    found = many.within(GRIDS[0], 0.05)
    assert (len(found), found.measured, found.looked_at) == (1100, 1100, 1100)


def test_on_many_threads(index):
    one, other = (index.query_many(list(GRIDS[:30]), 7, threads=n) for n in (1, 3))
    for a, b in zip(one, other, strict=True):
        assert a.ids == b.ids
        assert np.array_equal(a.distances, b.distances)


def test_records(index):
    first, second = index.query(GRIDS[2], 2).records()
    assert first == {"rank": 1, "id": "2", "distance": 0.0, "half": 1.0}
    assert (second["rank"], second["id"]) == (2, "460")


def test_adding_is_building_with_all(index):
    part = SimilarityIndex.build(GRIDS[:300], bin_width=0.1, labels={"half": [i / 2 for i in range(300)]})
    grown = part.add(GRIDS[300:], labels={"half": [i / 2 for i in range(300, len(GRIDS))]})
    assert len(part) == 300
    assert grown.ids == index.ids
    assert grown.labels == index.labels
    for name in ("totals", "codes", "numbers"):
        assert np.array_equal(getattr(grown.ordered, name), getattr(index.ordered, name))
    assert np.array_equal(grown.ordered.table.values, index.ordered.table.values)


def test_crystals():
    crystals = [random_crystal(i) for i in range(40)]
    crystals[7] = Crystal([[0, 0, 0]], ["H"], cell=3 * np.eye(3))
    index = SimilarityIndex.build(crystals, descriptor=PlainGRID(), labels={"formula": [c.formula for c in crystals]})
    assert len(index) == 39
    assert [failure.index for failure in index.failures] == [7]
    assert "1 left out" in repr(index)
    assert "7" not in index.ids
    found = index.query(crystals[9], 3)
    assert found.ids[0] == "9"
    assert found.labels["formula"][0] == crystals[9].formula
    assert found.distances[0] == 0
    assert np.array_equal(index.query(PlainGRID().compute(crystals[9]), 3).distances, found.distances)
    grown = index.add([random_crystal(77), crystals[7]], labels={"formula": ["x", "y"]})
    assert (len(grown), grown.ids[-1]) == (40, "40")
    assert [failure.index for failure in grown.failures] == [7, 41]
    with pytest.raises(UnsupportedInputError, match="no hydrogen here"):
        index.query(crystals[7])
    batch = PlainGRID().compute_many(crystals)
    assert SimilarityIndex.build(batch, bin_width=0.1).ids == index.ids
    fingerprints = [PlainGRID().compute(c) for c in crystals[:5]]
    assert SimilarityIndex.build(fingerprints).descriptor == PlainGRID()


def test_the_groups_of_an_index(index):
    groups = index.groups(1e-6)
    assert groups[400] == groups[0]
    assert groups.max() + 1 == 400


def test_saved_and_loaded(tmp_path, index):
    index.save(tmp_path / "i")
    loaded = SimilarityIndex.load(tmp_path / "i")
    assert repr(loaded) == repr(index) == f"SimilarityIndex(463 crystals, 12 × 50, labels: half, {mega(index)} MB)"
    assert loaded.ids == index.ids
    assert loaded.labels == index.labels
    for i in (0, 77):
        assert loaded.query(GRIDS[i]).records() == index.query(GRIDS[i]).records()
    assert loaded.add(GRIDS[:2], ids=["p", "q"], labels={"half": [0.0, 1.0]}).query(GRIDS[0], 3).ids == (
        "0",
        "400",
        "458",
    )
    with pytest.raises(WrongUsageError, match=r"there is something already .*; choose another name, or allow"):
        index.save(tmp_path / "i")
    SimilarityIndex.build(GRIDS[:3], bin_width=0.1).save(tmp_path / "i", overwrite=True)
    assert len(SimilarityIndex.load(tmp_path / "i", verify=False)) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["i"], "nothing is left over"
    (tmp_path / "other").mkdir()
    with pytest.raises(WrongUsageError, match="this is no index that could be overwritten"):
        index.save(tmp_path / "other", overwrite=True)


def test_default_ids_go_on_after_saving(tmp_path, monkeypatch):
    crystals = [random_crystal(i) for i in range(4)]
    crystals[1] = Crystal([[0, 0, 0]], ["H"], cell=3 * np.eye(3))
    index = SimilarityIndex.build(crystals[:3], descriptor=PlainGRID())
    assert index.ids == ("0", "2")
    index.save(tmp_path / "i")
    monkeypatch.setitem(sys.modules, "plain_grid_home", sys.modules[__name__])
    monkeypatch.setitem(fingerprinting.HOMES, "PlainGRID", "plain_grid_home")
    loaded = SimilarityIndex.load(tmp_path / "i")
    assert repr(loaded) == repr(index)
    for one in (index, loaded):
        grown = one.add([crystals[1], crystals[3]])
        assert grown.ids == ("0", "2", "4")
        assert [failure.index for failure in grown.failures][-1] == 3
        assert "2 left out" in repr(grown)
        assert grown.add(crystals[:1]).ids[-1] == "5"


def mega(index):
    return f"{index.ordered.nbytes / 1e6:.1f}"


def test_an_index_knows_its_descriptor(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "plain_grid_home", sys.modules[__name__])
    crystals = [random_crystal(i) for i in range(5)]
    index = SimilarityIndex.build(crystals, descriptor=PlainGRID(n_groups=20))
    index.save(tmp_path / "i")
    with pytest.raises(WrongUsageError, match="this index does not know the descriptor of its fingerprints"):
        SimilarityIndex.load(tmp_path / "i").query(crystals[0])
    assert SimilarityIndex.load(tmp_path / "i", descriptor=PlainGRID(n_groups=20)).query(crystals[3]).ids[0] == "3"
    with pytest.raises(
        WrongUsageError, match=r"the index is of PlainGRID\(n_groups=20\), the descriptor of PlainGRID"
    ):
        SimilarityIndex.load(tmp_path / "i", descriptor=PlainGRID())
    monkeypatch.setitem(fingerprinting.HOMES, "PlainGRID", "plain_grid_home")
    loaded = SimilarityIndex.load(tmp_path / "i")
    assert loaded.descriptor == PlainGRID(n_groups=20)
    change_meta(descriptor={"descriptor": "PlainGRID", "n_groups": 20, "unheard": 1})(tmp_path / "i")
    later = SimilarityIndex.load(tmp_path / "i")
    assert len(later.query(np.zeros(index.ordered.table.shape), 5)) == 5
    with pytest.raises(WrongUsageError, match="this index does not know the descriptor of its fingerprints"):
        later.query(crystals[0])
    with pytest.raises(
        WrongUsageError, match=r"the index is of PlainGRID\(n_groups=20\), the query of PlainGRID\(n_groups=30\)"
    ):
        loaded.query(PlainGRID().compute(crystals[0]))


def spoil_byte(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def change_meta(**values):
    def change(folder):
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8")) | values
        (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")

    return change


def trusted(folder, **arrays):
    """Change arrays and say in the description that they are right."""
    from xtalprint.similarity.files import sha256_of  # noqa: PLC0415 - only here

    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    for name, array in arrays.items():
        path = folder / f"{name}.npy"
        np.save(path, array)
        meta["files"][path.name] = {"sha256": sha256_of(path), "bytes": path.stat().st_size}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: spoil_byte(f / "values.npy"), "values.npy: the file is not the one that was saved: its SHA-256"),
        (lambda f: spoil_byte(f / "labels.parquet"), "labels.parquet: the file is not the one that was saved"),
        (lambda f: (f / "codes.npy").unlink(), "codes.npy: a file of the index is missing; build the index again."),
        (lambda f: (f / "meta.json").write_text("["), "this is no similarity index; give the folder that"),
        (lambda f: (f / "meta.json").write_text("[1]"), "this is no similarity index"),
        (lambda f: (f / "meta.json").unlink(), "this is no similarity index"),
        (
            change_meta(format_version=9),
            "another format than xtalprint similarity index, version 1 (value: xtalprint",
        ),
        (change_meta(bin_width=None), "its description lacks"),
        (lambda f: trusted(f, first=np.zeros((3, 3), int)), "first.npy: the array has another type or shape"),
        (lambda f: trusted(f, first=np.full((5, 12), 60_000, np.uint16)), "the files of the index contradict each"),
        (lambda f: trusted(f, numbers=np.zeros(5, int)), "the files of the index contradict each other"),
        (lambda f: trusted(f, totals=np.zeros(4, int)), "the files of the index contradict each other"),
        (lambda f: trusted(f, codes=np.array([{}], object)), "codes.npy: this is no array"),
    ],
)
def test_a_spoiled_index_is_refused(tmp_path, spoil, message):
    folder = tmp_path / "i"
    SimilarityIndex.build(GRIDS[:5], bin_width=0.1).save(folder)
    spoil(folder)
    with pytest.raises(UnreadableFileError) as caught:
        SimilarityIndex.load(folder)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda i: i.query(GRIDS[0], 0), "k must be a whole number, 1 or more (value: 0)."),
        (lambda i: i.query(GRIDS[0], k=True), "k must be a whole number, 1 or more (value: True)."),
        (
            lambda i: i.query("a.cif"),
            "this is the name of a file, and no crystal (value: a.cif); read it first: [cry",
        ),
        (lambda i: i.query(None), "one crystal or one fingerprint (value: NoneType); give a crystal."),
        (lambda i: i.query([GRIDS[0]]), "one crystal or one fingerprint (value: list); use query_many for several."),
        (lambda i: i.query(GRIDS[0][:3]), "another shape than those of the index (value: 3 × 50 and 12 × 50)"),
        (lambda i: i.query(random_crystal(0)), "this index does not know the descriptor of its fingerprints"),
        (lambda i: i.within(GRIDS[0], -1), "the distance is a length in Å (value: -1); give a positive number, or 0"),
        (lambda i: i.add(GRIDS[:1], ids=["5"], labels={"half": [1]}), "already (value: 5); give other ids."),
        (
            lambda i: i.add([random_crystal(0)], labels={"half": [1]}),
            "does not know the descriptor of its fingerprints",
        ),
        (lambda i: i.add(GRIDS[:1]), "must have the labels of the index (value: none); give half."),
        (lambda _: SimilarityIndex.build([]), "there is nothing to compare with; give at least one crystal."),
        (lambda _: SimilarityIndex.build("x"), "as a list or an array (value: str); put one into a list."),
        (lambda _: SimilarityIndex.build(GRIDS), "the width of a bin is not known"),
        (lambda _: build(ids=["a"]), "ids and crystals differ in number (value: 1 and 2)."),
        (
            lambda _: build(ids=["a", "a"]),
            "crystals 0 and 1 have the same id (value: a); give each crystal an id of its own.",
        ),
        (lambda _: build(labels={"K": [1]}), "label K and crystals differ in number (value: 1 and 2)."),
        (lambda _: build(labels={"rank": [1, 2]}), "this name is taken (value: rank)"),
        (
            lambda _: build(descriptor=PlainGRID(bin_width=0.2)),
            "differs from that of the descriptor (value: 0.1 and 0.2",
        ),
        (
            lambda _: SimilarityIndex.build([Crystal([[0, 0, 0]], ["H"], cell=np.eye(3))], descriptor=PlainGRID()),
            "no crystal has a fingerprint (value: 1); the first: no hydrogen here",
        ),
    ],
)
def test_wrong_usage_is_told(index, call, message):
    with pytest.raises(WrongUsageError) as caught:
        call(index)
    assert message in str(caught.value)


def build(**options):
    return SimilarityIndex.build(GRIDS[:2], bin_width=0.1, **options)


def test_labels_of_one_kind(tmp_path):
    index = build(labels={"K": [1, "one"]})
    with pytest.raises(WrongUsageError, match=r"label K mixes kinds of values .*; make them numbers or text"):
        index.save(tmp_path / "i")
    assert not list(tmp_path.iterdir())


def test_without_pyarrow(tmp_path, monkeypatch, index):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="saving an index needs the package pyarrow"):
        index.save(tmp_path / "i")


def test_a_descriptor_that_is_not_here():
    for name, values in (("Nonsense", {}), ("GRID", {"unheard": 1})):
        with pytest.raises(WrongUsageError, match=rf"this descriptor is not known here \(value: {name}\)"):
            fingerprinting.made_descriptor({"descriptor": name} | values)


class KilledError(BaseException):
    pass


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_run_killed_while_it_overwrites_loses_no_index(tmp_path, monkeypatch, overwrite):
    few, more = (SimilarityIndex.build(GRIDS[:n], bin_width=0.1) for n in (3, 4))
    few.save(tmp_path / "i")
    replace = Path.replace

    def killed(self, target):
        if self.name.startswith(".i."):
            raise KilledError
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KilledError):
            more.save(tmp_path / "i", overwrite=True)
    assert not (tmp_path / "i").exists()
    assert len(SimilarityIndex.load(tmp_path / "i")) == 3
    more.save(tmp_path / "i", overwrite=overwrite)
    assert len(SimilarityIndex.load(tmp_path / "i")) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["i"], "nothing is left over"
