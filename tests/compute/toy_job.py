"""Structures that are numbers, and a worker that can be told to die; imported by the workers, too."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from xtalprint.compute import Job
from xtalprint.errors import XtalprintError


@dataclass(frozen=True)
class Number:
    """In the place of a crystal."""

    value: int
    source: str
    frame: int


@dataclass(frozen=True)
class ToyPart:
    """Some files with some numbers each."""

    index: int
    files: tuple[tuple[int, ...], ...]

    @property
    def source(self):
        return f"file-{self.files[0][0]}"

    def description(self):
        return {"files": [len(file) for file in self.files]}

    def split(self):
        return [replace(self, files=(file,)) for file in self.files]


def cut(numbers, *, per_file=3, per_part=2):
    """All numbers in files, and all files in parts."""
    files = [tuple(numbers[i : i + per_file]) for i in range(0, len(numbers), per_file)]
    return [ToyPart(index, tuple(files[i : i + per_part])) for index, i in enumerate(range(0, len(files), per_part))]


@dataclass(frozen=True)
class ToyJob(Job):
    """Squares numbers.

    Parameters
    ----------
    marks
        Folder in which deaths are noted.
    kill
        Numbers that kill whoever works on them, and how often.
    kill_reading
        Numbers that kill whoever reads them, always.
    seconds
        How long each takes.
    """

    marks: str = ""
    kill: tuple[tuple[int, int], ...] = ()
    kill_reading: tuple[int, ...] = ()
    seconds: float = 0.0
    power: int = 2

    def settings(self):
        return {"power": self.power}

    def inputs(self, part):
        for file in part.files:
            for frame, value in enumerate(file):
                if value in self.kill_reading:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield Number(value, f"file-{file[0]}", frame)

    def content(self, part):
        return hashlib.sha256(repr(part.files).encode()).hexdigest()

    def answer(self, item):
        if isinstance(item, XtalprintError):
            return f"error: {item}"
        times = dict(self.kill).get(item.value, 0)
        died = len(list(Path(self.marks).glob(f"{item.value}-*"))) if times else 0
        if died < times:
            (Path(self.marks) / f"{item.value}-{died}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.seconds)
        return item.value**self.power

    def encode(self, results):
        return json.dumps(results).encode()

    def counts(self, payload):
        results = json.loads(payload)
        return len(results), sum(isinstance(result, str) for result in results)
