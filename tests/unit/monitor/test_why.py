"""Why a window is as it is: asked of a monitor with records in which one category broke."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from holter.errors import NotFound
from holter.monitor import Beat
from holter.rules import Rule
from holter.types import Span
from holter.workspace.monitor import Monitor

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def watched(desk):
    """Return a monitor of two good days, and of one day on which the model is wrong about everything."""
    rule = Rule("auc", "performance.roc_auc", below=0.6)
    desk.watch(signals=("performance", "segments", "causes"), rules=(rule,))
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


def test_the_signals_are_measured_in_the_window_too(watched):
    facts = watched.shelves.facts
    assert facts.measurements("daily", metric="segments.loss")
    assert {each.feature for each in facts.measurements("daily", metric="causes.within")} == {"x", "c"}
