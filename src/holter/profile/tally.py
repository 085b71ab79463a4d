"""Counting the categories of a column while it is read, in bounded memory."""

from typing import Final

import numpy as np
import pyarrow as pa

from holter.profile.categorical import CAP, CategoricalColumn
from holter.profile.counting import Counted, count_values, gathered
from holter.profile.kinds import is_text, type_name
from holter.profile.text import TextColumn, recognised

_MOST_VALUES: Final = 40_000
"""Values that wait to be gathered: enough for a dozen dictionaries of a Zipf column, and below a megabyte of words."""
_MOST_BYTES: Final = 4_000_000
"""Bytes of text that wait."""
_SLACK: Final = 2
"""Categories kept by name while reading, in multiples of the cap: what is rare so far may still become frequent."""


class Tally:
    """The categories of a column so far.

    Values are gathered only now and then, and names become Python text only at the end: a dictionary in Python for each
    chunk would cost more than all the rest.

    Parameters
    ----------
    dtype
        Arrow type of the column.
    cap
        Categories kept by name.
    text
        True for a column declared to be text: none of its values is kept.

    Examples
    --------
    >>> tally = Tally(pa.string())
    >>> tally.add(pa.array(["a", "b"]))
    >>> tally.add(pa.array(["a", None]))
    >>> column = tally.column()
    >>> column.counts, column.nulls
    ({'a': 2, 'b': 1}, 1)
    """

    __slots__ = ("_cap", "_dtype", "_pooled", "_text", "_waiting")

    def __init__(self, dtype: pa.DataType, cap: int = CAP, *, text: bool = False) -> None:
        self._dtype, self._cap, self._text = type_name(dtype), 0 if text else cap, text
        self._waiting: list[Counted] = []
        self._pooled: CategoricalColumn | None = None

    def add(self, array: pa.Array) -> None:
        """Count the values of the next rows.

        Raises
        ------
        pyarrow.ArrowException
            If the values of the type cannot be counted.
        """
        if self._text and is_text(array.type):
            self._pool(_each(array))
            return
        found = count_values(array)
        last = self._waiting[-1] if self._waiting else None
        if last is not None and len(last.values) == len(found.values) and last.values.equals(found.values):
            self._waiting[-1] = Counted(last.values, last.sizes + found.sizes, last.nulls + found.nulls)
            return
        self._waiting.append(found)
        values, size = sum(len(each.values) for each in self._waiting), sum(each.size for each in self._waiting)
        if values > _MOST_VALUES or size > _MOST_BYTES:
            self._gather()

    def column(self) -> CategoricalColumn | TextColumn:
        """Return the summary of all rows: of bounded size, and without values where they are text."""
        self._pool(gathered(self._waiting or [count_values(pa.nulls(0, pa.string()))]))
        assert self._pooled is not None  # noqa: S101  (just made)
        column = self._pooled.compressed(self._cap)
        return TextColumn.of_categories(column) if self._text else recognised(column)

    def _gather(self) -> None:
        """Bring equal values of all chunks together; what is still too much is pooled."""
        found = gathered(self._waiting)
        if len(found.values) > _MOST_VALUES // 2 or found.size > _MOST_BYTES // 2:
            self._pool(found)
            self._waiting = []
        else:
            self._waiting = [found]

    def _pool(self, found: Counted) -> None:
        column = CategoricalColumn.counted(found, self._dtype, _SLACK * self._cap)
        if self._pooled is not None:
            column = CategoricalColumn.total([self._pooled, column]).compressed(_SLACK * self._cap)
        self._pooled = column


def _each(array: pa.Array) -> Counted:
    """Return every row as a value of its own: what is forgotten anyway need not be counted first."""
    there = array.drop_null() if array.null_count else array
    return Counted(there, np.ones(len(there), np.int64), array.null_count)
