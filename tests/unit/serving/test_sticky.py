"""Finding a customer in a body."""

import pytest

from holter.serving.sticky import MOST_BYTES, BodyKey


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("who", b'{"who": "ann"}', b"ann"),
        ("who", b' {"data": [[1, {"who": 2}]], "who": 7, "more": {}} ', b"7"),
        ("who", b'{"who": 7.0}', b"7"),
        ("who", b'{"who": "7"}', b"7"),
        ("who", b'{"who": 7.25}', b"7.25"),
        ("who", b'{"who": "J\\u00f6rg"}', "Jörg".encode()),
        ("who", b'{"who": "a", "who": "b"}', b"b"),
        ("who", b'[{"who": "first"}, {"who": "second"}]', b"first"),
        ("who", b'[{"x": 1}, {"who": "second"}]', None),
        ("a.b", b'{"a": {"b": "deep"}}', b"deep"),
        ("a.b", b'{"a": [{"b": "listed"}]}', b"listed"),
        ("a.b", b'{"a": null}', None),
        ("a.b", b'{"a": "text"}', None),
        ("a.b", b'{"a": []}', None),
        ("who", b'{"WHO": "ann"}', None),
        ("who", b'{"who": ""}', None),
        ("who", b'{"who": null}', None),
        ("who", b'{"who": true}', None),
        ("who", b'{"who": ["ann"]}', None),
        ("who", b'{"who": {"is": "ann"}}', None),
        ("who", b'{"who": 1e999}', None),
        ("who", b'{"who": "\\ud800"}', None),
        ("who", b"\xff\xfe", None),
        ("who", b"", None),
        ("who", b"null", None),
        ("who", b"3", None),
        ("who", b"[]", None),
        ("who", b"[[1, 2]]", None),
        ("who", b"[" * 5000, None),
        ("who", b'{"x":' * 5000, None),
    ],
)
def test_what_a_body_says(path, body, key):
    assert BodyKey(path.split(".")).of(body) == key


def test_a_large_body_is_not_looked_into():
    def of(size):
        body = b'{"who": "ann", "x": "%b"}'
        return BodyKey(["who"]).of(body % (b"x" * (size - len(body) + 2)))

    assert of(MOST_BYTES) == b"ann"
    assert of(MOST_BYTES + 1) is None
