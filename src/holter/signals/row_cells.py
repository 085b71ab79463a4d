"""Two tables, each row of which lies in one cell of each feature: a category, or a bin of numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.errors import HolterError
from holter.profile.hashing import hash_numbers
from holter.profile.segmentation import AND, cut
from holter.types import Feature, Kind

MOST_ROWS: Final = 50_000
"""Rows of a side that are looked at: beyond, an answer becomes no clearer and takes longer."""
_CUTTABLE: Final = frozenset({Kind.NUMERIC, Kind.CATEGORICAL})
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio, an odd number: Knuth, The Art of Computer Programming 3, section 6.4."""

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Side:
    """The rows of one side: the cell of each row for each feature, and numbers beside (a loss, or several columns)."""

    codes: Mapping[str, Codes]
    values: Floats

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.values)

    def at(self, places: npt.NDArray[np.int64] | slice) -> Self:
        """Return some of the rows."""
        return replace(
            self, codes={name: each[places] for name, each in self.codes.items()}, values=self.values[places]
        )


@dataclass(frozen=True, eq=False)
class Celled:
    """Both sides, and what the cells of each feature are called."""

    now: Side
    before: Side
    labels: Mapping[str, Sequence[str]]

    @property
    def features(self) -> tuple[str, ...]:
        """Return the features that could be cut on both sides."""
        return tuple(self.labels)

    def halves(self) -> tuple["Celled", "Celled"]:
        """Return two halves, each with every other row of either side in the order of what is in them.

        What is found in one can be tested in the other as if nobody had looked: they share no row.
        """
        sides = [(ordered(side)) for side in (self.now, self.before)]
        return (
            replace(self, now=self.now.at(sides[0][0::2]), before=self.before.at(sides[1][0::2])),
            replace(self, now=self.now.at(sides[0][1::2]), before=self.before.at(sides[1][1::2])),
        )

    def group(self, features: Sequence[str]) -> tuple[Codes, Codes, list[str]]:
        """Return the cell of each row in one feature, or in the combination of several, on both sides, with labels."""
        first, *rest = features
        now, before, labels = self.now.codes[first], self.before.codes[first], list(self.labels[first])
        for name in rest:
            more = self.labels[name]
            now = now * len(more) + self.now.codes[name]
            before = before * len(more) + self.before.codes[name]
            labels = [f"{one}{AND}{other}" for one in labels for other in more]
        return now, before, labels


def celled(
    now: pa.Table, before: pa.Table, features: Sequence[Feature], values: tuple[Floats, Floats], most: int = MOST_ROWS
) -> Celled:
    """Cut every feature of two tables as the baseline has it; what cannot be cut is left out.

    Parameters
    ----------
    now, before
        The rows of the window and of the baseline.
    features
        Which columns; numbers become five bins, categories those of the baseline that are frequent.
    values
        A number for each row of either side, or a row of numbers.
    most
        Rows of a side that are kept: those with the smallest hashes, so the same whatever the order.
    """
    kinds = {feature.name: feature.kind for feature in features}
    codes: tuple[dict[str, Codes], dict[str, Codes]] = ({}, {})
    labels: dict[str, Sequence[str]] = {}
    for name, kind in kinds.items():
        if kind not in _CUTTABLE or name not in now.column_names or name not in before.column_names:
            continue
        try:
            made = cut(name, before, kinds)
            told = [made.labelled(rows) for rows in (now, before)]
        except (HolterError, pa.ArrowException, TypeError, ValueError):
            continue
        for side, (code, _) in zip(codes, told, strict=True):
            side[name] = code
        labels[name] = told[0][1]
    sides = [_bounded(Side(code, value), most) for code, value in zip(codes, values, strict=True)]
    return Celled(sides[0], sides[1], labels)


def _bounded(side: Side, most: int) -> Side:
    return side if side.n <= most else side.at(ordered(side)[:most])


def ordered(side: Side) -> npt.NDArray[np.int64]:
    """Return the rows in an order that depends on what is in them and not on how they came."""
    numbers = side.values.T if side.values.ndim > 1 else side.values[np.newaxis]
    hashes = np.zeros(side.n, np.uint64)
    with np.errstate(over="ignore"):
        for each in (*numbers, *(side.codes[name].astype(np.float64) for name in sorted(side.codes))):
            hashes = (hashes ^ hash_numbers(each)) * _MIX
    return np.argsort(hashes, kind="stable")
