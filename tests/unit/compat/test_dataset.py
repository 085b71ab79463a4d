"""``Dataset`` and ``TabularDataset``."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.compat.azureml.core import Dataset
from holter.compat.azureml.core.dataset import TabularDataset
from holter.compat.azureml.exceptions import UserErrorException

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def numbers():
    return TabularDataset(pa.table({"n": range(10), "word": list("abcdefghij")}))


def ns(dataset):
    return dataset.to_arrow()["n"].to_pylist()


def test_take_and_skip_are_followed_in_their_order(numbers):
    assert ns(numbers.take(3)) == [0, 1, 2]
    assert ns(numbers.take(3, offset=8)) == [8, 9]
    assert ns(numbers.skip(2).take(2, 1)) == [3, 4]
    assert ns(numbers.take(0)) == ns(numbers.skip(10)) == ns(numbers.take(5, offset=99)) == []
    assert ns(numbers) == list(range(10))


@pytest.mark.parametrize("wrong", [lambda d: d.take(-1), lambda d: d.take(1, offset=-1), lambda d: d.skip(-1)])
def test_negative_numbers_are_refused(numbers, wrong):
    with pytest.raises(UserErrorException, match="negative"):
        wrong(numbers)


def test_columns_are_kept_and_left_out(numbers):
    assert numbers.keep_columns("n").to_arrow().column_names == ["n"]
    assert numbers.keep_columns(["word", "n"], validate=True).to_arrow().column_names == ["word", "n"]
    assert numbers.drop_columns(["n"]).to_arrow().column_names == ["word"]
    for wrong in (numbers.keep_columns("m"), numbers.drop_columns("m"), numbers.drop_columns("n").keep_columns("n")):
        with pytest.raises(UserErrorException, match="there is no column"):
            wrong.to_arrow()


def test_any_reader_of_arrow_and_pandas_read_it(numbers):
    assert pa.table(numbers.take(2))["word"].to_pylist() == ["a", "b"]
    frame = numbers.take(2).to_pandas_dataframe(on_error="fail")
    assert frame["n"].tolist() == [0, 1]


def times(*kinds):
    moments = [NOON + timedelta(hours=hour) for hour in range(4)]
    found = {"n": range(5), "at": [*moments, None]}
    return TabularDataset(pa.table(found, pa.schema([("n", pa.int64()), ("at", *kinds)]))).with_timestamp_columns("at")


@pytest.mark.parametrize("kind", [pa.timestamp("us", "UTC"), pa.timestamp("s", "Europe/Berlin"), pa.timestamp("ns")])
def test_time_is_cut_at_moments_with_and_without_a_zone(kind):
    plain = pa.table(
        {"n": range(4), "at": pa.array([NOON + timedelta(hours=h) for h in range(4)], pa.timestamp("us", "UTC"))}
    )
    at = plain["at"].cast(kind) if kind.tz else plain["at"].cast(pa.timestamp("us")).cast(kind)
    dataset = TabularDataset(plain.set_column(1, "at", at)).with_timestamp_columns("at")
    one, two = NOON + timedelta(hours=1), (NOON + timedelta(hours=2)).replace(tzinfo=None)
    assert ns(dataset.time_before(one)) == [0, 1]
    assert ns(dataset.time_before(one, include_boundary=False)) == [0]
    assert ns(dataset.time_after(two)) == [2, 3]
    assert ns(dataset.time_after(two, include_boundary=False)) == [3]
    assert ns(dataset.time_between(one, two)) == [1, 2]
    assert ns(dataset.time_between(one, two, include_boundary=False)) == []


def test_rows_without_a_time_are_in_no_stretch_of_it():
    assert ns(times(pa.timestamp("us", "UTC")).time_after(NOON)) == [0, 1, 2, 3]


def test_texts_that_are_times_will_do(tmp_path):
    texts = TabularDataset(pa.table({"n": [1, 2], "at": ["2026-03-01T11:00:00", "2026-03-01T13:00:00"]}))
    assert ns(texts.with_timestamp_columns("at").time_after(NOON)) == [2]


def test_recent_rows():
    now = datetime.now(UTC)
    rows = pa.table({"n": [1, 2], "at": [now - timedelta(hours=1), now - timedelta(days=3)]})
    assert ns(TabularDataset(rows, timestamp="at").time_recent(timedelta(days=1))) == [1]


def test_time_without_a_time_column_is_refused(numbers):
    with pytest.raises(UserErrorException, match="with_timestamp_columns"):
        numbers.time_before(NOON)
    with pytest.raises(UserErrorException, match="no column 'when'"):
        numbers.with_timestamp_columns("when").time_before(NOON).to_arrow()
    with pytest.raises(UserErrorException, match="holds no times"):
        numbers.with_timestamp_columns("word").time_before(NOON).to_arrow()


def test_files_are_read_by_path_list_and_glob(tmp_path):
    (tmp_path / "a.csv").write_text("n,word\n1,x\n")
    (tmp_path / "b.csv").write_text("n,word\n2,y\n")
    pq.write_table(pa.table({"n": [3]}), tmp_path / "c.parquet")
    read = Dataset.Tabular.from_delimited_files
    assert ns(read(str(tmp_path / "a.csv"))) == [1]
    assert ns(read([tmp_path / "a.csv", str(tmp_path / "b.csv")])) == [1, 2]
    assert sorted(ns(read(str(tmp_path / "*.csv"), validate=False))) == [1, 2]
    assert ns(read((SimpleNamespace(folder=tmp_path), "b.csv"))) == [2]
    assert ns(Dataset.Tabular.from_parquet_files(tmp_path / "c.parquet")) == [3]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserErrorException, match=r"nowhere\.csv"):
        Dataset.Tabular.from_delimited_files(tmp_path / "nowhere.csv").to_arrow()


def test_registered_rows_are_found_by_name_version_and_id(ws, numbers):
    first = numbers.take(2).register(ws, "numbers", description="few", tags={"k": "v"})
    second = numbers.with_timestamp_columns("word").register(ws, "numbers", create_new_version=True)
    assert (first.version, second.version, first.id) == (1, 2, "numbers:1")
    assert ns(Dataset.get_by_name(ws, "numbers")) == list(range(10))
    assert Dataset.get_by_name(ws, "numbers").timestamp == "word"
    again = Dataset.get_by_id(ws, "numbers:1")
    assert (ns(again), again.description, again.tags, repr(again)) == (
        [0, 1],
        "few",
        {"k": "v"},
        "<TabularDataset numbers:1>",
    )
    assert ns(Dataset.get_by_name(ws, "numbers", version="1")) == [0, 1]
    assert {name: each.version for name, each in ws.datasets.items()} == {"numbers": 2}
    assert (again.take(1).name, repr(again.take(1))) == (None, "<TabularDataset>")


def test_a_frame_is_registered_again_and_again(ws):
    frame = pd.DataFrame({"n": [1, 2]})
    register = Dataset.Tabular.register_pandas_dataframe
    assert register(frame, ws, "frame", show_progress=False).version == 1
    assert register(frame, (SimpleNamespace(workspace=ws), "folder"), "frame", description="d").version == 2
    assert ns(ws.datasets["frame"]) == [1, 2]


def test_a_taken_name_and_names_that_fit_no_folder_are_refused(ws, numbers):
    numbers.register(ws, "numbers")
    with pytest.raises(UserErrorException, match="create_new_version"):
        numbers.register(ws, "numbers")
    for name in ("", "../x", ".x", "a/b"):
        with pytest.raises(UserErrorException, match="no name for a dataset"):
            numbers.register(ws, name)
    for wanted in ({"name": "other"}, {"name": "numbers", "version": 9}):
        with pytest.raises(UserErrorException, match="known: numbers"):
            Dataset.get_by_name(ws, **wanted)


def test_what_is_not_registered_knows_of_no_others(ws):
    with pytest.raises(UserErrorException, match="known: none"):
        Dataset.get_by_name(ws, "numbers")
    assert ws.datasets == {}


@pytest.mark.parametrize("version", ["two", "1.5", -1, 0])
def test_a_version_that_is_no_number_is_refused_like_one_that_is_not_there(ws, numbers, version):
    numbers.register(ws, "numbers")
    with pytest.raises(UserErrorException):
        Dataset.get_by_name(ws, "numbers", version=version)


def test_every_dataset_has_an_id_of_its_own(numbers):
    assert len({numbers.id, numbers.take(1).id, numbers.take(1).id, numbers.with_timestamp_columns("word").id}) == 4
