"""A worker process, as its supervisor sees it."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import Final

import msgspec

from holter.serving.logs import open_log
from holter.serving.order import Order, Tell, heard, lay_out_model, line, worker_environment

START_SECONDS: Final = 300.0
"""How long import and ``init()`` may take."""
GRACE_SECONDS: Final = 0.9
"""How long past its time limit a worker may be silent. It ends itself a little earlier, and says where."""
_WEIGH_SECONDS: Final = 0.5
"""How often the memory of a worker is looked at."""
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_READ_BYTES: Final = 1 << 16
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def spawn(
    argv: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process that writes to a log, is not reached by the terminal's Ctrl-C, and ends when its parent does."""
    with open_log(log) as stream:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            pass_fds=fds,
            start_new_session=True,
            # Safe here: the supervisor starts processes from its only Python thread, and this makes one system call.
            preexec_fn=_end_with_parent,  # noqa: PLW1509
        )


class Stage(Enum):
    """Where a worker stands."""

    STARTING = auto()
    READY = auto()
    LISTENING = auto()
    DRAINING = auto()
    GONE = auto()


class Worker:
    """One process of a pool.

    Attributes
    ----------
    stage
        Where it stands, as of the newest :meth:`look`.
    reason
        Why it is gone; empty while it is not, and after a drain.
    told
        Whether it gave the reason itself: its code cannot be used, and starting it again will not help.
    served
        Whether it ever listened.
    accepting
        Whether it may still take a new connection; a drained one does until it has heard of it.
    answered, failed, gaps
        What it says it has answered, what of that with 500 or more, and what of it it could not record.
    busy_us, waiting
        For how long it was busy so far, and how many requests wait for their turn.
    memory
        Bytes of memory that it holds (resident set), as of half a second ago.
    started
        When it was started.
    """

    def __init__(self, order: Order, listener: socket.socket | None, log: Path, now: float) -> None:
        lay_out_model(order)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        number = -1 if listener is None else listener.fileno()
        order = msgspec.structs.replace(order, listener=number, control=theirs.fileno())
        self._process = spawn(
            [order.python or sys.executable, "-P", "-m", "holter.serving.worker"],
            log,
            env=worker_environment(order),
            cwd=order.code,
            fds=[each for each in (number, order.control) if each >= 0],
        )
        theirs.close()
        self._control, self._rest = ours, b""
        self._limit = order.timeout_ms / 1000 + GRACE_SECONDS if order.timeout_ms else None
        self._deadline: float | None = now + START_SECONDS
        self.stage, self.reason, self.told, self.served = Stage.STARTING, "", False, False
        self.accepting, self.answered, self.failed, self.gaps = False, 0, 0, 0
        self.busy_us, self.waiting = 0, 0
        self.memory, self.started, self._weighed = 0, now, now

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def look(self, now: float) -> None:
        """Take in what it has said since the last look, whether it still lives, and end it when it has hung."""
        if self.stage is Stage.GONE:
            return
        ended = self._process.poll() is not None  # asked first: the last words come before the end
        self._listen_to_it(now)
        if ended:
            self._note_end()
            return
        if now - self._weighed >= _WEIGH_SECONDS:
            self._weighed, self.memory = now, _resident(self.pid)
        if self._deadline is not None and now > self._deadline:
            late = "did not become ready" if self.stage is Stage.STARTING else "hung"
            self.kill(f"worker {self.pid} {late} and was killed")

    def listen(self) -> None:
        """Let it take traffic."""
        self._say(Tell("listen"))

    def split(self, tell: Tell) -> None:
        """Tell it which share of its requests it is to hand on, and to whom."""
        self._say(tell)

    def drain(self, patience: float, now: float) -> None:
        """Let it finish what it has and end; killed if it takes longer than one request may."""
        if self.stage is Stage.GONE:
            return
        if self.stage is Stage.STARTING:  # nothing to finish; it would not hear us before init() returns
            self._process.terminate()
        self._say(Tell("drain", patience=patience))
        self.stage = Stage.DRAINING
        self._deadline = None if self._limit is None else now + patience + self._limit

    def kill(self, reason: str = "", *, told: bool = False) -> None:
        """End it at once, and wait until it is gone; ``told``: starting it again will not help."""
        self.reason, self.told = self.reason or reason, self.told or told
        self._process.kill()
        self._process.wait()
        self._note_end()

    def _say(self, tell: Tell) -> None:
        try:
            self._control.sendall(line(tell))
        except OSError:
            return  # it is gone: look() will see that

    def _listen_to_it(self, now: float) -> None:
        with suppress(OSError):  # nothing more to read now, or ever
            while data := self._control.recv(_READ_BYTES):
                self._rest += data
        tells, self._rest = heard(self._rest)
        for tell in tells:
            self._take_in(tell, now)

    def _take_in(self, tell: Tell, now: float) -> None:
        if tell.word == "failed":
            self.reason, self.told = tell.reason, True
        elif tell.word == "ready" and self.stage is Stage.STARTING:
            self.stage, self._deadline = Stage.READY, None
        elif tell.word == "listening" and self.stage is Stage.READY:
            self.stage, self.served, self.accepting = Stage.LISTENING, True, True
        elif tell.word == "closed":
            self.accepting = False
        elif tell.word == "beat":
            self.answered, self.failed, self.gaps = tell.answered, tell.failed, tell.gaps
            self.busy_us, self.waiting = tell.busy_us, tell.waiting
        if self.stage is Stage.LISTENING and self._limit is not None:
            self._deadline = now + self._limit

    def _note_end(self) -> None:
        code = self._process.returncode
        if not self.reason and self.stage is not Stage.DRAINING:
            self.reason = f"worker {self.pid} {_ended(code)}"
        self.stage, self.accepting = Stage.GONE, False
        self._control.close()


def _resident(pid: int) -> int:
    """Return the bytes of a process that are in memory (proc(5), ``statm``); 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _ended(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
