"""One decision: whether what is new in a window is normal, and where decisions stand after it."""

import hashlib
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from holter.monitor.judging import NOT_HELD_OUT
from holter.monitor.learning import Learned, Terms, contrasts_of, learned
from holter.monitor.parts import Part
from holter.monitor.sharing import share
from holter.monitor.slots import slot_of
from holter.profile import Window
from holter.registry.book import SYSTEM
from holter.rules.course import Course
from holter.rules.judgement import Judgement
from holter.rules.null import Null
from holter.rules.stepping import step
from holter.signals import Need
from holter.store import Entry, StoredCourse, StoredNull, StoredSlot, Transaction
from holter.types import LABEL, Contrasts, Family, Span

if TYPE_CHECKING:
    from holter.monitor.watch import Watch

_ROWS: Final = Need.PROFILE | Need.ROWS


@dataclass(frozen=True)
class Decision:
    """What was decided on one slot, and what there is to write down when its window is published.

    ``null`` is what was learned just now, else None, and ``news`` what the ledger is to know of it. ``course`` and
    ``slot`` are None when the slot is not newer than all that was decided: it is judged again, and nothing moves.
    ``doubted`` slots teach no more.
    """

    part: Part
    judgement: Judgement
    null: StoredNull | None = None
    news: Entry | None = None
    course: StoredCourse | None = None
    slot: StoredSlot | None = None
    doubted: Span | None = None

    def write(self, transaction: Transaction, *, learned: bool = True) -> None:
        """Write down what was learned, where decisions stand, and what may teach: with the window, or not at all.

        ``learned`` False leaves what was learned to another decision that learned the same.
        """
        if self.course is None:
            return
        if self.null is not None and learned:
            transaction.keep_null(self.null)
            if self.news is not None:
                transaction.record(self.news, self.null.learned)
        transaction.move_course(self.course)
        if self.slot is not None:
            transaction.keep_slot(self.slot)
            if self.doubted is not None:
                transaction.doubt(self.slot.monitor, self.doubted)


def decide_on(watch: "Watch", window: Span, part: Part) -> Decision | None:
    """Decide on what a window brings that is new; None where there is no baseline to learn from.

    Parameters
    ----------
    watch
        The monitor.
    window
        The window; its newest stretch of the length ``every`` is decided on, with what came before as far as the course
        remembers it.
    part
        Data or labels.
    """
    slot, entry = slot_of(watch.entry, window), watch.entry
    needs = _ROWS | Need.LABELS if part is Part.LABELS else _ROWS
    case = watch.target.case(slot, needs)
    if not case.baseline.n:
        return None
    stood = watch.shelves.facts.course(entry.name, str(part))
    data = stood if part is Part.DATA else watch.shelves.facts.course(entry.name, str(Part.DATA))
    terms = Terms(share(watch.shelves, entry), "" if case.held_out else NOT_HELD_OUT, disowned=_disowned(data))
    known = learned(watch.shelves, entry, case.baseline, terms, watch.now)
    target = _without_labels(case.target) if part is Part.DATA else case.target
    found = part_of(contrasts_of(known.frame, target, case.baseline, entry), part)
    standing = _standing(known)
    if stood is not None and stood.frame != standing:
        stood = None
    new = None if watch.shelves.facts.null_key(entry.name) == known.stored.key else known.stored
    news = None if new is None else _rebaselined(watch, new)
    before = Course.new() if stood is None else Course.from_dict(stood.state)
    asked = found.only(lambda key: key.signal in watch.signals)
    course, judgement = _stepped(known.null, before, slot, asked)
    if stood is not None and slot.end <= stood.upto:
        return Decision(part, judgement, new, news)
    frame, content = known.stored.frame, zlib.compress(found.to_bytes())
    return Decision(
        part,
        judgement,
        new,
        news,
        StoredCourse(entry.name, str(part), standing, slot.end, course.to_dict()),
        StoredSlot(entry.name, str(part), slot, frame, content, judgement.accepted),
        _doubted(judgement, slot) if judgement.alarm else None,
    )


def _rebaselined(watch: "Watch", new: StoredNull) -> Entry | None:
    """Return the ledger entry of a monitor that begins to compare with another baseline, such as a newer version's."""
    before = watch.shelves.facts.null(new.monitor)
    if before is None or before.frame == new.frame:
        return None
    facts = {"before": before.frame, "after": new.frame, "from": watch.now.isoformat(), "slots": new.slots}
    reason = "it is compared with another baseline, and learns from that what is normal"
    return Entry(SYSTEM, "monitor.rebaseline", f"monitor:{new.monitor}", reason, facts)


def _standing(known: Learned) -> str:
    """Return what a course can be continued by: the same frame, and means in the same order."""
    keys = hashlib.sha256(repr([key.to_list() for key in known.null.keys]).encode()).hexdigest()[:12]
    return f"{known.stored.frame}:{keys}"


def _disowned(stood: StoredCourse | None) -> bool:
    """Tell whether windows were too rough for the baseline, so that a null was learned from them alone."""
    return stood is not None and stood.state.get("relearned") is not None


def _without_labels(window: Window) -> Window:
    """Leave labels out where they are not asked for: setting them against answers is half of the work."""
    rows = window.rows
    return (
        window if rows is None or LABEL not in rows.column_names else replace(window, rows=rows.drop_columns([LABEL]))
    )


def _stepped(null: Null, before: Course, slot: Span, found: Contrasts) -> tuple[Course, Judgement]:
    """Go on by what was learned from all accepted slots, once there is that: it is learned again as they come.

    A course learns for itself once, from the slots that it remembers. That it did so is kept: it says that the baseline
    is disowned.
    """
    own = before.relearned
    if own is None or not null.calibrated:
        return step(null, before, slot, found)
    course, judgement = step(null, replace(before, relearned=None), slot, found)
    return replace(course, relearned=own), judgement


def part_of(contrasts: Contrasts, part: Part) -> Contrasts:
    """Keep what belongs to a part: labels tell of residuals and losses, data of all else."""
    labels = part is Part.LABELS
    return contrasts.only(lambda key: (key.family is Family.LABEL) is labels)


def _doubted(judgement: Judgement, slot: Span) -> Span:
    """Return how far back an alarm reaches: merged slots began to change before it was seen."""
    longest = max((finding.scale for finding in judgement.findings), default=1)
    return slot.reaching_back(longest * slot.length)
