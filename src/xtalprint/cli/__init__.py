"""The command ``xtalprint``. Thin: parse, call, print.

`main` is the whole command; `COMMANDS` is the list of subcommands, each imported only when it runs.
"""

from __future__ import annotations

import os

# Before NumPy is imported. Structures are spread over threads; a BLAS that does the same with each of them gains
# nothing and waits for its own threads on a shared machine, up to 30 s for what takes milliseconds.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from xtalprint.cli.group import COMMANDS, main

__all__ = ["COMMANDS", "main"]
