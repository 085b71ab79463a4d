"""A limit on how long the user's code may take, kept without a second thread."""

import signal
from time import monotonic
from types import FrameType, TracebackType
from typing import Final, Self

_FINEST_SECONDS, _COARSEST_SECONDS, _SHARE = 0.005, 0.1, 0.1


class TookTooLong(BaseException):  # no Exception: a script that catches those must not catch its own deadline
    """Raised inside ``run()`` when its time is up."""


class Deadline:
    """``with deadline:`` raises :class:`TookTooLong` in the block once ``milliseconds`` have passed; 0 never does.

    It interrupts Python code and blocking system calls of the main thread. Code that stays inside a C function is not
    reached: the supervisor replaces such a worker. The script itself must not use ``SIGALRM``.

    A timer that is set and stopped for each block costs 7 microseconds. This one goes on ticking, at a tenth of the
    limit and at least ten times a second, for as long as a tick finds a block at work: a limit is kept to a tick.
    The tick also repeats what a block has swallowed.

    Attributes
    ----------
    passed
        Whether time was up in the newest block, even if the block swallowed that.
    """

    def __init__(self, milliseconds: int) -> None:
        self._seconds = milliseconds / 1000
        self._tick: Final = min(_COARSEST_SECONDS, max(_FINEST_SECONDS, self._seconds * _SHARE))
        self._inside = self._ticking = self.passed = False
        self._end = 0.0
        if milliseconds:
            signal.signal(signal.SIGALRM, self._on_tick)

    def __enter__(self) -> Self:
        self.passed = False
        if self._seconds:
            self._end = monotonic() + self._seconds
            self._inside = True
            if not self._ticking:
                self._ticking = True
                signal.setitimer(signal.ITIMER_REAL, self._tick, self._tick)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """End the block; a second time does nothing."""
        self._inside = False

    def _on_tick(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._inside:
            self._ticking = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        elif monotonic() >= self._end:
            self.passed = True
            raise TookTooLong
