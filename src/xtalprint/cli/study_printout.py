"""What `xtalprint study` prints: a block of headline figures, then a table, on a screen or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xtalprint.studies import StudyResult

#: Lines of headline figures, and rows of the table, that are printed at most.
MOST_FIGURES, MOST_ROWS = 14, 40
#: Columns that say who answered and to what: each of their values is printed.
_GROUPS = ("method", "model", "way", "descriptor", "distance", "path", "view", "set", "class")
#: What made the answers: in results.json, not a finding.
_PROVENANCE = ("model", "descriptor", "parameters", "methods", "versions", "settings", "training", "chosen")
#: How figures end that tell most: shares of right answers, and statements that were tested.
_TELLING = ("%)", "hold")
_LONGEST = 100


def printout(result: StudyResult) -> list[str]:
    """Give the lines for people; what is left out is in results.json and table.csv."""
    figures = list(_figures(result.headline or result.figures))
    shown = result.shown or result.table
    rows = _thinned(shown)
    lines = [f"{'; '.join(path)}: {text}" for path, text in _leading(figures)]
    if len(figures) > MOST_FIGURES or result.headline:
        lines.append("… more figures in results.json")
    lines += _aligned(rows)
    if len(rows) < len(result.table):
        few = "" if result.shown else f"{len(rows)} of "
        lines.append(f"… {few}{len(result.table)} rows in table.csv")
    return lines


def _figures(figures: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Numbers, short texts and intervals with the names they stand under; lists are left to the file."""
    for name, value in figures.items():
        here = (*path, str(name))
        if isinstance(value, dict):
            if value and all(isinstance(v, bool) for v in value.values()):
                yield here, f"{sum(value.values())} of {len(value)} hold"
            elif {"n", "right"} <= set(value):
                yield here, _share(value)
            elif name not in _PROVENANCE and "weights_sha256" not in value:
                yield from _figures(value, here)
        elif isinstance(value, list):
            if len(value) == 2 and all(isinstance(v, float) for v in value):  # noqa: PLR2004 - an interval
                yield here, f"{value[0]:.5g} to {value[1]:.5g}"
        elif value is not None and len(text := _cell(value)) <= _LONGEST:
            yield here, text


def _share(counted: Mapping[str, Any]) -> str:
    n, right = counted["n"], counted["right"]
    return f"{right} of {n} right" + (f" ({100 * right / n:.2f} %)" if n else "")


def _leading(figures: Sequence[tuple[tuple[str, ...], str]]) -> list[tuple[tuple[str, ...], str]]:
    """Those that tell most or stand least deep, in their order."""
    ranked = sorted(range(len(figures)), key=lambda i: (not figures[i][1].endswith(_TELLING), len(figures[i][0])))
    return [figures[i] for i in sorted(ranked[:MOST_FIGURES])]


def _thinned(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """As many rows as are printed: of every method some, spread evenly over its own."""
    if len(rows) <= MOST_ROWS:
        return rows
    columns: list[str] = []
    groups: dict[tuple[Any, ...], list[int]] = {(): list(range(len(rows)))}
    for column in (name for name in _GROUPS if name in rows[0]):
        finer: dict[tuple[Any, ...], list[int]] = {}
        for i, row in enumerate(rows):
            finer.setdefault(tuple(row[name] for name in (*columns, column)), []).append(i)
        if len(finer) > MOST_ROWS:
            continue
        columns, groups = [*columns, column], finer
    each = MOST_ROWS // len(groups)
    kept = {own[place] for own in groups.values() for place in _spread(len(own), each)}
    return [rows[i] for i in sorted(kept)]


def _spread(n: int, most: int) -> list[int]:
    """Places from first to last, evenly.

    Examples
    --------
    >>> _spread(9, 3), _spread(2, 3), _spread(9, 1)
    ([0, 4, 8], [0, 1], [0])
    """
    if n <= most:
        return list(range(n))
    return [0] if most == 1 else [round(i * (n - 1) / (most - 1)) for i in range(most)]


def _aligned(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["", *("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
