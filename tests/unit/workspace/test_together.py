"""What two tables differ in that no column shows by itself, when somebody asks."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner

import holter
from holter.cli.root import holter as root
from holter.profile import Profile
from holter.profile.sample import Sample
from holter.workspace.reading import SAMPLE
from holter.workspace.together import joint_cells, joint_sentence, sampled_rows


def table(n, link, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    b = link * a + np.sqrt(1 - link**2) * rng.normal(size=n)
    return pa.table({"a": a, "b": b, "k": rng.choice(["u", "v"], n)})


def test_a_relation_that_broke_is_told_only_when_asked():
    sides = table(3000, 0.8), table(3000, 0.0, 1)
    plain = holter.compare(*sides)
    assert (plain.alarms, "together" in str(plain)) == ((), False)
    found = holter.compare(*sides, joint=True)
    assert {each.signal for each in found.alarms} >= {"correlation_drift", "reconstruction", "domain_classifier"}
    assert "Columns do not go together as they did. Most of all a with b: 0." in found.sentence
    assert "with b: 0." in str(found)
    assert "together" in found._repr_html_()
    assert [column.verdict for column in found.columns] == [column.verdict for column in plain.columns]
    assert json.loads(found.to_json())["alarms"] == len(found.alarms)


def test_tables_alike_go_together():
    found = holter.compare(table(1500, 0.8), table(1500, 0.8, 1), joint=True)
    assert found.alarms == ()
    assert found.sentence.endswith("Columns go together as they did, as far as can be told.")


def test_stored_profiles_answer_as_far_as_they_go(tmp_path):
    full = [Profile.of(table(2000, link, seed), joint=True, sample=500) for seed, link in enumerate((0.8, 0.0))]
    found = holter.compare(*full, joint=True)
    assert any(each.signal == "mmd" and each.value is not None for each in found.measurements)
    assert {each.signal for each in found.alarms} >= {"correlation_drift", "reconstruction"}
    bare = holter.compare(*(Profile.of(table(300, 0.5, seed)) for seed in (1, 2)), joint=True)
    assert "the target has neither joint sums nor rows" in str(bare)


def test_the_command_fails_on_it(tmp_path):
    for name, link in (("a", 0.8), ("b", 0.0)):
        pq.write_table(table(2000, link), tmp_path / f"{name}.parquet")
    paths = [str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")]
    assert CliRunner().invoke(root, ["compare", *paths, "--fail-on", "drift"]).exit_code == 0
    asked = CliRunner().invoke(root, ["compare", *paths, "--joint", "--fail-on", "drift"])
    assert asked.exit_code == 3
    assert "Largest change of a correlation: a" in asked.stdout


def test_a_sample_stands_for_all_rows():
    few = sampled_rows(Sample.of(pa.table({"x": [1] * 30 + [2] * 10}), 9))["x"].to_pylist()
    assert (len(few), few.count(1)) == (40, 30)
    many = Sample.of(pa.table({"x": [1] * (3 * SAMPLE) + [2] * SAMPLE}), 9)
    assert sampled_rows(many)["x"].to_pylist().count(2) == SAMPLE // 4
    assert sampled_rows(Sample.of(pa.table({"x": pa.array([], pa.int64())}), 9)).num_rows == 0


def test_nothing_asked_is_nothing_said():
    assert (joint_sentence([]), joint_cells([])) == ("", [])
