"""How lengths, and what is left of forgotten values, are stored; both are parts of several kinds of column."""

import msgspec

from holter.profile.distinct import Distinct
from holter.profile.lengths import Lengths
from holter.profile.unnamed import Unnamed


class StoredLengths(msgspec.Struct, array_like=True):
    """The fields of :class:`~holter.profile.Lengths`."""

    n: int
    minimum: int | None
    maximum: int | None
    total: int
    squares: bytes  # a sum of squares may need more than the 64 bits of a number in msgpack
    powers: list[int]

    @classmethod
    def of(cls, lengths: Lengths | None) -> "StoredLengths | None":
        """Return what is stored of lengths."""
        if lengths is None:
            return None
        squares = lengths.squares.to_bytes(lengths.squares.bit_length() // 8 + 1, "little")
        return cls(lengths.n, lengths.minimum, lengths.maximum, lengths.total, squares, list(lengths.powers))

    def lengths(self) -> Lengths:
        """Return the lengths that were stored."""
        squares = int.from_bytes(self.squares, "little")
        return Lengths(self.n, self.minimum, self.maximum, self.total, squares, tuple(self.powers))


class StoredUnnamed(msgspec.Struct, array_like=True):
    """The fields of :class:`~holter.profile.Unnamed`."""

    distinct: bytes
    shapes: dict[str, int]

    @classmethod
    def of(cls, unnamed: Unnamed | None) -> "StoredUnnamed | None":
        """Return what is stored of forgotten values."""
        return None if unnamed is None else cls(unnamed.distinct.to_bytes(), dict(unnamed.shapes))

    def unnamed(self) -> Unnamed:
        """Return what was stored.

        Raises
        ------
        ValueError
            If the bytes are no count of different values.
        """
        return Unnamed(Distinct.from_bytes(self.distinct), self.shapes)
