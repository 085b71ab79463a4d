"""A column that is counted and named, and not looked into."""

from dataclasses import dataclass
from typing import Final

NULL: Final = "null"
"""Arrow's name for the type of a column that never had a value."""


@dataclass(frozen=True)
class OpaqueColumn:
    """A column of a type that has no summary, or of several types that do not go together.

    Parameters
    ----------
    n
        Rows that had the column.
    nulls
        How many of them were null.
    dtype
        Arrow type as text; several, joined with ``|``, when files or windows disagree.
    """

    n: int
    nulls: int
    dtype: str

    @property
    def is_blank(self) -> bool:
        """Whether it never had a value, so that it agrees with every type."""
        return self.dtype == NULL


def joined_types(*names: str) -> str:
    """Return the different types of a column as one text, in an order that does not depend on who came first.

    Examples
    --------
    >>> joined_types("string", "double | string", "null")
    'double | string'
    """
    found = {part for name in names for part in name.split(" | ")}
    return " | ".join(sorted(found - {NULL})) or NULL
