"""What the tests of reading share."""

from __future__ import annotations

import pytest

from xtalprint.errors import XtalprintError
from xtalprint.io import iter_read


@pytest.fixture
def write(tmp_path):
    """Write a text or bytes into a file and give its path."""

    def written(name, content):
        path = tmp_path / name
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            path.write_bytes(content)
        return path

    return written


@pytest.fixture
def only_error(write):
    """Write a file of which nothing but one error comes, and give its text without the path."""

    def error_of(name, content, **options):
        path = write(name, content)
        items = list(iter_read(path, **options))
        assert len(items) == 1
        assert isinstance(items[0], XtalprintError)
        assert items[0].source == str(path)
        assert items[0].remedy, f"no remedy: {items[0]}"
        return str(items[0]).removeprefix(str(path)).lstrip(":, ")

    return error_of
