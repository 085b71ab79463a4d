"""How often each category of a column occurs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from holter.profile.counting import Counted, count_values, gathered
from holter.profile.distinct import Distinct
from holter.profile.kinds import type_name
from holter.profile.lengths import Lengths
from holter.profile.opaque import joined_types
from holter.profile.texts import lengths_of, names_of, taken
from holter.profile.unnamed import Unnamed

CAP: Final = 10_000
"""Categories kept by name; beyond it the rare ones are pooled."""
_TEXT: Final = "string"


@dataclass(frozen=True)
class CategoricalColumn:
    """Counts of the categories of a column: exact up to a bound, beyond it of the frequent ones with a stated error.

    Parameters
    ----------
    n
        Rows that had the column, nulls included.
    nulls
        Rows without a value.
    counts
        Rows of each category kept by name. The true number is at least this, and at most this plus ``errors`` of the
        category (:meth:`most`). A name of more than 256 characters is its beginning and a digest.
    other
        Rows that ``counts`` leaves out; 0 when all is exact.
    empty
        Rows with the empty string, which is a category too and also in ``counts``.
    dtype
        Arrow type of the values, as text.
    lengths
        Characters of the values, exact; without any for a column that is no text, None where nobody counted them.
    error
        Rows that a category which is not kept by name can have at most; no ``errors`` is larger. When ``cap``
        categories are kept by name, it is never above ``n / (cap + 1)``.
    errors
        Rows of a category kept by name that its count may miss, where it may miss any.
    unnamed
        What is left of the ``other`` values; None without any, and for what format 1 stored.

    References
    ----------
    Misra and Gries, Finding repeated elements (1982), Science of Computer Programming 2. Metwally, Agrawal and El
    Abbadi, Efficient computation of frequent and top-k elements in data streams (2005). Agarwal et al., Mergeable
    summaries (2012), PODS, theorem 2: merged and cut to ``cap`` counters, the error stays below ``n / (cap + 1)``.
    Differs: beside the upper end, which is theirs, the rows that were really counted are kept as the lower end.
    """

    n: int
    nulls: int
    counts: Mapping[str, int] = field(default_factory=dict)
    other: int = 0
    empty: int = 0
    dtype: str = _TEXT
    lengths: Lengths | None = None
    error: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    unnamed: Unnamed | None = None

    @classmethod
    def of(cls, array: pa.Array, cap: int = CAP) -> "CategoricalColumn":
        """Count the values of an array. Whole floats are named like integers (``1``), so that both compare.

        Raises
        ------
        pyarrow.ArrowException
            If the values of the type cannot be counted.
        """
        return cls.counted(gathered([count_values(array)]), type_name(array.type), cap)

    @classmethod
    def counted(cls, found: Counted, dtype: str, cap: int = CAP) -> "CategoricalColumn":
        """Return the column of values that are counted already, each of which stands once."""
        values, sizes = found.values, found.sizes
        threshold = _threshold(sizes, cap)
        keep, drop = np.flatnonzero(sizes > threshold), np.flatnonzero(sizes <= threshold)
        lengths, is_text = lengths_of(values), dtype == _TEXT
        counts = _by_name(names_of(taken(values, keep), lengths[keep]), sizes[keep].tolist())
        present = int(sizes.sum())
        return cls(
            n=present + found.nulls,
            nulls=found.nulls,
            counts=counts,
            other=present - sum(counts.values()),
            empty=int(sizes[lengths == 0].sum()) if is_text else 0,
            dtype=dtype,
            lengths=Lengths.of(lengths, sizes) if is_text else Lengths(),
            error=threshold,
            unnamed=Unnamed.of(taken(values, drop), sizes[drop]) if len(drop) else None,
        )

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.n - self.nulls

    @property
    def exact(self) -> bool:
        """Whether every category is kept by name."""
        return self.other == 0

    @property
    def distinct(self) -> Distinct | None:
        """Return the number of different values, estimated; None where what is not kept by name was never counted."""
        every = self.forgotten()
        return None if every is None else every.distinct

    def most(self, name: str) -> int:
        """Return the rows that a category can have at most, be it kept by name or not.

        Examples
        --------
        >>> column = CategoricalColumn.of(pa.array(list("aaabbc")), cap=1)
        >>> column.counts, column.most("a"), column.most("b")
        ({'a': 3}, 3, 2)
        """
        missed = self.errors.get(name, 0) if name in self.counts else self.error
        return self.counts.get(name, 0) + min(missed, self.other)

    def forgotten(self) -> Unnamed | None:
        """Return what would be left if no value were kept by name; None where that is not known."""
        named = Unnamed.of_names(self.counts)
        if self.exact:
            return named
        return None if self.unnamed is None else Unnamed.total([named, self.unnamed])

    @classmethod
    def total(cls, parts: Sequence["CategoricalColumn"]) -> "CategoricalColumn":
        """Return the counts of all rows of all parts."""
        summed = defaultdict[str, int](int, parts[0].counts)
        for part in parts[1:]:
            for name, size in part.counts.items():
                summed[name] += size
        counts = dict(summed)
        return cls(
            n=sum(part.n for part in parts),
            nulls=sum(part.nulls for part in parts),
            counts=counts,
            other=sum(part.other for part in parts),
            empty=sum(part.empty for part in parts),
            dtype=joined_types(*(part.dtype for part in parts)),
            lengths=total_lengths([part.lengths for part in parts if part.present or part.lengths is not None]),
            error=sum(part.error for part in parts),
            errors=_errors(counts, parts),
            unnamed=_unnamed([part for part in parts if not part.exact]),
        )

    def compressed(self, cap: int = CAP) -> "CategoricalColumn":
        """Return the column with at most ``cap`` categories by name, the rest pooled into ``other``.

        Categories that can have equally many rows are kept or pooled together, so the result does not depend on the
        order of rows, and a column of identifiers, each seen once, keeps none of them.
        """
        if len(self.counts) <= cap:
            return self
        upper = {name: size + self.errors.get(name, 0) for name, size in self.counts.items()}
        threshold = _threshold(np.fromiter(upper.values(), np.int64, len(upper)), cap)
        kept = {name: size for name, size in self.counts.items() if upper[name] > threshold}
        pooled = {name: size for name, size in self.counts.items() if upper[name] <= threshold}
        unnamed = Unnamed.of_names(pooled)
        known = self.exact or self.unnamed is not None
        return replace(
            self,
            counts=kept,
            other=self.other + sum(pooled.values()),
            error=max(self.error, threshold),
            errors={name: missed for name, missed in self.errors.items() if name in kept},
            unnamed=Unnamed.total([unnamed, self.unnamed] if self.unnamed else [unnamed]) if known else None,
        )


def _by_name(names: list[str], sizes: list[int]) -> dict[str, int]:
    """Return the rows of each name; values that no name tells apart (two ways to write broken bytes) are one."""
    counts = dict(zip(names, sizes, strict=True))
    if len(counts) < len(names):
        counts = dict.fromkeys(names, 0)
        for name, size in zip(names, sizes, strict=True):
            counts[name] += size
    return counts


def total_lengths(parts: Sequence[Lengths | None]) -> Lengths | None:
    """Return the lengths of all parts; None if nobody counted those of one."""
    known = [part for part in parts if part is not None]
    return Lengths.sum(known) if known and len(known) == len(parts) else None


def _errors(counts: Mapping[str, int], parts: Sequence[CategoricalColumn]) -> dict[str, int]:
    """Return what each count may miss: what a part states where it has the name, and all it can have where not."""
    pooling = [part for part in parts if part.error]
    if not pooling:
        return {}
    missed = dict.fromkeys(counts, sum(part.error for part in pooling))
    for part in pooling:
        for name in part.counts:
            missed[name] -= part.error - part.errors.get(name, 0)
    return {name: rows for name, rows in missed.items() if rows}


def _unnamed(parts: Sequence[CategoricalColumn]) -> Unnamed | None:
    known = [part.unnamed for part in parts if part.unnamed is not None]
    return Unnamed.total(known) if known and len(known) == len(parts) else None


def _threshold(sizes: Any, cap: int) -> int:
    """Return the smallest count such that at most ``cap`` sizes are above it."""
    if len(sizes) <= cap:
        return 0
    place = len(sizes) - cap - 1
    return int(np.partition(sizes, place)[place])
