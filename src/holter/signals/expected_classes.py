"""Metrics of several classes, and of a number, as functions of what is to be expected."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from holter.signals.expected_table import ExpectedTable, Slope, smooth
from holter.signals.seen import LOSSES

_EQUAL: Final = 1e-12
"""Variance, as a part of the mean square, from which labels are taken to be all equal: what rounding leaves."""
_Metric = Callable[[ExpectedTable], Slope | None]


def _smooth(function: Callable[[Any], Any]) -> _Metric:
    def measured(table: ExpectedTable) -> Slope | None:
        return smooth(function, table.shares)

    return measured


def _ratio(above: Any, below: Any) -> Any:
    """Return a ratio, 0 where there is nothing to divide by."""
    there = np.abs(below) > 0
    return np.where(there, above / np.where(there, below, 1), 0)


def _met(table: Any) -> Any:
    """Return the classes that occur, predicted or expected to be labels."""
    return (table.sum(axis=0) + table.sum(axis=1)).real > 0


def _macro_f1(table: Any) -> Any:
    f1 = _ratio(2 * np.diag(table), table.sum(axis=0) + table.sum(axis=1))
    return f1[_met(table)].mean()


def _balanced_accuracy(table: Any) -> Any:
    labels = table.sum(axis=0)
    return _ratio(np.diag(table), labels)[labels.real > 0].mean()


def _kappa(table: Any) -> Any:
    chance = table.sum(axis=0) @ table.sum(axis=1)
    return (np.trace(table) - chance) / (1 - chance)


def _mcc(table: Any) -> Any:
    """Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient (2004), equation 8."""
    labels, said = table.sum(axis=0), table.sum(axis=1)
    return (np.trace(table) - labels @ said) / np.sqrt((1 - labels @ labels) * (1 - said @ said))


EXPECTED_CLASSES: Final[Mapping[str, _Metric]] = {
    "accuracy": _smooth(np.trace),
    "balanced_accuracy": _smooth(_balanced_accuracy),
    "macro_f1": _smooth(_macro_f1),
    "mcc": _smooth(_mcc),
    "kappa": _smooth(_kappa),
}
"""Of several classes, by metric; the same names and values as :data:`holter.signals.multiclass.MULTICLASS`."""


def _r2(shares: Any) -> Any:
    label, square = shares[0, -2:]
    if (square - label**2).real <= _EQUAL * abs(square):
        return np.nan
    return 1 - shares[0, LOSSES.index("squared")] / (square - label**2)


def _of_loss(name: str, function: Callable[[Any], Any] = lambda mean: mean) -> _Metric:
    place = LOSSES.index(name)

    def measured(table: ExpectedTable) -> Slope | None:
        return smooth(lambda shares: function(shares[0, place]), table.shares)

    return measured


EXPECTED_NUMBERS: Final[Mapping[str, _Metric]] = {
    "mae": _of_loss("absolute"),
    "mse": _of_loss("squared"),
    "rmse": _of_loss("squared", np.sqrt),
    "rmsle": _of_loss("squared_log", np.sqrt),
    "mape": _of_loss("percentage"),
    "smape": _of_loss("symmetric"),
    "bias": _of_loss("error"),
    "r2": _smooth(_r2),
}
"""Of a number, by metric; the same names and values as :data:`holter.signals.regression.REGRESSION`."""
