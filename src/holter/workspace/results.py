"""The lists a workspace hands out: measurements, alerts, versions, deployments, monitors, ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from holter.registry.entries import Deployment as DeploymentEntry
from holter.registry.entries import DeploymentState, ModelVersion, MonitorEntry, TableTarget
from holter.report.redacting import public_options
from holter.rules import Alert, Rule, broken_by
from holter.rules.folding import worst_segments
from holter.rules.grounds import judged_by
from holter.store.kept import Job, Sealed
from holter.types import Evidence, Measurement, Verdict
from holter.workspace.listing import Listing
from holter.workspace.printing import every, number


def moment(at: datetime | None) -> str:
    """Write a time in UTC to the minute; a dash where there is none."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, repr=False)
class Measurements(Listing[Measurement]):
    """What signals said about windows, with the verdict of each, and which of ``rules`` it breaks.

    The verdict compares with the baseline, a rule with a number that somebody chose: both are shown.
    """

    rules: tuple[Rule, ...] = ()

    _nothing: ClassVar[str] = "No measurements: no window is due, or nothing was recorded."
    _right: ClassVar[tuple[str, ...]] = ("value", "baseline", "threshold", "n")

    @property
    def alarms(self) -> tuple[Measurement, ...]:
        """Those whose verdict is alarm."""
        return tuple(each for each in self.items if each.verdict is Verdict.ALARM)

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of the rules that any of them breaks."""
        names = (name for each in self.items for name in broken_by(self.rules, each))
        return tuple(dict.fromkeys(names))

    def _shown(self) -> tuple[Sequence[Measurement], str]:
        """Show all rows together and the few segments that are worst; a list of segments alone is shown whole."""
        whole = [each for each in self.items if each.segment is None]
        cut = len(self.items) - len(whole)
        if not whole or not cut:
            return self.items, ""
        worst = worst_segments(self.items, self.rules)
        rest = f"{cut - len(worst):,} more of segments: holter monitors history NAME --segment '*'"
        return [*whole, *worst], rest

    def _cells(self, item: Measurement) -> Mapping[str, str]:
        breaks = broken_by(self.rules, item)
        ruled = {"breaks": ", ".join(breaks)} if self.rules else {}
        evidence = item.evidence or Evidence()
        return {
            "window": moment(item.window.start) if item.window else "-",
            "measurement": item.name,
            "feature": _place(item),
            "value": number(item.value),
            "interval": str(item.interval) if item.interval else "",
            "baseline": number(evidence.baseline),
            "threshold": number(item.threshold),
            "by": judged_by(item),
            "n": number(item.n),
            "verdict": str(item.verdict or "-"),
            **ruled,
            "why": item.reason,
        }

    def _plain(self, item: Measurement) -> dict[str, Any]:
        return item.to_dict()


@dataclass(frozen=True, repr=False)
class Alerts(Listing[Alert]):
    """Rules that were broken, newest first."""

    _nothing: ClassVar[str] = "No alerts."

    def _cells(self, item: Alert) -> Mapping[str, str]:
        return {
            "id": item.id,
            "state": str(item.state),
            "level": str(item.level),
            "monitor": item.monitor,
            "rule": item.rule,
            "since": moment(item.opened.start),
            "what": item.sentence,
        }

    def _plain(self, item: Alert) -> dict[str, Any]:
        return {
            "id": item.id,
            "monitor": item.monitor,
            "rule": item.rule,
            "level": str(item.level),
            "state": str(item.state),
            "opened": item.opened.start.isoformat(),
            "judged": item.judged.end.isoformat(),
            "sentence": item.sentence,
            "measurement": item.measurement.to_dict(),
        }


@dataclass(frozen=True, repr=False)
class Answers(Listing[Job]):
    """What was done about alerts, oldest first."""

    _nothing: ClassVar[str] = "No answers."

    def _cells(self, item: Job) -> Mapping[str, str]:
        return {
            "for": moment(item.at),
            "answer": item.kind,
            "state": str(item.state),
            "deployment": item.deployment or "-",
            "what": str(item.result.get("sentence") or item.result.get("reason") or ""),
        }

    def _plain(self, item: Job) -> dict[str, Any]:
        return {
            "key": item.key,
            "alert": item.alert,
            "monitor": item.monitor,
            "deployment": item.deployment,
            "kind": item.kind,
            "state": str(item.state),
            "at": item.at.isoformat(),
            "attempts": item.attempts,
            "result": dict(item.result),
        }


@dataclass(frozen=True, repr=False)
class Versions(Listing[ModelVersion]):
    """Registered versions of models."""

    _nothing: ClassVar[str] = "No models. Register one with: holter models register NAME FILE"

    def _cells(self, item: ModelVersion) -> Mapping[str, str]:
        return {
            "model": item.model,
            "version": str(item.version),
            "task": str((item.schema and item.schema.task) or "-"),
            "features": str(len(item.schema.features)) if item.schema else "-",
            "baseline": _baseline(item),
            "created": moment(item.created_at),
        }

    def _plain(self, item: ModelVersion) -> dict[str, Any]:
        return {
            "model": item.model,
            "version": item.version,
            "path": str(item.path),
            "digest": item.digest,
            "schema": item.schema.to_dict() if item.schema else None,
            "baseline": str(item.baseline) if item.baseline else None,
            "held_out": item.held_out,
            "tags": dict(item.tags),
            "lineage": dict(item.lineage),
            "created_at": item.created_at.isoformat(),
        }


def _baseline(item: ModelVersion) -> str:
    if item.baseline is None:
        return "none"
    return "held out" if item.held_out else "training rows (uncalibrated)"


def apparent(item: DeploymentEntry) -> DeploymentState:
    """Return how a deployment is, seen from what is wanted: what was observed before a change is not yet news of it."""
    state, paused = item.observed.state, item.wanted.paused
    settled = state is DeploymentState.PAUSED if paused else state is not DeploymentState.PAUSED
    if settled and (state is not DeploymentState.HEALTHY or item.observed.version == item.wanted.version):
        return state
    return DeploymentState.TRANSITIONING


def beside(item: DeploymentEntry) -> Sequence[str]:
    """Say which versions stand beside the one that answers, a line each."""
    lines, wanted, seen = [], item.wanted, item.observed
    if wanted.canary is not None:
        state = "answers" if seen.canary == wanted.canary.version else "is to answer"
        kind, _, field = wanted.canary.key.rpartition(":")
        by = f"drawn by {field} in the body" if kind else f"drawn by the header {field}"
        lines.append(
            f"canary: version {wanted.canary.version} {state} {wanted.canary.weight:g} % of the requests, {by}"
        )
    if wanted.shadow is not None:
        state = "scores" if seen.shadow == wanted.shadow else "is to score"
        lines.append(f"shadow: version {wanted.shadow} {state} what is captured")
    return lines


def _running(item: DeploymentEntry) -> str:
    wanted, seen = item.wanted, item.observed
    weight = f" ({wanted.canary.weight:g} %)" if wanted.canary and wanted.canary.version == seen.canary else ""
    parts = [str(seen.version or "-")]
    parts += [f"canary {seen.canary}{weight}"] if seen.canary else []
    parts += [f"shadow {seen.shadow}"] if seen.shadow else []
    return ", ".join(parts)


def _canary(item: DeploymentEntry) -> dict[str, Any] | None:
    canary = item.wanted.canary
    return None if canary is None else {"version": canary.version, "weight": canary.weight, "key": canary.key}


@dataclass(frozen=True, repr=False)
class Deployments(Listing[DeploymentEntry]):
    """Models behind scoring URIs."""

    _nothing: ClassVar[str] = "No deployments. Make one with: holter deploy NAME --model MODEL --entry-script score.py"

    def _cells(self, item: DeploymentEntry) -> Mapping[str, str]:
        return {
            "deployment": item.name,
            "model": f"{item.model}:{item.wanted.version}",
            "state": str(apparent(item)),
            "running": _running(item),
            "scoring URI": item.scoring_uri,
            "detail": item.observed.headline,
        }

    def _plain(self, item: DeploymentEntry) -> dict[str, Any]:
        seen = item.observed
        return {
            "name": item.name,
            "model": item.model,
            "wanted_version": item.wanted.version,
            "previous_version": item.wanted.previous,
            "paused": item.wanted.paused,
            "canary": _canary(item),
            "shadow_version": item.wanted.shadow,
            "state": str(apparent(item)),
            "version": seen.version,
            "running_canary": seen.canary,
            "running_shadow": seen.shadow,
            "detail": seen.detail,
            "observed_at": seen.at.isoformat() if seen.at else None,
            "scoring_uri": item.scoring_uri,
            "entry_script": item.entry_script,
            "workers": item.settings.workers,
            "created_at": item.created_at.isoformat(),
        }


@dataclass(frozen=True, repr=False)
class Monitors(Listing[MonitorEntry]):
    """What is watched, how often, by which signals and rules."""

    _nothing: ClassVar[str] = "No monitors. Add one with: holter monitors add NAME --deployment DEPLOYMENT"

    def _cells(self, item: MonitorEntry) -> Mapping[str, str]:
        return {
            "monitor": item.name,
            "target": item.target.path if isinstance(item.target, TableTarget) else item.target,
            "every": every(item.every),
            "signals": (", ".join(item.signals) or "default") + _by(item.segments),
            "rules": ", ".join(rule.name for rule in item.rules) or "none",
            "budget": f"{item.budget.false_pages:g} per {item.budget.per}",
            "state": "paused" if item.paused else "watching",
        }

    def _plain(self, item: MonitorEntry) -> dict[str, Any]:
        target = item.target
        table = None
        if isinstance(target, TableTarget):
            names = ("path", "time", "prediction", "score", "label")
            table = {name: getattr(target, name) for name in names} | {"schema": target.schema.to_dict()}
        return {
            "name": item.name,
            "deployment": target if isinstance(target, str) else None,
            "table": table,
            "signals": list(item.signals),
            "segments": list(item.segments),
            "options": {signal: dict(options) for signal, options in item.options.items()},
            "rules": [_rule(rule) for rule in item.rules],
            "every_seconds": item.every.total_seconds(),
            "over_seconds": item.over.total_seconds(),
            "lateness_seconds": item.lateness.total_seconds(),
            "label_delay_seconds": item.label_delay.total_seconds(),
            "event_clock": item.event_clock,
            "baseline": str(item.baseline) if item.baseline else None,
            "budget": item.budget.to_dict(),
            "paused": item.paused,
        }


def _place(item: Measurement) -> str:
    where = f"where {item.segment}" if item.segment else ""
    return f"{item.feature or ''} {where}".strip()


def _by(segments: Sequence[str]) -> str:
    return f"; by {', '.join(segments)}" if segments else ""


def _rule(rule: Rule) -> dict[str, Any]:
    """Return a rule as whoever may see the dashboard may see it: without the keys of those it tells."""
    shown = [{"kind": each.kind, "options": public_options(each.options)} for each in rule.responses]
    return rule.to_dict() | {"responses": shown}


@dataclass(frozen=True, repr=False)
class Ledger(Listing[Sealed]):
    """What was decided, by whom, on which facts; oldest first."""

    _nothing: ClassVar[str] = "The ledger is empty."

    def _cells(self, item: Sealed) -> Mapping[str, str]:
        entry = item.entry
        return {
            "no.": str(item.seq),
            "when": moment(item.at),
            "who": entry.actor,
            "did": entry.action,
            "to": entry.subject,
            "why": entry.reason,
        }

    def _plain(self, item: Sealed) -> dict[str, Any]:
        entry = item.entry
        return {
            "seq": item.seq,
            "at": item.at.isoformat(),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "reason": entry.reason,
            "facts": dict(entry.facts),
            "digest": item.digest,
        }
