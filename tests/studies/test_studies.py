"""The studies on data sets of a few structures whose answers are known."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from xtalprint.cli import main
from xtalprint.cli.study_printout import printout
from xtalprint.crystal import Crystal
from xtalprint.errors import WrongUsageError
from xtalprint.io import write_table
from xtalprint.studies import base
from xtalprint.studies.base import STUDIES, StudyResult, run_study

RESULTS = Path(__file__).resolve().parents[2] / "results"
FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
COPPER = Crystal([[0, 0, 0]], ["Cu"], cell=1.8075 * FACE)
POLONIUM = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
#: Not one of the classes: a chain in a triclinic cell.
OTHER = Crystal([[0, 0, 0]], ["Se"], cell=[[2.4, 0, 0], [0.7, 3.1, 0], [0.3, 0.9, 4.2]])

#: Studies of data sets; the others make their crystals.


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder of data sets, as the environment variable names it."""
    for name in ("elements", "md", "similarity"):
        (tmp_path / "data" / name).mkdir(parents=True)
    labels = {
        "class_label": ["fcc", "sc", "bcc", "none"],  # the third is wrong on purpose
        "class_agree": [True, True, False, True],
        "prototype_like": ["cF4_225_a", "cP1_221_a", "cI2_229_a", "aP1_2_a"],
        "spacegroup_shipped_0p1": [225, 221, 229, 2],
        "spacegroup_shipped_0p001": [225, 221, 229, 2],
    }
    crystals = [COPPER, POLONIUM, POLONIUM, OTHER]
    write_table(crystals, tmp_path / "data" / "elements" / "elemental_mp.parquet", ids=list("abcd"), labels=labels)
    lattice = " ".join(str(x) for x in np.ravel(1.8075 * FACE))
    frame = f'1\nLattice="{lattice}" Properties=species:S:1:pos:R:3\nCu 0 0 0\n'
    (tmp_path / "data" / "md" / "cu.extxyz").write_text(2 * frame)
    (tmp_path / "data" / "md" / "bad.extxyz").write_text(frame.replace("0 0 0\n", "nan 0 0\n"))
    (tmp_path / "data" / "md" / "index.csv").write_text(
        "file,class,kinetic_temperature_K\ncu.extxyz,fcc,300\nbad.extxyz,liquid,2000\n"
    )
    monkeypatch.setenv("XTALPRINT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_real_elements_counts_right_and_wrong_answers(data, tmp_path):
    run_study("real-elements", tmp_path / "out")
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    members = results["accuracy"]["members of the 7 classes"]
    assert (members["n"], members["right"]) == (3, 2)
    assert [error["id"] for error in results["errors"]] == ["c"]
    assert results["baseline_moyopy"]["symprec 0.1 Å"]["right"] == 2
    assert np.array(results["confusion_matrix"]).sum() == 3
    assert results["command"] == "xtalprint study real-elements --seed 0 --output DIR"
    assert (tmp_path / "out" / "confusion-matrix.png").stat().st_size > 1000
    with (tmp_path / "out" / "table.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["right"] for row in csv.DictReader(stream)] == ["True", "True", "False", "False"]


def test_real_files_has_a_row_for_each_frame_and_each_error(data, tmp_path):
    run_study("real-files", tmp_path / "out")
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert (results["n_records"], results["n_errors"]) == (3, 1)
    assert (results["accuracy_md"]["n"], results["accuracy_md"]["right"]) == (2, 2)
    assert results["wrong"] == []


@pytest.mark.parametrize("name", [name for name, study in STUDIES.items() if study.needs_data])
def test_without_data_the_error_says_which_variable_to_set(name, monkeypatch, tmp_path):
    monkeypatch.delenv("XTALPRINT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(WrongUsageError, match="XTALPRINT_DATA") as raised:
        run_study(name, tmp_path)
    # The elastic moduli may also be fetched into a cache.
    assert "set the environment variable XTALPRINT_DATA" in str(raised.value) or "--allow-download" in str(
        raised.value
    )
    assert CliRunner().invoke(main, ["study", name, "--output", str(tmp_path)]).exit_code == 2


def test_an_unknown_study_is_refused():
    result = CliRunner().invoke(main, ["study", "nonsense"])
    assert result.exit_code == 2
    assert "real-elements" in result.output


def test_cell_free_scores_all_forms(data, tmp_path):
    result = run_study("cell-free", tmp_path / "out", seed=1)
    written = json.loads((tmp_path / "out" / "results.json").read_text())
    assert written["model"]["model"] == "crystal-class"
    assert len(result.table) == len(written["elements"]) == 1 + 3 * 4
    given = written["elements"][0]
    # The third label is wrong on purpose.
    assert (given["form"], given["n"], given["right"], given["simple_n"]) == ("as given", 3, 2, 3)
    assert [w["id"] for w in written["wrong_as_given"]] == ["c"]
    pieces = [row for row in written["elements"] if row["atoms"] == 300 and "40 %" in row["form"]]
    assert [row["right"] for row in pieces] == [2]
    assert written["snapshots"]["crystals"]["right"] == 2
    assert written["snapshots"]["liquid_frames"] == 1
    settings = written["settings"]
    assert len(settings) == 2 * (5 + 5 + 3)
    assert {row["n"] for row in settings} == {3}
    assert not any(row["changed"] or row["other_class"] or row["other_known"] for row in settings)


@pytest.mark.parametrize(("n", "last"), [(2, "b      0.25"), (99, "… 40 of 99 rows in table.csv")])
def test_the_table_is_printed_as_far_as_a_screen_holds_it(monkeypatch, tmp_path, n, last):
    rows = [{"name": "b" if row % 2 else "a", "share": 0.25, "none": None} for row in range(n)]
    found = StudyResult(figures={"n": n}, table=rows)
    monkeypatch.setattr("xtalprint.studies.run_study", lambda *_, **__: found)
    result = CliRunner().invoke(main, ["study", "fingerprints", "--output", str(tmp_path)])
    lines = result.stdout.rstrip().split("\n")
    assert lines[:3] == [f"n: {n}", "", "name  share  none"]
    assert lines[-1].split() == last.split()


def test_every_method_is_printed_from_its_first_row_to_its_last():
    rows = [
        {"model": model, "step": step, "paper": 1.0}
        for model in ("published", "image", "default")
        for step in range(50)
    ]
    figures = {
        "model": {"weights_sha256": "0" * 64},
        "many": {str(i): i for i in range(99)},
        "deep": {"er": {"part": {"n": 4, "right": 3, "accuracy": 0.75, "interval_95": [0.1, 0.9]}}},
        "checks": {"default": {"first statement": True, "second statement": False}},
    }
    lines = printout(StudyResult(figures=figures, table=rows))
    assert "deep; er; part: 3 of 4 right (75.00 %)" in lines
    assert "checks; default: 1 of 2 hold" in lines
    assert lines[-1] == "… 39 of 150 rows in table.csv"
    table = [line.split()[:2] for line in lines[lines.index("") + 2 : -1]]
    for model in ("published", "image", "default"):
        steps = [int(step) for name, step in table if name == model]
        assert (len(steps), steps[0], steps[-1]) == (13, 0, 49)
    assert len(lines) <= 60


@pytest.mark.parametrize("name", sorted(path.parent.name for path in RESULTS.glob("*/table.csv")))
def test_no_study_prints_more_than_a_screen_or_two(name):
    """With the figures that are in the repository; studies that choose what is printed print less."""
    figures = json.loads((RESULTS / name / "results.json").read_text(encoding="utf-8"))
    with (RESULTS / name / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = printout(StudyResult(figures=figures, table=rows))
    assert len(lines) <= 60
    for column in {"method", "model"} & set(rows[0]):
        printed = "\n".join(lines[lines.index("") :])
        assert all(row[column] in printed for row in rows)


def test_help_and_list_say_that_md_needs_a_checkout():
    told = " ".join(CliRunner().invoke(main, ["study", "--help"]).stdout.split())
    assert "run it in the root of a checkout" in told
    [line] = [x for x in CliRunner().invoke(main, ["study", "--list"]).stdout.splitlines() if x.startswith("md ")]
    assert "in a checkout" in line


def test_a_folder_that_cannot_be_written_is_said_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "import_module", lambda _: pytest.fail("the work was begun"))
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUsageError, match=r"file.out: the results cannot be written to .*another one"):
        base.run_study("real-files", tmp_path / "file" / "out")
