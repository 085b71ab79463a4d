"""Which labels have come, how late, and for which rows?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa

from holter.profile import Profile, Window
from holter.profile.outcomes import Outcomes
from holter.profile.outcomes.waits import Waits, labelled
from holter.signals.comparable import LEAST, Laid
from holter.signals.contained import contained
from holter.signals.distances import distances
from holter.signals.noise import Z
from holter.signals.rates import rate
from holter.signals.signal import Need
from holter.stats import wilson
from holter.stats.delays import Delays, delays_seen, delays_whole
from holter.types import PREDICTION, SCORE, Evidence, Interval, Measurement, Verdict

HOUR: Final = 3600.0
_QUANTILES: Final = {"delay_p50_hours": 0.5, "delay_p90_hours": 0.9}


@dataclass(frozen=True)
class Labels:
    r"""Which labels have come, how late, and for which rows?

    - ``coverage``: share of records whose label is known. Where older records are known, it is compared with the share
      of those that have one, times ``maturity``: what should have come by now.
    - ``delay_p50_hours``, ``delay_p90_hours``: how long labels take. Of young records only quick labels are seen, which
      :func:`holter.stats.delays.delays_seen` takes into account.
    - ``maturity``: share of the labels that will come which has come, :math:`\frac1n \sum_i F(a_i)`, with F the law of
      the delay in older records (else in the baseline, else in these) and a the age of a record when the newest label
      came. Its interval is Wilson's for as many rows as F was learned from. A metric of performance is final to this
      share.
    - ``selection``: the Jensen-Shannon distance between labelled and unlabelled rows in the column that differs most,
      of features, score and prediction. Its p-value is that of the column times the number of columns. Labels that come
      for some kinds of rows only make every metric of performance one of those kinds.

    Examples
    --------
    >>> from datetime import datetime, timedelta
    >>> from holter.types import Schema
    >>> start = datetime(2026, 3, 1)
    >>> at = [start + timedelta(minutes=place) for place in range(200)]
    >>> came = [moment + timedelta(hours=2) if place < 100 else None for place, moment in enumerate(at)]
    >>> rows = pa.table({"_event_time": at, "_labelled_at": came, "_label": [1.0] * 100 + [None] * 100})
    >>> window = Window(None, Schema(()), rows=rows)
    >>> [f"{each.metric} {each.value:.2f}" for each in Labels().measure(window, window) if each.value is not None]
    ['coverage 0.50', 'delay_p50_hours 2.00', 'delay_p90_hours 2.00', 'maturity 0.50']
    """

    name: ClassVar[str] = "labels"
    needs: ClassVar[Need] = Need.ROWS | Need.LABELS | Need.EARLIER
    metrics: ClassVar[tuple[str, ...]] = ("coverage", *_QUANTILES, "maturity", "selection")

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for a window of rows."""
        rows = target.rows
        if rows is None:
            return [_none(metric, Verdict.UNDEFINED, "the window has no rows") for metric in self.metrics]
        waits = Waits.of(rows)
        older = _older(target.earlier, baseline)
        law = older or delays_seen(*waits.delays_with_ages)
        ripe = _maturity(waits, law)
        found = contained(self.name, "coverage", lambda: [_coverage(waits, target.earlier, ripe.value)])
        for metric in _QUANTILES:
            found += contained(self.name, metric, partial(_delay, metric, waits, older))
        return [*found, ripe, *contained(self.name, "selection", lambda: [_selection(target, rows)])]


def _none(metric: str, verdict: Verdict, why: str, n: int = 0) -> Measurement:
    return Measurement.unanswered(Labels.name, metric, verdict, why, n=n)


def _older(earlier: Outcomes | None, baseline: Window) -> Delays | None:
    """Return the law of the delays of older records: those before the window, else those of the baseline."""
    for sums in (earlier, baseline.outcomes):
        if sums is not None and sums.delays is not None:
            found = delays_whole(sums.delays.values, sums.delays.weights)
            if found is not None:
                return found
    return None if baseline.rows is None else delays_seen(*Waits.of(baseline.rows).delays_with_ages)


def _coverage(waits: Waits, earlier: Outcomes | None, ripe: float | None) -> Measurement:
    n, there = len(waits.known), int(waits.known.sum())
    due = None
    if earlier is not None and earlier.labelled and ripe is not None:
        due = round(earlier.labelled * ripe), earlier.rows
    return rate(Labels.name, "coverage", there, n, due)


def _delay(metric: str, waits: Waits, older: Delays | None) -> list[Measurement]:
    """Return a quantile of the delay; its interval reads the law where a share of n may lie."""
    delays, ages = waits.delays_with_ages
    law, q = delays_seen(delays, ages), _QUANTILES[metric]
    if law is None:
        verdict = Verdict.INSUFFICIENT if len(delays) else Verdict.UNDEFINED
        return [_none(metric, verdict, f"{len(delays)} labels with a time; {LEAST} are needed", len(delays))]
    half = Z * math.sqrt(q * (1 - q) / law.n)
    low, value, high = (law.quantile(share) / HOUR for share in (q - half, q, q + half))
    evidence = None
    if older is not None:
        evidence = Evidence(effect=value - older.quantile(q) / HOUR, baseline=older.quantile(q) / HOUR)
    return [Measurement(Labels.name, metric, value, law.n, interval=Interval(low, high), evidence=evidence)]


def _maturity(waits: Waits, law: Delays | None) -> Measurement:
    ages = waits.ages
    if law is None or not len(ages):
        why = "no label has a time yet" if not len(ages) else "too few delays are known to tell how long labels take"
        return _none("maturity", Verdict.INSUFFICIENT if len(ages) else Verdict.UNDEFINED, why, len(ages))
    value = float(np.mean(law.share(ages)))
    return Measurement(Labels.name, "maturity", value, len(ages), interval=wilson(value * law.n, law.n))


def _selection(target: Window, rows: pa.Table) -> Measurement:
    known = labelled(rows)
    few = min(int(known.sum()), int((~known).sum()))
    if few < LEAST:
        why = f"{int(known.sum())} rows with and {int((~known).sum())} without a label; {LEAST} of each are needed"
        return _none("selection", Verdict.INSUFFICIENT, why, len(known))
    wanted = {*target.schema.names, SCORE, PREDICTION}
    shown = rows.select([name for name in rows.column_names if name in wanted])
    kinds = {each.name: each.kind for each in target.schema.features}
    with_label, without = (Profile.of(shown.filter(pa.array(side)), kinds=kinds) for side in (known, ~known))
    found = [
        each
        for name in shown.column_names
        for each in distances(Labels.name, Laid(with_label.columns[name], without.columns[name]), feature=name)
        if each.metric == "jensen_shannon" and each.evidence is not None and each.evidence.p_value is not None
    ]
    if not found:
        return _none("selection", Verdict.UNDEFINED, "no column can be compared", len(known))
    most = min(found, key=lambda each: (_p(each), -(each.value or 0.0)))
    evidence = most.evidence and replace(most.evidence, p_value=min(1.0, len(found) * _p(most)))
    return replace(
        most, metric="selection", feature=None, evidence=evidence, reason=f"they differ most in {most.feature}"
    )


def _p(measurement: Measurement) -> float:
    evidence = measurement.evidence
    return 1.0 if evidence is None or evidence.p_value is None else evidence.p_value
