"""A Sphinx directive with the help of every command, taken from the commands when the page is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from xtalprint.cli import COMMANDS, main

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WIDTH = 100


def help_text(name: str) -> str:
    """What ``xtalprint NAME --help`` prints."""
    parent = click.Context(main, info_name="xtalprint", terminal_width=WIDTH)
    command = main.get_command(parent, name)
    return command.get_help(click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH))


class CommandHelp(SphinxDirective):
    """``{command-help}``: one section for each command."""

    def run(self) -> list[nodes.Node]:
        """Make the sections."""
        sections = []
        for name in COMMANDS:
            section = nodes.section(ids=[f"command-{name}"], names=[f"xtalprint {name}"])
            section += nodes.title(text=f"xtalprint {name}")
            text = help_text(name)
            section += nodes.literal_block(text, text, language="none")
            sections.append(section)
        return sections


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
