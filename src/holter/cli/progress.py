"""A bar for long reads: on standard error, on a terminal only, and only when there is something to wait for."""

import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, Self

PATIENCE_SECONDS: Final = 1.0
"""How long a read may take before a person wants to know how long it will."""


class ReadingBar:
    """Counts rows as they are read, and draws them once the read has taken :data:`PATIENCE_SECONDS`.

    Nothing is loaded or drawn before that, so a short read costs nothing. Rows may be told from several threads.
    """

    def __init__(self, total: Callable[[], int | None]) -> None:
        self._total, self._lock = total, threading.Lock()
        self._begun, self._rows = monotonic(), 0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.stop()

    def __call__(self, rows: int) -> None:
        """Take note of rows."""
        with self._lock:
            self._rows += rows
            if self._bar is None and monotonic() - self._begun >= PATIENCE_SECONDS:
                self._draw()
            if self._bar is not None:
                self._bar.update(self._task, completed=self._rows)

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        total = self._total()
        count = "{task.completed:,} of {task.total:,} rows" if total else "{task.completed:,} rows"
        more = (TimeRemainingColumn(),) if total else ()
        console = Console(file=sys.stderr)
        self._bar = Progress("Reading", BarColumn(), TextColumn(count), *more, console=console, transient=True)
        self._task = self._bar.add_task("Reading", total=total)
        self._bar.start()


def reading_bar(*tables: Any) -> ReadingBar | None:
    """Return a bar for reading these tables; None where nobody would see it."""
    if not sys.stderr.isatty():
        return None
    from holter.workspace.reading import rows_known

    return ReadingBar(lambda: rows_known(*tables))
