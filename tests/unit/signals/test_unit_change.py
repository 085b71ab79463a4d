"""Changes of unit are named; what is none is not called one."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import NumericColumn
from holter.signals.unit_change import CONVERSIONS, LEAST, unit_change

LAWS = {
    "age": lambda rng, n: rng.gamma(6, 7, n),
    "delay": lambda rng, n: rng.exponential(20, n),
    "celsius": lambda rng, n: rng.normal(14, 6, n),
    "price": lambda rng, n: rng.lognormal(3, 0.6, n),
    "count": lambda rng, n: rng.poisson(30, n) * 1.0,
}


def column(values):
    return NumericColumn.of(pa.array(values))


def told(change, law, n=4000, m=20_000, seed=1):
    rng = np.random.default_rng(seed)
    return unit_change(column(change(LAWS[law](rng, n))), column(LAWS[law](rng, m)))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("by", [1000, 100, 60, 3600, 1e6])
def test_factors_are_named_in_both_directions(law, by):
    number = f"{by:,.10g}"
    assert told(lambda x: x * by, law).startswith(f"x {number} (")
    assert told(lambda x: x / by, law).startswith(f"/ {number} (")


@pytest.mark.parametrize(
    ("change", "law", "name"),
    [
        (lambda x: x * 2.54, "age", "x 2.54 (inches to centimetres)"),
        (lambda x: x / 2.54, "count", "/ 2.54 (inches to centimetres, backwards)"),
        (lambda x: np.round(x * 2.54, 1), "age", "x 2.54 (inches to centimetres)"),
        (lambda x: x * 1.609344, "count", "x 1.609344 (miles to kilometres)"),
        (lambda x: x * 1.8 + 32, "celsius", "x 1.8 + 32 (Celsius to Fahrenheit)"),
        (lambda x: x + 273.15, "celsius", "+ 273.15 (Celsius to kelvin)"),
        (lambda x: -x, "price", "x -1 (the sign is turned)"),
        (np.log, "price", "the natural logarithm"),
        (np.log10, "price", "the decimal logarithm"),
    ],
)
def test_other_units_are_named_too(change, law, name):
    assert told(change, law).startswith(name)


def test_a_logarithm_that_is_undone_is_named():
    rng = np.random.default_rng(5)
    logs = rng.normal(1, 0.5, 24_000)
    found = unit_change(column(np.exp(logs[:4000])), column(logs[4000:]))
    assert found.startswith("the exponential (a logarithm is undone): median 1")


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(
    "drift",
    [
        lambda x: x,
        lambda x: x + 2 * x.std(),
        lambda x: 1.5 * x,
        lambda x: 2 * x,
        lambda x: 5 * x,
        lambda x: x * x,
        lambda x: np.where(np.arange(len(x)) % 3, x, 1000 * x),
        lambda x: np.full(len(x), 1000.0),
        lambda x: 1000 * x[::-1] * np.linspace(0.2, 3, len(x)),
    ],
)
def test_drift_is_not_called_a_unit(law, drift):
    for n in (LEAST, 2000):
        for seed in range(3):
            assert told(drift, law, n=n, seed=seed) is None


def test_what_is_too_small_or_has_no_shape_or_a_unit_of_its_own_is_not_judged():
    few = np.arange(LEAST - 1.0)
    many = np.arange(1000.0)
    assert unit_change(column(1000 * few), column(many)) is None
    assert unit_change(column(1000 * many), column(few)) is None
    assert unit_change(column([0.0, 1000.0] * 500), column([0.0, 1.0] * 500)) is None
    assert unit_change(column([0.0] * 500), column([0.0] * 500)) is None
    lengths = pa.array(range(1000), pa.duration("s"))
    assert unit_change(NumericColumn.of(lengths), NumericColumn.of(lengths)) is None
    huge = many * 1e305
    assert unit_change(column(huge), column(-huge)) is None or "sign" in unit_change(column(huge), column(-huge))


def test_every_conversion_has_a_name_of_its_own():
    assert len({each.name for each in CONVERSIONS}) == len(CONVERSIONS)
