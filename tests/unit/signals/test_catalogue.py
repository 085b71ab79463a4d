"""Finding signals by name."""

import importlib.metadata
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from holter.errors import NotFound
from holter.signals import CATALOGUE, catalogue, default, named
from holter.signals.contained import contained
from holter.signals.estimate import Estimate
from holter.signals.traffic import TrafficHealth
from holter.types import Feature, Kind, Schema, Task, Verdict

EVERY_DEFAULT = (
    "data_quality",
    "data_drift",
    "prediction_drift",
    "performance",
    "estimated_performance",
    "traffic",
)
"""A signal that is added is asked for by name until it has shown on real data that it does not cry wolf."""
FEATURES = (Feature("x", Kind.NUMERIC, "double"),)


def test_names_are_unique_and_cannot_be_changed():
    assert list(CATALOGUE) == [named(name).name for name in CATALOGUE]
    with pytest.raises(TypeError):
        CATALOGUE["x"] = TrafficHealth


def test_a_typing_error_gets_a_hint():
    with pytest.raises(NotFound, match="Did you mean 'data_drift'"):
        named("data_drfit")


def test_an_installed_package_adds_signals(monkeypatch):
    added = EntryPoints([EntryPoint("mine", "holter.signals.traffic:TrafficHealth", catalogue.GROUP)])
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: added.select(group=group))
    assert isinstance(named("mine"), TrafficHealth)
    with pytest.raises(NotFound, match="mine"):
        named("mien")


@pytest.mark.parametrize(
    ("schema", "labels", "traffic", "expected"),
    [
        (Schema(FEATURES), True, False, ("data_quality", "data_drift")),
        (Schema((), Task.MULTICLASS), False, False, ("prediction_drift",)),
        (Schema(FEATURES, Task.BINARY), True, True, EVERY_DEFAULT),
        (Schema(()), False, False, ()),
    ],
)
def test_defaults(schema, labels, traffic, expected):
    assert default(schema, labels=labels, traffic=traffic) == expected


def test_what_nobody_foresaw_is_an_error_with_its_reason():
    def broken():
        raise KeyError("gone")

    (only,) = contained("data_drift", "psi", broken, feature="x")
    assert (only.verdict, only.feature, only.reason) == (Verdict.ERROR, "x", "KeyError: 'gone'")


def test_an_estimate_without_error_gives_no_p_value():
    exact, other = Estimate(1.0, 50, 0.0), Estimate(2.0, 50, 0.0)
    assert exact.p_value(exact)[0] == 1.0
    assert exact.p_value(other)[0] is None
    assert Estimate(1.0, 50).p_value(other)[0] is None
    assert Estimate(1.0, 50).interval is None
    assert Estimate.refused(Verdict.UNDEFINED, "none").interval is None
