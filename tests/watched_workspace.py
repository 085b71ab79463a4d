"""A real workspace in which a model went wrong: what pages, mails and the API are tested on.

Sixty days of a binary flights model: healthy for thirty-five, then its ROC AUC falls below the rule while ``carrier``
and ``origin`` drift. Names from data are hostile on purpose.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from holter.registry import DeploymentState, MonitorEntry, Observed, Shelves, TableTarget
from holter.rules import Alert, AlertEvent, AlertState, Level, Response, Rule
from holter.store.kept import Entry, Job, JobState, Message, Publication
from holter.types import (
    EVENT_TIME,
    LABEL,
    PREDICTION,
    RECEIVED_AT,
    REQUEST_ID,
    ROW,
    SCORE,
    VERSION,
    Calibrated,
    Evidence,
    Feature,
    Interval,
    Kind,
    Measurement,
    Occurrence,
    Schema,
    Series,
    SeriesKind,
    Span,
    Task,
    Traffic,
    Verdict,
)

START = datetime(2013, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = 60
BREAK = 35
"""Day of the first window that breaks the rule."""
HOSTILE = "<script>alert('x')</script>"
"""A feature with a name that must never become markup."""
NUMERIC = ("hour", "distance", "temperature", "wind_speed", "visibility", HOSTILE)
CATEGORICAL = ("carrier", "origin", "destination")
FEATURES = NUMERIC + CATEGORICAL
SCHEMA = Schema(
    tuple(
        [Feature(name, Kind.NUMERIC, "double") for name in NUMERIC]
        + [Feature(name, Kind.CATEGORICAL, "string") for name in CATEGORICAL]
    ),
    Task.BINARY,
)
RULES = (
    Rule(
        "auc-low",
        "performance.roc_auc",
        below=0.65,
        for_windows=2,
        responses=(
            Response("email", {"to": "team@example.com"}),
            Response("retrain", {"command": "train.py", "data": "30d"}),
        ),
    ),
    Rule("carrier-drift", "data_drift.jensen_shannon", calibrated=True, feature="carrier", level=Level.INFORMATION),
)
MONITOR = "flights-daily"
DEPLOYMENT = "flights-api"
ALERT = "alert-auc"
OPENED, RESOLVED = "m-opened", "m-resolved"


def span(day: int) -> Span:
    return Span(START + day * DAY, START + (day + 1) * DAY)


def rows(n: int, start: datetime, *, shifted: bool, seed: int = 3) -> pa.Table:
    """Records with all columns; ``shifted`` moves carrier, origin and hour."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 5, n)
    carriers = ["UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX", "FL", "AS"]
    weights = np.array([18, 17, 16, 14, 10, 8, 6, 5, 4, 2, 1, 1.0])
    weights = weights[::-1] if shifted else weights
    columns = {name: rng.normal(10 + (2 if shifted and name == "hour" else 0), 3, n) for name in NUMERIC}
    columns |= {
        "carrier": rng.choice(carriers, n, p=weights / weights.sum()),
        "origin": rng.choice(["EWR", "JFK", "LGA"], n, p=[0.6, 0.2, 0.2] if shifted else [0.36, 0.33, 0.31]),
        "destination": rng.choice(["ORD", "ATL", "LAX", "BOS"], n),
        REQUEST_ID: [f"{start:%d}-{place}" for place in range(n)],
        ROW: pa.array([0] * n, pa.int32()),
        EVENT_TIME: [start + DAY * (place / n) for place in range(n)],
        RECEIVED_AT: [start + DAY * (place / n) for place in range(n)],
        VERSION: pa.array([1] * n, pa.int32()),
        SCORE: score,
        PREDICTION: (score > 0.5).astype(float),
        LABEL: (rng.random(n) < score).astype(float),
    }
    return pa.table(columns)


def performance(day: int, *, signal: str = "performance", off: float = 0.0, metric: str = "roc_auc") -> Measurement:
    if day in (12, 13):
        reason = "3 labelled records, 30 are needed"
        return Measurement(signal, metric, None, 3, window=span(day), verdict=Verdict.INSUFFICIENT, reason=reason)
    value = 0.702 + 0.011 * np.sin(day * 1.7) + off - (0.085 if day >= BREAK else 0.0)
    return Measurement(
        signal,
        metric,
        float(value),
        412,
        interval=Interval(float(value) - 0.028, float(value) + 0.028),
        window=span(day),
        evidence=Evidence(baseline=0.7, effect=float(value) - 0.7),
        threshold=0.68,
        verdict=Verdict.ALARM if value < 0.65 else Verdict.OK,
        calibrated=Calibrated.IID,
    )


def drift(day: int, feature: str, metric: str = "jensen_shannon") -> Measurement:
    place = FEATURES.index(feature)
    value = 0.028 + 0.022 * abs(np.sin(day * (1 + place) * 0.7))
    strength = {"carrier": 0.21, "origin": 0.13, "hour": 0.07}.get(feature, 0.0)
    value += strength * min(max(day - BREAK + 5, 0) / 8, 1)
    return Measurement(
        "data_drift",
        metric,
        float(value),
        430,
        feature=feature,
        window=span(day),
        threshold=0.1,
        verdict=Verdict.ALARM if value > 0.1 else Verdict.OK,
        calibrated=Calibrated.IID,
        evidence=Evidence(p_value=0.2, test="chi-squared"),
    )


def build(root: Path) -> Shelves:
    """Return the whole workspace."""
    shelves = Shelves.open(root, create=True)
    register(shelves, root)
    measure(shelves)
    raise_alerts(shelves)
    send_and_ask(shelves)
    serve(shelves)
    return shelves


def register(shelves: Shelves, root: Path) -> None:
    script, model = root / "score.py", root / "model.bin"
    script.write_text("def init():\n    pass\n\n\ndef run(data):\n    return []\n")
    model.write_bytes(b"weights")
    baseline = rows(2000, datetime(2013, 3, 1, tzinfo=UTC), shifted=False)
    lineage = {"trained on": "2013-01-01 to 2013-03-31", "rows": 80789}
    registry = shelves.registry
    first = registry.register("flights", model, schema=SCHEMA, baseline=baseline, lineage=lineage, tags={"team": "ops"})
    lineage = {"job": "retrain-1", "parent": 1, "rows": 9120}
    registry.register("flights", model, schema=SCHEMA, baseline=baseline, lineage=lineage)
    registry.deploy(DEPLOYMENT, first, entry_script=str(script))
    registry.observe(DEPLOYMENT, Observed(DeploymentState.HEALTHY, 1, "", START + DAYS * DAY))
    signals = ("data_drift", "performance", "estimated_performance")
    registry.add_monitor(MonitorEntry(MONITOR, DEPLOYMENT, signals, RULES, DAY, DAY, event_clock=True))
    bare = registry.register("churn", model)
    registry.deploy("churn-api", bare, entry_script=str(script))
    target = TableTarget("scores/*.parquet", "scored_at", SCHEMA)
    registry.add_monitor(MonitorEntry("scores-weekly", target, (), (), 7 * DAY, 7 * DAY))


def measure(shelves: Shelves) -> None:
    with shelves.facts.begin() as transaction:
        for day in range(DAYS):
            found = {
                "estimated_performance": [performance(day, signal="estimated_performance", off=0.015)],
                "data_drift": [drift(day, each, metric) for each in FEATURES for metric in ("jensen_shannon", "psi")],
            }
            if day < DAYS - 4:
                found["performance"] = [performance(day), performance(day, metric="accuracy", off=0.1)]
            for signal, measurements in found.items():
                transaction.publish(Publication(MONITOR, span(day), signal, 0, "f"), measurements)


def raise_alerts(shelves: Shelves) -> None:
    last = performance(DAYS - 5)
    sentence = "ROC AUC of the last day fell to 0.612 (0.584 to 0.640), below 0.650, on 26 May 2013."
    auc = Alert(
        ALERT, MONITOR, "auc-low", Level.WARNING, AlertState.FIRING, span(BREAK), span(DAYS - 5), 21, 0, last, sentence
    )
    old_sentence = f"Drift (Jensen-Shannon distance) of {HOSTILE} rose to 0.123, beyond what chance explains."
    old = Alert(
        "alert-old",
        MONITOR,
        "carrier-drift",
        Level.INFORMATION,
        AlertState.RESOLVED,
        span(8),
        span(10),
        0,
        1,
        drift(10, HOSTILE),
        old_sentence,
    )
    at = span(BREAK + 1).end
    fired = AlertEvent("e-fired", ALERT, AlertState.PENDING, AlertState.FIRING, at, "rule:flights-daily", sentence)
    pending = AlertEvent("e-pending", ALERT, None, AlertState.PENDING, span(BREAK).end, "rule:flights-daily", "")
    ended = AlertEvent(
        "e-old", "alert-old", AlertState.FIRING, AlertState.RESOLVED, span(10).end, "rule", "It is back."
    )
    with shelves.facts.begin() as transaction:
        transaction.save_alert(auc, [pending, fired])
        transaction.save_alert(old, [ended])


def send_and_ask(shelves: Shelves) -> None:
    at = span(BREAK + 1).end
    refused = {
        "reason": "the candidate is not better with 95 % confidence",
        "metric": "roc_auc",
        "champion": 0.6532,
        "candidate": 0.6611,
        "difference": 0.0079,
        "low": -0.0102,
        "high": 0.026,
        "n": 5230,
    }
    with shelves.facts.begin() as transaction:
        transaction.enqueue(Message(OPENED, "email", "team@example.com", ALERT, "e-fired"))
        transaction.ask(Job("retrain-1", ALERT, MONITOR, DEPLOYMENT, "retrain", {"command": "train.py"}, at))
        transaction.move_job("retrain-1", JobState.RUNNING, {})
        transaction.move_job("retrain-1", JobState.REFUSED, refused)
        transaction.record(Entry("rule:auc-low", "retrain.wanted", DEPLOYMENT, HOSTILE, {"job": "retrain-1"}), at)
        transaction.record(Entry("job:retrain-1", "candidate.refused", DEPLOYMENT, "not better", refused), at)


def resolve(shelves: Shelves) -> None:
    """Let the alert end, and queue the mail that says so."""
    from dataclasses import replace

    alert = replace(
        shelves.facts.alert(ALERT),
        state=AlertState.RESOLVED,
        sentence="ROC AUC of the last day is back at 0.702, within the rule 'auc-low'.",
    )
    at = span(DAYS).end
    event = AlertEvent("e-resolved", ALERT, AlertState.FIRING, AlertState.RESOLVED, at, "rule", alert.sentence)
    with shelves.facts.begin() as transaction:
        transaction.save_alert(alert, [event])
        transaction.enqueue(Message(RESOLVED, "email", "team@example.com", ALERT, "e-resolved"))


def serve(shelves: Shelves) -> None:
    """Append records of the last days, and traffic of the last hours by the wall clock."""
    records = shelves.records(DEPLOYMENT)
    for day in range(DAYS - 2, DAYS):
        records.append(rows(400, span(day).start, shifted=True, seed=day), {})
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    with shelves.facts.begin() as transaction:
        for back in range(180):
            requests, failed = 1250 + int(120 * np.sin(back / 9)), 3 if 40 < back < 55 else 0
            histogram = [0] * len(Traffic().histogram)
            histogram[12], histogram[16] = requests - 90, 90
            seen = Traffic(requests, failed, latency_us=requests * 7000, histogram=tuple(histogram))
            transaction.add_traffic(DEPLOYMENT, 1, minute - timedelta(minutes=back + 1), seen)
    _tell(shelves, minute)


def _tell(shelves: Shelves, minute: datetime) -> None:
    """Let the code of the other deployment tell of itself: a number, an event with a hostile name, and a loss."""
    source = shelves.registry.deployment("churn-api").shelf
    with shelves.facts.begin() as transaction:
        for back in range(90):
            at, value = minute - timedelta(minutes=back + 1), 30 + 10 * float(np.sin(back / 9))
            transaction.add_series(source, SeriesKind.METRIC, "PredictionCount", at, Series.of(value * 4, 4))
            if back % 7 == 0:
                transaction.add_series(source, SeriesKind.EVENT, HOSTILE, at, Series.of(2.0, 2))
        transaction.add_series(source, SeriesKind.LOST, "dropped", minute - timedelta(minutes=3), Series.of(5.0, 5))
        events = [Occurrence(SeriesKind.EVENT, HOSTILE, minute - timedelta(minutes=1), {"result": HOSTILE, "ms": 3.5})]
        transaction.add_occurrences(source, events, 10)
