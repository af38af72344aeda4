"""A file that may be compressed, opened with care: whatever is wrong with it is one clear error."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import zlib
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from xtalprint.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Most bytes, uncompressed, of a format that is read as a whole; xyz and dumps are read frame by frame.
MAX_BYTES = 256 * 2**20
#: Bytes that are looked at to tell the format.
HEAD_BYTES = 65536
#: Most characters of one line.
MAX_LINE = 2**20

COMPRESSION = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\x00"}
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x04\x22\x4d\x18": "compressed with lz4",
    b"\x1f\x9d": "compressed with compress",
}
_UTF16_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_TAR_OFFSET = 257
#: Errors of a damaged compressed stream, and of the disk below it.
STREAM_ERRORS = (EOFError, zlib.error, lzma.LZMAError, OSError)


def uncompressed_name(path: Path) -> str:
    """Name without folder and without the ending of the compression."""
    return path.stem if path.suffix.lower() in COMPRESSION else path.name


class InputFile:
    """One file of the user.

    Parameters
    ----------
    path
        As the user gave it; it becomes the ``source`` of crystals and errors.
    folder
        Where a relative path starts, if not in the current folder.

    Raises
    ------
    UnreadableFileError
        If it is missing, no regular file, empty, or may not be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, folder: str | os.PathLike[str] | None = None) -> None:
        self.source = os.fspath(path)
        self.path = Path(folder or "", Path(self.source).expanduser())
        self._check()

    @property
    def name(self) -> str:
        """Name without folder and without the ending of the compression."""
        return uncompressed_name(self.path)

    @cached_property
    def compression(self) -> str | None:
        """Ending of the compression that the content has, whatever the name."""
        return next((ending for ending, magic in COMPRESSION.items() if self._raw_head.startswith(magic)), None)

    @cached_property
    def head(self) -> bytes:
        """The first bytes, uncompressed."""
        if self.compression is None:
            return self._raw_head
        with self.stream() as stream:
            return stream.read(HEAD_BYTES)

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """Bytes, uncompressed; damage shows as `UnreadableFileError`."""
        with self.damage_is_an_error():
            opener = {None: Path.open, ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}[self.compression]
            with opener(self.path, "rb") as stream:  # type: ignore[operator] # one signature for all four
                yield stream

    @contextmanager
    def lines(self) -> Iterator[io.TextIOWrapper]:
        """Text as lines; bytes that are not UTF-8 become U+FFFD, which no number or symbol contains."""
        with self.stream() as stream:
            yield io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")

    def content(self, limit: int = MAX_BYTES) -> bytes:
        """All bytes, uncompressed."""
        if self.compression is None and len(self._raw_head) < HEAD_BYTES:
            return self._raw_head
        with self.stream() as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise UnreadableFileError(
                f"more than {limit / 2**20:.0f} MiB of data in one file of this format",
                source=self.source,
                remedy="split it into files with one structure each",
            )
        return data

    def text(self, limit: int = MAX_BYTES) -> str:
        """All text, lines ended by a newline alone; bytes that are not UTF-8 become U+FFFD."""
        data = self.content(limit)
        if b"\0" in data:
            raise self.binary()
        text = data.decode("utf-8-sig", errors="replace")
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    @contextmanager
    def damage_is_an_error(self) -> Iterator[None]:
        """Translate what a damaged stream raises."""
        with self.damage_is_an_error_of_disk():
            try:
                yield
            except PermissionError:
                raise
            except STREAM_ERRORS as error:
                if self.compression is None:
                    raise
                raise UnreadableFileError(
                    f"the compressed data are damaged or cut off ({error})",
                    source=self.source,
                    remedy="copy or download the file again",
                ) from error

    def binary(self) -> UnreadableFileError:
        """Error for bytes where text was expected."""
        return UnreadableFileError(
            "binary data where text was expected",
            source=self.source,
            remedy="check that this is the right file, and that it was not damaged in a transfer",
        )

    def check_content(self) -> None:
        """Refuse archives, double compression, UTF-16 and empty files."""
        head = self.head
        if not head.strip():
            raise UnreadableFileError(
                "the file is empty", source=self.source, remedy="check that the program that wrote it has finished"
            )
        kind = next((kind for magic, kind in _ARCHIVES.items() if head.startswith(magic)), None)
        if head[_TAR_OFFSET : _TAR_OFFSET + 5] == b"ustar":
            kind = "a tar archive"
        if self.compression and any(head.startswith(magic) for magic in COMPRESSION.values()):
            kind = "compressed twice"
        if kind:
            raise UnreadableFileError(
                f"the file is {kind}", source=self.source, remedy="unpack it and give the files in it"
            )
        if head.startswith(_UTF16_32):
            raise UnreadableFileError(
                "the text is in UTF-16 or UTF-32", source=self.source, remedy="save it in UTF-8 or ASCII"
            )

    @cached_property
    def _raw_head(self) -> bytes:
        with self.damage_is_an_error_of_disk(), self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)

    @contextmanager
    def damage_is_an_error_of_disk(self) -> Iterator[None]:
        """As `damage_is_an_error`, before it is known whether the file is compressed."""
        try:
            yield
        except PermissionError as error:
            raise UnreadableFileError(
                "no permission to read it", source=self.source, remedy="ask its owner, or change its permissions"
            ) from error
        except OSError as error:
            raise UnreadableFileError(
                f"cannot be read: {error.strerror or error}", source=self.source, remedy="check the disk and the path"
            ) from error

    def _check(self) -> None:
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError as error:
            raise self._missing() from error
        except PermissionError as error:
            raise UnreadableFileError(
                "no permission to look into its folder", source=self.source, remedy="change the permissions"
            ) from error
        except (OSError, ValueError) as error:  # a loop of links, a name too long, a null byte in the name
            raise UnreadableFileError(
                f"not a usable path: {getattr(error, 'strerror', None) or error}",
                source=self.source,
                remedy="check the path",
            ) from error
        if stat.S_ISDIR(mode):
            raise UnreadableFileError(
                "this is a directory", source=self.source, remedy='name the files in it, as in "directory/*"'
            )
        if not stat.S_ISREG(mode):
            raise UnreadableFileError(
                "not a regular file but a pipe, socket or device",
                source=self.source,
                remedy="save the data in a file first",
            )

    def _missing(self) -> UnreadableFileError:
        if self.path.is_symlink():
            return UnreadableFileError(
                f"a symbolic link to {self.path.readlink()}, which does not exist",
                source=self.source,
                remedy="restore the file it points to, or remove the link",
            )
        return UnreadableFileError("no such file", source=self.source, remedy="check the path and the spelling")
