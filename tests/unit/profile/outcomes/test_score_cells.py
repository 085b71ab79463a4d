"""Counts by score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holter.profile.outcomes import ScoreCells


def total(parts):
    found = parts[0]
    for each in parts[1:]:
        found = found + each
    return found


def assert_equal(one, other):
    assert one.bits == other.bits
    assert one.scores == pytest.approx(other.scores, rel=1e-12)
    assert one.positives.tolist() == other.positives.tolist()
    assert one.negatives.tolist() == other.negatives.tolist()


@given(
    st.lists(st.tuples(st.floats(-3, 3), st.booleans()), min_size=1, max_size=60),
    st.integers(2, 9),
    st.integers(1, 59),
)
def test_cutting_the_sum_is_cutting_the_parts(rows, k, at):
    scores, labels = (np.array(side, np.float64) for side in zip(*rows, strict=True))
    whole = ScoreCells.of(scores, labels, k)
    parts = [ScoreCells.of(scores[place], labels[place], k) for place in (slice(at), slice(at, None))]
    assert_equal(total(parts).compressed(k), whole)
    assert_equal(total(parts[::-1]).compressed(k), whole)
    assert whole.n == len(rows)
    assert len(whole.scores) <= k


def test_few_scores_stay_themselves():
    cells = ScoreCells.of(np.array([0.3, 0.3, 0.1]), np.array([1.0, 0.0, 0.0]), 2)
    assert cells.exact
    assert cells.doubtful_pairs == 0
    assert cells.scores.tolist() == [0.1, 0.3]


def test_cells_are_as_fine_as_the_scores_need():
    rare = ScoreCells.of(np.linspace(0, 1e-4, 5000), np.zeros(5000), 512)
    wide = ScoreCells.of(np.linspace(0, 1, 5000), np.zeros(5000), 512)
    assert rare.bits > wide.bits
    assert len(rare.scores) > 256 < len(wide.scores)


def test_one_cell_cannot_hold_both_signs():
    with pytest.raises(ValueError, match="2 are needed"):
        ScoreCells.of(np.array([-1.0, 1.0]), np.zeros(2), 1)


def test_no_rows():
    nothing = ScoreCells.of(np.zeros(0), np.zeros(0))
    assert nothing.n == 0
    assert len((nothing + nothing).scores) == 0
