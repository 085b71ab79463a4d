"""How often each value of an array occurs, counted where Arrow has the values once already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.kinds import is_text, plain_values
from holter.profile.texts import numbers_in, taken, text_of

_SPARSE: Final = 4
"""A dictionary of more than this many entries a row is not counted entry by entry."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Values, and the rows of each; a value may stand twice, or be null, unless it is said to be ``unique``."""

    values: pa.Array
    sizes: npt.NDArray[np.int64]
    nulls: int = 0
    unique: bool = False

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return int(self.values.nbytes)


def count_values(array: pa.Array) -> Counted:
    """Count the values of an array; of a dictionary only its indices are looked at.

    Examples
    --------
    >>> words = pa.DictionaryArray.from_arrays(pa.array([1, 1, None], pa.int8()), ["never", "twice"])
    >>> counted = count_values(words)
    >>> counted.values.to_pylist(), counted.sizes.tolist(), counted.nulls
    (['never', 'twice'], [0, 2], 1)
    """
    if pa.types.is_run_end_encoded(array.type):
        return count_values(pc.run_end_decode(array))
    if isinstance(array, pa.ExtensionArray):
        return count_values(array.storage)
    if pa.types.is_dictionary(array.type):
        return _count_indices(array.indices, array.dictionary)
    whole = plain_values(array)
    tally = pc.value_counts(whole.drop_null() if whole.null_count else whole)
    return Counted(tally.field(0), numbers_in(tally.field(1)), whole.null_count, unique=True)


def _count_indices(indices: pa.Array, dictionary: pa.Array) -> Counted:
    nulls = indices.null_count
    places = numbers_in(indices.drop_null() if nulls else indices)
    if len(places) and not 0 <= int(places.min()) <= int(places.max()) < len(dictionary):
        raise pa.ArrowIndexError(f"an index of a dictionary of {len(dictionary)} values points outside of it")
    if len(dictionary) > _SPARSE * len(places) and len(places):
        used, sizes = np.unique(places, return_counts=True)
        return Counted(taken(dictionary, used.astype(np.int64)), sizes, nulls)
    return Counted(dictionary, np.bincount(places, minlength=len(dictionary)), nulls)


def gathered(parts: Sequence[Counted]) -> Counted:
    """Return every value that occurs once, as text, with the rows of all parts; a null of a dictionary is a null row.

    Whole floats are named like integers (``1``), so that a column of both compares.

    Examples
    --------
    >>> counted = gathered([count_values(pa.array([1.0, 2.5])), count_values(pa.array([1, 1]))])
    >>> counted.values.to_pylist(), counted.sizes.tolist()
    (['1', '2.5'], [3, 1])
    """
    named = [_named(part) for part in parts]
    if len(named) == 1 and named[0].unique:
        return named[0]
    coded = pc.dictionary_encode(_joined([part.values for part in named]))
    sizes = np.concatenate([part.sizes for part in named])
    rows = np.bincount(numbers_in(coded.indices), sizes, len(coded.dictionary)).astype(np.int64)
    found = np.flatnonzero(rows)
    return Counted(taken(coded.dictionary, found), rows[found], sum(part.nulls for part in named), unique=True)


def _joined(arrays: list[pa.Array]) -> pa.Array:
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


def _named(part: Counted) -> Counted:
    """Return values as text of 64-bit offsets, of which more than two gigabytes can be joined."""
    values, sizes, nulls = plain_values(part.values), part.sizes, part.nulls
    if values.null_count:
        there = numbers_in(pc.cast(pc.is_valid(values), pa.int8())).astype(bool)
        values, sizes, nulls = values.drop_null(), sizes[there], nulls + int(sizes[~there].sum())
    if is_text(values.type):
        wide = values if pa.types.is_large_string(values.type) else pc.cast(values, pa.large_string())
        return Counted(wide, sizes, nulls, part.unique)
    return Counted(text_of([_name(value) for value in values.to_pylist()]), sizes, nulls)


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
