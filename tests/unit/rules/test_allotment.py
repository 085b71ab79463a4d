"""The level is divided, and never exceeded."""

from collections import Counter

import pytest

from holter.rules.allotment import SPENT, allotted, mix_levels
from holter.types import ContrastKey, Family


def keys(segment=None):
    named = [(Family.NUMERIC, "x", "location"), (Family.NUMERIC, "x", "scale"), (Family.CATEGORICAL, "c", "missing")]
    named += [(Family.PAIR, "x", "together"), (Family.LABEL, None, "loss"), (Family.METRIC, None, "m.n")]
    return [ContrastKey(family, feature, name, segment=segment) for family, feature, name in named]


@pytest.mark.parametrize("segments", [[None], [None, "a", "b"], ["a", "b"]])
@pytest.mark.parametrize("scales", [1, 4])
def test_all_levels_together_are_what_is_given_out(segments, scales):
    every = [key for segment in segments for key in keys(segment)]
    whole = allotted(every, 0.01, scales, Counter(segments)).sum() + mix_levels(every, 0.01, scales, segments).sum()
    assert whole == pytest.approx(0.01 * SPENT)


def test_what_is_not_there_leaves_its_share_to_the_others():
    alone = keys()[:1]
    assert allotted(alone, 0.01, 1, Counter()).sum() == pytest.approx(0.01 * SPENT)
    assert allotted([], 0.01, 2, Counter()).shape == (2, 0)
