"""What the long-running commands do in their own process: ``up`` and ``beat``."""

import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from holter.capture.compactor import Compactor
from holter.capture.telemetry_intake import TelemetryIntake
from holter.errors import StillRunning
from holter.registry import Shelves
from holter.serving.condition import Condition
from holter.workspace import tree
from holter.workspace.beating import Loop, on_signal, run

_DELIVER_SECONDS: Final = 0.5
_RESPOND_SECONDS: Final = 0.5
_TELEMETRY_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 5.0
"""How often journals and workers are measured."""
_COMPACT_SECONDS: Final = 0.3
"""How often journals are looked at; the settings say how long a record may wait."""


def up(root: Path, say: Callable[[str], object]) -> None:
    """Hold the workspace and run its process tree, or, where another process holds it, only beat."""
    speak()
    if not tree.held(root):
        from holter.serving.supervisor import Supervisor

        say(f"Serving {root}; Ctrl-C stops it. Where the dashboard is: holter status")
        companions = {name: tree.command(root, name, "--companion") for name in ("beat", "web")}
        try:
            Supervisor(Shelves.open(root), companions).run()
        except StillRunning:
            pass  # somebody was faster: then this one beats as well
        else:
            return
    stop = on_signal()  # before it is said: whoever reads it may send one at once
    say(f"{tree.status(root)}. This process only beats; stop it with Ctrl-C.")
    beat(root, companion=False, stop=stop)


def beat(root: Path, *, companion: bool, stop: threading.Event | None = None) -> None:
    """Beat until stopped. Journals belong to the tree: only its companion compacts them."""
    speak()
    stop = stop or on_signal()
    parent = supervisor_of(root) if companion else None
    compactor = Compactor(Shelves.open(root)) if companion else None
    taking = (*recording(compactor), *measuring(Shelves.open(root))) if compactor else ()
    run((*judging(Shelves.open(root)), *taking), stop, parent)
    if compactor is not None and os.getppid() == parent:
        compactor.once(now(), flush=True)  # the workers have ended: nothing waits in a journal until the next start


def judging(shelves: Shelves) -> tuple[Loop, ...]:
    """Return the work that any number of processes may share: leases and keys keep them apart."""
    from holter.monitor import Beat
    from holter.respond import Deliverer, Responder
    from holter.respond.heartbeat import SECONDS, Heartbeat

    beating, heartbeat = Beat(shelves), Heartbeat(shelves)
    deliverer, responder = Deliverer(shelves), Responder(shelves)
    return (
        Loop("beat", shelves.settings.beat_seconds, lambda: heartbeat.passed(well=not beating.once(now()).errors)),
        Loop("delivery", _DELIVER_SECONDS, lambda: deliverer.once(now())),
        Loop("responses", _RESPOND_SECONDS, lambda: responder.turn(now()), responder.leave),
        Loop("heartbeat", min(SECONDS, shelves.settings.beat_seconds * 12), heartbeat.once),
    )


def recording(compactor: Compactor) -> tuple[Loop, ...]:
    """Return the work of one process alone: journals into tables."""
    return (Loop("compaction", _COMPACT_SECONDS, lambda: compactor.once(now())),)


def measuring(shelves: Shelves) -> tuple[Loop, ...]:
    """Return the work of one process alone: what user code measured, and how the service is, into series."""
    condition = Condition(shelves)
    return (
        Loop("telemetry", _TELEMETRY_SECONDS, TelemetryIntake(shelves).once),
        Loop("service", _LOOK_SECONDS, lambda: condition.once(now())),
    )


def supervisor_of(root: Path) -> int:
    """Return the process that a companion belongs to; 0, which is nobody's parent, when it has gone already."""
    return tree.status(root).pid or 0


def now() -> datetime:
    """Return the time by the wall clock, in UTC."""
    return datetime.now(UTC)


def speak() -> None:
    """Write what the rooms have to say to standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
