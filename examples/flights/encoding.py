"""Rows of flights as numbers a tree can split: categories become how often their flights were late in the past."""

from collections.abc import Sequence
from typing import Any

import numpy as np

CATEGORIES = 3
"""The first so many features are categories; the rest are numbers."""
PRIOR_FLIGHTS = 20
"""A category with fewer flights than this leans on the average of all."""


def fit_rates(columns: Sequence[Sequence[Any]], late: np.ndarray) -> tuple[list[dict[str, float]], float]:
    """Return the share of late flights of each category, a dict a column, and the share over all flights."""
    average = float(late.mean())
    rates = []
    for column in columns:
        names, code = np.unique(np.asarray(column, dtype=str), return_inverse=True)
        flights, lates = np.bincount(code), np.bincount(code, late)
        share = (lates + PRIOR_FLIGHTS * average) / (flights + PRIOR_FLIGHTS)
        rates.append(dict(zip(names.tolist(), share.tolist(), strict=True)))
    return rates, average


def encode(rows: Sequence[Sequence[Any]], rates: Sequence[dict[str, float]], average: float) -> np.ndarray:
    """Return a float matrix; an unknown category counts as average, a missing number stays missing."""
    coded = [
        [table.get(value, average) for table, value in zip(rates, row, strict=False)] + list(row[CATEGORIES:])
        for row in rows
    ]
    return np.asarray(coded, dtype=float)
