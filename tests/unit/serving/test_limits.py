"""What becomes of a worker that crashes, hangs, grows, or cannot begin, while the others serve."""

import http.client
import json
import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from holter.serving.pool import MEBIBYTE, Plan, Pool

STEERED = """
    import ctypes, json, os, time

    held = []

    def run(data):
        word = json.loads(data)["data"]
        if word == "segfault":
            ctypes.string_at(0)
        if word == "hang":  # in C, with the interpreter held: no signal handler of Python's runs
            sum(range(10 ** 12))
        if word == "sleep":
            time.sleep(600)
        if word == "grow":
            held.append(bytearray(os.urandom(1 << 20) * 64))
        return {"pid": os.getpid(), "cpus": sorted(os.sched_getaffinity(0))}
"""


def body(word):
    return json.dumps({"data": word}).encode()


def pid_of(answer):
    return json.loads(answer.body)["pid"]


def lost(desk, word):
    """Ask what no answer comes to, without waiting for it."""

    def ask():
        with pytest.raises((OSError, http.client.HTTPException)):
            desk.ask(body=body(word))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


@pytest.mark.parametrize("workers", [1, 2])
def test_after_a_segfault_the_next_request_is_served(desk, workers):
    pool = desk.serve(STEERED, workers=workers)
    before = set(pool.pids)
    thread = lost(desk, "segfault")
    desk.until(lambda: set(pool.pids) != before or not thread.is_alive())
    thread.join()
    answer = []
    asking = threading.Thread(target=lambda: answer.append(desk.ask(body=body("hello"))))
    asking.start()
    desk.until(lambda: answer)
    asking.join()
    assert answer[0].status == 200
    desk.until(lambda: pool.complete and pool.replaced == 1)
    assert len(set(pool.pids) - before) == 1
    assert pool.reason == "", "once all serve again there is nothing to say"


def test_a_worker_that_hangs_in_c_code_is_replaced_soon_after_its_limit_and_says_where_it_stood(desk):
    pool = desk.serve(STEERED, timeout_ms=1_000)
    (before,) = pool.pids
    began = time.monotonic()
    thread = lost(desk, "hang")
    desk.until(lambda: pool.pids and pool.pids[0] != before)
    took = time.monotonic() - began
    thread.join()
    assert took >= 1.0, "not before its time was up"
    assert "line 11 in run" in desk.log.read_text()
    desk.until(lambda: pool.complete)
    assert desk.ask(body=body("hello")).status == 200
    assert pool.score.failed == 1


def test_a_request_that_is_only_late_is_answered_by_the_worker_that_it_came_to(desk):
    pool = desk.serve(STEERED, timeout_ms=500)
    (before,) = pool.pids
    answers = []
    asking = threading.Thread(target=lambda: answers.append(desk.ask(body=body("sleep"))))
    asking.start()
    desk.until(lambda: answers)
    asking.join()
    assert (answers[0].status, answers[0].body) == (500, b"Scoring timeout after 500 ms")
    desk.until(lambda: pool.score.failed == 1)
    assert pool.pids == (before,)


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def test_a_worker_that_grows_past_its_memory_is_replaced_without_a_failed_request(desk, load, caplog):
    desk.script(STEERED)
    pool = Pool(Plan(desk.order(), 1, desk.log), desk.listener, opened=True)
    desk.pools.append(pool)
    desk.until(lambda: pool.complete)
    (before,) = pool.pids
    memory = resident(before) + 100 * MEBIBYTE
    desk.until(lambda: pool.memory > 0)
    pool.plan = Plan(desk.order(), 1, desk.log, memory)
    with load(desk.port, clients=2) as clients:
        for _ in range(2):
            assert desk.ask(body=body("grow")).status == 200
        desk.until(lambda: pool.replaced == 1 and pool.complete)
        seen = clients.answered
        desk.until(lambda: clients.answered > seen + 20)
    assert clients.failures == []
    assert before not in pool.pids
    desk.until(lambda: not Path(f"/proc/{before}").exists())
    assert f"worker {before} holds" in caplog.text


def test_a_worker_that_grows_too_fast_is_killed(desk):
    desk.script(STEERED)
    pool = Pool(Plan(desk.order(), 1, desk.log), desk.listener, opened=True)
    desk.pools.append(pool)
    desk.until(lambda: pool.complete)
    (before,) = pool.pids
    pool.plan = Plan(desk.order(), 1, desk.log, resident(before) + 32 * MEBIBYTE)
    for _ in range(4):
        desk.ask(body=body("grow"))
    desk.until(lambda: pool.replaced == 1)
    assert not Path(f"/proc/{before}").exists()
    desk.until(lambda: pool.complete)


def test_a_model_that_needs_more_than_its_memory_to_begin_is_refused_with_the_numbers(desk):
    desk.script(
        "held = bytearray(b'x' * (200 << 20))\nimport time\ndef init():\n    time.sleep(30)\ndef run(data): pass"
    )
    pool = Pool(Plan(desk.order(), 1, desk.log, 100 * MEBIBYTE), desk.listener, opened=True)
    desk.pools.append(pool)
    desk.until(lambda: pool.failed)
    assert "MiB of memory, and may hold 100" in pool.reason


def test_a_worker_that_cannot_begin_again_is_waited_for_while_the_other_serves(desk):
    flag = desk.folder / "broken"
    pool = desk.serve(
        f"""
        import os

        def init():
            if os.path.exists({str(flag)!r}):
                raise ValueError("the weights are gone")

        def run(data):
            return {{"pid": os.getpid()}}
    """,
        workers=2,
    )
    flag.touch()
    os.kill(pool.pids[0], signal.SIGKILL)
    desk.until(lambda: "the weights are gone" in pool.reason)
    assert pool.listening == 1
    assert desk.ask().status == 200
    seen = desk.log.read_text().count("the weights are gone")
    flag.unlink()
    desk.until(lambda: pool.complete)
    assert desk.log.read_text().count("the weights are gone") == seen, "it is not tried again and again"


def test_why_a_deployment_cannot_start_has_one_telling_line_the_traceback_and_the_folder(desk):
    pool = desk.pool("def init():\n    raise ValueError('bad weights')\ndef run(data): pass")
    desk.until(lambda: pool.failed)
    first, *rest = pool.reason.splitlines()
    assert "init() raised ValueError: bad weights" in first
    assert "Traceback (most recent call last):" in rest
    assert any("model.bin (7 bytes)" in line for line in rest)


def test_processors_and_threads_are_those_of_the_order(desk):
    here = sorted(os.sched_getaffinity(0))
    desk.serve(STEERED, cpus=(here[-1],))
    assert json.loads(desk.ask(body=body("hello")).body)["cpus"] == [here[-1]]


def test_processors_that_are_not_there_any_more_are_no_reason_not_to_serve(desk):
    desk.serve(STEERED, cpus=(100_000,))
    assert desk.ask(body=body("hello")).status == 200
