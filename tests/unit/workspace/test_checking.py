"""Whether a table keeps what was agreed on, from Python and from the command line."""

import json
import tomllib
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import holter
from holter.cli.root import holter as root
from holter.errors import BadConstraint, NotFound, UnreadableTable
from holter.profile import Profile
from holter.signals.constraint import Constraints
from holter.workspace import suggest


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = pa.table({"id": range(300), "x": [1.0, 2.0, 3.0] * 100, "kind": ["a", "b", "a"] * 100})
    bad = pa.table({"id": [7] * 300, "x": [1000.0, 2000.0, 3000.0] * 100, "kind": ["a", "new", None] * 100})
    pq.write_table(good, "good.parquet")
    pq.write_table(bad, "bad.parquet")
    (tmp_path / "good.profile").write_bytes(Profile.of(bad).to_bytes())
    return tmp_path


def run(*words):
    return CliRunner().invoke(root, list(words))


def test_a_baseline_suggests_a_file_which_it_keeps_and_another_table_breaks(files):
    made = run("constraints", "suggest", "good.parquet", "-o", "c.toml")
    assert (made.exit_code, made.stdout) == (0, "")
    assert tomllib.loads((files / "c.toml").read_text())["columns"]["id"]["unique"] is True
    kept = run("check", "good.parquet", "--against", "c.toml")
    assert kept.exit_code == 0
    assert "keeps all" in kept.stdout
    broken = run("check", "bad.parquet", "--against", "c.toml")
    assert broken.exit_code == 3
    for word in ("x", "most", "unique", "7", "allowed", "new", "nulls", "33 %"):
        assert word in broken.stdout
    plain = json.loads(run("check", "bad.parquet", "--against", "c.toml", "--json").stdout)
    assert {each["constraint"] for each in plain["broken"]} == {"most", "unique", "allowed", "nulls"}
    assert plain["holds"] is False


def test_what_cannot_be_understood_is_2_and_what_cannot_be_read_is_1(files):
    (files / "c.toml").write_text("[columns.x]\nmots = 3\n")
    wrong = run("check", "good.parquet", "--against", "c.toml")
    assert wrong.exit_code == 2
    assert "Did you mean 'most'" in wrong.output
    assert run("check", "good.parquet").exit_code == 2
    (files / "c.toml").write_text("[columns.x]\nmost = 3\n")
    assert run("check", "nowhere.parquet", "--against", "c.toml").exit_code == 1
    assert run("check", "good.parquet", "--against", "nowhere.toml").exit_code == 1
    assert run("check", "good.parquet", "--against", "c.toml", "--now", "later").exit_code == 2


def test_a_file_that_was_edited_is_not_written_over(files):
    (files / "c.toml").write_text("mine")
    again = run("constraints", "suggest", "good.parquet", "-o", "c.toml")
    assert again.exit_code == 1
    assert (files / "c.toml").read_text() == "mine"
    assert run("constraints", "suggest", "good.parquet").stdout.startswith("# What a table like good (300 rows)")


def test_a_stored_profile_is_checked_as_far_as_it_goes(files):
    held = {"columns": {"id": {"unique": True}, "x": {"most": 3}, "kind": {"allowed": ["a", "new"]}}}
    found = holter.check("good.profile", held)
    assert [each.constraint for each in found.broken] == ["most"]
    assert "give the table" in str(found)
    assert holter.check("good.profile", {"columns": {"x": {"least": 3}}}).unchecked == ()
    assert "unique" not in suggest("good.profile").partition("[columns.id]")[2]


def test_constraints_come_as_a_mapping_a_path_or_themselves(files):
    held = {"table": {"key": ["id", "kind"]}, "columns": {"x": {"most": 3}}}
    (files / "c.toml").write_text('[table]\nkey = ["id", "kind"]\n[columns.x]\nmost = 3\n')
    for given in (held, files / "c.toml", Constraints.from_dict(held)):
        assert [each.constraint for each in holter.check("bad.parquet", given).broken] == ["most", "key"]
    with pytest.raises(NotFound):
        holter.check("bad.parquet", "nowhere.toml")
    with pytest.raises(BadConstraint, match="neither a path"):
        holter.check("bad.parquet", 3)
    (files / "c.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadConstraint, match="not text"):
        holter.check("bad.parquet", "c.toml")
    with pytest.raises(UnreadableTable):
        holter.check("nowhere.parquet", held)


def test_freshness_is_counted_from_the_given_moment():
    table = pa.table({"at": [datetime(2020, 1, 1, tzinfo=UTC)]})
    held = {"table": {"time": "at", "fresh": "1d"}}
    assert holter.check(table, held, now=datetime(2020, 1, 1, 9, tzinfo=UTC)).holds
    assert not holter.check(table, held).holds


def test_a_check_prints_shows_and_becomes_a_table():
    found = holter.check(pa.table({"x\x1b": [1, 5]}), {"columns": {"x\x1b": {"most": 2}}})
    assert "\x1b" not in str(found)
    assert "<table" in found._repr_html_()
    assert found.to_arrow().to_pylist() == [
        {"column": "x\x1b", "constraint": "most", "observed": "50 % above", "allowed": "2"}
    ]
    assert json.loads(found.to_json())["broken"][0]["examples"] == ["5"]
    assert repr(holter.check(pa.table({"x": [1]}), {})) == "the table (1 rows) keeps all 0 constraints."
