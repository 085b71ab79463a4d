"""What the registry knows: models, deployments and monitors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from holter.rules import Rule
from holter.types import Schema


@dataclass(frozen=True)
class ModelVersion:
    """One registered model file.

    ``baseline`` is a Parquet file of rows the model was not fitted on, in the column names of
    :mod:`holter.types.records` (features bare; ``_prediction``, ``_score``, ``_label``, ``_event_time`` where known),
    or None. ``held_out`` is False when the rows are known to be training rows: everything compared with them is then
    uncalibrated. ``lineage`` says where it came from (the job that trained it, the parent version, the data).
    """

    model: str
    version: int
    path: Path
    digest: str
    schema: Schema | None
    baseline: Path | None
    held_out: bool
    tags: Mapping[str, str]
    lineage: Mapping[str, Any]
    created_at: datetime


class DeploymentState(StrEnum):
    """How a service is."""

    TRANSITIONING = "Transitioning"
    HEALTHY = "Healthy"
    UNHEALTHY = "Unhealthy"
    FAILED = "Failed"
    PAUSED = "Paused"


@dataclass(frozen=True)
class DeploymentSettings:
    """How a service runs; written once at deployment, replaced as a whole.

    ``max_request_mb`` is the largest body that is read, in units of 2**20 bytes; 0: any.
    """

    workers: int = 1
    cpu_cores: float | None = None
    memory_gb: float | None = None
    timeout_ms: int = 60_000
    capture: bool = True
    event_time_header: bool = False
    auth: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    max_request_mb: int = 64


@dataclass(frozen=True)
class Wanted:
    """What the service should be. Written by people and responses, made true by the supervisor."""

    version: int
    previous: int | None = None
    paused: bool = False


@dataclass(frozen=True)
class Observed:
    """What the service is. Written by the supervisor only."""

    state: DeploymentState
    version: int | None
    detail: str
    at: datetime | None


@dataclass(frozen=True)
class Deployment:
    """A model behind a scoring URI. ``code`` is the folder with a copy of the user's source; ``port`` never changes."""

    name: str
    model: str
    code: Path
    entry_script: str
    settings: DeploymentSettings
    wanted: Wanted
    observed: Observed
    port: int
    created_at: datetime

    @property
    def scoring_uri(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.port}/score"


@dataclass(frozen=True)
class TableTarget:
    """A table that others write: batch scores in a Parquet folder or a Delta table.

    ``time``, ``prediction``, ``score``, ``label`` and ``key`` name its columns; ``path`` may be a glob.
    """

    path: str
    time: str
    schema: Schema
    prediction: str | None = None
    score: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class MonitorEntry:
    """Target, baseline, signals, rules and interval.

    Parameters
    ----------
    target
        Name of a deployment, or a :class:`TableTarget`.
    baseline
        Parquet file as in :class:`ModelVersion`; None takes the baseline of the version that scored the window.
    every, over
        A window closes each ``every`` and reaches back ``over``.
    lateness, label_delay
        How long after its end a window is closed, and how much longer for signals that need labels.
    event_clock
        True: time is the newest event time seen (a replay). False: the wall clock, so that silence is noticed.
    signals
        Names from the catalogue (``data_drift``); empty: the default preset.
    """

    name: str
    target: str | TableTarget
    signals: tuple[str, ...]
    rules: tuple[Rule, ...]
    every: timedelta
    over: timedelta
    lateness: timedelta = timedelta(0)
    label_delay: timedelta = timedelta(0)
    event_clock: bool = False
    baseline: Path | None = None
    paused: bool = False
    created_at: datetime | None = None
