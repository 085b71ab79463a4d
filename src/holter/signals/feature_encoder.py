"""Features as numbers, the same way for every window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.signals.labelled import Floats
from holter.signals.rows_as_numbers import CATEGORIES, as_codes, as_numbers
from holter.types import Feature, Kind


@dataclass(frozen=True, eq=False)
class FeatureEncoder:
    """Which features there are, and the code of each category; what the baseline never had is missing (NaN).

    Examples
    --------
    >>> baseline = pa.table({"x": [1, 2, 3], "kind": ["a", "b", "a"]})
    >>> features = (Feature("x", Kind.NUMERIC, "int64"), Feature("kind", Kind.CATEGORICAL, "string"))
    >>> encoder = FeatureEncoder.fit(baseline, features)
    >>> encoder(pa.table({"x": [7, None], "kind": ["new", "a"]})).tolist()
    [[7.0, nan], [nan, 0.0]]
    """

    features: tuple[Feature, ...]
    categories: tuple[pa.Array | None, ...]

    @classmethod
    def fit(cls, rows: pa.Table, features: Sequence[Feature]) -> "FeatureEncoder":
        """Take numbers and categories that have a value; text, lists and times are left out."""
        kept, categories = [], []
        for feature in features:
            if feature.name not in rows.column_names or feature.kind not in (Kind.NUMERIC, Kind.CATEGORICAL):
                continue
            column = rows[feature.name]
            known = _frequent(column) if feature.kind is Kind.CATEGORICAL else None
            values = _encoded(column, known)
            if values is not None and np.isfinite(values).any() and (known is None or len(known)):
                kept.append(feature)
                categories.append(known)
        return cls(tuple(kept), tuple(categories))

    @property
    def categorical(self) -> list[bool]:
        """Which columns are codes of categories."""
        return [each is not None for each in self.categories]

    def missing(self, rows: pa.Table) -> list[str]:
        """Return the features that cannot be read from these rows."""
        return [
            feature.name
            for feature, known in zip(self.features, self.categories, strict=True)
            if feature.name not in rows.column_names or _encoded(rows[feature.name], known) is None
        ]

    def __call__(self, rows: pa.Table) -> Floats:
        """Return one row a record and one column a feature; a column that cannot be read is missing throughout."""
        columns = []
        for feature, known in zip(self.features, self.categories, strict=True):
            there = feature.name in rows.column_names
            values = _encoded(rows[feature.name], known) if there else None
            columns.append(np.full(rows.num_rows, np.nan) if values is None else values)
        return np.column_stack(columns) if columns else np.empty((rows.num_rows, 0))


def _frequent(column: pa.ChunkedArray) -> pa.Array | None:
    try:
        counted = pc.value_counts(pc.cast(column, pa.large_string()).combine_chunks().drop_null())
    except pa.ArrowException:
        return None
    found = zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)
    frequent = sorted(found, key=lambda each: (-each[1], each[0]))[:CATEGORIES]
    return pa.array([name for name, _ in frequent], pa.large_string())


def _encoded(column: pa.ChunkedArray, known: pa.Array | None) -> Floats | None:
    try:
        if known is None:
            return as_numbers(column)
        codes = as_codes(pc.cast(column, pa.large_string()), known)
    except (pa.ArrowException, TypeError, ValueError):
        return None
    return np.where(codes < len(known), codes, np.nan)
