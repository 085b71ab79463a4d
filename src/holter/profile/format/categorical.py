"""How the counts of categories are stored."""

import msgspec

from holter.profile.categorical import CategoricalColumn


class StoredCategorical(msgspec.Struct, array_like=True, tag="c"):
    """The fields of a :class:`~holter.profile.CategoricalColumn`."""

    n: int
    nulls: int
    counts: dict[str, int]
    other: int
    empty: int
    dtype: str

    @classmethod
    def of(cls, column: CategoricalColumn) -> "StoredCategorical":
        """Return what is stored of a column."""
        return cls(column.n, column.nulls, dict(column.counts), column.other, column.empty, column.dtype)

    def column(self) -> CategoricalColumn:
        """Return the column that was stored."""
        return CategoricalColumn(self.n, self.nulls, self.counts, self.other, self.empty, self.dtype)
