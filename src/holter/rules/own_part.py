"""What a contrast says beyond the contrasts it is made of."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from holter.types import ContrastKey, Family

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


def own_part(keys: Sequence[ContrastKey], n: Floats, mean: Floats) -> Floats:
    r"""Return the means of windows with what others already say taken out of products.

    The mean product of two columns becomes their covariance within the window, :math:`\overline{ab} - \bar a \bar b`: a
    day that shifts both columns shifts the product too, and that is no news of how they go together. In the same way
    residual by rank becomes :math:`\overline{ra} - \bar r \bar a`, and the residual of a category its distance from the
    residual of all rows.

    Parameters
    ----------
    keys
        The contrasts.
    n, mean
        One row a window, one column a contrast; a window without rows of a part keeps the plain product.
    """
    places = {key: place for place, key in enumerate(keys)}
    found = mean.copy()
    for place, key in enumerate(keys):
        parts = [places[part] for part in _parts(key) if part in places]
        if len(parts) < _needed(key):
            continue
        there = (n[:, parts] > 0).all(1) & (n[:, place] > 0)
        taken = mean[:, parts].prod(1)
        found[:, place] = np.where(there, mean[:, place] - taken, mean[:, place])
    return found


def _parts(key: ContrastKey) -> tuple[ContrastKey, ...]:
    if key.family is Family.PAIR:
        return _location(key.feature, key), _location(key.other, key)
    if key.family is not Family.LABEL or key.feature is None:
        return ()
    main = ContrastKey(Family.LABEL, None, "residual", segment=key.segment)
    if key.other:
        return main, ContrastKey(Family.PAIR, key.feature, "together", key.other, key.segment)
    return (main, _location(key.feature, key)) if key.name == "residual by rank" else (main,)


def _needed(key: ContrastKey) -> int:
    return max(len(_parts(key)), 1)


def _location(feature: str | None, key: ContrastKey) -> ContrastKey:
    return ContrastKey(Family.NUMERIC, feature, "location", segment=key.segment)
