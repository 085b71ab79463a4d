"""Wasserstein distance in standard deviations of the baseline."""

from typing import Final

from holter.stats.steps import Steps
from holter.stats.wasserstein import wasserstein

FLOOR: Final = 1e-3
"""Least standard deviation it is divided by, so that a constant baseline has an answer (Azure Machine Learning's)."""


def normalized_wasserstein(both: Steps, std: float) -> float | None:
    r"""Tell how far a row must move, on average, in standard deviations of the baseline: 0.1 is little, 1 very much.

    .. math:: \frac{W_1}{\max(s_b, 0.001)}

    Parameters
    ----------
    both
        Both samples on one axis (:func:`holter.stats.steps`).
    std
        Standard deviation of the baseline, in the units of the values.

    Returns
    -------
    float or None
        Not negative; None where it is beyond a double.

    Notes
    -----
    Source: Panaretos and Zemel, Statistical aspects of Wasserstein distances, Annu. Rev. Stat. Appl. 6 (2019), 405, for
    W; the scale and its floor as Azure Machine Learning has them ("Normalized Wasserstein distance"). Below the floor
    the number depends on the unit: a column whose values differ in the fifth decimal looks still.

    Examples
    --------
    >>> from holter.stats import steps
    >>> normalized_wasserstein(steps([0, 1], [1, 1], [2, 3], [1, 1]), 0.5)
    4.0
    """
    distance = wasserstein(both)
    return None if distance is None else distance / max(std, FLOOR)
