"""The rules of the house that a machine can watch: who imports whom, what starts fast, how files look."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import xtalprint
from xtalprint.cli import COMMANDS
from xtalprint.cli.describe import DESCRIPTORS
from xtalprint.errors import XtalprintError

PACKAGE = Path(xtalprint.__file__).parent
ROOT = Path(__file__).resolve().parents[1]

#: From left to right; a file imports only from its own room and from those before it.
ROOMS = [
    *("_version", "stopping", "errors", "files", "elements", "sites", "crystal", "compute", "io", "geometry"),
    *("defects", "prototypes", "datasets", "scattering", "descriptors", "similarity", "models", "explain", "studies"),
    *("cli", "app"),
    "__main__",
]
#: Never loaded for a help text; each would cost more than the whole command.
HEAVY = [
    "torch",
    "pandas",
    "pymatgen",
    "ase",
    "plotly",
    "matplotlib",
    "fastapi",
    "pyarrow",
    "sklearn",
    "onnx",
    "spglib",
]
#: Needed for an answer about one CIF: everything but these.
HEAVY_FOR_CLASSIFY = ["torch", "pandas", "pymatgen", "ase", "pyarrow", "matplotlib", "sklearn", "rich", "onnx"]

MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400


def module_name(path):
    parts = ("xtalprint", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def imported_modules(path):
    """Absolute names of everything a file imports from xtalprint, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the import in full"
            if node.module == "xtalprint":
                yield from ((f"xtalprint.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


def test_every_room_is_on_the_plan():
    found = {room_of(module_name(path)) for path in MODULES} - {None}
    assert found <= set(ROOMS), f"rooms without a place in the order: {found - set(ROOMS)}"


@pytest.mark.parametrize("path", [p for p in MODULES if p != PACKAGE / "__init__.py"], ids=module_name)
def test_a_file_imports_only_from_rooms_to_its_left(path):
    here = ROOMS.index(room_of(module_name(path)))
    for imported, line in imported_modules(path):
        if imported.split(".")[0] != "xtalprint":
            continue
        room = room_of(imported)
        assert room in ROOMS, f"{path.name}:{line} imports {imported}: name the room it comes from"
        assert ROOMS.index(room) <= here, f"{path.name}:{line} imports {imported}, a room to its right"


REPORT = """
import atexit, sys
atexit.register(lambda: print("LOADED", *sorted({name.split(".")[0] for name in sys.modules})))
"""


def loaded_by(code, *, expected_exit=0):
    """Top-level modules in memory after a piece of code ran in a fresh interpreter."""
    run = subprocess.run(
        [sys.executable, "-c", REPORT + code], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == expected_exit, run.stderr
    return set(run.stdout.rsplit("LOADED", 1)[1].split())


def command_line(*arguments):
    return f"from xtalprint.cli import main; main({list(arguments)!r})"


def test_importing_the_package_loads_nothing_heavy():
    loaded = loaded_by("import xtalprint; dir(xtalprint)")
    assert not loaded & {*HEAVY, "numpy", "scipy", "numba", "click"}


def test_help_loads_no_array_library():
    loaded = loaded_by(command_line("--help"))
    assert not loaded & {*HEAVY, "numpy", "scipy", "numba", "rich", "gemmi", "moyopy", "onnxruntime", "pydantic"}
    assert not [name for name in loaded if name.startswith("concurrent")]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_loads_nothing_heavy(command):
    loaded = loaded_by(command_line(command, "--help"))
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_summary_in_the_list_is_that_of_the_command(command):
    found = getattr(importlib.import_module(COMMANDS[command].module), command)
    assert found.get_short_help_str(limit=200) == COMMANDS[command].summary
    assert "Examples:" in (found.epilog or "") + (found.help or ""), "every command shows examples"


def test_classifying_a_cif_loads_nothing_heavy():
    loaded = loaded_by(command_line("classify", str(ROOT / "examples" / "data" / "copper.cif"), "--quiet"))
    assert "onnxruntime" in loaded
    assert not loaded & set(HEAVY_FOR_CLASSIFY)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_file_fits_in_the_head(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{lines} lines: split it"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_names_are_the_fields(path):
    assert not {"utils", "util", "helpers", "helper", "misc", "common"} & set(
        path.relative_to(PACKAGE).with_suffix("").parts
    )


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_silenced_checks_without_a_reason(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for mark in ("type: ignore", "noqa"):
            found = re.search(rf"#\s*{mark}(\[[\w,-]+\]|: [A-Z0-9, ]+)?(.*)", line)
            if found and found[1] is None:
                pytest.fail(f"{path.name}:{number}: name the rule that is silenced")
        assert not re.search(r"\bexcept\s*:", line), f"{path.name}:{number}: bare except"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_assert_as_validation(path):
    asserts = [n.lineno for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Assert)]
    assert not asserts, f"{path.name}: assert in lines {asserts}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_public_names_have_docstrings(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            if any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list):
                continue  # what it does is said once, by the function itself
            assert ast.get_docstring(node), f"{path.name}:{node.lineno} {node.name}"


def test_everything_in_the_top_package_can_be_had():
    for name in xtalprint.__all__:
        assert getattr(xtalprint, name) is not None
    # What needs an extra is shown, and only left out of a star import.
    assert set(dir(xtalprint)) == {*xtalprint.__all__, "DescriptorTransformer"}
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        xtalprint.nonsense  # noqa: B018 - the access is the test


def test_every_descriptor_of_the_command_line_is_in_the_top_package():
    for module, name in DESCRIPTORS.values():
        assert getattr(xtalprint, name) is getattr(importlib.import_module(module), name)
        assert name in xtalprint.__all__


def test_every_error_of_the_package_is_of_one_family():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                kind = getattr(importlib.import_module(module_name(path)), node.name)
                assert issubclass(kind, XtalprintError), f"{path.name}: {node.name}"


def committed_files():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / os.fsdecode(name) for name in listed.split(b"\0") if name]


def test_nothing_committed_names_a_place_on_some_machine():
    here = [str(place) for place in (ROOT, sys.prefix, Path.home()) if len(Path(place).parts) > 1]
    place = re.compile(
        "|".join([*(re.escape(name) + r"\b" for name in here), r"/home/\w", r"/Users/\w", r"[.]{2}/shared"])
    )
    for path in committed_files():
        # The script of the continuous integration is the one place that may know where the data sets lie.
        if path.is_file() and path != ROOT / ".ci" / "run":
            found = place.search(path.read_bytes().decode("latin-1"))
            assert found is None, f"{path.relative_to(ROOT)} names {found[0]}"


def test_nothing_committed_is_big():
    for path in committed_files():
        if path.is_file():
            assert path.stat().st_size < 6_000_000, f"{path.relative_to(ROOT)} is {path.stat().st_size / 1e6:.1f} MB"


def test_signatures_take_options_by_keyword():
    """Public functions of the notebook API: everything beyond the input is keyword-only."""
    for name in ("read", "iter_read", "load_model"):
        signature = inspect.signature(getattr(xtalprint, name))
        positional = [p for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert len(positional) <= 1, f"{name}{signature}"
