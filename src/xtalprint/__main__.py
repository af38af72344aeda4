"""The command ``xtalprint``, and ``python -m xtalprint``."""

from __future__ import annotations

import signal
import sys

from xtalprint.stopping import say_stopped, stops_remembered, was_asked_to_stop


def main() -> None:
    """Run the command; Ctrl-C is one line and exit code 130 from here on, while it is imported too."""
    try:
        with stops_remembered():
            try:
                from xtalprint.cli import main as command  # noqa: PLC0415 - not before Ctrl-C is looked after

                command()
            except BaseException as error:
                if isinstance(error, SystemExit) or not was_asked_to_stop():
                    raise
                sys.exit(say_stopped())
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left that could be stopped


if __name__ == "__main__":
    main()
