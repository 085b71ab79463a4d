"""Entries of the registry as rows, and back. Paths inside the workspace are stored relative: the folder may move."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from holter.registry.entries import (
    Canary,
    Deployment,
    DeploymentSettings,
    DeploymentState,
    ModelVersion,
    MonitorEntry,
    Observed,
    TableTarget,
    Wanted,
)
from holter.rules import Budget, Rule
from holter.types import Schema

_DURATIONS = ("every", "over", "lateness", "label_delay")


def stored(path: Path | None, root: Path) -> str | None:
    """Return the text of a path: relative inside the workspace, absolute outside."""
    if path is None:
        return None
    whole = path.absolute()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else str(whole)


def version_of(row: Mapping[str, Any], root: Path) -> ModelVersion:
    """Read a model version."""
    return ModelVersion(
        model=row["model"],
        version=row["version"],
        path=root / row["path"],
        digest=row["digest"],
        schema=None if row["schema"] is None else Schema.from_dict(row["schema"]),
        baseline=None if row["baseline"] is None else root / row["baseline"],
        held_out=row["held_out"],
        tags=row["tags"],
        lineage=row["lineage"],
        created_at=row["created_at"],
    )


def wanted_of(row: Mapping[str, Any]) -> Wanted:
    """Read what a deployment should be."""
    canary = None
    if row["canary_version"] is not None:
        canary = Canary(row["canary_version"], row["canary_weight"], row["canary_key"])
    return Wanted(row["wanted_version"], row["wanted_previous"], row["paused"], canary, row["shadow_version"])


def wanted_row(wanted: Wanted) -> dict[str, Any]:
    """Return the columns of what a deployment should be."""
    canary = wanted.canary
    return {
        "wanted_version": wanted.version,
        "wanted_previous": wanted.previous,
        "paused": wanted.paused,
        "canary_version": canary.version if canary else None,
        "canary_weight": canary.weight if canary else None,
        "canary_key": canary.key if canary else None,
        "shadow_version": wanted.shadow,
    }


def deployment_of(row: Mapping[str, Any], root: Path) -> Deployment:
    """Read a deployment."""
    return Deployment(
        name=row["name"],
        model=row["model"],
        code=root / row["code"],
        entry_script=row["entry_script"],
        settings=DeploymentSettings(**row["settings"]),
        wanted=wanted_of(row),
        observed=Observed(
            DeploymentState(row["state"]),
            row["observed_version"],
            row["detail"],
            row["observed_at"],
            row["observed_canary"],
            row["observed_shadow"],
        ),
        port=row["port"],
        created_at=row["created_at"],
        shelf=row["shelf"] or row["name"],
        began=row["began"] or row["created_at"],
    )


def monitor_row(entry: MonitorEntry, root: Path) -> dict[str, Any]:
    """Return the columns of a monitor."""
    plain: dict[str, Any] = {
        "target": entry.target if isinstance(entry.target, str) else _table_row(entry.target),
        "signals": list(entry.signals),
        "rules": [rule.to_dict() for rule in entry.rules],
        "event_clock": entry.event_clock,
        "baseline": stored(entry.baseline, root),
        "budget": entry.budget.to_dict(),
        "segments": list(entry.segments),
        "options": {signal: dict(options) for signal, options in entry.options.items()},
    }
    plain |= {name: getattr(entry, name) / timedelta(microseconds=1) for name in _DURATIONS}
    return {"name": entry.name, "entry": plain, "paused": entry.paused, "created_at": entry.created_at}


def _table_row(target: TableTarget) -> dict[str, Any]:
    return {**asdict(target), "schema": target.schema.to_dict()}


def monitor_of(row: Mapping[str, Any], root: Path) -> MonitorEntry:
    """Read a monitor."""
    plain = row["entry"]
    target = plain["target"]
    if not isinstance(target, str):
        target = TableTarget(**{**target, "schema": Schema.from_dict(target["schema"])})
    return MonitorEntry(
        name=row["name"],
        target=target,
        signals=tuple(plain["signals"]),
        rules=tuple(Rule.from_dict(rule) for rule in plain["rules"]),
        event_clock=plain["event_clock"],
        baseline=None if plain["baseline"] is None else root / plain["baseline"],
        paused=row["paused"],
        created_at=row["created_at"],
        segments=tuple(plain.get("segments", ())),
        options=plain.get("options", {}),
        budget=Budget.from_dict(plain.get("budget", {})),  # a monitor from before there were budgets has the usual one
        **{name: timedelta(microseconds=plain[name]) for name in _DURATIONS},
    )
