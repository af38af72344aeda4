"""Where the elastic moduli come from: a table, or the source distribution of gridrdf 0.2.0 that pip fetches."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import UnreadableFileError, WrongUsageError, XtalprintError
from xtalprint.files import whole_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACKAGE, VERSION = "gridrdf", "0.2.0"
DISTRIBUTION = f"{PACKAGE}-{VERSION}.tar.gz"
SHA256 = "ff86930bfb339ea24680fc611c89a8981838696fee9d8e7d15007ab0afbfe916"
MEMBER = f"{PACKAGE}-{VERSION}/MP_modulus.json"
TABLE = Path("elasticity", "elasticity.parquet")
#: Keys of a record.
KEYS = ("task_id", "elasticity.K_VRH", "elasticity.G_VRH", "elasticity.elastic_anisotropy", "cif")
#: Bytes of the member; and seconds that a download may take.
MOST_BYTES, PATIENCE = 100_000_000, 900
ALLOW = "xtalprint train stiffness --allow-download, or datasets.elasticity(allow_download=True) in Python"
REMEDY = f"delete the file and fetch it again: {ALLOW}"


@dataclass(frozen=True)
class Found:
    """Columns as they were read."""

    path: Path
    ids: Sequence[str]
    crystals: Sequence[Crystal]
    numbers: Sequence[NDArray[np.int64]]
    bulk_modulus: Sequence[float]
    shear_modulus: Sequence[float]
    anisotropy: Sequence[float]


def find_elasticity(path: str | Path | None, *, allow_download: bool) -> Found:
    """Find and read the data, see `xtalprint.datasets.elasticity`."""
    if path is not None:
        given = Path(path)
        return from_distribution(given) if given.name.endswith(".tar.gz") else from_table(given)
    root = os.environ.get("XTALPRINT_DATA")
    if root and (table := Path(root) / TABLE).is_file():
        return from_table(table)
    kept = cache_folder() / DISTRIBUTION
    if allow_download and not _is_whole(kept):
        download(kept)
    if not kept.is_file():
        raise WrongUsageError(
            f"the elastic moduli are neither in the folder of XTALPRINT_DATA nor in {kept.parent}",
            remedy=f"allow a download of 1.8 MB: {ALLOW}; or put {DISTRIBUTION} into that folder",
        )
    return from_distribution(kept)


def _is_whole(kept: Path) -> bool:
    try:
        return hashlib.sha256(kept.read_bytes()).hexdigest() == SHA256
    except OSError:
        return False


def cache_folder() -> Path:
    """Folder of this user for files that can be fetched again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "xtalprint"


def download(target: Path) -> None:
    """Let pip fetch the source distribution by name, version and SHA-256 from the index that it is set up for.

    pip compares the SHA-256 before it looks into the file; then it runs the build script of the package to learn its
    dependencies, as it does for every source distribution, but installs nothing.

    Raises
    ------
    UnreadableFileError
        With the last line that pip wrote.
    """
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
        command += ["--no-binary", PACKAGE, "--require-hashes", "--dest", folder, "-r", str(requirements)]
        try:
            run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603 - pip of this very Python
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _failed(f"pip did not finish ({type(error).__name__})") from error
        got = Path(folder) / DISTRIBUTION
        if run.returncode != 0 or not got.is_file():
            lines = [line for line in run.stderr.splitlines() if line.strip()]
            raise _failed(lines[-1].strip() if lines else "pip gave no reason")
        content = got.read_bytes()
        _check_hash(content, DISTRIBUTION)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(target) as beside:
                beside.write_bytes(content)
        except OSError as error:
            raise XtalprintError(
                "the cache of this user cannot be written", value=str(target.parent), remedy="set XDG_CACHE_HOME"
            ) from error


def _failed(reason: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"the download of {DISTRIBUTION} failed: {reason}",
        remedy=f"get this file on a machine with a package index and put it into {cache_folder()}",
    )


def _check_hash(content: bytes, source: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise UnreadableFileError(
            f"this is not {DISTRIBUTION}: its SHA-256 differs", source=source, value=f"{found[:16]}…", remedy=REMEDY
        )


def from_table(path: Path) -> Found:
    """Read the Parquet table of the data sets; its crystals are made when they are asked for."""
    from xtalprint.io import read_table  # noqa: PLC0415 - pyarrow

    table = read_table(path)
    missing = [name for name in ("K_VRH", "G_VRH", "elastic_anisotropy") if name not in table.labels]
    if missing:
        raise UnreadableFileError(
            f"the table has no column {missing[0]}", source=str(path), remedy="give the table of the elastic moduli"
        )
    return Found(
        path,
        table.ids,
        table.crystals,
        [table.crystals.numbers_of(row) for row in range(len(table))],
        table.labels["K_VRH"],
        table.labels["G_VRH"],
        table.labels["elastic_anisotropy"],
    )


def from_distribution(path: Path) -> Found:
    """Read the source distribution; nothing is unpacked to disk.

    Raises
    ------
    UnreadableFileError
        If it is not that file, to the bit.
    """
    records = _records(path)
    ids, bulk, shear, anisotropy, cifs = ([record[key] for record in records] for key in KEYS)
    return Found(path, ids, CifCrystals(cifs), [_numbers(cif) for cif in cifs], bulk, shear, anisotropy)


class CifCrystals(Sequence[Crystal]):
    """Crystals of CIF texts without symmetry, each made when it is asked for."""

    def __init__(self, cifs: Sequence[str]) -> None:
        self._cifs = cifs

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._cifs)

    @overload
    def __getitem__(self, row: int) -> Crystal: ...
    @overload
    def __getitem__(self, row: slice) -> list[Crystal]: ...
    def __getitem__(self, row: int | slice) -> Crystal | list[Crystal]:
        """Make the crystal of a row, or those of a slice."""
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        return _crystal(self._cifs[row], row % len(self))


def _records(path: Path) -> list[dict[str, Any]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError("the file cannot be read", source=str(path), remedy=REMEDY) from error
    _check_hash(content, str(path))
    try:
        with tarfile.open(path, "r:gz") as archive:
            member = archive.extractfile(MEMBER)
            records: list[dict[str, Any]] = json.loads(b"" if member is None else member.read(MOST_BYTES))
    except (tarfile.TarError, KeyError, ValueError, OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(f"no {MEMBER} in it", source=str(path), remedy=REMEDY) from error
    return records


def _numbers(cif: str) -> NDArray[np.int64]:
    """Atomic numbers in a CIF of pymatgen, whose last loop is that of the atoms, the element first."""
    rows = cif.partition("_atom_site_occupancy\n")[2].splitlines()
    return np.array([ATOMIC_NUMBERS[line.split(None, 1)[0]] for line in rows if line.strip()], dtype=np.int64)


def _crystal(cif: str, row: int) -> Crystal:
    """Make the crystal of a record: no symmetry but the identity, coordinates in single precision as in the table."""
    import gemmi  # noqa: PLC0415 - 30 ms

    from xtalprint.io.cif_tags import Tags, atoms_of, cell_of  # noqa: PLC0415 - with gemmi

    tags = Tags(gemmi.cif.read_string(cif).sole_block())
    cell, atoms = cell_of(tags), atoms_of(tags)
    frac = (atoms.frac - np.floor(atoms.frac)).astype(np.float32).astype(np.float64)
    frac[frac == 1.0] = 0.0  # by rounding
    return Crystal(frac @ cell, atoms.numbers, cell=cell, source=f"{PACKAGE}-{VERSION}:MP_modulus.json", frame=row)
