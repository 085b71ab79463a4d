"""What a contrast says beyond the contrasts it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holter.types import ContrastKey, Family

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Products:
    r"""Which contrasts are products, and of which others.

    The mean product of two columns becomes their covariance within the window, :math:`\overline{ab} - \bar a \bar b`: a
    day that shifts both columns shifts the product too, and that is no news of how they go together. In the same way
    residual by rank becomes :math:`\overline{ra} - \bar r \bar a`, and the residual of a category its distance from the
    residual of all rows.

    Parameters
    ----------
    place
        Places of the products.
    one, other
        Places of their parts; ``other`` is -1 where there is one part only.
    """

    place: Places
    one: Places
    other: Places

    @classmethod
    def of(cls, keys: Sequence[ContrastKey]) -> "Products":
        """Find the products whose parts are all there."""
        places = {key: place for place, key in enumerate(keys)}
        found = []
        for place, key in enumerate(keys):
            wanted = _parts(key)
            parts = [places[part] for part in wanted if part in places]
            if wanted and len(parts) == len(wanted):
                found.append((place, parts[0], parts[1] if len(parts) > 1 else -1))
        return cls(*np.array(found, np.int64).reshape(-1, 3).T)

    def own_part(self, n: Floats, mean: Floats) -> Floats:
        """Return the means of windows with what others already say taken out of products.

        One row a window, one column a contrast; a window without rows of a part keeps the plain product.
        """
        single = self.other < 0
        there = (n[:, self.place] > 0) & (n[:, self.one] > 0) & (single | (n[:, self.other] > 0))
        taken = mean[:, self.one] * np.where(single, 1.0, mean[:, self.other])
        found = mean.copy()
        found[:, self.place] -= np.where(there, taken, 0.0)
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


def _location(feature: str | None, key: ContrastKey) -> ContrastKey:
    return ContrastKey(Family.NUMERIC, feature, "location", segment=key.segment)
