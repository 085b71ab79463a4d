"""What a budget leaves for one window."""

from datetime import timedelta

import pytest

from holter.errors import BadBudget
from holter.rules import Budget

DAY = timedelta(days=1)


def test_a_budget_is_divided_by_the_windows_of_its_period():
    assert Budget(1, "week").level(DAY) == pytest.approx(0.05)  # a seventh would be dice, not judgement
    assert Budget().level(DAY) == pytest.approx(1 / 91.3125)
    assert Budget(2, "year").level(timedelta(hours=1)) == pytest.approx(2 / 8766)
    assert Budget(0.001, "window").level(DAY) == 0.001
    assert Budget().share(4) == Budget(0.25)


@pytest.mark.parametrize(
    "bad", [(0, "day"), (-1, "day"), (float("nan"), "day"), (float("inf"), "day"), (True, "day"), (1, "era")]
)
def test_a_budget_that_cannot_be_spent_is_refused(bad):
    with pytest.raises(BadBudget, match="budget:"):
        Budget(*bad)


def test_a_budget_comes_back_from_text_and_dict():
    assert Budget.from_dict(Budget(3, "month").to_dict()) == Budget(3, "month")
    assert Budget.parse(" 0.5 / week ") == Budget(0.5, "week")
    assert str(Budget(1, "day")) == "1 false page per day"
    for text in ("two", "x/day"):
        with pytest.raises(BadBudget):
            Budget.parse(text)
    with pytest.raises(BadBudget, match="unknown key 'pre'"):
        Budget.from_dict({"pre": 1})
