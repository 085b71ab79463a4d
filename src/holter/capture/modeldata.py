"""Frames that ``azureml-ai-monitoring`` hands in, kept as Azure's collector keeps them: lines of JSON by hour.

``modeldata/<shelf>/<collection>/<yyyy>/<MM>/<dd>/<HH>/<process>.jsonl`` below the workspace, each line a CloudEvent
with the rows of one frame. ``holter import azure-data`` makes records of such a tree.
"""

import os
import re
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from holter.errors import InputError, JournalFull
from holter.registry.settings import Settings

MOST_BYTES: Final = 16 << 20
"""A larger frame is refused."""
MOST_KEPT: Final = 4 << 30
"""Bytes that the frames of a deployment may hold; more are refused."""
TYPE: Final = "azureml.inference."
"""How ``ce-type`` begins; the name of the collection follows."""
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LONGEST: Final = 200
_QUEUE: Final = "50000"
"""Frames that may wait in a worker: the client raises into run() when its queue is full, by itself at 1,500."""
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::", "127.0.0.1", "localhost"})  # noqa: S104  (asked about, not bound)


class CollectedFrame(msgspec.Struct, frozen=True, omit_defaults=True, rename="lower"):
    """One frame: the rows of a collection that belong to one correlation id, as a CloudEvent."""

    type: str
    id: str
    time: str
    data: Any
    correlationid: str
    modelversion: str = ""
    agent: str = ""
    specversion: str = "1.0"
    datacontenttype: str = "application/json"

    @property
    def collection(self) -> str:
        """Name of the collection."""
        return self.type.removeprefix(TYPE)


def modeldata_folder(root: Path, source: str) -> Path:
    """Return where the frames of a source (the shelf of a deployment, or programs outside of the tree) are."""
    return root / "modeldata" / source


def collector_environment(settings: Settings, deployment: str) -> Mapping[str, str]:
    """Return the variables that let an unchanged ``Collector`` in a worker find the dashboard's receiver.

    The client sends no name of its deployment. It is given one in its address, which it sends as a user name.
    """
    if not settings.port or settings.host not in _EVERYWHERE:
        return {}
    return {
        "AZUREML_MDC_ENABLED": "true",
        "AZUREML_MDC_HOST": f"{deployment}:collector@127.0.0.1",
        "AZUREML_MDC_PORT": str(settings.port),
        "AZUREML_MDC_QUEUE_CAPACITY": _QUEUE,
    }


def frame_from(headers: Mapping[str, str], body: bytes, now: datetime) -> CollectedFrame:
    """Return the frame that a request holds.

    Raises
    ------
    InputError
        If it names no collection, or its rows are no JSON records.
    """
    collection = headers.get("ce-type", "").removeprefix(TYPE)
    if not _NAME.fullmatch(collection):
        raise InputError(f"ce-type is {headers.get('ce-type', '')[:_LONGEST]!r}, not {TYPE}NAME.")
    try:
        rows = msgspec.json.decode(body, type=list[dict[str, Any]])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(f"the body is no list of records: {error}") from error
    trace = headers.get("trace-id", "")[:_LONGEST]
    return CollectedFrame(
        f"{TYPE}{collection}",
        trace,
        _moment(headers.get("ce-time", ""), now).isoformat(),
        rows,
        headers.get("ce-x-request-id", "")[:_LONGEST] or trace,
        headers.get("ce-model-version", "")[:_LONGEST],
        headers.get("ce-agent", "")[:_LONGEST],
    )


def _moment(seconds: str, now: datetime) -> datetime:
    """Return the time of a frame in seconds since 1970; now, where it says none or one that cannot be."""
    try:
        at = datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return at if at <= now + timedelta(days=1) else now


class FrameFiles:
    """Appends frames to the files of one source.

    Parameters
    ----------
    folder
        :func:`modeldata_folder`.
    most
        Bytes it may hold.
    """

    def __init__(self, folder: Path, most: int = MOST_KEPT) -> None:
        self._folder, self._most = folder, most
        self._held, self._weighed = 0, float("-inf")

    def append(self, frame: CollectedFrame, now: datetime) -> None:
        """Write a frame, whole or not at all, by the hour in which it came.

        Raises
        ------
        JournalFull
            If the disk does not take it, or the folder holds as much as it may.
        """
        line = msgspec.json.encode(frame) + b"\n"
        if self._weight() + len(line) > self._most:
            raise JournalFull(str(self._folder), f"it holds {self._held >> 20} MiB of frames and may hold no more")
        path = self._folder / frame.collection / f"{now:%Y/%m/%d/%H}" / f"{os.getpid()}.jsonl"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, line)
        except OSError as error:
            raise JournalFull(str(path), error.strerror or str(error)) from error
        self._held += len(line)

    def _weight(self) -> int:
        if time.monotonic() - self._weighed > 60:  # others may have removed some
            self._held = sum(path.stat().st_size for path in self._folder.rglob("*.jsonl"))
            self._weighed = time.monotonic()
        return self._held


def expire_frames(folder: Path, before: datetime) -> int:
    """Remove the frames of days that had ended by a moment, and return how many files went."""
    removed = 0
    for day in folder.glob("*/[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"):
        try:
            begun = datetime.strptime("/".join(day.parts[-3:]), "%Y/%m/%d").replace(tzinfo=UTC)
        except ValueError:
            continue  # somebody else's folder
        if begun + timedelta(days=1) <= before:
            removed += sum(1 for _ in day.rglob("*.jsonl"))
            shutil.rmtree(day)
    return removed


def _write(path: Path, line: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        before = os.fstat(handle).st_size
        if os.write(handle, line) != len(line):
            os.ftruncate(handle, before)
            raise OSError(28, "no space left on the device")
    finally:
        os.close(handle)
