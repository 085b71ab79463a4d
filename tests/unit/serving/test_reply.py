"""What run() gives, as a reply; and when a request says it happened."""

import asyncio
import json
import time

import pytest

from holter.serving.answering import Answering
from holter.serving.application import LONG_US, Application
from holter.serving.event_time import event_microseconds
from holter.serving.reply import has_error, query_text


class Rude(dict):
    """Raises when looked at."""

    def items(self):
        raise RuntimeError

    def __bool__(self):
        return True

    def __len__(self):
        return 1


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"error": None}, True),
        ('{"error": ""}', True),
        ('{"a": {"error": 1}}', False),
        ('["error"]', False),
        ('no "error" here', False),
        ("error", False),
        ([1], False),
        (None, False),
    ],
)
def test_a_soft_failure_is_a_top_level_error(result, expected):
    assert has_error(result) is expected


@pytest.mark.parametrize("result", [Rude(a=1), {1, 2}, b"bytes", {"a": object()}, "\ud800"])
def test_a_result_that_is_no_json_never_raises(result):
    reply = Answering(lambda _: result, 0)("x")
    if isinstance(result, str):
        assert json.loads(reply.body) == result, "a lone surrogate is escaped"
    else:
        assert (reply.status, reply.failed, reply.exec_us) == (500, False, None)


def test_nested_for_ever():
    loop: list[object] = []
    loop.append(loop)
    assert Answering(lambda _: loop, 0)("x").status == 500


def test_a_number_python_writes_and_json_has_not_goes_out_as_azure_sends_it():
    assert Answering(lambda _: [float("nan")], 0)("x").body == b"[NaN]"


@pytest.mark.parametrize(
    ("query", "expected"),
    [(b"", {}), (b"a=", {"a": ""}), (b"a=1&a=&b=%7B%7D", {"a": [1, ""], "b": {}}), (b"a=%C3%A9", {"a": "é"})],
)
def test_queries(query, expected):
    assert json.loads(query_text(query)) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        (b"", None),
        (b"0", 0),
        (b" 1.5 ", 1_500_000),
        (b"nan", None),
        (b"inf", None),
        (b"-1", None),
        (b"1e300", None),
        (b"1969-12-31T23:59:59Z", -1_000_000),
        (b"2013-04-01", None),
        (b"2013-04-01T12:00:00.000001+00:00", 1_364_817_600_000_001),
        (b"\xff\xfe", None),
    ],
)
def test_event_times(header, expected):
    assert event_microseconds(header) == expected


def test_nobody_goes_past_those_who_wait_for_a_long_run():
    order = []

    def run(data):
        order.append(data)
        if data == "long":
            time.sleep(2 * LONG_US / 1e6)

    async def ask(application, text):
        async def receive():
            return {"type": "http.request", "body": text.encode(), "more_body": False}

        async def send(_message):
            return None

        scope = {"path": "/score", "method": "POST", "headers": [], "query_string": b""}
        await application(scope, receive, send)

    async def whole():
        application = Application(run, version=1, timeout_ms=0)
        await ask(application, "long")
        waiting = [asyncio.create_task(ask(application, text)) for text in ("b", "c", "d")]
        for _ in range(50):
            if "b" in order:
                break
            await asyncio.sleep(0)
        late = asyncio.create_task(ask(application, "late"))
        await asyncio.gather(late, *waiting)

    asyncio.run(whole())
    assert order == ["long", "b", "c", "d", "late"]
