"""Constraints: read, written, suggested, and found broken where they are."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from holter.errors import BadConstraint, BadDuration
from holter.profile import Profile, Window
from holter.rules import Calibration, decide
from holter.signals import Need
from holter.signals.breaches import breaches, counted, type_of
from holter.signals.constraint import ColumnConstraint, Constraints
from holter.signals.constraint_file import constraints_of, text_of_constraints
from holter.signals.constraints import ConstraintsKept
from holter.signals.suggesting import may_be_key, suggested
from holter.signals.unique import UniqueReading
from holter.types import Kind, Schema, Span, Verdict


def held(**columns):
    return Constraints.from_dict({"columns": columns})


def broken(table, constraints, now=None, kinds=None):
    return list(breaches(Profile.of(pa.table(table), kinds=kinds), constraints, now))


def words(table, constraints, **more):
    return [(each.column, each.constraint) for each in broken(table, constraints, **more)]


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ({"colums": {}}, "Did you mean 'columns'"),
        ({"columns": {"x": {"lest": 1}}}, "Did you mean 'least'"),
        ({"columns": {"x": {"zzz": 1}}}, "It has: type"),
        ({"columns": {"x": 3}}, "should be a table"),
        ({"columns": {"x": {"nulls": 1.5}}}, "a share from 0 to 1"),
        ({"columns": {"x": {"nulls": True}}}, "a share from 0 to 1"),
        ({"columns": {"x": {"least": "low"}}}, "a number, a date"),
        ({"columns": {"x": {"least": float("nan")}}}, "a number, a date"),
        ({"columns": {"x": {"type": "float"}}}, "one of number, integer"),
        ({"columns": {"x": {"allowed": "a"}}}, "a list of names"),
        ({"columns": {"x": {"longest": -1}}}, "a whole number"),
        ({"columns": {"x": {"unique": "yes"}}}, "true or false"),
        ({"columns": {"x": {"least": 3, "most": 2}}}, "least is above most"),
        ({"columns": {"x": {"shortest": 3, "longest": 2}}}, "shortest is above longest"),
        ({"table": {"fresh": "1d"}}, "go together"),
        ({"table": {"time": ""}}, "the name of a column"),
        ({"table": {"columns": {}}}, "there is no 'columns'"),
    ],
)
def test_what_means_nothing_is_refused_with_a_hint(plain, said):
    with pytest.raises(BadConstraint, match=said):
        Constraints.from_dict(plain)


def test_a_duration_that_is_none_and_a_file_that_is_no_toml_are_refused():
    with pytest.raises(BadDuration):
        Constraints.from_dict({"table": {"time": "at", "fresh": "soon"}})
    with pytest.raises(BadConstraint, match="not TOML"):
        constraints_of("[columns")


def test_moments_dates_and_booleans_are_read_as_the_columns_have_them():
    text = "[columns.at]\nleast = 1970-01-02\nmost = 1970-01-03T00:00:00+00:00\n[columns.flag]\nallowed = ['true']"
    found = constraints_of(text).columns
    assert (found["at"].least, found["at"].most) == (86_400e6, 2 * 86_400e6)
    assert constraints_of("[columns.at]\nleast = 1970-01-02T00:00:00").columns["at"].least == 86_400e6
    assert constraints_of("[columns.at]\nleast = '1970-01-02'").columns["at"].least == 86_400e6
    assert Constraints.from_dict({"columns": {"f": {"allowed": [True, 1]}}}).columns["f"].allowed == ("true", "1")


@pytest.mark.parametrize(
    ("values", "wanted", "word", "examples"),
    [
        ([1.0, 2.0, None], {"nulls": 0.3}, "nulls", ()),
        ([1.0, float("nan"), float("inf")], {"not_finite": 0.5}, "not_finite", ()),
        ([1, 5, 7, 9], {"least": 2}, "least", ("1",)),
        ([1, 5, 7, 9], {"most": 6}, "most", ("9", "7")),
        (["a", "b", "c", "c"], {"allowed": ["a", "b"]}, "allowed", ("c",)),
        ([1, 2, 3], {"allowed": ["1", "2"]}, "allowed", ("3",)),
        ([1.5, 2.0], {"allowed": ["2"]}, "allowed", ("1.5",)),
        (["", "b"], {"empty": 0.2}, "empty", ()),
        (["abc", "b"], {"longest": 2}, "longest", ()),
        (["abc", "b"], {"shortest": 2}, "shortest", ()),
        ([[1.0, 2.0], [1.0]], {"shortest": 2}, "shortest", ()),
        (["1", "2"], {"type": "integer"}, "type", ()),
        ([1.5, 2.0], {"type": "integer"}, "type", ()),
        (["old", "young"], {"least": 18}, "least", ()),
        (["old", "young"], {"not_finite": 0}, "not_finite", ()),
        ([1, 2], {"longest": 3}, "longest", ()),
        ([[1.0], [2.0]], {"allowed": ["a"]}, "allowed", ()),
    ],
)
def test_each_constraint_is_broken_by_what_breaks_it_and_shows_it(values, wanted, word, examples):
    (found,) = broken({"x": pa.array(values)}, held(x=wanted))
    assert (found.column, found.constraint, found.examples) == ("x", word, examples)
    assert found.observed
    assert found.allowed
    assert word in str(found)
    assert found.to_dict()["examples"] == list(examples)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1.0, 2.0, None], {"nulls": 0.34, "type": "integer", "least": 1, "most": 2, "not_finite": 0}),
        ([1, 5, 7, 9], {"least": 2, "outside": 0.25, "type": "number"}),
        (["a", "b", "c", "c"], {"allowed": ["a", "c"], "other": 0.25, "type": "text", "empty": 0, "longest": 1}),
        ([True, False], {"type": "boolean", "allowed": ["true", "false"]}),
        ([datetime(2020, 1, 1, tzinfo=UTC)], {"type": "time", "least": datetime(2019, 1, 1, tzinfo=UTC)}),
        ([[1.0, 2.0]], {"type": "list", "shortest": 2, "longest": 2}),
        ([None, None], {"type": "integer", "least": 3, "allowed": ["a"]}),
        ([], {"type": "number", "nulls": 0}),
    ],
)
def test_what_holds_is_not_broken(values, wanted):
    table = {"x": pa.array(values) if values else pa.array([], pa.float64())}
    assert broken(table, held(x=wanted)) == []


def test_the_table_has_rows_columns_and_an_age():
    constraints = Constraints.from_dict(
        {
            "table": {
                "least_rows": 3,
                "most_rows": 1,
                "extra_columns": False,
                "time": "at",
                "fresh": "1d",
                "key": ["k"],
            },
            "columns": {"gone": {}, "may": {"required": False}},
        }
    )
    at = pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 2)
    now = datetime(2020, 1, 3, tzinfo=UTC)
    assert words({"at": at, "new": [1, 2]}, constraints, now=now) == [
        (None, "least_rows"),
        (None, "most_rows"),
        ("new", "extra_columns"),
        ("k", "required"),
        ("at", "fresh"),
        ("gone", "required"),
    ]
    assert counted(constraints) == 6
    assert ("at", "fresh") not in words({"at": at}, constraints, now=datetime(2020, 1, 1, 12, tzinfo=UTC))
    assert ("at", "fresh") in words({"at": [1, 2]}, constraints, now=now)
    assert ("at", "fresh") not in words({"at": at}, constraints)


def test_a_column_of_text_where_names_were_agreed_on_is_broken():
    prose = [f"a long sentence about the matter number {n}, which nobody has ever said before" for n in range(2000)]
    assert words({"x": prose}, held(x={"allowed": ["a"]})) == [("x", "allowed")]
    assert words({"x": prose}, held(x={"allowed": ["a"]}), kinds={"x": Kind.CATEGORICAL}) == [("x", "allowed")]


def test_a_summary_is_believed_only_as_far_as_it_goes():
    values = np.concatenate((np.linspace(0, 1, 200_000), [2.0]))
    profile = Profile.of(pa.table({"x": values}), k=64)
    (found,) = breaches(profile, held(x={"most": 1.5}))
    assert found.examples[0] == "2"
    assert list(breaches(profile, held(x={"most": 1.5, "outside": 0.001}))) == []
    assert list(breaches(profile, held(x={"most": 2.0, "least": 0}))) == []


def test_types_have_the_names_of_the_file():
    table = pa.table(
        {
            "number": [1.5],
            "integer": [1],
            "boolean": [True],
            "text": ["a"],
            "time": [datetime(2020, 1, 1, tzinfo=UTC)],
            "duration": pa.array([1], pa.duration("s")),
            "time of day": pa.array([1], pa.time32("s")),
            "list": [[1.0]],
        }
    )
    found = {name: type_of(column) for name, column in Profile.of(table).columns.items()}
    assert found == {name: name for name in table.column_names}
    codes = pa.table({"x": pa.array([1, 2]).dictionary_encode(), "y": pa.array([1.5]).take(pa.array([0, 0]))})
    kinds = {"y": Kind.CATEGORICAL}
    assert [type_of(each) for each in Profile.of(codes, kinds=kinds).columns.values()] == ["integer", "number"]
    assert type_of(Profile.of(pa.table({"x": [{"a": 1}]})).columns["x"]) is None


def sample(n, seed=0):
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": pa.array([f"u-{seed:03d}-{i:06d}" for i in range(n)]),
            "number": rng.normal(size=n),
            "whole": rng.poisson(3, n),
            "heavy": rng.lognormal(size=n),
            "kind": rng.choice(["a", "b", "c"], n),
            "rare": rng.choice(["a", "b", *map(str, range(20))], n, p=[0.49, 0.49, *[0.001] * 20]),
            "holes": pa.array(np.where(rng.random(n) < 0.2, np.nan, 1.0), from_pandas=True),
            "flag": rng.random(n) < 0.1,
            "at": pa.array(np.arange(n) * 10**9, pa.timestamp("us")),
            "list": pa.array([[1.0, 2.0]] * n),
            "nothing": pa.nulls(n),
            "fixed": pa.array([5.0] * n),
        }
    )


@pytest.mark.parametrize("n", [1, 60, 2000])
def test_a_baseline_keeps_what_it_suggests_and_the_file_says_the_same(n):
    profile = Profile.of(sample(n))
    found = suggested(profile, frozenset())
    assert list(breaches(profile, found)) == []
    assert constraints_of(text_of_constraints(found, profile, "baseline")) == found
    assert constraints_of(text_of_constraints(found)) == found


def test_other_samples_of_the_same_keep_it_too():
    found = suggested(Profile.of(sample(3000)))
    for seed in range(1, 31):
        assert words(sample(500, seed).to_pydict(), Constraints(found.columns)) == []


def test_a_file_of_odd_names_is_read_as_it_was_written():
    odd = {'a"b\\c\n#': ['x"y\n', "\x7f", "\\"], "": ["ü"] * 3, "a.b": ["\x01"] * 3}
    profile = Profile.of(pa.table(odd))
    found = suggested(profile)
    text = text_of_constraints(found, profile, "evil\n[table]\nleast_rows = 9")
    assert constraints_of(text) == found
    ranged = held(at={"type": "time", "least": datetime(2020, 1, 1, tzinfo=UTC)}, x={"least": 0.1, "most": 1e300})
    assert constraints_of(text_of_constraints(ranged)) == ranged


def test_what_may_be_a_key_is_whole_or_text_and_whole():
    n = 200
    table = {"id": range(n), "x": np.arange(n) + 0.5, "t": [f"{i}" for i in range(n)], "h": [None, *range(n - 1)]}
    table["c"] = ["a"] * n
    assert may_be_key(Profile.of(pa.table(table))) == ["id", "t"]
    assert may_be_key(Profile.of(pa.table({"id": range(20)}))) == []
    found = suggested(Profile.of(pa.table(table)), frozenset({"t"}))
    assert [name for name, column in found.columns.items() if column.unique] == ["id"]


def test_huge_and_constant_columns_get_bounds_that_are_numbers():
    columns = {"huge": [1e308, -1e308], "zero": [0.0, 0.0], "minus": [-5.0, -4.0], "inf": [float("inf")] * 2}
    found = suggested(Profile.of(pa.table(columns))).columns
    assert found["huge"].least is None
    assert (found["zero"].least, found["zero"].most) == (0.0, 0.0)
    assert (found["minus"].least, found["minus"].most) == (-5.5, 0.0) or found["minus"].most < -3
    assert found["inf"].not_finite == 1.0


def batches(table, size=7):
    return pa.table(table).to_batches(max_chunksize=size)


def test_repeats_are_found_across_batches_and_nulls_are_none():
    table = {"id": [*range(20), 3, 3, None, None], "day": [1] * 24}
    reading = UniqueReading(
        Constraints.from_dict({"table": {"key": ["id", "day"]}, "columns": {"id": {"unique": True}}})
    )
    assert reading.columns == ["id", "day"]
    for batch in batches(table):
        reading.add(batch)
    alone, key = reading.breaches(batches(table))
    assert (alone.column, alone.constraint, alone.examples) == ("id", "unique", ("3",))
    assert alone.observed == "2 of 22 rows repeat a value"
    assert (key.column, key.constraint) == ("id, day", "key")
    assert key.observed == "3 of 24 rows repeat a value"


def test_many_rows_are_told_as_a_share_and_a_missing_key_is_not_asked():
    reading = UniqueReading(held(id={"unique": True}, gone={"unique": True}))
    for batch in batches({"id": [0, 0, 1, 1, 2, 2, 3, 3, *range(4, 1996)]}, 100):
        reading.add(batch)
    (found,) = reading.breaches(batches({"id": [0, 0, 1, 1, 2, 2, 3, 3]}, 100))
    assert found.observed == "0.2 % of the rows repeat a value"
    assert len(found.examples) == 3
    clean = UniqueReading(held(id={"unique": True}))
    clean.add(batches({"id": [1, 2]})[0])
    assert clean.breaches([]) == []


def window(table, **more):
    rows = pa.table(table)
    return Window(None, Schema(()), profile=Profile.of(rows), rows=rows, **more)


def test_the_signal_counts_per_column_and_alarms_for_a_fact():
    signal = ConstraintsKept(table={"key": ["id"]}, columns={"x": {"most": 2}})
    assert signal.needs == Need.PROFILE | Need.ROWS
    found = decide(list(signal.measure(window({"id": [1, 1], "x": [1, 9]}), window({"x": [1]}))), Calibration.iid())
    assert [(each.feature, each.value, each.verdict) for each in found] == [
        (None, 0.0, Verdict.OK),
        ("x", 1.0, Verdict.ALARM),
        ("id", 1.0, Verdict.ALARM),
    ]
    assert "most" in found[1].reason


def test_the_signal_without_constraints_holds_the_window_to_what_its_baseline_suggests():
    signal = ConstraintsKept()
    assert signal.needs == Need.PROFILE
    found = signal.measure(window({"x": [900.0] * 50}), window({"x": np.arange(100.0)}))
    assert [(each.feature, each.value) for each in found] == [(None, 0.0), ("x", 1.0)]
    with pytest.raises(BadConstraint):
        ConstraintsKept(columns={"x": {"mots": 2}})


def test_freshness_in_a_window_is_counted_from_its_end():
    signal = ConstraintsKept(table={"time": "at", "fresh": "1h"})
    at = {"at": [datetime(2020, 1, 1, 3, tzinfo=UTC)]}
    day = Span(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))
    late = Window(day, Schema(()), profile=Profile.of(pa.table(at)))
    assert [(each.feature, each.value) for each in signal.measure(late, window({}))] == [(None, 0.0), ("at", 1.0)]


def test_plain_columns_leave_everything_open():
    assert broken({"x": [1]}, Constraints({"x": ColumnConstraint()})) == []
