"""The documents are true: made from today's code, whole, and every link in them leads somewhere."""

import doctest
import importlib
import inspect
import pkgutil
import re
import runpy
from dataclasses import fields
from pathlib import Path

import click
import pytest

import holter
from holter import errors
from holter.cli.root import holter as root
from holter.registry import Settings
from holter.respond import KINDS
from holter.signals import CATALOGUE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])
REFERENCE = runpy.run_path(str(DOCS / "generate.py"))
MODULES = sorted(
    each.name
    for each in pkgutil.walk_packages(holter.__path__, "holter.")
    if "migrations" not in each.name and not each.name.endswith("__main__")
)


def page(name):
    return (DOCS / name).read_text()


def named(path):
    return path.relative_to(ROOT).as_posix()


def commands(command, path=("holter",)):
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


def descendants(kind):
    return {kind}.union(*(descendants(each) for each in kind.__subclasses__()))


def anchors(text):
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", REFERENCE["PAGES"])
def test_the_reference_is_made_from_todays_code(name):
    """A command, setting, signal, response or error that is not on its page fails here; mend it with ``make docs``."""
    assert page(f"reference/{name}") == REFERENCE["PAGES"][name]()


def test_making_the_reference_writes_every_page_and_none_is_left_over(tmp_path):
    REFERENCE["main"](tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in (DOCS / "reference").iterdir()}


@pytest.mark.parametrize(("path", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in commands(root)])
def test_every_command_and_option_says_what_it_does(path, command):
    assert command.help
    if command.hidden:
        return
    assert [each.name for each in command.params if isinstance(each, click.Option) and not each.help] == []
    if not isinstance(command, click.Group):
        assert f"\n## {' '.join(path)}\n" in page("reference/cli.md")


def test_every_setting_is_documented():
    text = page("reference/settings.md")
    assert [each.name for each in fields(Settings) if f"| `{each.name}` |" not in text] == []
    assert all(each.metadata["about"] for each in fields(Settings))


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_signal_and_metric_is_documented(name):
    section = page("reference/signals.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert [metric for metric in CATALOGUE[name]().metrics if f"`{metric}`" not in section] == []
    assert section.partition("Needs: ")[0].strip()


@pytest.mark.parametrize("name", KINDS)
def test_every_response_and_option_is_documented(name):
    section = page("reference/responses.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert [option for option in KINDS[name].options if f"`{option}`" not in section] == []
    assert name in "".join(path.read_text() for path in (DOCS / "how-to").glob("*.md"))


def test_every_option_of_a_retraining_is_explained():
    assert [option for option in KINDS["retrain"].options if f"| `{option}` |" not in page("how-to/retrain.md")] == []


def test_every_error_is_documented_and_drawn():
    found = {error.__name__ for error in descendants(errors.HolterError) if error.__module__ == "holter.errors"}
    assert {name for name in found if f"| `{name}` |" not in page("reference/errors.md")} == set()
    assert {name for name in found if not re.search(rf"\b{name}\b", inspect.getdoc(errors))} == set()


def test_every_group_of_entry_points_is_documented():
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    read = source.count("entry_points(group=")
    groups = re.findall(r"^GROUP: Final = \"(.+)\"$", source, flags=re.MULTILINE)
    assert read == len(groups) == source.count("entry_points(")
    assert [group for group in groups if f"\n## {group}\n" not in page("reference/extensions.md")] == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_lead_somewhere_and_no_machine_is_named(path):
    text = path.read_text()
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in link:
            file, _, anchor = link.partition("#")
            there = path.parent / file if file else path
            assert there.exists(), link
            assert not anchor or anchor in anchors(there.read_text()), link
    assert not re.search(r"/work/|/root/|/tmp/|\.pyenv|pypi\.org|files\.pythonhosted", text)


@pytest.mark.parametrize("path", [path for path in PAGES if path.parent != DOCS / "reference"], ids=named)
def test_commands_in_the_documents_exist(path):
    """Each ``holter ...`` of a page names a command, and no option that it does not have."""
    known = {" ".join(words[1:]): command for words, command in commands(root)}
    blocks = re.findall(r"^```(?:bash|console)\n(.*?)^```$", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    for line in lines:
        for call in re.findall(r"(?:^|\$ |\()(?:\S*/)?holter ([^|)#]+)", line.strip()):
            words = [
                word for word in re.sub(r"^(--workspace|-w) \S+ ", "", call).split() if re.fullmatch(r"[\w.-]+", word)
            ]
            name = next(" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known)
            options = {text for option in known[name].params for text in (*option.opts, *option.secondary_opts)}
            given = set(re.findall(r"(?<=\s)--[a-z-]+", call.partition(words[0])[2]))
            assert not isinstance(known[name], click.Group), call
            assert given <= options | {"--help"}, call


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
