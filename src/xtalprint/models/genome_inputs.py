"""What networks and baselines see of each crystal of the property table: arrays mapped from disk, made once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from xtalprint._version import __version__
from xtalprint.crystal import Crystal
from xtalprint.descriptors.base import attempt, parameters
from xtalprint.descriptors.element_properties import element_properties
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.interpretable import DENSITY, composition_statistics
from xtalprint.descriptors.momentum_cloud import MomentumCloud
from xtalprint.errors import UnreadableFileError, WrongUsageError, XtalprintError
from xtalprint.geometry.lattice_basis import lattice_basis
from xtalprint.models.files import sha256, write_json
from xtalprint.models.genome_ablations import ABSENT, JITTER, MEANING, SCALES, ablated_invariants
from xtalprint.models.genome_invariants import GenomeInvariants
from xtalprint.models.held import held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from xtalprint.datasets.properties import Properties

    Singles = NDArray[np.float32]
    Rows = NDArray[np.int64]

Kind = Literal["cloud", "invariants", "two-rays", "rays-and-neighbours", "distances", "composition", "size"]
#: Ours by neutrons, and with something taken away, see `xtalprint.models.genome_ablations`.
AblatedKind = Literal[
    "invariants-whole",
    "invariants-scaled",
    "invariants-absences and density",
    "invariants-absences alone",
    "invariants-lattice and density",
    "invariants-lattice alone",
    "invariants-shuffled",
    "invariants-jittered",
    "invariants-scattered",
    "invariants-density alone",
    "invariants-neutron",
    "cloud-conventional",
    "cloud-neutron",
    "cloud-729",
]
#: Crystals that a worker is given at a time.
CHUNK = 100
#: After so many a sentence is said.
SAID = 50 * CHUNK
#: Fewer are computed by the calling process: others take seconds to start.
FEW = 2000
#: The published cloud; our invariants by X-rays, by X-rays and electrons, by these with distances of neighbours, by
#: neutrons; distances coarse enough for trees.
CLOUD, INVARIANTS = MomentumCloud(), GenomeInvariants()
TWO_RAYS, BY_NEUTRONS = GenomeInvariants(tables=("it92", "c4322")), GenomeInvariants(tables=("neutron92",))
RAYS_AND_NEIGHBOURS = GenomeInvariants(tables=TWO_RAYS.tables, n_neighbours=32)
OURS = {"invariants": INVARIANTS, "two-rays": TWO_RAYS, "rays-and-neighbours": RAYS_AND_NEIGHBOURS}
DISTANCES = GRID(n_groups=32, r_max=8.0, bin_width=0.25)
#: The published cloud, of another cell, by other rays, and with more points.
CLOUDS: dict[str, MomentumCloud] = {
    "cloud": CLOUD,
    "cloud-conventional": MomentumCloud(cell="conventional"),
    "cloud-neutron": MomentumCloud(radiation="neutron"),
    "cloud-729": MomentumCloud(n_points=729),
}
#: Before the name of what is taken away.
ABLATED = "invariants-"
#: Of the primitive cell, as the published cloud looks for it.
SYMPREC = CLOUD.symprec
REMEDY = "delete the folder; it is made again"


@dataclass(frozen=True, eq=False)
class GenomeInput:
    """One kind of input of some crystals of the property table.

    Parameters
    ----------
    rows
        (m,) of the table, ascending; a crystal that failed is not among them.
    array
        (n, …) single precision, mapped from disk.
    places
        (m,) where each of ``rows`` is in ``array``.
    failures
        Message for each row that failed.
    sha256
        Of the file.
    """

    rows: Rows
    array: Singles
    places: Rows
    failures: dict[int, str]
    sha256: str

    def __getstate__(self) -> dict[str, Any]:
        """Travel between processes as the path of the file, if it is one."""
        path = getattr(self.array, "filename", None)
        return vars(self) | ({} if path is None else {"array": Path(path)})

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Map the file again."""
        array = state["array"]
        self.__dict__.update(state | ({"array": np.load(array, mmap_mode="r")} if isinstance(array, Path) else {}))

    def of(self, rows: Rows) -> Singles:
        """(k, …) those of some ``rows`` of the table, in memory."""
        found = np.searchsorted(self.rows, rows)
        if len(rows) and (found.max() >= len(self.rows) or (self.rows[found] != rows).any()):
            raise XtalprintError("this input was not made for all rows", remedy="ask for those in its rows")
        return np.asarray(self.array[self.places[found]])


class Source(NamedTuple):
    """How one kind of input is made of a crystal."""

    compute: Callable[[Crystal], NDArray[Any]]
    shape: tuple[int, ...]
    settings: dict[str, Any]


def _composition(crystal: Crystal) -> NDArray[Any]:
    return np.array(list(composition_statistics(crystal).values()))


def _size(crystal: Crystal) -> NDArray[Any]:
    vectors = lattice_basis(crystal, kind="primitive", symprec=SYMPREC).vectors
    mass = float(element_properties()["mass"][crystal.numbers] @ crystal.occupancies)
    return np.array([abs(np.linalg.det(vectors)), mass / crystal.volume * DENSITY])


def _by_neutrons(crystal: Crystal) -> NDArray[Any]:
    """The invariants by neutrons, which do not see the electrons: the density of these is left out."""
    return np.append(BY_NEUTRONS.compute(crystal)[:-1], 0.0)


def _array(descriptor: MomentumCloud | GRID, crystal: Crystal) -> NDArray[Any]:
    return descriptor.compute(crystal).array


@cache
def source(kind: Kind | AblatedKind) -> Source:
    """Say how a kind of input is made."""
    if kind in CLOUDS:
        cloud = CLOUDS[kind]
        return Source(partial(_array, cloud), (cloud.n_points, 4), parameters(cloud))
    if kind.startswith(ABLATED):
        return _ablated(kind.removeprefix(ABLATED))
    if kind in OURS:
        descriptor = OURS[kind]
        return Source(descriptor.compute, (len(descriptor.names),), asdict(descriptor))
    if kind == "distances":
        n_bins = round(DISTANCES.r_max / DISTANCES.bin_width)
        return Source(partial(_array, DISTANCES), (DISTANCES.n_groups, n_bins), parameters(DISTANCES))
    if kind == "size":
        return Source(_size, (2,), {"symprec": SYMPREC})
    if kind == "composition":
        columns = list(composition_statistics(Crystal([[0.0, 0.0, 0.0]], ["Po"], cell=3.35 * np.eye(3))))
        return Source(_composition, (len(columns),), {"columns": columns})
    raise WrongUsageError("there is no such kind of input", value=kind, remedy="see `Kind` and `AblatedKind`")


def _ablated(ablation: Any) -> Source:  # noqa: ANN401 - the end of an `AblatedKind`
    if ablation == "neutron":
        return Source(_by_neutrons, (len(BY_NEUTRONS.names),), asdict(BY_NEUTRONS) | {"density": "none"})
    compute = partial(ablated_invariants, ablation=ablation, descriptor=INVARIANTS)
    constants = {"scales": SCALES, "absent": ABSENT, "jitter": JITTER}
    settings = asdict(INVARIANTS) | {"ablation": MEANING[ablation], "symprec": SYMPREC} | constants
    return Source(compute, (len(INVARIANTS.names),), settings)


def prepare_input(
    table: Properties,
    kind: Kind | AblatedKind,
    rows: Rows,
    folder: Path,
    *,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> GenomeInput:
    """Make one kind of input, go on where a killed run stopped, or open what is there.

    Parameters
    ----------
    table
        Of the properties.
    kind
        ``cloud`` (343, 4), as published; ``invariants`` (301,), by X-rays; ``two-rays`` (601,), by
        X-rays and electrons; ``rays-and-neighbours`` (665,), with distances too; ``distances`` (32, 32), a coarse
        GRID; ``composition``; ``size``, the volume of the primitive cell in Å³ and the density in g/cm³; the
        ``invariants-…`` (301,) with something taken away; the ``cloud-…`` of another cell, by neutrons, or of 729
        points.
    rows
        Of the table, ascending.
    folder
        For ``KIND.npy``, and ``KIND.json`` that says what is in it and how far it is.
    workers
        Processes; None means as many as cores.
    say
        Called with a sentence now and then.

    Raises
    ------
    UnreadableFileError
        If the file there holds something else, or is damaged.
    WrongUsageError
        If another process is making it.
    """
    made_from = {
        "kind": kind,
        "settings": source(kind).settings,
        "xtalprint": __version__,
        "rows": hashlib.sha256(np.ascontiguousarray(rows, dtype=np.int64).tobytes()).hexdigest(),
        "table": table_sha256(table),
    }
    stem = kind.replace(" ", "-")
    path, about = folder / f"{stem}.npy", folder / f"{stem}.json"
    state = _state(about, made_from)
    if "sha256" not in state:
        with held(folder / f"{stem}.lock"):
            state = _state(about, made_from)  # another run may just have finished
            if "sha256" not in state:
                _fill(table, kind, rows, state, about=about, workers=workers, say=say)
    elif not path.is_file() or sha256(path) != state["sha256"]:
        raise UnreadableFileError("the file is damaged", source=str(path), remedy=REMEDY)
    failures = {int(rows[place]): text for place, text in state["failures"]}
    places = np.setdiff1d(np.arange(len(rows)), [place for place, _ in state["failures"]])
    return GenomeInput(rows[places], np.load(path, mmap_mode="r"), places, failures, state["sha256"])


def _state(about: Path, made_from: dict[str, Any]) -> dict[str, Any]:
    """How far the file is; a new one if there is none."""
    if not about.is_file():
        return {"made_from": made_from, "done": 0, "failures": []}
    try:
        state: dict[str, Any] = json.loads(about.read_text(encoding="utf-8"))
        same = state["made_from"] == json.loads(json.dumps(made_from))
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError("the file is damaged", source=str(about), remedy=REMEDY) from error
    if not same:
        raise UnreadableFileError("the folder holds other crystals or settings", source=str(about), remedy=REMEDY)
    return state


def _fill(
    table: Properties,
    kind: Kind | AblatedKind,
    rows: Rows,
    state: dict[str, Any],
    *,
    about: Path,
    workers: int | None,
    say: Callable[[str], None],
) -> None:
    """Compute what is not there yet, chunk by chunk; the state is written after the numbers it speaks of."""
    from xtalprint.compute import Engine, available_cores, map_ordered, open_pool  # noqa: PLC0415 - only here

    path = about.with_suffix(".npy")
    path.parent.mkdir(parents=True, exist_ok=True)
    if state["done"] and not path.is_file():
        raise UnreadableFileError("the file is missing", source=str(path), remedy=REMEDY)
    mode: Literal["r+", "w+"] = "r+" if state["done"] else "w+"
    array = np.lib.format.open_memmap(path, mode=mode, dtype=np.float32, shape=(len(rows), *source(kind).shape))
    starts = range(state["done"], len(rows), CHUNK)
    crystals = ([table.crystals[int(row)] for row in rows[start : start + CHUNK]] for start in starts)
    n_workers = 1 if len(rows) < FEW else workers or available_cores()
    with open_pool(Engine("processes", n_workers) if n_workers > 1 else Engine("serial")) as pool:
        found = map_ordered(partial(compute_chunk, kind), crystals, threads=pool.workers, executor=pool.executor)
        for start, (numbers, errors) in zip(starts, found, strict=True):
            array[start : start + len(numbers)] = numbers
            array.flush()
            state["failures"] += [[start + place, text] for place, text in errors.items()]
            state["done"] = start + len(numbers)
            write_json(about, state)
            if state["done"] % SAID == 0 or state["done"] == len(rows):
                say(f"{kind}: {state['done']:,} of {len(rows):,} crystals")
    array.flush()
    state["sha256"] = sha256(path)
    write_json(about, state)


def compute_chunk(kind: Kind | AblatedKind, crystals: Sequence[Crystal]) -> tuple[Singles, dict[int, str]]:
    """Numbers of some crystals, zero where one failed, and the messages of those by their place."""
    compute, shape, _ = source(kind)
    array = np.zeros((len(crystals), *shape), dtype=np.float32)
    errors: dict[int, str] = {}
    for place, crystal in enumerate(crystals):
        found = attempt(compute, crystal)
        if isinstance(found, XtalprintError):
            errors[place] = str(found)
        else:
            array[place] = found
    return array, errors


def table_sha256(table: Properties) -> str:
    """Of the file that the table was read from, or of its ids if it was made."""
    path = Path(table.path)
    if path.is_file():
        return sha256(path)
    return hashlib.sha256("\n".join(table.ids.tolist()).encode()).hexdigest()
