"""The monitor of the monitor: changes are put into windows it has not learned from, and it must find them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import InputError
from holter.monitor.by_chance import baseline_of
from holter.monitor.learning import contrasts_of, frame_of, window_of
from holter.monitor.sharing import share
from holter.monitor.slots import slots
from holter.monitor.watch import Watch
from holter.profile import Window
from holter.rules.course import Course
from holter.rules.learning import LEAST_BLOCKS, learn
from holter.rules.null import Null
from holter.rules.stepping import step
from holter.types import Contrasts, Kind, Span

HELD: Final = 10
"""Newest windows of the baseline that are held out: three to get to know, seven to change."""
_CALM: Final = 3
SIZES: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
"""Sizes that are tried: standard deviations of a number, shares of the rows of a category or of missing values."""
_MOST: Final = 1.0
"""Shares go no further."""

Change = Callable[[pa.Table, str, float], pa.Array]


@dataclass(frozen=True)
class Found:
    """The smallest change of one kind that was found in half of the columns; None where none of those tried was.

    ``columns`` is in how many columns it was put.
    """

    kind: str
    unit: str
    window: float | None
    week: float | None
    columns: int


@dataclass(frozen=True)
class SelfTest:
    """What a monitor finds when it is asked.

    ``alarms`` counts alarms in the held-out windows as they are: there should be none. ``windows`` taught, ``rows`` is
    how many a window has.
    """

    monitor: str
    windows: int
    rows: int
    alarms: int
    found: tuple[Found, ...]

    def __str__(self) -> str:
        false = f"{self.alarms or 'no'} alarm{'' if self.alarms == 1 else 's'} in them as they are."
        asked = f"asked {HELD} others of about {self.rows:,} rows; {false}"
        lines = [f"{self.monitor}: learned from {self.windows} windows of the baseline, {asked}"]
        for each in self.found:
            one, seven = (_size(size, each.unit) for size in (each.window, each.week))
            lines.append(f"  {each.kind} ({each.columns} columns): {one} in one window, {seven} in seven.")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: getattr(self, name) for name in ("monitor", "windows", "rows", "alarms")}
        return plain | {"found": [vars(each) for each in self.found]}


def _size(size: float | None, unit: str) -> str:
    if size is None:
        return "nothing up to the largest size"
    return f"{size:g} {unit}" if unit == "sd" else f"{100 * size:g} % of the rows"


def selftest(watch: Watch) -> SelfTest:
    """Learn from all but the newest windows of the baseline, change these, and tell from which size that is found.

    A shift of each number, a move of rows to the most frequent category, and values that go missing are tried, from
    small to large, in all columns at once; each column counts for itself. Found is what a column's own finding says
    is at least a real difference.

    Raises
    ------
    InputError
        If nothing has happened yet, or the baseline has too few windows with event times.
    """
    baseline, entry = baseline_of(watch), watch.entry
    cut = [] if baseline is None or baseline.rows is None else list(slots(baseline.rows, entry.every))
    if baseline is None or len(cut) < LEAST_BLOCKS + HELD:
        raise InputError(
            f"a self-test needs a baseline of {LEAST_BLOCKS + HELD} windows with event times; there are {len(cut)}."
        )
    frame = frame_of(baseline)

    def seen(span: Span, rows: pa.Table) -> Contrasts:
        return contrasts_of(frame, window_of(span, rows, baseline), baseline, entry, own=True)

    budget = share(watch.shelves, entry)
    null = learn([(span, seen(span, rows)) for span, rows in cut[:-HELD]], budget=budget, every=entry.every)
    asked = cut[-HELD:]
    calm = [(span, seen(span, rows)) for span, rows in asked]
    tried = _Tried(null, calm, asked, seen)
    rows = int(median(rows.num_rows for _, rows in asked))
    found = tuple(each for each in (_try(tried, baseline, *kind) for kind in _KINDS) if each.columns)
    return SelfTest(entry.name, len(cut) - HELD, rows, tried.alarms(), found)


@dataclass(frozen=True)
class _Tried:
    null: Null
    calm: Sequence[tuple[Span, Contrasts]]
    asked: Sequence[tuple[Span, pa.Table]]
    seen: Callable[[Span, pa.Table], Contrasts]

    def alarms(self) -> int:
        course, count = Course.new(), 0
        for span, contrasts in self.calm:
            course, judgement = step(self.null, course, span, contrasts)
            count += judgement.began
        return count

    def found(self, change: Callable[[pa.Table], pa.Table], windows: int) -> set[str]:
        """Return the columns that are found in some changed windows, after calm ones."""
        course = Course.new()
        for span, contrasts in self.calm[:_CALM]:
            course, _ = step(self.null, course, span, contrasts)
        columns = set[str]()
        for span, rows in self.asked[_CALM : _CALM + windows]:
            course, judgement = step(self.null, course, span, self.seen(span, change(rows)))
            columns |= {each.feature for each in judgement.findings if each.feature is not None}
        return columns


def _try(tried: _Tried, baseline: Window, name: str, unit: str, kind: Kind | None, change: Change) -> Found:
    present = tried.asked[0][1].column_names
    features = baseline.schema.features
    columns = [each.name for each in features if kind in (None, each.kind) and each.name in present]
    if not columns:
        return Found(name, unit, None, None, 0)
    one, week = (_smallest(tried, columns, unit, change, windows) for windows in (1, HELD - _CALM))
    return Found(name, unit, one, week, len(columns))


def _smallest(tried: _Tried, columns: Sequence[str], unit: str, change: Change, windows: int) -> float | None:
    """Return the first size that is found in half of the columns."""
    for size in SIZES:
        if unit != "sd" and size > _MOST:
            break

        def changed(rows: pa.Table, size: float = size) -> pa.Table:
            for column in columns:
                rows = rows.set_column(rows.column_names.index(column), column, change(rows, column, size))
            return rows

        if 2 * len(tried.found(changed, windows).intersection(columns)) >= len(columns):
            return size
    return None


def _shifted(rows: pa.Table, column: str, size: float) -> pa.Array:
    values = pc.cast(rows[column], pa.float64())
    spread = pc.stddev(values).as_py() or 1.0
    return pc.add(values, size * spread)


def _moved(rows: pa.Table, column: str, size: float) -> pa.Array:
    values = pc.cast(rows[column], pa.string())
    counted: Mapping[str, int] = {each["values"]: each["counts"] for each in pc.value_counts(values).to_pylist()}
    most = max(sorted(each for each in counted if each is not None), key=lambda each: counted[each], default="")
    return pc.if_else(_some(rows.num_rows, size), pa.scalar(most, pa.string()), values)


def _gone(rows: pa.Table, column: str, size: float) -> pa.Array:
    values = rows[column]
    return pc.if_else(_some(rows.num_rows, size), pa.scalar(None, values.type), values)


def _some(count: int, size: float) -> pa.Array:
    """Return a share of the rows, spread evenly: the same ones on every run."""
    steps = np.floor(np.arange(1, count + 1) * size) - np.floor(np.arange(count) * size)
    return pa.array(steps > 0)


_KINDS: Final[tuple[tuple[str, str, Kind | None, Change], ...]] = (
    ("shift of a number", "sd", Kind.NUMERIC, _shifted),
    ("move to the most frequent category", "share", Kind.CATEGORICAL, _moved),
    ("missing values", "share", None, _gone),
)
