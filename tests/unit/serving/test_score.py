"""A table scored by a model version, through its entry script."""

import datetime as dt
import json
import os
import subprocess
import sys
import textwrap
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from holter.errors import EntryScriptFailed
from holter.registry import DeploymentSettings, Shelves
from holter.serving.score import BATCH_ROWS, score_table
from holter.types import Feature, Kind, Schema, Task

SUM = """
    import json, os
    calls = []

    def init():
        with open(os.environ["HOLTER_MODEL_PATH"]) as file:
            globals()["bias"] = float(file.read())

    def run(data):
        rows = json.loads(data)["data"]
        calls.append(len(rows))
        return json.dumps({"result": [bias + sum(value or 0 for value in row) for row in rows]})
"""
SCHEMA = Schema((Feature("a", Kind.NUMERIC, "double"), Feature("b", Kind.NUMERIC, "double")), Task.REGRESSION)


@pytest.fixture
def made(tmp_path, monkeypatch):
    shelves = Shelves.open(tmp_path / "ws", create=True)
    monkeypatch.setattr(os, "environ", dict(os.environ))

    def make(script, schema=SCHEMA, model="0.5"):
        file = tmp_path / "model.txt"
        file.write_text(model)
        code = tmp_path / "src"
        code.mkdir(exist_ok=True)
        text = textwrap.dedent(script)
        for name in ("init()", "run(data)"):  # without both the registry takes no script
            text += f"\ndef {name}: pass\n" if f"def {name}" not in text else ""
        (code / "score.py").write_text(text)
        version = shelves.registry.register("sum", file, schema=schema)
        settings = DeploymentSettings(environment={"COLOUR": "red"})
        return version, shelves.registry.deploy(
            "sums", version, source=code, entry_script="score.py", settings=settings, overwrite=True
        )

    path, modules = list(sys.path), dict(sys.modules)
    yield make
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]


def test_rows_are_asked_in_the_order_of_the_schema_and_ids_handed_through(made):
    version, deployment = made(SUM)
    table = pa.table(
        {"b": [1.0, None, float("nan")], "_request_id": ["x", "y", "z"], "_row": pa.array([0, 1, 2], pa.int32())}
    )
    found = score_table(version, deployment, table)
    assert found.to_pydict() == {
        "_request_id": ["x", "y", "z"],
        "_row": [0, 1, 2],
        "_prediction": [1.5, 0.5, 0.5],
        "_score": [None, None, None],
    }


def test_large_tables_are_asked_in_batches_and_the_folder_is_what_it_was(made):
    before = Path.cwd()
    version, deployment = made(SUM)
    table = pa.table({"a": [1.0] * (2 * BATCH_ROWS + 1), "b": [1] * (2 * BATCH_ROWS + 1)})
    found = score_table(version, deployment, table)
    assert found["_prediction"].to_pylist() == [2.5] * table.num_rows
    assert found["_request_id"].to_pylist()[:2] == ["0", "1"]
    assert sys.modules["entry_script"].calls == [BATCH_ROWS, BATCH_ROWS, 1]
    assert Path.cwd() == before


def test_no_rows(made):
    version, deployment = made(SUM)
    found = score_table(
        version, deployment, pa.table({"a": pa.array([], pa.float64()), "b": pa.array([], pa.float64())})
    )
    assert found.num_rows == 0
    assert found.schema.field("_prediction").type == pa.float64()


def test_classes_are_text_and_probabilities_are_scores(made):
    binary = Schema(SCHEMA.features, Task.BINARY)
    version, deployment = made("import json\ndef run(data):\n    return [0.2] * len(json.loads(data)['data'])", binary)
    found = score_table(version, deployment, pa.table({"a": [1.0, 2.0], "b": [1.0, 2.0]}))
    assert found["_prediction"].to_pylist() == [0.0, 0.0]
    assert found["_score"].to_pylist() == [0.2, 0.2]
    classes = Schema(SCHEMA.features, Task.MULTICLASS)
    version, deployment = made("def run(data):\n    return ['red']", classes)
    found = score_table(version, deployment, pa.table({"a": [1.0], "b": [1.0]}))
    assert found["_prediction"].to_pylist() == ["red"]


def test_values_that_json_has_no_word_for(made):
    version, deployment = made(
        "import json\nseen = []\ndef run(data):\n    seen.extend(json.loads(data)['data'])\n    return [1] * len(seen)",
        None,
    )
    table = pa.table(
        {
            "when": [dt.datetime(2013, 4, 1, tzinfo=dt.UTC)],
            "day": [dt.date(2013, 4, 1)],
            "money": [Decimal("1.50")],
            "bytes": [b"ab"],
            "far": [float("inf")],
            "text": ["x"],
            "_label": [1.0],
        }
    )
    score_table(version, deployment, table)
    assert sys.modules["entry_script"].seen == [["2013-04-01T00:00:00+00:00", "2013-04-01", 1.5, "ab", None, "x"]]


LISTS = "[a + 10 * b for a, b in json.loads(data)['data']]"
RECORDS = "[row['a'] + 10 * row['b'] for row in json.loads(data)['data']]"
BARE = "[row['a'] + 10 * row['b'] for row in json.loads(data)]"
SOFT = f"{BARE} if data.startswith('[') else {{'error': 'give me a list'}}"


@pytest.mark.parametrize(
    ("answer", "refused"), [(LISTS, 0), (RECORDS, 1), (BARE, 2), (SOFT, 2)], ids=["lists", "records", "bare", "soft"]
)
def test_the_shape_a_script_understands_is_found_by_the_first_rows(made, answer, refused):
    script = f"import json\ncalls = []\ndef run(data):\n    calls.append(data)\n    return {answer}"
    version, deployment = made(script)
    table = pa.table({"b": [2.0] * (BATCH_ROWS + 1), "a": [1.0] * (BATCH_ROWS + 1)})
    found = score_table(version, deployment, table)
    assert found["_prediction"].to_pylist() == [21.0] * table.num_rows
    assert len(sys.modules["entry_script"].calls) == refused + 2


def test_a_shape_once_found_is_kept(made):
    script = "import json\ndef run(data):\n    return [10 / row[0] for row in json.loads(data)['data']]"
    version, deployment = made(script)
    table = pa.table({"a": [1.0] * BATCH_ROWS + [0.0], "b": [1.0] * (BATCH_ROWS + 1)})
    with pytest.raises(EntryScriptFailed, match="ZeroDivisionError") as caught:
        score_table(version, deployment, table)
    assert str(caught.value).count("asked with") == 1
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_script_that_understands_no_shape_says_why_to_each(made):
    version, deployment = made("import json\ndef run(data):\n    return json.loads(data)['columns']")
    with pytest.raises(EntryScriptFailed) as caught:
        score_table(version, deployment, pa.table({"a": [1.0], "b": [2.0]}))
    said = str(caught.value)
    assert said.count("KeyError: 'columns'") == 2
    assert "asked with [{..}], run() raised TypeError" in said


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("def run(data):\n    raise KeyError('a')", "run() raised KeyError: 'a'"),
        ("def run(data):\n    return object()", "TypeError"),
        ("def run(data):\n    return [1]", "1 answers to 2 rows"),
        ("import nothing_like_this", "ModuleNotFoundError"),
    ],
)
def test_answers_that_cannot_be_used(made, script, why):
    version, deployment = made(script)
    with pytest.raises(EntryScriptFailed, match=r"score\.py") as caught:
        score_table(version, deployment, pa.table({"a": [1.0, 2.0], "b": [1.0, 2.0]}))
    assert why in str(caught.value)


def test_the_rooms_a_worker_imports_load_nothing_heavy():
    code = """
        import json, sys
        import holter.serving.worker
        heavy = {"pyarrow", "deltalake", "sqlalchemy", "duckdb", "numpy", "pandas", "scipy", "sklearn", "fastapi"}
        print(json.dumps(sorted(heavy & {name.split(".")[0] for name in sys.modules})))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
