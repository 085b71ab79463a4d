"""A picture on a page: drawn wide and narrow, with its numbers as a table beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from holter.charts import NARROW, WIDE, Spec, distribution, drift_heatmap, performance, ranked, traffic
from holter.charts.distribution import few_values
from holter.charts.heatmap import FEATURES, recent_drift
from holter.charts.traffic import Minutes
from holter.profile import CategoricalColumn, NumericColumn
from holter.report.picture import svg
from holter.report.subject import HARM, Subject, latest, of_last_window
from holter.report.wording import interval, minute, window
from holter.rules import number, title
from holter.types import Measurement, Traffic

HALF = 500
"""Width of a picture in half a page."""
Columns = NumericColumn | CategoricalColumn


@dataclass(frozen=True)
class Figure:
    """A heading, a line under it, the picture twice, and the table for those who read numbers."""

    heading: str
    caption: str
    wide: Markup
    narrow: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def drawn(
    heading: str,
    caption: str,
    draw: Callable[[int], Spec],
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int = WIDE,
) -> Figure:
    """Draw both sizes; the pictures are our own SVG, in which every name from data is escaped."""
    wide, narrow = (Markup(svg(draw(each))) for each in (width, NARROW))  # noqa: S704
    return Figure(heading, caption, wide, narrow, tuple(columns), tuple(tuple(row) for row in rows))


def performance_figure(subject: Subject, metric: str | None = None) -> Figure | None:
    """Draw how good the model was, from labels and without; None where neither was measured."""
    best = subject.performance or subject.estimated
    if best is None:
        return None
    history, chosen = best if metric is None else (best[0], metric)
    lines = {"realised": history.series(f"performance.{chosen}")}
    if subject.estimated is not None and subject.estimated[1] == chosen:
        lines["estimated"] = subject.estimated[0].series(f"estimated_performance.{chosen}")
    shown = {name: series for name, series in lines.items() if any(m.value is not None for m in series)}
    if not shown:
        return None
    name, full = title(f"performance.{chosen}"), f"performance.{chosen}"
    limit, before = subject.threshold(history, full), _baseline(next(iter(shown.values())))

    def draw(width: int) -> Spec:
        return performance(
            shown, limit, subject.alerts, title=name, unit=name.partition(" (")[0], baseline=before, width=width
        )

    caption = "Band: 95 % interval. Diamonds: windows of an alert. " + _lines_said(list(shown))
    rows = [_row(m, line) for line, series in shown.items() for m in reversed(series)]
    heads = ("window, UTC", "line", name, "95 % interval", "records", "verdict")
    return drawn(name, caption, draw, heads, rows)


def _lines_said(lines: list[str]) -> str:
    words = {
        "realised": "Realised: from labels.",
        "estimated": "Estimated: from the scores alone, before labels are known.",
    }
    return " ".join(words[line] for line in lines)


def _baseline(series: Sequence[Measurement]) -> float | None:
    last = latest(series)
    return last.evidence.baseline if last is not None and last.evidence is not None else None


def _row(m: Measurement, line: str) -> tuple[str, ...]:
    told = str(m.verdict or "") if m.value is not None else m.reason
    return window(m.window), line, number(m.name, m.value), interval(m.name, m.interval), f"{m.n:,}", told


def drift_figure(subject: Subject) -> Figure | None:
    """Draw which features drifted when; None where no drift was measured."""
    if subject.drift is None:
        return None
    history, metric = subject.drift
    series = [m for m in history.series(metric) if m.feature is not None]
    means = recent_drift(series)
    values: dict[str, list[Measurement]] = {name: [m for m in series if m.feature == name] for name in means}
    rows = []
    for name, mean in means.items():
        known = [m for m in values[name] if m.value is not None]
        worst = max(known, key=lambda m: m.value or 0.0)
        rows.append(
            (
                name,
                number(metric, known[-1].value),
                number(metric, mean),
                number(metric, worst.value),
                window(worst.window),
                str(known[-1].verdict or ""),
            )
        )
    heads = ("feature", "last window", "mean of the last 7", "largest", "when, UTC", "verdict")
    more = f" The {FEATURES} most drifted of {len(means)}." if len(means) > FEATURES else ""
    words = title(metric)
    caption = f"{words}. Most drifted in the last 7 windows on top.{more}"
    return drawn(
        "Drift by feature",
        caption,
        lambda w: drift_heatmap(series, title="Drift by feature", metric=words, width=w),
        heads,
        rows,
    )


def ranking_figure(subject: Subject) -> Figure | None:
    """Draw the drift of the newest window, the most drifted feature first."""
    if subject.drift is None:
        return None
    history, metric = subject.drift
    last = [m for m in of_last_window(history.series(metric)) if m.value is not None]
    words, when = title(metric), window(last[0].window)
    rows = [(m.feature or "", number(metric, m.value), str(m.verdict or "")) for m in last]
    heading = "Most drifted features"
    caption = f"{words}, {when} (UTC). Red: raised an alarm."
    return drawn(
        heading, caption, lambda w: ranked(last, title=heading, width=w), ("feature", words, "verdict"), rows, HALF
    )


def harm_figure(subject: Subject) -> Figure | None:
    """Draw what drifted weighed by how much the model leans on it; None where that is not measured."""
    history = next((each for each in subject.histories if each.answered(HARM)), None)
    if history is None:
        return None
    last = [m for m in of_last_window(history.series(HARM)) if m.value is not None]
    rows = [(m.feature or "", number(HARM, m.value), interval(HARM, m.interval)) for m in last]
    heading = "Expected harm of what drifted"
    caption = f"Importance of the feature times its drift, {window(last[0].window)} (UTC)."
    heads = ("feature", title(HARM), "95 % interval")
    return drawn(heading, caption, lambda w: ranked(last, title=heading, width=w), heads, rows, HALF)


def distribution_figure(name: str, now: Columns | None, then: Columns | None = None, when: str = "") -> Figure:
    """Draw one column now against its baseline, or alone."""
    ranks = [side.ranks for side in (now, then) if isinstance(side, NumericColumn)]
    mark = "Line" if isinstance(now, NumericColumn) and few_values(ranks) is None else "Ticks"
    caption = f"Bars: {when}. {mark}: the baseline." if when else "Shares of its values."
    return drawn(
        name, caption, lambda w: distribution(now, then, title=name, width=w), *_numbers(now, then), width=HALF
    )


def _numbers(now: Columns | None, then: Columns | None) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    if isinstance(now, CategoricalColumn):
        before = then.counts if isinstance(then, CategoricalColumn) else {}
        names = sorted(now.counts, key=lambda name: -now.counts[name])[:30]
        return ("value", "now, rows", "baseline, rows"), [
            (name, f"{now.counts[name]:,}", f"{before.get(name, 0):,}") for name in names
        ]
    sides = [("now", now), ("baseline", then)]
    rows = [
        (side, f"{c.n:,}", f"{c.nulls:,}", *(_plain(c.ranks.quantile(q)) for q in (0.05, 0.5, 0.95)), _plain(c.mean))
        for side, c in sides
        if isinstance(c, NumericColumn)
    ]
    return ("side", "rows", "nulls", "5 %", "median", "95 %", "mean"), rows


def _plain(value: float | None) -> str:
    return number("value", value)


def traffic_figure(minutes: Minutes) -> Figure | None:
    """Draw requests, failures and latency; None where no request came."""
    if not minutes:
        return None
    rows = [
        (minute(at), f"{t.requests:,}", f"{t.failed + t.soft_failed:,}", _p95(t)) for at, t in reversed(minutes[-60:])
    ]
    caption = "Blue: requests a minute. Red: failed ones. Below: the latency 95 of 100 requests stayed under."
    heads = ("minute, UTC", "requests", "failed", "p95")
    heading = "Requests and latency"
    return drawn(heading, caption, lambda w: traffic(minutes, title=heading, width=w), heads, rows)


def _p95(seen: Traffic) -> str:
    return number("traffic.latency_p95_ms", seen.quantile_ms(0.95))
