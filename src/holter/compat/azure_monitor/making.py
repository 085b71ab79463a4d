"""From Azure's words to monitors: what is carried over, and what is not, with the reason."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from holter.compat.azure_monitor.reading import AzureMonitor, AzureSignal, Threshold, read
from holter.compat.azure_monitor.thresholds import TYPES, Watched
from holter.errors import InputError
from holter.report.subject import every_words
from holter.rules import Level, Response, Rule
from holter.signals import CATALOGUE
from holter.types import Kind, Schema
from holter.workspace import Workspace

_KINDS: Final = {"numerical": Kind.NUMERIC, "categorical": Kind.CATEGORICAL}
_LABELLED: Final = frozenset({"performance"})

Window = tuple[timedelta, timedelta]


@dataclass(frozen=True)
class Plan:
    """One monitor to be made: its name, window, signals, rules and segments."""

    name: str
    every: timedelta
    over: timedelta
    lateness: timedelta
    signals: tuple[str, ...]
    rules: tuple[Rule, ...]
    segments: tuple[str, ...]

    def __str__(self) -> str:
        over = every_words(self.over).removeprefix("every ")
        counts = f"{len(self.signals)} signals, {len(self.rules)} rules"
        return f"{every_words(self.every)}, over {over}, {counts}"


@dataclass(frozen=True)
class Made:
    """What became of a file: monitors, and a sentence for each thing that was not carried over or differs."""

    deployment: str
    plans: tuple[Plan, ...]
    remarks: tuple[str, ...]
    dry: bool = False

    def __str__(self) -> str:
        verb = "Would make" if self.dry else "Made"
        lines = [f"{verb} the monitor {plan.name} of {self.deployment}: {plan}." for plan in self.plans]
        if self.remarks:
            lines += ["", "Not carried over as it was:", *(f"- {remark}" for remark in self.remarks)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        plans = [
            {
                "name": plan.name,
                "every": plan.every.total_seconds(),
                "over": plan.over.total_seconds(),
                "lateness": plan.lateness.total_seconds(),
                "signals": list(plan.signals),
                "segments": list(plan.segments),
                "rules": [rule.to_dict() for rule in plan.rules],
            }
            for plan in self.plans
        ]
        return {"deployment": self.deployment, "monitors": plans, "remarks": list(self.remarks), "dry": self.dry}


@dataclass
class _Left:
    """Sentences, each once."""

    said: dict[str, None] = field(default_factory=dict)

    def say(self, what: str, why: str) -> None:
        self.said[f"{what}: {why}"] = None


def import_azure_monitor(
    workspace: Workspace,
    path: Path,
    deployment: str | None = None,
    *,
    label_delay: str | timedelta | None = None,
    overwrite: bool = False,
    dry: bool = False,
) -> Made:
    """Make monitors of a v2 monitor file: one for each length of window that its signals look at.

    Parameters
    ----------
    workspace, path
        Where they go, and the YAML file.
    deployment
        The deployment they watch; None takes that of the endpoint's name.
    label_delay
        How long after their window labels arrive, for performance.
    overwrite
        Replace monitors of the same names.
    dry
        Make nothing, and say what would be made.

    Raises
    ------
    InputError
        If the file is no monitor, or names no deployment.
    NotFound
        If there is no such deployment.
    AlreadyExists
        If a name is taken and ``overwrite`` is False.
    """
    found = read(path)
    name = deployment or found.endpoint.partition(":")[0]
    if not name:
        raise InputError(f"{path} names no endpoint; say which deployment it watches: --deployment NAME")
    schema = workspace.shelves.registry.version(*_served(workspace, name)).schema or Schema(())
    left = _Left()
    plans = tuple(_plans(found, schema, left))
    for plan in () if dry else plans:
        workspace.monitor(
            plan.name,
            workspace.deployment(name),
            every=plan.every,
            over=plan.over,
            lateness=plan.lateness,
            label_delay=label_delay,
            signals=plan.signals,
            rules=plan.rules,
            segments=plan.segments,
            overwrite=overwrite,
        )
    return Made(name, plans, (*found.remarks, *left.said), dry)


def _served(workspace: Workspace, name: str) -> tuple[str, int]:
    deployment = workspace.shelves.registry.deployment(name)
    return deployment.model, deployment.wanted.version


def _plans(found: AzureMonitor, schema: Schema, left: _Left) -> Iterator[Plan]:
    groups: dict[Window, list[AzureSignal]] = {}
    for signal in found.signals:
        if signal.type not in TYPES:
            left.say(signal.name, f"there is no signal of the type {signal.type!r} here")
            continue
        window = (signal.size or found.every, signal.offset or timedelta(0))
        groups.setdefault(window, []).append(signal)
    if not found.signals:
        left.say("monitoring_signals", "none are named; the default signals watch, with calibrated verdicts")
        groups = {(found.every, timedelta(0)): []}
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", found.name).strip("-") or "azure-monitor"
    for place, ((size, offset), signals) in enumerate(groups.items(), 1):
        name = stem if place == 1 else f"{stem}-{place}"
        yield _plan(name, found, size, offset, signals, schema, left)


def _plan(
    name: str,
    found: AzureMonitor,
    size: timedelta,
    offset: timedelta,
    signals: Sequence[AzureSignal],
    schema: Schema,
    left: _Left,
) -> Plan:
    rules: dict[str, Rule] = {}
    for signal in signals:
        _remark(signal, left)
        for rule in _rules(signal, found.emails, schema, left):
            rules.setdefault(rule.name, rule)
    wanted = dict.fromkeys(_asked(signal) for signal in signals)
    segments = dict.fromkeys(signal.segment[0] for signal in signals if signal.segment)
    return Plan(
        name, found.every, max(size, found.every), offset, tuple(each for each in wanted if each in CATALOGUE),
        tuple(rules.values()), tuple(segments),
    )  # fmt: skip


def _asked(signal: AzureSignal) -> str:
    return next(iter(TYPES[signal.type].values())).metric.partition(".")[0]


def _remark(signal: AzureSignal, left: _Left) -> None:
    if signal.reference:
        left.say(
            f"{signal.name}.reference_data",
            f"{signal.reference} is not read; compared is with the baseline of the model's version",
        )
    if signal.top is not None:
        left.say(f"{signal.name}.features", f"all are watched, not the {signal.top} most important")
    if _asked(signal) not in CATALOGUE:
        left.say(signal.name, f"there is no signal {_asked(signal)!r} in this version")


def _rules(signal: AzureSignal, emails: Sequence[str], schema: Schema, left: _Left) -> Iterator[Rule]:
    for threshold in signal.thresholds:
        watched = TYPES[signal.type].get(threshold.metric)
        if watched is None or not _given(watched.metric):
            left.say(f"{signal.name}.{threshold.metric}", "no metric here answers that")
            continue
        if watched.remark:
            left.say(f"{signal.name}.{threshold.metric}", watched.remark)
        for feature in _features(signal, threshold, watched, schema, left):
            for segment in _segments(signal):
                yield _rule(signal, threshold, watched, emails, feature, segment)


def _given(metric: str) -> bool:
    signal, _, name = metric.partition(".")
    return signal in CATALOGUE and name in CATALOGUE[signal]().metrics


def _segments(signal: AzureSignal) -> tuple[str | None, ...]:
    if signal.segment is None:
        return (None,)
    name, values = signal.segment
    return tuple(f"{name}={value}" for value in values)


def _features(
    signal: AzureSignal, threshold: Threshold, watched: Watched, schema: Schema, left: _Left
) -> tuple[str | None, ...]:
    """Return the columns that need a rule of their own; None is all of them."""
    kind = _KINDS.get(threshold.kind)
    if signal.type not in ("data_drift", "data_quality"):
        return (None,)
    kinds = {each.name: each.kind for each in schema.features}
    named = signal.features
    if named is not None:
        for name in named:
            if name not in kinds:
                left.say(f"{signal.name}.features", f"the model has no feature {name!r}")
        return tuple(name for name in named if name in kinds and kind in (None, kinds[name]))
    alike = [each for each in signal.thresholds if each.metric == threshold.metric and each.value == threshold.value]
    if kind is None or watched.kind is kind or len({each.kind for each in alike}) > 1 or set(kinds.values()) <= {kind}:
        return (None,)
    return tuple(name for name, of in kinds.items() if of is kind)


def _rule(
    signal: AzureSignal,
    threshold: Threshold,
    watched: Watched,
    emails: Sequence[str],
    feature: str | None,
    segment: str | None,
) -> Rule:
    parts = [signal.name, watched.metric.partition(".")[2], *(part for part in (feature, segment) if part)]
    limit: Mapping[str, Any] = {"calibrated": True} if watched.calibrated else {watched.worse: threshold.value}
    told = tuple(emails) if signal.alerts else ()
    return Rule(
        " ".join(parts),
        watched.metric,
        **limit,
        feature=feature,
        segment=segment,
        level=Level.WARNING if signal.alerts else Level.INFORMATION,
        responses=(Response("email", {"to": ", ".join(told)}),) if told else (),
    )
