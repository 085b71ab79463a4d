"""Matthews correlation: how well guesses of yes and no go with the truth."""

import math

import numpy as np
import numpy.typing as npt


def matthews(guesses: npt.ArrayLike, truth: npt.ArrayLike) -> float | None:
    r"""Tell how well guesses of yes and no go with the truth, from -1 (always wrong) over 0 (chance) to 1.

    .. math:: \frac{TP \cdot TN - FP \cdot FN}{\sqrt{(TP + FP)(TP + FN)(TN + FP)(TN + FN)}}

    Parameters
    ----------
    guesses, truth
        One boolean a row.

    Returns
    -------
    float or None
        None where all guesses, or all truths, are the same: nothing can go with a constant.

    Notes
    -----
    Source: Matthews, Comparison of the predicted and observed secondary structure of T4 phage lysozyme, Biochimica et
    Biophysica Acta 405 (1975), 442, equation 1.

    Examples
    --------
    >>> matthews([True, True, False, False], [True, False, True, False])
    0.0
    >>> matthews([True, True, False, False], [True, True, False, False])
    1.0
    """
    said, is_true = np.asarray(guesses, np.bool_), np.asarray(truth, np.bool_)
    hits, misses = int((said & is_true).sum()), int((~said & is_true).sum())
    false, right = int((said & ~is_true).sum()), int((~said & ~is_true).sum())
    scale = math.sqrt((hits + false) * (hits + misses) * (right + false) * (right + misses))
    return (hits * right - false * misses) / scale if scale else None
