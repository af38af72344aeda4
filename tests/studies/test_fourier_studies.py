"""Studies of Fourier descriptors in their quick form, and the page that tells what the whole ones found."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from xtalprint.studies.base import run_study
from xtalprint.studies.fourier_jump import REPEATS, least_times

ROOT = Path(__file__).resolve().parents[2]
PAGE = " ".join((ROOT / "docs" / "fourier.md").read_text(encoding="utf-8").split())
WITHOUT_A_CELL = ("powder pattern", "power spectrum", "bispectrum", "pairs of reflections")


def committed(name):
    return json.loads((ROOT / "results" / name / "results.json").read_text(encoding="utf-8"))


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


@pytest.mark.parametrize(("name", "pictures"), [("fourier-jump", 2), ("fourier-link", 1)])
def test_a_study_runs_and_draws(name, pictures, tmp_path):
    run_study(name, tmp_path, quick=True)
    assert len(list(tmp_path.glob("*.png"))) == pictures
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["quick"]


def test_the_box_jumps_and_nothing_else_does():
    results = committed("fourier-jump")
    assert not results["quick"]
    for path, found in results["paths"].items():
        assert not found["Fourier box"]["continuous"]
        assert all(found[name]["continuous"] for name in WITHOUT_A_CELL)
        assert all(found[name]["jump_in_percents_of_strain"] < 0.05 for name in WITHOUT_A_CELL)
        box, pairs = found["Fourier box"], found["pairs of reflections"]
        cells = (box["across"]["0.0001"], box["one_percent_of_strain"], pairs["across"]["0.0001"])
        assert row(path, *(f"{x:g}" for x in cells), f"{pairs['one_percent_of_strain']:g}") in PAGE


def test_the_prototypes():
    found = committed("fourier-jump")["prototypes"]
    for name in ("Fourier box", *WITHOUT_A_CELL):
        of = found[name]
        assert row(name, of["jumped"], f"{of['median']:g}", f"{of['largest']:g}") in PAGE
    assert f"{found['n']} prototypes" in PAGE
    assert all(found[name]["jumped"] == 0 for name in WITHOUT_A_CELL)


def test_what_is_done_once_only_is_in_no_time():
    class Compiles:
        calls = 0

        def compute(self, _crystal):
            self.calls += 1
            if self.calls <= 2:
                time.sleep(0.05)

    slow = Compiles()
    assert least_times(slow, ["one", "two"]).max() < 25
    assert slow.calls == 2 * (1 + REPEATS)


def test_the_same_crystal_and_the_times():
    results = committed("fourier-jump")
    worst = max(d for name, ways in results["same_crystal"].items() if name != "n" for d in ways.values())
    assert worst < 1e-7
    assert f"{results['same_crystal']['n']} random triclinic crystals" in PAGE
    ratios = results["time"]["over_fourier_box"]
    ends = [f"{end(ratios[name] for name in WITHOUT_A_CELL):.1f}" for end in (min, max)]
    times = results["time"]
    assert f"For {times['n']} prototypes of {times['mean_atoms']} atoms on average" in PAGE
    assert f"least of {times['repeats']} repeats" in PAGE
    box = times["ms"]["Fourier box"]
    assert f"{ends[0]} to {ends[1]} times the time of the box, which is {box:.2f} ms" in PAGE


def test_the_link():
    results = committed("fourier-link")
    assert not results["quick"]
    assert results["largest_of_all"] < 1e-8
    mantissa, exponent = f"{results['largest_of_all']:.0e}".split("e-")
    raised = exponent.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    assert f"differ by {mantissa}·10⁻{raised} of the largest value at most" in PAGE
    for name, cut in results["cut_for_error_below_1_percent"].items():
        what, smearing = name.split(", ")
        assert row(what, smearing, f"{cut:g}") in PAGE
    grid = results["sum_of_grid"]
    assert f"{100 * grid['largest difference, share of the largest value']:.1f} % of the largest value" in PAGE


def test_the_bulk_modulus():
    results = committed("fourier-modulus")
    assert not results["quick"]
    for name, model in results["models"].items():
        cells = [f"{model[f'{part}, MAE of log10']:.3f}" for part in ("training", "test")]
        cells += [f"{model[f'test, {unit}']:.1f}" for unit in ("MAE, GPa", "median error, GPa")]
        assert row(name, *cells) in PAGE
    mean = results["mean_of_training"]
    assert f"| mean of the training part | | {mean['MAE of log10']:.3f} | {mean['MAE, GPa']:.1f} |" in PAGE
    assert f"{results['n_training']:,} crystals of the released training part" in PAGE
    assert f"{results['n_test']:,} of the test part" in PAGE
    box = results["models"]["Fourier box"]["test, MAE of log10"]
    without = [model["test, MAE of log10"] for name, model in results["models"].items() if name != "Fourier box"]
    assert min(without) < box
    shares = [results["models"][name]["test, mean error, % of K"] for name in ("Fourier box", "pairs of reflections")]
    words = "box is {:.1f} % of K here, that of the pairs of reflections {:.1f} %".format(*shares)
    assert words in " ".join(PAGE.split())


def test_the_changelog():
    text = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    jump, modulus = committed("fourier-jump"), committed("fourier-modulus")["models"]
    salt = jump["paths"]["NaCl, c/a through 1"]["Fourier box"]["across"]["0.0001"]
    assert f"between NaCl with c/a = 0.9999 and 1.0001 it changes by {100 * salt:.0f} %" in text
    prototypes = jump["prototypes"]
    assert f"{prototypes['Fourier box']['jumped']} of {prototypes['n']} prototypes jump" in text
    box, pairs = (modulus[name]["test, MAE, GPa"] for name in ("Fourier box", "pairs of reflections"))
    assert f"{box:.1f} GPa on the released test part from the Fourier box, {pairs:.1f} GPa from pairs" in text
