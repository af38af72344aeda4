"""The documentation is true: every docstring example, every code block and every command in it runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import xtalprint
from xtalprint.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
PAGES = [page for page in PAGES if "_build" not in page.parts]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
MODULES = [m.name for m in pkgutil.walk_packages(xtalprint.__path__, "xtalprint.") if not m.name.endswith("__main__")]
#: Commands of which only the options are checked: they work for minutes.
TOO_LONG = {"train", "study"}
FENCED = re.compile(r"^```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(page, language):
    return [
        found["body"] for found in FENCED.finditer(page.read_text(encoding="utf-8")) if found["language"] == language
    ]


def pages_with(language):
    return [page for page in PAGES if blocks(page, language)]


@pytest.fixture
def among_the_example_files(tmp_path, monkeypatch):
    """Work in a copy of examples/data, where the pages say they are."""
    shutil.copytree(ROOT / "examples" / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path / "data")
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.parametrize("page", pages_with("python"), ids=name_of)
def test_python_blocks_of_a_page(page, among_the_example_files):
    """In order, in one namespace; blocks with prompts are compared with the output that they show."""
    namespace = {"__name__": "page"}
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for number, body in enumerate(blocks(page, "python")):
        if ">>>" in body:
            test = parser.get_doctest(body, namespace, f"{page.name} block {number}", str(page), 0)
            runner.run(test, clear_globs=False)
            namespace = test.globs
            assert runner.summarize(verbose=False).failed == 0
        else:
            exec(compile(body, f"{page.name} block {number}", "exec"), namespace)  # noqa: S102 - that is the test


@pytest.mark.parametrize("page", pages_with("console"), ids=name_of)
def test_commands_of_a_page(page, among_the_example_files):
    """Each ``$ xtalprint …`` is understood, and ends with an answer or with records of what is wrong."""
    for line in "".join(blocks(page, "console")).splitlines():
        if not line.startswith("$ xtalprint "):
            continue
        name, *arguments = shlex.split(line.removeprefix("$ xtalprint "), comments=True)
        if name in TOO_LONG and "--list" not in arguments:
            with pytest.raises(SystemExit) as stopped:
                main([name, *arguments, "--help"])
            assert stopped.value.code == 0, line
            known = {option for parameter in main.get_command(None, name).params for option in parameter.opts}
            assert {word for word in arguments if word.startswith("--")} <= known, line
            continue
        command = [sys.executable, "-m", "xtalprint", name, *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert run.returncode in {0, 1}, f"{line}\n{run.stderr}"
        assert "Traceback" not in run.stderr, run.stderr
        assert (run.stdout + run.stderr).strip(), line


@pytest.mark.parametrize("script", EXAMPLES, ids=name_of)
def test_examples_run(script, tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_every_file_that_the_first_page_names_is_among_the_examples_or_made_by_it(among_the_example_files):
    made = set()
    for line in "".join(blocks(ROOT / "README.md", "console")).splitlines():
        arguments = shlex.split(line, comments=True)
        outputs = {arguments[i + 1] for i, word in enumerate(arguments) if word == "--output"}
        files = {word for word in arguments if re.search(r"[.][a-z]+$", word)} - outputs
        for name in files - made:
            assert list(Path().glob(name)), f"{line}: there is no {name}"
        made |= outputs


def test_every_page_can_be_reached():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix("").as_posix()
        if "_build" not in page.parts and name != "index":
            assert re.search(rf"^{name}$", index, re.MULTILINE), f"docs/index.md does not list {name}"
