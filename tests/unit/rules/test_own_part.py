"""Products without what their parts say already."""

import numpy as np
import pytest

from holter.rules.own_part import Products
from holter.types import ContrastKey, Family

A, B = (ContrastKey(Family.NUMERIC, name, "location") for name in "ab")
PAIR = ContrastKey(Family.PAIR, "a", "together", "b")
RESIDUAL = ContrastKey(Family.LABEL, None, "residual")
BY_RANK = ContrastKey(Family.LABEL, "a", "residual by rank")
BY_RANKS = ContrastKey(Family.LABEL, "a", "residual by ranks", "b")
OF = ContrastKey(Family.LABEL, "c", "residual of x")
KEYS = (A, B, PAIR, RESIDUAL, BY_RANK, BY_RANKS, OF)


def test_a_shift_of_both_columns_is_no_news_of_how_they_go_together():
    mean = np.array([[0.5, 0.4, 0.2, 0.1, 0.05, 0.02, 0.3]])
    found = Products.of(KEYS).own_part(np.full((1, 7), 9.0), mean)[0]
    assert found == pytest.approx([0.5, 0.4, 0.0, 0.1, 0.0, 0.0, 0.2])


def test_what_is_missing_leaves_the_plain_product():
    mean, n = np.ones((2, 7)), np.full((2, 7), 9.0)
    n[1, 0] = 0
    assert Products.of(KEYS).own_part(n, mean)[:, 2].tolist() == [0, 1]
    assert Products.of((B, PAIR)).own_part(n[:, :2], mean[:, :2])[0].tolist() == [1, 1]
    assert Products.of(()).own_part(np.empty((3, 0)), np.empty((3, 0))).shape == (3, 0)
