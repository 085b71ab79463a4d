"""How often a rule would fire though nothing is wrong: asked of the baseline's own windows."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean, stdev
from typing import Any, Final

import pyarrow as pa

from holter.errors import HolterError
from holter.monitor.history import fold
from holter.monitor.learning import window_of
from holter.monitor.publishing import signal_of
from holter.monitor.sharing import share
from holter.monitor.slots import slots
from holter.monitor.watch import Watch
from holter.profile import Window
from holter.rules import Rule
from holter.signals import Need, Signal
from holter.types import Measurement, Span, Verdict

QUARTER: Final = timedelta(days=365.25) / 4
MOST: Final = 120
"""Newest windows of a baseline that are measured: four months of days, and a few seconds."""
_RARE: Final = 0.001
"""Rates below are not told apart: nobody waits 250 years."""
LEAST: Final = 8
"""Windows below which a spread between windows is a guess."""


@dataclass(frozen=True)
class ByChance:
    """How often a rule fires while all is as it was in the baseline.

    ``per_quarter`` is None where it cannot be told, and ``why`` says what is missing. The rule would have fired
    ``fired`` times over ``windows`` windows of the baseline.
    """

    rule: str
    per_quarter: float | None
    fired: int = 0
    windows: int = 0
    why: str = ""

    def __str__(self) -> str:
        if self.per_quarter is None:
            return f"{self.rule}: how often it fires by chance cannot be told: {self.why}."
        often = f"{self.per_quarter:.2g}" if self.per_quarter >= _RARE else f"less than {_RARE:g}"
        seen = f" ({self.fired} in the {self.windows} windows of the baseline)" if self.windows else f" ({self.why})"
        return f"{self.rule}: fires by chance about {often} times a quarter{seen}."

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: getattr(self, name) for name in ("rule", "per_quarter", "fired", "windows", "why")}


def by_chance(watch: Watch, rules: Sequence[Rule]) -> list[ByChance]:
    """Tell for each rule how often it would fire by chance in a quarter.

    A rule that follows the calibrated verdict spends the budget. One with a fixed threshold is asked of the baseline:
    its metric is measured in the baseline's own windows, and the spread between these says how often a window of that
    kind lies beyond the threshold (a t law with the error of mean and spread in it, for each feature), and how often
    ``for_windows`` of them do in a row. Windows that overlap count as one.

    Parameters
    ----------
    watch
        The monitor.
    rules
        Any rules, also such as the monitor does not have.
    """
    baseline = baseline_of(watch)
    measured: dict[str, Mapping[Span, Sequence[Measurement]]] = {}
    found = []
    for rule in rules:
        name = signal_of(rule)
        if not _is_fixed(rule):
            found.append(_budgeted(watch, rule))
            continue
        if name not in measured:
            measured[name] = dict(_measured(watch, watch.signals.get(name), baseline))
        found.append(_asked(watch, rule, measured[name]))
    return found


def _is_fixed(rule: Rule) -> bool:
    return rule.above is not None or rule.below is not None or rule.equal is not None


def _budgeted(watch: Watch, rule: Rule) -> ByChance:
    budget = share(watch.shelves, watch.entry)
    most = budget.level(watch.entry.every) * (QUARTER / watch.entry.every)
    return ByChance(rule.name, most, why=f"at most: its share of the budget, {watch.entry.budget}")


def baseline_of(watch: Watch) -> Window | None:
    """Return the baseline of the newest window; None where there is none, or nothing has happened yet."""
    newest = watch.target.watermark()
    if newest is None:
        return None
    try:
        found = watch.target.case(Span.covering(newest, watch.entry.every), Need.PROFILE | Need.ROWS).baseline
    except HolterError:
        return None
    return found if found.n and found.rows is not None else None


def _measured(
    watch: Watch, signal: Signal | None, baseline: Window | None
) -> Iterator[tuple[Span, Sequence[Measurement]]]:
    if signal is None or baseline is None or baseline.rows is None:
        return
    entry = watch.entry
    cut = list(slots(baseline.rows, entry.every))[-MOST:]
    for slot, rows in cut:
        span = slot.reaching_back(max(entry.over, entry.every))
        inside = [each for part, each in cut if part.start >= span.start and part.end <= span.end]
        window = window_of(span, pa.concat_tables(inside) if len(inside) > 1 else rows, baseline)
        yield span, [replace(each, window=span) for each in signal.measure(window, baseline)]


def _asked(watch: Watch, rule: Rule, measured: Mapping[Span, Sequence[Measurement]]) -> ByChance:
    history = {span: [each for each in found if rule.watches(each)] for span, found in measured.items()}
    answered = {span: found for span, found in history.items() if any(each.value is not None for each in found)}
    if len(answered) < LEAST:
        why = f"the baseline has {len(answered)} windows with event times in which it can be measured, of {LEAST}"
        return ByChance(rule.name, None, why=why)
    fired = len(fold(watch.entry.name, rule, answered))
    step = max(watch.entry.every, watch.entry.over)
    apart = max(watch.entry.every / watch.entry.over, 1 / len(answered)) if watch.entry.over else 1.0
    chance = _chance(rule, answered, min(apart, 1.0))
    row = max(1, math.ceil(rule.for_windows * (watch.entry.every / step)))
    return ByChance(rule.name, (QUARTER / step) * chance**row * (1 - chance), fired, len(answered))


def _chance(rule: Rule, history: Mapping[Span, Sequence[Measurement]], apart: float) -> float:
    """Return the chance that a window breaks a rule by any feature or segment."""
    series: dict[tuple[str | None, str | None], list[Measurement]] = {}
    for found in history.values():
        for each in found:
            if each.value is not None and each.verdict is not Verdict.ERROR:
                series.setdefault((each.feature, each.segment), []).append(each)
    none = 1.0
    for found in series.values():
        none *= 1 - _beyond(rule, found, apart)
    return 1 - none


def _beyond(rule: Rule, found: Sequence[Measurement], apart: float) -> float:
    lows = [each.interval.low if rule.sure and each.interval else float(each.value or 0.0) for each in found]
    highs = [each.interval.high if rule.sure and each.interval else float(each.value or 0.0) for each in found]
    p = 0.0
    if rule.above is not None:
        p += _tail(lows, rule.above, apart)
    if rule.below is not None:
        p += _tail([-high for high in highs], -rule.below, apart)
    if rule.equal is not None:
        p += sum(each.value == rule.equal for each in found) / len(found)
    return min(p, 1.0)


def _tail(values: Sequence[float], limit: float, apart: float) -> float:
    """Return the chance that the next value lies above a limit, the error of mean and spread included."""
    if len(values) < LEAST:
        return sum(value > limit for value in values) / len(values)
    spread, effective = stdev(values), max(len(values) * apart, 2.0)
    if spread == 0:
        return float(values[0] > limit)
    from scipy.special import stdtr  # heavy: only who asks pays

    t = (limit - fmean(values)) / (spread * math.sqrt(1 + 1 / effective))
    return float(stdtr(effective - 1, -t))
