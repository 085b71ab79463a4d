"""Jobs: what was asked for is done, once, by one process at a time."""

import logging
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from holter.errors import HolterError, LeaseLost
from holter.registry import Shelves
from holter.respond import consent
from holter.respond.answer import Answer, Bench, Outcome, subject_of
from holter.respond.deliverer import holder_name, running_clock
from holter.respond.kinds import named
from holter.respond.line import Clock
from holter.store.kept import Entry, Job, JobState, Lease

_log = logging.getLogger("holter.respond")

ATTEMPTS: Final = 5
"""How often a job is begun when the process running it keeps dying. A job that fails by itself is not repeated."""
AT_ONCE: Final = 4
"""How many jobs one process runs at a time."""
_LEASE: Final = timedelta(seconds=30)
_STOPS: Final = "stops"
"""Where the result of a job counts the attempts that ended because their process was asked to: nothing died of it."""


class Responder:
    """Runs the jobs that alerts have asked for.

    Parameters
    ----------
    shelves
        The workspace.
    python
        The words that start Python, for the steps that run in a process of their own.
    holder
        Name for leases; a fresh one by default.
    lease
        How long a job may stand still before another process takes it over.
    """

    def __init__(
        self,
        shelves: Shelves,
        python: Sequence[str] = (sys.executable,),
        holder: str | None = None,
        *,
        lease: timedelta = _LEASE,
    ) -> None:
        self._shelves = shelves
        self._python = tuple(python)
        self._holder = holder or holder_name()
        self._lease = lease
        self._leaving, self._running = threading.Event(), set[threading.Event]()
        self._busy: dict[str, tuple[str, str | None]] = {}

    def leave(self) -> None:
        """Begin nothing more, and end the command that runs; its job is wanted again, by whoever comes next.

        May be called from any thread; returns at once.
        """
        self._leaving.set()
        for stop in list(self._running):
            stop.set()

    def turn(self, now: datetime) -> int:
        """Begin what is wanted, each job in a thread of its own, and return how many were begun, at once.

        So a retraining of ten minutes keeps no rollback waiting. Jobs of one kind for one deployment come one after
        the other, and no more than :data:`AT_ONCE` run at a time.
        """
        begun = 0
        self._let_go(running_clock(now))
        for job in self._open_jobs():
            place = (job.kind, job.deployment)
            if self._leaving.is_set() or len(self._busy) >= AT_ONCE:
                break
            if job.key in self._busy or place in self._busy.values():
                continue
            self._busy[job.key] = place
            # No daemon, said aloud since a thread is what its maker is, and the loop is one: a process that is asked to
            # end waits until its jobs have noted where they stand.
            asked = (job, running_clock(now))
            threading.Thread(target=self._alone, args=asked, name=f"job {job.key}", daemon=False).start()
            begun += 1
        return begun

    def _alone(self, job: Job, clock: Clock) -> None:
        try:
            self._lead(job, clock)
        except Exception:  # noqa: BLE001  (a database that is away: the job is still wanted, and begun again)
            _log.exception("job %s", job.key)
        finally:
            del self._busy[job.key]

    def once(self, now: datetime) -> list[Job]:
        """Run every job that is wanted, or that a dead process left running; return them as they ended."""
        clock, ended = running_clock(now), []
        self._let_go(clock)
        for job in self._open_jobs():
            if self._leaving.is_set():
                break
            if self._lead(job, clock):
                ended += [each for each in self._shelves.facts.jobs() if each.key == job.key]
        return ended

    def _let_go(self, clock: Clock) -> None:
        """End the jobs that nobody has approved in time."""
        for job in self._shelves.facts.jobs(state=JobState.WAITING):
            late = consent.expired(job, clock())
            lease = late and self._shelves.facts.acquire(f"job:{job.key}", self._holder, self._lease, clock())
            if late and lease:
                self._move(job, lease, late, clock)
                self._shelves.facts.release(lease)

    def _lead(self, job: Job, clock: Clock) -> bool:
        """Run a job under its lease; False when another holds that."""
        lease = self._shelves.facts.acquire(f"job:{job.key}", self._holder, self._lease, clock())
        if lease is None:
            return False
        try:
            with self._kept(lease, clock) as stop:
                self._run(job.key, lease, stop, clock)
        except LeaseLost:
            _log.warning("another process took over job %s", job.key)
        finally:
            self._shelves.facts.release(lease)
        return True

    def _open_jobs(self) -> list[Job]:
        facts = self._shelves.facts
        return [*facts.jobs(state=JobState.RUNNING), *facts.jobs(state=JobState.WANTED)]

    @contextmanager
    def _kept(self, lease: Lease, clock: Clock) -> Iterator[threading.Event]:
        """Renew a lease until the block ends; the event is set if that fails."""
        stop, done = threading.Event(), threading.Event()
        self._running.add(stop)
        if self._leaving.is_set():
            stop.set()

        def renew() -> None:
            while not done.wait(self._lease.total_seconds() / 3):
                try:
                    renewed = self._shelves.facts.acquire(lease.name, self._holder, self._lease, clock())
                except Exception:  # noqa: BLE001  (a busy database takes no lease away; the next round finds out)
                    _log.exception("lease %s could not be renewed", lease.name)
                    continue
                if renewed is None or renewed.token != lease.token:
                    stop.set()
                    return

        thread = threading.Thread(target=renew, name=lease.name, daemon=True)
        thread.start()
        try:
            yield stop
        finally:
            self._running.discard(stop)
            done.set()
            thread.join()

    def _run(self, key: str, lease: Lease, stop: threading.Event, clock: Clock) -> None:
        # Read again under the lease: another process may have ended it since it was listed.
        job = next((each for each in self._open_jobs() if each.key == key), None)
        if job is None:
            return
        halted = consent.before(job, self._shelves.facts.jobs(), clock()) if job.state is JobState.WANTED else None
        if halted is not None:
            self._move(job, lease, halted, clock)
            return
        stops = int(job.result.get(_STOPS, 0))
        if job.attempts - stops >= ATTEMPTS:
            why = f"the process that ran it died {job.attempts - stops} times"
            self._move(job, lease, Outcome(JobState.FAILED, why), clock)
            return
        self._move(job, lease, Outcome(JobState.RUNNING, f"{job.attempts + 1}. attempt", dict(job.result)), clock)
        folder = self._shelves.root / "jobs" / job.key
        outcome = self._act(Bench(self._shelves, job, folder, self._python, stop, clock, lease))
        if outcome.state is JobState.FAILED and self._leaving.is_set():
            why = "stopped with the process that ran it; the next one begins it again"
            outcome = Outcome(JobState.WANTED, why, {_STOPS: stops + 1})
        self._move(job, lease, outcome, clock)

    def _act(self, bench: Bench) -> Outcome:
        try:
            kind = named(bench.job.kind)
            if not isinstance(kind, Answer):
                return Outcome(JobState.FAILED, f"{kind.name} is a channel, not a job")
            bench.folder.mkdir(parents=True, exist_ok=True)
            return kind.act(bench)
        except HolterError as error:
            return Outcome(JobState.FAILED, str(error))
        except Exception as error:  # noqa: BLE001  (a plugin's defect fails its job, not the loop)
            _log.exception("job %s", bench.job.key)
            return Outcome(JobState.FAILED, f"{type(error).__name__}: {error}")

    def _move(self, job: Job, lease: Lease, outcome: Outcome, clock: Clock) -> None:
        facts: Mapping[str, Any] = {**outcome.facts, "reason": outcome.reason}
        about = {"job": job.key, "alert": job.alert, "monitor": job.monitor, "at": job.at.isoformat(), **facts}
        entry = Entry(f"job:{job.key}", f"{job.kind}.{outcome.state}", subject_of(job), outcome.reason, about)
        with self._shelves.facts.begin() as transaction:
            transaction.guard(lease)
            transaction.move_job(job.key, outcome.state, facts)
            transaction.record(entry, clock())
