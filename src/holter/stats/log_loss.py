"""Logarithmic loss of probabilities."""

from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats, complete

CLIP: Final = float(np.finfo(np.float64).eps)
"""Least distance of a probability from 0 and 1: a sure and wrong answer costs 36, not infinity (scikit-learn's)."""


def log_losses(scores: npt.ArrayLike, labels: npt.ArrayLike) -> Floats:
    r"""Tell what each row cost, in nats, when its label became known.

    .. math:: -y_i \ln p_i - (1 - y_i) \ln (1 - p_i)

    Parameters
    ----------
    scores
        Probability of the positive class, 0 to 1, clipped to :data:`CLIP` from the ends.
    labels
        1 for the positive class, 0 for the other. Rows with a NaN in either are left out.

    Notes
    -----
    Source: Good, Rational decisions, J. R. Stat. Soc. B 14 (1952), 107.

    Examples
    --------
    >>> log_losses([0.5, 1.0], [1, 1]).round(4).tolist()
    [0.6931, 0.0]
    """
    score, label = complete(scores, labels)
    p = np.clip(score, CLIP, 1 - CLIP)
    losses: Floats = -np.where(label > 0, np.log(p), np.log1p(-p))
    return losses


def log_loss(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float | None:
    r"""Tell how much the labels surprised the model, on average, in nats.

    .. math:: \frac1n \sum_i \left( -y_i \ln p_i - (1 - y_i) \ln (1 - p_i) \right)

    Parameters
    ----------
    scores, labels
        As for :func:`log_losses`; ``mean_with_error(log_losses(...))`` gives the standard error too.

    Returns
    -------
    float or None
        Not negative; None without rows. It depends on the base rate: compare it with the loss of that (skill).

    Notes
    -----
    Source: Good, Rational decisions, J. R. Stat. Soc. B 14 (1952), 107.

    Examples
    --------
    >>> round(log_loss([0.9, 0.2], [1, 0]), 4)
    0.1643
    """
    losses = log_losses(scores, labels)
    return float(losses.mean()) if len(losses) else None
