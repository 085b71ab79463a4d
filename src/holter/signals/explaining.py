"""What is behind a window: where it got worse, who came, and which rows to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa

from holter.profile import Window
from holter.profile.segmentation import AND, cut
from holter.signals.attribution import Attribution
from holter.signals.decomposition import Decomposition, decomposition
from holter.signals.discovery import CLEAR, Segment, loss_segments, share_segments
from holter.signals.row_cells import Celled, Floats, celled
from holter.signals.row_losses import Losses, row_losses
from holter.signals.segments import lossy
from holter.types import EVENT_TIME, REQUEST_ID, ROW, Measurement

HARMS: Final = 5
"""Features that drifted and matter that are named at most."""
ROWS: Final = 20
"""Rows to look at that are named at most."""


@dataclass(frozen=True)
class Row:
    """A row to look at: its record (request id and place; else its place in the window), when it was, how wrong."""

    record: str
    at: datetime | None
    loss: float


@dataclass(frozen=True)
class Harm:
    """A feature, and its importance times its drift."""

    feature: str
    value: float


@dataclass(frozen=True)
class Change:
    """The mean loss in window and baseline, of so many labelled rows; ``kind`` says in words which loss."""

    kind: str
    value: float
    baseline: float
    n: int


@dataclass(frozen=True)
class Explanation:
    """Why a window is as it is.

    Parameters
    ----------
    change
        Of the mean loss; None where ``missing`` says why there is none.
    parts
        The change in two parts for each feature, the one first whose mix explains most.
    worse
        Segments in which the loss grew more than elsewhere.
    grown
        Segments whose share of the rows grew.
    rows
        The rows with the largest losses, of the worst segment if there is one that stands out.
    harm
        What drifted and how much the model leans on it, the product of both; the largest first.
    """

    change: Change | None
    parts: tuple[Decomposition, ...] = ()
    worse: tuple[Segment, ...] = ()
    grown: tuple[Segment, ...] = ()
    rows: tuple[Row, ...] = ()
    harm: tuple[Harm, ...] = ()
    missing: str = ""


def explained(target: Window, baseline: Window) -> Explanation:
    """Say why a window is as it is, as far as its rows and their labels tell.

    Parameters
    ----------
    target, baseline
        With rows; labels may be missing, then only who came is told.

    Examples
    --------
    >>> from holter.types import Feature, Kind, Schema, Task
    >>> schema = Schema((Feature("c", Kind.CATEGORICAL, "string"),), Task.REGRESSION)
    >>> def window(b):
    ...     c = ["a", "b"] * 200
    ...     told = [b if name == "b" else 0.1 for name in c]
    ...     return Window(None, schema, rows=pa.table({"c": c, "_prediction": told, "_label": [0.0] * 400}))
    >>> found = explained(window(2.0), window(0.1))
    >>> found.worse[0].label, len(found.rows), found.rows[0].loss
    ('c=b', 20, 2.0)
    """
    grown, harm = _grown(target, baseline), _harm(target, baseline)
    both = lossy(target, baseline)
    if isinstance(both, Measurement):
        return Explanation(None, grown=grown, harm=harm, missing=both.reason)
    parts = sorted(
        (decomposition(both, name) for name in both.features), key=lambda each: (-abs(each.mix), each.feature)
    )
    worse = tuple(each for each in loss_segments(both) if each.p_value <= CLEAR and each.value > each.expected)
    rows = _rows(target, baseline, worse[0] if worse else None)
    return Explanation(_change(target, both), tuple(parts), worse, grown, rows, harm)


def _grown(target: Window, baseline: Window) -> tuple[Segment, ...]:
    rows, before = target.rows, baseline.rows
    if rows is None or before is None:
        return ()
    both = celled(rows, before, target.schema.features, (np.zeros(len(rows)), np.zeros(len(before))))
    return tuple(each for each in share_segments(both) if each.p_value <= CLEAR and each.value > each.expected)


def _harm(target: Window, baseline: Window) -> tuple[Harm, ...]:
    found = Attribution().measure(target, baseline)
    known = [Harm(each.feature or "", each.value) for each in found if each.metric == "harm" and each.value]
    return tuple(sorted(known, key=lambda each: (-each.value, each.feature))[:HARMS])


def _change(target: Window, both: Celled) -> Change:
    losses = row_losses(target.rows, target.schema.task)
    assert isinstance(losses, Losses)  # noqa: S101  (asked by lossy)
    return Change(losses.kind, float(both.now.values.mean()), float(both.before.values.mean()), both.now.n)


def _rows(target: Window, baseline: Window, segment: Segment | None) -> tuple[Row, ...]:
    losses, rows = row_losses(target.rows, target.schema.task), target.rows
    assert isinstance(losses, Losses) and rows is not None  # noqa: S101, PT018  (asked by lossy)
    there = losses.known if segment is None else losses.known & _inside(target, baseline, segment)
    places = np.flatnonzero(there)
    worst = places[np.argsort(-losses.values[places], kind="stable")][:ROWS]
    return _named(rows, worst, losses.values[worst])


def _inside(target: Window, baseline: Window, segment: Segment) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    assert target.rows is not None and baseline.rows is not None  # noqa: S101, PT018  (it was found in them)
    kinds = {feature.name: feature.kind for feature in target.schema.features}
    inside = np.ones(target.rows.num_rows, bool)
    for column, label in zip(segment.columns, _labels(segment), strict=True):
        codes, labels = cut(column, baseline.rows, kinds).labelled(target.rows)
        inside &= codes == labels.index(label)
    return inside


def _labels(segment: Segment) -> Sequence[str]:
    """Take the label of a combination apart: each part begins with its column, whatever characters values have."""
    if len(segment.columns) == 1:
        return [segment.label]
    middle = segment.label.index(f"{AND}{segment.columns[1]}=")
    return [segment.label[:middle], segment.label[middle + len(AND) :]]


def _named(rows: pa.Table, places: "np.ndarray[tuple[int], np.dtype[np.int64]]", losses: Floats) -> tuple[Row, ...]:
    kept = [name for name in (REQUEST_ID, ROW, EVENT_TIME) if name in rows.column_names]
    told = rows.select(kept).take(pa.array(places)).to_pylist() if kept else [{}] * len(places)
    return tuple(
        Row(_record(each, place), each.get(EVENT_TIME), loss)
        for each, place, loss in zip(told, places.tolist(), losses.tolist(), strict=True)
    )


def _record(told: dict[str, object], place: int) -> str:
    if told.get(REQUEST_ID) is None:
        return f"row {place} of the window"
    return f"{told[REQUEST_ID]}/{told.get(ROW) or 0}"
