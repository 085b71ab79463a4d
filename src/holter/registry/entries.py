"""What the registry knows: models, deployments and monitors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from holter.errors import BadSetting
from holter.rules import Budget, Rule
from holter.types import Schema

STICKY_HEADER: Final = "x-holter-key"
"""The header that keeps a customer with one version, unless the canary names another."""
BODY_KEY: Final = "body:"
"""How a canary's key begins that is a field of the JSON body, not a header: ``body:customer``, ``body:who.id``."""


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

    ``max_request_mb`` is the largest body that is read, in units of 2**20 bytes; 0: any. ``cors_origins`` are the
    web pages that may score, with commas between them; ``*``: all. ``ssl_certfile`` and ``ssl_keyfile`` are PEM files,
    read where they lie; without them the service speaks plain HTTP. How requests are recorded:
    ``sync_seconds`` is how often what was written is forced to disk; ``acknowledge`` says whether a reply waits until
    its record is ``written`` or until it is ``synced``; ``journal_full`` is the setting of that name for this
    deployment alone, where it is not empty; ``redact`` names columns that are not to be written as they are, see
    :mod:`holter.capture.redaction`. ``keep_days`` and ``keep_label_days`` are the age at which records and labels are
    removed; None: never.

    What the user's code finds: ``also`` are further models as ``name:version``, laid out beside the one that is served;
    ``preload`` are modules that are imported before the entry script; ``python`` is another interpreter to run it with,
    which must find Holter as well.
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
    cors_origins: str = ""
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    sync_seconds: float = 0.2
    acknowledge: str = "written"
    journal_full: str = ""
    redact: Mapping[str, str] = field(default_factory=dict)
    keep_days: float | None = None
    keep_label_days: float | None = None
    also: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    python: str = ""

    def __post_init__(self) -> None:
        for name in ("also", "preload"):  # lists, where they come from JSON
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.acknowledge not in ("written", "synced"):
            raise BadSetting("acknowledge", f'{self.acknowledge!r} is neither "written" nor "synced".')
        if self.journal_full not in ("", "refuse", "serve"):
            raise BadSetting("journal_full", f'{self.journal_full!r} is neither "refuse" nor "serve".')
        for name in ("sync_seconds", "keep_days", "keep_label_days", "cpu_cores", "memory_gb", "workers"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise BadSetting(name, f"{value} is not more than 0.")


@dataclass(frozen=True)
class Canary:
    """A second version that answers a share of the requests.

    ``weight`` is that share in percent, above 0 and at most 100. ``key`` names the request header, or with
    :data:`BODY_KEY` the field of the body, whose value decides which version answers, so that one customer is always
    answered by the same; requests without it are drawn by their request id.
    """

    version: int
    weight: float
    key: str = STICKY_HEADER


@dataclass(frozen=True)
class Wanted:
    """What the service should be. Written by people and responses, made true by the supervisor.

    ``shadow`` is a version that scores what was captured, after it was answered; nobody gets its answers.
    """

    version: int
    previous: int | None = None
    paused: bool = False
    canary: Canary | None = None
    shadow: int | None = None


@dataclass(frozen=True)
class Observed:
    """What the service is. Written by the supervisor only.

    ``canary`` and ``shadow`` are the versions that do these services now.
    """

    state: DeploymentState
    version: int | None
    detail: str
    at: datetime | None
    canary: int | None = None
    shadow: int | None = None

    @property
    def headline(self) -> str:
        """The one line of ``detail`` that says what is the matter; the traceback and the folder come after it."""
        return headline(self.detail)


def headline(text: str) -> str:
    r"""Return the first line of an explanation.

    Examples
    --------
    >>> headline("init() raised ValueError: bad weights\nTraceback (most recent call last):")
    'init() raised ValueError: bad weights'
    """
    return text.partition("\n")[0]


@dataclass(frozen=True)
class Deployment:
    """A model behind a scoring URI. ``code`` is the folder with a copy of the user's source; ``port`` never changes.

    ``shelf`` names where its journal, records and labels are, ``began`` when that was begun: a deployment that changes
    its model, or is made again after it was deleted, begins a new one and reads none of the old.
    """

    name: str
    model: str
    code: Path
    entry_script: str
    settings: DeploymentSettings
    wanted: Wanted
    observed: Observed
    port: int
    created_at: datetime
    shelf: str
    began: datetime

    @property
    def scoring_uri(self) -> str:
        """Where to post."""
        scheme = "https" if self.settings.ssl_certfile else "http"
        return f"{scheme}://127.0.0.1:{self.port}/score"


@dataclass(frozen=True)
class Shelf:
    """Where the answers of one model under one name are kept: ``journal/``, ``records/`` and ``labels/`` of its name.

    ``model`` is empty where nobody knows any more which it was. ``ended`` is None while the deployment writes to it;
    ``unwanted`` asks for its removal, which happens once no worker holds its journal.
    """

    name: str
    deployment: str
    model: str
    began: datetime
    ended: datetime | None = None
    unwanted: bool = False


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
    budget
        How many false pages are accepted; the monitors of one model share them.
    segments
        Slices that are measured beside all rows, see :mod:`holter.profile.segmentation`: ``country``, ``age:5``,
        ``country*device``.
    options
        What signals are told beside the windows, by signal and by option: plain values, as TOML and JSON have them.
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
    budget: Budget = field(default_factory=Budget)
    segments: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
