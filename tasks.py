"""One command per developer task: ``python tasks.py NAME [arguments]``. Needs nothing but Python 3.11.

Run it with the Python of the environment that the package is installed in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent
DOCS = ROOT / "docs"


def python(*arguments: str, **environment: str) -> None:
    """Run the same Python as this; a failure ends the task."""
    command = [sys.executable, *arguments]
    print("$ python", *arguments, flush=True)
    code = subprocess.run(command, cwd=ROOT, check=False, env=os.environ | environment).returncode
    if code:
        sys.exit(code)


def install(*arguments: str) -> None:
    """Install the package for developing: changes in src/ count at once."""
    python("-m", "pip", "install", "-c", "constraints.txt", "-e", ".[all,dev]", *arguments)


def lint(*arguments: str) -> None:
    """Check style and formatting."""
    python("-m", "ruff", "check", ".", *arguments)
    python("-m", "ruff", "format", "--check", ".")


def tidy(*arguments: str) -> None:
    """Mend style and formatting where a machine can."""
    python("-m", "ruff", "check", "--fix", ".", *arguments)
    python("-m", "ruff", "format", ".")


def types(*arguments: str) -> None:
    """Check the types of the whole package."""
    python("-m", "mypy", *arguments)


def test(*arguments: str) -> None:
    """Run the tests, the doctests, the code blocks of the documentation and the examples; arguments go to pytest."""
    workers = [] if arguments else ["-n", str(min(cores(), 8)), "--dist", "loadfile"]
    # One thread for each linear algebra call: the workers share the cores.
    python("-m", "pytest", *workers, *arguments, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")


def docs(*arguments: str) -> None:
    """Build the documentation into docs/_build/html; a warning is an error."""
    shutil.rmtree(DOCS / "_build", ignore_errors=True)
    python("-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html", *arguments)


def examples(*arguments: str) -> None:
    """Run every script in examples/."""
    for script in sorted((ROOT / "examples").glob("*.py")):
        python(str(script.relative_to(ROOT)), *arguments)


def check(*arguments: str) -> None:
    """Everything that must pass before a change is handed in: lint, types, docs, test."""
    for task in (lint, types, docs):
        task()
    test(*arguments)


def train(*arguments: str) -> None:
    """Train the shipped model anew into runs/crystal-class (about an hour on 2 cores)."""
    recipe = ("--config", "recipes/crystal-class.toml")
    python("-m", "xtalprint", "train", "crystal-class", *recipe, "--output", "runs/crystal-class", *arguments)


def bench(*arguments: str) -> None:
    """Run a benchmark, as in ``bench geometry``; without a name, list them. Some want arguments: --help."""
    scripts = {script.stem: script for script in sorted((ROOT / "benchmarks").glob("*.py"))}
    if not arguments or arguments[0] not in scripts:
        print("benchmarks:", ", ".join(scripts))
        sys.exit(2 if arguments else 0)
    python(str(scripts[arguments[0]].relative_to(ROOT)), *arguments[1:])


def build(*arguments: str) -> None:
    """Build the wheel into dist/."""
    python("-m", "pip", "wheel", "--no-deps", "-w", "dist", ".", *arguments)


TASKS: dict[str, Callable[..., None]] = {
    task.__name__: task for task in (install, lint, tidy, types, test, docs, examples, check, train, bench, build)
}


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main(arguments: list[str]) -> None:
    """Run the named task, or list them all."""
    if not arguments or arguments[0] not in TASKS:
        print(__doc__)
        for name, task in TASKS.items():
            print(f"  {name:<9} {(task.__doc__ or '').splitlines()[0]}")
        sys.exit(0 if not arguments or arguments[0] in {"-h", "--help"} else 2)
    TASKS[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
