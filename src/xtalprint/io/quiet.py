"""Silence around other libraries' readers: what they have to say becomes an error text or nothing."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


#: A number as NumPy writes it in a list.
_NUMPY_NUMBER = re.compile(r"\bnp\.(?:float|int)\d+\(([^()]*)\)")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings, prints and log lines of another library away from the user's terminal."""
    disabled = logging.root.manager.disable
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(disabled)


def first_line(error: BaseException, limit: int = 160) -> str:
    """What another library's error says, in one short line."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, KeyError):
        text = f"missing entry {text}"
    text = _NUMPY_NUMBER.sub(r"\1", text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
