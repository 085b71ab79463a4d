"""Why did the model get worse?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

from holter.profile import Window
from holter.signals.contained import contained
from holter.signals.decomposition import decomposition
from holter.signals.estimate import Estimate
from holter.signals.row_cells import Celled, Side
from holter.signals.segments import lossy
from holter.signals.signal import Need
from holter.stats import normal_interval
from holter.types import Evidence, Measurement

_TEST: Final = "z"


@dataclass(frozen=True)
class Causes:
    """Why did the model get worse: did others come, or is it wrong about those who always came?

    ``loss`` is the mean loss (squared error of the probability, error rate, absolute error). Its change from the
    baseline is split over the cells of each feature into ``mix`` and ``within``, which add up to it exactly, see
    :func:`holter.signals.decomposition.decomposition`: a change that is mix asks for other data, one within the cells
    for another model. Numbers are cut into five bins of the baseline.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Feature, Kind, Schema, Task
    >>> schema = Schema((Feature("c", Kind.CATEGORICAL, "string"),), Task.REGRESSION)
    >>> def rows(hard):
    ...     wrong = [1.0] * (200 - hard) + [5.0] * hard
    ...     kinds = ["easy"] * (200 - hard) + ["hard"] * hard
    ...     return pa.table({"c": kinds, "_prediction": wrong, "_label": [0.0] * 200})
    >>> now, before = (Window(None, schema, rows=rows(hard)) for hard in (100, 50))
    >>> [(each.metric, each.value) for each in Causes().measure(now, before)]
    [('loss', 3.0), ('mix', 1.0), ('within', 0.0)]
    """

    name: ClassVar[str] = "causes"
    needs: ClassVar[Need] = Need.ROWS | Need.LABELS
    metrics: ClassVar[tuple[str, ...]] = ("loss", "mix", "within")
    whole: ClassVar[bool] = True

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for the mean loss, and for each feature with the two parts of its change."""
        both = lossy(target, baseline)
        if isinstance(both, Measurement):
            return [replace(both, signal=self.name, metric=metric) for metric in self.metrics]
        found = [_mean(both.now).against(self.name, "loss", _mean(both.before))]
        for feature in both.features:
            found += contained(self.name, "mix", partial(self._of, both, feature), feature=feature)
        return found

    def _of(self, both: Celled, feature: str) -> list[Measurement]:
        found = decomposition(both, feature)
        parts = (("mix", found.mix, found.mix_error), ("within", found.within, found.within_error))
        return [self._part(metric, value, error, feature, both.now.n) for metric, value, error in parts]

    def _part(self, metric: str, value: float, error: float, feature: str, n: int) -> Measurement:
        p = math.erfc(abs(value) / error / math.sqrt(2)) if error else None
        evidence = Evidence(p, None if p is None else _TEST, value, 0.0)
        interval = normal_interval(value, error)
        return Measurement(self.name, metric, value, n, feature=feature, interval=interval, evidence=evidence)


def _mean(side: Side) -> Estimate:
    return Estimate(float(side.values.mean()), side.n, float(side.values.std() / math.sqrt(side.n)), floor=0.0)
