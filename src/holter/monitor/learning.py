"""What is normal for a monitor: learned from the slots of its baseline and from accepted later ones."""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from weakref import WeakKeyDictionary

import pyarrow as pa

from holter.errors import HolterError
from holter.monitor.days import summary
from holter.monitor.segmented import cut_of
from holter.monitor.slots import slots
from holter.profile import Window
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.rules import Budget
from holter.rules.learning import learn
from holter.rules.null import Null
from holter.rules.stepping import LEARNED_ANEW
from holter.signals.contrasts import Frame
from holter.store import StoredNull
from holter.types import Contrasts, Span

Blocks = Sequence[tuple[Span, Contrasts]]

AGAIN: Final = 28
"""Accepted slots after which a monitor learns anew: four weeks of days."""
SOONER: Final = 7
"""The same while it is not calibrated: each week may bring what is missing."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MADE: Final = 1
"""Raised when the same baseline would be summed up otherwise than before."""


@dataclass(frozen=True)
class Terms:
    """On which terms a monitor learns.

    ``budget`` is its share in the false pages of its model. ``missing`` is what makes it uncalibrated whatever it
    learns ("the baseline holds the rows the model was fitted on"). A ``disowned`` baseline teaches no more: production
    has shown that its days are those of another process.
    """

    budget: Budget
    missing: str = ""
    disowned: bool = False


@dataclass(frozen=True)
class Learned:
    """How slots are summed up, what is normal for the sums, and how both are written down."""

    frame: Frame
    null: Null
    stored: StoredNull


_KNOWN: WeakKeyDictionary[Shelves, dict[str, tuple[str | None, Learned]]] = WeakKeyDictionary()
"""What each monitor of a workspace has learned, as this process knows it, and what was written down then."""
_DIGESTS: WeakKeyDictionary[Window, str] = WeakKeyDictionary()
"""What a baseline in memory is known by."""


def learned(shelves: Shelves, entry: MonitorEntry, baseline: Window, terms: Terms, now: datetime) -> Learned:
    """Return what is normal for a monitor: as it is written down, or learned anew where that is out of date.

    It is out of date when the baseline, the length of a slot or the terms are others, when enough slots were accepted
    since, and when one it was learned from is doubted. Learning writes nothing: whoever publishes the window writes it
    down with it, and until then learning again gives the same.

    Parameters
    ----------
    shelves, entry
        The workspace and the monitor.
    baseline
        What the window is compared with: its profile, and its rows with their event times where they are known.
    terms
        On which terms it learns.
    now
        The wall clock.
    """
    frame = frame_key(entry, baseline)
    kept = _KNOWN.setdefault(shelves, {})
    written, known = shelves.facts.null_key(entry.name), None
    before = kept.get(entry.name)
    if before is not None and written in (before[0], before[1].stored.key):
        known = before[1]
    elif written is not None:
        known = _read(shelves, entry.name)
    if known is None or not _holds(shelves, known, frame, terms):
        known = _learn(shelves, entry, baseline, terms, now, known if known and known.stored.frame == frame else None)
    kept[entry.name] = written, known
    return known


def frame_key(entry: MonitorEntry, baseline: Window) -> str:
    """Return what slots are summed up by, as short text: another baseline or length of a slot gives another."""
    told = (_MADE, entry.every, entry.segments, _digest(baseline))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:24]


def frame_of(baseline: Window) -> Frame:
    """Return how windows are summed up: by features and answers. Labels come later, and are set against answers."""
    return Frame.of(baseline if baseline.rows is None else window_of(baseline.span, baseline.rows, baseline))


def baseline_blocks(frame: Frame, baseline: Window, entry: MonitorEntry) -> Blocks:
    """Return the contrasts of each slot of a baseline, oldest first; nothing where its rows have no event times."""
    if baseline.rows is None:
        return []
    return [
        (span, contrasts_of(frame, window_of(span, rows, baseline), baseline, entry, own=True))
        for span, rows in slots(baseline.rows, entry.every)
    ]


def contrasts_of(
    frame: Frame, window: Window, baseline: Window, entry: MonitorEntry, *, own: bool = False
) -> Contrasts:
    """Return the contrasts of a window and of each of its segments; ``own`` says that it is part of the baseline."""
    parts = [window, *_segments(window, baseline, entry)]
    return Contrasts.joined([frame.contrasts(part, own=own) for part in parts])


def accepted_blocks(shelves: Shelves, monitor: str, frame: str) -> Blocks:
    """Return the contrasts of each accepted slot, oldest first, those of data and of labels beside each other."""
    found: dict[Span, list[Contrasts]] = {}
    for each in shelves.facts.slots(monitor, frame):
        found.setdefault(each.span, []).append(Contrasts.from_bytes(zlib.decompress(each.content)))
    return [(span, Contrasts.joined(parts)) for span, parts in found.items()]


def window_of(span: Span | None, rows: pa.Table, like: Window) -> Window:
    """Return rows as a window with a profile, of the schema of another."""
    return Window(span, like.schema, profile=summary(rows, like.schema), rows=rows)


def _segments(window: Window, baseline: Window, entry: MonitorEntry) -> Iterator[Window]:
    rows = window.rows
    for text in dict.fromkeys(entry.segments) if rows is not None else ():
        try:
            made = cut_of(baseline, text, rows)
            parts = [] if made.lacks(rows) else list(made.split(rows))
        except (HolterError, pa.ArrowException):
            continue  # the measurements of the window say why it cannot be cut
        for segment, part in parts:
            yield replace(window_of(window.span, part, window), segment=segment)


def _learn(
    shelves: Shelves, entry: MonitorEntry, baseline: Window, terms: Terms, now: datetime, before: Learned | None
) -> Learned:
    key = frame_key(entry, baseline)
    frame = before.frame if before is not None else frame_of(baseline)
    since = before.stored.since if before is not None else None
    accepted = accepted_blocks(shelves, entry.name, key)
    upto = accepted[-1][0].end if accepted else None
    blocks, missing = _blocks(frame, baseline, entry, terms, accepted)
    null = learn(blocks, budget=terms.budget, every=entry.every, missing=missing, since=since)
    state = {"frame": frame.to_dict(), "null": null.to_dict()}
    made = _key(key, terms, since, upto)
    return Learned(frame, null, StoredNull(entry.name, made, key, now, since, upto, len(accepted), state))


def _blocks(frame: Frame, baseline: Window, entry: MonitorEntry, terms: Terms, accepted: Blocks) -> tuple[Blocks, str]:
    """Return what to learn from, and what is missing.

    Rows without a time are one block: they tell the level, and not how days differ. Where a baseline says nothing of
    days, or what production does not bear out, accepted slots teach alone once there are enough of them.
    """
    own = baseline_blocks(frame, baseline, entry)
    if own and not terms.disowned:
        return [*own, *accepted], terms.missing
    if len(accepted) >= LEARNED_ANEW:
        return accepted, terms.missing
    whole = contrasts_of(frame, baseline, baseline, entry, own=True)
    first = Span.covering(_EPOCH, entry.every)
    short = f"the baseline has no event times: {LEARNED_ANEW - len(accepted)} more windows tell how they differ"
    return own or [(first, whole)], terms.missing or ("" if own else short)


def _holds(shelves: Shelves, known: Learned, frame: str, terms: Terms) -> bool:
    stored = known.stored
    if stored.frame != frame or stored.key != _key(frame, terms, stored.since, stored.upto):
        return False
    enough = AGAIN if known.null.calibrated else SOONER
    return shelves.facts.taught(stored.monitor, frame, stored.upto) < enough


def _read(shelves: Shelves, monitor: str) -> Learned | None:
    stored = shelves.facts.null(monitor)
    if stored is None:
        return None
    try:
        return Learned(Frame.from_dict(stored.state["frame"]), Null.from_dict(stored.state["null"]), stored)
    except (KeyError, TypeError, ValueError):
        return None  # another version of Holter wrote it otherwise: it is learned again


def _key(frame: str, terms: Terms, since: datetime | None, upto: datetime | None) -> str:
    told = (frame, terms, since and since.isoformat(), upto and upto.isoformat())
    return hashlib.sha256(repr(told).encode()).hexdigest()[:24]


def _digest(baseline: Window) -> str:
    found = _DIGESTS.get(baseline)
    if found is None:
        profile = b"" if baseline.profile is None else baseline.profile.to_bytes()
        told = f"{baseline.span}{baseline.schema}".encode() + profile
        found = _DIGESTS[baseline] = hashlib.sha256(told).hexdigest()
    return found
