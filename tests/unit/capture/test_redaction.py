"""What a policy names never reaches the disk, whatever shape it comes in."""

import json
import stat

import pytest

from holter.capture.redaction import Redactor, check_policy, ensure_key, hashed, key_file
from holter.errors import BadSetting

NAMES = ("age", "name", "zip")
POLICY = {"name": "hash", "zip": "truncate:2", "age": "drop"}
SECRET, ZIP = "Anna Ohara", "80331"
KEY = b"k" * 32
KEPT = hashed(SECRET, KEY)


def redacted(value, policy=POLICY, columns=NAMES, how="request"):
    found = getattr(Redactor(policy, columns, KEY), how)(json.dumps(value).encode())
    return json.loads(found) if found else None


ROW, CLEAN = [44, SECRET, ZIP], [None, KEPT, "80"]
RECORD, CLEAN_RECORD = dict(zip(NAMES, ROW, strict=True)), dict(zip(NAMES, CLEAN, strict=True))


def tensor(name, data, shape):
    return {"name": name, "datatype": "BYTES", "shape": shape, "data": data}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ([ROW, ROW], [CLEAN, CLEAN]),
        ({"data": [ROW]}, {"data": [CLEAN]}),
        (ROW, CLEAN),
        ([RECORD], [CLEAN_RECORD]),
        (RECORD, CLEAN_RECORD),
        ({"data": [{**RECORD, "other": {"name": SECRET, "x": 1}}]},) * 1
        + ({"data": [{**CLEAN_RECORD, "other": {"name": KEPT, "x": 1}}]},),
        ({"name": [SECRET, None], "zip": [ZIP, ZIP]}, {"name": [KEPT, None], "zip": ["80", "80"]}),
        ({"name": {"0": SECRET}}, {"name": {"0": KEPT}}),
        (
            {"dataframe_split": {"columns": ["x", "name"], "index": [0], "data": [[1, SECRET]]}},
            {"dataframe_split": {"columns": ["x", "name"], "index": [0], "data": [[1, KEPT]]}},
        ),
        ({"inputs": [tensor("name", [SECRET], [1])]}, {"inputs": [tensor("name", [KEPT], [1])]}),
        ({"inputs": [tensor("x", ROW, [1, 3])]}, {"inputs": [tensor("x", CLEAN, [1, 3])]}),
        ({"inputs": [tensor("x", [ROW], [1, 3])]}, {"inputs": [tensor("x", [CLEAN], [1, 3])]}),
        (json.dumps({"data": [ROW]}), json.dumps({"data": [CLEAN]}, separators=(",", ":"))),
        ("a text", "a text"),
        (7, 7),
        ([], []),
    ],
)
def test_each_shape_of_a_request_is_redacted(body, kept):
    assert redacted(body) == kept
    assert SECRET not in json.dumps(redacted(body))


@pytest.mark.parametrize(
    "body",
    [[[1, SECRET]], [[1, SECRET, ZIP, 4]], {"data": [ROW, [SECRET]]}, [SECRET, 1], [[[SECRET]]], "{" + SECRET]
    + [{"inputs": [tensor("x", [SECRET, ZIP], shape)]} for shape in ([1, 2], [2, 3], "x", [])]
    + [{"columns": ["name"], "data": [[SECRET, 2]]}, {"columns": ["name"], "data": SECRET}],
)
def test_what_cannot_be_told_apart_is_not_written(body):
    assert SECRET not in json.dumps(redacted(body))


@pytest.mark.parametrize("body", [SECRET.encode(), b"", b"\xff" + SECRET.encode(), b"[" * 100_000])
def test_what_is_no_json_is_not_written_at_all(body):
    redactor = Redactor(POLICY, NAMES, KEY)
    assert (redactor.request(body), redactor.response(body)) == (b"", b"")


def test_a_model_whose_columns_nobody_knows_writes_no_lists():
    assert redacted({"data": [ROW]}, columns=()) == {"data": None}
    assert redacted([RECORD], columns=()) == [CLEAN_RECORD]
    assert redacted([1, 2], {"only": "drop"}, ("only",)) == [None, None]


def test_lists_of_a_reply_are_answers():
    assert redacted({"result": [0.2, 0.7]}, how="response") == {"result": [0.2, 0.7]}
    assert redacted([[0.2, 0.8]], how="response") == [[0.2, 0.8]]
    assert redacted({"echo": RECORD, "outputs": [tensor("p", [0.5], [1])]}, how="response") == {
        "echo": CLEAN_RECORD,
        "outputs": [tensor("p", [0.5], [1])],
    }


def test_the_same_value_is_the_same_hash_and_another_key_gives_another():
    assert hashed(3, KEY) == hashed(3.0, KEY) == hashed("3", KEY)
    assert hashed(SECRET, KEY) != hashed(SECRET, b"other")
    assert hashed(None, KEY) is None
    assert hashed({"b": 1, "a": 2}, KEY) == hashed({"a": 2, "b": 1}, KEY)
    assert len(KEPT) == 32


@pytest.mark.parametrize(("value", "kept"), [("80331", "80"), (80331, "80"), (None, None), ("8", "8"), (True, "tr")])
def test_truncating_keeps_the_first_characters(value, kept):
    assert redacted({"zip": value})["zip"] == kept


@pytest.mark.parametrize("action", ["mask", "truncate", "truncate:", "truncate:-1", "", "truncate:99999"])
def test_an_action_that_is_none_is_refused(action):
    with pytest.raises(BadSetting, match="drop, hash or truncate:N"):
        check_policy({"name": action})


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    key = ensure_key(tmp_path)
    assert ensure_key(tmp_path) == key == key_file(tmp_path).read_bytes()
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    assert len(key) == 32
    assert [path.name for path in key_file(tmp_path).parent.iterdir()] == ["redaction.key"]
