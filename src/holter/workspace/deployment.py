"""A deployed model, as a user holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

from holter.errors import DeploymentFailed, InputError, NotRunning
from holter.registry import Shelves
from holter.registry.entries import STICKY_HEADER, Canary, DeploymentState, Wanted
from holter.registry.entries import Deployment as Entry
from holter.serving.keys import forget_keys, make_key, proofs
from holter.serving.logs import deployment_log, tail
from holter.serving.service import DID_NOT_START, TAKEN_BACK
from holter.store import Entry as LedgerEntry
from holter.types import Span, as_utc, parse_duration
from holter.workspace import tree
from holter.workspace.identity import actor
from holter.workspace.results import apparent

if TYPE_CHECKING:
    import pyarrow as pa

    from holter.capture.labels import Labelled
    from holter.workspace.results import Measurements

_POLL_SECONDS: Final = 0.1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(milliseconds=1)
"""The statistics of a Delta table are cut to milliseconds: its newest time may be later by as much."""
_TAIL_LINES: Final = 20


@dataclass(frozen=True)
class Deployment:
    """A name that is served; every property is read anew, so it is never out of date."""

    shelves: Shelves
    name: str

    def __repr__(self) -> str:
        entry = self.entry
        return f"<Deployment {self.name}: {entry.model}:{entry.wanted.version}, {self.state}, {self.scoring_uri}>"

    @property
    def entry(self) -> Entry:
        """All that is known. Raises NotFound when it was deleted."""
        return self.shelves.registry.deployment(self.name)

    @property
    def state(self) -> str:
        """``Transitioning``, ``Healthy``, ``Unhealthy``, ``Failed`` or ``Paused``.

        ``Healthy`` is what the supervisor last wrote; where none runs any more, nothing is.
        """
        seen = apparent(self.entry)
        gone = seen is DeploymentState.HEALTHY and not tree.held(self.shelves.root)
        return str(DeploymentState.UNHEALTHY if gone else seen)

    @property
    def scoring_uri(self) -> str:
        """Where to post rows."""
        return self.entry.scoring_uri

    @property
    def version(self) -> int:
        """The model version that is wanted; it answers once :attr:`state` is Healthy."""
        return self.entry.wanted.version

    def wait(self, timeout: float = 120.0) -> "Deployment":
        """Wait until the wanted version answers, and those that are wanted beside it do their work.

        One that is paused is waited for until it has stopped. Returns the deployment.

        Raises
        ------
        DeploymentFailed
            If it failed or was given up, with the end of its log, or has not come up after ``timeout`` seconds.
        NotRunning
            If no process tree serves the workspace.
        """
        deadline, began = monotonic() + timeout, self.entry.wanted
        while not _settled(entry := self.entry, tree.status(self.shelves.root)):
            if _rejected(entry):
                raise DeploymentFailed(self.name, entry.observed.detail, self.logs(_TAIL_LINES))
            if entry.wanted.version != began.version:
                why = f"version {began.version} gave way to version {entry.wanted.version}"
                raise DeploymentFailed(self.name, why, self.logs(_TAIL_LINES))
            if not tree.held(self.shelves.root):
                raise NotRunning(str(self.shelves.root))
            if monotonic() > deadline:
                why = f"still {entry.observed.state} after {timeout:g} s"
                raise DeploymentFailed(self.name, why, self.logs(_TAIL_LINES))
            sleep(_POLL_SECONDS)
        if _seconds(entry.wanted) != _seconds(began):
            raise DeploymentFailed(self.name, entry.observed.detail, self.logs(_TAIL_LINES))
        return self

    def log_labels(
        self,
        table: Any,
        *,
        key: str = "request_id",
        label: str = "label",
        row: str | None = None,
        received_at: datetime | None = None,
    ) -> "Labelled":
        """Hand in ground truth and return how many labels were taken; ``known`` of them belong to records by now.

        Parameters
        ----------
        table
            Anything :func:`holter.compare` takes: one row for each labelled record. Null labels are left out.
        key, label, row
            Its columns: the request id, the truth, and for requests of several rows the position from 0.
        received_at
            When the truth became known; now, if None. The newest label of a record wins.

        Raises
        ------
        UnknownColumn
            If the table does not have one of the columns.
        BadLabels
            If labels are no values of the model's task.
        """
        from holter.capture.labels import log_labels

        at = as_utc(received_at or datetime.now(UTC))
        return log_labels(self.shelves, self.name, table, key=key, label=label, row=row, received_at=at)

    def log(
        self,
        table: Any,
        *,
        key: str | None = None,
        time: str | None = None,
        zone: str | None = None,
        prediction: str | None = None,
        score: str | None = None,
        label: str | None = None,
    ) -> int:
        """Record rows that were scored elsewhere, as if this deployment had answered them; return how many were new.

        Parameters
        ----------
        table
            Anything :func:`holter.compare` takes.
        key, time, prediction, score, label
            Its columns: the request id (None: made from the rows), the event time (None: now), the answer, the
            probability of the positive class, the truth.
        zone
            The time zone of event times that have none.

        Raises
        ------
        InputError
            For a ``label`` without a ``key`` to join it by, or a time column without times.
        UnknownColumn
            For a named column that is not there.
        NaiveTime
            If a time has no zone and none was given.
        BadLabels
            If predictions or labels are no values of the model's task.
        """
        from holter.capture.log import log
        from holter.source import stream

        if label is not None and key is None:
            raise InputError("labels are joined by request id; say which column holds it: key=")
        whole, at = stream(table).read_all(), datetime.now(UTC)
        new = log(
            self.shelves,
            self.name,
            whole,
            received_at=at,
            key=key,
            time=time,
            zone=zone,
            prediction=prediction,
            score=score,
        )
        if label is not None and key is not None:
            self.log_labels(whole, key=key, label=label, received_at=at)
        return new

    def import_history(self, table: Any, **columns: Any) -> int:
        """Record history that may be larger than memory, part by part; return how many records were new.

        ``table`` and ``columns`` are as for :meth:`log`; ``version`` is the model version that answered.
        """
        from holter.capture.history import import_history

        return import_history(self.shelves, self.name, table, received_at=datetime.now(UTC), **columns)

    def records(self, since: datetime | None = None, until: datetime | None = None) -> "pa.Table":
        """Return what was scored from ``since`` up to ``until`` (event time), with the labels known by now.

        A request takes up to a second or two from its reply to this table.
        """
        records = self.shelves.records(self.name)
        newest = records.watermark()
        end = until or (newest + _TICK if newest else _EPOCH + _TICK)
        start = since or records.first() or _EPOCH
        return records.read(Span(min(start, end), end))

    def promote(self, version: int | None = None, *, reason: str = "asked for") -> "Deployment":
        """Let another version of the model take over, without a failed request; default: the canary's.

        It is tried with a request that was captured before it answers any, and returns to the version before if it
        cannot answer that, or fails more of its first requests than that did.

        Raises
        ------
        NotFound
            If the model has no such version.
        InputError
            If no version is given and there is no canary.
        """
        if version is None:
            canary = self.entry.wanted.canary
            if canary is None:
                raise InputError(f"{self.name} has no canary; say which version is to take over.")
            version = canary.version
        return self._want(version=version, reason=reason)

    def canary(
        self, version: int | None, *, weight: float = 5.0, key: str = STICKY_HEADER, reason: str = "asked for"
    ) -> "Deployment":
        """Let a second version answer a share of the requests; None ends that.

        Parameters
        ----------
        version
            Of the same model. What it answers is recorded with the role ``canary``.
        weight
            Its share in percent. A new weight for the same version moves no customer back.
        key
            Request header by whose value the version is drawn, so that a customer stays with one; ``body:customer``
            names a field of a JSON body instead, ``body:who.id`` one within an object. Requests without it are drawn
            by their id.

        Raises
        ------
        NotFound
            If the model has no such version.
        InputError
            If that version answers already, the weight is no share, or the key neither a header nor a field.
        """
        wanted = None if version is None else Canary(version, weight, key)
        self.shelves.registry.want_canary(self.name, wanted, actor=actor(), reason=reason)
        return self

    def shadow(self, version: int | None, *, reason: str = "asked for") -> "Deployment":
        """Let a second version score what is captured, off the request path; None ends that.

        Its answers are recorded with the role ``shadow``, under the request ids of the originals.

        Raises
        ------
        NotFound
            If the model has no such version.
        InputError
            If that version answers already, or what arrives is not captured as it is.
        """
        self.shelves.registry.want_shadow(self.name, version, actor=actor(), reason=reason)
        return self

    def challenger(self, over: timedelta | str = "7d") -> "Measurements":
        """Compare what canary and shadow answered with the champion's answers, over a stretch up to the newest record.

        See :class:`holter.signals.challenger.Challenger`. Empty while nothing is recorded.

        Raises
        ------
        BadDuration
            If ``over`` is no duration.
        """
        from holter.workspace.rivalry import rivalry

        return rivalry(self.shelves, self.name, parse_duration(over))

    def rollback(self, *, reason: str = "asked for") -> "Deployment":
        """Return to the version before.

        Raises
        ------
        InputError
            If there was none.
        """
        previous = self.entry.wanted.previous
        if previous is None:
            raise InputError(f"{self.name} has only ever served one version; there is nothing to return to.")
        return self._want(version=previous, reason=reason)

    def pause(self, *, reason: str = "asked for") -> "Deployment":
        """Stop serving; records, port and monitors stay."""
        return self._want(paused=True, reason=reason)

    def resume(self, *, reason: str = "asked for") -> "Deployment":
        """Serve again."""
        return self._want(paused=False, reason=reason)

    def delete(self, *, purge: bool = False) -> None:
        """Stop serving for good. Its records stay on disk, unless ``purge`` asks for their removal."""
        self.shelves.registry.delete(self.name, purge=purge, actor=actor())
        forget_keys(self.shelves.root, self.name)

    @property
    def keys(self) -> Mapping[str, datetime]:
        """When its keys were made, by slot; without any, a deployment with ``auth`` lets nobody in.

        The keys themselves are not kept: :meth:`regenerate_key` shows a new one, once.
        """
        return {slot: proof.made for slot, proof in proofs(self.shelves.root, self.name).items()}

    def regenerate_key(self, slot: str = "primary", key: str | None = None) -> str:
        """Replace one of its two keys, at once, and return it; nobody can read it afterwards.

        Parameters
        ----------
        slot
            ``primary`` or ``secondary``. The other one stays good, so that clients can move over first.
        key
            One to use; default: a random one.

        Raises
        ------
        NotFound
            If the deployment was deleted.
        InputError
            If there is no such slot, or the given key is too short.
        """
        _ = self.entry
        now = datetime.now(UTC)
        made = make_key(self.shelves.root, self.name, slot, now, key)
        with self.shelves.facts.begin() as transaction:
            facts = {"slot": slot, "given": key is not None}
            transaction.record(LedgerEntry(actor(), "deployment.key", f"deployment:{self.name}", facts=facts), now)
        return made

    def logs(self, lines: int = 200) -> str:
        """Return the end of what its workers wrote."""
        return tail(deployment_log(self.shelves.root, self.name), lines)

    def _want(self, *, reason: str, **wanted: Any) -> "Deployment":
        self.shelves.registry.want(self.name, actor=actor(), reason=reason, **wanted)
        return self


def _settled(entry: Entry, found: tree.TreeStatus) -> bool:
    """Tell whether the tree that runs now is where it should be; one that was killed could not take its words back."""
    seen = entry.observed
    if found.started is None or seen.at is None or seen.at < datetime.fromisoformat(found.started):
        return False
    if entry.wanted.paused:
        return seen.state is DeploymentState.PAUSED
    answers = seen.state is DeploymentState.HEALTHY and seen.version == entry.wanted.version
    return answers and (seen.canary, seen.shadow) == _seconds(entry.wanted)


def _seconds(wanted: Wanted) -> tuple[int | None, int | None]:
    """Return the versions that are wanted as canary and as shadow."""
    return wanted.canary.version if wanted.canary else None, wanted.shadow


def _rejected(entry: Entry) -> bool:
    """Tell whether the supervisor has given a version up; the one before may go on serving."""
    seen = entry.observed
    given_up = DID_NOT_START in seen.headline or TAKEN_BACK in seen.headline
    kept = seen.state is DeploymentState.UNHEALTHY and given_up
    return seen.at is not None and (seen.state is DeploymentState.FAILED or kept)
