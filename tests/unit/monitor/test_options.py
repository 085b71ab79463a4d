"""Options of signals: from the file to the signal, and refused where nobody would listen."""

import pyarrow as pa
import pytest

import holter
from holter.cli.monitor_file import from_file
from holter.errors import BadRule, BadSetting, NotFound
from holter.monitor.judging import EVALUATION, signals_of
from holter.monitor.watch import Watch
from holter.signals import named
from holter.types import Schema, Task

FILE = """
name = "worth"
table = "scores.parquet"
time = "at"
label = "label"
prediction = "said"
signals = ["performance", "ranking"]

[options.performance]
only = ["f_beta", "business_value"]
beta = 0.5

[options.performance.value."1"]
"1" = 50
"0" = -200

[options.ranking]
k = 3

[[rules]]
name = "worth"
metric = "performance.business_value"
below = 10
"""


@pytest.fixture
def ws(tmp_path):
    import pyarrow.parquet as pq

    at = pa.array([1_750_000_000_000_000 + place * 60_000_000 for place in range(200)], pa.timestamp("us", "UTC"))
    said = [1.0, 0.0, 1.0, 0.0] * 50
    pq.write_table(pa.table({"at": at, "said": said, "label": [1.0, 0.0, 0.0, 1.0] * 50}), tmp_path / "scores.parquet")
    (tmp_path / "m.toml").write_text(FILE)
    return holter.open(tmp_path / "ws")


def test_they_reach_the_signal_and_its_measurements(ws, tmp_path):
    from datetime import UTC, datetime

    monitor = ws.monitor(**from_file(tmp_path / "m.toml"), event_clock=True)
    entry = ws.shelves.registry.monitor("worth")
    assert entry.options["performance"]["value"] == {"1": {"1": 50, "0": -200}}
    watch = Watch.of(ws.shelves, entry, datetime.now(UTC))
    assert watch.signals["performance"].beta == 0.5
    assert watch.signals["ranking"].k == 3
    assert monitor.entry.options == entry.options
    assert ws.monitors().to_dict()[0]["options"]["ranking"] == {"k": 3}


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"performance": {"betta": 2}}, BadSetting, "betta.*performance has beta"),
        ({"performance": {"beta": 0}}, BadSetting, "beta"),
        ({"performance": {"only": ["auc"]}}, BadSetting, "no metric 'auc'"),
        ({"performance": {"function": "nowhere"}}, BadSetting, "package.module:function"),
        ({"performance": {"value": {"1": 3}}}, BadSetting, "'1' needs a number for each"),
        ({"performance": 3}, BadSetting, "table of its options"),
        ({"telemetry": {}}, BadSetting, "not among the signals"),
        ({"performanze": {}}, BadSetting, "not among the signals"),
    ],
)
def test_what_nobody_would_listen_to_is_refused(ws, tmp_path, options, error, match):
    given = from_file(tmp_path / "m.toml") | {"options": options, "rules": ()}
    with pytest.raises(error, match=match):
        ws.monitor(**given)


def test_a_rule_needs_the_option_that_makes_its_metric(ws, tmp_path):
    with pytest.raises(BadRule, match="no metric 'business_value'"):
        ws.monitor(**from_file(tmp_path / "m.toml") | {"options": {}})
    with pytest.raises(NotFound):
        ws.monitor(**from_file(tmp_path / "m.toml") | {"signals": (), "options": {"performanze": {}}})


def test_options_that_lost_their_meaning_cost_no_other_signal():
    found = signals_of(
        ("performance", "ranking"), Schema((), Task.BINARY), {"performance": {"gone": 1}}, labels=True, traffic=False
    )
    assert found["performance"].metrics == (EVALUATION,)
    assert "no" not in found["ranking"].metrics
    assert named("ranking") == found["ranking"]


def test_signals_without_options_say_so():
    with pytest.raises(BadSetting, match="traffic has no options"):
        named("traffic", {"x": 1})
