"""How often each category of a column occurs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
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
        whole = array if array.type == plain else pc.cast(array, plain)
        tally = pc.value_counts(whole.drop_null() if whole.null_count else whole)
        sizes = _sizes(tally.field(1))
        keep = np.flatnonzero(sizes > _threshold(sizes, cap))
        counts: dict[str, int] = {}
        for name, size in zip(_names(_taken(tally.field(0), keep)), sizes[keep].tolist(), strict=True):
            if len(name) <= LONGEST:
                counts[name] = counts.get(name, 0) + size
        nulls = whole.null_count
        return cls(
            len(array), nulls, counts, len(array) - nulls - sum(counts.values()), _empty(whole), type_name(plain)
        )

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
    place = len(sizes) - cap - 1
    return int(np.partition(sizes, place)[place])


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


def _sizes(counts: pa.Array) -> npt.NDArray[np.int64]:
    return np.frombuffer(counts.buffers()[1], np.int64)[: len(counts)] if len(counts) else np.empty(0, np.int64)


def _taken(values: pa.Array, keep: npt.NDArray[np.int64]) -> pa.Array:
    """Return the values at some positions. (``pa.array`` of them would import pandas)."""
    if len(keep) == len(values):
        return values
    return values.take(pa.Array.from_buffers(pa.int64(), len(keep), [None, pa.py_buffer(keep)]))


def _empty(values: pa.Array) -> int:
    return int(np.count_nonzero(_lengths(values) == 0)) if type_name(values.type) == "string" else 0


def _lengths(values: pa.Array) -> npt.NDArray[Any]:
    lengths = pc.binary_length(values.drop_null())
    width = np.int64 if pa.types.is_int64(lengths.type) else np.int32
    return np.frombuffer(lengths.buffers()[1], width)[: len(lengths)] if len(lengths) else np.empty(0, width)
