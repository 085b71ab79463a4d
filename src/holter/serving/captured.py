"""A request that the running version has answered, as a smoke test for the next one."""

from itertools import islice
from pathlib import Path
from typing import Final

from holter.capture import segments as journal
from holter.capture.frame import Frame
from holter.errors import HolterError
from holter.serving.entry import SAMPLE
from holter.serving.order import Order

_FRAMES: Final = 1_000
"""How many frames of a journal are looked at: a deployment that fails all of them has no request to show."""


def smoke_request(target: Path, running: Order) -> Path | None:
    """Write a request that a version has answered to a file, and return it; None when none can be found.

    None too where the deployment brings a sample of its own (``sample.json`` beside its script): that says which
    requests are to work from now on, and each worker scores it anyway.
    """
    target.unlink(missing_ok=True)
    if running.journal is None or (running.script.parent / SAMPLE).is_file():
        return None
    for segment in reversed(journal.segments(Path(running.journal))):
        body = _answered(segment, running.version)
        if body is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            half = target.with_suffix(".new")
            half.touch(mode=0o600)
            half.write_bytes(body)
            half.replace(target)
            return target
    return None


def _answered(segment: Path, version: int) -> bytes | None:
    try:
        frames = islice(journal.read(segment, damaged=lambda _: None), _FRAMES)
        return next((frame.request for frame, _ in frames if _good(frame, version)), None)
    except (HolterError, OSError):  # no longer there, or not to be read: another may be
        return None


def _good(frame: Frame, version: int) -> bool:
    return frame.status == 200 and frame.version == version and not frame.soft_failed and not frame.timed_out
