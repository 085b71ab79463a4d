"""The words and numbers a person reads."""

import pytest

from holter.rules import number, title
from holter.rules.material import MATERIAL
from holter.rules.titles import TITLES


def test_what_is_judged_has_a_title():
    assert set(MATERIAL) <= set(TITLES)


@pytest.mark.parametrize("name", TITLES)
def test_full_and_short_names(name):
    assert title(name) == TITLES[name].text
    assert "_" not in title(name)


def test_a_users_own_metric():
    assert title("custom.basket_value") == "Basket value"
    assert title("basket_value") == "Basket value"
    assert title("") == ""


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        ("roc_auc", 0.0, "0"),
        ("roc_auc", 0.70, "0.700"),
        ("mae", 12345.678, "1.23e+04"),
        ("mae", 0.00123, "0.00123"),
        ("calibration_bias", -0.0345, "-0.035"),
        ("null_rate", 0.0, "0 %"),
        ("null_rate", 1.0, "100 %"),
        ("requests", 1234567.0, "1,234,567"),
        ("latency_p50_ms", 12.3456, "12.3 ms"),
        ("latency_p95_ms", 74000.0, "74,000 ms"),
        ("roc_auc", None, "\N{EN DASH}"),
    ],
)
def test_numbers(metric, value, expected):
    assert number(metric, value) == expected
