"""The workspace: one folder with everything in it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holter.errors import InputError
from holter.registry import Shelves
from holter.registry.entries import DeploymentSettings, ModelVersion, MonitorEntry
from holter.rules import Alert, Budget, Rule
from holter.serving.tls import check_certificate
from holter.store.kept import JobState
from holter.types import Task
from holter.workspace import tree
from holter.workspace.auditing import Audit
from holter.workspace.baseline import Roles
from holter.workspace.deployment import Deployment
from holter.workspace.identity import actor
from holter.workspace.models import Models
from holter.workspace.monitor import Monitor
from holter.workspace.results import Alerts, Answers, Deployments, Ledger, Monitors
from holter.workspace.silencing import Silences
from holter.workspace.watching import as_budget, checked, checked_segments, duration, keep_baseline, known, table_target

if TYPE_CHECKING:
    from holter.capture.erasing import Erasure
    from holter.workspace.keeping import Kept
    from holter.workspace.services import Services

_DAY = timedelta(days=1)
_UNDER_WAY = (JobState.WANTED, JobState.RUNNING)


def open(path: str | Path = "holter", *, create: bool = True) -> "Workspace":  # noqa: A001  (the verb users expect)
    """Open a workspace, and create it if it is not there.

    Parameters
    ----------
    path
        Its folder.
    create
        False refuses to create one.

    Raises
    ------
    NotFound
        If there is none and ``create`` is False.
    BadSetting
        If ``holter.toml`` or a ``HOLTER_`` variable cannot be followed.
    NewerFormat
        If a newer Holter wrote it.
    """
    return Workspace(Shelves.open(Path(path), create=create))


class Workspace:
    """Models, deployments, monitors, alerts and the ledger of one folder."""

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves
        self.models = Models(shelves)
        self.audit = Audit(shelves)
        self.silences = Silences(shelves)

    def __repr__(self) -> str:
        return f"<Workspace {self.root}>"

    @property
    def root(self) -> Path:
        """The folder."""
        return self.shelves.root

    @property
    def status(self) -> tree.TreeStatus:
        """Whether a process tree serves it, and where its dashboard is."""
        return tree.status(self.root)

    @property
    def dashboard(self) -> str | None:
        """Address of the dashboard; None while no process tree runs."""
        return self.status.dashboard

    def stop(self) -> None:
        """Stop the process tree, if one runs, and wait until it is gone; nothing recorded is lost."""
        if self.status.running:
            tree.stop(self.root)

    def deploy(
        self,
        name: str,
        model: ModelVersion | str,
        *,
        entry_script: str | Path,
        source: str | Path | None = None,
        overwrite: bool = False,
        start: bool = True,
        **settings: Any,
    ) -> Deployment:
        """Put a model behind a scoring URI; returns at once, see :meth:`Deployment.wait`.

        Parameters
        ----------
        name
            3 to 32 lower-case letters, digits and ``-``.
        model
            A registered version, or ``name`` (the newest) or ``name:version``.
        entry_script
            Python file with ``init()`` and ``run(data)``.
        source
            Folder that is copied with it, ``entry_script`` then being relative to it; None copies the script alone.
        overwrite
            Replace the deployment of that name; it goes on answering until the new one does.
        start
            Start the process tree in the background when none runs.
        **settings
            The fields of :class:`holter.registry.entries.DeploymentSettings`: ``workers``, ``timeout_ms``,
            ``event_time_header`` and so on.

        Raises
        ------
        NotFound
            If there is no such model or version.
        AlreadyExists
            If the name is taken and ``overwrite`` is False.
        BadScript
            If the script could never serve.
        InputError
            If a setting is unknown, or a certificate cannot be used.
        """
        unknown = set(settings) - set(DeploymentSettings.__dataclass_fields__)
        if unknown:
            raise InputError(f"a deployment has no setting {min(unknown)!r}.")
        if "ssl_certfile" in settings or "ssl_keyfile" in settings:
            files = check_certificate(settings.get("ssl_certfile"), settings.get("ssl_keyfile"))
            settings |= {"ssl_certfile": files[0], "ssl_keyfile": files[1]}
        self.shelves.registry.deploy(
            name,
            self._version(model),
            source=None if source is None else Path(source),
            entry_script=str(entry_script),
            settings=DeploymentSettings(**settings),
            overwrite=overwrite,
            actor=actor(),
        )
        if start:
            tree.ensure(self.root)
        return Deployment(self.shelves, name)

    def _version(self, model: ModelVersion | str) -> ModelVersion:
        if isinstance(model, ModelVersion):
            return model
        name, colon, version = model.partition(":")
        if colon and not version.isdigit():
            raise InputError(f"{model!r} is not a model. Write NAME or NAME:VERSION, for example churn:3.")
        return self.models.get(name, int(version) if colon else None)

    def deployment(self, name: str) -> Deployment:
        """Return a deployment. Raises NotFound."""
        found = Deployment(self.shelves, name)
        _ = found.entry
        return found

    def deployments(self) -> Deployments:
        """Return every deployment."""
        return Deployments(tuple(self.shelves.registry.deployments()))

    def services(self) -> "Services":
        """Return how the service of each deployment is now: workers, requests in line, journal. Empty: nothing runs."""
        from holter.report.service import lately
        from holter.workspace.services import ServiceNow, Services

        now = datetime.now(UTC)
        found = ((each.name, lately(self.shelves, each.shelf, now)) for each in self.shelves.registry.deployments())
        return Services(tuple(ServiceNow(name, seen) for name, seen in found if seen))

    def kept(self) -> "Kept":
        """Return what is kept of each deployment, deleted ones too, and how the journals stand."""
        from holter.capture.health import healths
        from holter.workspace.keeping import Kept

        return Kept(tuple(healths(self.shelves, datetime.now(UTC))))

    def erase(self, deployment: str, column: str, value: str) -> "Erasure":
        """Erase the records where a column has a value, wherever they are; see :func:`holter.capture.erasing.erase`.

        Raises
        ------
        NotFound
            If there is no such deployment and nothing is left of one.
        UnknownColumn
            If no record has the column.
        """
        from holter.capture.erasing import erase

        return erase(self.shelves, deployment, column, value, actor=actor(), now=datetime.now(UTC))

    def purge(self, deployment: str) -> tuple[int, int]:
        """Remove what a deleted deployment has left; return how many sets of records went, and how many will soon.

        Raises
        ------
        NotFound
            If nothing is left of it.
        InUse
            If it was not deleted.
        """
        from holter.capture.purging import purge

        unwanted = self.shelves.registry.unwant(deployment, actor=actor())
        removed = sum(purge(self.shelves, shelf) for shelf in unwanted)
        return removed, len(unwanted) - removed

    def monitor(
        self,
        name: str,
        target: Deployment | str | Path | None = None,
        *,
        every: str | timedelta = "1d",
        over: str | timedelta | None = None,
        time: str | None = None,
        prediction: str | None = None,
        score: str | None = None,
        label: str | None = None,
        task: Task | str | None = None,
        features: Sequence[str] | None = None,
        signals: Sequence[str] | None = None,
        rules: Sequence[Rule | Mapping[str, Any]] = (),
        lateness: str | timedelta | None = None,
        label_delay: str | timedelta | None = None,
        event_clock: bool = False,
        baseline: Any = None,
        budget: Budget | Mapping[str, Any] | float | str | None = None,
        segments: Sequence[str] = (),
        options: Mapping[str, Mapping[str, Any]] | None = None,
        overwrite: bool = False,
    ) -> Monitor:
        """Watch a deployment or a table; without ``target``, return the monitor of that name.

        Parameters
        ----------
        name
            Letters, digits, ``-`` and ``_``.
        target
            A deployment or its name, or the path (glob, Delta folder) of a table that others write; a name with a time
            column (``time=``) is a path.
        every, over
            A window closes each ``every`` and reaches back ``over`` (as long as ``every``, when None).
        time, prediction, score, label
            Columns of a table: event time, the answer, the probability of the positive class, the truth. For a
            deployment they name columns of ``baseline``.
        task
            Of a table; None finds it from the label.
        features
            Columns of a table that are watched; None: all that have no role. A deployment has those of its model.
        signals
            Names from the catalogue; None takes the default preset.
        rules
            What is an alert, and what to do then: :class:`holter.rules.Rule` or the plain values of one.
        lateness, label_delay
            How long after its end a window is evaluated, and how much longer for signals that need labels.
        event_clock
            True: time is the newest event time seen, as in a replay of the past; silence then never alarms.
        baseline
            What normal looks like; None takes the baseline of the version that answered. Without one (a table has
            no versions) nothing is compared.
        budget
            How many false pages are accepted, such as ``"1 per quarter"`` (the default); the monitors of one model
            share them.
        segments
            Slices that are measured beside all rows: ``("country", "age:5", "country*device")``, see
            :mod:`holter.profile.segmentation`.
        options
            What signals are told, by signal: ``{"performance": {"beta": 2}}``. The page of a signal names its options.
        overwrite
            Replace the monitor of that name; what it measured stays, and alerts of rules that are gone resolve.

        Raises
        ------
        NotFound
            If there is no such monitor, deployment or signal.
        AlreadyExists
            If the name is taken and ``overwrite`` is False.
        BadBudget
            If the budget is none.
        BadRule
            If a rule cannot be followed, for example because it watches a metric that no signal gives.
        InputError
            If a table has no time column, or ``features`` are given for a deployment.
        UnknownColumn
            If a named column is not there.
        BadSetting
            If a segment cannot be read, or a signal has no such option.
        """
        if target is None:
            return self._existing(name)
        roles = Roles(time, prediction, score, label)
        is_table = isinstance(target, Path) or (isinstance(target, str) and time is not None)
        length = duration(every, _DAY)
        watched = self._target(target, roles, task, features, is_table=is_table)
        entry = MonitorEntry(
            name,
            watched,
            known(signals or (), options or {}),
            checked(rules, options or {}),
            length,
            duration(over, length),
            lateness=duration(lateness, timedelta(0)),
            label_delay=duration(label_delay, timedelta(0)),
            event_clock=event_clock,
            created_at=datetime.now(UTC),
            budget=as_budget(budget),
            segments=checked_segments(segments, watched, self.shelves),
            options=options or {},
        )
        if baseline is not None:
            kept = keep_baseline(self.shelves, name, baseline, roles, task, strict=not is_table)
            entry = replace(entry, baseline=kept)
        self.shelves.registry.add_monitor(entry, overwrite=overwrite, actor=actor())
        if overwrite:
            from holter.monitor.tidying import resolve_gone

            resolve_gone(self.shelves, datetime.now(UTC), actor())
        return Monitor(self.shelves, name)

    def _target(
        self, target: Any, roles: Roles, task: Task | str | None, features: Sequence[str] | None, *, is_table: bool
    ) -> Any:
        if is_table:
            return table_target(target, roles, task, features)
        if features is not None:
            raise InputError("a deployment is watched by the features of its model; features= is for tables.")
        return self.deployment(target.name if isinstance(target, Deployment) else str(target)).name

    def _existing(self, name: str) -> Monitor:
        found = Monitor(self.shelves, name)
        _ = found.entry
        return found

    def monitors(self) -> Monitors:
        """Return every monitor."""
        return Monitors(tuple(self.shelves.registry.monitors()))

    def alerts(self, monitor: str | None = None, *, open_only: bool = False) -> Alerts:
        """Return alerts, newest first."""
        return Alerts(tuple(self.shelves.facts.alerts(monitor, open_only=open_only)))

    def alert(self, alert_id: str) -> Alert:
        """Return one alert. Raises NotFound."""
        return self.shelves.facts.alert(alert_id)

    def acknowledge(self, alert_id: str, *, reason: str = "") -> Alert:
        """Say that somebody looks after an alert; it stays open until the rule holds again.

        Raises
        ------
        NotFound
            If there is no such alert.
        InputError
            If it does not fire.
        """
        from holter.workspace.acknowledging import acknowledge

        return acknowledge(self.shelves, alert_id, actor(), reason)

    def answers(self, deployment: str | None = None, *, under_way: bool = False) -> Answers:
        """Return what was done about alerts (commands, retrainings, promotions), oldest first, with its outcome.

        ``under_way`` keeps what is asked for or running.
        """
        jobs = self.shelves.facts.jobs(deployment=deployment)
        return Answers(tuple(job for job in jobs if not under_way or job.state in _UNDER_WAY))

    @property
    def answering(self) -> bool:
        """Whether an answer is asked for or under way."""
        return bool(self.answers(under_way=True))

    def ledger(self, *, subject: str | None = None, since: int = 0, limit: int | None = None) -> Ledger:
        """Return what was decided, oldest first, after entry number ``since``."""
        return Ledger(tuple(self.shelves.facts.ledger(subject=subject, since=since, limit=limit)))
