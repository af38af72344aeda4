"""Options made from a frozen dataclass of parameters, so that no parameter is typed twice."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click


def parameter_options(parameters: type) -> list[click.Option]:
    """One option for each field that can be typed on a command line: numbers, yes or no, choices, tuples of numbers.

    Parameters
    ----------
    parameters
        A dataclass with a numpydoc section "Parameters".

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Ring:
    ...     '''A ring.
    ...
    ...     Parameters
    ...     ----------
    ...     inner_radius
    ...         In pixels.
    ...     '''
    ...     inner_radius: float = 5.0
    >>> [option] = parameter_options(Ring)
    >>> option.opts, option.help, option.default
    (['--inner-radius'], 'In pixels.', 5.0)
    """
    hints = get_type_hints(parameters)
    help_of = documented(parameters)
    options = []
    for field in fields(parameters):
        kind = _click_type(hints[field.name])
        if field.init and kind is not None and field.default is not MISSING:
            options.append(_option(field.name, kind, field.default, help_of.get(field.name, "")))
    return options


def documented(parameters: type) -> dict[str, str]:
    """Return the text of each entry of the section "Parameters" of a class's docstring, on one line."""
    text = cleandoc(parameters.__doc__ or "")
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE)
    entries: dict[str, str] = {}
    if section:
        for names, body in re.findall(
            r"^(\w[\w, ]*)(?: : [^\n]*)?\n((?:[ \t]+[^\n]*\n?|\n)+)", section[1], re.MULTILINE
        ):
            for name in names.split(","):
                entries[name.strip()] = re.sub(r"`+|\s+(?=\s)", "", " ".join(body.split()))
    return entries


def _option(name: str, kind: dict[str, Any], default: object, text: str) -> click.Option:
    flag = name.replace("_", "-")
    declaration = f"--{flag}/--no-{flag}" if kind["type"] is bool else f"--{flag}"
    if kind["type"] is bool:
        kind = {}
    return click.Option([declaration, name], default=default, show_default=default is not None, help=text, **kind)


def _click_type(hint: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any annotation
    """Keywords for `click.Option`, or None if the annotation is not for a command line."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        inner = [argument for argument in arguments if argument is not NoneType]
        return _click_type(inner[0]) if len(inner) == 1 else None
    if hint in {int, float, str, bool}:
        return {"type": hint}
    if origin is Literal:
        return {"type": click.Choice([str(value) for value in arguments])}
    if origin is tuple and Ellipsis not in arguments and set(arguments) <= {int, float}:
        return {"type": arguments, "nargs": len(arguments)}
    return None
