"""A monitor in words: a TOML file, or the options of a command line.

A file holds the arguments of :meth:`holter.workspace.Workspace.monitor` by name, with ``deployment`` or ``table`` for
the target, and one ``[[rules]]`` table for each rule::

    name = "churn-daily"
    deployment = "churn-api"
    every = "1d"
    label_delay = "1d"

    [[rules]]
    name = "auc"
    metric = "performance.roc_auc"
    below = 0.7

    [[rules.responses]]
    kind = "email"
    options = { to = "team@example.com" }
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from holter.errors import InputError, NotFound

_KEYS: Final = (
    "name",
    "deployment",
    "table",
    "time",
    "prediction",
    "score",
    "label",
    "task",
    "baseline",
    "every",
    "over",
    "lateness",
    "label_delay",
    "event_clock",
    "signals",
    "budget",
    "segments",
    "options",
    "rules",
)
_PATHS: Final = ("table", "baseline")
_RULE: Final = re.compile(
    r"(?:(?P<name>[^:]+):)?\s*(?P<metric>[\w]+\.[\w]+)(?:\[(?P<feature>[^\]]+)\])?"
    r"(?:\{(?P<segment>[^}]+)\})?\s*"
    r"(?:(?P<sign>[<>])\s*(?P<number>[-+.\deE]+))?"
)


def from_file(path: Path) -> dict[str, Any]:
    """Read a monitor from a TOML file; its paths are relative to the file.

    Raises
    ------
    NotFound
        If there is no such file.
    InputError
        For a file that is no TOML, or a key that means nothing, naming it.
    """
    found = _toml(path)
    for key in found:
        if key not in _KEYS:
            raise InputError(f"{path}: a monitor has no {key!r}. It has: {', '.join(_KEYS)}.")
    if "name" not in found:
        raise InputError(f"{path}: give the monitor a name.")
    beside = {key: _beside(path, found[key]) for key in _PATHS if key in found}
    return _arguments(found | beside)


def read_rules(path: Path) -> list[Mapping[str, Any]]:
    """Read the ``[[rules]]`` of a TOML file. Raises NotFound, InputError."""
    return list(_toml(path).get("rules", ()))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound("file", str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}.") from error


def _beside(path: Path, given: str) -> str:
    return given if "://" in given else str(path.parent / given)


def from_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Take a monitor from command line options; those not given are left to their defaults."""
    given = {key: value for key, value in options.items() if value not in (None, ()) and key != "emails"}
    rules = [rule_from_text(text, options["emails"]) for text in given.pop("rules", ())]
    if options["emails"] and not rules:
        raise click.UsageError("--email says who is told when a --rule breaks; give a --rule.")
    return _arguments({"name": name, **given, "rules": rules})


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    deployment, table = given.get("deployment"), given.get("table")
    if (deployment is None) == (table is None):
        raise click.UsageError("say what is watched: a deployment or a table, one of them.")
    rest = {key: value for key, value in given.items() if key not in ("deployment", "table")}
    return {**rest, "target": deployment if table is None else Path(table)}


def rule_from_text(text: str, emails: Sequence[str]) -> dict[str, Any]:
    """Read ``METRIC < NUMBER``, ``NAME:`` before it, ``[FEATURE]`` or ``{SEGMENT}`` behind the metric.

    A metric alone follows its calibrated verdict.

    Raises
    ------
    click.BadParameter
        If it cannot be read.

    Examples
    --------
    >>> rule_from_text("auc: performance.roc_auc < 0.7", ())
    {'name': 'auc', 'metric': 'performance.roc_auc', 'responses': [], 'below': 0.7}
    >>> rule_from_text("performance.roc_auc{country=*} < 0.6", ())["segment"]
    'country=*'
    """
    match = _RULE.fullmatch(text.strip())
    try:
        limit = None if match is None or match["number"] is None else float(match["number"])
    except ValueError:
        match = None
    if match is None:
        raise click.BadParameter(f"{text!r} is not a rule such as 'performance.roc_auc < 0.7'")
    rule: dict[str, Any] = {
        "name": (match["name"] or match["metric"]).strip(),
        "metric": match["metric"],
        "responses": [{"kind": "email", "options": {"to": address}} for address in emails],
    }
    rule |= {name: match[name] for name in ("feature", "segment") if match[name]}
    if limit is None:
        return rule | {"calibrated": True}
    return rule | {"below" if match["sign"] == "<" else "above": limit}
