"""Trees of Azure's collectors, into records and labels."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from holter.capture.modeldata import FrameFiles, frame_from
from holter.cli.root import holter
from holter.compat.azure_data import import_azure_data, importing
from holter.errors import InputError, NotFound
from holter.registry import DeploymentSettings, Shelves
from holter.types import Feature, Kind, Schema, Span, Task

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
HOUR = "2026/02/01/10"
SCHEMA = Schema((Feature("age", Kind.NUMERIC, "int64"), Feature("city", Kind.CATEGORICAL, "string")), Task.BINARY)


def workspace(root, schema):
    shelves = Shelves.open(root / "ws", create=True)
    (root / "source").mkdir()
    (root / "source" / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (root / "model.bin").write_bytes(b"0")
    version = shelves.registry.register("risk", root / "model.bin", schema=schema, baseline=None, actor="test")
    given = {"source": root / "source", "entry_script": "score.py", "settings": DeploymentSettings(), "actor": "test"}
    shelves.registry.deploy("credit", version, **given)
    return shelves


@pytest.fixture
def shelves(tmp_path):
    return workspace(tmp_path, SCHEMA)


@pytest.fixture
def tree(tmp_path):
    """Return a function that writes lines below an endpoint's deployment, and returns the tree."""
    root = tmp_path / "modelDataCollector"

    def put(collection, *events, hour=HOUR, source="shop/blue", name="a"):
        file = root / source / collection / hour / f"{name}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [each if isinstance(each, str) else json.dumps(each) for each in events]
        with file.open("a") as out:
            out.writelines(f"{line}\n" for line in lines)
        return root

    return put


def event(name, *rows, **more):
    at = "2026-02-01T10:05:00Z"
    return {"specversion": "1.0", "id": "x", "time": at, "correlationid": name, "data": list(rows), **more}


def rows(shelves):
    return {row["_request_id"]: row for row in shelves.records("credit").read(ALL).to_pylist()}


def take(shelves, root, **given):
    return import_azure_data(shelves, root, "credit", received_at=NOW, **given)


def test_the_rows_of_a_correlation_id_become_records(shelves, tree):
    tree("model_inputs", event("c", {"age": 30, "city": "rome"}, {"age": 40, "city": None}))
    root = tree("model_outputs", event("c", {"score": 0.2}, {"score": 0.7}))
    done = take(shelves, root)
    assert (done.files, done.records, done.new, done.left_out) == (2, 2, 2, {})
    found = rows(shelves)
    assert list(found) == ["c_0", "c_1"]
    assert [each["_score"] for each in found.values()] == [0.2, 0.7]
    assert [each["_prediction"] for each in found.values()] == [0.0, 1.0]
    assert (found["c_0"]["age"], found["c_0"]["city"]) == (30, "rome")
    assert found["c_1"]["_event_time"] == datetime(2026, 2, 1, 10, 5, tzinfo=UTC)


def test_again_adds_nothing(shelves, tree):
    tree("model_inputs", event("c", {"age": 30}))
    root = tree("model_outputs", event("c", {"prediction": 1}))
    assert take(shelves, root).new == 1
    assert take(shelves, root).new == 0
    tree("model_inputs", event("d", {"age": 31}), hour="2026/02/01/11")
    take(shelves, root)
    assert list(rows(shelves)) == ["c_0", "d_0"]


def test_halves_meet_in_any_order_and_twice_is_once(shelves, tree):
    tree("model_outputs", event("c", {"prediction": 1}), event("c", {"prediction": 1}))
    root = tree("model_inputs", event("c", {"age": 30}), event("c", {"age": 30}), hour="2026/02/01/11")
    assert take(shelves, root).left_out == {}
    assert rows(shelves)["c_0"]["_prediction"] == 1.0


def test_halves_without_the_other(shelves, tree):
    tree("model_inputs", event("alone", {"age": 30}))
    tree("model_outputs", event("late", {"prediction": 1}))
    root = tree("model_inputs", event("late", {"age": 1}), hour="2026/02/04/00")
    done = take(shelves, root)
    assert {name: row["_prediction"] for name, row in rows(shelves).items()} == {"alone_0": None, "late_0": None}
    assert done.left_out == {"the answer has no inputs within a day of it": (1, "late")}


def test_damaged_lines_cost_no_others(shelves, tree):
    bad = [
        "{",
        "[1]",
        json.dumps({"data": []}),
        event("a", 1),
        event("b", data="no"),
        event("e", data=None, dataref="u"),
    ]
    good = [event("c", data='[{"age": 1}]'), event("d", data={"age": 2}), event("f", {"age": 3}, time="never"), ""]
    root = tree("model_inputs", *bad, *good)
    done = take(shelves, root)
    assert sorted(rows(shelves)) == ["c_0", "d_0", "f_0"]
    assert rows(shelves)["f_0"]["_event_time"] == datetime(2026, 2, 1, 10, tzinfo=UTC)
    assert {why: count for why, (count, _) in done.left_out.items()} == {
        "the line is no JSON": 1,
        "the line is no event": 1,
        "there is no correlation id": 1,
        "its data is no list of records": 2,
        "its rows are in another file, which dataref names": 1,
    }
    assert "a.jsonl:1)" in str(done)


def test_collections_of_other_names_and_places(shelves, tree):
    tree("both", event("c", {"age": 30, "city": "rome", "answer": 1}))
    tree("request", event("r", {"age": 30}))
    root = tree("model_inputs", event("x", {"age": 30}), hour="2026/02/no")
    done = take(shelves, root, collections={"both": "both"}, prediction="answer")
    assert rows(shelves)["c_0"]["_prediction"] == 1.0
    assert len(done.left_out) == 2
    with pytest.raises(InputError, match="neither inputs"):
        take(shelves, root, collections={"both": "other"})


def test_answers_that_nobody_can_tell_from_the_rest(shelves, tree):
    tree("model_inputs", event("c", {"age": 30}), event("d", {"age": 1}))
    root = tree("model_outputs", event("c", {"a": 1, "b": 2}), event("d", {"a": 1}, {"a": 2}))
    done = take(shelves, root)
    assert {why.split(":")[0] for why in done.left_out} == {
        "no column of the outputs is known as the answer",
        "inputs and outputs of one correlation id have different numbers of rows",
    }
    assert take(shelves, root, prediction="a").new == 1
    assert list(rows(shelves)) == ["c_0"]


def test_labels(shelves, tree):
    tree("model_inputs", event("c", {"age": 30}, {"age": 31}))
    root = tree("ground_truth", event("c", {"label": 1}, {"label": 0}), event("d", {"x": 1, "y": 2}))
    done = take(shelves, root)
    assert done.labels == 2
    assert [row["_label"] for row in rows(shelves).values()] == [1.0, 0.0]
    assert take(shelves, root, label="x").left_out.keys() == done.left_out.keys()


def test_several_sources(shelves, tree):
    tree("model_inputs", event("b", {"age": 1}))
    root = tree("model_inputs", event("g", {"age": 2}), source="shop/green")
    with pytest.raises(InputError, match=r"--source: shop/blue, shop/green\."):
        take(shelves, root)
    with pytest.raises(InputError, match="no source 'red'"):
        take(shelves, root, source="red")
    assert take(shelves, root, source="green").records == 1
    assert list(rows(shelves)) == ["g_0"]


def test_version_one(shelves, tmp_path):
    for designation, text in {
        "inputs": "$aml_dc_correlation_id,$aml_dc_scoring_timestamp,age,city\nc,2019-02-01T08:00:00+00:00,30,rome\n"
        "c,2019-02-01T08:00:00+00:00,,\nbad,1\nd,2019-02-01T09:00:00,41,\u00f6slo\n",
        "predictions": "$aml_dc_correlation_id,prediction\nc,1\nc,0\nd,nan\n",
        "odd": "x\n1\n",
    }.items():
        file = tmp_path / "data" / "ws" / "svc" / "risk" / "3" / designation / "2019" / "2" / "1" / "x.csv"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    done = take(shelves, tmp_path / "data")
    found = rows(shelves)
    assert {name: (row["age"], row["_prediction"]) for name, row in found.items()} == {
        "c_0": (30, 1.0),
        "c_1": (None, 0.0),
        "d_0": (41, None),
    }
    assert found["d_0"]["_event_time"] == datetime(2019, 2, 1, 9, tzinfo=UTC)
    assert "the line has 2 fields, not 4" in done.left_out
    assert len(done.left_out) == 2


def test_a_csv_without_ids_or_lines(shelves, tmp_path):
    file = tmp_path / "data" / "inputs" / "2019" / "2" / "1" / "x.csv"
    file.parent.mkdir(parents=True)
    file.write_text("age\n1\n2\n")
    (file.parent / "empty.csv").write_text("")
    assert take(shelves, tmp_path / "data").records == 2
    assert all(name.startswith("inputs/2019/2/1/x.csv:") for name in rows(shelves))


def test_types_that_change(tmp_path, tree, monkeypatch):
    shelves = workspace(tmp_path, None)
    monkeypatch.setattr(importing, "_BATCH_ROWS", 1)
    events = [event(f"{n}", {"x": value, "y": [1]}) for n, value in enumerate([1, 2.5, None, "text", True])]
    done = take(shelves, tree("model_inputs", *events))
    assert done.records == 5
    assert len(rows(shelves)) == 5


def test_frames_of_our_own_receiver(shelves, tmp_path):
    files = FrameFiles(tmp_path / "frames")
    for name, body in {"model_inputs": b'[{"age":1},{"age":2}]', "model_outputs": b'[{"p":0},{"p":1}]'}.items():
        headers = {"ce-type": f"azureml.inference.{name}", "ce-x-request-id": "r"}
        files.append(frame_from(headers, body, NOW), NOW)
    assert take(shelves, tmp_path / "frames").records == 2
    assert [row["_prediction"] for row in rows(shelves).values()] == [0.0, 1.0]


def test_the_verb(shelves, tree, tmp_path):
    root = tree("model_inputs", event("c", {"age": 30}), "{")
    words = ["-w", str(tmp_path / "ws"), "import", "azure-data", str(root), "--deployment", "credit"]
    done = CliRunner().invoke(holter, words)
    assert done.exit_code == 0, done.output
    assert "1 files: 1 records (1 new), 0 labels." in done.output
    assert "1 x the line is no JSON (first: shop/blue/model_inputs/2026/02/01/10/a.jsonl:2)" in done.output
    plain = json.loads(CliRunner().invoke(holter, [*words, "--json"]).output)
    assert (plain["records"], plain["new"]) == (1, 0)


def test_what_is_not_there(shelves, tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        take(shelves, tmp_path / "none")
    with pytest.raises(NotFound):
        import_azure_data(shelves, tmp_path, "nobody", received_at=NOW)
    (tmp_path / "empty").mkdir()
    assert take(shelves, tmp_path / "empty").records == 0
