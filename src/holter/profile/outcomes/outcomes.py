"""The sums of labelled rows: how good a model was in a quarter is read from its hours, added up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Final, TypeVar

import numpy as np

from holter.profile.outcomes.co_moments import CoMoments
from holter.profile.outcomes.confusion import Confusion
from holter.profile.outcomes.format import decode, encode
from holter.profile.outcomes.score_cells import STORED_K, K, ScoreCells
from holter.profile.ranks import RankSummary
from holter.types import Task

ERRORS_K: Final = 512
"""Absolute errors that are stored as they are: a quantile of them is then within 0.14 % of the rows."""
_Part = TypeVar("_Part", bound=Any)


def _no_confusion() -> Confusion:
    return Confusion((), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of the answers of a model: ``a + b`` is that of the rows of both.

    Parameters
    ----------
    task
        What the model answers.
    rows, labelled
        Rows in all, and those whose label is known.
    confusion
        Of the rows with label and prediction, of a model of classes; of two classes ``"0"`` and ``"1"``.
    scores
        Rows with label and probability, by class; of two classes ``"1"`` alone.
    moments
        Sums of what single rows say, by subject: see :mod:`holter.profile.outcomes.reading_rows`.
    errors
        How the absolute errors of a number are distributed.
    delays
        How many seconds labels came after their records, of those for which both times are known.
    origin
        Label from which the moments count squares of labels, of a number.
    why
        Why labels, predictions or scores of some row cannot be read; empty where all can. Then there are no sums.

    Notes
    -----
    Counts and moments are exact; the order of pairs is known but for those within one cell
    (:attr:`ScoreCells.doubtful_pairs`), ranks of errors within :attr:`RankSummary.error`. So every number read from
    it is exact, or off by at most what it says itself.
    """

    task: Task
    rows: int = 0
    labelled: int = 0
    confusion: Confusion = field(default_factory=_no_confusion)
    scores: Mapping[str, ScoreCells] = field(default_factory=dict)
    moments: Mapping[str, CoMoments] = field(default_factory=dict)
    errors: RankSummary | None = None
    origin: float = 0.0
    why: str = ""
    delays: RankSummary | None = None

    def __add__(self, other: "Outcomes") -> "Outcomes":
        """Return the sums of the rows of both.

        Raises
        ------
        ValueError
            If the tasks differ.
        """
        if self.task is not other.task:
            raise ValueError(f"outcomes of {self.task} and of {other.task} do not add up")
        rows = self.rows + other.rows
        if self.why or other.why:
            return Outcomes(self.task, rows, why=min(each.why for each in (self, other) if each.why))
        if not self.labelled or not other.labelled:
            return replace(self if self.labelled else other, rows=rows)
        there = other.moved(self.origin)
        scores = {name: cells.compressed(K) for name, cells in _added(self.scores, there.scores).items()}
        return Outcomes(
            self.task,
            rows,
            self.labelled + there.labelled,
            self.confusion + there.confusion,
            scores,
            _added(self.moments, there.moments),
            _ranked(self.errors, there.errors),
            self.origin,
            delays=_ranked(self.delays, there.delays),
        )

    @classmethod
    def total(cls, parts: Sequence["Outcomes"], task: Task) -> "Outcomes":
        """Return the sums of the rows of all parts; of none, those of no rows."""
        return reduce(lambda a, b: a + b, parts, cls(task))

    def compressed(self, k: int = STORED_K, errors_k: int = ERRORS_K) -> "Outcomes":
        """Return the same in little space.

        Examples
        --------
        >>> cells = ScoreCells.of(np.linspace(0, 1, 5000), np.zeros(5000))
        >>> len(Outcomes(Task.BINARY, 5000, 5000, scores={"1": cells}).compressed().scores["1"].scores)
        1878
        """
        scores = {name: cells.compressed(k) for name, cells in self.scores.items()}
        errors, delays = (None if each is None else each.compressed(errors_k) for each in (self.errors, self.delays))
        return replace(self, scores=scores, errors=errors, delays=delays)

    def to_bytes(self) -> bytes:
        """Return the sums as bytes, in this version's format."""
        return encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Outcomes":
        """Read what :meth:`to_bytes` wrote, in this version or an older one.

        Raises
        ------
        DamagedProfile
            If the bytes are not what was written.
        NewerFormat
            If a newer Holter wrote them.
        """
        return cls(**decode(data))

    def moved(self, origin: float) -> "Outcomes":
        """Return the same with squares of labels that count from another label."""
        residual, away = self.moments.get("residual"), self.origin - origin
        if residual is None or not away:
            return replace(self, origin=origin)
        # (y - o')^2 = (y - o)^2 + 2 (o - o') (y - o) + (o - o')^2, and the label itself counts from the origin too
        names = residual.names
        matrix, offset = np.eye(len(names)), np.zeros(len(names))
        label, square = names.index("label"), names.index("label_square")
        matrix[square, label], offset[square], offset[label] = 2 * away, away**2, away
        moved = residual.transformed(names, matrix, offset)
        return replace(self, origin=origin, moments={**self.moments, "residual": moved})


def _ranked(one: RankSummary | None, other: RankSummary | None) -> RankSummary | None:
    there = [each for each in (one, other) if each is not None]
    return RankSummary.total(there) if there else None


def _added(one: Mapping[str, _Part], other: Mapping[str, _Part]) -> dict[str, _Part]:
    """Add what both have, keep what one has."""
    both = {name: part + other[name] if name in other else part for name, part in one.items()}
    return {**both, **{name: part for name, part in other.items() if name not in one}}
