"""Rows cut into segments: by the values of a column, by bins of numbers, by combinations of both.

A segment is asked for in a few characters::

    country          the values of a column; numbers with more than 20 values: five bins
    age:5            five bins with about as many rows of the baseline in each
    country*age:4    every combination

and each has a label: ``country=DE``, ``age=27..35`` (from 27, below 35), ``country=DE & age=..27``. The most frequent
values of the baseline have segments of their own, rows without a value (``country=(none)``) like any other; the rest is
pooled as ``country=(other)``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import BadSetting, UnknownColumn
from holter.profile.kinds import is_number, kind_of, plain_values
from holter.profile.value_names import value_names
from holter.types import Kind

MOST: Final = 20
"""Segments of one cut that have measurements of their own: more is not read, and each costs as much as a table."""
BINS: Final = 5
"""Bins of a numeric column, where nobody says how many."""
MOST_BINS: Final = 50
OTHER: Final = "(other)"
NONE: Final = "(none)"
AND: Final = " & "
"""Between the parts of the label of a combination."""
_DIGITS: Final = 4
"""Significant digits of the edge of a bin: it is read, and typed into rules."""

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Axis:
    """One column of a cut. ``edges`` are those of its bins, in order; None: its values."""

    column: str
    edges: tuple[float, ...] | None = None

    def coded(self, rows: pa.Table) -> tuple[Codes, list[str]]:
        """Return a small number for each row, and what each number is called.

        Raises
        ------
        pyarrow.ArrowException
            If the column has a type that cannot be told apart.
        """
        column = rows[self.column]
        values = plain_values(pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type))
        return self._values(values) if self.edges is None else self._bins(values)

    def _values(self, values: pa.Array) -> tuple[Codes, list[str]]:
        encoded = values.dictionary_encode()
        names = value_names(encoded.dictionary)
        codes = pc.fill_null(encoded.indices.cast(pa.int64()), len(names)).to_numpy(zero_copy_only=False)
        return np.asarray(codes, np.int64), [f"{self.column}={name}" for name in (*names, NONE)]

    def _bins(self, values: pa.Array) -> tuple[Codes, list[str]]:
        assert self.edges is not None  # noqa: S101  (asked by coded)
        numbers, ends = _numbers(values), [f"{edge:g}" for edge in self.edges]
        codes = np.searchsorted(self.edges, numbers, side="right").astype(np.int64)
        codes[np.isnan(numbers)] = len(ends) + 1
        bins = [f"{low}..{high}" for low, high in zip(["", *ends], [*ends, ""], strict=True)]
        return codes, [f"{self.column}={name}" for name in (*bins, NONE)]


@dataclass(frozen=True)
class Cut:
    """One way to cut rows. ``named`` are the labels with segments of their own; None: the rows themselves say."""

    text: str
    axes: tuple[Axis, ...]
    named: tuple[str, ...] | None = None

    @property
    def pooled(self) -> str:
        """The label of all rows whose values have no segment of their own."""
        return AND.join(f"{axis.column}={OTHER}" for axis in self.axes)

    def lacks(self, rows: pa.Table) -> str | None:
        """Return a column that it cuts by and the rows have not."""
        return next((axis.column for axis in self.axes if axis.column not in rows.column_names), None)

    def labelled(self, rows: pa.Table) -> tuple[Codes, list[str]]:
        """Return the segment of each row as a number, and the label of each number. Raises as :meth:`Axis.coded`."""
        codes, labels = self._combined(rows)
        named = self._frequent(codes, labels) if self.named is None else self.named
        place = {label: number for number, label in enumerate(named)}
        table = np.array([place.get(label, len(named)) for label in labels], np.int64)
        return table[codes], [*named, self.pooled]

    def learned(self, rows: pa.Table) -> "Cut":
        """Return the cut with the most frequent segments of these rows named."""
        return Cut(self.text, self.axes, self._frequent(*self._combined(rows)))

    def split(self, rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
        """Yield the label and the rows of each segment: those that are named, also without rows, then the pooled ones.

        Raises as :meth:`Axis.coded`.
        """
        codes, labels = self.labelled(rows)
        ordered = rows.take(pa.array(np.argsort(codes, kind="stable")))
        ends = np.cumsum(np.bincount(codes, minlength=len(labels)))
        for label, end, begin in zip(labels, ends.tolist(), [0, *ends.tolist()], strict=False):
            if end > begin or label != labels[-1]:
                yield label, ordered.slice(begin, end - begin)

    def _combined(self, rows: pa.Table) -> tuple[Codes, list[str]]:
        codes, labels = self.axes[0].coded(rows)
        for axis in self.axes[1:]:
            more, further = axis.coded(rows)
            used, codes = np.unique(codes * len(further) + more, return_inverse=True)
            labels = [AND.join((labels[at // len(further)], further[at % len(further)])) for at in used.tolist()]
        return codes, labels

    def _frequent(self, codes: Codes, labels: Sequence[str]) -> tuple[str, ...]:
        sizes = np.bincount(codes, minlength=len(labels))
        found = [(-size, label) for size, label in zip(sizes.tolist(), labels, strict=True) if size]
        return tuple(label for _, label in sorted(found)[:MOST])


def parse(text: str, columns: Sequence[str]) -> tuple[tuple[str, int | None], ...]:
    """Read how rows are to be cut: columns, each with the number of its bins where one is given.

    Parameters
    ----------
    text
        As at the top of this file; the name of a column always means that column, whatever characters it has.
    columns
        The columns there are.

    Raises
    ------
    UnknownColumn
        If one of them is not there.
    BadSetting
        If a number of bins is not from 2 to 50, or a column is there twice.

    Examples
    --------
    >>> parse("country*age:4", ["age", "country"])
    (('country', None), ('age', 4))
    """
    parts = [text] if text in columns else [part.strip() for part in text.split("*")]
    found = tuple(_part(part, columns) for part in parts)
    if len({column for column, _ in found}) < len(found):
        raise BadSetting("segments", f"{text!r} names a column twice.")
    return found


def _part(text: str, columns: Sequence[str]) -> tuple[str, int | None]:
    if text in columns:
        return text, None
    column, colon, count = text.rpartition(":")
    if not colon:
        raise UnknownColumn(text, columns)
    if column not in columns:
        raise UnknownColumn(column, columns)
    if not count.isdecimal() or not 2 <= int(count) <= MOST_BINS:
        raise BadSetting("segments", f"{text!r}: {count!r} is not a number of bins from 2 to {MOST_BINS}.")
    return column, int(count)


def cut(text: str, baseline: pa.Table, kinds: Mapping[str, Kind], columns: Sequence[str] = ()) -> Cut:
    """Return how rows are cut: where bins end and which values have segments of their own, as the baseline has them.

    Parameters
    ----------
    text
        What is asked for.
    baseline
        Rows that say what is frequent. A column that they lack is cut by the values that come.
    kinds
        How columns are summarised; the others are told by their type.
    columns
        Further columns that may be named.

    Raises
    ------
    UnknownColumn
        If nobody has a column of that name.
    BadSetting
        If it cannot be read.
    pyarrow.ArrowException
        If a column has a type that cannot be told apart.

    Examples
    --------
    >>> ages = cut("age:2", pa.table({"age": [20, 30, 40, 50]}), {})
    >>> [(label, rows.num_rows) for label, rows in ages.split(pa.table({"age": [1, 34, 35, None]}))]
    [('age=..35', 2), ('age=35..', 1), ('age=(other)', 1)]
    """
    named = parse(text, (*baseline.column_names, *columns))
    axes = tuple(_axis(column, bins, baseline, kinds) for column, bins in named)
    made = Cut(text, axes)
    return made if made.lacks(baseline) or not baseline.num_rows else made.learned(baseline)


def _axis(column: str, bins: int | None, baseline: pa.Table, kinds: Mapping[str, Kind]) -> Axis:
    if column not in baseline.column_names:
        return Axis(column)
    dtype = baseline.schema.field(column).type
    numeric = kinds.get(column, kind_of(dtype)) is Kind.NUMERIC and is_number(dtype)
    if not numeric and bins is None:
        return Axis(column)
    numbers = _numbers(pa.concat_arrays(baseline[column].chunks)) if baseline.num_rows else np.empty(0)
    known = np.unique(numbers[np.isfinite(numbers)])
    if len(known) <= (MOST if bins is None else bins):
        return Axis(column)
    return Axis(column, _edges(numbers[np.isfinite(numbers)], bins or BINS))


def _edges(numbers: npt.NDArray[np.float64], bins: int) -> tuple[float, ...]:
    """Return where bins with about as many rows in each begin, rounded to what a person reads; ties make them fewer."""
    shares = np.arange(1, bins) / bins
    found = (float(f"{edge:.{_DIGITS}g}") for edge in np.quantile(numbers, shares, method="hazen"))
    return tuple(sorted({edge for edge in found if edge > numbers.min()}))


def _numbers(values: pa.Array) -> npt.NDArray[np.float64]:
    plain = plain_values(values)
    if pa.types.is_duration(plain.type):
        plain = plain.cast(pa.int64())
    numbers = pc.fill_null(plain.cast(pa.float64(), safe=False), np.nan)
    return np.asarray(numbers.to_numpy(zero_copy_only=False), np.float64)
