"""What a monitor has learned of normal behaviour, and where its decisions stand, on SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from holter.store.kept import StoredCourse, StoredNull, StoredSlot
from holter.store.tables import COURSE, NORMAL, SLOT
from holter.types import Span

KEPT: Final = 400
"""Newest slots of a monitor and part that are kept: more than a year of days, so that memory stays bounded."""
_ALL: Final = (NORMAL, COURSE, SLOT)


def null_of(engine: sa.Engine, monitor: str) -> StoredNull | None:
    """Return what a monitor has learned; None before it has."""
    with engine.connect() as connection:
        row = connection.execute(sa.select(NORMAL).where(NORMAL.c.monitor == monitor)).mappings().one_or_none()
    return None if row is None else StoredNull(**row)


def null_key_of(engine: sa.Engine, monitor: str) -> str | None:
    """Return from what a monitor has learned; None before it has. Cheap."""
    with engine.connect() as connection:
        return connection.execute(sa.select(NORMAL.c.key).where(NORMAL.c.monitor == monitor)).scalar()


def taught(engine: sa.Engine, monitor: str, frame: str, after: datetime | None = None) -> int:
    """Count the slots that may teach and end after a moment; those of one stretch of time count once."""
    mine = [SLOT.c.monitor == monitor, SLOT.c.frame == frame, SLOT.c.accepted]
    if after is not None:
        mine.append(SLOT.c.slot_end > after)
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count(SLOT.c.slot_start.distinct())).where(*mine)).scalar_one()


def course_of(engine: sa.Engine, monitor: str, part: str) -> StoredCourse | None:
    """Return where the decisions of one part of a monitor stand; None before the first."""
    query = sa.select(COURSE).where(COURSE.c.monitor == monitor, COURSE.c.part == part)
    with engine.connect() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else StoredCourse(**row)


def slots_of(engine: sa.Engine, monitor: str, frame: str, *, accepted_only: bool = True) -> Sequence[StoredSlot]:
    """Return slots that were summed up in a frame, oldest first."""
    query = sa.select(SLOT).where(SLOT.c.monitor == monitor, SLOT.c.frame == frame)
    if accepted_only:
        query = query.where(SLOT.c.accepted)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(SLOT.c.slot_start, SLOT.c.part)).mappings().all()
    return [_slot(row) for row in rows]


def keep_null(connection: sa.Connection, null: StoredNull) -> None:
    """Replace what a monitor has learned; slots that were summed up in another frame go."""
    _replace(connection, NORMAL, {"monitor": null.monitor}, {name: getattr(null, name) for name in _columns(NORMAL)})
    connection.execute(SLOT.delete().where(SLOT.c.monitor == null.monitor, SLOT.c.frame != null.frame))


def move_course(connection: sa.Connection, course: StoredCourse) -> None:
    """Replace where the decisions of a part stand."""
    key = {"monitor": course.monitor, "part": course.part}
    _replace(connection, COURSE, key, {name: getattr(course, name) for name in _columns(COURSE)})


def keep_slot(connection: sa.Connection, slot: StoredSlot, keep: int = KEPT) -> None:
    """Write down the sums of a slot, and forget all but the newest ``keep`` of its part."""
    key = {"monitor": slot.monitor, "part": slot.part, "slot_start": slot.span.start}
    values = {"slot_end": slot.span.end, "frame": slot.frame, "content": slot.content, "accepted": slot.accepted}
    _replace(connection, SLOT, key, key | values)
    mine = (SLOT.c.monitor == slot.monitor, SLOT.c.part == slot.part)
    last = sa.select(SLOT.c.slot_start).where(*mine).order_by(SLOT.c.slot_start.desc()).offset(keep).limit(1)
    oldest = connection.execute(last).scalar()
    if oldest is not None:
        connection.execute(SLOT.delete().where(*mine, SLOT.c.slot_start <= oldest))


def doubt(connection: sa.Connection, monitor: str, span: Span, part: str | None = None) -> int:
    """Take slots that lie in a span back from those that teach; return how many.

    What was learned from any of them is to be learned again.
    """
    inside = (SLOT.c.monitor == monitor, SLOT.c.slot_start >= span.start, SLOT.c.slot_end <= span.end)
    query = SLOT.update().where(*inside, SLOT.c.accepted)
    if part is not None:
        query = query.where(SLOT.c.part == part)
    doubted = connection.execute(query.values(accepted=False)).rowcount
    if doubted:
        stale = NORMAL.update().where(NORMAL.c.monitor == monitor, NORMAL.c.upto > span.start)
        connection.execute(stale.values(key=""))
    return doubted


def trust(connection: sa.Connection, monitor: str, since: datetime) -> int:
    """Let slots from a moment on teach, from which another level is normal; return how many teach that did not."""
    inside = (SLOT.c.monitor == monitor, SLOT.c.slot_start >= since)
    trusted = connection.execute(SLOT.update().where(*inside, ~SLOT.c.accepted).values(accepted=True)).rowcount
    connection.execute(NORMAL.update().where(NORMAL.c.monitor == monitor).values(since=since, key=""))
    return trusted


def forget_normal(connection: sa.Connection, monitor: str) -> None:
    """Remove all that was learned of a monitor, and where its decisions stand."""
    for table in _ALL:
        connection.execute(table.delete().where(table.c.monitor == monitor))


def _columns(table: sa.Table) -> list[str]:
    return [column.name for column in table.columns]


def _replace(connection: sa.Connection, table: sa.Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    same = [table.c[name] == value for name, value in key.items()]
    if not connection.execute(table.update().where(*same).values(**values)).rowcount:
        connection.execute(table.insert().values(**values))


def _slot(row: sa.RowMapping) -> StoredSlot:
    span = Span(row["slot_start"], row["slot_end"])
    return StoredSlot(row["monitor"], row["part"], span, row["frame"], row["content"], row["accepted"])
