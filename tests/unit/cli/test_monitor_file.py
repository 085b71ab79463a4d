from pathlib import Path

import click
import pytest

from holter.cli.monitor_file import from_file, from_options, read_rules, rule_from_text
from holter.errors import InputError, NotFound
from holter.rules import Level, Rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("performance.roc_auc < 0.7", {"name": "performance.roc_auc", "metric": "performance.roc_auc", "below": 0.7}),
        ("auc:performance.roc_auc<.7", {"name": "auc", "metric": "performance.roc_auc", "below": 0.7}),
        ("traffic.failed > 1e2", {"name": "traffic.failed", "metric": "traffic.failed", "above": 100.0}),
        ("performance.r2 < -0.5", {"name": "performance.r2", "metric": "performance.r2", "below": -0.5}),
        (
            "data_drift.psi[dep hour] > 0.2",
            {"name": "data_drift.psi", "metric": "data_drift.psi", "feature": "dep hour", "above": 0.2},
        ),
        ("drift: data_drift.psi", {"name": "drift", "metric": "data_drift.psi", "calibrated": True}),
    ],
)
def test_a_rule_in_one_line(text, expected):
    found = rule_from_text(text, ())
    assert found == expected | {"responses": []}
    assert Rule.from_dict(found).metric == expected["metric"]


@pytest.mark.parametrize("text", ["", "roc_auc < 1", "performance.roc_auc = 1", "performance.roc_auc < 1.2.3", "a.b <"])
def test_what_is_no_rule(text):
    with pytest.raises(click.BadParameter, match="is not a rule such as"):
        rule_from_text(text, ())


def test_emails_are_responses():
    found = Rule.from_dict(rule_from_text("traffic.failed > 1", ("a@example.com", "b@example.com")))
    assert [each.options["to"] for each in found.responses] == ["a@example.com", "b@example.com"]


FILE = """
name = "late-daily"
deployment = "late-api"
baseline = "base.parquet"
signals = ["performance"]
label_delay = "1d"

[[rules]]
name = "auc"
metric = "performance.roc_auc"
below = 0.7
level = "page"

[[rules.responses]]
kind = "command"
options = { command = "true" }
"""


def write(tmp_path, text):
    path = tmp_path / "monitor.toml"
    path.write_text(text)
    return path


def test_a_file_names_the_arguments(tmp_path):
    path = write(tmp_path, FILE)
    found = from_file(path)
    assert found["target"] == "late-api"
    assert found["baseline"] == str(tmp_path / "base.parquet")
    (rule,) = (Rule.from_dict(each) for each in found["rules"])
    assert rule.level is Level.PAGE
    assert rule.responses[0].kind == "command"
    assert len(read_rules(path)) == 1


def test_a_table_is_relative_to_the_file(tmp_path):
    found = from_file(write(tmp_path, 'name = "m"\ntable = "scores"\ntime = "when"'))
    assert found == {"name": "m", "target": tmp_path / "scores", "time": "when"}
    remote = from_file(write(tmp_path, 'name = "m"\ntable = "s3://bucket/scores"\ntime = "when"'))
    assert "bucket/scores" in str(remote["target"])


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("name = ", InputError, "is not TOML"),
        ('deployment = "d"', InputError, "give the monitor a name"),
        ('name = "m"\ntarget = "d"', InputError, "has no 'target'"),
        ('name = "m"', click.UsageError, "a deployment or a table"),
        ('name = "m"\ndeployment = "d"\ntable = "t"', click.UsageError, "a deployment or a table"),
    ],
)
def test_a_file_that_says_too_little_or_too_much(tmp_path, text, error, match):
    with pytest.raises(error, match=match):
        from_file(write(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(NotFound):
        from_file(tmp_path / "nowhere.toml")


def test_options_that_are_not_given_are_left_alone():
    options = {"deployment": "d", "table": None, "every": None, "rules": (), "emails": (), "event_clock": None}
    assert from_options("m", options) == {"name": "m", "rules": [], "target": "d"}
    assert from_options("m", options | {"deployment": None, "table": "t"})["target"] == Path("t")
    with pytest.raises(click.UsageError, match="give a --rule"):
        from_options("m", options | {"emails": ("a@example.com",)})
