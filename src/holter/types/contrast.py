"""Means that say how a window differs from a baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

from holter.types.records import PREDICTION, SCORE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_ARRAYS: Final = ("n", "mean", "variance", "skewness")
_LEAST_VARIANCE: Final = 1e-200
"""Variance whose power of 3/2 is still a number; below it there is no skewness."""


class Family(StrEnum):
    """What kind of thing a contrast is about; the families share the false alarms of a window."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    PAIR = "pair"
    LABEL = "label"
    METRIC = "metric"


@dataclass(frozen=True, order=True)
class ContrastKey:
    """What a contrast is the mean of.

    Parameters
    ----------
    family
        Its kind.
    feature
        The column; None where it is about the whole row, such as a loss.
    name
        Which mean: ``location``, ``scale``, ``share of DE``, ``missing``, ``surprisal``, ``residual``.
    other
        The second column of a pair, else empty.
    segment
        Which slice of the rows; None for all.
    share
        Whether it is the share of rows for which something holds: then chance is binomial.
    """

    family: Family
    feature: str | None
    name: str
    other: str = ""
    segment: str | None = None
    share: bool = False

    @property
    def group(self) -> tuple[Family, str | None, str, str | None]:
        """What moves together: the contrasts of one column, one pair or one metric in one segment."""
        alone = self.family is Family.METRIC
        return self.family, self.name if alone else self.feature, self.other, self.segment

    @property
    def signal(self) -> str:
        """The signal whose question it answers, as rules name it."""
        if self.family is Family.METRIC:
            return self.name.partition(".")[0]
        if self.family is Family.LABEL:
            return "performance"
        if self.name in ("missing", "unseen"):
            return "data_quality"
        return "prediction_drift" if self.feature in (SCORE, PREDICTION) else "data_drift"

    def to_list(self) -> list[Any]:
        """Return plain values; ``ContrastKey.of`` reads them."""
        return [str(self.family), self.feature, self.name, self.other, self.segment, self.share]

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Self:
        """Read what :meth:`to_list` wrote."""
        return cls(Family(plain[0]), *plain[1:])


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Columns of means: one for each key, with what is needed to merge and to judge them.

    Parameters
    ----------
    keys
        What each is the mean of; each stands once.
    n
        Rows behind each mean; 0 where the window has none.
    mean
        The mean; 0 without rows.
    variance
        Variance of a single row (divisor n), so that a mean of n independent rows has variance / n.
    skewness
        Skewness of a single row.

    Notes
    -----
    The sums of first to third order of a merged window are the sums of its parts, so contrasts of merged windows are
    merged contrasts, to the rounding of a double: see :meth:`total`.
    """

    keys: tuple[ContrastKey, ...]
    n: "Floats"
    mean: "Floats"
    variance: "Floats"
    skewness: "Floats"

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def empty(cls) -> Self:
        """Return no contrasts at all."""
        import numpy as np

        return cls((), *(np.empty(0) for _ in _ARRAYS))

    @classmethod
    def joined(cls, parts: Sequence["Contrasts"]) -> Self:
        """Lay contrasts with different keys (segments, metrics) beside each other.

        Raises
        ------
        ValueError
            If a key stands in two of them.
        """
        import numpy as np

        keys = tuple(key for part in parts for key in part.keys)
        if len(set(keys)) < len(keys):
            raise ValueError("a contrast stands in two parts: merge them instead")
        arrays = (np.concatenate([np.empty(0), *(getattr(part, name) for part in parts)]) for name in _ARRAYS)
        return cls(keys, *arrays)

    def over(self, keys: tuple[ContrastKey, ...]) -> "Contrasts":
        """Return the contrasts of these keys in this order; one that is not here has no rows."""
        import numpy as np

        if keys == self.keys:
            return self
        place = {key: index for index, key in enumerate(self.keys)}
        found = np.array([place.get(key, -1) for key in keys], np.int64)
        there = found >= 0
        arrays = []
        for name in _ARRAYS:
            wide = np.zeros(len(keys))
            wide[there] = getattr(self, name)[found[there]]
            arrays.append(wide)
        return Contrasts(keys, *arrays)

    def only(self, keep: Callable[[ContrastKey], bool]) -> "Contrasts":
        """Return those whose key is wanted."""
        return self.over(tuple(key for key in self.keys if keep(key)))

    def of_segment(self, segment: str | None) -> "Contrasts":
        """Return the same numbers as those of a slice of the rows."""
        return replace(self, keys=tuple(replace(key, segment=segment) for key in self.keys))

    @classmethod
    def total(cls, parts: Sequence["Contrasts"]) -> "Contrasts":
        """Return the contrasts of all rows of all parts; keys that only some have rest on the rows of those.

        Examples
        --------
        >>> import numpy as np
        >>> key = ContrastKey(Family.CATEGORICAL, "country", "missing", share=True)
        >>> day, night = (Contrasts((key,), *map(np.array, rest)) for rest in (
        ...     ([10.0], [0.1], [0.09], [2.67]), ([30.0], [0.3], [0.21], [0.87])))
        >>> Contrasts.total([day, night]).mean.round(3).tolist()
        [0.25]
        """
        import numpy as np

        if not parts:
            return cls.empty()
        keys = tuple(dict.fromkeys(key for part in parts for key in part.keys))
        wide = [part.over(keys) for part in parts]
        rows = np.stack([part.n for part in wide])
        n = rows.sum(0)
        share = rows / np.where(n > 0, n, 1)
        mean = (share * [part.mean for part in wide]).sum(0)
        apart = np.stack([part.mean for part in wide]) - mean
        spread = np.maximum(np.stack([part.variance for part in wide]), 0.0)  # rounding may leave it below
        third = np.stack([part.skewness for part in wide]) * spread**1.5
        variance = (share * (spread + apart**2)).sum(0)
        cubed = (share * (third + 3 * apart * spread + apart**3)).sum(0)
        there = variance > _LEAST_VARIANCE
        scale = np.where(there, variance, 1) ** 1.5
        return cls(keys, n, mean, variance, np.where(there, cubed / scale, 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists; :meth:`from_dict` reads them."""
        return {"keys": [key.to_list() for key in self.keys]} | {name: getattr(self, name).tolist() for name in _ARRAYS}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        import numpy as np

        keys = tuple(ContrastKey.of(plain) for plain in data["keys"])
        return cls(keys, *(np.array(data[name], np.float64) for name in _ARRAYS))

    def to_bytes(self) -> bytes:
        """Return it as bytes; :meth:`from_bytes` reads them, bit for bit."""
        import json

        import numpy as np

        head = json.dumps([key.to_list() for key in self.keys]).encode()
        body = np.stack([getattr(self, name) for name in _ARRAYS]).astype("<f8").tobytes()
        return len(head).to_bytes(8, "little") + head + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote."""
        import json

        import numpy as np

        size = int.from_bytes(data[:8], "little")
        keys = tuple(ContrastKey.of(plain) for plain in json.loads(data[8 : 8 + size]))
        arrays = np.frombuffer(data[8 + size :], "<f8").reshape(len(_ARRAYS), len(keys)).astype(np.float64)
        return cls(keys, *arrays)
