"""Brier score of probabilities."""

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats, complete


def brier_losses(scores: npt.ArrayLike, labels: npt.ArrayLike) -> Floats:
    r"""Tell how far each probability was from its label, squared.

    .. math:: (p_i - y_i)^2

    Parameters
    ----------
    scores
        Probability of the positive class, 0 to 1.
    labels
        1 for the positive class, 0 for the other. Rows with a NaN in either are left out.

    Notes
    -----
    Source: Brier, Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78 (1950), 1.

    Examples
    --------
    >>> brier_losses([0.5, 1.0], [1, 1]).tolist()
    [0.25, 0.0]
    """
    score, label = complete(scores, labels)
    losses: Floats = np.square(score - label)
    return losses


def brier(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float | None:
    r"""Tell how far the probabilities were from the labels, squared, on average.

    .. math:: \frac1n \sum_i (p_i - y_i)^2

    Parameters
    ----------
    scores, labels
        As for :func:`brier_losses`; ``mean_with_error(brier_losses(...))`` gives the standard error too.

    Returns
    -------
    float or None
        From 0 to 1; None without rows.

    Notes
    -----
    Source: Brier, Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78 (1950), 1.
    Differs: summed over the positive class only, as everybody does now for two classes; Brier's own is twice that.

    Examples
    --------
    >>> round(brier([0.9, 0.2], [1, 0]), 4)
    0.025
    """
    losses = brier_losses(scores, labels)
    return float(losses.mean()) if len(losses) else None
