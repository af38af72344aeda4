"""How the documentation is built: Sphinx, MyST and furo; no page asks another server for anything."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtalprint import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

project = "xtalprint"
author = "The xtalprint developers"
copyright = "The xtalprint developers, MIT licence"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "command_help",
]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

# Names in backticks in docstrings are Python objects; those of other libraries stay plain text.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False

html_theme = "furo"
html_title = f"xtalprint {version}"
html_show_copyright = True
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1d5c8a", "color-brand-content": "#1d5c8a"},
    "dark_css_variables": {"color-brand-primary": "#7db7e0", "color-brand-content": "#7db7e0"},
}


def keep_bars(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:  # noqa: PLR0917, ANN401, ARG001
    """Take |F|² in a docstring for an absolute value; reStructuredText would take it for a substitution."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(`+[^`]*`+)", line)
            lines[number] = "".join(part if part.startswith("`") else part.replace("|", "\\|") for part in parts)


def setup(app: Sphinx) -> None:
    """Connect it."""
    app.connect("autodoc-process-docstring", keep_bars)
