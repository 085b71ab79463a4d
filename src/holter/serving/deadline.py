"""A limit on how long the user's code may take, kept without a second thread."""

import signal
from types import FrameType, TracebackType
from typing import Final, Self

_AGAIN_SECONDS: Final = 0.25
"""A handler that raised inside a finaliser is lost; it is rung again after this long."""


class TookTooLong(BaseException):  # no Exception: a script that catches those must not catch its own deadline
    """Raised inside ``run()`` when its time is up."""


class Deadline:
    """``with deadline:`` raises :class:`TookTooLong` in the block once ``milliseconds`` have passed; 0 never does.

    It interrupts Python code and blocking system calls of the main thread. Code that stays inside a C function is not
    reached: the supervisor replaces such a worker. Two system calls, 1.4 microseconds, where a thread costs 31.
    The script itself must not use ``SIGALRM``.

    Attributes
    ----------
    passed
        Whether time was up in the newest block, even if the block swallowed that.
    """

    def __init__(self, milliseconds: int) -> None:
        self._seconds = milliseconds / 1000
        self._armed = self.passed = False
        if milliseconds:
            signal.signal(signal.SIGALRM, self._ring)

    def __enter__(self) -> Self:
        self.passed = False
        if self._seconds:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self._seconds, _AGAIN_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disarm()

    def disarm(self) -> None:
        """Stop the timer; harmless when it does not run."""
        self._armed = False
        if self._seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, _signal: int, _frame: FrameType | None) -> None:
        if self._armed:
            self.passed = True
            raise TookTooLong
