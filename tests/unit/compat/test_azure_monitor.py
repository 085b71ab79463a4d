"""Azure's v2 monitors, as YAML, into monitors: what is carried over, and what is said of the rest."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from holter.cli.root import holter
from holter.compat.azure_monitor import import_azure_monitor
from holter.compat.azure_monitor.reading import duration, read
from holter.errors import AlreadyExists, InputError, NotFound
from holter.rules import Level
from holter.types import Feature, Kind, Schema, Task
from holter.workspace import open as open_workspace

DAY = timedelta(days=1)
SCHEMA = Schema(
    (
        Feature("age", Kind.NUMERIC, "int64"),
        Feature("income", Kind.NUMERIC, "double"),
        Feature("city", Kind.CATEGORICAL, "string"),
    ),
    Task.BINARY,
)
WHOLE = """
$schema: http://azureml/sdk-2-0/Schedule.json
name: credit monitor!
trigger:
  type: recurrence
  frequency: day
  interval: 1
  schedule: {hours: 3, minutes: 15}
create_monitor:
  compute: {instance_type: standard_e4s_v3, runtime_version: "3.4"}
  monitoring_target:
    ml_task: classification
    endpoint_deployment_id: azureml:credit:blue
  monitoring_signals:
    drift:
      type: data_drift
      production_data:
        input_data: {path: "azureml:credit_inputs:1", type: uri_folder}
        data_context: model_inputs
        data_window: {lookback_window_size: P7D, lookback_window_offset: P0D}
      reference_data:
        input_data: {path: "azureml:credit_training:1", type: mltable}
        data_context: training
      features: {top_n_feature_importance: 10}
      data_segment: {feature_name: city, feature_values: [paris, 75]}
      metric_thresholds:
        numerical: {jensen_shannon_distance: 0.01, normalized_wasserstein_distance: 0.2}
        categorical: {pearsons_chi_squared_test: 0.02}
    outputs:
      type: prediction_drift
      production_data: {data_window: {lookback_window_size: P7D, lookback_window_offset: P0D}}
      metric_thresholds:
        numerical: {population_stability_index: 0.0}
        categorical: {population_stability_index: 0.0}
    quality:
      type: data_quality
      alert_enabled: false
      features: [age, city, shoe_size]
      metric_thresholds:
        numerical: {null_value_rate: 0.05, data_type_error_rate: 0.03}
        categorical: {out_of_bounds_rate: 0.03}
    right:
      type: model_performance
      production_data:
        - input_data: {path: "azureml:credit_outputs:1", type: mltable}
          data_window: {lookback_window_size: P30D, lookback_window_offset: P7D}
        - input_data: {path: "azureml:truth:1", type: mltable}
      metric_thresholds:
        classification: {accuracy: 0.9, precision: 0.8, recall: 0.7}
    words:
      type: generation_safety_quality
  alert_notification:
    emails: [one@example.com, two@example.com]
"""
PREVIEW = """
name: old
trigger: {type: cron, expression: "15 10 * * 1", start_time: 2023-05-07}
create_monitor:
  compute: azureml:cluster
  monitoring_target: {endpoint_deployment_id: "azureml:credit:blue"}
  monitoring_signals:
    drift:
      type: data_drift
      target_dataset: {dataset: {dataset_context: model_inputs}, data_window_size: 14}
      baseline_dataset: {input_dataset: {path: "azureml:training:1", type: mltable}}
      alert_notification: true
      metric_thresholds:
        - {applicable_feature_type: numerical, metric_name: population_stability_index, threshold: 0.2}
        - {applicable_feature_type: categorical, metric_name: chi_squared_test, thresold: 0.02}
"""


@pytest.fixture
def ws(tmp_path):
    ws = open_workspace(tmp_path / "ws")
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (tmp_path / "model.bin").write_bytes(b"0")
    version = ws.shelves.registry.register("risk", tmp_path / "model.bin", schema=SCHEMA, actor="test")
    ws.shelves.registry.deploy("credit", version, entry_script=str(tmp_path / "score.py"))
    return ws


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "monitor.yaml"
        path.write_text(text)
        return path

    return write


def rules(plan):
    return {rule.name: rule for rule in plan.rules}


def test_a_monitor_for_each_length_of_window(ws, file):
    made = import_azure_monitor(ws, file(WHOLE), label_delay="7d")
    assert [plan.name for plan in made.plans] == ["credit-monitor", "credit-monitor-2", "credit-monitor-3"]
    week, day, month = (ws.shelves.registry.monitor(plan.name) for plan in made.plans)
    assert (week.every, week.over, week.lateness) == (DAY, 7 * DAY, timedelta(0))
    assert (day.over, day.signals) == (DAY, ("data_quality",))
    assert (month.over, month.lateness, month.label_delay) == (30 * DAY, 7 * DAY, 7 * DAY)
    assert week.signals == ("data_drift", "prediction_drift")
    assert week.segments == ("city",)
    assert {entry.target for entry in (week, day, month)} == {"credit"}


def test_thresholds_become_rules_for_the_columns_they_are_meant_for(ws, file):
    week = rules(import_azure_monitor(ws, file(WHOLE)).plans[0])
    numeric = week["drift jensen_shannon age city=paris"]
    assert (numeric.above, numeric.feature, numeric.segment) == (0.01, "age", "city=paris")
    assert "drift jensen_shannon income city=75" in week
    assert week["drift normalized_wasserstein city=75"].feature is None
    calibrated = week["drift jensen_shannon city city=paris"]
    assert calibrated.calibrated
    assert calibrated.above is None


def test_a_threshold_of_zero_counts(ws, file):
    week = rules(import_azure_monitor(ws, file(WHOLE)).plans[0])
    assert week["outputs psi"].above == 0.0


def test_performance_alarms_below_and_each_metric_by_its_own_threshold(ws, file):
    month = rules(import_azure_monitor(ws, file(WHOLE)).plans[2])
    assert {name: (rule.metric, rule.below, rule.above) for name, rule in month.items()} == {
        "right accuracy": ("performance.accuracy", 0.9, None),
        "right precision": ("performance.precision", 0.8, None),
        "right recall": ("performance.recall", 0.7, None),
    }


def test_mails_go_to_all_and_signals_without_alerts_only_inform(ws, file):
    week, day, _ = import_azure_monitor(ws, file(WHOLE)).plans
    assert week.rules[0].responses[0].options == {"to": "one@example.com, two@example.com"}
    assert {rule.level for rule in day.rules} == {Level.INFORMATION}
    assert not any(rule.responses for rule in day.rules)
    assert {rule.feature for rule in day.rules if rule.metric == "data_quality.out_of_range_rate"} == {"city"}
    assert {rule.feature for rule in day.rules if rule.metric == "data_quality.null_rate"} == {"age"}


def test_what_could_not_be_carried_over_is_said(ws, file):
    remarks = "\n".join(import_azure_monitor(ws, file(WHOLE)).remarks)
    assert "trigger.schedule: a window is judged as soon as it closes" in remarks
    assert "compute: Holter runs where it is installed" in remarks
    assert "azureml:credit_training:1 is not read" in remarks
    assert "not the 10 most important" in remarks
    assert "the model has no feature 'shoe_size'" in remarks
    assert "words: there is no signal of the type 'generation_safety_quality'" in remarks
    assert "pearsons_chi_squared_test: a threshold on a p-value" in remarks


def test_the_form_of_the_preview(ws, file):
    made = import_azure_monitor(ws, file(PREVIEW))
    (plan,) = made.plans
    assert (plan.every, plan.over) == (7 * DAY, 14 * DAY)
    assert {rule.feature for rule in plan.rules if rule.above == 0.2} == {"age", "income"}
    assert [rule.feature for rule in plan.rules if rule.calibrated] == ["city"]
    assert any("cron '15 10 * * 1' became every 7 days" in remark for remark in made.remarks)


def test_without_signals_the_default_ones_watch(ws, file):
    made = import_azure_monitor(ws, file("name: basic\ntrigger: {frequency: hour}\ncreate_monitor: {x: 1}"), "credit")
    entry = ws.shelves.registry.monitor("basic")
    assert entry.every == timedelta(hours=1)
    assert entry.signals == ()
    assert any("default signals" in remark for remark in made.remarks)


def test_a_dry_run_makes_nothing(ws, file):
    made = import_azure_monitor(ws, file(WHOLE), dry=True)
    assert str(made).startswith("Would make the monitor credit-monitor of credit: every day, over 7 days, 2 signals, ")
    assert ws.shelves.registry.monitors() == []


def test_a_second_time_needs_overwrite(ws, file):
    import_azure_monitor(ws, file(WHOLE))
    with pytest.raises(AlreadyExists):
        import_azure_monitor(ws, file(WHOLE))
    assert len(import_azure_monitor(ws, file(WHOLE), overwrite=True).plans) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "no YAML"),
        ("", "no create_monitor"),
        ("- 1", "no create_monitor"),
        ("create_monitor: 7", "no create_monitor"),
        ("create_monitor: {monitoring_signals: [1, 2]}", "cannot be followed"),
        ("trigger: {frequency: moon}\ncreate_monitor: {a: 1}", "none of minute"),
        ("trigger: {type: cron, expression: '* *'}\ncreate_monitor: {a: 1}", "five fields"),
        ("create_monitor: {monitoring_signals: {d: {target_dataset: {data_window_size: soon}}}}", "invalid"),
        (WHOLE.replace("P7D", "soon"), "no duration"),
        ("create_monitor: {monitoring_signals: {d: {metric_thresholds: {numerical: {x: much}}}}}", "could not convert"),
    ],
)  # fmt: skip
def test_what_is_no_monitor_is_refused_with_the_reason(ws, file, text, why):
    with pytest.raises(InputError, match=why):
        import_azure_monitor(ws, file(text), "credit")
    assert ws.shelves.registry.monitors() == []


def test_yaml_that_would_run_code_is_refused(ws, file):
    with pytest.raises(InputError, match="no YAML"):
        import_azure_monitor(ws, file("create_monitor: !!python/object/apply:os.getcwd []"), "credit")


def test_a_deployment_must_be_known(ws, file):
    with pytest.raises(InputError, match="--deployment"):
        import_azure_monitor(ws, file("create_monitor: {a: 1}"))
    with pytest.raises(NotFound, match="creddit"):
        import_azure_monitor(ws, file(WHOLE), "creddit")


@pytest.mark.parametrize(
    ("expression", "every"),
    [
        ("0 3 * * *", DAY),
        ("15 10 * * mon", 7 * DAY),
        ("0 3 * * 1-5", DAY),
        ("0 3 1 * *", 30 * DAY),
        ("0 */6 * * *", timedelta(hours=6)),
        ("*/10 * * * *", timedelta(minutes=10)),
        ("30 * * * *", timedelta(hours=1)),
        ("* * * * *", timedelta(minutes=1)),
        ("*/10 3 * * *", DAY),
    ],
)
def test_how_often_a_cron_expression_fires(file, expression, every):
    found = read(file(f"trigger: {{type: cron, expression: '{expression}'}}\ncreate_monitor: {{a: 1}}"))
    assert found.every == every


@pytest.mark.parametrize(
    ("text", "length"), [("P7D", 7 * DAY), ("p1w", 7 * DAY), ("P1M", 30 * DAY), ("PT90M", timedelta(minutes=90))]
)
def test_durations(text, length):
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "7", "P-1D", "P1Y"])
def test_no_durations(text):
    with pytest.raises(ValueError, match="no duration"):
        duration(text)


def test_the_command_tells_and_answers_in_json(ws, file):
    words = ["import", "azure-monitor", str(file(WHOLE)), "-w", str(ws.root)]
    told = CliRunner().invoke(holter, [*words, "--dry-run"])
    assert told.exit_code == 0, told.output
    assert "Not carried over as it was:" in told.output
    plain = CliRunner().invoke(holter, [*words, "--json"])
    found = json.loads(plain.output)
    assert [each["name"] for each in found["monitors"]] == ["credit-monitor", "credit-monitor-2", "credit-monitor-3"]
    assert found["dry"] is False
