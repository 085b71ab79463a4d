"""What is left of values that are not kept by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.profile.distinct import Distinct
from holter.profile.hashing import hash_text
from holter.profile.shapes import count_shapes
from holter.profile.texts import digests_of, text_of


@dataclass(frozen=True)
class Unnamed:
    """How many different ones there were, and what they looked like; the values themselves are gone.

    Parameters
    ----------
    distinct
        Estimate of the number of different values.
    shapes
        Rows whose value looks like an identifier: ``uuid``, ``hash``, ``email``, ``url``.
    """

    distinct: Distinct = field(default_factory=Distinct)
    shapes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: pa.Array, sizes: npt.NDArray[np.int64]) -> Self:
        """Forget text values (without nulls) that occur as often as ``sizes`` says; only different values are hashed.

        Examples
        --------
        >>> Unnamed.of(pa.array(["a@b.org", "c"]), np.array([2, 1])).shapes
        {'email': 2}
        """
        return cls(Distinct.of_hashes(hash_text(values)), count_shapes(values, sizes))

    @classmethod
    def of_names(cls, counts: Mapping[str, int]) -> Self:
        """Forget categories that were kept by name; a value is the same whether it was forgotten early or late."""
        names = list(counts)
        values = text_of(names)
        hashes = digests_of(names, hash_text(values))
        return cls(Distinct.of_hashes(hashes), count_shapes(values, np.fromiter(counts.values(), np.int64, len(names))))

    @classmethod
    def total(cls, parts: Sequence["Unnamed"]) -> "Unnamed":
        """Return what is left of the values of all parts."""
        shapes: dict[str, int] = {}
        for part in parts:
            for name, rows in part.shapes.items():
                shapes[name] = shapes.get(name, 0) + rows
        return cls(Distinct.total([part.distinct for part in parts]), shapes)
