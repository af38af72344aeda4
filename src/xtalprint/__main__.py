"""``python -m xtalprint`` is the command ``xtalprint``."""

from __future__ import annotations

from xtalprint.cli import main

if __name__ == "__main__":
    main()
