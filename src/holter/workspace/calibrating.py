"""The alarm engine without a workspace: a baseline, then one window after the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile import Profile, Window
from holter.rules.budget import Budget
from holter.rules.course import Course
from holter.rules.judgement import Judgement
from holter.rules.learning import learn
from holter.rules.null import Null, span_of
from holter.rules.stepping import step
from holter.signals.contrasts import Frame
from holter.types import EVENT_TIME, PREDICTION, SCORE, Contrasts, Family, Schema, Span, Task, parse_duration
from holter.workspace.baseline import Roles, prepare

if TYPE_CHECKING:
    from holter.rules.power import Power

_UNORDERED: Final = (
    "the baseline has no time, so that nothing is known of how days differ; 56 windows are needed to learn it"
)
_SECOND: Final = 1_000_000


@dataclass(frozen=True)
class _Layout:
    """Which columns of a user's table play which part, and the slices that are judged beside the whole."""

    roles: Roles
    task: Task | None
    segments: tuple[str, ...]
    schema: Schema

    def windows(self, table: pa.Table, span: Span | None) -> list[Window]:
        """Return the window of all rows, and one for each value of each segment column."""
        return [self._window(table, span, None), *self._slices(table, span)]

    def _slices(self, table: pa.Table, span: Span | None) -> Iterator[Window]:
        for column in self.segments:
            if column not in table.column_names:
                continue
            values = pc.cast(table.column(column), pa.string())
            for value in sorted(pc.unique(values).drop_null().to_pylist()):
                yield self._window(table.filter(pc.equal(values, value)), span, f"{column}={value}")

    def _window(self, table: pa.Table, span: Span | None, segment: str | None) -> Window:
        kinds = {feature.name: feature.kind for feature in self.schema.features}
        shown = [name for name in table.column_names if name in kinds or name in (PREDICTION, SCORE)]
        profile = Profile.of(table.select(shown), kinds=kinds)
        return Window(span, self.schema, profile, table, segment=segment)


class Watcher:
    """What :func:`calibrate` returns: shown one window after the other, it says which are alarms.

    Attributes
    ----------
    null
        What is usual.
    course, late
        What is remembered of the windows so far, and of their labels that came late.
    """

    def __init__(
        self, frames: Mapping[str | None, Frame], null: Null, layout: _Layout, course: Course, *, material: bool
    ) -> None:
        self._frames, self._layout, self._material = dict(frames), layout, material
        self.null, self.course, self.late = null, course, Course.new()

    def see(self, window: Any, *, start: datetime | None = None, end: datetime | None = None) -> Judgement:
        """Judge one more window.

        Parameters
        ----------
        window
            A table like the baseline. Columns that are new are not judged, those that are missing give no answer.
        start, end
            The stretch of time; by default the step of the grid that holds the first of its times, or, without times,
            the step after the last window.

        Raises
        ------
        UnreadableTable, UnsupportedTable
            If it is no table.
        BadLabels
            If labels or predictions are no values of the task.
        """
        table = _read(window, self._layout)
        span = self._span(table, start, end)
        contrasts = self._contrasts(table, span)
        self.course, judgement = step(self.null, self.course, span, contrasts, material=self._material)
        return judgement

    def labels(self, window: Any, *, start: datetime | None = None, end: datetime | None = None) -> Judgement:
        """Judge what late labels say of a window that was seen before; only labels are looked at.

        Parameters
        ----------
        window, start, end
            As for :meth:`see`; the same rows, with their labels.

        Raises
        ------
        UnreadableTable, UnsupportedTable
            If it is no table.
        BadLabels
            If labels or predictions are no values of the task.
        """
        table = _read(window, self._layout)
        span = self._span(table, start, end)
        known = self._contrasts(table, span).only(lambda key: key.family is Family.LABEL)
        null = self.course.relearned or self.null
        self.late, judgement = step(null, self.late, span, known, material=self._material)
        return judgement

    def accept(self) -> None:
        """Take what is for the new normal: an alarm that is on is over, and windows before no longer count."""
        self.course, self.late = self.course.accepted(), self.late.accepted()

    def explain(self) -> tuple[str, ...]:
        """Say what was learned, in sentences."""
        return (self.course.relearned or self.null).explain()

    def power(self, rows: int | None = None) -> "Power":
        """Tell the smallest change of each kind that would be seen, in one window and in a week.

        Parameters
        ----------
        rows
            Rows of a window; None takes those of a usual block of the baseline.
        """
        from holter.rules.power import power

        return power(self.course.relearned or self.null, rows)

    def state(self) -> dict[str, Any]:
        """Return everything as JSON values; :meth:`from_state` goes on where this left off."""
        layout = self._layout
        return {
            "frames": [[segment, frame.to_dict()] for segment, frame in self._frames.items()],
            "null": self.null.to_dict(),
            "course": self.course.to_dict(),
            "late": self.late.to_dict(),
            "roles": vars(layout.roles),
            "segments": list(layout.segments),
            "schema": layout.schema.to_dict(),
            "material": self._material,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Return the watcher whose state this is."""
        schema = Schema.from_dict(state["schema"])
        layout = _Layout(Roles(**state["roles"]), schema.task, tuple(state["segments"]), schema)
        frames = {segment: Frame.from_dict(frame) for segment, frame in state["frames"]}
        null, course = Null.from_dict(state["null"]), Course.from_dict(state["course"])
        found = cls(frames, null, layout, course, material=state["material"])
        found.late = Course.from_dict(state["late"])
        return found

    def _contrasts(self, table: pa.Table, span: Span) -> Contrasts:
        windows = self._layout.windows(table, span)
        return Contrasts.joined(
            [self._frames[window.segment].contrasts(window) for window in windows if window.segment in self._frames]
        )

    def _span(self, table: pa.Table, start: datetime | None, end: datetime | None) -> Span:
        every = self.null.every
        if start is not None:
            return Span(start, end or start + every)
        times = _times(table)
        if times is not None and len(times):
            return Span.covering(_moment(int(times.min())), every)
        before = [*self.null.blocks.spans, *(each.span for each in self.course.seen)]
        return before[-1].next() if before else span_of(0, every.total_seconds())


def calibrate(
    baseline: Any,
    *,
    time: str | None = None,
    every: str | timedelta = "1d",
    budget: Budget | None = None,
    prediction: str | None = None,
    score: str | None = None,
    label: str | None = None,
    task: Task | str | None = None,
    segments: Sequence[str] = (),
    material: bool = True,
) -> Watcher:
    """Learn from a baseline how windows differ while nothing is wrong, to tell later ones that are not so.

    Parameters
    ----------
    baseline
        Anything tabular, in which nothing is wrong and which the model was not fitted on. Eight weeks or more are best.
    time
        The column with the event time. Without it nothing is calibrated until 56 windows have been seen.
    every
        Length of a window.
    budget
        How many false pages are accepted; None for one per quarter.
    prediction, score, label
        What the model answered, and the truth, where they are there.
    task
        What the model answers; None finds it from the label.
    segments
        Columns whose values are judged as slices too.
    material
        Whether a difference must be large enough to matter to be a warning; without, every real one is.

    Raises
    ------
    UnreadableTable, UnsupportedTable
        If it is no table.
    UnknownColumn
        For a column that is not there.
    BadLabels
        If labels or predictions are no values of the task.
    BadDuration
        If ``every`` is no positive duration.
    InputError
        If the time column holds no times, or there is no such task.

    Examples
    --------
    >>> from datetime import UTC
    >>> days = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=n // 100) for n in range(5600)]
    >>> rng = np.random.default_rng(1)
    >>> usual = pa.table({"at": days, "x": rng.normal(size=5600)})
    >>> watcher = calibrate(usual, time="at")
    >>> day = [days[-1] + timedelta(days=n) for n in (1, 2, 3, 4)]
    >>> seen = [watcher.see(pa.table({"at": [at] * 100, "x": rng.normal(size=100)})) for at in day[:3]]
    >>> print(watcher.see(pa.table({"at": [day[3]] * 100, "x": rng.normal(2, size=100)})).level)
    warning
    """
    roles = Roles(time=time, prediction=prediction, score=score, label=label)
    found = prepare(baseline, roles, task=task)
    for name in segments:
        if name not in found.table.column_names:
            from holter.errors import UnknownColumn

            raise UnknownColumn(name, found.table.column_names)
    layout = _Layout(roles, found.schema.task, tuple(segments), found.schema)
    step_ = parse_duration(every)
    frames = {window.segment: Frame.of(window) for window in layout.windows(found.table, None)}
    blocks = [
        (span, Contrasts.joined([
            frames[window.segment].contrasts(window, own=True)
            for window in layout.windows(rows, span)
        ]))
        for span, rows in _blocks(found.table, step_)
    ]  # fmt: skip
    if not blocks:
        own = [frames[window.segment].contrasts(window, own=True) for window in layout.windows(found.table, None)]
        blocks = [(span_of(0, step_.total_seconds()), Contrasts.joined(own))]
    timed = EVENT_TIME in found.table.column_names
    null = learn(blocks, budget=budget or Budget(), every=step_, missing="" if timed else _UNORDERED)
    return Watcher(frames, null, layout, Course.new(), material=material)


def _read(window: Any, layout: _Layout) -> pa.Table:
    """Read a window in the columns of records; a role whose column is not there is not played."""
    from holter.source import stream

    table = stream(window).read_all()
    return prepare(table, layout.roles.among(table.column_names), task=layout.task).table


def _times(table: pa.Table) -> Any:
    if EVENT_TIME not in table.column_names:
        return None
    column = table.column(EVENT_TIME).drop_null().cast(pa.int64()).combine_chunks()
    return column.to_numpy(zero_copy_only=False)


def _moment(micros: int) -> datetime:
    return span_of(micros / _SECOND, micros / _SECOND).start


def _blocks(table: pa.Table, every: timedelta) -> Iterator[tuple[Span, pa.Table]]:
    """Yield the rows of each step of the grid that has any."""
    if EVENT_TIME not in table.column_names:
        return
    dated = table.filter(pc.is_valid(table.column(EVENT_TIME)))
    times = _times(dated)
    step_ = every // timedelta(microseconds=1)
    place = times // step_
    order = np.argsort(place, kind="stable")
    dated, place = dated.take(pa.array(order)), place[order]
    edges = np.flatnonzero(np.diff(place)) + 1
    for begin, end in zip([0, *edges], [*edges, len(place)], strict=True):
        if end > begin:
            start = int(place[begin]) * step_ / _SECOND
            yield span_of(start, start + every.total_seconds()), dated.slice(begin, end - begin)
