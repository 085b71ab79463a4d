"""What a user asks of the performance of a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from holter.signals.estimate import Estimate

Answer = Estimate | Mapping[str, Estimate]
"""What a metric gives: one number, or one for each bin, class or pair of classes, by its name."""


@dataclass(frozen=True)
class Asked:
    """What metrics need to know beside the sums.

    ``value`` is what a row is worth, by label and by prediction, classes as text (of two classes "0" and "1");
    the others are options of :class:`holter.signals.performance.Performance`.
    """

    beta: float = 2.0
    top: float = 0.1
    quantile: float = 0.5
    value: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
