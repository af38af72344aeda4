"""What a symmetry search finds, weighed together with what the networks say.

Noise, missing atoms and the size of the box decide how much a found space group is worth. So two tolerances are
asked, and how far each answer is to be believed has been learned from made crystals. The tolerances are set here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry.primitive import EXACT, cell_of_exact_copies
from xtalprint.geometry.rows import first_rows
from xtalprint.geometry.symmetry import LARGE, LEAST_SYMPREC, MOST_SYMPREC, Average, find_symmetry, over_translations
from xtalprint.geometry.translations import may_repeat
from xtalprint.models.classes import CLASSES
from xtalprint.models.manifest import CloserSearch
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.models.manifest import EvidenceTable

    Floats = NDArray[np.float64]

#: Tolerances of the search in bond lengths.
TOLERANCES = (0.02, 0.1)
#: Copies of a site in a box are looked for within these first, in bond lengths, then within the largest of
#: `TOLERANCES`: that may take sites for copies that differ by less.
COPIES = (0.02, 0.03, 0.045)
#: What counts as cubic. Such a crystal is looked at once more where the means of its copies are known to `DECISIVE`
#: bond lengths: another class found at that tolerance stands for all of `TOLERANCES`. It was set with real elements
#: in view: at 0.01 and less, cubic ones that calculations leave a little off are called distorted.
CUBIC, DECISIVE = frozenset({"bcc", "diam", "fcc", "sc"}), 0.015
#: There is a warning where a cubic answer is of another class at the first, or another answer cubic at the second.
NARROW, NEAR = 0.003, 0.05
#: The closer search, as a manifest tells it.
CLOSER = CloserSearch(copies=COPIES, decisive=DECISIVE)
#: Sites of the primitive cell up to which a found group falls in each range of sizes; larger ones in the last. With
#: one site some classes are impossible: diamond has two.
SIZES = (1, 2, 6, 16, 48)
#: A cubic cell of at most so many sites is looked at once more; P1 says nothing of more; averages of at most so many.
SIMPLE, NO_SYMMETRY, LARGEST_MEAN = 2, 16, 48
#: What has more sites without translations is not searched: it would take longer than all the rest.
MOST_SITES = 128
#: Number of marks: nothing found, and each class or another group, in each range of sizes.
N_MARKS = 1 + (len(CLASSES) + 1) * (len(SIZES) + 1)
#: Probabilities are raised to it before their logarithm is taken: networks may be too sure of what they never saw.
LEAST_PROBABILITY = 1e-4


class Finding(NamedTuple):
    """What the search finds at one tolerance.

    Parameters
    ----------
    symprec
        The tolerance in Å.
    number
        Space-group number; 0 if there is no answer.
    n_sites
        Sites of the primitive cell; 0 if there is no answer.
    """

    symprec: float
    number: int
    n_sites: int

    @property
    def crystal_class(self) -> str | None:
        """Class that the space group belongs to; None if it belongs to none."""
        return CLASS_OF_SPACE_GROUP.get(self.number)

    @property
    def mark(self) -> int:
        """Row of the table of weights: 0 for no answer, then by class and size."""
        if not self.number:
            return 0
        name = self.crystal_class
        kind = len(CLASSES) if name is None else CLASSES.index(name)
        return 1 + kind * (len(SIZES) + 1) + int(np.searchsorted(SIZES, self.n_sites))


def find_evidence(crystal: Crystal, bond_length: float, *, closer: bool = False) -> tuple[Finding, ...]:
    """Search at each of `TOLERANCES`; no findings for what does not repeat in three directions.

    Parameters
    ----------
    crystal
        Its elements are not looked at: the classes are arrangements of equal atoms.
    bond_length
        In Å, the unit of the tolerances.
    closer
        Whether to look for copies within `COPIES` too, and at almost-cubic crystals within `DECISIVE`.

    Returns
    -------
    One for each tolerance. Where the look within `DECISIVE` decides, what it finds, that very object for each.
    """
    box = _search_box(crystal, bond_length, closer=closer)
    if box is None:
        return ()
    findings = tuple(box.found_at(share) for share in TOLERANCES)
    if not (closer and _is_simple_cubic(findings[-1]) and box.is_known_to(DECISIVE)):
        return findings
    decisive = box.found_at(DECISIVE, in_the_mean=True)
    same = decisive.crystal_class in {None, findings[-1].crystal_class}
    return findings if same else (decisive,) * len(TOLERANCES)


class _SearchBox(NamedTuple):
    """What is searched: the sites, and their average over the translations of a large box."""

    sites: Crystal
    average: Average | None
    bond_length: float
    #: Whether the average stands for the sites at every tolerance, as one over `COPIES` does.
    fine: bool

    def found_at(self, share: float, *, in_the_mean: bool = False) -> Finding:
        """What a search finds within so many bond lengths; in the mean of the copies, however far these scatter."""
        symprec = _tolerance(share, self.bond_length)
        average, nothing = self.average, Finding(symprec, 0, 0)
        if average is None:
            return nothing
        searched = average.crystal if self.fine or in_the_mean or average.scatter <= symprec else self.sites
        if searched.n_sites > MOST_SITES:
            return nothing
        found = find_symmetry(searched, symprec=symprec)
        return (
            nothing if found is None else Finding(symprec, found.number, len(found.dataset.prim_std_cell.positions))
        )

    def is_known_to(self, share: float) -> bool:
        """Whether the mean of the copies of each site is known to so many bond lengths."""
        if self.average is None:
            return False
        copies = self.sites.n_sites / self.average.crystal.n_sites
        return self.average.scatter <= float(np.sqrt(copies)) * _tolerance(share, self.bond_length)


def _tolerance(share: float, bond_length: float) -> float:
    return float(np.clip(share * bond_length, LEAST_SYMPREC, MOST_SYMPREC))


def _search_box(crystal: Crystal, bond_length: float, *, closer: bool) -> _SearchBox | None:
    sites = _equal_sites(crystal, bond_length)
    if sites is None or sites.cell is None:
        return None
    is_large = sites.n_sites >= LARGE
    within = [_tolerance(share, bond_length) for share in COPIES]
    if closer and may_repeat(sites.positions, sites.numbers, sites.cell, tolerance=within[-1]):
        for symprec in within:
            average = over_translations(sites, symprec=symprec, patient=True)
            if average is not None and average.crystal.n_sites <= min(LARGEST_MEAN, sites.n_sites - 1):
                return _SearchBox(sites, average, bond_length, fine=True)
    wide = over_translations(sites, symprec=_tolerance(TOLERANCES[-1], bond_length)) if closer or is_large else None
    if wide is None and not is_large:
        return _SearchBox(sites, Average(sites, 0.0), bond_length, fine=True)
    return _SearchBox(sites, wide, bond_length, fine=False)


def _is_simple_cubic(finding: Finding) -> bool:
    return finding.crystal_class in CUBIC and finding.n_sites <= SIMPLE


def _equal_sites(crystal: Crystal, bond_length: float) -> Crystal | None:
    """The sites with one element on all, in a primitive cell if there are exact copies; None if not periodic."""
    if crystal.cell is None or not all(crystal.pbc):
        return None
    rows = first_rows(crystal)
    sites = Crystal._trusted(  # noqa: SLF001 - valid, because the crystal is
        crystal.positions[rows],
        np.ones(len(rows), dtype=np.int64),
        like=crystal,
        cell=crystal.cell,
        site_of_row=np.arange(len(rows)),
    )
    symprec = max(LEAST_SYMPREC, EXACT[0] * bond_length)
    if may_repeat(sites.positions, sites.numbers, crystal.cell, tolerance=symprec):
        # So that every supercell is searched in the same way as its cell, whatever its size and shape.
        return cell_of_exact_copies(sites, bond_length) or sites
    return sites


def nearly(crystal: Crystal, bond_length: float, findings: Sequence[Finding], answer: str) -> list[str]:
    """Say so where a crystal is nearly cubic: where searches at two tolerances find groups of two classes.

    Parameters
    ----------
    crystal, bond_length, findings
        As given to `find_evidence`, and what it found.
    answer
        The class that was answered.
    """
    if not findings or findings[0].crystal_class != answer:
        return []
    if findings[0] is findings[-1]:  # decided within `DECISIVE`
        box = _search_box(crystal, bond_length, closer=True)
        wide = None if box is None else box.found_at(NEAR, in_the_mean=True)
        return [_within(answer, findings[0], wide)] if wide is not None and _is_simple_cubic(wide) else []
    if not _is_simple_cubic(findings[0]):
        return []
    sites = _equal_sites(crystal, bond_length)
    if sites is None or sites.n_sites >= LARGE:
        return []
    other = _SearchBox(sites, Average(sites, 0.0), bond_length, fine=True).found_at(NARROW)
    return [] if other.crystal_class in {None, answer} else [_within(answer, findings[0], other)]


def _within(answer: str, finding: Finding, other: Finding) -> str:
    found = f"within {other.symprec:.2g} Å the symmetry search finds space group {other.number}"
    return f"{answer} within {finding.symprec:.2g} Å only: {found}, that of class {other.crystal_class}"


def marks_of(findings: Sequence[Finding]) -> tuple[int, ...]:
    """One mark for each tolerance; −1 where nothing was searched, because there is no cell."""
    return tuple(finding.mark for finding in findings) or (-1,) * len(TOLERANCES)


def weighed(probabilities: Floats, marks: NDArray[np.int64], table: EvidenceTable) -> Floats:
    """Probabilities of the classes and of none, with the evidence.

    p ∝ p_network^t · exp(Σ w): the trust t depends on the size that is found at the wider tolerance, the weights w
    on what is found at each. Without a cell nothing changes.

    Parameters
    ----------
    probabilities
        (n, outputs) of the networks.
    marks
        (n, tolerances) from `marks_of`.
    """
    logits = evidence_logits(np.log(np.maximum(probabilities, LEAST_PROBABILITY)), marks, *arrays_of(table))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Floats = powers / powers.sum(axis=1, keepdims=True)
    return np.where((marks[:, :1] >= 0), result, probabilities)


def arrays_of(table: EvidenceTable) -> tuple[Floats, Floats]:
    """Trust (sizes + 2,) and weights (tolerances, marks, outputs) of a table."""
    return np.array(table.trust), np.array(table.weights)


def evidence_logits(logs: Floats, marks: NDArray[np.int64], trust: Floats, weights: Floats) -> Floats:
    """(n, outputs) logarithms of the probabilities, but for a constant of each row."""
    logits: Floats = trust[size_of_mark(marks[:, -1])][:, None] * logs
    for at_tolerance, mark in zip(weights, marks.T, strict=True):
        logits = logits + at_tolerance[mark]
    return logits


def size_of_mark(mark: NDArray[np.int64]) -> NDArray[np.int64]:
    """Range of sizes of a mark, counted from 1; 0 if nothing was found."""
    return np.where(mark > 0, 1 + (mark - 1) % (len(SIZES) + 1), 0)


def objections(findings: Sequence[Finding], answer: str) -> list[str]:
    """Say so where a symmetry search finds groups, and none of them is of the class that was answered."""
    groups = [finding for finding in findings if finding.number and not _is_only_the_box(finding)]
    if not groups or any(finding.crystal_class == answer for finding in groups):
        return []
    finding = groups[-1]
    name = finding.crystal_class
    belongs = "which belongs to none of the classes" if name is None else f"that of class {name}"
    found = f"the symmetry search within {finding.symprec:.2g} Å finds space group {finding.number}"
    return [f"{found} in a cell of {finding.n_sites} sites, {belongs}"]


def _is_only_the_box(finding: Finding) -> bool:
    """Without any symmetry, in a cell that is not small: a noisy box, which says nothing."""
    return finding.number <= 2 and finding.n_sites > NO_SYMMETRY  # noqa: PLR2004 - P1 and P-1
