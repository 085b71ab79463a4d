"""Judging one window after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import compress
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.rules.budget import Budget
from holter.rules.course import KEPT, Course, On, Seen
from holter.rules.judgement import Finding, Judgement
from holter.rules.learning import learn
from holter.rules.merge import Merge
from holter.rules.null import Null
from holter.rules.rule import Level
from holter.rules.unrest import REMEMBERED, Unrest
from holter.rules.wording import level_of, unit_of, worded
from holter.stats.all_clear import all_clear
from holter.types import Contrasts, Span

Floats = npt.NDArray[np.float64]

PROBATION: Final = 2
"""Windows whose roughness nothing is known of: nothing pages in them."""
_HELD: Final = 2.0
"""Roughness from which pages are held back."""
_ROUGH: Final = 5.0
"""Roughness from which the baseline is taken for another process: nothing is calibrated any more."""
LEARNED_ANEW: Final = 56
"""Accepted windows from which a null is learned anew: eight weeks of days."""
_TRUE: Final = 0.7
"""Share of an effect that is expected to last: what was just large enough to be seen was seen too large."""
_WATCHED: Final = 5
"""Contrasts whose end ends an alarm: the most certain ones."""
_WORTH: Final = (Level.PAGE, Level.WARNING, Level.INFORMATION)


def step(
    null: Null, course: Course, span: Span, contrasts: Contrasts, *, material: bool = True
) -> tuple[Course, Judgement]:
    """Judge one more window.

    Parameters
    ----------
    null
        What is usual.
    course
        What is remembered; :meth:`Course.new` at first.
    span
        The window. One that was seen before (late rows, late labels) takes the place of what was seen of it, and is
        judged again; one older than all that is remembered is judged alone and forgotten.
    contrasts
        Of the window; what it lacks is not judged.
    material
        Whether a difference must be material to be a warning.

    Returns
    -------
    tuple
        The next course, and what is said of the window.
    """
    null = course.relearned or null
    found = contrasts.over(null.keys)
    seen = Seen(span, found.n.astype(np.float32), found.mean)
    again = any(each.span == span for each in course.seen)
    late = [each for each in course.seen if each.span != span and each.span < span][-(KEPT - 1) :]
    look = _Look.of(null, course, [*late, seen])
    findings = look.findings(material=material) if len(null.keys) else ()
    judgement, on, cut = _judged(null, course, look, findings, span)
    looked = frozenset(compress(null.looked, (found.n > 0).tolist()))
    judgement = replace(judgement, looked=looked)
    seen = replace(seen, alarmed=judgement.alarm)
    after = [each for each in course.seen if each.span > span]
    count = course.count + (not again)
    following = Course((*late, seen, *after)[-KEPT:], on, cut, count, look.rough, course.relearned)
    return _relearned(null, following), judgement


@dataclass(frozen=True, eq=False)
class _Look:
    """The newest windows as arrays, and how rough they are."""

    null: Null
    spans: tuple[Span, ...]
    n: Floats
    apart: Floats
    unrest: Floats
    roughness: float
    known: int
    rough: bool
    usable: int

    @classmethod
    def of(cls, null: Null, course: Course, seen: Sequence[Seen]) -> "_Look":
        spans = tuple(each.span for each in seen)
        n = np.stack([each.n for each in seen]).astype(np.float64)
        mean = np.stack([each.mean for each in seen]).astype(np.float64)
        apart = np.where(n > 0, null.products.own_part(n, mean) - null.mean - null.calendar(spans), 0.0)
        recent = slice(max(len(seen) - 1 - REMEMBERED - 1, 0), len(seen) - 1)  # without the newest
        late = Unrest.of(null, n[recent], apart[recent])
        roughness = late.roughness
        usable = sum(each.span.end.timestamp() > course.cut for each in seen)
        rough = course.rough or (len(late.square) >= PROBATION and roughness >= _ROUGH)
        return cls(null, spans, n, apart, late.inflation, roughness, len(seen), rough, usable)

    def merge(self, place: int) -> Merge | None:
        """Return as many of the newest windows as make a scale, merged; None where an alarm ended since."""
        wanted, length, count = self.null.scales[place] * self.null.every, timedelta(0), 0
        for span in reversed(self.spans[len(self.spans) - self.usable :]):
            length, count = length + span.length, count + 1
            if length >= wanted or place == 0:
                newest = slice(len(self.spans) - count, None)
                return Merge.of(self.null, self.spans[newest], self.n[newest], self.apart[newest], self.unrest)
        return None

    def findings(self, *, material: bool) -> tuple[Finding, ...]:
        """Return what is real at any scale, each contrast at the scale where it is most certain."""
        best: dict[object, Finding] = {}
        for place in range(len(self.null.scales)):
            merge = self.merge(place)
            for finding in () if merge is None else _found(merge, place, material=material):
                if finding.key not in best or finding.p < best[finding.key].p:
                    best[finding.key] = finding
        order = sorted(
            best.values(), key=lambda each: (_WORTH.index(each.level), each.p, -abs(each.effect), each.key.name)
        )
        return tuple(order)


def _found(merge: Merge, place: int, *, material: bool) -> list[Finding]:
    null, scale = merge.null, merge.null.scales[place]
    chosen = merge.candidates()
    tails = merge.tails(chosen) if len(chosen) else np.empty(0)
    found = []
    for at, p in zip(chosen.tolist(), tails.tolist(), strict=True):
        limit, key, effect = float(null.levels[place, at]), null.keys[at], float(merge.apart[at])
        if p <= limit:
            level = level_of(key, effect, float(null.mean[at]), material=material)
            sentence = worded(key, effect, scale, p, limit)
            found.append(Finding(key, scale, p, limit, effect, unit_of(key), level, sentence))
    for number, mix in enumerate(null.mixes):
        limit = float(null.mix_levels[place, number])
        p, effect = merge.mix(mix)
        if p <= limit:
            level = level_of(mix.key, effect, 0.0, material=material)
            sentence = worded(mix.key, effect, scale, p, limit)
            found.append(Finding(mix.key, scale, p, limit, effect, unit_of(mix.key), level, sentence))
    return found


def _judged(
    null: Null, course: Course, look: _Look, findings: tuple[Finding, ...], span: Span
) -> tuple[Judgement, On | None, float]:
    why = _uncalibrated(null, look)
    if why:
        return Judgement(span, calibrated=False, findings=tuple(map(_mere, findings)), why=why), None, course.cut
    held = _held(course, look)
    if held:
        findings = tuple(map(_mere, findings))
    worst = next((each.level for each in findings if each.level is not Level.INFORMATION), None)
    on, cut, over = course.on, course.cut, False
    if on is not None:
        on, over = _continued(look, on)
        cut = span.end.timestamp() if over else cut
    if over:
        return Judgement(span, calibrated=True, why="the alarm is over: windows are as usual again"), None, cut
    if on is not None:
        level = on.level if worst is None or _WORTH.index(on.level) < _WORTH.index(worst) else worst
        on = replace(on, level=level)
        return (
            Judgement(span, calibrated=True, findings=findings, on=level, why=f"since {_day(on.since)}: {on.sentence}"),
            on,
            cut,
        )
    if worst is None:
        return Judgement(span, calibrated=True, findings=findings, why=held), None, cut
    begun = _begun(look, findings, worst, span)
    return Judgement(span, calibrated=True, findings=findings, on=worst, began=True), begun, cut


def _uncalibrated(null: Null, look: _Look) -> str:
    if look.rough:
        rougher = f"windows differ from each other {look.roughness:.1f} times as much as those of the baseline"
        return f"{rougher}; {LEARNED_ANEW} windows are needed to learn anew"
    return null.missing


def _held(course: Course, look: _Look) -> str:
    if course.count < PROBATION:
        return "the first windows are compared with each other before anything is said"
    if look.roughness >= _HELD:
        return f"windows differ from each other {look.roughness:.1f} times as much as those of the baseline"
    return ""


def _mere(finding: Finding) -> Finding:
    return replace(finding, level=Level.INFORMATION)


def _begun(look: _Look, findings: Sequence[Finding], level: Level, span: Span) -> On:
    """Return an alarm on the most certain contrasts; of a whole column on its most changed shares."""
    known = {key: place for place, key in enumerate(look.null.keys)}
    watched: dict[int, float] = {}
    for finding in [each for each in findings if each.level is not Level.INFORMATION][:_WATCHED]:
        merge = look.merge(look.null.scales.index(finding.scale))
        assert merge is not None  # noqa: S101  (the finding was seen in it)
        place = known.get(finding.key)
        if place is None:
            members = next(mix.members for mix in look.null.mixes if mix.key == finding.key)
            place = int(members[np.argmax(np.abs(merge.score[members]))])
        watched.setdefault(place, _TRUE * float(merge.apart[place]))
    clear = (0.0,) * len(watched)
    return On(level, span.start.timestamp(), tuple(watched), tuple(watched.values()), clear, findings[0].sentence)


def _continued(look: _Look, on: On) -> tuple[On, bool]:
    newest = look.merge(0)
    if newest is None:
        return on, False
    places = np.array(on.places, np.int64)
    apart = np.where(newest.rows[places] > 0, newest.apart[places], np.nan)
    evidence, over = all_clear(apart, np.array(on.effect), newest.variance[places], np.array(on.cleared))
    return replace(on, cleared=tuple(evidence.tolist())), over


def _relearned(null: Null, course: Course) -> Course:
    """Learn anew where the first null does not hold, once enough windows were accepted."""
    if not course.rough and null.calibrated:
        return course
    quiet = [each for each in course.seen if not each.alarmed]
    if len(quiet) < LEARNED_ANEW:
        return course
    blocks = [(each.span, null.as_contrasts(each.n, each.mean)) for each in quiet]
    return replace(course, relearned=learn(blocks, budget=_same(null), every=null.every), rough=False)


def _same(null: Null) -> Budget:
    return Budget(null.level, per="window")


def _day(since: float) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(since, UTC):%Y-%m-%d}"
