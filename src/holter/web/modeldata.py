"""What an unmodified ``azureml-ai-monitoring`` sends: ``POST /modeldata/log``."""

import base64
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from holter.capture.modeldata import MOST_BYTES, CollectedFrame, FrameFiles, frame_from, modeldata_folder
from holter.capture.places import telemetry_folder
from holter.capture.redaction import Redactor, ensure_key
from holter.capture.telemetry import OUTSIDE, Item, spool_of
from holter.errors import InputError, JournalFull
from holter.registry import Shelves
from holter.types import SeriesKind
from holter.web.guard import is_loopback

PATH: Final = "/modeldata/log"
_KNOWN_SECONDS: Final = 5.0
"""How long it is remembered which deployments there are."""


class Receiver:
    """Keeps frames, and counts their rows as the series ``modeldata.<collection>`` of their deployment."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._known: Mapping[str, tuple[str, Redactor | None]] = {}
        self._asked = float("-inf")
        self._files: dict[str, FrameFiles] = {}
        self._lock = Lock()

    def keep(self, deployment: str, headers: Mapping[str, str], body: bytes, now: datetime) -> CollectedFrame:
        """Write a frame to disk and return it.

        Raises
        ------
        InputError
            If it is none.
        JournalFull
            If it cannot be written.
        """
        with self._lock:
            source, redactor = self._source(deployment)
            frame = frame_from(headers, body if redactor is None else redactor.request(body), now)
            files = self._files.setdefault(source, FrameFiles(modeldata_folder(self._shelves.root, source)))
            files.append(frame, now)
        count = len(frame.data)
        if count:
            name, at_us = f"modeldata.{frame.collection}", int(now.timestamp() * 1_000_000)
            item = Item(SeriesKind.EVENT, name, at_us, value=float(count), count=count)
            spool_of(telemetry_folder(self._shelves.root, source)).put(item)
        return frame

    def _source(self, deployment: str) -> tuple[str, Redactor | None]:
        if time.monotonic() - self._asked > _KNOWN_SECONDS:
            entries = self._shelves.registry.deployments()
            self._known = {entry.name: (entry.shelf, self._redactor(entry.settings.redact)) for entry in entries}
            self._asked = time.monotonic()
        return self._known.get(deployment, (OUTSIDE, None))

    def _redactor(self, policy: Mapping[str, str]) -> Redactor | None:
        return Redactor(policy, (), ensure_key(self._shelves.root)) if policy else None


def modeldata_routes(shelves: Shelves) -> APIRouter:
    """Return the route for collected frames. It asks for no token, and answers this machine alone."""
    routes, receiver = APIRouter(), Receiver(shelves)

    async def log(request: Request) -> Response:
        if request.client is None or not is_loopback(request.client.host):
            return JSONResponse({"error": "frames are taken from this machine alone."}, 403)
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return JSONResponse({"error": f"the frame has more than {MOST_BYTES >> 20} MiB."}, 413)
        named = _user(request.headers.get("authorization", ""))
        try:
            await run_in_threadpool(receiver.keep, named, request.headers, bytes(body), datetime.now(UTC))
        except InputError as error:
            return JSONResponse({"error": str(error)}, 400)
        except JournalFull as error:
            return JSONResponse({"error": str(error)}, 507)
        return JSONResponse({"status": "kept"})

    routes.add_api_route(PATH, log, methods=["POST"], include_in_schema=False)
    return routes


def _user(authorization: str) -> str:
    """Return the user name of a Basic header: the deployment; empty without one."""
    kind, _, text = authorization.partition(" ")
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[0] if kind.lower() == "basic" else ""
    except ValueError:
        return ""
