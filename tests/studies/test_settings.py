"""Whether the same crystal given in another way is answered otherwise: the forms, the settings, and the counting."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from xtalprint.geometry import space_group_number
from xtalprint.prototypes import simple_lattice
from xtalprint.studies.settings import noisy_forms, other_settings, same_answers


def test_forms_are_noisy_and_of_their_size():
    forms = dict(noisy_forms(simple_lattice("bcc"), np.random.default_rng(1)))
    names = ["box of 20 atoms, {}", "box of 120 atoms, {}, 5 % vacancies", "piece of 150 atoms, {}, 20 % vacancies"]
    assert list(forms) == [name.format(f"σ = {share} d_nn") for share in (0.001, 0.05) for name in names]
    small, large, piece = list(forms.values())[3:]
    assert small.n_sites >= 20
    assert large.n_sites >= 0.95 * 120
    assert piece.is_cluster
    assert 110 <= piece.n_sites <= 130
    assert space_group_number(small, symprec=0.01) == 1


def test_settings_are_the_same_crystal():
    crystal = simple_lattice("hcp")
    settings = dict(other_settings(crystal, np.random.default_rng(2)))
    assert list(settings) == ["another order", "another origin", "turned", "another cell", "a supercell"]
    for other in settings.values():
        assert space_group_number(other, symprec=1e-4) == 194
        assert other.volume / len(other) == pytest.approx(crystal.volume / len(crystal))


class _Moody:
    """Answers by the first atom's place, or always the same."""

    def __init__(self, *, moody):
        self.moody = moody

    def predict(self, crystals):
        for crystal in crystals:
            share = 0.5 + 0.4 * np.sin(crystal.positions[0, 0]) if self.moody else 0.7
            yield SimpleNamespace(
                probabilities={"fcc": share, "bcc": 1 - share},
                probability_none=0.1,
                known=share > 0.6,
                crystal_class="fcc" if share > 0.5 else "bcc",
            )


@pytest.mark.parametrize("moody", [False, True])
def test_changes_are_counted(moody):
    rows = same_answers(_Moody(moody=moody), [simple_lattice("fcc")] * 3, np.random.default_rng(3))
    assert len(rows) == 2 * 13
    assert {row["n"] for row in rows} == {3}
    for key in ("changed", "other_class", "other_known"):
        assert (sum(row[key] for row in rows) > 0) == moody
    assert (max(row["largest_change"] for row in rows) > 0.1) == moody
