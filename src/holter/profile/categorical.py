"""How often each category of a column occurs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.kinds import plain_type, type_name
from holter.profile.opaque import joined_types

CAP: Final = 10_000
"""Categories kept by name; beyond it the rare ones are pooled."""
LONGEST: Final = 256
"""Characters of the longest category kept by name; longer values are text, not categories."""


@dataclass(frozen=True)
class CategoricalColumn:
    """Counts of the categories of a column.

    Parameters
    ----------
    n
        Rows that had the column, nulls included.
    nulls
        Rows without a value.
    counts
        Rows of each category kept by name. The true count of a category is at least this and at most this plus
        ``other``; it is exact when ``other`` is 0.
    other
        Rows whose category is not kept by name: rare ones beyond :data:`CAP`, and values longer than :data:`LONGEST`.
    empty
        Rows with the empty string, which is a category too and also in ``counts``.
    dtype
        Arrow type of the values, as text.
    """

    n: int
    nulls: int
    counts: Mapping[str, int] = field(default_factory=dict)
    other: int = 0
    empty: int = 0
    dtype: str = "string"

    @classmethod
    def of(cls, array: pa.Array, cap: int = CAP) -> Self:
        """Count the values of an array. Whole floats are named like integers (``1``), so that both compare."""
        plain = plain_type(array.type)
        tally = pc.value_counts(array if array.type == plain else pc.cast(array, plain))
        values, sizes = tally.field(0), np.frombuffer(tally.field(1).buffers()[1], np.int64, len(tally)).copy()
        present = np.array(pc.is_valid(values).to_pylist(), bool)
        keep = np.flatnonzero(present & (sizes > _threshold(sizes[present], cap)))
        counts: dict[str, int] = {}
        for name, size in zip(_names(values.take(pa.array(keep))), sizes[keep].tolist(), strict=True):
            if len(name) <= LONGEST:
                counts[name] = counts.get(name, 0) + size
        nulls = int(sizes[~present].sum())
        other = len(array) - nulls - sum(counts.values())
        return cls(len(array), nulls, counts, other, _empty(values, sizes), type_name(plain))

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.n - self.nulls

    @property
    def exact(self) -> bool:
        """Whether every category is kept by name."""
        return self.other == 0

    @classmethod
    def total(cls, parts: Sequence["CategoricalColumn"]) -> "CategoricalColumn":
        """Return the counts of all rows of all parts."""
        counts = dict(parts[0].counts)
        for part in parts[1:]:
            for name, size in part.counts.items():
                counts[name] = counts.get(name, 0) + size
        return cls(
            n=sum(part.n for part in parts),
            nulls=sum(part.nulls for part in parts),
            counts=counts,
            other=sum(part.other for part in parts),
            empty=sum(part.empty for part in parts),
            dtype=joined_types(*(part.dtype for part in parts)),
        )

    def compressed(self, cap: int = CAP) -> "CategoricalColumn":
        """Return the column with at most ``cap`` categories by name, the rest pooled into ``other``.

        Categories of equal count are kept or pooled together, so the result does not depend on the order of rows, and
        a column of identifiers, each seen once, keeps none of them.
        """
        if len(self.counts) <= cap:
            return self
        threshold = _threshold(np.array(list(self.counts.values())), cap)
        kept = {name: size for name, size in self.counts.items() if size > threshold}
        pooled = sum(self.counts.values()) - sum(kept.values())
        return CategoricalColumn(self.n, self.nulls, kept, self.other + pooled, self.empty, self.dtype)


def _threshold(sizes: Any, cap: int) -> int:
    """Return the smallest count such that at most ``cap`` sizes are above it."""
    if len(sizes) <= cap:
        return 0
    return int(np.partition(sizes, len(sizes) - cap - 1)[len(sizes) - cap - 1])


def _names(values: pa.Array) -> list[str]:
    try:
        return [_name(value) for value in values.to_pylist()]
    except UnicodeDecodeError:  # Arrow does not check the bytes that others hand over as text
        raw = values.cast(pa.large_binary() if pa.types.is_large_string(values.type) else pa.binary())
        return [value.decode("utf-8", "backslashreplace") for value in raw.to_pylist()]


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _empty(values: pa.Array, sizes: Any) -> int:
    if type_name(values.type) != "string":
        return 0
    lengths = pc.fill_null(pc.binary_length(values), 1)
    return int(sum(size for size, length in zip(sizes.tolist(), lengths.to_pylist(), strict=True) if length == 0))
