"""A profile as people and programs see it."""

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, NumericColumn, OpaqueColumn, Profile, RankSummary, TextColumn
from holter.profile.histogram import edges_of, shares_between, sparkline
from holter.profile.numbers import LENGTH, SINCE_1970, SINCE_MIDNIGHT
from holter.profile.tables import cells_of, shortened, text_table
from holter.profile.wording import distinct_words, percent, plain_number, type_words, values_words
from holter.types import Kind

HOSTILE = "\x1b[31m<b>[bold]"


@pytest.fixture(scope="module")
def profile():
    rng = np.random.default_rng(1)
    n = 2000
    table = pa.table(
        {
            "delay": np.where(rng.random(n) < 0.1, np.nan, rng.normal(10, 5, n)),
            "miles": pa.array(rng.gamma(2, 300, n), mask=rng.random(n) < 0.03),
            "flag": rng.random(n) < 0.3,
            "whole": rng.integers(0, 9, n),
            "carrier": rng.choice(["AA", "UA", ""], n),
            "when": [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=i) for i in range(n)],
            "took": pa.array(rng.integers(0, 10**9, n), pa.duration("us")),
            "identifier": [f"id{i}" for i in range(n)],
            "vector": rng.normal(size=(n, 3)).tolist(),
            "ragged": [[1.0] * (i % 3) for i in range(n)],
            "blob": [b"1"] * n,
            "nothing": pa.nulls(n),
            "日本語の列": rng.choice(["東京", "大阪"], n),
            HOSTILE: [HOSTILE] * n,
        }
    )
    return Profile.of(table)


def line(profile, name):
    return next(each for each in str(profile).splitlines() if each.startswith(name))


def test_it_prints_a_line_a_column_a_page_wide(profile):
    text = str(profile)
    assert text.splitlines()[0] == "2,000 rows, 14 columns"
    assert max(map(cells_of, text.splitlines())) <= 100
    assert repr(profile) == text
    assert line(profile, "carrier").split()[1:5] == ["category", "0", "%", "3"]
    assert "(empty) 3" in line(profile, "carrier")
    assert line(profile, "miles").split()[1] == "number"
    assert "NaN" in text
    assert "2026-01-01 · " in line(profile, "when")
    assert "characters" in line(profile, "identifier")
    assert "3 elements, norm " in line(profile, "vector")
    assert "0 to 2 elements" in line(profile, "ragged")
    assert line(profile, "nothing").endswith("no values")
    assert line(profile, "blob").endswith("counted, not looked into")


def test_names_from_data_do_not_reach_the_terminal_or_the_page(profile):
    assert "\x1b" not in str(profile)
    assert "[bold]" in str(profile)
    page = profile._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    HTMLParser().feed(page)


def test_json_says_what_each_column_is(profile):
    plain = json.loads(profile.to_json(), parse_constant=pytest.fail)
    assert plain == profile.to_dict()
    columns = {each["column"]: each for each in plain["columns"]}
    kinds = {name: each["kind"] for name, each in columns.items()}
    assert kinds == {
        "delay": "numeric",
        "miles": "numeric",
        "flag": "categorical",
        "whole": "numeric",
        "carrier": "categorical",
        "when": "time",
        "took": "time",
        "identifier": "text",
        "vector": "vector",
        "ragged": "vector",
        "blob": "other",
        "nothing": "other",
        "日本語の列": "categorical",
        HOSTILE: "categorical",
    }
    assert columns["delay"]["nan"] > 0
    assert columns["delay"]["quantiles"]["0.5"] == pytest.approx(10, abs=0.5)
    assert [each["value"] for each in columns["flag"]["top"]] == ["false", "true"]
    assert columns["identifier"]["lengths"] == pytest.approx({"min": 3, "mean": 5.4, "max": 6, "std": 0.55}, abs=0.5)
    assert columns["vector"]["dimension"] == 3
    assert columns["whole"]["distinct"] == 9


def test_arrow_has_a_row_for_each_column(profile):
    table = profile.to_arrow()
    assert table.column("column").to_pylist() == list(profile.columns)
    assert json.loads(table.column("quantiles")[0].as_py())["0.5"] == profile.columns["delay"].ranks.quantile(0.5)
    assert Profile.empty().to_arrow().num_rows == 0


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (Profile.empty(), "0 rows, 0 columns"),
        (Profile.of(pa.table({"x": [1.0]})), "1 row, 1 column"),
        (Profile.of(pa.table({"x": pa.array([], pa.float64())})), "0 rows, 1 column"),
        (Profile.of(pa.table({"x": pa.array([None, None], pa.string())})), "2 rows, 1 column"),
        (Profile.of(pa.table({"x": [float("nan"), float("inf"), float("-inf")]})), "3 rows, 1 column"),
        (Profile.of(pa.table({"x": [[], None]})), "2 rows, 1 column"),
        (Profile.of(pa.table({"x": [1e308, -1e308, 5e-324]})), "3 rows, 1 column"),
        (Profile.of(pa.table({"x": pa.array(["1", "two"])}), kinds={"x": Kind.NUMERIC}), "2 rows, 1 column"),
    ],
)
def test_edges(profile, said):
    assert str(profile).splitlines()[0] == said
    json.loads(profile.to_json(), parse_constant=pytest.fail)
    assert said in profile._repr_html_()


def test_rows_without_the_column_are_nulls():
    both = Profile.of(pa.table({"x": [1.0]})) + Profile.of(pa.table({"y": [1.0]}))
    assert line(both, "x").split()[2:4] == ["50", "%"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (1e-6, "<0.01 %"), (0.5, "50 %"), (0.9961, "99.6 %"), (0.99999, ">99.9 %")],
)
def test_a_share_is_0_or_100_only_when_it_is(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (float("nan"), "", "-"),
        (float("inf"), "", "-"),
        (1e12, "", "1e+12"),
        (0.00001, "", "1e-05"),
        (-3, "", "-3"),
        (2**62, SINCE_1970, "4.61e+18 us"),
        (1_000_000 * 3661, SINCE_1970, "1970-01-01 01:01"),
        (5, LENGTH, "5 us"),
        (-86_400_000_000 * 2, LENGTH, "-2 d"),
        (1_000_000, SINCE_MIDNIGHT, "00:00:01"),
    ],
)
def test_numbers_for_people(value, unit, text):
    assert plain_number(value, unit) == text


def test_an_estimate_says_that_it_is_one():
    many = Profile.of(pa.table({"x": np.arange(100_000.0)})).columns["x"]
    assert distinct_words(many).startswith("~")
    assert distinct_words(Profile.of(pa.table({"x": [1.0, 2.0]})).columns["x"]) == "2"
    assert distinct_words(OpaqueColumn(1, 0, "binary")) == distinct_words(TextColumn(1, 0)) == ""


@pytest.mark.parametrize("n", [1_960, 2_951, 3_049])
def test_no_column_has_more_different_values_than_values(n):
    rng = np.random.default_rng(n)
    profiles = [Profile.of(pa.table({"x": pa.array(rng.random(n), mask=rng.random(n) < 0.1)})) for _ in range(9)]
    for column in (each.columns["x"] for each in profiles):
        assert float(distinct_words(column).lstrip("~").replace(",", "")) <= column.present
    told = [json.loads(each.to_json())["columns"][0]["distinct"] for each in profiles]
    assert all(number <= each.columns["x"].present for number, each in zip(told, profiles, strict=True))


def test_types_by_the_words_people_use():
    assert type_words(CategoricalColumn(0, 0, dtype="double | string")) == "doubl…ring"
    assert type_words(NumericColumn.of(pa.array([1], pa.uint8()))) == "integer"
    assert values_words(TextColumn(1, 0)) == ""


def test_a_sparkline_is_as_high_as_its_shares():
    ranks = RankSummary.of(np.array([0.0] * 8 + [1.0] * 4 + [3.0]))
    assert sparkline(ranks, 4) == "█▄ ▁"
    assert sparkline(RankSummary.of(np.array([])), 4) == ""
    assert sparkline(RankSummary.of(np.array([5.0])), 4).strip() == "█"


def test_bars_reach_from_end_to_end_of_a_double():
    edges = edges_of([RankSummary.of(np.array([-1.7e308, 1.7e308]))], 4)
    assert np.isfinite(edges).all()
    assert shares_between(RankSummary.of(np.array([-1.7e308, 1.7e308])), edges).tolist() == [0.5, 0, 0, 0.5]
    largest = np.finfo(np.float64).max
    for value in (largest, -largest, 1e300, 5e-324):
        edges = edges_of([RankSummary.of(np.array([value]))], 2)
        assert np.isfinite(edges).all()
        assert edges[0] < edges[-1]


def test_wide_letters_line_up():
    rows = text_table(["c", "n"], [["東京", "1"], ["a", "22"]], right=["n"]).splitlines()
    assert [cells_of(row) for row in rows] == [8, 8, 8, 8]


@pytest.mark.parametrize("width", [10, 20, 33, 60])
@pytest.mark.parametrize("text", ["word " * 20, "x" * 70, "東京" * 30, "e\u0301" * 40, "a" + "\u0301" * 30])
def test_folding_loses_nothing_and_keeps_the_width(width, text):
    table = text_table(["a"], [[text]], width=width)
    lines = table.splitlines()[2:]
    assert max(map(cells_of, lines)) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_note_stands_below_its_row():
    text = text_table(["a"], [["x"], ["y"]], notes=["because of \x1b this", ""], width=12)
    assert text.splitlines() == ["a", "─", "x", "  because of", "  \ufffd this", "y"]


def test_numbers_are_never_cut():
    text = text_table(["name", "n"], [["some words to fold", "1234567"]], right=["n"], width=12)
    assert "1234567" in text.splitlines()[2]
    assert text_table(["n"], [["1234567"]], right=["n"], width=3).splitlines()[2] == "1234567"


@pytest.mark.parametrize("text", ["customer_address_postcode", "東京大阪京都名古屋", "e\u0301" * 30])
@pytest.mark.parametrize("width", [5, 9, 14])
def test_a_short_name_keeps_both_ends(text, width):
    short = shortened(text, width)
    assert cells_of(short) <= width
    assert short[0] == text[0]
    assert "…" in short
