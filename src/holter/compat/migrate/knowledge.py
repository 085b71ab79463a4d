"""What is known of the names of the originals, asked of the adapters themselves.

A parameter that an adapter deletes first thing has no effect; a docstring that says "Differs:" says how; one that says
"Refuse" refuses. What no adapter has is looked up in :mod:`holter.compat.migrate.unsupported`.
"""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any, Final

from holter.compat.migrate.findings import Status
from holter.compat.migrate.unsupported import ELSEWHERE, UNSUPPORTED, remedy_of, stays

ROOTS: Final = ("azureml", "applicationinsights")
_HOME: Final = __name__.removesuffix(".migrate.knowledge")
_MISSING: Final = object()
_NO_COUNTERPART: Final = "Holter has no counterpart; leave it out, or keep it in a program of its own."
_ONE: Final = r"(\w+)(?: \| None)?"
_MANY: Final = r"(?:[\w.]+\.)?(?:list|Sequence|Mapping|dict)\[(?:str, )?(?:ForwardRef\()?['\"]?(\w+)['\"]?\)?\]"


@dataclass(frozen=True)
class Value:
    """What an expression stands for.

    Parameters
    ----------
    name
        In the words of the original.
    thing
        The adapter: a module, class, function or property; None where there is none.
    instance
        An object of the class ``thing``, not the class.
    many
        A list or mapping of such objects.
    status, remedy
        What becomes of the name.
    """

    name: str
    thing: Any
    instance: bool = False
    many: bool = False
    status: Status = Status.WORKS
    remedy: str = ""


def original(dotted: str) -> str | None:
    """Return the name of the original behind a dotted one; None for what is none.

    Examples
    --------
    >>> original("holter.compat.azureml.core"), original("numpy")
    ('azureml.core', None)
    """
    name = dotted.removeprefix(f"{_HOME}.")
    return name if name.partition(".")[0] in ROOTS else None


@cache
def named(name: str) -> Value:
    """Return what a dotted name of an original is here."""
    if stays(name) is not None:
        return Value(name, _MISSING, remedy=stays(name) or "")
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = _module(".".join(parts[:length]))
        if module is not None:
            found = Value(".".join(parts[:length]), module)
            for part in parts[length:]:
                found = member(found, part)
            return found
    return _nothing(name)


@cache
def _module(name: str) -> ModuleType | None:
    home = f"{_HOME}.{name}"
    try:
        if importlib.util.find_spec(home) is None:
            return None
    except ModuleNotFoundError:
        return None
    return importlib.import_module(home)


def _nothing(name: str, short: str = "") -> Value:
    remedy = remedy_of(short) or remedy_of(name) or _NO_COUNTERPART
    return Value(name, None, status=Status.UNSUPPORTED, remedy=remedy)


def member(value: Value, name: str) -> Value:
    """Return what an attribute of a value stands for."""
    whole = f"{value.name}.{name}"
    if stays(whole) is not None:
        return named(whole)
    if value.thing is None or value.thing is _MISSING:
        return replace(value, name=whole)
    if value.many:
        return Value(whole, _MISSING)
    if isinstance(value.thing, ModuleType):
        return _of_module(value.thing, whole, name)
    if not inspect.isclass(value.thing):
        return Value(whole, _MISSING)
    return _of_object(value.thing, whole, name) if value.instance else _of_class(value.thing, whole, name)


def _of_module(module: ModuleType, whole: str, name: str) -> Value:
    found = getattr(module, name, _MISSING)
    inner = found if found is not _MISSING else _module(whole)
    if any(home.startswith(f"{whole}.") for home in ELSEWHERE):
        return Value(whole, _MISSING)
    if inner is None or getattr(inner, "__module__", _HOME).partition(".")[0] != _HOME.partition(".")[0]:
        return _nothing(whole)
    return _judged(whole, inner)


def _of_class(kind: type, whole: str, name: str) -> Value:
    found = getattr(kind, name, _MISSING)
    if found is _MISSING:
        return _nothing(whole, f"{kind.__name__}.{name}")
    return _judged(whole, found)


def _of_object(kind: type, whole: str, name: str) -> Value:
    found = inspect.getattr_static(kind, name, _MISSING)
    if isinstance(found, property):
        return _typed(whole, found.fget)
    if isinstance(found, staticmethod | classmethod):
        return _judged(whole, getattr(kind, name))
    if callable(found):
        return replace(_judged(whole, found), instance=True)
    if found is not _MISSING or name in _fields(kind):
        inner = _fields(kind).get(name)
        return Value(whole, _MISSING) if inner is None else Value(whole, inner, instance=True)
    return _nothing(whole, f"{kind.__name__}.{name}")


def _judged(whole: str, thing: Any) -> Value:
    text = inspect.getdoc(thing) or "" if inspect.isclass(thing) or inspect.isroutine(thing) else ""
    if text.startswith("Refuse"):
        words = text.splitlines()[0].removeprefix("Refuse").partition(" Raises")[0]
        return Value(whole, thing, status=Status.UNSUPPORTED, remedy=f"it refuses{words}")
    differs = re.search(r"Differs: (.+?)(?:\n\n|$)", text, re.DOTALL)
    if differs:
        return Value(whole, thing, status=Status.MAPPED, remedy=" ".join(differs[1].split()))
    return Value(whole, thing)


def called(value: Value) -> Value | None:
    """Return what a call of a value gives; None where nobody knows."""
    if value.thing is None:
        return value
    if inspect.isclass(value.thing) and not value.instance:
        return Value(value.thing.__name__, value.thing, instance=True)
    if inspect.isroutine(value.thing):
        found = _typed(value.name, value.thing)
        return None if found.thing is _MISSING else found
    return None


def item(value: Value) -> Value | None:
    """Return one of many."""
    if value.thing is None:
        return value
    return replace(value, many=False) if value.many else None


def _typed(whole: str, function: Callable[..., Any] | None) -> Value:
    """Return an object of the class that a function says it returns."""
    said = getattr(function, "__annotations__", {}).get("return", "")
    text = said.__name__ if isinstance(said, type) else str(said).strip("'\"")
    for pattern, many in ((_ONE, False), (_MANY, True)):
        match = re.fullmatch(pattern, text)
        if match and match[1] in _classes():
            return Value(match[1], _classes()[match[1]], instance=True, many=many)
    return Value(whole, _MISSING)


@cache
def _classes() -> dict[str, type]:
    """Return every class of the adapters, by name."""
    found: dict[str, type] = {}
    for root in ROOTS:
        package = importlib.import_module(f"{_HOME}.{root}")
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(info.name)
            inside = inspect.getmembers(module, inspect.isclass)
            found |= {name: kind for name, kind in inside if kind.__module__ == info.name}
    return found


@cache
def _fields(kind: type) -> dict[str, type | None]:
    """Return the attributes that an object is given when it is made, with their class where it is an adapter."""
    found: dict[str, type | None] = {}
    for each in kind.__mro__[:-1]:
        found |= dict.fromkeys(inspect.get_annotations(each))
        maker = each.__dict__.get("__init__")
        for node in ast.walk(_source(maker)) if inspect.isfunction(maker) else ():
            if isinstance(node, ast.Assign | ast.AnnAssign):
                made = node.value.func if isinstance(node.value, ast.Call) else None
                inner = _classes().get(made.id) if isinstance(made, ast.Name) else None
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {name: inner for target in targets for name in _selfs(target)}
    return found


def _selfs(target: ast.expr) -> list[str]:
    return [
        node.attr
        for node in ast.walk(target)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    ]


def _source(function: Any) -> ast.Module:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return ast.Module([], [])


@cache
def without_effect(function: Any) -> frozenset[str]:
    """Return the parameters that a function deletes: it takes them, and does nothing with them."""
    plain = inspect.unwrap(getattr(function, "__init__", function) if inspect.isclass(function) else function)
    tree = _source(getattr(plain, "__func__", plain))
    body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.FunctionDef) else []
    deleted = [each for node in body if isinstance(node, ast.Delete) for each in node.targets]
    return frozenset(each.id for each in deleted if isinstance(each, ast.Name))


def star(module: str) -> dict[str, Value]:
    """Return what ``from MODULE import *`` brings: what the adapters have, and what is known to be missing."""
    home = _module(module)
    there = [] if home is None else getattr(home, "__all__", [name for name in vars(home) if not name.startswith("_")])
    missing = [name.rpartition(".")[2] for name in UNSUPPORTED if name.rpartition(".")[0] == module]
    return {name: named(f"{module}.{name}") for name in [*there, *missing]}
