"""What a rule may say."""

import json

import pytest

from holter.errors import BadRule
from holter.rules import Level, Response, Rule
from holter.types import Measurement


@pytest.mark.parametrize(
    "more",
    [
        {"metric": "roc_auc", "below": 0.5},
        {"metric": "a.b.c", "below": 0.5},
        {"metric": "performance.roc_auc"},
        {"metric": "performance.roc_auc", "below": "0.5"},
        {"metric": "performance.roc_auc", "above": float("nan")},
        {"metric": "performance.roc_auc", "above": True},
        {"metric": "performance.roc_auc", "below": 0.5, "for_windows": 0},
        {"metric": "performance.roc_auc", "below": 0.5, "clear_windows": 1.5},
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(more):
    with pytest.raises(BadRule, match="'r'"):
        Rule("r", **more)


def test_a_threshold_of_zero_is_enough():
    assert Rule("r", "traffic.gaps", above=0).above == 0
    assert Rule("r", "performance.log_loss_skill", below=0.0).below == 0


def test_it_survives_plain_values():
    rule = Rule(
        "r",
        "performance.roc_auc",
        below=0.65,
        for_windows=2,
        level=Level.PAGE,
        responses=(Response("email", {"to": "team@example.com"}), Response("retrain")),
    )
    assert Rule.from_dict(json.loads(json.dumps(rule.to_dict()))) == rule


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"name": "r", "metric": "a.b", "below": 1, "blow": 2}, "unknown key 'blow'"),
        ({"name": "r", "metric": "a.b", "below": 1, "level": "loud"}, "loud"),
        ({"name": "r", "metric": "a.b", "below": 1, "responses": [{"to": "x"}]}, "no 'kind'"),
        ({"name": "r", "metric": "a.b", "below": 1, "responses": ["email"]}, "string"),
        ({"name": "r", "below": 1}, "metric"),
        ({"metric": "ab", "below": 1}, "unnamed"),
    ],
)
def test_bad_tables_name_what_is_bad(data, why):
    if "name" not in data:
        data = data | {"name": "unnamed"}
    with pytest.raises(BadRule, match=why):
        Rule.from_dict(data)


def test_it_watches_every_feature_or_one():
    nulls = Measurement("data_quality", "null_rate", 0.5, 9, feature="x")
    assert Rule("r", "data_quality.null_rate", above=0.1).watches(nulls)
    assert Rule("r", "data_quality.null_rate", above=0.1, feature="x").watches(nulls)
    assert not Rule("r", "data_quality.null_rate", above=0.1, feature="y").watches(nulls)
    assert not Rule("r", "data_quality.null_rate", above=0.1, segment="DE").watches(nulls)
