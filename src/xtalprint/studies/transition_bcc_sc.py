"""From bcc to sc by taking away body centres: figure 4a and b of Ziletti et al., Nat. Commun. 9, 2775 (2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets.elements import bond_lengths
from xtalprint.geometry import supercell_to, to_cluster
from xtalprint.prototypes import simple_lattice
from xtalprint.studies.answers import MODELS, Spread, ask, falls_below
from xtalprint.studies.base import StudyResult
from xtalprint.studies.made_clusters import ATOMS, drawn_element

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from xtalprint.studies.answers import Answers

#: Steps of the authors' released script; every second one is a step of the paper's text.
PERCENT = np.arange(0.0, 100.1, 5.0)
#: Crystals for each step; the authors' script has 80.
DRAWS, QUICK_DRAWS = 80, 3
#: Removed body centres at which the paper says that the network changes its mind.
PAPER_SWITCH = 75.0
#: What counts as probability 1 and as no spread, and how far from the paper's switch is still the same place.
CERTAIN, NO_SPREAD, NEAR = 0.99, 0.01, 5.0


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Classify bcc clusters of 83 elements with 0 to 100 % of their body centres removed.

    The clusters are in the axes of the cube. Each draw has an element and random centres of its own, the same for
    all models. ``seed`` draws them.
    """
    draws = QUICK_DRAWS if quick else DRAWS
    crystals = [
        thinned(percent, np.random.default_rng([seed, step, draw]))
        for step, percent in enumerate(PERCENT)
        for draw in range(draws)
    ]
    figures: dict[str, Any] = {
        "paper": {"switch_percent": PAPER_SWITCH},
        "percent_removed": PERCENT.tolist(),
        "draws_per_step": draws,
        "models": {},
        "checks": {},
    }
    rows: list[dict[str, Any]] = []
    spreads: dict[str, tuple[Answers, Spread]] = {}
    for name in MODELS:
        answers = ask(name, crystals)
        spread = Spread.of(answers, len(PERCENT))
        spreads[name] = answers, spread
        figures["models"][name] = found = _found(answers, spread)
        figures["checks"][name] = _checks(answers, spread, found["switch_percent"])
        rows += _rows(name, answers, spread)
    return StudyResult(
        figures,
        rows,
        {"transition-bcc-sc": _draw(spreads)},
        headline={
            "removed body centres at which bcc gives way to sc, %": {
                "paper": PAPER_SWITCH,
                **{name: found["switch_percent"] for name, found in figures["models"].items()},
            },
            "statements of the paper": figures["checks"],
        },
        shown=_beside(rows),
    )


def thinned(percent: float, rng: np.random.Generator) -> Crystal:
    """Make a bcc cluster of a random element without ``percent`` of its body centres, rounded to whole atoms."""
    symbol = drawn_element(rng)
    a = 2 / np.sqrt(3) * bond_lengths()[symbol]
    whole = to_cluster(supercell_to(simple_lattice("bcc", symbol=symbol, a=a), min_atoms=ATOMS))
    # Corners have coordinates of whole cells, centres of half ones.
    centres = np.flatnonzero(np.round(2 * whole.positions[:, 0] / a) % 2 == 1)
    removed = rng.choice(centres, size=round(percent / 100 * len(centres)), replace=False)
    left = np.setdiff1d(np.arange(len(whole)), removed)
    source = f"bcc {symbol} without {percent:g} % of its body centres"
    return Crystal(whole.positions[left], whole.numbers[left], source=source)


def _found(answers: Answers, spread: Spread) -> dict[str, Any]:
    bcc, sc = (spread.mean[:, answers.classes.index(name)] for name in ("bcc", "sc"))
    deviation = spread.deviation[:, answers.classes.index("bcc")]
    return {
        "model": dict(answers.model),
        "switch_percent": falls_below(PERCENT, bcc - sc, 0.0),
        "bcc_below_0.99_percent": falls_below(PERCENT, bcc, CERTAIN),
        "largest_deviation_of_bcc": float(deviation.max()),
        "largest_deviation_percent": float(PERCENT[int(deviation.argmax())]),
    }


def _checks(answers: Answers, spread: Spread, switch: float | None) -> dict[str, bool]:
    bcc, sc = (answers.classes.index(name) for name in ("bcc", "sc"))
    before = PERCENT <= PAPER_SWITCH - NEAR
    widest = float(PERCENT[int(spread.deviation[:, bcc].argmax())])
    return {
        "pure bcc is bcc with probability 1 and no spread": _certain(spread, 0, bcc),
        "removing centres changes nothing up to 70 %": bool((spread.mean[before, bcc] >= CERTAIN).all()),
        "bcc gives way to sc at 75 % (within 5)": switch is not None and abs(switch - PAPER_SWITCH) <= NEAR,
        "the spread is largest where it switches (within 5)": switch is not None and abs(widest - switch) <= NEAR,
        "pure sc is sc with probability 1 and no spread": _certain(spread, -1, sc),
    }


def _certain(spread: Spread, step: int, column: int) -> bool:
    return bool(spread.mean[step, column] >= CERTAIN and spread.deviation[step, column] <= NO_SPREAD)


def _rows(name: str, answers: Answers, spread: Spread) -> list[dict[str, Any]]:
    names: NDArray[np.str_] = np.array(answers.names).reshape(len(PERCENT), -1)
    return [
        {
            "model": name,
            "percent_removed": percent,
            **{f"mean {c}": round(float(spread.mean[step, i]), 5) for i, c in enumerate(answers.classes)},
            **{f"deviation {c}": round(float(spread.deviation[step, i]), 5) for i, c in enumerate(answers.classes)},
            "share answered bcc": float((names[step] == "bcc").mean()),
            "share answered sc": float((names[step] == "sc").mean()),
            "paper": "switches here" if percent == PAPER_SWITCH else "",
        }
        for step, percent in enumerate(PERCENT.tolist())
    ]


def _beside(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each step: mean probabilities of bcc and sc by every model, and what the paper says."""
    return [
        {
            "percent_removed": percent,
            **{
                f"{row['model']}: {name}": row[f"mean {name}"]
                for row in rows
                if row["percent_removed"] == percent
                for name in ("bcc", "sc")
            },
            "paper": "bcc" if percent < PAPER_SWITCH else "sc" if percent > PAPER_SWITCH else "switches here",
        }
        for percent in PERCENT.tolist()
    ]


def _draw(spreads: dict[str, tuple[Answers, Spread]]) -> Figure:
    from xtalprint.studies.probability_curves import Panel, draw_panels  # noqa: PLC0415 - plotting is heavy

    panels = [
        Panel(name, PERCENT, s.mean, a.classes, s.deviation, {"paper: 75 %": PAPER_SWITCH})
        for name, (a, s) in spreads.items()
    ]
    return draw_panels(
        panels,
        columns=len(panels),
        label="body centres removed, %",
        title="bcc to sc: mean and one standard deviation",
    )
