"""The contracts of the house that no linter knows: sizes, names, clocks, clones, docstrings."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "holter"
FILES = sorted(path for path in SOURCE.rglob("*.py") if "migrations/versions" not in path.as_posix())
PURE = ("types", "stats", "profile", "signals", "rules", "charts")

MOST_LINES = 400
MOST_BODY_LINES = 40
BANNED_NAMES = {"utils", "helpers", "common", "core", "base", "manager"}
AZURES = Path("compat/azureml/core")
"""A name that is somebody else's: ``azureml.core`` must be found under it."""


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _has_docstring(node: ast.AST) -> bool:
    return ast.get_docstring(node) is not None


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_file_is_short_and_well_named(path):
    assert len(path.read_text().splitlines()) <= MOST_LINES
    ours = path.relative_to(SOURCE)
    ours = ours.relative_to(AZURES) if ours.is_relative_to(AZURES) else ours
    assert not BANNED_NAMES & {part.removesuffix(".py") for part in ours.parts}


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_function_body_is_short(path):
    for function in _functions(ast.parse(path.read_text())):
        body = function.body[1:] if _has_docstring(function) else function.body
        lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        assert lines <= MOST_BODY_LINES, f"{function.name} has {lines} lines"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_every_public_thing_says_what_it_is_for(path):
    tree = ast.parse(path.read_text())
    assert _has_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            text = ast.get_docstring(node)
            assert text, f"{node.name} has no docstring"
            words = set(re.findall(r"[a-z]+", text.lower()))
            own = set(re.findall(r"[a-z]+", re.sub(r"(?<!^)([A-Z])", r" \1", node.name).lower()))
            filler = {"a", "an", "the", "of", "this", "return", "get", "class", "function"}
            assert words - own - filler, f"the docstring of {node.name} only repeats its name"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_room_imports_the_front_door(path):
    """``import holter`` inside a room would go up the stairs unseen by import-linter."""
    if path.parent == SOURCE:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert all(alias.name.split(".")[0] != "holter" for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.module != "holter"


@pytest.mark.parametrize("path", [path for path in FILES if path.relative_to(SOURCE).parts[0] in PURE], ids=_name)
def test_pure_rooms_have_no_clock_file_or_unseeded_chance(path):
    forbidden = re.compile(
        r"datetime\.now\(|\.utcnow\(|\.today\(|\btime\.time\(|\bmonotonic\(|perf_counter\(|(?<![\w.])open\(|"
        r"read_text\(|write_text\(|default_rng\(\)|np\.random\.(?!Generator|default_rng)|import random\b|import time\b"
    )
    assert not forbidden.search(path.read_text())


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_marker_stands_for_a_feature(path):
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError", path.read_text())
