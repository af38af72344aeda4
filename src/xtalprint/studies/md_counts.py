"""Counts of the study of molecular dynamics: structures and atoms labelled right, by system and temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.studies.statistics import accuracy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Columns of the table that are one label per structure.
MODELS = ("crystal-class-image", "crystal-class")
CNA = "adaptive CNA"
MOYOPY = "moyopy {} Å"
#: The one tolerance that is best for all crystals of the set, chosen by those who know the right answers.
SINGLE = "moyopy, best single tolerance"
#: Right if right at any tolerance.
ORACLE = "moyopy, any tolerance"
#: Columns of the table that count atoms.
ATOMS = "atoms: "
OURS_ATOMS = "atoms: xtalprint"

#: Atoms labelled right at the melting temperature, in %, as published: fcc Al, bcc Li, hcp Ti. Not measured here, and
#: of other snapshots, potentials and cutoffs; DC3 is H. W. Chung et al., Phys. Rev. Mater. 6, 043801 (2022).
PUBLISHED_ATOMS: Mapping[str, Mapping[str, float]] = {
    "PTM": {"fcc Al": 95.9, "bcc Li": 83.1, "hcp Ti": 82.8},
    "DC3": {"fcc Al": 97.5, "bcc Li": 84.1, "hcp Ti": 88.9},
    "DC4": {"fcc Al": 99.1, "bcc Li": 89.2, "hcp Ti": 96.2},
}

Row = dict[str, Any]


def figures_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Count right answers of every method, by set, by system, and by system and temperature.

    Parameters
    ----------
    rows
        One for each frame, with a column for each method; see `xtalprint.studies.md`.
    """
    solids = [row for row in rows if row["class"] != "liquid"]
    liquids = [row for row in rows if row["class"] == "liquid"]
    sets = sorted({row["set"] for row in rows})
    systems = [_system(rows, *key) for key in _keys(rows)]
    return {
        "n_frames": len(rows),
        "n_errors": sum(row[f"{model}: error"] is not None for row in rows for model in MODELS),
        "structures": {name: _structures(_of(solids, name)) for name in sets},
        "liquids": {name: _liquids(_of(liquids, name)) for name in sets},
        "crystals_called_known": {
            name: {model: _share(_of(solids, name), f"{model}: known", wanted=True) for model in MODELS}
            for name in sets
        },
        "systems_where_others_have_more_right": {model: _more_right(systems, model) for model in MODELS},
        "systems": systems,
        "wrong": [_wrong(row, model) for model in MODELS for row in solids if row[model] != row["expected"]],
        "published_atoms_right_at_melting_percent": {k: dict(v) for k, v in PUBLISHED_ATOMS.items()},
    }


def _of(rows: Sequence[Row], of_set: str) -> list[Row]:
    return [row for row in rows if row["set"] == of_set]


def _keys(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row["set"], row["system"]) for row in rows))


def _methods(row: Row) -> list[str]:
    return [name for name in row if name in (*MODELS, CNA) or name.startswith(("PTM", "moyopy"))]


def _more_right(systems: Sequence[Mapping[str, Any]], model: str) -> dict[str, list[str]]:
    """Crystals of known temperature, for each other method: in which systems the model has fewer right than it."""
    counted = [s for s in systems if s["class"] != "liquid" and s["temperatures"][0]["T_over_Tm"] is not None]
    rivals = [name for name in (counted[0]["structures"] if counted else {}) if name not in MODELS]
    return {
        name: [s["system"] for s in counted if s["structures"][model]["right"] < s["structures"][name]["right"]]
        for name in rivals
    }


def _structures(solids: Sequence[Row]) -> dict[str, Any]:
    """Right labels of structures by each method."""
    if not solids:
        return {}
    truth = [row["expected"] for row in solids]
    result: dict[str, Any] = {name: accuracy(truth, [row[name] for row in solids]) for name in _methods(solids[0])}
    searched = [name for name in result if name.startswith("moyopy")]
    found = [row["expected"] if row["expected"] in {row[name] for name in searched} else None for row in solids]
    best = max(searched, key=lambda name: int(result[name]["right"]))
    return result | {SINGLE: {"method": best, **result[best]}, ORACLE: accuracy(truth, found)}


def _liquids(liquids: Sequence[Row]) -> dict[str, Any]:
    """Count who calls a liquid none of the crystals; PTM does where fewer than half of the atoms are of any type."""
    if not liquids:
        return {}
    result: dict[str, Any] = {model: _share(liquids, f"{model}: known", wanted=False) for model in MODELS}
    result["answers"] = {model: sorted({str(row[model]) for row in liquids}) for model in MODELS}
    for name in (name for name in liquids[0] if name.startswith(ATOMS) and liquids[0][name] is not None):
        few = sum(2 * row[name] > row["n_atoms"] for row in liquids)
        result[name.removeprefix(ATOMS)] = {"n": len(liquids), "right": few, "accuracy": few / len(liquids)}
    for name in (name for name in _methods(liquids[0]) if name.startswith("moyopy")):
        none = sum(row[name] is None for row in liquids)
        result[name] = {"n": len(liquids), "right": none, "accuracy": none / len(liquids)}
    return result


def _share(rows: Sequence[Row], column: str, *, wanted: bool) -> dict[str, Any]:
    right = [row[column] is wanted for row in rows]
    return accuracy(["yes"] * len(rows), ["yes" if r else "no" for r in right])


def _system(rows: Sequence[Row], of_set: str, system: str) -> dict[str, Any]:
    """One system: its frames by temperature."""
    mine = [row for row in rows if (row["set"], row["system"]) == (of_set, system)]
    heats = list(dict.fromkeys(row["T_over_Tm"] for row in mine))
    return {
        "set": of_set,
        "system": system,
        "class": mine[0]["class"],
        "structures": _structures_or_known(mine),
        "temperatures": [
            {
                "T_over_Tm": heat,
                "structures": _structures_or_known([row for row in mine if row["T_over_Tm"] == heat]),
                "atoms": _atoms([row for row in mine if row["T_over_Tm"] == heat]),
            }
            for heat in heats
        ],
    }


def _structures_or_known(rows: Sequence[Row]) -> dict[str, Any]:
    return _liquids(rows) if rows[0]["class"] == "liquid" else _structures(rows)


def _atoms(rows: Sequence[Row]) -> dict[str, Any]:
    """Share of atoms labelled right by each method that knows the type."""
    total = sum(row["n_atoms"] for row in rows)
    names = [name for name in rows[0] if name.startswith(ATOMS) and rows[0][name] is not None]
    return {
        name.removeprefix(ATOMS): {"n": total, "accuracy": sum(row[name] for row in rows) / total} for name in names
    }


def _wrong(row: Row, model: str) -> Row:
    kept = {name: row[name] for name in ("set", "file", "frame", "expected")}
    answer = {name: row[f"{model}: {name}"] for name in ("probability", "known", "warnings", "error")}
    return {"model": model, **kept, "answer": row[model], **answer}
