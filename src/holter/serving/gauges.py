"""How the workers of each deployment are, for whoever watches this machine: the supervisor writes it, others read it.

A file, so that the page that answers probes never waits for a worker, nor for the supervisor.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from holter.serving.pool import Pool

EVERY_SECONDS: Final = 1.0
"""How often the supervisor writes it."""


class Gauge(msgspec.Struct, frozen=True):
    """The workers of one version of a deployment, as of a second ago.

    ``answered``, ``failed`` (500 or more, or lost with a worker) and ``replaced`` (workers) count since the version was
    started, and so does ``busy_us``, in which a worker could take no other request; ``memory`` is in bytes, of all its
    processes; ``waiting`` requests wait for a worker's turn.
    """

    deployment: str
    version: int
    role: str
    workers: int
    listening: int
    replaced: int
    answered: int
    failed: int
    gaps: int
    memory: int
    busy_us: int = 0
    waiting: int = 0


_GAUGES: Final = msgspec.json.Decoder(list[Gauge])


def gauge_of(pool: Pool) -> Gauge:
    """Return how a pool is."""
    order, score = pool.plan.order, pool.score
    return Gauge(
        order.deployment,
        order.version,
        order.role,
        pool.size,
        pool.listening,
        pool.replaced,
        score.answered,
        score.failed,
        pool.gaps,
        pool.memory,
        pool.busy_us,
        pool.waiting,
    )


def gauge_file(root: Path) -> Path:
    """Return where it is written."""
    return root / "run" / "workers.json"


def write(root: Path, gauges: Iterable[Gauge]) -> None:
    """Write how the workers are; whoever reads meanwhile reads what was written before."""
    path = gauge_file(root)
    half = path.with_suffix(".new")
    half.write_bytes(msgspec.json.encode(list(gauges)))
    half.replace(path)


def written(root: Path) -> float:
    """Return when it was last written, in seconds of the wall clock; 0 when never."""
    try:
        return gauge_file(root).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def read(root: Path) -> Sequence[Gauge]:
    """Return what was last written; nothing where that cannot be read."""
    try:
        return _GAUGES.decode(gauge_file(root).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return []
