"""Work that is done again and again, each kind in a thread of its own, until the process is told to stop."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_log = logging.getLogger("holter.workspace")

_LONGEST_PAUSE: Final = 60.0
"""Seconds between attempts of work that keeps failing."""
_PARENT_CHECK_SECONDS: Final = 0.5
_JOIN_SECONDS: Final = 8.0
"""Less than the supervisor waits for a companion before it kills it."""


@dataclass(frozen=True)
class Loop:
    """One kind of work: ``step`` is called every ``seconds``; if it raises, the pause doubles until it succeeds.

    ``halt`` is called once, when it is time to end: a step that may take long should then come to its end.
    """

    name: str
    seconds: float
    step: Callable[[], object]
    halt: Callable[[], object] | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop. Nothing that a step raises ends the loop."""
        pause = self.seconds
        while True:
            try:
                self.step()
            except Exception:  # noqa: BLE001  (the loop must outlive any defect of one pass; the log has the traceback)
                pause = min(max(2 * pause, self.seconds), _LONGEST_PAUSE)
                _log.exception("%s failed; next attempt in %.1f s", self.name, pause)
            else:
                pause = self.seconds
            if stop.wait(pause):
                return


def run(loops: Sequence[Loop], stop: threading.Event, parent: int | None = None) -> None:
    """Run all loops until ``stop`` is set, or until process ``parent``, which started this one, is gone."""
    threads = [threading.Thread(target=loop.run, args=(stop,), name=loop.name, daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    watch_parent(stop, parent)
    for loop in loops:
        if loop.halt is not None:
            loop.halt()
    for thread in threads:
        thread.join(_JOIN_SECONDS)


def watch_parent(stop: threading.Event, parent: int | None) -> None:
    """Block until ``stop`` is set, or set it when this process is no longer a child of ``parent``; None: nobody's.

    A companion must not outlive a supervisor that was killed: the next tree starts its own.
    """
    while not stop.wait(_PARENT_CHECK_SECONDS):
        if parent is not None and os.getppid() != parent:
            _log.warning("the process that started this one is gone; stopping")
            stop.set()


def on_signal() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set: the end of one pass, not the middle of it, is where to stop.

    The handler itself only writes a byte to a pipe. It runs on the main thread wherever that stands, which may be in
    the event's own lock: if it set the event there, it would wait for itself for ever.
    """
    stop = threading.Event()
    heard, told = os.pipe()
    os.set_blocking(told, False)  # a handler must not wait, not even for whoever reads the pipe

    def listen() -> None:
        os.read(heard, 1)
        stop.set()

    threading.Thread(target=listen, daemon=True, name="signals").start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _note(told))
    return stop


def _note(pipe: int) -> None:
    with suppress(BlockingIOError):  # full of signals that nobody has looked at yet: one more says nothing new
        os.write(pipe, b"!")
