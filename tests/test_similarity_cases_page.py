"""The page on the report's three cases says what the committed results say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xtalprint.studies import similarity_peer

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "similarity-cases.md").read_text(encoding="utf-8")
FLAT = " ".join(PAGE.split())


def result(name):
    return json.loads((ROOT / "results" / f"similarity-{name}" / "results.json").read_text(encoding="utf-8"))


LATTICE, DISPLACEMENT, LAYERS, METRIC = map(result, ("lattice", "displacement", "ruddlesden-popper", "metric"))
METHODS = list(LATTICE["methods"])
IN_ANGSTROM = list(LATTICE["known"])


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def yes(flag):
    return "yes" if flag else "no"


def percent(share, digits=0):
    return f"{100 * share:.{digits}f} %"


@pytest.mark.parametrize("name", ["lattice", "displacement", "ruddlesden-popper", "metric"])
def test_results_are_of_full_runs_and_their_pictures_are_shown(name):
    assert not result(name)["quick"]
    assert f"xtalprint study similarity-{name} " in PAGE
    pictures = sorted((ROOT / "docs" / "images").glob(f"similarity-{name}*.png"))
    assert pictures
    assert all(f"(images/{picture.name})" in PAGE for picture in pictures)


@pytest.mark.parametrize("found", [LATTICE, DISPLACEMENT, LAYERS, METRIC], ids=lambda found: found["study"])
def test_statements_that_were_checked(found):
    missing = [row(s, yes(flag)) for s, flag in found["checks"].items() if row(s, yes(flag)) not in PAGE]
    assert not missing


def test_methods_that_are_compared():
    assert list(DISPLACEMENT["methods"]) == list(LAYERS["methods"]) == list(METRIC["methods"]) == METHODS
    assert all(f"\n| {name} | " in PAGE for name in METHODS)
    assert {figures["unit"] for name, figures in LATTICE["methods"].items() if name in IN_ANGSTROM} == {"Å"}


def test_known_figures():
    for name in IN_ANGSTROM:
        largest = (found["known"][name]["largest"] for found in (LATTICE, DISPLACEMENT, LAYERS))
        assert row(name, *(percent(value, 1) for value in largest)) in PAGE
    for found in (LATTICE, DISPLACEMENT, LAYERS):
        assert found["known"]["GRID + EMD"]["within_2_percent"]
    known = LATTICE["known"]["AMD"]["known"]
    assert f"Known: {known[0]} Å for each Å" in FLAT
    smaller = [
        1 - smeared / exact
        for smeared, exact in zip(
            DISPLACEMENT["known"]["GRID + EMD"]["ours"],
            DISPLACEMENT["known"]["sorted distances"]["ours"],
            strict=True,
        )
    ]
    assert f"by {100 * min(smaller):.0f} to {percent(max(smaller))}" in FLAT


def test_expansion():
    for name, of in LATTICE["found"].items():
        cells = (f"{of['slope']:.3f}", f"{of['relative_residual']:.4f}", f"{of['steps_back']} of {of['steps']}")
        assert row(name, *cells, f"{of['fine']['largest_step_over_mean']:.1f}") in PAGE
    assert not any(of["without_an_answer"] for of in LATTICE["found"].values())
    near, far = LATTICE["example_of_euclid"]
    assert (near**2, far) == pytest.approx((2, 2))
    assert "the distances are √2 and 2" in PAGE
    assert LATTICE["found"]["GRID unsmeared + EMD"]["fine"]["largest_step_over_mean"] > 10


def test_displacement():
    assert row("known", *(f"{value:.4f}" for value in DISPLACEMENT["known"]["AMD"]["known"])) in PAGE
    for name in METHODS:
        assert row(name, *(f"{value:.4f}" for value in DISPLACEMENT["distances"][name][0][1:])) in PAGE
    statements = DISPLACEMENT["checks_of_all_methods"]
    for statement in statements[METHODS[0]]:
        assert row(statement, *(yes(statements[name][statement]) for name in METHODS)) in PAGE
    assert f"a = {DISPLACEMENT['a']} Å" in PAGE
    crystals = list(DISPLACEMENT["crystals"])
    by_rdf = dict(zip(crystals, DISPLACEMENT["distances"]["RDF + EMD"][0], strict=True))
    assert by_rdf["orthorhombic"] > 2 * by_rdf["rhombohedral"] > 0
    assert by_rdf["rhombohedral"] < by_rdf["tetragonal 0.01"]
    lengths = [
        DISPLACEMENT["a"] * sum(x * x for x in DISPLACEMENT["crystals"][name]) ** 0.5
        for name in ("tetragonal 0.01", "orthorhombic", "rhombohedral")
    ]
    assert f"{min(lengths):.3f} to {max(lengths):.3f} Å" in FLAT
    assert max(lengths) == lengths[2]


def test_layers():
    assert row("known", *(f"{value:.3f}" for value in LAYERS["known"]["AMD"]["known"])) in PAGE
    for name in METHODS:
        assert row(name, *(f"{value:.3f}" for value in LAYERS["idealised_distances"][name][-1][1:-1])) in PAGE
        assert row(name, *(f"{value:.3f}" for value in LAYERS["series_distances"][name][-1][:-1])) in PAGE
        of = LAYERS["of_scaled_series"][name]
        keys = "falls_with_n_to_SrTiO3", "rises_with_n_from_SrO", "SrO_nearer_to_SrTiO3_than_to_an_intermediate"
        assert row(name, *(percent(of[key]) for key in keys)) in PAGE
        phases = LAYERS["nearest_to_cubic_BaTiO3"][name]
        assert row(name, *(f"{p['phase'].split()[1]} ({p['distance']:.3f})" for p in phases)) in PAGE
    ours = [f"{value:.3f}" for value in LAYERS["known"]["GRID + EMD"]["ours"]]
    assert ours == [f"{value:.3f}" for value in LAYERS["known"]["GRID + EMD"]["known"]]
    low, high, scales = LAYERS["scaled_by"]
    assert f"scaled by {low:.2f} to {high:.2f} in {scales} steps" in FLAT
    assert f"a = {LAYERS['idealised']['a']} Å, and {LAYERS['idealised']['gap']} a between" in FLAT
    between = [
        LAYERS["found"][name]["real"]["one_and_two_layers_over_whole"] for name in ("GRID + cosine", "GRID + EMD")
    ]
    assert f"is {between[0]:.3f} of that between SrO and SrTiO₃, and {between[1]:.3f} with" in FLAT


def test_trees():
    strangers = LAYERS["strangers_in_the_branch_of_perovskites"]
    assert [name for name, others in strangers.items() if others] == ["RDF + cosine"]
    assert f"has {len(strangers['RDF + cosine'])} others" in FLAT
    kin = [name for name in LAYERS["real"] if not name.startswith("SrO ") and "*" not in name]
    assert f"Of the {len(LAYERS['real'])} structures, {len(kin)} are" in FLAT


def test_what_is_called_our_best():
    ours, grid = "sorted distances", "GRID + EMD"
    assert LATTICE["found"][ours]["relative_residual"] < 1e-12
    assert LATTICE["found"][ours]["rises_at_every_step"]
    assert all(DISPLACEMENT["checks_of_all_methods"][ours].values())
    for kind in ("idealised", "real"):
        flags = [
            {key: flag for key, flag in LAYERS["found"][name][kind].items() if isinstance(flag, bool)}
            for name in (ours, grid)
        ]
        assert flags[0] == flags[1]
    assert LAYERS["of_scaled_series"][ours] == LAYERS["of_scaled_series"][grid]


def test_axioms():
    for name, of in METRIC["found"].items():
        cells = (
            f"{of['crystals']:,}",
            f"{of['triples']:,}",
            *(
                f"{max(of[key], 0):.0e}".replace("0e+00", "0")
                for key in ("asymmetry", "distance_to_itself_in_another_cell", "triangle")
            ),
            f"{of['triples_broken']:,}",
        )
        assert row(name, *cells) in PAGE
    assert METRIC["found"]["GRID + EMD"]["crystals"] >= 10_000
    assert not any(of["refused"] for of in METRIC["found"].values())
    least = {name: of["least_distance_between_different"] for name, of in METRIC["found"].items()}
    assert [name for name, distance in least.items() if distance == 0] == ["GRID unsmeared + EMD"]
    assert f"the two nearest in a block are {least['GRID + EMD']:.4f} Å apart" in FLAT
    assert METRIC["found"]["GRID unsmeared + EMD"]["crystals"] == 1_000


def test_the_matcher_of_pymatgen():
    found = METRIC["beside_a_matcher"]
    assert row("", *found).replace("|  |", "| |") in PAGE
    words = {
        "not_zero_for_itself_in_another_cell": "not zero (above 1e-9) for itself in another cell",
        "other_when_exchanged": "another distance, or none, when the two are exchanged",
        "both_steps_match": "both steps of the chain match",
        "but_not_both_together": "of these, the ends do not match",
        "triangle_broken": "of these, the way through the middle is shorter",
        "zero_though_expanded": "zero though expanded",
    }
    for key, text in words.items():
        assert row(text, *(str(of[key]) for of in found.values())) in PAGE
    matcher = found[similarity_peer.MATCHER]
    assert f"about {matcher['chains']} chains" in FLAT
    assert f"is {matcher['farthest_from_itself_in_another_cell']:.0e}, so" in FLAT
    low, high = similarity_peer.DISPLACED
    assert f"({low} to {high} Å, standard" in FLAT
    assert f"of {similarity_peer.FEWEST_SITES} to {similarity_peer.MOST_SITES} sites" in FLAT
