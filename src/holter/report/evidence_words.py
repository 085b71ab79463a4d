"""Evidence in the order a reader asks: what ran, on which data, what was watched, found and done, and by whom."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from holter.charts import Spec, performance
from holter.registry.entries import MonitorEntry
from holter.report.evidence import Evidence, Told
from holter.report.sections import Document, Picture, Section, Table
from holter.report.subject import every_words
from holter.report.wording import NOTHING, day, facts, figures, minute, window
from holter.rules import Alert, Rule, title
from holter.store.kept import Sealed
from holter.types import Measurement

ENTRIES: Final = 400
"""Ledger entries printed; all of them are in the pack."""
_PICTURES: Final = ("performance.", "estimated_performance.")
_MOST_PICTURES: Final = 6
_FREQUENT: Final = frozenset({"message.delivered", "message.postponed"})
"""What the alerts' own table says already."""

DUTIES: Final = (
    ("EU AI Act, Art. 12(1)", "events are recorded automatically over the lifetime", "What was recorded; Ledger"),
    ("EU AI Act, Art. 12(2)(a)", "situations of risk and substantial changes can be found", "What was found; What ran"),
    ("EU AI Act, Art. 12(2)(b)", "the record serves post-market monitoring", "What was watched; What was found"),
    ("EU AI Act, Art. 12(2)(c)", "the operation can be followed by who deploys it", "What was recorded; What was done"),
    ("EU AI Act, Art. 72(1), (2)", "data on performance is collected and analysed actively", "What was watched; found"),
    ("EU AI Act, Art. 72(3)", "monitoring follows a plan", "What was watched"),
    ("SR 11-7, ongoing monitoring", "the model is confirmed to work as intended", "What was watched; What was found"),
    ("SR 11-7, outcomes analysis", "outputs are held against what really happened", "What was found"),
    (
        "SR 11-7, governance",
        "changes, decisions and overrides are documented, with who made them",
        "What was done; Ledger",
    ),
)
"""Which section answers which duty, in our own words. No legal advice: what else a duty asks stands in its text."""


def document(evidence: Evidence) -> Document:
    """Return the pack's report."""
    sections = (
        _summary(evidence),
        _ran(evidence),
        _recorded(evidence),
        _watched(evidence),
        _found(evidence),
        _done(evidence),
        _ledger(evidence),
        _duties(),
    )
    since, until = day(evidence.span.start), day(evidence.span.end)
    chain = evidence.chain
    return Document(
        title=f"Evidence on the model {evidence.model}",
        sub=f"From {since} to {until}, UTC. Made on {minute(evidence.made)} UTC by {evidence.actor}.",
        sections=sections,
        mark=f"Ledger of {len(chain.digests):,} entries, head {chain.head or NOTHING}",
    )


def _summary(evidence: Evidence) -> Section:
    requests, chain = evidence.requests, evidence.chain
    asked = sum(len(told.jobs) for told in evidence.alerts)
    fired = [told for told in evidence.alerts if any(event.after == "firing" for event in told.events)]
    windows = {each.window for _, found in evidence.measurements for each in found}
    traffic = (
        f"{_many(len(evidence.versions), 'version')} registered; {_many(requests.requests, 'request')} in this time, "
        f"{requests.failures:,} without a usable answer and {requests.gaps:,} without a record."
    )
    words = [
        traffic,
        f"{_many(len(evidence.monitors), 'monitor')} judged {_many(len(windows), 'window')}.",
        f"{_many(len(fired), 'alert')} fired; {_many(asked, 'answer')} asked for.",
    ]
    if chain.broken:
        words.append(f"THE LEDGER DOES NOT HOLD: {chain.broken}")
    else:
        words.append(
            f"The chain of the ledger was checked when this was made: {len(chain.digests):,} entries, each sealing the "
            f"one before. Its head is {chain.head or NOTHING}."
        )
    return Section("Summary", tuple(words))


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _ran(evidence: Evidence) -> Section:
    versions = Table(
        ("version", "registered, UTC", "task", "baseline", "where from", "SHA-256 begins"),
        tuple(
            (
                str(each.version),
                minute(each.created_at),
                str(each.schema.task or NOTHING) if each.schema else NOTHING,
                _baseline(held_out=each.held_out, given=each.baseline is not None),
                _listed(facts(each.lineage)),
                each.digest[:16],
            )
            for each in evidence.versions
        ),
        (1, 2, 1.5, 2, 3, 2),
        "No version is registered any more.",
    )
    services = Table(
        ("deployment", "from, UTC", "until, UTC"),
        tuple((each.deployment, minute(each.began), minute(each.ended)) for each in evidence.shelves),
        (2, 2, 2),
        "It was not deployed.",
    )
    changes = [each for each in evidence.entries if each.entry.action in ("deployment.want", "model.register")]
    return Section("What ran", tables=(versions, services, _entries(changes, "No version was changed in this time.")))


def _baseline(*, held_out: bool, given: bool) -> str:
    if not given:
        return "none"
    return "rows it was not fitted on" if held_out else "rows it was fitted on"


def _recorded(evidence: Evidence) -> Section:
    rows = tuple(
        (
            name,
            day(moment),
            str(version),
            f"{counts.requests:,}",
            f"{counts.failures:,}",
            f"{counts.timed_out:,}",
            f"{counts.gaps:,}",
        )
        for name, moment, version, counts in evidence.traffic
    )
    heads = ("deployment", "day, UTC", "version", "requests", "failed", "timed out", "not recorded")
    words = "Each request is written to a journal before its answer is sent, and is kept with the version that gave it."
    return Section("What was recorded", (words,), (Table(heads, rows, (2, 2, 1, 1.3, 1, 1, 1.3), "No request."),))


def _watched(evidence: Evidence) -> Section:
    rows = [
        (each.name, str(each.target), every_words(each.every), ", ".join(each.signals) or "default", _rules(each))
        for each in evidence.monitors
    ]
    table = Table(("monitor", "watches", "how often", "signals", "rules"), tuple(rows), (2, 2, 1.5, 2, 4), "Nothing.")
    return Section("What was watched", tables=(table,))


def _rules(entry: MonitorEntry) -> str:
    return "; ".join(f"{rule.name}: {_condition(rule)} ({rule.level})" for rule in entry.rules) or NOTHING


def _condition(rule: Rule) -> str:
    parts = [
        *([f"above {rule.above:g}"] if rule.above is not None else []),
        *([f"below {rule.below:g}"] if rule.below is not None else []),
        *([f"equal to {rule.equal:g}"] if rule.equal is not None else []),
        *(["beyond what chance explains"] if rule.calibrated else []),
    ]
    return f"{title(rule.metric)} {' or '.join(parts)}"


def _found(evidence: Evidence) -> Section:
    rows = tuple(
        (
            told.alert.monitor,
            told.alert.rule,
            str(told.alert.level),
            window(told.alert.opened),
            str(told.alert.state),
            told.alert.sentence,
        )
        for told in evidence.alerts
    )
    heads = ("monitor", "rule", "level", "since, UTC", "now", "what was found")
    return Section("What was found", tables=(Table(heads, rows, (2, 2, 1.4, 2, 1.4, 5)),), pictures=_pictures(evidence))


def _pictures(evidence: Evidence) -> tuple[Picture, ...]:
    found: list[Picture] = []
    for monitor, measured in evidence.measurements:
        series: dict[str, list[Measurement]] = {}
        for each in measured:
            if each.name.startswith(_PICTURES) and each.feature is None and each.segment is None:
                series.setdefault(each.name, []).append(each)
        alerts = [told.alert for told in evidence.alerts if told.alert.monitor == monitor]
        for name, line in series.items():
            if sum(each.value is not None for each in line) > 1 and len(found) < _MOST_PICTURES:
                caption = f"{title(name)}, monitor {monitor}. Band: 95 % interval. Diamonds: windows of an alert."
                found.append(Picture(title(name), _drawing(name, line, alerts), caption))
    return tuple(found)


def _drawing(name: str, line: Sequence[Measurement], alerts: Sequence[Alert]) -> Callable[[int], Spec]:
    kind = "estimated" if name.startswith("estimated") else "realised"
    about = [alert for alert in alerts if alert.measurement.name == name]
    return lambda width: performance({kind: line}, alerts=about, title=title(name), width=width)


def _done(evidence: Evidence) -> Section:
    told = tuple(row for each in evidence.alerts for row in _steps(each))
    heads = ("at, UTC", "alert", "who", "what", "why")
    actors = Counter(each.entry.actor for each in evidence.entries)
    people = Table(("who", "entries"), tuple((name, f"{n:,}") for name, n in actors.most_common()), (4, 1), "Nobody.")
    return Section("What was done, and by whom", tables=(Table(heads, told, (2, 2, 2, 2, 5)), people))


def _steps(told: Told) -> list[tuple[str, ...]]:
    rule = told.alert.rule
    steps = [(each.at, rule, each.actor, str(each.after), each.why) for each in told.events]
    steps += [(each.sent, rule, "holter", f"{each.channel} sent", "") for each in told.messages if each.sent]
    steps += [
        (each.at, rule, f"rule:{each.monitor}/{rule}", f"{each.kind}: {each.state}", _outcome(each.result))
        for each in told.jobs
    ]
    return [(minute(at), *rest) for at, *rest in sorted(steps, key=lambda step: step[0])]


def _outcome(result: object) -> str:
    return str(result.get("sentence") or result.get("reason") or "") if isinstance(result, dict) else ""


def _ledger(evidence: Evidence) -> Section:
    shown = [each for each in evidence.entries if each.entry.action not in _FREQUENT]
    words = [f"{len(evidence.entries):,} entries of the ledger are about this model in this time."]
    if len(shown) > ENTRIES:
        words.append(f"The newest {ENTRIES} are printed; all are in ledger.jsonl.")
    return Section("Ledger", tuple(words), (_entries(shown[-ENTRIES:], "No entry in this time."),))


def _entries(entries: Sequence[Sealed], nothing: str) -> Table:
    rows = tuple(
        (str(each.seq), minute(each.at), each.entry.actor, each.entry.action, each.entry.reason or NOTHING)
        for each in entries
    )
    return Table(("entry", "at, UTC", "who", "what", "why"), rows, (1, 2, 2, 2, 5), nothing)


def _duties() -> Section:
    words = "Where a duty is answered here. It is no legal advice, and each duty asks for more than a record."
    return Section("Duties", (words,), (Table(("duty", "in short", "section"), DUTIES, (2, 4, 3)),))


def _listed(rows: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {text}" for name, text in rows) or NOTHING


def latest(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """Return the newest value of each metric that is about the whole model, in words."""
    found: dict[str, Measurement] = {}
    for _, measured in evidence.measurements:
        for each in measured:
            if each.value is not None and each.feature is None and each.segment is None:
                found[each.name] = each
    return tuple((title(name), figures(each)) for name, each in found.items())
