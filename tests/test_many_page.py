"""The page on many structures says what the committed results say."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "many.md").read_text(encoding="utf-8")
RESULT = json.loads((ROOT / "results" / "spreading.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def benchmark():
    pytest.importorskip("psutil")
    spec = importlib.util.spec_from_file_location("spreading", ROOT / "benchmarks" / "spreading.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_results(benchmark):
    begin, end = benchmark.BEGIN, benchmark.END
    assert PAGE.partition(begin)[2].partition(end)[0] == benchmark.tables(RESULT)


def test_every_engine_gave_the_same_bytes_and_every_record():
    commands = {row["what"] for row in RESULT["engines"]}
    assert commands >= {"classify", "describe"}
    assert len(RESULT["engines"]) == 4 * len(commands)
    assert all(row["same_bytes"] for row in RESULT["engines"])
    assert all(row["records"] == row["n"] for row in [*RESULT["engines"], *RESULT["growth"]])


def test_time_is_proportional_and_memory_flat(benchmark):
    """From the second to the last number of structures the cost of one changes little, and so does the memory."""
    few, many = [row for row in RESULT["growth"] if row["what"] == "describe"][-2:]
    assert many["n"] >= 10 * few["n"]
    assert many["mebibytes"] < 1.25 * few["mebibytes"]
    assert many["processor_seconds"] < 1.25 * 10 * few["processor_seconds"]
