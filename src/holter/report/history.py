"""The metric of an alert over time: one picture for the page and for the mail."""

from collections.abc import Sequence
from dataclasses import dataclass

from holter.charts import WIDE, Spec, performance
from holter.charts.heatmap import recent_drift
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.report.figure import Figure, drawn
from holter.report.subject import DRIFT, WINDOWS
from holter.report.wording import interval, window
from holter.rules import Alert, Rule, number, title
from holter.types import Measurement, Span


@dataclass(frozen=True)
class AlertHistory:
    """What the metric of an alert did before and while it was open.

    ``drifted`` names the features that drifted most in the window judged last, with the name of their metric.
    """

    alert: Alert
    rule: Rule | None
    series: Sequence[Measurement]
    drifted: Sequence[Measurement]

    @property
    def name(self) -> str:
        """The metric in words, with its feature and segment."""
        m = self.alert.measurement
        return title(m.name) + (f" of {m.feature}" if m.feature else "") + (f" where {m.segment}" if m.segment else "")

    @property
    def threshold(self) -> float | None:
        """The fixed threshold of the rule, else the one it was judged by."""
        if self.rule is None:
            return self.alert.measurement.threshold
        fixed = self.rule.below if self.rule.below is not None else self.rule.above
        return fixed if fixed is not None else self.alert.measurement.threshold

    @property
    def baseline(self) -> float | None:
        """The value of the metric in the baseline, where it is known."""
        evidence = self.alert.measurement.evidence
        return evidence.baseline if evidence else None

    def spec(self, width: int = WIDE) -> Spec:
        """Return the picture: the line, its interval, the threshold, a diamond on each window of the alert."""
        signal = self.alert.measurement.signal
        line = "estimated" if signal == "estimated_performance" else "realised"
        return performance(
            {line: self.series},
            self.threshold,
            [self.alert],
            title=self.name,
            unit=self.name.partition(" (")[0],
            baseline=self.baseline,
            width=width,
        )

    def figure(self) -> Figure | None:
        """Return the picture for a page; None where no window is left."""
        if not self.series:
            return None
        full = self.alert.measurement.name
        rows = [
            (
                window(m.window),
                number(full, m.value),
                interval(full, m.interval),
                f"{m.n:,}",
                str(m.verdict or m.reason),
            )
            for m in reversed(self.series)
        ]
        caption = "Band: 95 % interval. Diamonds: windows of this alert."
        heads = ("window, UTC", self.name, "95 % interval", "records", "verdict")
        return drawn(self.name, caption, self.spec, heads, rows)


def history_of(shelves: Shelves, alert: Alert) -> AlertHistory:
    """Gather the history of an alert's metric up to the window it was judged on last, and what drifted in it."""
    entry = next((each for each in shelves.registry.monitors() if each.name == alert.monitor), None)
    step = entry.every if entry else alert.judged.length
    span = Span(alert.opened.start - step * (WINDOWS // 3), alert.judged.end)
    m = alert.measurement
    series = shelves.facts.measurements(alert.monitor, metric=m.name, feature=m.feature, span=span)
    same = [each for each in series if (each.feature, each.segment) == (m.feature, m.segment)][-WINDOWS:]
    rule = next((each for each in entry.rules if each.name == alert.rule), None) if entry else None
    return AlertHistory(alert, rule, same, _drifted(shelves, entry, alert))


def _drifted(shelves: Shelves, entry: MonitorEntry | None, alert: Alert) -> Sequence[Measurement]:
    """Return drift in the window judged last, the most drifted first; a monitor that measures no drift has none."""
    if entry is None or alert.measurement.signal == "data_drift":
        return ()
    for metric in DRIFT:
        found = shelves.facts.measurements(alert.monitor, metric=metric, span=alert.judged, whole=True)
        order = list(recent_drift(found))
        if order:
            known = [m for m in found if m.value is not None and m.feature in order]
            return sorted(known, key=lambda m: order.index(str(m.feature)))
    return ()
