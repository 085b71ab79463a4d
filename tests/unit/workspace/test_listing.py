import json
from datetime import timedelta

import pytest

from holter.profile.tables import html_table, visible
from holter.types import Interval, Measurement, Verdict
from holter.workspace import printing
from holter.workspace.printing import every, number, share, text_table
from holter.workspace.results import Measurements

ALARM = Measurement("data_drift", "psi", 0.4, 900, feature="<b>x", interval=Interval(0.3, 0.5), verdict=Verdict.ALARM)
SILENT = Measurement.unanswered("performance", "roc_auc", Verdict.INSUFFICIENT, "no labels yet", n=3)


def test_a_listing_is_a_sequence():
    found = Measurements((ALARM, SILENT))
    assert len(found) == 2
    assert list(found) == [ALARM, SILENT]
    assert found[1] is SILENT
    assert isinstance(found[:1], Measurements)
    assert ALARM in found
    assert found.alarms == (ALARM,)


def test_it_prints_as_a_table_and_says_why():
    text = str(Measurements((ALARM, SILENT)))
    header, _, first, second = text.splitlines()
    assert header.split()[:3] == ["window", "measurement", "feature"]
    assert "0.3 to 0.5" in first
    assert "no labels yet" in second
    assert repr(Measurements((ALARM,))) == str(Measurements((ALARM,)))


def test_nothing_is_said_in_words():
    assert str(Measurements(())).startswith("No measurements")
    assert Measurements(())._repr_html_().startswith("<p>No measurements")
    assert Measurements(()).to_json() == "[]"
    assert Measurements(()).to_arrow().num_rows == 0


def test_json_arrow_and_pandas_agree():
    found = Measurements((ALARM, SILENT))
    plain = json.loads(found.to_json(), parse_constant=pytest.fail)
    assert plain == found.to_dict()
    assert found.to_arrow().column("value").to_pylist() == [0.4, None]
    assert list(found.to_pandas()["verdict"]) == ["alarm", "insufficient"]


def test_a_notebook_escapes_names():
    page = Measurements((ALARM,))._repr_html_()
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page


def test_a_table_off_a_terminal_never_wraps():
    line = "long " * 100
    assert line.strip() in text_table(["a"], [[line]])


def test_a_table_on_a_terminal_fits_it(monkeypatch):
    monkeypatch.setattr(printing.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    lines = text_table(["a", "b"], [["word " * 30, "x"]]).splitlines()
    assert max(map(len, lines)) <= 40
    assert "x" in "".join(lines)


def test_text_that_moves_the_cursor_is_made_visible():
    assert visible("a\x1b[2Jb\r\n") == "a\ufffd[2Jb\ufffd\ufffd"
    assert visible("Übergröße 😀") == "Übergröße 😀"


def test_html_escapes_headers_and_caption():
    page = html_table(["<i>"], [["&"]], caption="<u>")
    assert "<i>" not in page
    assert "<u>" not in page
    assert "&amp;" in page


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (20000.0, "20,000"), (0.1234, "0.123"), (1e-7, "1.0e-07"), (-3.0, "-3")],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (0.0, "0 %"), (1.0, "100 %"), (0.0312, "3.1 %")])
def test_shares_are_per_cent(value, text):
    assert share(value) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=7), "7d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=5), "5m"),
        (timedelta(seconds=61), "61s"),
    ],
)
def test_lengths_of_time_are_written_as_given(length, text):
    assert every(length) == text
