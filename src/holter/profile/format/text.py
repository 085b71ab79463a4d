"""How a column of text or identifiers is stored: without any of its values."""

import msgspec

from holter.profile.format.lengths import StoredLengths, StoredUnnamed
from holter.profile.text import TextColumn


class StoredText(msgspec.Struct, array_like=True, tag="t"):
    """The fields of a :class:`~holter.profile.TextColumn`."""

    n: int
    nulls: int
    empty: int
    lengths: StoredLengths | None
    values: StoredUnnamed | None
    dtype: str

    @classmethod
    def of(cls, column: TextColumn) -> "StoredText":
        """Return what is stored of a column."""
        return cls(
            column.n,
            column.nulls,
            column.empty,
            StoredLengths.of(column.lengths),
            StoredUnnamed.of(column.values),
            column.dtype,
        )

    def column(self) -> TextColumn:
        """Return the column that was stored.

        Raises
        ------
        ValueError
            If the count of different values is none.
        """
        lengths = self.lengths.lengths() if self.lengths else None
        values = self.values.unnamed() if self.values else None
        return TextColumn(self.n, self.nulls, self.empty, lengths, values, self.dtype)
