"""A column of free text or identifiers, of which no value is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holter.profile.categorical import CategoricalColumn, total_lengths
from holter.profile.distinct import Distinct
from holter.profile.lengths import Lengths
from holter.profile.opaque import joined_types
from holter.profile.shapes import count_shapes, may_be_identifier
from holter.profile.texts import text_of
from holter.profile.unnamed import Unnamed

FEW: Final = 100
"""Up to this many different values are categories, whatever they look like: the user can still read the list."""
MANY: Final = 1_000
"""Below this many different values it is chance whether they repeat."""
ALMOST: Final = 0.8
"""Share of different values, or of values of an identifier's shape, from which a column is no longer categories."""
LONG: Final = 100
"""Mean number of characters from which a value is prose."""


@dataclass(frozen=True)
class TextColumn:
    """What is known of text whose values are not kept: how many, how many different ones, how long, of what shape.

    Parameters
    ----------
    n
        Rows that had the column, nulls included.
    nulls
        Rows without a value.
    empty
        Rows with the empty string.
    lengths
        Characters of the values; None where nobody counted them.
    values
        Estimate of how many different values there are, and rows by shape; None where nobody counted them.
    dtype
        Arrow type of the values, as text.
    """

    n: int
    nulls: int
    empty: int = 0
    lengths: Lengths | None = None
    values: Unnamed | None = None
    dtype: str = "string"

    @classmethod
    def of_categories(cls, column: CategoricalColumn) -> "TextColumn":
        """Forget the names of categories.

        Examples
        --------
        >>> import pyarrow as pa
        >>> column = TextColumn.of_categories(CategoricalColumn.of(pa.array(["a", "b", "", "a", None])))
        >>> column.n, column.nulls, column.empty, column.distinct.estimate, column.lengths.maximum
        (5, 1, 1, 3.0, 1)
        """
        return cls(column.n, column.nulls, column.empty, column.lengths, column.forgotten(), column.dtype)

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.n - self.nulls

    @property
    def distinct(self) -> Distinct | None:
        """Return the number of different values, estimated."""
        return None if self.values is None else self.values.distinct

    @property
    def shapes(self) -> Mapping[str, int]:
        """Return the rows whose value looks like an identifier: ``uuid``, ``hash``, ``email``, ``url``."""
        return {} if self.values is None else self.values.shapes

    @classmethod
    def total(cls, parts: Sequence["TextColumn | CategoricalColumn"]) -> "TextColumn":
        """Return the column of all rows of all parts: what is text in one of them is text in all."""
        texts = [cls.of_categories(part) if isinstance(part, CategoricalColumn) else part for part in parts]
        known = [part.values for part in texts if part.values is not None]
        return cls(
            n=sum(part.n for part in texts),
            nulls=sum(part.nulls for part in texts),
            empty=sum(part.empty for part in texts),
            lengths=total_lengths([part.lengths for part in texts if part.present or part.lengths is not None]),
            values=Unnamed.total(known) if len(known) == len(texts) else None,
            dtype=joined_types(*(part.dtype for part in texts)),
        )


def recognised(column: CategoricalColumn) -> CategoricalColumn | TextColumn:
    """Return a column of categories as it is, and one of free text or identifiers without its values.

    More than :data:`FEW` different values are text when they are long (:data:`LONG` characters on average), when
    :data:`ALMOST` all look like identifiers, or when there are :data:`MANY` and almost every row has another one. Only
    what adds up is asked, so the order of the rows does not matter; a part of the rows may still be told otherwise than
    the whole, and then text wins.
    """
    return TextColumn.of_categories(column) if _is_text(column) else column


def _is_text(column: CategoricalColumn) -> bool:
    if column.dtype != "string" or (column.exact and len(column.counts) <= FEW):
        return False
    different = _different(column)
    if different <= FEW:
        return False
    if different >= MANY and different >= ALMOST * column.present:
        return True
    if column.lengths is not None and column.lengths.total >= LONG * column.lengths.n:
        return True
    return _alike(column) >= ALMOST * (column.present - column.empty) > 0


def _different(column: CategoricalColumn) -> float:
    """Return how many different values there are; those that were pooled and never counted are none."""
    if column.exact:
        return len(column.counts)
    distinct = column.distinct
    return 0 if distinct is None else distinct.estimate


def _alike(column: CategoricalColumn) -> int:
    """Return the rows whose value looks like an identifier. Most names cannot, and a pattern is not tried on them."""
    pooled = sum(column.unnamed.shapes.values()) if column.unnamed else 0
    likely = {name: rows for name, rows in column.counts.items() if may_be_identifier(name)}
    if pooled + sum(likely.values()) < ALMOST * (column.present - column.empty):
        return 0
    sizes = np.fromiter(likely.values(), np.int64, len(likely))
    return pooled + sum(count_shapes(text_of(list(likely)), sizes).values())
