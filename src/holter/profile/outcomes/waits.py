"""How long records waited for their labels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.outcomes.reading import Floats
from holter.types import EVENT_TIME, LABEL, LABELLED_AT


@dataclass(frozen=True, eq=False)
class Waits:
    """When records happened and when their labels came, in seconds since 1970; NaN where that is not known.

    ``known`` is where there is a label. A label that came before its record came at once.
    """

    happened: Floats
    labelled: Floats
    known: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rows: pa.Table) -> "Waits":
        """Read them from records; a column that is missing or holds no times is one of nulls."""
        known = labelled(rows)
        came = np.where(known, _seconds(rows, LABELLED_AT), np.nan)
        return cls(_seconds(rows, EVENT_TIME), came, known)

    @property
    def delays(self) -> Floats:
        """Seconds from record to label, of the records for which both are known."""
        apart = self.labelled - self.happened
        return np.maximum(apart[np.isfinite(apart)], 0.0)

    @property
    def newest(self) -> float | None:
        """When the last label came: until then at least, somebody listened. None where no label has a time."""
        times = self.labelled[np.isfinite(self.labelled)]
        return float(times.max()) if len(times) else None

    @property
    def ages(self) -> Floats:
        """Seconds for which each record could have got a label until then; empty where no label has a time."""
        end = self.newest
        happened = self.happened[np.isfinite(self.happened)]
        return np.zeros(0) if end is None else np.maximum(end - happened, 0.0)

    @property
    def delays_with_ages(self) -> tuple[Floats, Floats]:
        """Delay and age of the same records, those for which both are known."""
        apart, end = self.labelled - self.happened, self.newest
        there = np.isfinite(apart)
        delays = np.maximum(apart[there], 0.0)
        return delays, delays if end is None else np.maximum(end - self.happened[there], delays)


def labelled(rows: pa.Table) -> npt.NDArray[np.bool_]:
    """Tell of each record whether it has a label: null and NaN are none."""
    if LABEL not in rows.column_names:
        return np.zeros(rows.num_rows, bool)
    column = rows.column(LABEL)
    there = pc.is_valid(column)
    if pa.types.is_floating(column.type):
        there = pc.and_(there, pc.fill_null(pc.is_finite(column), fill_value=False))
    return np.asarray(there.to_numpy(), bool)


def _seconds(rows: pa.Table, name: str) -> Floats:
    if name not in rows.column_names or not pa.types.is_timestamp(rows.column(name).type):
        return np.full(rows.num_rows, np.nan)
    whole = rows.column(name).cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    return np.asarray(whole.cast(pa.float64()).to_numpy(), np.float64) / 1e6
