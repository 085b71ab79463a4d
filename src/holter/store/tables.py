"""Every SQL table, in one place. A change here needs a migration in ``migrations/versions`` (a test compares them)."""

from typing import Final

import sqlalchemy as sa

from holter.rules import AlertState, Level
from holter.store.columns import Instant, Json, Word
from holter.store.kept import JobState
from holter.types import Calibrated, SeriesKind, Verdict

HEAD: Final = 6
"""Number of the newest migration: a database that says so needs no alembic to be opened."""

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up only on INTEGER


def _text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, primary_key=key)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _real(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=True)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _moment(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, Instant, nullable=null)


def _json(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, Json, nullable=null)


def _counter() -> sa.Column[int]:
    return sa.Column("seq", _Id, primary_key=True, autoincrement=True)


LEASE: Final = sa.Table(
    "lease", METADATA, _text("name", key=True), _text("holder"), _number("token"), _moment("expires")
)

PUBLICATION: Final = sa.Table(
    "publication",
    METADATA,
    _counter(),
    _text("monitor"),
    _moment("window_start"),
    _moment("window_end"),
    _text("signal"),
    _number("revision"),
    _text("fingerprint"),
    _flag("newest"),
    sa.UniqueConstraint("monitor", "window_start", "window_end", "signal", "revision"),
)

MEASUREMENT: Final = sa.Table(
    "measurement",
    METADATA,
    sa.Column("publication", _Id, sa.ForeignKey("publication.seq", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    _text("signal"),
    _text("metric"),
    _text("feature", null=True),
    _text("segment", null=True),
    _real("value"),
    _number("n"),
    _real("low"),
    _real("high"),
    _real("confidence"),
    _flag("evidenced"),
    _real("p_value"),
    _text("test", null=True),
    _real("effect"),
    _real("baseline"),
    _moment("window_start", null=True),
    _moment("window_end", null=True),
    _real("threshold"),
    sa.Column("verdict", Word(Verdict), nullable=True),
    sa.Column("calibrated", Word(Calibrated), nullable=True),
    _text("reason"),
    sqlite_with_rowid=False,  # rows of a publication lie together: reading a history is reading in order
)

ALERT: Final = sa.Table(
    "alert",
    METADATA,
    _text("id", key=True),
    _text("monitor"),
    _text("rule"),
    sa.Column("level", Word(Level), nullable=False),
    sa.Column("state", Word(AlertState), nullable=False),
    _moment("opened_start"),
    _moment("opened_end"),
    _moment("judged_start"),
    _moment("judged_end"),
    _number("breaking"),
    _number("holding"),
    _json("measurement"),
    _text("sentence"),
    sa.Index(None, "monitor", "opened_start"),
)

ALERT_EVENT: Final = sa.Table(
    "alert_event",
    METADATA,
    _counter(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("alert", sa.Text, sa.ForeignKey("alert.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("before", Word(AlertState), nullable=True),
    sa.Column("after", Word(AlertState), nullable=False),
    _moment("at"),
    _text("actor"),
    _text("why"),
)

OUTBOX: Final = sa.Table(
    "outbox",
    METADATA,
    _counter(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _text("channel"),
    _text("target"),
    _text("alert"),
    _text("event"),
    _number("attempts"),
    _moment("due", null=True),
    _moment("sent", null=True),
    _text("error"),
    sa.Column("folded", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Index(None, "sent", "due"),
)

SILENCE: Final = sa.Table(
    "silence",
    METADATA,
    _text("id", key=True),
    _moment("starts"),
    _moment("ends"),
    _text("reason"),
    _text("actor"),
    _text("monitor"),
    _text("rule"),
    _text("feature"),
)

JOB: Final = sa.Table(
    "job",
    METADATA,
    _counter(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _text("alert"),
    _text("monitor"),
    _text("deployment", null=True),
    _text("kind"),
    _json("options"),
    _moment("at"),
    sa.Column("state", Word(JobState), nullable=False, index=True),
    _number("attempts"),
    _json("result"),
)

TRAFFIC: Final = sa.Table(
    "traffic",
    METADATA,
    _text("deployment", key=True),
    sa.Column("minute", Instant, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    _number("requests"),
    _number("failed"),
    _number("soft_failed"),
    _number("timed_out"),
    _number("gaps"),
    _number("latency_us"),
    _json("histogram"),
    sqlite_with_rowid=False,
)

JOURNAL: Final = sa.Table("journal", METADATA, _text("segment", key=True), _number("counted"))

SERIES: Final = sa.Table(
    "series",
    METADATA,
    _text("source", key=True),
    sa.Column("kind", Word(SeriesKind), primary_key=True),
    _text("name", key=True),
    sa.Column("minute", Instant, primary_key=True),
    _number("count"),
    sa.Column("mean", sa.Double, nullable=False),
    sa.Column("m2", sa.Double, nullable=False),
    _real("minimum"),
    _real("maximum"),
    sqlite_with_rowid=False,
)

OCCURRENCE: Final = sa.Table(
    "occurrence",
    METADATA,
    _counter(),
    _text("source"),
    sa.Column("kind", Word(SeriesKind), nullable=False),
    _text("name"),
    _moment("at"),
    _json("properties"),
    sa.Index(None, "source", "seq"),
)

LEDGER: Final = sa.Table(
    "ledger",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _moment("at"),
    _text("actor"),
    _text("action"),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    _text("reason"),
    _text("facts"),
    _text("previous"),
    _text("digest"),
)

LEDGER_HEAD: Final = sa.Table(
    "ledger_head",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    _number("seq"),
    _text("digest"),
)
"""One row: where the ledger ends. Locked by every append, so that appends queue; shows an end that was cut off."""

MODEL_VERSION: Final = sa.Table(
    "model_version",
    METADATA,
    _text("model", key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("path"),
    _text("digest"),
    _json("schema", null=True),
    _text("baseline", null=True),
    _flag("held_out"),
    _json("tags"),
    _json("lineage"),
    sa.Column("key", sa.Text, nullable=True, unique=True),
    _moment("created_at"),
)

DEPLOYMENT: Final = sa.Table(
    "deployment",
    METADATA,
    _text("name", key=True),
    _text("model"),
    _text("code"),
    _text("entry_script"),
    _json("settings"),
    _number("wanted_version"),
    sa.Column("wanted_previous", sa.BigInteger, nullable=True),
    _flag("paused"),
    _text("state"),
    sa.Column("observed_version", sa.BigInteger, nullable=True),
    _text("detail"),
    _moment("observed_at", null=True),
    sa.Column("port", sa.BigInteger, nullable=False, unique=True),
    _moment("created_at"),
    sa.Column("canary_version", sa.BigInteger, nullable=True),
    _real("canary_weight"),
    _text("canary_key", null=True),
    sa.Column("shadow_version", sa.BigInteger, nullable=True),
    sa.Column("observed_canary", sa.BigInteger, nullable=True),
    sa.Column("observed_shadow", sa.BigInteger, nullable=True),
    _text("shelf", null=True),
    _moment("began", null=True),
)

SHELF: Final = sa.Table(
    "shelf",
    METADATA,
    _text("name", key=True),
    sa.Column("deployment", sa.Text, nullable=False, index=True),
    _text("model"),
    _moment("began"),
    _moment("ended", null=True),
    _flag("unwanted"),
)
"""Where one model's answers under one name are kept; it outlives the deployment."""

MONITOR: Final = sa.Table(
    "monitor", METADATA, _text("name", key=True), _json("entry"), _flag("paused"), _moment("created_at")
)

NORMAL: Final = sa.Table(
    "normal",
    METADATA,
    _text("monitor", key=True),
    _text("key"),
    _text("frame"),
    _moment("learned"),
    _moment("since", null=True),
    _moment("upto", null=True),
    _number("slots"),
    _json("state"),
)
"""What a monitor has learned of normal behaviour."""

COURSE: Final = sa.Table(
    "course",
    METADATA,
    _text("monitor", key=True),
    _text("part", key=True),
    _text("frame"),
    _moment("upto"),
    _json("state"),
)
"""Where the decisions of a monitor stand: it moves in the transaction that publishes a window."""

SLOT: Final = sa.Table(
    "slot",
    METADATA,
    _text("monitor", key=True),
    _text("part", key=True),
    sa.Column("slot_start", Instant, primary_key=True),
    _moment("slot_end"),
    _text("frame"),
    _flag("accepted"),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The sums of a slot that was judged; accepted ones teach the monitor what is normal."""
