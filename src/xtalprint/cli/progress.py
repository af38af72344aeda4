"""A bar of finished structures on a terminal, nothing in a log file."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

#: Work shorter than this (s) shows no bar.
PATIENCE = 0.5


class ProgressBar:
    """Counts what is finished; drawn on stderr if that is a terminal, and only when the work takes a while.

    Parameters
    ----------
    label
        What the counted things are called: ``"structures"``.
    files
        How many files there are, or None if that is not known.
    enabled
        False for ``--quiet``.
    whole
        What the second count is of, if not of files.
    """

    def __init__(self, label: str, *, files: int | None, enabled: bool = True, whole: str = "files") -> None:
        self._label = label
        self._files = files
        self._whole = whole
        self._enabled = enabled and sys.stderr.isatty()
        self._start = time.perf_counter()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        """Nothing is drawn yet."""
        return self

    def update(self, finished: int, finished_files: int) -> None:
        """Show that so many structures, and so many whole files, are finished."""
        if not self._enabled or (self._bar is None and time.perf_counter() - self._start < PATIENCE):
            return
        if self._bar is None:
            self._draw()
        self._bar.update(self._task, completed=finished_files, finished=finished)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wipe the bar."""
        if self._bar is not None:
            self._bar.stop()

    def _draw(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only on a terminal
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - likewise

        self._bar = Progress(
            TextColumn(f"{{task.fields[finished]}} {self._label} finished"),
            BarColumn(),
            TextColumn("{task.completed}" + (f"/{self._files}" if self._files else "") + f" {self._whole}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            # Records printed while the bar stands go above it, but only where both share the terminal.
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=True,
        )
        self._task = self._bar.add_task("", total=self._files, finished=0)
        self._bar.start()
