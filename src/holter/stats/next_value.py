"""Is a value what the ones before it let expect?"""

import math
from collections.abc import Sequence


def next_value(
    before: Sequence[float], value: float, *, noise: float = 0.0, spread: float = 0.0, weight: float = 0.0
) -> tuple[float, float]:
    r"""Return the mean of earlier values, and the chance that the next differs from it by as much as this; two-sided.

    With k earlier values of mean :math:`\bar x` and variance :math:`s^2`, and with a belief of the weight of
    :math:`\nu_0` values that their standard deviation is :math:`\sigma_0`, the next value is

    .. math::

       \bar x + t_{\nu_0 + k - 1} \sqrt{\Bigl(1 + \tfrac1k\Bigr) \max(\sigma^2, v)},
       \qquad \sigma^2 = \frac{\nu_0 \sigma_0^2 + (k - 1) s^2}{\nu_0 + k - 1}

    where v (``noise``) is the variance of a single value that is known from how it was counted. Without the belief this
    is the prediction interval of every text book; four values alone would let nothing but a collapse stand out.

    Parameters
    ----------
    before
        At least two finite values, comparable with the next.
    value
        The next one.
    noise
        Least variance of a single value; at least 0.
    spread, weight
        :math:`\sigma_0` and :math:`\nu_0`; 0: no belief.

    Notes
    -----
    Differs: the counting noise enters as a floor, not as a part; where both matter the test is a little careful.

    Source: Gelman and others, Bayesian Data Analysis (2013), 3rd edition, section 3.3 (conjugate normal model,
    predictive distribution).

    Examples
    --------
    >>> mean, p = next_value([1.0, 1.1, 0.9, 1.0], 2.0)
    >>> round(mean, 2), round(p, 4)
    (1.0, 0.0016)
    """
    from scipy.special import stdtr

    k = len(before)
    mean = math.fsum(before) / k
    squares = math.fsum((each - mean) ** 2 for each in before)
    freedom = weight + k - 1
    variance = max((weight * spread**2 + squares) / freedom, noise) * (1 + 1 / k)
    if not variance:
        return mean, 1.0 if value == mean else 0.0
    return mean, float(2 * stdtr(freedom, -abs(value - mean) / math.sqrt(variance)))
