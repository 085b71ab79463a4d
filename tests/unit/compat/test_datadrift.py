"""Drift detectors of tables without times: the page's snippet, and bad input."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from holter.compat.azureml.core.dataset import TabularDataset
from holter.compat.azureml.datadrift import AlertConfiguration, DataDriftDetector, DataDriftProfile
from holter.compat.azureml.exceptions import UserErrorException


def rows(count, seed=0, **shifts):
    rng = np.random.default_rng(seed)
    table = {name: rng.normal(shifts.get(name, 0.0), 1.0, count) for name in ("feature1", "feature2", "feature3")}
    return pa.table(table)


def detector(ws, baseline, target, name="drift-detector", **options):
    return DataDriftDetector.create_from_datasets(ws, name, baseline, target, **options)


def of(profile, feature):
    return next(each for each in profile.features if each.feature == feature)


def test_the_snippet_of_the_page_prints_a_table(ws):
    dataset = TabularDataset(pa.concat_tables([rows(1000, 1), rows(1000, 2, feature1=1.0)]))
    baseline_data = dataset.take(1000)
    target_data = dataset.take(1000, offset=1000)
    drift_detector = DataDriftDetector.create_from_datasets(ws, "drift-detector", baseline_data, target_data)
    drift_detector.set_monitor(interval=1, feature_list=["feature1", "feature2"])
    profile = drift_detector.run()
    assert isinstance(profile, DataDriftProfile)
    text = str(profile)
    assert f"Drift coefficient {profile.coefficient:.3g}, above its threshold of 0.2." in text
    assert "Calibrated verdict: drift. feature1 changed most" in text
    lines = [line.split() for line in text.splitlines()]
    header = next(line for line in lines if line[:1] == ["feature"])
    assert header == ["feature", "contribution", "Wasserstein", "energy", "JS", "verdict"]
    first, second = (next(line for line in lines if line[:1] == [name]) for name in ("feature1", "feature2"))
    assert (first[-1], second[-1]) == ("alarm", "ok")
    assert "feature3" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_it_shows_in_a_notebook_with_every_cell_escaped(ws):
    name = "<script>"
    profile = detector(ws, pa.table({name: [1.0] * 60}), pa.table({name: [2.0] * 60})).run()
    assert "&lt;script&gt;" in profile._repr_html_()
    assert "<script>" not in profile._repr_html_()


@pytest.mark.parametrize("kind", ["dataset", "pandas", "arrow", "parquet", "csv"])
def test_any_table_will_do(ws, home, kind):
    table = rows(200)
    pq.write_table(table, home / "t.parquet")
    pc.write_csv(table, home / "t.csv")
    given = {
        "dataset": TabularDataset(table),
        "pandas": table.to_pandas(),
        "arrow": table,
        "parquet": home / "t.parquet",
        "csv": "t.csv",
    }[kind]
    profile = detector(ws, given, given).run()
    assert (profile.baseline_rows, profile.target_rows, profile.verdict) == (200, 200, "no drift")
    assert all(each.wasserstein_distance == 0 and each.energy_distance == 0 for each in profile.features)


def test_both_tables_may_be_named_as_in_the_table_of_names(ws):
    made = DataDriftDetector.create_from_datasets(ws, "d", baseline=rows(60), target=rows(70))
    assert (made.run().baseline_rows, made.run().target_rows) == (60, 70)
    with pytest.raises(UserErrorException, match="no argument 'colour'"):
        DataDriftDetector.create_from_datasets(ws, "e", rows(5), rows(5), colour="red")


def test_a_path_is_read_anew_and_a_baseline_never_moves(ws, home):
    pq.write_table(rows(100), home / "t.parquet")
    made = detector(ws, home / "t.parquet", home / "t.parquet")
    pq.write_table(rows(300), home / "t.parquet")
    assert (made.run().baseline_rows, made.run().target_rows) == (100, 300)


def test_what_it_is_told_is_what_it_says(ws):
    dataset = TabularDataset(rows(60))
    made = detector(
        ws,
        dataset,
        rows(60),
        compute_target="cpu-cluster",
        frequency="Week",
        feature_list=["feature2"],
        alert_config=AlertConfiguration(["a@example.com", "b@example.com"]),
        drift_threshold=0.4,
        latency=5,
    )
    said = (made.frequency, made.interval, made.feature_list, made.drift_threshold, made.latency, made.compute_target)
    assert said == ("Week", 7, ["feature2"], 0.4, 5, "cpu-cluster")
    assert made.alert_config.email_addresses == ["a@example.com", "b@example.com"]
    assert (made.state, made.enabled, made.workspace.name) == ("Disabled", False, "shop")
    assert made.baseline_dataset.id == dataset.id
    assert made.target_dataset.to_arrow().num_rows == 60
    assert repr(made) == "<DataDriftDetector drift-detector: Disabled>"


def test_what_it_is_not_told(ws):
    made = detector(ws, rows(60), rows(60))
    said = (made.frequency, made.interval, made.drift_threshold, made.latency, made.alert_config, made.compute_target)
    assert said == ("Day", 1, 0.2, 0, None, None)
    assert made.feature_list == ["feature1", "feature2", "feature3"]


def test_set_monitor_returns_the_detector_and_keeps_what_it_was_told(ws):
    made = detector(ws, rows(60), rows(60))
    assert made.set_monitor(interval=7, feature_list=["feature3"]) is made
    again = DataDriftDetector.get_by_name(ws, "drift-detector")
    assert (again.interval, again.frequency, again.feature_list) == (7, "Week", ["feature3"])
    assert made.set_monitor(interval=3).frequency is None
    assert made.feature_list == ["feature1", "feature2", "feature3"]


@pytest.mark.parametrize("interval", [0, -1, 1.5, True, "1"])
def test_an_interval_is_a_number_of_days(ws, interval):
    with pytest.raises(UserErrorException, match="no whole number of days"):
        detector(ws, rows(5), rows(5)).set_monitor(interval=interval)


def test_a_missing_feature_is_named_beside_those_that_are_there(ws):
    made = detector(ws, rows(60), rows(60))
    with pytest.raises(UserErrorException, match="'age', 'sex'; both have feature1, feature2, feature3"):
        made.set_monitor(feature_list=["feature1", "age", "sex"])
    assert made.feature_list == ["feature1", "feature2", "feature3"]
    with pytest.raises(UserErrorException, match="'age'"):
        made.run(feature_list=["age"])
    with pytest.raises(UserErrorException, match="empty"):
        made.run(feature_list=[])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"frequency": "Hour"}, "known: Day, Week, Month"),
        ({"drift_threshold": 1.5}, "from 0 to 1"),
        ({"drift_threshold": float("nan")}, "from 0 to 1"),
        ({"drift_threshold": True}, "from 0 to 1"),
        ({"latency": -1}, "hours from 0"),
        ({"alert_config": ["a@example.com"]}, "AlertConfiguration"),
        ({"feature_list": ["nope"]}, "'nope'"),
        ({"feature_list": []}, "empty"),
    ],
)
def test_what_cannot_be_followed_leaves_nothing_behind(ws, options, why):
    with pytest.raises(UserErrorException, match=why):
        detector(ws, rows(5), rows(5), **options)
    assert list(DataDriftDetector.list(ws)) == []
    assert not list((ws.home.root / "azureml" / "drift").rglob("*.parquet"))


@pytest.mark.parametrize("table", ["missing.csv", None, 7, object()])
def test_what_is_no_table_is_refused(ws, table):
    with pytest.raises(UserErrorException):
        detector(ws, rows(5), table)
    assert list(DataDriftDetector.list(ws)) == []


@pytest.mark.parametrize("addresses", [[], "nobody", [""], ["a@b", "@"], [None]])
def test_who_is_told_has_an_address(addresses):
    with pytest.raises(UserErrorException):
        AlertConfiguration(addresses)


def test_one_address_is_a_list_of_one():
    assert repr(AlertConfiguration("a@example.com")) == "<AlertConfiguration a@example.com>"


def test_a_name_is_taken_once(ws):
    made = detector(ws, rows(60), rows(60))
    with pytest.raises(UserErrorException, match="already; get_by_name opens it"):
        detector(ws, rows(5), rows(5))
    assert made.run().baseline_rows == 60


def test_of_two_processes_that_make_one_name_the_first_wins(ws, monkeypatch):
    first = detector(ws, rows(60), rows(60))
    monkeypatch.setattr("holter.compat.azureml.datadrift.shelf.exists", lambda root, name: False)
    with pytest.raises(UserErrorException, match="already"):
        detector(ws, rows(5), rows(5))
    monkeypatch.undo()
    kept = {file.suffix for file in (ws.home.root / "azureml" / "drift" / "drift-detector").iterdir()}
    assert kept == {".json", ".parquet"}
    assert first.feature_list == ["feature1", "feature2", "feature3"]
    assert first.baseline_dataset.to_arrow().num_rows == 60


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", None])
def test_a_name_can_be_a_folder(ws, name):
    with pytest.raises(UserErrorException):
        detector(ws, rows(5), rows(5), name=name)


def test_another_process_finds_the_detector_and_its_runs(ws):
    run = detector(ws, rows(60), rows(60)).run()
    code = (
        "from holter.compat.azureml.core import Workspace\n"
        "from holter.compat.azureml.datadrift import DataDriftDetector\n"
        "found = DataDriftDetector.get_by_name(Workspace.from_config(), 'drift-detector')\n"
        "print(found.show()[0].run_id)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == run.run_id


def test_list_finds_detectors_by_their_datasets(ws):
    dataset = TabularDataset(rows(60))
    detector(ws, dataset, rows(60), name="one")
    detector(ws, rows(60), dataset, name="two")
    assert [each.name for each in DataDriftDetector.list(ws)] == ["one", "two"]
    assert [each.name for each in DataDriftDetector.list(ws, baseline_dataset=dataset)] == ["one"]
    assert [each.name for each in DataDriftDetector.list(ws, target_dataset=dataset)] == ["two"]


def test_a_deleted_detector_is_gone(ws):
    made = detector(ws, rows(60), rows(60))
    made.delete()
    assert made.state == "Deleted"
    with pytest.raises(UserErrorException, match="no drift detector 'drift-detector'; known: none"):
        DataDriftDetector.get_by_name(ws, "drift-detector")
    assert detector(ws, rows(5), rows(5)).state == "Disabled"


def test_update_changes_what_is_given_and_none_puts_a_default_back(ws):
    made = detector(ws, rows(60), rows(60), drift_threshold=0.5, alert_config=AlertConfiguration("a@example.com"))
    made.update(drift_threshold=0.0, feature_list=["feature1"], compute_target="big", schedule_start=None)
    assert (made.drift_threshold, made.feature_list, made.compute_target) == (0.0, ["feature1"], "big")
    assert made.alert_config is not None
    made.update(drift_threshold=None, alert_config=None, feature_list=None)
    assert (made.drift_threshold, made.alert_config, len(made.feature_list)) == (0.2, None, 3)
    with pytest.raises(UserErrorException):
        made.update(drift_threshold=2, feature_list=["feature1"])
    assert len(made.feature_list) == 3


def test_output_has_the_shapes_of_the_original(ws):
    made = detector(ws, rows(100), rows(100, 5), feature_list=["feature1"], drift_threshold=0.3)
    assert made.get_output() == ([], [])
    run = made.run()
    results, metrics = made.get_output(run_id=run.run_id)
    day = f"{run.start:%Y-%m-%d}"
    ids = made.baseline_dataset.id, made.target_dataset.id
    result = {
        "has_drift": run.has_drift,
        "drift_threshold": 0.3,
        "start_date": day,
        "end_date": day,
        "base_dataset_id": ids[0],
        "target_dataset_id": ids[1],
    }
    assert results == [{"drift_type": "DatasetBased", "result": [result]}]
    feature = run.features[0]
    column = [
        {"name": "datadrift_contribution", "value": feature.contribution},
        {"name": "wasserstein_distance", "value": feature.wasserstein_distance},
        {"name": "energy_distance", "value": feature.energy_distance},
    ]
    metric = {
        "schema_version": "0.1",
        "start_date": day,
        "end_date": day,
        "baseline_dataset_id": ids[0],
        "target_dataset_id": ids[1],
        "dataset_metrics": [{"name": "datadrift_coefficient", "value": run.coefficient}],
        "column_metrics": [{"feature1": column}],
    }
    assert metrics == [{"drift_type": "DatasetBased", "metrics": [metric]}]
    assert made.get_output() == (results, metrics)
    json.dumps(metrics, allow_nan=False)


def test_output_of_a_run_that_never_was(ws):
    with pytest.raises(UserErrorException, match="no run 'x'"):
        detector(ws, rows(5), rows(5)).get_output(run_id="x")


def test_distances_are_those_scipy_gives(ws):
    from scipy.stats import energy_distance, wasserstein_distance

    before, after = rows(400, 1), rows(300, 2, feature1=0.7)
    found = of(detector(ws, before, after).run(), "feature1")
    pair = before["feature1"].to_numpy(), after["feature1"].to_numpy()
    assert found.wasserstein_distance == pytest.approx(wasserstein_distance(*pair), rel=1e-6)
    assert found.energy_distance == pytest.approx(energy_distance(*pair), rel=1e-6)


def test_runs_of_the_same_rows_agree_in_any_order(ws):
    before, after = rows(300, 1), rows(300, 2, feature2=0.5)
    first = detector(ws, before, after, name="one").run()
    turned = after.take(pa.array(range(after.num_rows - 1, -1, -1)))
    second = detector(ws, before, turned, name="two").run()
    assert first.coefficient == second.coefficient
    assert [each.contribution for each in first.features] == [each.contribution for each in second.features]


def test_categories_have_a_contribution_and_no_distance_of_numbers(ws):
    before, after = (pa.table({"plan": [*"a" * first, *"b" * (400 - first)]}) for first in (200, 20))
    made = detector(ws, before, after)
    profile = made.run()
    assert (profile.verdict, profile.features[0].contribution) == ("drift", 1.0)
    column = made.get_output()[1][0]["metrics"][0]["column_metrics"][0]["plan"]
    assert [each["name"] for each in column] == ["datadrift_contribution"]
    assert " -  " in str(profile)


def test_features_that_only_change_together_are_seen(ws):
    rng = np.random.default_rng(3)
    a, b, c = (rng.normal(size=2000) for _ in range(3))
    before, after = pa.table({"a": a, "b": b}), pa.table({"a": c, "b": c})
    profile = detector(ws, before, after).run()
    assert profile.verdict == "drift"
    assert "by how features go together" in profile.sentence


def test_a_run_is_over_when_it_returns(ws):
    run = detector(ws, rows(5), rows(5)).run(services=["s"], compute_target="c", create_compute_target=True)
    assert run.wait_for_completion(show_output=True) == {"runId": run.id, "status": "Completed"}


def test_a_run_may_have_its_own_features_and_threshold(ws):
    made = detector(ws, rows(60), rows(60))
    run = made.run(feature_list=["feature2"], drift_threshold=0.9)
    assert ([each.feature for each in run.features], run.threshold) == (["feature2"], 0.9)
    assert made.drift_threshold == 0.2


# Tables in which there is little to find


def test_no_column_in_common(ws):
    with pytest.raises(UserErrorException, match="no column in common: a and b"):
        detector(ws, pa.table({"a": [1]}), pa.table({"b": [1]}))


def test_an_empty_table_gets_no_answer_and_no_exception(ws):
    profile = detector(ws, rows(100), rows(0)).run()
    assert (profile.verdict, profile.coefficient, profile.has_drift) == ("no answer", None, False)
    assert "Nothing can be compared: target has no rows." in str(profile)
    assert "No drift coefficient: 0 rows are too few" in str(profile)


def test_one_row_gets_no_answer(ws):
    profile = detector(ws, rows(100), rows(1)).run()
    assert (profile.verdict, profile.coefficient) == ("no answer", None)
    assert profile.features[0].verdict == "insufficient"


def test_a_column_of_nulls_gets_no_answer_and_costs_the_others_nothing(ws):
    dead = pa.array([None] * 500, pa.float64())
    before = rows(500, 1).append_column("sensor", dead)
    after = rows(500, 2, feature1=1.0).append_column("sensor", dead)
    profile = detector(ws, before, after).run()
    assert of(profile, "feature1").verdict == "alarm"
    assert of(profile, "sensor").verdict not in ("ok", "alarm")
    assert of(profile, "sensor").contribution is None


def test_all_columns_null(ws):
    nothing = pa.table({"a": pa.array([None] * 80, pa.float64())})
    profile = detector(ws, nothing, nothing).run()
    assert (profile.verdict, profile.coefficient) == ("no answer", None)
    assert "No feature can be compared" in profile.sentence


def test_a_target_that_is_gone_says_so(ws, home):
    pq.write_table(rows(60), home / "t.parquet")
    made = detector(ws, rows(60), home / "t.parquet")
    (home / "t.parquet").unlink()
    with pytest.raises(UserErrorException, match=r"t\.parquet"):
        made.run()


def test_a_target_that_lost_a_column_says_so(ws, home):
    pq.write_table(rows(60), home / "t.parquet")
    made = detector(ws, rows(60), home / "t.parquet")
    pq.write_table(rows(60).drop_columns(["feature2"]), home / "t.parquet")
    profile = made.run()
    assert "has no such column" in of(profile, "feature2").why
    assert profile.verdict == "drift"


def test_without_times_there_is_no_schedule_and_no_backfill(ws):
    made = detector(ws, rows(5), rows(5))
    for verb in (made.enable_schedule, lambda: made.backfill(pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01"))):
        with pytest.raises(UserErrorException, match="with_timestamp_columns"):
            verb()
    made.disable_schedule()
    assert made.state == "Disabled"
