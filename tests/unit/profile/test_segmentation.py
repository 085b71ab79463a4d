import math

import numpy as np
import pyarrow as pa
import pytest

from holter.errors import BadSetting, UnknownColumn
from holter.profile.segmentation import MOST, Axis, Cut, cut, parse
from holter.types import Kind

ROWS = pa.table(
    {
        "country": ["DE"] * 5 + ["FR"] * 3 + ["IT", None],
        "age": [20, 25, 30, 35, 40, 45, 50, 55, 60, None],
        "flag": [True, False] * 5,
        "a*b": ["x"] * 10,
    }
)


def sizes(made, rows=ROWS):
    return {label: part.num_rows for label, part in made.split(rows)}


def of(text, rows=ROWS, **kinds):
    return cut(text, rows, kinds)


def test_values_of_a_column_are_segments_and_so_are_rows_without_a_value():
    assert sizes(of("country")) == {"country=DE": 5, "country=FR": 3, "country=(none)": 1, "country=IT": 1}
    assert sizes(of("flag")) == {"flag=false": 5, "flag=true": 5}


def test_bins_hold_about_equal_numbers_of_baseline_rows_and_end_at_readable_numbers():
    rng = np.random.default_rng(0)
    rows = pa.table({"age": rng.normal(40, 10, 4000)})
    made = of("age:4", rows)
    assert sorted(sizes(made, rows).values()) == pytest.approx([1000] * 4, abs=20)
    assert all(float(f"{edge:.4g}") == edge for edge in made.axes[0].edges)
    assert len(of("age", rows).axes[0].edges) == 4


def test_a_row_on_an_edge_belongs_to_the_bin_that_begins_there_and_infinities_to_the_outermost():
    made = Cut("age:2", (Axis("age", (35.0,)),), ("age=..35", "age=35.."))
    rows = pa.table({"age": [-math.inf, 34.9, 35.0, math.inf, math.nan, None]})
    assert sizes(made, rows) == {"age=..35": 2, "age=35..": 2, "age=(other)": 2}


def test_numbers_with_few_values_are_cut_by_value_also_when_more_bins_are_asked_for():
    rows = pa.table({"n": [1, 2, 2, 3]})
    assert sizes(of("n", rows), rows) == {"n=1": 1, "n=2": 2, "n=3": 1}
    assert sizes(of("n:5", rows), rows) == {"n=1": 1, "n=2": 2, "n=3": 1}
    codes = pa.table({"n": list(range(100))})
    assert len(sizes(of("n", codes, n=Kind.CATEGORICAL), codes)) == MOST + 1


def test_ties_make_bins_fewer_and_never_empty():
    rows = pa.table({"n": [0] * 90 + list(range(1, 31))})
    assert all(sizes(of("n:4", rows), rows).values())
    constant = pa.table({"n": [7.0] * 50})
    assert sizes(of("n:4", constant), constant) == {"n=7": 50}


def test_combinations_cross_every_part():
    found = sizes(of("country*flag"))
    assert found["country=DE & flag=true"] == 3
    assert sum(found.values()) == 10
    three = sizes(of("country*flag*age:2"))
    assert three["country=DE & flag=true & age=..40"] == 2
    assert sum(three.values()) == 10


def test_beyond_the_most_frequent_all_are_pooled_and_no_row_is_lost():
    rows = pa.table({"c": [f"v{i}" for i in range(50) for _ in range(50 - i)]})
    found = sizes(of("c", rows), rows)
    assert len(found) == MOST + 1
    assert next(iter(found)) == "c=v0"
    assert found["c=(other)"] == sum(50 - i for i in range(MOST, 50))
    assert sum(found.values()) == rows.num_rows


def test_what_the_baseline_names_stays_named_without_rows_and_what_is_new_is_pooled():
    made = of("country")
    assert sizes(made, pa.table({"country": ["FR", "XX"]})) == {
        "country=DE": 0,
        "country=FR": 1,
        "country=(none)": 0,
        "country=IT": 0,
        "country=(other)": 1,
    }
    assert sizes(made, ROWS.slice(0, 0)) == dict.fromkeys(made.named, 0)


def test_a_column_the_baseline_lacks_is_cut_by_the_values_that_come():
    made = cut("version", ROWS, {}, ["version"])
    assert made.named is None
    assert made.lacks(ROWS) == "version"
    assert sizes(made, pa.table({"version": [1, 1, 2]})) == {"version=1": 2, "version=2": 1}


def test_the_order_of_rows_inside_a_segment_is_kept_and_chunks_do_not_matter():
    rows = pa.concat_tables([ROWS, ROWS])
    parts = dict(of("country").split(rows))
    assert parts["country=FR"]["age"].to_pylist() == [45, 50, 55, 45, 50, 55]
    assert sizes(of("country"), rows)["country=DE"] == 10


def test_a_column_is_found_by_its_whole_name_first():
    assert parse("a*b", ROWS.column_names) == (("a*b", None),)
    assert parse(" country * age:3 ", ROWS.column_names) == (("country", None), ("age", 3))


@pytest.mark.parametrize("text", ["planet", "planet:3", "country*planet", "", "*"])
def test_an_unknown_column_is_refused(text):
    with pytest.raises(UnknownColumn):
        parse(text, ["country", "age"])


@pytest.mark.parametrize("text", ["age:1", "age:51", "age:x", "age:", "country*country", "age:2*age"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(BadSetting):
        parse(text, ["country", "age"])


def test_dictionaries_are_cut_like_their_values_and_durations_like_numbers():
    rows = pa.table(
        {
            "c": pa.array(["a", "b", "a"]).dictionary_encode(),
            "d": pa.array([1, 2, 3], pa.duration("s")),
        }
    )
    assert sizes(of("c", rows), rows) == {"c=a": 2, "c=b": 1}
    assert sum(sizes(of("d:2", rows), rows).values()) == 3
