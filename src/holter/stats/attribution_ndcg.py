"""Whether features matter in the order in which they did."""

import numpy as np
import numpy.typing as npt


def attribution_ndcg(importance: npt.ArrayLike, before: npt.ArrayLike) -> float | None:
    r"""Tell how much of what mattered in the baseline stands where it stood, in the order of importance now.

    .. math:: NDCG = \frac{\sum_i a(f'_i) / \log_2(i + 1)}{\sum_i a(f_i) / \log_2(i + 1)}

    with a the importance in the baseline, :math:`f_i` the features in the order of it, :math:`f'_i` in the order of
    their importance now: 1 when the order is the same, lower the nearer to the top it differs.

    Parameters
    ----------
    importance, before
        Not negative, one number for each feature in the same order. Features of equal importance keep that order.

    Returns
    -------
    float or None
        From 0 to 1; None when nothing mattered in the baseline.

    Notes
    -----
    Sources: Amazon SageMaker Clarify, "Feature attribution drift for models in production", which calls less than 0.90
    a drift; the same number in Azure Machine Learning (feature attribution drift, "normalized discounted cumulative
    gain"). Vertex AI watches the distance of each feature's attributions instead. Formula: Jarvelin and Kekalainen,
    Cumulated gain-based evaluation of IR techniques, ACM TOIS 20 (2002), 422.

    Examples
    --------
    >>> attribution_ndcg([0.5, 0.3, 0.2], [5.0, 3.0, 2.0])
    1.0
    >>> round(attribution_ndcg([0.2, 0.3, 0.5], [5.0, 3.0, 2.0]), 3)
    0.81
    """
    now, was = np.asarray(importance, np.float64), np.asarray(before, np.float64)
    discount = 1 / np.log2(np.arange(len(was)) + 2)
    best = float((np.sort(was)[::-1] * discount).sum())
    if not best > 0:
        return None
    return min(1.0, float((was[np.argsort(-now, kind="stable")] * discount).sum()) / best)
