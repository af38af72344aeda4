"""``xtalprint similar``, ``index`` and ``duplicates`` from tables to records."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import xtalprint as xp
from xtalprint import Crystal
from xtalprint.cli import main
from xtalprint.geometry import supercell
from xtalprint.io import read_table, write_table
from xtalprint.io.table_labels import is_table, read_labels
from xtalprint.similarity import SimilarityIndex, groups_within

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"
N = 30
#: Two of one lattice constant, for `duplicates`.
TWINS = (4, 7)
LABELS = {
    "gap": [float("nan") if i == 2 else 0.1 * i for i in range(N)],
    "kind": ["odd" if i % 2 else None for i in range(N)],
    "status": list(range(N)),
    "tags": [[i, i] for i in range(N)],
}


def crystals():
    lengths = 2.6 + 0.03 * np.arange(N)
    lengths[TWINS[1]] = lengths[TWINS[0]]
    return [
        Crystal([[0.0] * 3, [a / 2] * 3], ["Fe", "Al" if i % 2 else "Fe"], cell=a * np.eye(3))
        for i, a in enumerate(lengths)
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a table, an index of it, queries, and what cannot be used."""
    folder = tmp_path_factory.mktemp("made")
    for path in DATA.iterdir():
        shutil.copy(path, folder)
    write_table(crystals(), folder / "table.parquet", ids=[f"c{i}" for i in range(N)], labels=LABELS)
    whole = pq.read_table(folder / "table.parquet")
    pq.write_table(whole.drop_columns(["id"]), folder / "no-ids.parquet")
    pq.write_table(
        whole.set_column(0, "id", pa.array([None, *(f"c{i}" for i in range(1, N))])), folder / "null-id.parquet"
    )
    pq.write_table(
        whole.set_column(whole.column_names.index("cell"), "cell", pa.array(["cubic"] * N)), folder / "words.parquet"
    )
    twice = pa.array(["a", "a", *(f"c{i}" for i in range(2, N))])
    pq.write_table(whole.set_column(0, "id", twice), folder / "twice.parquet")
    pq.write_table(whole.slice(0, 0), folder / "empty.parquet")
    numbers = whole.column("numbers").to_pylist()
    numbers[5] = [200, 200]
    place = whole.column_names.index("numbers")
    pq.write_table(
        whole.set_column(place, "numbers", pa.array(numbers, pa.list_(pa.uint8()))), folder / "one-bad.parquet"
    )
    (folder / "broken.parquet").write_bytes(b"PAR1 and no more")
    (folder / "one.xyz").write_text("1\n\nAu 0 0 0\n")
    (folder / "empty.cif").write_text("")
    for name, size in (("query", 2.73), ("alike", 2.76)):
        write_iron(folder / f"{name}.extxyz", size)
    result = CliRunner().invoke(
        main, ["index", str(folder / "table.parquet"), "--output", str(folder / "index"), "--format", "json", "-q"]
    )
    assert result.exit_code == 0, result.output
    return folder


def write_iron(path, a):
    path.write_text(
        f'2\nLattice="{a} 0 0 0 {a} 0 0 0 {a}" Properties=species:S:1:pos:R:3 pbc="T T T"\nFe 0 0 0\n'
        f"Fe {a / 2} {a / 2} {a / 2}\n"
    )


@pytest.fixture
def here(made, monkeypatch, tmp_path):
    """That folder as working directory; another for what is written."""
    monkeypatch.chdir(made)
    return tmp_path


def run(*arguments, exit_code=0, stdin=None):
    result = CliRunner().invoke(main, list(map(str, arguments)), input=stdin)
    assert result.exit_code == exit_code, result.output + result.stderr
    return result


def records(*arguments, exit_code=0, stdin=None):
    result = run(*arguments, "--format", "json", exit_code=exit_code, stdin=stdin)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_records_of_the_neighbours(here):
    found = records("similar", "query.extxyz", "--table", "table.parquet", "-k", 3)
    assert list(found[0])[:3] == ["rank", "id", "distance"]
    assert [r["rank"] for r in found] == [1, 2, 3]
    assert {r["id"] for r in found} == {"c4", "c7", "c5"}
    assert [r["distance"] for r in found] == sorted(r["distance"] for r in found)
    first = found[0]
    assert (first["source"], first["frame"], first["status"], first["unit"]) == ("query.extxyz", 0, "ok", "Å")
    [query] = xp.read("query.extxyz")
    assert first["distance"] == pytest.approx(xp.emd(query, crystals()[4]), abs=6e-7)


def test_labels_are_plain_and_take_no_name_of_the_record(here):
    found = {r["id"]: r for r in records("similar", "query.extxyz", "--table", "table.parquet", "-k", N)}
    assert found["c2"]["gap"] is None, "a NaN is a missing value"
    assert found["c3"]["gap"] == pytest.approx(0.3)
    assert (found["c3"]["kind"], found["c2"]["kind"]) == ("odd", None)
    assert (found["c3"]["label_status"], found["c3"]["status"]) == (3, "ok")
    assert found["c3"]["tags"] == "[3, 3]"


def test_labels_of_an_index_of_python_take_no_name_of_the_record(here):
    library = read_table("table.parquet")
    labels = {"source": ["mine"] * N, "metric": [1] * N, "label_metric": [float("nan")] * N, "gap": range(N)}
    SimilarityIndex.build(library.crystals, ids=library.ids, labels=labels).save(here / "own")
    known = {"label_source": "mine", "label_metric": 1, "label_label_metric": None, "gap": 4}
    for names in ((), ("--labels", "source,metric,label_metric,gap")):
        first = records("similar", "query.extxyz", "--index", here / "own", "-k", 1, *names)[0]
        assert {name: first[name] for name in known} == known
        assert (first["source"], first["metric"]) == ("query.extxyz", "grid-emd")


def test_an_index_answers_as_its_table_does(here):
    queries = ["query.extxyz", "copper.cif", "nope.cif", "aluminium_melting.extxyz.gz"]
    by_table = records("similar", *queries, "--table", "table.parquet", exit_code=1)
    assert records("similar", *queries, "--index", "index", exit_code=1) == by_table
    [error] = [r for r in by_table if r["status"] == "error"]
    assert by_table.index(error) == 20, "in its place"
    assert set(error) == {"source", "frame", "status", "error"}
    assert [r["frame"] for r in by_table[21:]] == [0] * 10 + [1] * 10


@pytest.mark.parametrize(
    "metric", [("composition",), ("sorted",), ("rdf-cosine",), ("grid-emd:10", "composition:1")], ids="+".join
)
def test_any_metric_and_sum_finds_what_compare_says(here, metric):
    options = [word for part in metric for word in ("--metric", part)]
    found = records("similar", "query.extxyz", "--table", "table.parquet", "-k", 5, *options)
    pairs = records("compare", "query.extxyz", "table.parquet", *options)[:N]
    expected = sorted(pairs, key=lambda pair: pair["distance"])[:5]
    assert [(r["id"], r["distance"], r["metric"], r["unit"]) for r in found] == [
        (pair["b_id"], pair["distance"], pair["metric"], pair["unit"]) for pair in expected
    ]
    assert [r["kind"] for r in found] == ["odd" if int(r["id"][1:]) % 2 else None for r in found]
    header = run("similar", "query.extxyz", "--table", "table.parquet", *options).stdout.splitlines()[0]
    assert ("(Å)" in header) == (found[0]["unit"] == "Å")


@pytest.mark.parametrize("options", [("--index", "index"), ("--table", "table.parquet", "--approximate")])
def test_other_metrics_have_no_index(here, options):
    told = run("similar", "query.extxyz", *options, "--metric", "amd", exit_code=2).stderr
    assert "searches by grid-emd only; leave --metric amd out, or give --table" in " ".join(told.split())


def test_a_crystal_of_the_table_finds_itself(here):
    found = records("similar", "table.parquet", "--table", "table.parquet", "-k", 1)
    assert [r["frame"] for r in found] == list(range(N))
    for row, record in enumerate(found):
        assert record["distance"] < 1e-6
        assert record["id"] == f"c{TWINS[0] if row in TWINS else row}"


def test_k_larger_than_the_table_gives_all(here):
    assert len(records("similar", "query.extxyz", "--index", "index", "-k", 1000)) == N
    for wrong in ("0", "-1", "ten"):
        assert "-k" in run("similar", "query.extxyz", "--index", "index", "-k", wrong, exit_code=2).stderr


def test_chosen_labels(here):
    for place in (("--table", "table.parquet"), ("--index", "index")):
        [record] = records("similar", "query.extxyz", *place, "-k", 1, "--labels", "kind, gap")
        assert list(record)[3:7] == ["unit", "metric", "kind", "gap"]
        assert "tags" not in record
        wrong = run("similar", "query.extxyz", *place, "--labels", "colour", exit_code=2).stderr
        assert "colour" in wrong
        assert "kind" in wrong, "those that there are"


def test_a_label_with_the_name_of_an_entry_is_chosen_by_its_own_name(here):
    for place in (("--table", "table.parquet"), ("--index", "index")):
        [record] = records("similar", "query.extxyz", *place, "-k", 1, "--labels", "status")
        assert (record["id"], record["label_status"], record["status"]) == ("c4", 4, "ok")


def test_queries_that_fail_become_records(here):
    found = records("similar", "one.xyz", "empty.cif", "query.extxyz", "--index", "index", "-k", 1, exit_code=1)
    assert [r["status"] for r in found] == ["error", "error", "ok"]
    assert "no two sites are within r_max" in found[0]["error"]
    assert found[1]["source"] == "empty.cif"


@pytest.mark.parametrize("known", [("--index", "index"), ("--table", "table.parquet")])
def test_a_query_without_neighbours_in_reach_is_told_of_other_metrics(here, known):
    write_iron(here / "gas.extxyz", 40.0)
    [error] = records("similar", here / "gas.extxyz", *known, exit_code=1)
    assert (
        "(value: 34.641 Å between the nearest); the metrics amd and sorted reach farther: --metric of"
        in error["error"]
    )
    [error] = records("duplicates", here / "gas.extxyz", exit_code=1)
    assert "the metrics amd and sorted reach farther" in error["error"]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("nope.parquet", "no such file"),
        ("no-ids.parquet", "the column id is missing"),
        ("null-id.parquet", "row 0 has no id"),
        ("words.parquet", "wrong type"),
        ("twice.parquet", "this id is in twice.parquet, row 0 and in twice.parquet, row 1 (value: a); give each row"),
        ("empty.parquet", "without rows"),
        ("broken.parquet", "not a sound Parquet file"),
        ("copper.cif", "not a sound Parquet file"),
        ("empty.cif", "empty"),
    ],
)
def test_what_is_no_table_is_said_before_anything_is_done(here, table, sentence):
    # Where the table is sound and only its crystals are not, inputs have failed.
    code = 1 if table in {"words.parquet", "empty.parquet"} else 2
    result = run("similar", "query.extxyz", "--table", table, exit_code=code)
    assert ("--table" in result.stderr) == (code == 2 and table != "twice.parquet")
    assert result.stdout == ""
    assert sentence in result.stderr
    assert table in result.stderr


def test_a_bad_row_of_the_table_has_a_record_and_an_exit_code(here):
    arguments = ("similar", "query.extxyz", "--table", "one-bad.parquet", "-k", N)
    result = run(*arguments, "--format", "json", exit_code=1)
    *found, error = [json.loads(line) for line in result.stdout.splitlines()]
    assert {r["id"] for r in found} == {f"c{i}" for i in range(N)} - {"c5"}
    assert (error["source"], error["frame"], error["status"]) == ("one-bad.parquet", 5, "error")
    assert "one-bad.parquet, frame 5" in error["error"]
    assert "1 row of one-bad.parquet failed and could not be searched; each has a record" in result.stderr
    assert run(*arguments, exit_code=1).stdout.splitlines()[N].split()[-1] == "error", "after the answers"
    error, record = records("index", "one-bad.parquet", "--output", here / "i", exit_code=1)
    assert (error["status"], error["frame"]) == ("error", 5)
    assert (record["crystals"], record["failed"]) == (N - 1, 1)


def test_names_that_are_no_text_go_into_an_index(here):
    shutil.copy("copper.cif", here / "caf\udce9.cif")
    run("index", here / "caf\udce9.cif", "--output", here / "odd")
    assert SimilarityIndex.load(here / "odd").ids[0].endswith("caf\\xe9.cif#0")


@pytest.mark.parametrize("arguments", [(), ("--table", "table.parquet", "--index", "index")])
def test_one_thing_is_searched(here, arguments):
    assert "--table T.parquet or --index FOLDER" in run("similar", "query.extxyz", *arguments, exit_code=2).stderr


@pytest.mark.parametrize(
    "options", [("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"), ("--engine", "processes", "--workers", "2")]
)
def test_an_index_takes_no_engine_that_would_do_nothing(here, options):
    told = run("similar", "query.extxyz", "--index", "index", *options, exit_code=2)
    assert f"--engine {options[1]} has no work with --index" in " ".join(told.stderr.split())
    assert told.stdout == ""


@pytest.mark.parametrize("table", ["no-ids.parquet", "empty.parquet", "words.parquet"])
def test_an_unsound_table_has_a_record_and_a_sentence(here, table):
    result = run("index", table, "--output", here / "i", "--format", "json", exit_code=1)
    [record] = map(json.loads, result.stdout.splitlines())
    assert (record["source"], record["status"]) == (table, "error")
    assert "there is no structure with a fingerprint; the first error: " in " ".join(result.stderr.split())
    # Only what cannot be used as a table at all is a wrong --table.
    code = 2 if table == "no-ids.parquet" else 1
    told = run("similar", "query.extxyz", "--table", table, exit_code=code).stderr
    assert ("--table" in told) == (code == 2)
    assert "the column source" not in told + record["error"]
    assert "and source" not in told + record["error"], "it may be missing"


def test_what_is_no_index(here):
    assert "no similarity index" in run("similar", "query.extxyz", "--index", "nowhere", exit_code=2).stderr
    shutil.copytree("index", here / "spoiled")
    with (here / "spoiled" / "values.npy").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x07")
    assert "SHA-256" in run("similar", "query.extxyz", "--index", here / "spoiled", exit_code=2).stderr


def test_the_index_on_the_disk(here):
    [record] = records("index", "table.parquet", "--output", here / "new", "--labels", "gap")
    assert record["crystals"] == N
    assert record["labels"] == ["gap"]
    loaded = SimilarityIndex.load(record["path"])
    assert loaded.ids == tuple(f"c{i}" for i in range(N))
    assert "--overwrite" in run("index", "table.parquet", "--output", here / "new", exit_code=2).stderr
    run("index", "copper.cif", "brass.cif", "--output", here / "new", "--overwrite")
    assert SimilarityIndex.load(here / "new").ids == ("copper.cif#0", "brass.cif#0")
    assert "with a fingerprint" in run("index", "nope.cif", "--output", here / "other", exit_code=1).stderr
    assert not (here / "other").exists()


def test_the_same_bits_whatever_the_workers(here):
    similar = ("similar", "table.parquet", "copper.cif", "--table", "table.parquet", "-k", 4, "--format", "json")
    groups = ("duplicates", "table.parquet", "copper.cif", "--tolerance", 0.1, "--format", "json")
    for command in (similar, groups):
        plain = run(*command, "--threads", 1).stdout
        for options in (["--threads", 3], ["--engine", "serial"], ["--engine", "processes", "--workers", 2]):
            assert run(*command, *options).stdout == plain


def test_approximate_search_without_faiss(here, monkeypatch):
    arguments = ("similar", "query.extxyz", "--index", "index", "--approximate")
    monkeypatch.setitem(sys.modules, "faiss", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert 'pip install "xtalprint[search]"' in run(*arguments, exit_code=2).stderr


def test_approximate_search_finds_the_same_in_a_small_table(here):
    pytest.importorskip("faiss")
    exact = records("similar", "query.extxyz", "alike.extxyz", "--index", "index")
    assert records("similar", "query.extxyz", "alike.extxyz", "--index", "index", "--approximate") == exact


def test_tables_for_people_and_csv(here):
    lines = run("similar", "query.extxyz", "nope.cif", "--index", "index", "-k", 2, exit_code=1).stdout.splitlines()
    assert lines[0].split()[:5] == ["file", "(frame)", "rank", "distance", "(Å)"]
    assert lines[1].split()[:2] == ["query.extxyz", "1"]
    assert lines[2].split()[0] == "2", "the file is named once"
    assert lines[3].split() == ["nope.cif", "error"]
    run("similar", "query.extxyz", "--index", "index", "-k", 2, "--output", here / "near.csv")
    first, _ = csv.DictReader(io.StringIO((here / "near.csv").read_text()))
    assert (first["rank"], first["id"], first["source"]) == ("1", "c4", "query.extxyz")
    assert {"gap", "kind", "label_status"} <= set(first)


def test_queries_from_stdin(here):
    assert records("similar", "-", "--index", "index", stdin="query.extxyz\n") == records(
        "similar", "query.extxyz", "--index", "index"
    )


def test_the_records_of_groups(here):
    found = records("duplicates", "table.parquet", "copper.cif", "nope.cif", "copper.cif", exit_code=1)
    keys = {"source", "frame", "status", "id", "formula", "group", "size", "representative", "warnings"}
    assert set(found[0]) == keys
    assert found[N + 1]["status"] == "error", "in its place"
    good = [r for r in found if r["status"] == "ok"]
    table = [xp.GRID().compute(crystal) for crystal in [*crystals(), *xp.read("copper.cif") * 2]]
    assert [r["group"] for r in good] == groups_within(table, 0.01).tolist()
    twins = [r for r in good if r["size"] == 2]
    assert [r["id"] for r in twins] == ["c4", "c7", "copper.cif#0", "copper.cif#0 (2)"]
    assert [r["representative"] for r in twins] == ["c4", "c4", "copper.cif#0", "copper.cif#0"]


def test_a_disordered_member_of_a_group_has_its_warning(here):
    good, twin = records("duplicates", "brass.cif", "brass.cif")
    assert (
        good["warnings"]
        == twin["warnings"]
        == ["4 disordered sites: averaged, each species weighted by its occupancy"]
    )
    assert run("duplicates", "brass.cif", "brass.cif").stdout.count("! 4 disordered sites") == 2
    rows = run("duplicates", "brass.cif", "copper.cif", "--format", "csv").stdout
    assert [row["warnings"][:18] for row in csv.DictReader(io.StringIO(rows))] == ["4 disordered sites", ""]


def test_groups_grow_with_the_tolerance(here):
    numbers = [
        len({r["group"] for r in records("duplicates", "table.parquet", "--tolerance", tolerance)})
        for tolerance in (0, 0.01, 0.1, 10)
    ]
    assert numbers == [N - 1, N - 1, 2, 1]


def test_groups_of_the_same_composition(here):
    found = records("duplicates", "table.parquet", "--tolerance", 10, "--same-composition")
    assert {r["representative"] for r in found} == {"c0", "c1"}
    assert [r["group"] for r in found] == [i % 2 for i in range(N)]
    found = records("duplicates", "table.parquet", "--same-composition")
    assert {r["size"] for r in found} == {1}, "the twins are of other elements"


@pytest.mark.parametrize("tolerance", ["-0.1", "nan", "inf", "much"])
def test_what_is_no_tolerance(here, tolerance):
    assert "--tolerance" in run("duplicates", "table.parquet", "--tolerance", tolerance, exit_code=2).stderr


def test_groups_for_people(here):
    result = run("duplicates", "table.parquet", "one.xyz", exit_code=1)
    lines = result.stdout.splitlines()
    assert [line.split()[-2] for line in lines[-2:]] == ["c4", "c7"]
    assert "one.xyz" in lines[1]
    assert f"{N - 1} groups within 0.01 Å" in result.stderr


def test_what_rounding_tells_apart_is_said_below_the_resolution_of_tables(here):
    [copper] = xp.read("copper.cif")
    write_table([copper, supercell(copper, (3, 3, 3))], here / "twins.parquet", ids=["one", "other"])
    found = run("duplicates", here / "twins.parquet", "--tolerance", 0)
    assert "below 1e-05 Å, rounding tells apart what is the same" in found.stderr
    assert "crystal tables keep coordinates to 1e-7 of a cell length; --tolerance 1e-05 joins" in found.stderr
    forgiving = run("duplicates", here / "twins.parquet", "--tolerance", 1e-5)
    assert forgiving.stderr.startswith("1 group within 1e-05 Å; ")


def test_nothing_to_group(here):
    [record] = records("duplicates", "empty.cif", exit_code=1)
    assert record["status"] == "error"


def test_labels_without_crystals(here):
    labels = read_labels("table.parquet", names=["kind"])
    assert (len(labels), list(labels.labels)) == (N, ["kind"])
    assert "30 rows" in repr(labels)
    assert is_table("table.parquet")
    assert not is_table("copper.cif")
    assert not is_table("nope")


@pytest.mark.data
def test_two_thousand_real_crystals(tmp_path):
    data = os.environ.get("XTALPRINT_DATA")
    if data is None:
        pytest.skip("XTALPRINT_DATA is not set")
    whole = pq.read_table(Path(data) / "properties" / "properties.parquet")
    pq.write_table(whole.slice(0, 2000), tmp_path / "some.parquet")
    pq.write_table(whole.slice(1000, 20), tmp_path / "queries.parquet")
    command = [sys.executable, "-m", "xtalprint"]

    def call(*arguments):
        done = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    [made] = call("index", "some.parquet", "--output", "index", "--format", "json")
    assert (made["crystals"], made["failed"]) == (2000, 0)
    found = call("similar", "queries.parquet", "--index", "index", "-k", "5", "--format", "json")
    ids = whole.column("id").to_pylist()
    for row in range(20):
        near = found[5 * row : 5 * row + 5]
        assert near[0]["distance"] < 1e-9
        assert ids[1000 + row] in {r["id"] for r in near if r["distance"] == near[0]["distance"]}
    groups = call("duplicates", "some.parquet", "--tolerance", "0.02", "--format", "json")
    assert [r["id"] for r in groups] == ids[:2000]
    assert len({r["group"] for r in groups}) < 2000
    matrix = ["compare", "some.parquet", "--matrix", "d.npy", "--format", "json", "--engine", "processes"]
    assert len(call(*matrix)) == 2000
    distances = np.load(tmp_path / "d.npy")
    for row in range(20):
        nearest = np.sort(distances[1000 + row])[:5]
        assert np.allclose(nearest, [r["distance"] for r in found[5 * row : 5 * row + 5]], atol=1e-6)
