"""Why a window is as it is: asked of a monitor with records in which one category broke."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from holter.errors import NotFound
from holter.monitor import Beat
from holter.report.pages import alert_page, monitor_page
from holter.report.subject import History, Subject
from holter.report.verdict import judge
from holter.rules import Rule
from holter.types import Measurement, Span, Verdict
from holter.workspace.monitor import Monitor

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def watched(desk):
    """Return a monitor of two good days, and of one day on which the model is wrong about everything."""
    rule = Rule("auc", "performance.roc_auc", below=0.6)
    desk.watch(signals=("performance", "segments", "causes", "attribution", "data_drift"), rules=(rule,))
    desk.day(0, 900)
    desk.day(1, 900, honest=False, shift=1.0)
    desk.day(2, 5)
    Beat(desk.shelves).once(FIRST + 4 * DAY)
    return Monitor(desk.shelves, "daily")


def test_it_tells_how_wrong_the_model_was_who_came_and_which_rows_to_look_at(watched):
    found = watched.why(at=FIRST + 2 * DAY)
    text, plain = str(found), found.to_dict()
    assert "Squared error of the probability" in text
    assert "Of the change of +" in text
    assert plain["change"]["n"] == 900
    part = plain["parts"][0]
    assert part["mix"] + part["within"] == pytest.approx(plain["change"]["value"] - plain["change"]["baseline"])
    assert len(plain["rows"]) == 20
    assert plain["rows"][0]["record"].startswith("d1-")
    assert plain["rows"][0]["loss"] >= plain["rows"][-1]["loss"]
    assert any(each["segment"].startswith("x=") for each in plain["grown"])
    assert plain["harm"][0]["feature"] == "x"
    assert "leans on it" in text
    json.loads(found.to_json())


def test_rows_come_from_the_segment_that_broke(desk):
    desk.watch(signals=("performance",))
    desk.day(0, 1500, labels=False)
    table = desk.shelves.records("api").read(Span(FIRST, FIRST + DAY))
    broken = [name == "b" for name in table["c"].to_pylist()]
    scores = table["_score"].to_pylist()
    label = [float((score > 0.5) is not bad) for score, bad in zip(scores, broken, strict=True)]
    ids = table["_request_id"].to_pylist()
    desk.waiting = pa.table(
        {
            "_request_id": ids,
            "_row": pa.array([0] * len(ids), pa.int32()),
            "_label": label,
            "_labelled_at": pa.array([FIRST + DAY] * len(ids), pa.timestamp("us", "UTC")),
        }
    )
    desk.label()
    desk.day(1, 5)
    Beat(desk.shelves).once(FIRST + 3 * DAY)
    found = Monitor(desk.shelves, "daily").why(at=FIRST + DAY)
    assert found.explanation.worse[0].label == "c=b"
    bad = {f"{one}/0" for one, is_bad in zip(ids, broken, strict=True) if is_bad}
    assert {row.record for row in found.explanation.rows} <= bad
    assert "Worse where c=b" in str(found)


def test_an_alert_names_its_window(watched):
    (alert,) = watched.alerts()
    assert watched.why(alert=alert.id).window == alert.judged
    assert watched.why().window.end == FIRST + 2 * DAY


def test_without_labels_it_says_so_and_tells_who_came(desk):
    desk.watch(signals=("data_drift",))
    desk.day(0, 600, labels=False, shift=2.0)
    desk.day(1, 5, labels=False)
    Beat(desk.shelves).once(FIRST + 3 * DAY)
    text = str(Monitor(desk.shelves, "daily").why(at=FIRST + DAY))
    assert "is not known: window: no row has both" in text
    assert "More rows where x=" in text
    assert "Rows to look at" not in text


def test_before_the_first_window_there_is_nothing_to_explain(desk):
    desk.watch()
    with pytest.raises(NotFound):
        Monitor(desk.shelves, "daily").why()


def test_an_empty_window_is_explained_by_that(watched):
    text = str(watched.why(at=FIRST - DAY))
    assert "is not known" in text


def test_the_page_ranks_what_drifted_by_the_harm_it_may_do(watched):
    page = monitor_page(watched.shelves, "daily", FIRST + 4 * DAY)
    assert "Expected harm of what drifted" in page


def test_the_page_of_an_alert_says_how_to_ask_why(watched):
    (alert,) = watched.alerts()
    page = alert_page(watched.shelves, alert.id, FIRST + 4 * DAY)
    assert f"holter monitors why daily --alert {alert.id}" in page


def test_the_signals_are_measured_in_the_window_too(watched):
    facts = watched.shelves.facts
    assert facts.measurements("daily", metric="segments.loss")
    assert {each.feature for each in facts.measurements("daily", metric="causes.within")} == {"x", "c"}


def test_what_drifted_is_told_in_the_order_of_its_harm(watched):
    def told(metric, feature, value, verdict=None):
        signal, _, name = metric.partition(".")
        day = Span(FIRST, FIRST + DAY)
        return Measurement(signal, name, value, 900, feature=feature, window=day, verdict=verdict)

    drift = [told("data_drift.jensen_shannon", name, value, Verdict.ALARM) for name, value in (("x", 0.2), ("c", 0.4))]
    harm = [told("attribution.harm", name, value) for name, value in (("x", 0.2), ("c", 0.01))]
    series = {"data_drift.jensen_shannon": drift, "attribution.harm": harm, "performance.label_coverage": []}
    for metric in ("roc_auc", "log_loss_skill", "calibration_error", "accuracy"):
        series |= {f"performance.{metric}": [], f"estimated_performance.{metric}": []}
    history = History(watched.shelves, watched.entry, series)
    judgement = judge(Subject("api", None, None, (history,), ()))
    assert any("the model leans on first: x (0.200) and c (0.400)" in each for each in judgement.sentences)
