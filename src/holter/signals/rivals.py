"""Two versions that answered in one window: their answers, side by side where they answered the same requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.types import LABEL, LATENCY, PREDICTION, REQUEST_ID, ROLE, ROW, SCORE, STATUS, VERSION, Task

Floats = npt.NDArray[np.float64]
CHAMPION: Final = "champion"
SHADOW: Final = "shadow"
_RIVALS: Final = (SHADOW, "canary")
_OK: Final = 200


@dataclass(frozen=True, eq=False)
class Answers:
    """What one version answered, a row each.

    ``key`` is the identity of the record; ``failed`` and ``latency_ms`` are of its request, NaN but for the first row
    of each. ``score`` is a probability, or the number that a regression gave; ``answer`` and ``label`` are codes that
    are equal where the answers are (NaN: unknown), for a regression the numbers themselves.
    """

    key: npt.NDArray[Any]
    failed: Floats
    latency_ms: Floats
    score: Floats
    answer: Floats
    label: Floats

    def at(self, places: npt.NDArray[Any]) -> "Answers":
        """Return some of the rows, in the order of ``places`` (or where it is True)."""
        return Answers(*(getattr(self, name)[places] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Duel:
    """A version beside the champion.

    With ``paired`` the rows of both are the same records in the same order: a shadow scored what was asked. A canary
    answered other requests, drawn at random or by customer.
    """

    name: str
    champion: Answers
    rival: Answers
    paired: bool


def duels(rows: pa.Table, task: Task | None) -> Iterator[Duel]:
    """Yield each version that answered beside the champion; a missing column is a column of nulls.

    Raises
    ------
    pyarrow.ArrowException
        If a column that should hold numbers holds something else.
    """
    answers, role = _answers(rows, task), np.asarray(_column(rows, ROLE, pa.string()).to_pylist(), object)
    version = _numbers(rows, VERSION)
    champion = answers.at(role == CHAMPION)
    if not len(champion.key):
        return
    for kind in _RIVALS:
        for number in sorted(set(version[role == kind].tolist())):
            rival = answers.at((role == kind) & (version == number))
            name = f"version {number:.0f} ({kind})"
            if kind != SHADOW:
                yield Duel(name, champion, rival, paired=False)
                continue
            places = pc.index_in(pa.array(rival.key, pa.string()), pa.array(champion.key, pa.string()))
            both = np.asarray(pc.is_valid(places))
            found = np.asarray(pc.fill_null(places, 0))[both]
            if len(found):
                yield Duel(name, champion.at(found), rival.at(both), paired=True)


def _answers(rows: pa.Table, task: Task | None) -> Answers:
    ids, row = _column(rows, REQUEST_ID, pa.string()), _column(rows, ROW, pa.int64())
    first = np.asarray(pc.fill_null(pc.equal(row, 0), fill_value=True))
    status = _numbers(rows, STATUS)
    if task is None:
        answer = label = _unknown(rows)
    elif task is Task.MULTICLASS:
        answer, label = _codes(rows)
    else:
        answer, label = _numbers(rows, PREDICTION), _numbers(rows, LABEL)
    score = _numbers(rows, SCORE) if task is Task.BINARY else answer if task is Task.REGRESSION else _unknown(rows)
    fine = status == _OK
    return Answers(
        np.asarray(pc.binary_join_element_wise(ids, row.cast(pa.string()), "/").to_pylist(), object),
        np.where(first & np.isfinite(status), ~fine, np.nan),
        np.where(first, _numbers(rows, LATENCY) / 1000, np.nan),
        np.where(fine, score, np.nan),
        np.where(fine, answer, np.nan),
        label,
    )


def _unknown(rows: pa.Table) -> Floats:
    return np.full(rows.num_rows, np.nan)


def _codes(rows: pa.Table) -> tuple[Floats, Floats]:
    """Return texts as numbers, equal where the texts are."""
    texts = [_column(rows, name, pa.string()).combine_chunks() for name in (PREDICTION, LABEL)]
    codes = pa.concat_arrays([pa.array(each, pa.string()) for each in texts]).dictionary_encode().indices
    numbers = np.asarray(codes.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    return numbers[: rows.num_rows], numbers[rows.num_rows :]


def _numbers(rows: pa.Table, name: str) -> Floats:
    found = np.asarray(_column(rows, name, pa.float64()).to_numpy(), np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _column(rows: pa.Table, name: str, dtype: pa.DataType) -> pa.ChunkedArray:
    if name not in rows.column_names:
        return pa.chunked_array([pa.nulls(rows.num_rows, dtype)])
    return pc.cast(rows.column(name), dtype, safe=False)
