"""Which values occur twice: what a profile cannot tell, from the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from holter.profile.hashing import Hashes
from holter.profile.row_hash import hash_rows
from holter.profile.wording import percent
from holter.signals.breaches import EXAMPLES, Breach
from holter.signals.constraint import Constraints

_NAME: Final = ", "


@dataclass(frozen=True)
class Repeats:
    """How many rows repeat one before them, of how many that have a value; and the hashes of what is repeated."""

    rows: int
    n: int
    hashes: Hashes

    @classmethod
    def of(cls, hashes: Hashes) -> "Repeats":
        """Count the rows whose hash another row has.

        Examples
        --------
        >>> Repeats.of(np.array([3, 1, 3, 3], np.uint64)).rows
        2
        """
        ordered = np.sort(hashes)
        again = ordered[1:][ordered[1:] == ordered[:-1]]
        return cls(len(again), len(hashes), again)


class UniqueReading:
    """Columns that must not repeat, while a table is read: eight bytes a row and column are kept.

    Two different values are taken for one with a chance below one in a thousand in a hundred million rows (hashes of 64
    bits).

    Examples
    --------
    >>> reading = UniqueReading(Constraints.from_dict({"columns": {"id": {"unique": True}}}))
    >>> batch = pa.record_batch({"id": [1, 2, 2, None, None]})
    >>> reading.add(batch)
    >>> print(*reading.breaches([batch]))
    unique: 1 of 3 rows repeat a value, allowed every value once (such as 2)
    """

    def __init__(self, held: Constraints) -> None:
        alone = [(name,) for name, column in held.columns.items() if column.unique]
        self._keys: Sequence[tuple[str, ...]] = [*alone, *([held.key] if held.key else [])]
        self._table_key = held.key
        self._seen: dict[tuple[str, ...], list[Hashes]] = {key: [] for key in self._keys}

    @property
    def columns(self) -> list[str]:
        """Return the columns it must be shown."""
        return list(dict.fromkeys(name for key in self._keys for name in key))

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in the next rows; a key with a column that is not there is not asked about."""
        for key in self._keys:
            if set(key) <= set(batch.schema.names):
                self._seen[key].append(_hashes(batch, key)[_present(batch, key)])

    def breaches(self, again: Iterable[pa.RecordBatch]) -> list[Breach]:
        """Return what does not hold; the rows are read ``again`` for examples, and only if there is any."""
        found = {key: Repeats.of(np.concatenate(seen)) for key, seen in self._seen.items() if seen}
        broken = {key: repeats for key, repeats in found.items() if repeats.rows}
        shown = _examples(broken, again) if broken else {}
        return [self._breach(key, repeats, shown[key]) for key, repeats in broken.items()]

    def _breach(self, key: tuple[str, ...], repeats: Repeats, examples: list[str]) -> Breach:
        share = f"{repeats.rows:,} of {repeats.n:,} rows"
        if repeats.rows / repeats.n < 1 and repeats.n >= 1000:
            share = f"{percent(repeats.rows / repeats.n)} of the rows"
        constraint = "key" if key == self._table_key else "unique"
        return Breach(_NAME.join(key), constraint, f"{share} repeat a value", "every value once", tuple(examples))


def _hashes(batch: pa.RecordBatch, key: tuple[str, ...]) -> Hashes:
    columns: Mapping[str, pa.Array] = {name: batch.column(name) for name in key}
    return hash_rows(columns, batch.num_rows)


def _present(batch: pa.RecordBatch, key: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which rows have any value: a row without one repeats nothing."""
    present = np.zeros(batch.num_rows, np.bool_)
    for name in key:
        present |= np.asarray(batch.column(name).is_valid().to_numpy(zero_copy_only=False), np.bool_)
    return present


def _examples(
    broken: Mapping[tuple[str, ...], Repeats], again: Iterable[pa.RecordBatch]
) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], dict[str, None]] = {key: {} for key in broken}
    for batch in again:
        for key, repeats in broken.items():
            if len(found[key]) < EXAMPLES:
                places = np.flatnonzero(np.isin(_hashes(batch, key), repeats.hashes))[: 16 * EXAMPLES]
                for row in batch.select(list(key)).take(pa.array(places)).to_pylist():
                    found[key][_NAME.join(str(each) for each in row.values())] = None
        if all(len(each) >= EXAMPLES for each in found.values()):
            break
    return {key: list(each)[:EXAMPLES] for key, each in found.items()}
