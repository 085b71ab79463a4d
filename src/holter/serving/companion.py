"""Processes of the tree that serve nobody's model: the beat and the page. They are started again when they die."""

import logging
import subprocess
from collections.abc import Sequence
from pathlib import Path

from holter.serving.logs import process_log
from holter.serving.pool import SETTLED_SECONDS, pause
from holter.serving.process import spawn

_log = logging.getLogger("holter.serving")


class Companion:
    """A process that is kept alive, and writes to the log of its name."""

    def __init__(self, name: str, argv: Sequence[str], root: Path) -> None:
        self.name, self._argv, self._log = name, argv, process_log(root, name)
        self._process: subprocess.Popen[bytes] | None = None
        self._failures, self._started, self._not_before = 0, 0.0, 0.0

    @property
    def pid(self) -> int | None:
        """Process id, while it runs."""
        return None if self._process is None else self._process.pid

    def tick(self, now: float) -> None:
        """Start it, or start it again once it has been dead long enough."""
        if self._process is not None and self._process.poll() is not None:
            _log.warning("%s ended with code %d", self.name, self._process.returncode)
            self._failures = 1 if now - self._started >= SETTLED_SECONDS else self._failures + 1
            self._not_before, self._process = now + pause(self._failures), None
        if self._process is None and now >= self._not_before:
            self._process, self._started = spawn(self._argv, self._log), now

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for its end, and enforce it after ``seconds``."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            _log.warning("%s did not end and is killed", self.name)
            self._process.kill()
            self._process.wait()
        self._process = None
