"""What the lists of a column are like: embeddings, and lists of anything else."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.kinds import is_number, plain_type, plain_values, type_name
from holter.profile.lengths import Lengths
from holter.profile.numeric import NumericColumn
from holter.profile.opaque import joined_types
from holter.profile.projection import DIRECTIONS, norms, project
from holter.profile.ranks import K
from holter.profile.texts import numbers_in

_AT_A_TIME: Final = 1_000_000
"""Elements that are looked at together: 8 MB, and as much again for each of two copies."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class VectorColumn:
    """Statistics of lists: how many elements, and of lists of numbers the norm and eight fixed random projections.

    Parameters
    ----------
    n
        Rows that had the column, nulls included.
    nulls
        Rows without a list.
    lengths
        Elements of each list: minimum and maximum are equal in a column of embeddings (:attr:`dimension`).
    null_elements, nan_elements, infinite_elements
        Elements that are no finite number: three different things.
    broken
        Lists with such an element; neither norm nor projections know them, nor lists without elements.
    norm
        Euclidean length of the other lists. Without any value when the elements are no numbers.
    projections
        What the lists are on :data:`~holter.profile.projection.DIRECTIONS` fixed directions, divided by the root of
        the dimension: of the size of one element. The same in every process, so that windows can be compared.
    dtype
        Arrow type of the lists, as text.

    Examples
    --------
    >>> column = VectorColumn.of(pa.array([[3.0, 4.0], None, [0.0, None]]))
    >>> column.nulls, column.dimension, column.broken, column.norm.mean
    (1, 2, 1, 5.0)
    """

    n: int
    nulls: int
    lengths: Lengths = field(default_factory=Lengths)
    null_elements: int = 0
    nan_elements: int = 0
    infinite_elements: int = 0
    broken: int = 0
    norm: NumericColumn = field(default_factory=lambda: _numeric(np.empty(0), K))
    projections: tuple[NumericColumn, ...] = field(
        default_factory=lambda: tuple(_numeric(np.empty(0), K) for _ in range(DIRECTIONS))
    )
    dtype: str = "list<item: double>"

    @classmethod
    def of(cls, array: pa.Array, k: int = K) -> "VectorColumn":
        """Summarise an array of lists of any layout, ragged or not.

        Raises
        ------
        pyarrow.ArrowException
            If it is no array of lists.
        """
        lists = plain_values(array)
        there = lists.drop_null() if lists.null_count else lists
        lengths = numbers_in(pc.list_value_length(there))
        parts = _stretches(there, lengths) or [_Elements()]
        values = np.concatenate([part.norms for part in parts])
        projected = np.concatenate([part.projections for part in parts], axis=1)
        return cls(
            n=len(array),
            nulls=lists.null_count,
            lengths=Lengths.of(lengths),
            null_elements=sum(part.nulls for part in parts),
            nan_elements=sum(part.nan for part in parts),
            infinite_elements=sum(part.infinite for part in parts),
            broken=sum(part.broken for part in parts),
            norm=_numeric(values, k),
            projections=tuple(_numeric(row, _share(k)) for row in projected),
            dtype=type_name(array.type),
        )

    @property
    def present(self) -> int:
        """Rows with a list, be it empty or not."""
        return self.n - self.nulls

    @property
    def dimension(self) -> int | None:
        """Return how many elements every list has; None where they differ or there is no list."""
        return self.lengths.minimum if self.lengths.minimum == self.lengths.maximum else None

    @classmethod
    def total(cls, parts: Sequence["VectorColumn"]) -> "VectorColumn":
        """Return the statistics of the rows of all parts."""
        return cls(
            n=sum(part.n for part in parts),
            nulls=sum(part.nulls for part in parts),
            lengths=Lengths.sum([part.lengths for part in parts]),
            null_elements=sum(part.null_elements for part in parts),
            nan_elements=sum(part.nan_elements for part in parts),
            infinite_elements=sum(part.infinite_elements for part in parts),
            broken=sum(part.broken for part in parts),
            norm=NumericColumn.total([part.norm for part in parts]),
            projections=tuple(map(NumericColumn.total, zip(*(part.projections for part in parts), strict=True))),
            dtype=joined_types(*(part.dtype for part in parts)),
        )

    def compressed(self, k: int) -> "VectorColumn":
        """Return the column with at most ``k`` values of the norm, and as many of all projections together."""
        small = tuple(each.compressed(_share(k)) for each in self.projections)
        return replace(self, norm=self.norm.compressed(k), projections=small)


@dataclass(frozen=True)
class _Elements:
    """The elements of some lists, and the norms and projections of those lists that are all finite numbers."""

    nulls: int = 0
    nan: int = 0
    infinite: int = 0
    broken: int = 0
    norms: Floats = field(default_factory=lambda: np.empty(0))
    projections: Floats = field(default_factory=lambda: np.empty((DIRECTIONS, 0)))

    @classmethod
    def of(cls, lists: pa.Array, widths: npt.NDArray[np.int64]) -> "_Elements":
        flat = lists.flatten()
        widths = widths[widths > 0]
        if not _has_numbers(flat.type):
            return cls(nulls=flat.null_count)
        values, absent = _finite(flat)
        odd = ~np.isfinite(values)
        starts = np.cumsum(widths) - widths
        broken = np.logical_or.reduceat(odd, starts) if len(starts) else np.empty(0, bool)
        if broken.any():
            sound, widths = values[np.repeat(~broken, widths)], widths[~broken]
            starts = np.cumsum(widths) - widths
        else:
            sound = values
        return cls(
            nulls=absent,
            nan=int(np.count_nonzero(np.isnan(values))) - absent,
            infinite=int(np.count_nonzero(np.isinf(values))),
            broken=int(np.count_nonzero(broken)),
            norms=norms(sound, starts),
            projections=project(sound, starts),
        )


def _stretches(lists: pa.Array, lengths: npt.NDArray[np.int64]) -> list[_Elements]:
    """Look at so many lists at a time that their elements fit into the memory meant for them."""
    ends = np.cumsum(lengths)
    cuts = np.unique(np.searchsorted(ends, np.arange(0, ends[-1], _AT_A_TIME))) if len(ends) else np.empty(0, int)
    places = [*cuts.tolist(), len(lists)]
    return [_Elements.of(lists.slice(a, b - a), lengths[a:b]) for a, b in pairwise(places)]


def _has_numbers(dtype: pa.DataType) -> bool:
    plain = plain_type(dtype)
    return (is_number(plain) and not pa.types.is_duration(plain)) or pa.types.is_boolean(plain)


def _finite(flat: pa.Array) -> tuple[Floats, int]:
    """Return elements as doubles, NaN where they are null, and how many those are."""
    doubles = pc.cast(plain_values(flat), pa.float64(), safe=False)
    absent = doubles.null_count
    return numbers_in(pc.fill_null(doubles, np.nan) if absent else doubles), absent


def _share(k: int) -> int:
    return max(1, k // DIRECTIONS)


def _numeric(values: Floats, k: int) -> NumericColumn:
    dense = np.ascontiguousarray(values)
    return NumericColumn.of(pa.Array.from_buffers(pa.float64(), len(dense), [None, pa.py_buffer(dense)]), k)
