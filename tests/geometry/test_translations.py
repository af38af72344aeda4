"""Translations that are tried in compiled code, beside the slow way."""

from __future__ import annotations

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian
from xtalprint.geometry import nearest_distances, supercell, supercell_to
from xtalprint.geometry.translations import MOST_LOOKS, _Places, _whole, find_translations
from xtalprint.prototypes import simple_lattice


def boxes(rng):
    """With no noise, little and much; of one kind of site and of two."""
    for name in ("fcc", "hcp", "diam"):
        crystal = supercell_to(simple_lattice(name), min_atoms=30)
        length = float(nearest_distances(crystal).mean())
        for noise in (0.0, 0.003, 0.02):
            box = displace_gaussian(crystal, noise * length, rng)
            numbers = rng.permutation(np.where(np.arange(len(box)) < len(box) // 2, 29, 79))
            for one in (box, Crystal(box.positions, numbers, cell=box.cell)):
                yield supercell(one, (2, 1, 1)), length


def test_whether_a_translation_holds_for_all_is_what_the_slow_way_says():
    rng = np.random.default_rng(0)
    answers = []
    for box, length in boxes(rng):
        for tolerance in (0.002 * length, 0.02 * length):
            places = _Places(box.positions, box.numbers, box.cell, 4 * tolerance)
            shifts = places.fractional[1:] - places.fractional[0]
            shifts = np.concatenate([shifts, rng.uniform(size=(5, 3))])
            for shift in shifts:
                _, permutation = _whole(places, shift, tolerance)
                answers.append(permutation is not None)
                assert places.hold_all(shift, tolerance=tolerance)[0] == answers[-1]
    assert 0.1 < np.mean(answers) < 0.9


def test_a_patient_search_of_a_noisy_box_looks_at_each_site_so_often_at_most(monkeypatch):
    """Most translations hold for most sites here: without an end the cost would grow with the square of the sites."""
    rng, copper = np.random.default_rng(1), simple_lattice("fcc")
    length = float(nearest_distances(copper).mean())
    box = displace_gaussian(supercell_to(copper, min_atoms=2000), 0.008 * length, rng)
    looks, hold_all = [], _Places.hold_all

    def counted(*arguments, **keywords):
        looks.append(hold_all(*arguments, **keywords)[1])
        return hold_all(*arguments, **keywords)

    monkeypatch.setattr(_Places, "hold_all", counted)
    found = find_translations(
        box.positions, np.ones(len(box), dtype=np.int64), box.cell, tolerance=0.02 * length, patient=True
    )
    assert found.cell is None
    assert MOST_LOOKS < sum(looks) / len(box) < MOST_LOOKS + 1
