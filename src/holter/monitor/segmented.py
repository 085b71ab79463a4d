"""The segments of a window, each beside the same segment of the baseline."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakKeyDictionary

import pyarrow as pa

from holter.errors import HolterError
from holter.monitor.targets import Case, filled
from holter.profile import Profile, Window
from holter.profile.segmentation import Cut, cut
from holter.registry import profile_kinds
from holter.signals import Need
from holter.signals.comparable import LEAST
from holter.types import Verdict

_Sides = Mapping[str, Window]


@dataclass(frozen=True)
class Part:
    """One segment of a window: what there is to measure, or why there is nothing (then ``case`` is None)."""

    segment: str
    case: Case | None
    n: int = 0
    verdict: Verdict = Verdict.INSUFFICIENT
    why: str = ""


_CUTS: Final[WeakKeyDictionary[Window, dict[str, Cut]]] = WeakKeyDictionary()
"""How each baseline in memory is cut."""
_SIDES: Final[WeakKeyDictionary[Window, dict[tuple[str, Need], _Sides]]] = WeakKeyDictionary()
"""The segments of each baseline in memory: the same for every window."""


def cases(case: Case, segments: Sequence[str], needs: Need) -> tuple[Part, ...]:
    """Cut a window and its baseline, each once, and fill every segment with what the needs ask for.

    Parameters
    ----------
    case
        With the rows of the window; those of the baseline say which segments there are and where bins end. Where there
        are none, the window says it.
    segments
        How to cut, see :mod:`holter.profile.segmentation`.
    needs
        Of the signals that will look at them.

    Returns
    -------
    tuple
        In the order asked for, the most frequent first. A segment of fewer than 30 rows has no case and says so; so
        does what cannot be cut by.
    """
    return tuple(part for text in segments for part in _cut(case, text, needs))


def cut_of(baseline: Window, text: str, otherwise: pa.Table | None = None) -> Cut:
    """Return how a baseline is cut: read off its rows once. Without rows, off ``otherwise``.

    Raises
    ------
    UnknownColumn, BadSetting, pyarrow.ArrowException
        As :func:`holter.profile.segmentation.cut`.
    """
    kinds = profile_kinds(baseline.schema)
    columns = () if otherwise is None else otherwise.column_names
    if baseline.rows is None:
        return cut(text, pa.table({}) if otherwise is None else otherwise, kinds, columns)
    known = _CUTS.setdefault(baseline, {})
    if text not in known:
        known[text] = cut(text, baseline.rows, kinds, columns)
    return known[text]


def _cut(case: Case, text: str, needs: Need) -> Iterator[Part]:
    rows = case.target.rows
    if rows is None:
        yield Part(text, None, verdict=Verdict.UNDEFINED, why="the window has no rows to be cut")
        return
    try:
        made = cut_of(case.baseline, text, rows)
        lacking = made.lacks(rows)
        if lacking is not None:
            why = f"the window has no column {lacking!r} to be cut by"
            yield Part(text, None, verdict=Verdict.UNDEFINED, why=why)
            return
        before = _before(case.baseline, made, needs)
        yield from [_part(case, before, segment, part, needs) for segment, part in made.split(rows)]
    except (HolterError, pa.ArrowException) as error:
        yield Part(text, None, verdict=Verdict.UNDEFINED, why=f"it cannot be cut: {error}")


def _part(case: Case, before: _Sides, segment: str, rows: pa.Table, needs: Need) -> Part:
    n, target = rows.num_rows, case.target
    if n < LEAST:
        return Part(segment, None, n, why=f"{n} rows in the window; {LEAST} are needed")
    window = replace(filled(target.span, target.schema, rows, needs), segment=segment)
    return Part(segment, Case(window, before.get(segment) or _nothing(case.baseline, segment, needs), case.held_out), n)


def _nothing(baseline: Window, segment: str, needs: Need) -> Window:
    """Return the baseline of a segment that it does not have: the columns are there, and no rows."""
    if baseline.rows is None:
        return Window(baseline.span, baseline.schema, profile=Profile.empty(), segment=segment)
    return replace(filled(baseline.span, baseline.schema, baseline.rows.slice(0, 0), needs), segment=segment)


def _before(baseline: Window, made: Cut, needs: Need) -> _Sides:
    if baseline.rows is None or made.lacks(baseline.rows):
        return {}
    known = _SIDES.setdefault(baseline, {})
    if (made.text, needs) not in known:
        known[made.text, needs] = {
            segment: replace(filled(baseline.span, baseline.schema, rows, needs), segment=segment)
            for segment, rows in made.split(baseline.rows)
        }
    return known[made.text, needs]
