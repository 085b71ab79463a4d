"""The arguments of one call, held against the signature of the adapter."""

import ast
import inspect
import warnings
from collections.abc import Iterator
from difflib import get_close_matches
from inspect import Parameter
from typing import Any, Final

from holter.compat.azureml.exceptions import WebserviceException
from holter.compat.migrate.findings import Status
from holter.compat.migrate.knowledge import Value, without_effect
from holter.compat.migrate.unsupported import UPDATE

Judged = tuple[str, Status, str]
"""Name of an argument, and what becomes of it."""
_NO_EFFECT: Final = "it is taken and has no effect: leave it, or leave it out."
_PLACED: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def arguments(value: Value, call: ast.Call) -> Iterator[Judged]:
    """Yield what becomes of each argument that needs a word, and of each keyword."""
    signature = _signature(value)
    if signature is None:
        return
    parameters = list(signature.parameters.values())
    names = [each.name for each in parameters if each.kind in _PLACED]
    rest = [each for each in parameters if each.kind is Parameter.VAR_POSITIONAL]
    silent = without_effect(value.thing)
    placed = [] if any(isinstance(each, ast.Starred) for each in call.args) else call.args
    for name in names[: len(placed)]:
        if name in silent:
            yield name, Status.IGNORED, _NO_EFFECT
    if len(placed) > len(names) and not rest:
        yield f"{len(placed)} arguments", Status.UNSUPPORTED, f"it takes {len(names)}: {', '.join(names)}."
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield _keyword(value, keyword.arg, signature, silent)


def _signature(value: Value) -> inspect.Signature | None:
    if not callable(value.thing) or (inspect.isclass(value.thing) and value.instance):
        return None
    try:
        signature = inspect.signature(value.thing)
    except (ValueError, TypeError):
        return None
    if value.instance:  # a method that was reached through an object: it has its self
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    return signature


def _keyword(value: Value, name: str, signature: inspect.Signature, silent: frozenset[str]) -> Judged:
    where = value.name.rpartition(".")[2]
    swallow = next((each.name for each in signature.parameters.values() if each.kind is Parameter.VAR_KEYWORD), None)
    if name in signature.parameters and name != swallow:
        if name in silent or (where == "deploy_configuration" and _only_recorded(value.thing, name)):
            return name, Status.IGNORED, _NO_EFFECT
        return name, Status.WORKS, ""
    if swallow in silent:
        return name, Status.IGNORED, _NO_EFFECT
    known = UPDATE if where == "update" and swallow else frozenset(signature.parameters)
    if swallow and (where != "update" or name in known):
        return name, Status.WORKS, ""
    near = get_close_matches(name, known, 1)
    return (
        name,
        Status.UNSUPPORTED,
        f"did you mean {near[0]}?" if near else f"leave it out: {where} has no such argument.",
    )


def _only_recorded(configure: Any, name: str) -> bool:
    """Ask the adapter itself whether a setting is one that only a cloud has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return name in configure(**{name: 1}).recorded
        except WebserviceException:
            return False
