"""What no column shows by itself: correlations, reconstruction, discrepancy of laws."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Profile, Window
from holter.rules import Calibration, decide
from holter.signals import named
from holter.signals.joint_sums import BothJoint, both_joint
from holter.types import Feature, Kind, Schema, Verdict

NAMES = ("a", "b", "c", "d")
SCHEMA = Schema((*(Feature(name, Kind.NUMERIC, "double") for name in NAMES), Feature("k", Kind.CATEGORICAL, "string")))
SIGNALS = ("correlation_drift", "reconstruction", "mmd")


def rows(n, seed=0, link=0.8, tail=None, kinds="uv"):
    rng = np.random.default_rng(seed)
    free = rng.normal(size=(n, 4)) if tail is None else rng.standard_t(tail, size=(n, 4))
    b = link * free[:, 0] + np.sqrt(1 - link**2) * free[:, 1]
    table = {"a": free[:, 0], "b": b, "c": free[:, 2], "d": free[:, 3]}
    return pa.table({**table, "k": rng.choice(list(kinds), n)})


def window(table, *, joint=False, keep=True):
    return Window(None, SCHEMA, Profile.of(table, joint=joint), rows=table if keep else None)


def ask(name, now, before, **options):
    found = named(name, options).measure(now, before)
    return decide(list(found), Calibration.iid())


def alarms(name, now, before):
    return {(each.feature, each.metric) for each in ask(name, now, before) if each.verdict is Verdict.ALARM}


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("tail", [None, 3])
def test_other_samples_of_the_same_do_not_alarm(name, tail):
    before = window(rows(2000, tail=tail))
    for seed in range(1, 16):
        assert alarms(name, window(rows(400, seed, tail=tail)), before) == set()


@pytest.mark.parametrize("name", SIGNALS)
def test_a_relation_that_breaks_alarms_where_no_column_moved(name):
    now, before = window(rows(1500, 1, link=0.0)), window(rows(4000))
    assert alarms("data_drift", now, before) == set()
    assert alarms(name, now, before)


def test_the_columns_and_the_pair_are_named():
    now, before = window(rows(1500, 1, link=0.0)), window(rows(4000))
    found = {each.feature: each for each in ask("correlation_drift", now, before)}
    assert {name for name, each in found.items() if each.verdict is Verdict.ALARM} == {"a", "b"}
    assert found["a"].reason.startswith("with b: 0.80 to ")
    assert found["b"].reason.startswith("with a: 0.80 to ")
    assert found["a"].interval.low < 0.8 < found["a"].interval.high


def test_stored_sums_say_what_the_rows_say():
    parts = [rows(500, seed) for seed in range(3)]
    whole, before = pa.concat_tables(parts), rows(3000, 9, link=0.5)
    stored = Profile.total([Profile.of(part, joint=True) for part in parts])
    for name in ("correlation_drift", "reconstruction"):
        summed = ask(name, Window(None, SCHEMA, stored), window(before, joint=True, keep=False))
        read = ask(name, window(whole), window(before))
        assert [each.value for each in summed] == pytest.approx([each.value for each in read], rel=1e-9)


def test_a_column_that_leaves_its_place_is_not_reconstructed():
    table = rows(1500, 1)
    moved = table.set_column(2, "c", pa.array(np.asarray(table["c"]) + 1.5))
    (found,) = ask("reconstruction", window(moved), window(rows(4000)), kept=0.4)
    assert found.verdict is Verdict.ALARM
    assert found.value > 1.2 * found.evidence.baseline
    assert found.interval.low < found.value < found.interval.high


def test_another_mix_of_categories_is_seen_by_the_discrepancy_alone():
    before, now = window(rows(3000)), window(rows(3000, 1, kinds="uvvvv"))
    assert alarms("mmd", now, before)
    assert alarms("reconstruction", now, before) == set()


def test_the_discrepancy_is_the_same_in_any_order_and_zero_for_the_same_rows():
    table = rows(800)
    shuffled = table.take(np.random.default_rng(1).permutation(800))
    (one,), (other,) = (ask("mmd", window(each), window(rows(900, 2))) for each in (table, shuffled))
    assert one == other
    (same,) = ask("mmd", window(table), window(shuffled))
    assert (same.value, same.evidence.p_value) == (0.0, 1.0)


def test_constant_columns_make_no_law_and_no_difference():
    table = pa.table({name: [1.0] * 100 for name in NAMES} | {"k": ["u"] * 100})
    (found,) = ask("mmd", window(table), window(table))
    assert (found.value, found.evidence.p_value) == (0.0, 1.0)
    assert ask("correlation_drift", window(table), window(table))[0].verdict is Verdict.UNDEFINED
    (apart,) = ask("mmd", window(pa.table({"a": [5.0] * 100})), window(pa.table({"a": [1.0] * 100})))
    assert apart.evidence.p_value == 0.0


@pytest.mark.parametrize("name", SIGNALS)
def test_too_few_rows_and_missing_sides_say_what_it_takes(name):
    few = ask(name, window(rows(20)), window(rows(200)))
    assert {each.verdict for each in few} == {Verdict.INSUFFICIENT}
    assert "50" in few[0].reason
    nothing = ask(name, Window(None, SCHEMA), window(rows(200)))
    assert "the target has" in nothing[0].reason
    nothing = ask(name, window(rows(200)), Window(None, SCHEMA))
    assert "the baseline has" in nothing[0].reason


def test_columns_that_are_null_text_or_constant_on_one_side_cost_no_other():
    table = rows(300, 1)
    odd = table.set_column(0, "a", pa.nulls(300, pa.float64())).set_column(2, "c", pa.array(["?"] * 300))
    found = {each.feature: each for each in ask("correlation_drift", window(odd), window(rows(2000)))}
    assert found["b"].value is not None
    assert found["d"].value is not None
    assert "a" not in found or found["a"].verdict is Verdict.UNDEFINED
    steady = table.set_column(0, "a", pa.array([1.0] * 300))
    found = {each.feature: each for each in ask("correlation_drift", window(steady), window(rows(2000)))}
    assert found["a"].verdict is Verdict.UNDEFINED
    assert ask("reconstruction", window(odd), window(rows(2000)))[0].value is not None


def test_heavy_tails_are_known_from_the_profile():
    both = both_joint(window(rows(3000, 1, tail=4)), window(rows(3000, 2)))
    assert isinstance(both, BothJoint)
    assert both.names == NAMES
    assert (both.kurtosis > 0.2).all()
    bare = both_joint(*(Window(None, SCHEMA, rows=rows(300, seed)) for seed in (1, 2)))
    assert (bare.kurtosis == 0).all()
