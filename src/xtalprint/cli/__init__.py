"""The command ``xtalprint``. Thin: parse, call, print.

`main` is the whole command; `COMMANDS` is the list of subcommands, each imported only when it runs.
"""

from __future__ import annotations

from xtalprint.cli.group import COMMANDS, main

__all__ = ["COMMANDS", "main"]
