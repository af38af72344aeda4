"""A folder of shards: one file for each part of the work, whole or not there, under a name that says what is in it.

The name of a shard is ``INDEX-ADDRESS-CHECK.parquet``. INDEX is the place of its part, so that the names sort in the
order of the input. ADDRESS is a hash of all that the answers depend on: content of the input, parameters, weights,
version. CHECK is a hash of the file itself: a file that does not match it is damaged, and is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.files import remove_unfinished, whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: What is asked, of which files: the same for all who work on the run. The names begin with "_" so that libraries
#: which read a folder of Parquet files pass over them.
MANIFEST = "_manifest.json"
#: The names of all shards, written when the last is finished.
LIST = "_shards.json"
#: Version of the layout of the folder.
LAYOUT = 1
ADDRESS_DIGITS, CHECK_DIGITS = 32, 16
_NAME = re.compile(rf"(\d{{8}})-([0-9a-f]{{{ADDRESS_DIGITS}}})-([0-9a-f]{{{CHECK_DIGITS}}})\.parquet")
#: Of the input, for messages: the sum of all names says whether they are the same, and older folders have it only.
FIRST_FILE = "first_file"
_NAMES = "sha256_of_their_names"
#: Commands that share a job, by its name.
_COMMANDS = {"prepare": "compare, index or duplicates"}
_GO_ON = "run the same command again: it goes on where it stopped"


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of plain data.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class ShardFolder:
    """The folder of a run.

    Parameters
    ----------
    path
        Made by `begin`.
    """

    path: Path

    def begin(self, identity: Mapping[str, Any]) -> None:
        """Make the folder, or check that it is of the same run.

        Raises
        ------
        WrongUsageError
            If it cannot be made, or is that of another run.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            remove_unfinished(self.path)
            before = self.manifest() or self._sign(identity)
        except OSError as error:
            raise WrongUsageError(
                f"cannot write into this folder: {error.strerror}",
                source=str(self.path),
                remedy="give another folder",
            ) from error
        if _identity(before) != _identity(json.loads(json.dumps(identity))):
            raise WrongUsageError(
                f"the folder holds another run: {_what_differs(before, identity)}",
                source=str(self.path),
                remedy="give another folder, or ask the same of the same files",
            )

    def _sign(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest; returns the one that is there then, which may be that of another who began at once."""
        with suppress(FileExistsError), whole_file(self.path / MANIFEST, new=True) as beside:
            beside.write_text(json.dumps(identity, indent=1, sort_keys=True), encoding="ascii")
        return self.manifest() or {}

    def manifest(self) -> dict[str, Any] | None:
        """What the run is; None if none was begun.

        Raises
        ------
        WrongUsageError
            If there is a file of that name that this program did not write.
        """
        try:
            found = json.loads((self.path / MANIFEST).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.get("layout") != LAYOUT:
            raise WrongUsageError(
                f"{MANIFEST} in this folder is not what this version of xtalprint writes",
                source=str(self.path),
                remedy="give another folder",
            )
        return found

    def shards(self) -> dict[int, list[str]]:
        """Names of the shards of each part; files of other names are nobody's business."""
        found: dict[int, list[str]] = {}
        with os.scandir(self.path) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                if match:
                    found.setdefault(int(match[1]), []).append(entry.name)
        return {index: sorted(names) for index, names in found.items()}

    def read(self, name: str) -> bytes | None:
        """Content of a shard, or None if it is missing or damaged."""
        match = _NAME.fullmatch(name)
        try:
            payload = (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        return payload if match and _check(payload) == match[3] else None

    def write(self, index: int, address: str, payload: bytes) -> str:
        """Write a shard; returns its name."""
        name = f"{index:08d}-{address}-{_check(payload)}.parquet"
        with whole_file(self.path / name) as beside:
            beside.write_bytes(payload)
        return name

    def remove(self, names: Sequence[str]) -> None:
        """Remove shards that are damaged, or of an input that is another by now."""
        for name in names:
            with suppress(FileNotFoundError):
                (self.path / name).unlink()

    def finish(self, number: int) -> bool:
        """Write the list of all shards, if all of that number are there; says whether.

        What workers that were killed meanwhile left unfinished is removed.
        """
        remove_unfinished(self.path)
        found = self.shards()
        names = [found.get(index, []) for index in range(number)]
        if any(len(of_part) != 1 for of_part in names):
            return False
        with whole_file(self.path / LIST) as beside:
            beside.write_text(json.dumps([of_part[0] for of_part in names], indent=0), encoding="ascii")
        return True

    def finished(self) -> list[str]:
        """Names of all shards, in the order of the input.

        Raises
        ------
        XtalprintError
            If the run is not finished, or a shard is missing.
        """
        if self.manifest() is None:
            raise WrongUsageError(
                "no run of xtalprint was begun in this folder",
                source=str(self.path),
                remedy="name the folder of --into",
            )
        there = {name for names in self.shards().values() for name in names}
        try:
            names: list[str] = json.loads((self.path / LIST).read_bytes())
        except (FileNotFoundError, ValueError):
            raise XtalprintError(
                f"the run is not finished: {len(there)} shards so far", source=str(self.path), remedy=_GO_ON
            ) from None
        missing = [name for name in names if name not in there]
        if missing:
            raise XtalprintError(
                f"{len(missing)} of {len(names)} shards are missing, the first is {missing[0]}",
                source=str(self.path),
                remedy=_GO_ON,
            )
        return names

    def damaged(self, name: str) -> XtalprintError:
        """Error for a shard of the list that `read` does not accept."""
        return XtalprintError("this shard is damaged", source=str(self.path / name), remedy=_GO_ON)


def address_in(name: str) -> str:
    """The part of a shard's name that says what the answers depend on."""
    return name.split("-")[1]


def _check(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()[:CHECK_DIGITS]


def cut_of(folder: Path) -> int | None:
    """Most structures in a shard of the run that was begun in a folder; None if there is none.

    Raises
    ------
    WrongUsageError
        As `ShardFolder.manifest`.
    """
    try:
        known = ShardFolder(folder).manifest()
    except OSError:  # told when the run begins
        return None
    return None if known is None else known.get("inputs", {}).get("per_shard")


def _identity(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest without what is for messages only."""
    inputs = {key: value for key, value in manifest.get("inputs", {}).items() if key != FIRST_FILE}
    return {**manifest, "inputs": inputs}


def _what_differs(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the files if they are others, else what is asked."""
    one, other = before.get("inputs", {}), now.get("inputs", {})
    if one.get(_NAMES) != other.get(_NAMES):
        return _other_files(_files(one), _files(other))
    return _difference(_identity(before), _identity(now))


def _difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the first thing that differs, in words; what is asked comes before how."""
    for key in sorted({*before, *now}, key=lambda key: (key != "command", key)):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict) and old != new:
            return _difference(old, new)
        if key != "command" and _seen(before) != _seen(now):
            return f"fingerprints of {_seen(before)}, not of {_seen(now)}"
        if old != new and key == "command":
            return f"it is of {_COMMANDS.get(str(old), old)}, not of {_COMMANDS.get(str(new), new)}"
        if old != new:
            return f"{key.replace('_', ' ')} was {_short(old)}, is {_short(new)}"
    return "another version of the manifest"


def _files(inputs: Mapping[str, Any]) -> str:
    """Which files, in words."""
    number, first = inputs.get("number_of_files"), inputs.get(FIRST_FILE)
    if first is None:
        return f"{number} file{'s' * (number != 1)}"
    return f"{_short(first)} and {number - 1} more" if number and number > 1 else _short(first)


def _other_files(before: str, now: str) -> str:
    if before == now:
        return f"of {before}, but not the same files in the same order"
    return f"of {before}, not of {now}"


def _seen(settings: Mapping[str, Any]) -> str:
    """The descriptor that is asked for, or those of a sum."""
    return settings.get("descriptor") or " and ".join(map(_seen, settings.get("parts", ())))


def _short(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - characters of a value in a sentence
