"""What the demo sets up and what it says in the end: the same for `make demo` and for its test."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from encoding import encode
from train import fit

import holter
from flights import FEATURES

HERE = Path(__file__).parent
TRAINED_UNTIL = datetime(2013, 4, 1, tzinfo=UTC)
BASELINE_EVERY = 3
"""Every third day of the first quarter is kept from the model and becomes the baseline."""
RECIPIENT = "on-call@flights.example"
DAY = timedelta(days=1)
FAILING = {
    "name": "requests-fail", "metric": "traffic.error_rate", "above": 0.01, "level": "page",
    "responses": [{"kind": "email", "options": {"to": RECIPIENT}}],
}  # fmt: skip
CHANGED = {
    "name": "inputs-changed", "metric": "data_drift.jensen_shannon", "calibrated": True, "clear_windows": 7,
    "level": "warning",
}  # fmt: skip
"""Drift explains a page, and is none: what changed stands on the dashboard, and wakes nobody."""


def by_day(flights: pa.Table) -> np.ndarray:
    """Return the number of each flight's UTC day since 1970."""
    return flights["scheduled"].cast(pa.int64()).to_numpy() // int(DAY / timedelta(microseconds=1))


def sample(flights: pa.Table, most: int) -> pa.Table:
    """Keep at most so many flights of each day, chosen by their id: the same ones on every run."""
    scrambled = np.asarray([hash_of(key) for key in flights["request_id"].to_pylist()], dtype=np.uint32)
    days = by_day(flights)
    order = np.lexsort((scrambled, days))
    starts = np.flatnonzero(np.r_[True, np.diff(days[order]) > 0])
    rank = np.arange(len(days)) - np.repeat(starts, np.diff(np.r_[starts, len(days)]))
    return flights.take(np.sort(order[rank < most]))


def hash_of(text: str) -> int:
    """Scramble an id (FNV-1a, 32 bits), the same in every process."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def first_model(flights: pa.Table, folder: Path) -> tuple[Path, pa.Table]:
    """Fit on two days of three of the first quarter; return the file, and the third days with their predictions."""
    past = flights.filter(pc.and_(pc.less(flights["scheduled"], TRAINED_UNTIL), flights["late"].is_valid()))
    kept_back = by_day(past) % BASELINE_EVERY == 0
    folder.mkdir(parents=True, exist_ok=True)
    train = past.filter(pa.array(~kept_back))
    fitted = fit(train)
    joblib.dump(fitted, folder / "model.joblib")
    pq.write_table(train, folder / "first-quarter.parquet")
    baseline = past.filter(pa.array(kept_back))
    model, rates, average = fitted
    rows = list(zip(*(baseline[name].to_pylist() for name in FEATURES), strict=True))
    chance = model.predict_proba(encode(rows, rates, average))[:, 1]
    scored = baseline.drop_columns(["request_id"]).append_column("score", pa.array(chance))
    scored = scored.append_column("prediction", pa.array((chance >= 0.5).astype(float)))
    return folder / "model.joblib", scored


def set_up(flights: pa.Table, folder: Path) -> tuple[holter.Workspace, object]:
    """Register the first model with its baseline, deploy it, watch it; return the workspace and the deployment."""
    file, baseline = first_model(flights, folder / "training")
    ws = holter.open(folder / "workspace")
    model = ws.models.register(
        "late-flights", file, baseline=baseline, label="late", score="score", prediction="prediction",
        time="scheduled", task="binary", tags={"trained on": "two days of three, January to March 2013"},
    )  # fmt: skip
    api = ws.deploy("flights", model, entry_script="score.py", source=HERE, event_time_header=True)
    ws.monitor(
        "flights-drift", api, every="1d", over="7d", event_clock=True, budget="1 per quarter",
        signals=["data_drift", "prediction_drift", "data_quality"], rules=[CHANGED],
    )  # fmt: skip
    ws.monitor("flights-traffic", api, every="10s", over="5m", signals=["traffic"], rules=[FAILING])
    ws.monitor(
        "flights-performance", api, every="1d", over="7d", label_delay="1d", event_clock=True, budget="1 per quarter",
        signals=["performance", "estimated_performance"], rules=rules(folder),
    )  # fmt: skip
    return ws, api


def rules(folder: Path) -> Sequence[dict]:
    """Return what counts as harm, and what to do about it."""
    retrain = f"{{python}} {HERE / 'train.py'} {{data}} {{output}} {folder / 'training' / 'first-quarter.parquet'}"
    mail = {"kind": "email", "options": {"to": RECIPIENT}}
    again = {
        "kind": "retrain",
        "options": {"command": retrain, "data": "all", "holdout": "14d", "metric": "roc_auc", "cooldown": "21d"},
    }
    return [
        {
            "name": "predicts-too-few-late", "metric": "performance.calibration_bias", "below": -0.08,
            "for_windows": 3, "clear_windows": 7, "level": "page", "responses": [mail, again],
        },
        {
            "name": "predicts-too-many-late", "metric": "performance.calibration_bias", "above": 0.05,
            "for_windows": 5, "clear_windows": 7, "level": "warning", "responses": [mail],
        },
        {
            "name": "cannot-tell-late-from-punctual", "metric": "performance.roc_auc", "below": 0.62,
            "for_windows": 3, "clear_windows": 7, "level": "page", "responses": [mail, again],
        },
    ]  # fmt: skip
