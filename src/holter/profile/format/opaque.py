"""How a column that is not looked into is stored."""

import msgspec

from holter.profile.opaque import OpaqueColumn


class StoredOpaque(msgspec.Struct, array_like=True, tag="o"):
    """The fields of an :class:`~holter.profile.OpaqueColumn`."""

    n: int
    nulls: int
    dtype: str

    @classmethod
    def of(cls, column: OpaqueColumn) -> "StoredOpaque":
        """Return what is stored of a column."""
        return cls(column.n, column.nulls, column.dtype)

    def column(self) -> OpaqueColumn:
        """Return the column that was stored."""
        return OpaqueColumn(self.n, self.nulls, self.dtype)
