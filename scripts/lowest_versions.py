"""Print the lower bound of every direct dependency as a constraint, to try whether the bounds are true.

Use::

    python scripts/lowest_versions.py > lowest.txt
    python3.11 -m venv .lowest && .lowest/bin/pip install -c lowest.txt ".[all,dev]"
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
requirements = [*project["dependencies"], *(r for group in project["optional-dependencies"].values() for r in group)]
for name, version in sorted(set(re.findall(r"^([\w-]+)>=([\w.]+)$", "\n".join(requirements), re.MULTILINE))):
    print(f"{name}=={version}")
