"""The user's ``run()``, called within its time limit, and whatever comes of it as a reply."""

import asyncio
import logging
import re
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Final

from holter.serving.contract import Contract, contract_of
from holter.serving.deadline import Deadline, TookTooLong
from holter.serving.reply import HTML, Reply, has_error, message

RUN_RAISED: Final = "An unexpected error occurred in scoring script. Check the logs for more info."
NOT_JSON: Final = "An unexpected internal error occurred. Check the logs for more info."
_BODILESS: Final = (204, 304)
_OURS: Final = frozenset(("content-length", "content-type", "connection", "transfer-encoding", "date"))
"""Headers that a script does not set itself: the server knows them better, or sends them already."""
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_log = logging.getLogger("holter.serving")


class Answering:
    """Asks the user's ``run`` and turns whatever comes of it into a reply. Never raises.

    A ``run`` that is a coroutine function is awaited: other requests are answered while it waits, and its time limit
    holds wherever it waits. One that computes without waiting holds the worker, as a plain ``run`` does, but is ended
    only with its worker.
    """

    def __init__(self, run: Callable[..., object] | Contract, timeout_ms: int) -> None:
        self.contract: Final = run if isinstance(run, Contract) else contract_of(run)
        self._run, self._timeout_ms = self.contract.ask, timeout_ms
        self._deadline = Deadline(0 if self.contract.asynchronous else timeout_ms)

    def __call__(self, argument: object) -> Reply:
        """Return the reply to what was read from a request."""
        started = perf_counter_ns()
        try:
            with self._deadline:
                result = self._run(argument)
        except TookTooLong:
            self._deadline.leave()  # a tick may have struck on the way out of the block
        except BaseException:  # noqa: BLE001  (a script that calls sys.exit() has failed, the worker has not)
            _log.exception("run() raised")
            if not self._deadline.passed:
                return message(500, RUN_RAISED, failed=True)
        if self._deadline.passed:
            return self._late()
        return self._succeeded(result, (perf_counter_ns() - started) / 1000)

    async def later(self, argument: object) -> Reply:
        """Return the reply of a ``run`` that is awaited."""
        started, limit = perf_counter_ns(), asyncio.timeout(self._timeout_ms / 1000 or None)
        try:
            async with limit:
                result = await self._run(argument)  # type: ignore[misc]  # its contract says that it can be awaited
        except asyncio.CancelledError:
            raise
        except BaseException:  # noqa: BLE001  (as above)
            if limit.expired():
                return self._late()
            _log.exception("run() raised")
            return message(500, RUN_RAISED, failed=True)
        return self._succeeded(result, (perf_counter_ns() - started) / 1000)

    def _late(self) -> Reply:
        _log.error("run() took longer than %d ms", self._timeout_ms)
        return Reply(500, f"Scoring timeout after {self._timeout_ms} ms".encode(), HTML, True, timed_out=True)

    def _succeeded(self, result: object, exec_us: float) -> Reply:
        if result is None:
            return Reply(200, b"{}", failed=False, exec_us=exec_us)
        try:
            if hasattr(result, "status_code"):
                return _chosen(result, exec_us)
            body = self.contract.write(result)
            soft_failed = has_error(result)
        except Exception:  # noqa: BLE001  (whatever a user's object does when it is looked at)
            _log.exception("what run() returned is not JSON")
            return message(500, NOT_JSON, failed=False)
        return Reply(200, body, failed=False, exec_us=exec_us, soft_failed=soft_failed)


def _chosen(response: Any, exec_us: float) -> Reply:
    """Return the reply that a script has made itself: an ``AMLResponse``, or Flask's.

    Raises
    ------
    ValueError
        If it is none that HTTP knows.
    """
    status, headers, body = response.status_code, dict(response.headers), response.get_data()
    if not 200 <= status <= 599:
        raise ValueError(f"{status} is no status of a reply")
    for name, value in headers.items():
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise ValueError(f"{name!r}: {value!r} is no header")
    kept = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in _free(headers))
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "text/html")
    failed = status >= 500 or bool(getattr(response, "run_function_failed", False))
    body = b"" if status in _BODILESS else body
    return Reply(
        status, body, kind.encode("latin-1"), failed, exec_us, soft_failed=_says_error(status, body), headers=kept
    )


def _free(headers: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.items() if name.lower() not in _OURS]


def _says_error(status: int, body: bytes) -> bool:
    return status == 200 and b'"error"' in body and has_error(body.decode(errors="replace"))
