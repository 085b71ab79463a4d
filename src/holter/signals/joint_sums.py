"""How the numbers of two windows go together: the same columns on both sides, and how heavy their tails are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.profile import NumericColumn, Profile, Window
from holter.profile.joint import Joint
from holter.types import Kind, Verdict

LEAST: Final = 50
"""Rows on either side from which correlations are compared; below it chance alone moves them by a third."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BothJoint:
    """Joint sums of the columns that both windows have.

    Parameters
    ----------
    names
        The columns.
    now, before
        Sums of the target and of the baseline.
    kurtosis
        Elliptical kurtosis parameter of each column, excess / 3, of the heavier side; 0 for what is no heavier than
        normal. What the error of a correlation or of a variance is multiplied by.
    """

    names: tuple[str, ...]
    now: Joint
    before: Joint
    kurtosis: Matrix


def both_joint(target: Window, baseline: Window) -> BothJoint | tuple[Verdict, str]:
    """Lay the joint sums of two windows beside each other, or say why that cannot be.

    They come from the profile where it has them, and from the rows where it has not.

    Parameters
    ----------
    target, baseline
        Filled with a profile that has joint sums, or with rows.
    """
    sides = [_joint(each) for each in (target, baseline)]
    for name, side in zip(("target", "baseline"), sides, strict=True):
        if side is None:
            return Verdict.UNDEFINED, f"the {name} has neither joint sums nor rows"
    now, before = sides
    assert now is not None and before is not None  # noqa: S101, PT018  (just seen)
    wanted = set(baseline.schema.names) if baseline.schema.names else set(before.names)
    names = tuple(name for name in before.names if name in now.names and name in wanted and _varies(before, name))
    if len(names) < 2:
        return Verdict.UNDEFINED, "fewer than two columns of numbers vary on both sides"
    places = [[each.names.index(name) for name in names] for each in (now, before)]
    now, before = _only(now, names, places[0]), _only(before, names, places[1])
    n = int(min(np.diag(now.n).max(), np.diag(before.n).max()))
    if n < LEAST:
        return Verdict.INSUFFICIENT, f"{n} rows are too few to see how columns go together; it would take {LEAST}"
    tails = [_tails(each.profile, names, side) for each, side in ((target, now), (baseline, before))]
    return BothJoint(names, now, before, np.maximum(*tails))


def _joint(window: Window) -> Joint | None:
    if window.profile is not None and window.profile.joint is not None:
        return window.profile.joint
    if window.rows is None:
        return None
    names = [each.name for each in window.schema.features if each.kind is Kind.NUMERIC]
    shown = [name for name in names or window.rows.column_names if name in window.rows.column_names]
    try:
        return Joint.of(window.rows.select(shown))
    except pa.ArrowException:  # a column that cannot be read costs no other
        return Joint.of(window.rows.select([name for name in shown if _readable(window.rows, name)]))


def _readable(rows: pa.Table, name: str) -> bool:
    try:
        Joint.of(rows.select([name]))
    except pa.ArrowException:
        return False
    return True


def _varies(joint: Joint, name: str) -> bool:
    place = joint.names.index(name)
    return bool(0 < joint.m2[place, place] < np.inf)


def _only(joint: Joint, names: tuple[str, ...], places: Sequence[int]) -> Joint:
    chosen = np.ix_(places, places)
    return Joint(names, joint.n[chosen], joint.mean[chosen], joint.m2[chosen], joint.cross[chosen])


def _tails(profile: Profile | None, names: Sequence[str], joint: Joint) -> Matrix:
    """Return excess kurtosis / 3 of each column from the ranks of its profile; 0 where there is none."""
    columns: Mapping[str, object] = {} if profile is None else profile.columns
    return np.array([_excess(columns.get(name), joint, place) for place, name in enumerate(names)])


def _excess(column: object, joint: Joint, place: int) -> float:
    if not isinstance(column, NumericColumn) or len(column.ranks.values) < 2:
        return 0.0
    with np.errstate(all="ignore"):
        apart = column.ranks.values.astype(np.float64) - joint.mean[place, place]
        square = np.average(apart**2, weights=column.ranks.weights)
        found = np.average(apart**4, weights=column.ranks.weights) / square**2
    return max(float(found) - 3.0, 0.0) / 3.0 if np.isfinite(found) else 0.0
