"""The documents are true: made from today's code, whole, and every link in them leads somewhere."""

import doctest
import importlib
import pkgutil
import re
import runpy
from pathlib import Path

import pytest

import holter

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
REFERENCE = runpy.run_path(str(ROOT / "docs" / "generate.py"))
MODULES = sorted(
    each.name
    for each in pkgutil.walk_packages(holter.__path__, "holter.")
    if "migrations" not in each.name and not each.name.endswith("__main__")
)


@pytest.mark.parametrize("name", REFERENCE["PAGES"])
def test_the_reference_is_made_from_todays_code(name):
    """A command, setting, signal, response or error that is not on its page fails here; mend it with ``make docs``."""
    assert (ROOT / "docs" / "reference" / name).read_text() == REFERENCE["PAGES"][name]()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere_and_no_machine_is_named(page):
    text = page.read_text()
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert "://" in link or (page.parent / link).exists(), link
    assert not re.search(r"/work/|/root/|\.pyenv|pypi\.org|files\.pythonhosted", text)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
