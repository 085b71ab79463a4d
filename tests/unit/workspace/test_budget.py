"""What a user may say about false pages, and where it goes."""

import pytest

from holter.errors import BadBudget
from holter.rules import Budget
from holter.workspace.watching import as_budget


@pytest.mark.parametrize(
    ("given", "budget"),
    [
        (None, Budget()),
        (Budget(2), Budget(2)),
        (3, Budget(3)),
        (0.5, Budget(0.5)),
        ("2", Budget(2)),
        ("2 per month", Budget(2, "month")),
        (" 1e-3/window ", Budget(0.001, "window")),
        ({"false_pages": 4}, Budget(4)),
        ({"per": "week"}, Budget(1, "week")),
    ],
)
def test_a_budget_can_be_said_in_many_ways(given, budget):
    assert as_budget(given) == budget


@pytest.mark.parametrize(
    "given",
    ["", "often", "1 per", "1 per fortnight", 0, -1, "nan", "inf", {"pages": 1}, {"false_pages": "x"}, "1-2"],
)
def test_what_is_no_budget_is_refused_with_an_example(given):
    with pytest.raises(BadBudget, match="for example 1 per quarter"):
        as_budget(given)
