"""Is the version beside the champion better?"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa

from holter.profile import Window
from holter.signals.noise import Z
from holter.signals.rivals import Answers, Duel, Floats, duels
from holter.signals.signal import Need
from holter.stats import mean_with_error, normal_interval, paired_roc_auc, roc_auc, wilson
from holter.stats.log_loss import CLIP
from holter.types import Evidence, Measurement, Task, Verdict

LEAST: Final = 30
"""Rows on either side without which a normal interval of a mean says too little (the usual rule of thumb)."""
_PAIRED: Final = "paired difference"
_APART: Final = "difference of two samples"
_OF_REQUESTS: Final = ("error_rate_difference", "latency_difference_ms")
_Values = Callable[[Answers], Floats]


@dataclass(frozen=True)
class Challenger:
    r"""Is the version beside the champion better?

    Each canary and each shadow is compared with the champion of the same window; which one stands in ``feature``. A
    shadow scored the very requests that the champion answered, so everything is a mean of differences row by row, with
    the error of such a mean. A canary answered others: the difference of two means, with the errors of both.

    ``agreement`` is the share of equal answers (shadow only), ``score_distance`` the mean absolute difference of
    scores (shadow only), ``score_difference`` the mean difference. ``error_rate_difference`` and
    ``latency_difference_ms`` are of requests. On the rows whose label is known: ``loss_difference``, of log loss where
    there are probabilities, else of errors (the share of wrong answers), for a number of the absolute error; below 0
    the challenger is better. ``better`` is :math:`\Phi(-d / \mathrm{se})`, the chance that it truly is, given this
    difference and no opinion before. ``roc_auc_difference`` is DeLong's, above 0 the challenger ranks better.

    A canary that is drawn by customer answers customers, not requests: where those differ much the error is larger than
    what is told. Neither tells how people answer to a version whose answers they never saw.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, Comparing areas under correlated ROC curves (1988), Biometrics 44.

    Examples
    --------
    >>> from holter.types import Schema
    >>> n = 100
    >>> both = {"_request_id": [f"r{i % n}" for i in range(2 * n)], "_row": [0] * 2 * n, "_status": [200] * 2 * n}
    >>> scores = [(i * 37 % n) / n for i in range(n)] + [(i * 37 % n) / n * 0.9 for i in range(n)]
    >>> both |= {"_role": ["champion"] * n + ["shadow"] * n, "_version": [7] * n + [8] * n, "_score": scores}
    >>> window = Window(None, Schema((), Task.BINARY), rivals=pa.table(both))
    >>> found = {each.metric: each for each in Challenger().measure(window, window)}
    >>> found["score_difference"].feature, round(found["score_difference"].value, 4)
    ('version 8 (shadow)', -0.0495)
    """

    name: ClassVar[str] = "challenger"
    needs: ClassVar[Need] = Need.RIVALS | Need.LABELS
    metrics: ClassVar[tuple[str, ...]] = (
        "agreement",
        "score_difference",
        "score_distance",
        "error_rate_difference",
        "latency_difference_ms",
        "loss_difference",
        "better",
        "roc_auc_difference",
    )

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for each version that stood beside the champion; the baseline is not looked at."""
        del baseline
        task = target.schema.task
        if target.rivals is None:
            return self._nothing("only a deployment has versions side by side")
        try:
            found = list(duels(target.rivals, task))
        except (pa.ArrowException, ValueError) as error:
            return self._nothing(f"answers cannot be read: {error}")
        if not found:
            return self._nothing("no second version answered beside the champion in this window")
        return [each for duel in found for each in _of(duel, task)]

    def _nothing(self, why: str) -> list[Measurement]:
        return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]


def _of(duel: Duel, task: Task | None) -> Iterator[Measurement]:
    yield _difference(duel, "error_rate_difference", lambda each: each.failed)
    yield _difference(duel, "latency_difference_ms", lambda each: each.latency_ms)
    if task is not None:
        yield from _of_answers(duel, task)
        return
    why = "the schema has no task: is it two classes, several or a number?"
    for metric in Challenger.metrics:
        if metric not in _OF_REQUESTS:
            yield _unanswered(duel, metric, why)


def _of_answers(duel: Duel, task: Task) -> Iterator[Measurement]:
    if duel.paired and task is not Task.REGRESSION:
        yield _agreement(duel)
    if task is not Task.MULTICLASS:
        yield _difference(duel, "score_difference", lambda each: each.score)
        if duel.paired:
            yield _distance(duel)
    loss = _difference(duel, "loss_difference", *_loss(duel, task), labelled=True)
    yield loss
    yield _better(loss)
    if task is Task.BINARY:
        yield _roc_auc(duel)


def _agreement(duel: Duel) -> Measurement:
    known = np.isfinite(duel.champion.answer) & np.isfinite(duel.rival.answer)
    same, n = int((duel.champion.answer == duel.rival.answer)[known].sum()), int(known.sum())
    if not n:
        return _unanswered(duel, "agreement", "no answer of both is known")
    return Measurement(Challenger.name, "agreement", same / n, n, feature=duel.name, interval=wilson(same, n))


def _distance(duel: Duel) -> Measurement:
    found = mean_with_error(np.abs(duel.rival.score - duel.champion.score))
    n = int(np.isfinite(duel.rival.score - duel.champion.score).sum())
    if found is None or n < LEAST:
        return _too_few(duel, "score_distance", n, "rows scored by both")
    interval = normal_interval(*found)
    return Measurement(Challenger.name, "score_distance", found[0], n, feature=duel.name, interval=interval)


def _difference(duel: Duel, metric: str, values: _Values, unit: str = "", *, labelled: bool = False) -> Measurement:
    """Return the mean difference, rival less champion, with its error and the chance of it were there none."""
    champion, rival = values(duel.champion), values(duel.rival)
    if duel.paired:
        both = np.isfinite(champion) & np.isfinite(rival)
        champion, rival = champion[both], rival[both]
    else:
        champion, rival = champion[np.isfinite(champion)], rival[np.isfinite(rival)]
    n = min(len(champion), len(rival))
    if n < LEAST:
        return _too_few(duel, metric, n, "rows with a label" if labelled else "answers of both")
    value = float(rival.mean() - champion.mean())
    error = _error(rival - champion) if duel.paired else math.hypot(_error(champion), _error(rival))
    p = math.erfc(abs(value) / error / math.sqrt(2)) if error else float(not value)
    what = unit or metric.removesuffix("_difference").replace("_", " ")
    words = f"{what} {rival.mean():.4g} against {champion.mean():.4g}"
    return Measurement(
        Challenger.name,
        metric,
        value,
        n,
        feature=duel.name,
        interval=normal_interval(value, error),
        evidence=Evidence(p, f"{_PAIRED if duel.paired else _APART}: {metric}", value),
        reason=words,
    )


def _error(values: Floats) -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def _loss(duel: Duel, task: Task) -> tuple[_Values, str]:
    """Return what a row cost, and its name: log loss where both give probabilities."""
    if task is Task.REGRESSION:
        return (lambda each: np.abs(each.answer - each.label)), "absolute error"
    scored = all(np.isfinite(each.score).any() for each in (duel.champion, duel.rival))
    if task is Task.BINARY and scored:
        return _log_loss, "log loss"
    return _wrong, "share of errors"


def _log_loss(each: Answers) -> Floats:
    p = np.clip(each.score, CLIP, 1 - CLIP)
    losses: Floats = -(each.label * np.log(p) + (1 - each.label) * np.log1p(-p))
    return losses


def _wrong(each: Answers) -> Floats:
    known = np.isfinite(each.answer) & np.isfinite(each.label)
    return np.where(known, each.answer != each.label, np.nan)


def _better(loss: Measurement) -> Measurement:
    """Return how sure it is that the loss is lower."""
    metric, feature = "better", loss.feature
    if loss.value is None or loss.interval is None:
        verdict = loss.verdict or Verdict.UNDEFINED
        return Measurement.unanswered(loss.signal, metric, verdict, loss.reason, n=loss.n, feature=feature)
    width = loss.interval.high - loss.value
    if not width:
        why = "both lose the same on every row"
        return Measurement.unanswered(loss.signal, metric, Verdict.UNDEFINED, why, n=loss.n, feature=feature)
    sure = 0.5 * math.erfc(loss.value / (width / Z) / math.sqrt(2))
    words = f"better with {100 * sure:.3g} %: {loss.reason}, {loss.n:,} labelled rows"
    return Measurement(loss.signal, metric, sure, loss.n, feature=feature, reason=words)


def _roc_auc(duel: Duel) -> Measurement:
    metric, both = "roc_auc_difference", (duel.rival, duel.champion)
    if duel.paired:
        found, n = paired_roc_auc(duel.rival.score, duel.champion.score, duel.rival.label), _labelled(duel.rival)
    else:
        areas, n = [roc_auc(each.score, each.label) for each in both], min(map(_labelled, both))
        known = [each for each in areas if each is not None]
        found = (known[0][0] - known[1][0], math.hypot(known[0][1], known[1][1])) if len(known) == 2 else None
    if found is None or n < LEAST:
        return _too_few(duel, metric, n, "rows with a label, two of each class")
    value, error = found
    p = math.erfc(abs(value) / error / math.sqrt(2)) if error else float(not value)
    evidence = Evidence(p, f"{_PAIRED if duel.paired else _APART}: {metric}", value)
    interval = normal_interval(value, error)
    return Measurement(Challenger.name, metric, value, n, feature=duel.name, interval=interval, evidence=evidence)


def _labelled(each: Answers) -> int:
    return int((np.isfinite(each.score) & np.isfinite(each.label)).sum())


def _too_few(duel: Duel, metric: str, n: int, what: str) -> Measurement:
    why = f"{n} {what}, and it takes {LEAST}"
    return Measurement.unanswered(Challenger.name, metric, Verdict.INSUFFICIENT, why, n=n, feature=duel.name)


def _unanswered(duel: Duel, metric: str, why: str) -> Measurement:
    return Measurement.unanswered(Challenger.name, metric, Verdict.UNDEFINED, why, feature=duel.name)
