"""The page on similarity says what the committed results say, and the targets that were reached stay reached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from xtalprint.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "similarity.md").read_text(encoding="utf-8")
SPEED = json.loads((ROOT / "results" / "similarity-speed.json").read_text(encoding="utf-8"))
METRIC = json.loads((ROOT / "results" / "similarity-metric" / "results.json").read_text(encoding="utf-8"))
AXIOMS = json.loads((ROOT / "results" / "similarity-axioms.json").read_text(encoding="utf-8"))


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def power(value):
    """A small number as on the page: 4.7·10⁻⁹."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def said():
    """All sentences and rows with figures, by name."""
    grid, tables = METRIC["found"]["GRID + EMD"], AXIOMS["composition"]
    whole, matrix, search = AXIOMS["whole_numbers"], SPEED["matrix"], SPEED["search"]
    approximate, soft = search["approximate"], SPEED["smeared"]
    quicker = [
        kind.upper() for kind, figures in approximate.items() if figures["ms_mean"] < search["exact"]["ms_mean"]
    ]
    made = SPEED.get("from_crystals")
    return {
        "rounding": f"here {power(whole['bound_of_rounding_A'])} Å; the largest change found was "
        f"{power(whole['largest_rounding_A'])} Å",
        "packed": f"{matrix['bytes']['fingerprints packed'] / matrix['crystals'] / 1e3:.1f} kB for a crystal instead "
        f"of 40 kB, and {soft['kB_a_crystal']:.1f} kB where distances are smeared by 0.1 Å",
        "transformed": f"no: {tables['transformed']['violations']:,} of "
        f"{tables['transformed']['triples_of_elements']:,} triples of elements break it",
        "raw": f"no: {tables['raw']['violations']:,} of {tables['raw']['triples_of_elements']:,} triples of elements "
        "break it",
        "longest": f"the longest transformed entry is {tables['transformed']['range'][1]:.0f}, and through other "
        f"elements at most {tables['transformed-metric']['range'][1]:.1f}",
        "shortened": f"change {tables['transformed']['share_of_pairs_shortened']:.0%} of the transformed pairs and "
        f"{tables['raw']['share_of_pairs_shortened']:.0%} of the raw ones",
        "triples": f"Over {grid['crystals']:,} random crystals (all triples of every 500: {grid['triples']:,})",
        "excess": f"by more than {power(grid['triangle'])} Å, which is the rounding of the last multiplication",
        "cells": f"in another cell, turned and shifted, was {grid['distance_to_itself_in_another_cell']:g} Å from "
        "itself",
        "double": f"The same in double precision: "
        f"{power(whole['largest_excess_of_the_direct_way_in_double_precision_A'])} Å",
        "matrix": row(
            "one thread, file written",
            f"{matrix['one thread']['cpu_s']:.1f} s of the processor, {matrix['ns_a_pair']:.0f} ns a pair",
        ),
        "gridrdf": row(
            f"gridrdf {matrix['gridrdf']['version']}, its compiled function on one thread, "
            f"{matrix['gridrdf']['crystals']} of them",
            f"{matrix['gridrdf']['ns_a_pair']:,.0f} ns a pair, {matrix['ratio_to_gridrdf']:.0f} times as long as "
            f"ours of {'the same' if 'ours_cpu_s' in matrix['gridrdf'] else 'all'}",
        ),
        "bytes": row(
            "reading the packed fingerprints and writing the matrix at the speed of a copy",
            f"{matrix['seconds_of_bytes_over_bandwidth']:.2f} s, so that this is not bound by memory",
        ),
        "streaming": row(
            "reading a plain row of 40 kB for each pair at that speed",
            f"{matrix['seconds_if_each_pair_read_a_row_in_single_precision']:.0f} s",
        ),
        "crystals": f"hold {SPEED['crystals']['real']:,} real crystals of the properties table and "
        f"{SPEED['crystals']['made-up relatives']:,} made-up relatives",
        "among": f"Among {search['crystals']:,} crystals",
        "smeared": f"commands make them, a pair takes {soft['ns_a_pair']:.0f} ns:",
        "searched": f"Searched are {SPEED.get('searched', 'plain histograms')}.",
        "built": "The time to build is from fingerprints; "
        + (
            f"from {made['crystals']:,} crystals it is {made['ms_a_crystal']:.2g} ms of the processor for each."
            if made
            else "that from crystals was not measured."
        ),
        "pays": f"Faster than the exact search in this measurement: {' and '.join(quicker) or 'neither'}.",
        "exact": row(
            "exact", f"{SPEED['growth'][-1]['build_cpu_s']:.2f} s", f"{search['exact']['ms_mean']:.2f} ms", "1"
        ),
        **{
            kind: row(
                f"faiss {kind.upper()} on group means, {figures['candidates']} candidates compared",
                f"{figures['build_cpu_s']:.1f} s",
                f"{figures['ms_mean']:.2f} ms",
                f"{figures['recall']:.4f}",
            )
            for kind, figures in approximate.items()
        },
        **{
            name: row(
                f"{name.replace(' flat', '')} {search[name]['version']}, brute force, L1",
                "–",
                f"{search[name]['ms_mean']:,.0f} ms: {search['ratio'][name]:,.0f} times the exact search",
                "1",
            )
            for name in ("scikit-learn", "faiss flat")
        },
        **{
            f"growth {figures['crystals']}": row(
                f"{figures['crystals']:,}",
                f"{figures['build_cpu_s']:.2f} s",
                f"{figures['load_wall_s']:.2f} s",
                f"{figures['memory_MB']:,.1f} MB",
                f"{figures['ms_mean']:.2f} ms",
                f"{figures['bounds_computed_mean']:,.0f}",
                f"{figures['distances_computed_mean']:,.0f}",
            )
            for figures in SPEED["growth"]
        },
        **{
            f"groups {tolerance}": row(tolerance, f"{figures['groups']:,}", f"{figures['cpu_s']:.1f} s")
            for tolerance, figures in search["groups"].items()
        },
        "composition": f"{SPEED['compositions']['ns_a_pair, common stays']:.0f} ns",
    }


@pytest.mark.parametrize("name", said())
def test_the_page_says_what_was_measured(name):
    assert said()[name] in " ".join(PAGE.replace("\n|", "\0|").split()).replace("\0|", "\n|")


def test_targets_that_were_reached_stay_reached():
    search = SPEED["search"]
    assert search["crystals"] >= 100_000
    assert search["ratio"]["scikit-learn"] >= 20
    assert search["exact"]["ms_mean"] < 5
    assert all(figures["recall"] >= 0.999 for figures in search["approximate"].values())
    assert search["scikit-learn"]["largest_difference_A"] < 1e-5, "the peer finds the same"
    assert SPEED["matrix"]["crystals"] == 12_178
    assert SPEED["matrix"]["ratio_to_gridrdf"] >= 20
    assert SPEED["matrix"]["gridrdf"]["largest_difference_A"] < 1e-7


def test_the_axioms_hold():
    grid, whole = METRIC["found"]["GRID + EMD"], AXIOMS["whole_numbers"]
    assert min(grid["crystals"], whole["crystals"]) >= 10_000
    assert grid["triangle"] < 1e-9
    assert grid["asymmetry"] == grid["distance_to_itself"] == 0
    assert grid["distance_to_itself_in_another_cell"] < 1e-9
    assert whole["largest_excess_of_the_direct_way_in_whole_numbers"] <= 0
    assert whole["largest_excess_of_the_direct_way_in_double_precision_A"] < 1e-9
    for name, table in AXIOMS["composition"].items():
        assert table["metric"] == name.endswith("-metric")
        assert table["metric"] == (table["violations"] == 0) == (table["largest_excess_of_the_direct_way"] < 1e-9)


def test_the_help_says_what_was_measured_of_faiss():
    search = SPEED["search"]
    text = " ".join(CliRunner().invoke(main, ["similar", "--help"]).stdout.split())
    assert all(figures["ms_mean"] > search["exact"]["ms_mean"] for figures in search["approximate"].values())
    assert f"Up to {search['crystals']:,} crystals, the most that was measured, the exact search is faster" in text
    assert f"anew, in {search['approximate']['hnsw']['build_cpu_s']:.0f} s for so many" in text
