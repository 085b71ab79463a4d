import logging
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from holter.workspace.beating import Loop, on_signal, run, watch_parent


def test_a_loop_repeats_until_it_is_told_to_stop():
    stop, seen = threading.Event(), []

    def step():
        seen.append(len(seen))
        if len(seen) == 3:
            stop.set()

    Loop("count", 0.001, step).run(stop)
    assert seen == [0, 1, 2]


def test_a_step_that_takes_long_is_asked_to_end():
    stop, asked, ended = threading.Event(), threading.Event(), threading.Event()

    def step():
        stop.set()
        assert asked.wait(60)
        ended.set()

    run([Loop("long", 0.001, step, asked.set), Loop("short", 0.001, lambda: None)], stop)
    assert ended.is_set()


def test_a_step_that_raises_is_tried_again(caplog):
    stop, seen = threading.Event(), []

    def step():
        seen.append(1)
        if len(seen) == 3:
            stop.set()
            return
        raise ValueError("a defect")

    with caplog.at_level(logging.ERROR, "holter.workspace"):
        Loop("fragile", 0.001, step).run(stop)
    assert len(seen) == 3
    assert caplog.messages == ["fragile failed; next attempt in 0.0 s"] * 2
    assert "a defect" in caplog.text


def test_the_pause_doubles_while_it_fails_and_never_exceeds_a_minute():
    pauses = []

    class Stop:
        def wait(self, pause):
            pauses.append(pause)
            return len(pauses) == 9

    def step():
        if len(pauses) != 7:
            raise ValueError

    Loop("failing", 1.0, step).run(Stop())
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 1.0, 2.0]


def test_one_failing_loop_does_not_disturb_another():
    stop, seen = threading.Event(), []

    def work():
        seen.append(1)
        if len(seen) == 5:
            stop.set()

    run([Loop("bad", 0.001, lambda: 1 / 0), Loop("good", 0.001, work)], stop)
    assert len(seen) >= 5


def test_a_companion_stops_when_its_parent_is_not_its_parent():
    stop = threading.Event()
    watch_parent(stop, os.getppid() + 100_000)
    assert stop.is_set()


def test_without_a_parent_only_the_event_ends_it():
    stop = threading.Event()
    thread = threading.Thread(target=watch_parent, args=(stop, None))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_pass_not_the_middle_of_it(number):
    code = (
        "import time\n"
        "from holter.workspace.beating import Loop, on_signal, run\n"
        "stop = on_signal()\n"
        "def step():\n"
        "    print('begin', flush=True); time.sleep(.3); print('end', flush=True)\n"
        "run([Loop('slow', .01, step)], stop)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begin\n"
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out.splitlines()[-1] == "end"


def test_signals_are_taken_over():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        stop = on_signal()
        os.kill(os.getpid(), signal.SIGTERM)
        deadline = time.monotonic() + 10
        while not stop.is_set() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert stop.is_set()
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)


def test_a_signal_that_comes_while_the_events_lock_is_held_blocks_nobody():
    code = (
        "import os, signal, time\n"
        "from holter.workspace.beating import on_signal\n"
        "stop = on_signal()\n"
        "with stop._cond:\n"  # where the main thread is whenever it begins or ends to wait
        "    for _ in range(3):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        time.sleep(.05)\n"
        "print(stop.wait(20), flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True\n"


def test_more_signals_than_a_pipe_holds_block_nobody():
    code = (
        "import os, signal\n"
        "from holter.workspace import beating\n"
        "heard, told = os.pipe()\n"
        "os.set_blocking(told, False)\n"
        "for _ in range(70_000):\n"
        "    beating._note(told)\n"
        "print(len(os.read(heard, 1 << 20)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert 0 < int(done.stdout) < 70_000
