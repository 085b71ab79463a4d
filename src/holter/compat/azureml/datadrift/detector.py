"""``azureml.datadrift.DataDriftDetector``."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import EllipsisType
from typing import Any

from holter.compat.azureml.core import Workspace
from holter.compat.azureml.datadrift import settings as checked
from holter.compat.azureml.datadrift import shelf
from holter.compat.azureml.datadrift.alert_configuration import AlertConfiguration
from holter.compat.azureml.datadrift.creating import create, label_of
from holter.compat.azureml.datadrift.described import Described
from holter.compat.azureml.datadrift.output import DriftHistory, outputs
from holter.compat.azureml.datadrift.profile import DataDriftProfile
from holter.compat.azureml.datadrift.running import backfill, found, run_once, timed, utc
from holter.compat.azureml.datadrift.scheduling import watch
from holter.compat.azureml.datadrift.settings import Settings
from holter.compat.azureml.exceptions import AzureMLException, UserErrorException
from holter.errors import HolterError, NotFound
from holter.workspace import tree


class DataDriftDetector(Described):
    """Compares what arrives with what was there; all it knows is kept in the workspace.

    Parameters
    ----------
    workspace, name
        Of a detector that exists; :meth:`create_from_datasets` makes one.

    Raises
    ------
    UserErrorException
        If there is none of that name.
    """

    @staticmethod
    def create_from_datasets(
        workspace: Workspace,
        name: str,
        baseline_dataset: Any = None,
        target_dataset: Any = None,
        compute_target: Any = None,
        frequency: str | None = None,
        feature_list: Sequence[str] | None = None,
        alert_config: AlertConfiguration | None = None,
        drift_threshold: float | None = None,
        latency: int | None = None,
        **others: Any,
    ) -> "DataDriftDetector":
        """Make a detector.

        Differs: any table will do, a dataset, a data frame, Arrow, a path; it needs no column of times. ``baseline``
        and ``target`` are taken as names of the two tables as well. ``compute_target`` is a label.

        Parameters
        ----------
        workspace, name
            Where, and under which name; its monitor gets the same.
        baseline_dataset, target_dataset
            Before and after. The baseline is copied; so is the target, unless it is one path, which is read anew.
        frequency, latency
            ``Day`` (where nothing is said), ``Week`` or ``Month`` (30 days), and the hours to wait for late rows.
        feature_list
            Columns to compare; None: all that both have.
        alert_config
            Who is told.
        drift_threshold
            What the coefficient must exceed; None: 0.2.

        Raises
        ------
        UserErrorException
            If the name is taken, a table cannot be read, they have no column in common, or another argument cannot be
            followed; nothing is left behind then.
        """
        tables = (others.pop("baseline", baseline_dataset), others.pop("target", target_dataset))
        if others:
            raise UserErrorException(f"a drift detector has no argument {min(others)!r}.")
        create(
            workspace.home,
            name,
            tables,
            feature_list=feature_list,
            frequency=frequency,
            alert_config=alert_config,
            drift_threshold=drift_threshold,
            latency=latency,
            compute_target=compute_target,
        )
        return DataDriftDetector(workspace, name)

    @staticmethod
    def get_by_name(workspace: Workspace, name: str) -> "DataDriftDetector":
        """Return a detector that exists. Raises UserErrorException."""
        return DataDriftDetector(workspace, name)

    def set_monitor(self, interval: int = 1, feature_list: Sequence[str] | None = None) -> "DataDriftDetector":
        """Set the length of a window in days and the columns to compare, and return the detector.

        Differs: a page of Azure's calls it; no SDK had it.

        Raises
        ------
        UserErrorException
            If the interval is no whole number of days, or a column is not in both tables; nothing is changed then.
        """
        days, settings = checked.interval_of(interval), self._settings
        features = checked.features_of(feature_list, settings.baseline, settings.target)
        self._change(replace(settings, interval=days, frequency=checked.name_of(days), features=features))
        return self

    def run(
        self,
        target_date: datetime | None = None,
        services: Any = None,
        compute_target: Any = None,
        create_compute_target: bool = False,
        feature_list: Sequence[str] | None = None,
        drift_threshold: float | None = None,
    ) -> DataDriftProfile:
        """Compare now, and return what was found; it prints as a table and is kept.

        Parameters
        ----------
        target_date
            A moment in the window to look at (without a zone: UTC); None: the newest that is over and has rows. Where
            rows have no time the tables are compared as they are.
        services, compute_target, create_compute_target
            Taken, without effect.
        feature_list, drift_threshold
            For this run alone.

        Raises
        ------
        UserErrorException
            If an argument cannot be followed, or a table cannot be read any more.
        """
        del services, compute_target, create_compute_target
        settings = self._settings
        if feature_list is not None:
            features = checked.features_of(feature_list, settings.baseline, settings.target)
            settings = replace(settings, features=features)
        if drift_threshold is not None:
            settings = replace(settings, threshold=checked.threshold_of(drift_threshold))
        return run_once(self.workspace.home, settings, target_date)

    def backfill(
        self,
        start_date: datetime,
        end_date: datetime,
        compute_target: Any = None,
        create_compute_target: bool = False,
    ) -> DriftHistory:
        """Judge the closed windows between two moments; windows never overlap, and those without rows are left out.

        Raises
        ------
        UserErrorException
            If rows have no time, or the moments are none or in the wrong order.
        """
        del compute_target, create_compute_target
        return DriftHistory(tuple(backfill(self.workspace.home, self._settings, start_date, end_date)))

    def enable_schedule(self, create_compute_target: bool = False, wait_for_completion: bool = True) -> None:
        """Judge each window when it is over, from now on; starts the workspace's processes when none run.

        Raises
        ------
        UserErrorException
            If rows have no time.
        AzureMLException
            If the processes cannot be started.
        """
        del create_compute_target, wait_for_completion
        timed(self._settings, "a schedule")
        self._change(replace(self._settings, enabled=True))
        try:
            tree.ensure(self.workspace.home.root)
        except HolterError as error:
            raise AzureMLException(str(error)) from error

    def disable_schedule(self, wait_for_completion: bool = True) -> None:
        """Judge no more windows; what was found stays."""
        del wait_for_completion
        self._change(replace(self._settings, enabled=False))

    def update(
        self,
        compute_target: Any = ...,
        feature_list: Sequence[str] | EllipsisType | None = ...,
        schedule_start: Any = ...,
        alert_config: AlertConfiguration | EllipsisType | None = ...,
        drift_threshold: float | EllipsisType | None = ...,
    ) -> "DataDriftDetector":
        """Change what is given and return the detector; None puts a default back. ``schedule_start`` has no effect.

        Raises
        ------
        UserErrorException
            If something cannot be followed; nothing is changed then.
        """
        del schedule_start
        settings = self._settings
        if compute_target is not ...:
            settings = replace(settings, compute_target=label_of(compute_target))
        if not isinstance(feature_list, EllipsisType):
            features = checked.features_of(feature_list, settings.baseline, settings.target)
            settings = replace(settings, features=features)
        if not isinstance(alert_config, EllipsisType):
            settings = replace(settings, addresses=checked.addresses_of(alert_config))
        if not isinstance(drift_threshold, EllipsisType):
            settings = replace(settings, threshold=checked.threshold_of(drift_threshold))
        self._change(settings)
        return self

    def delete(self, wait_for_completion: bool = True) -> None:
        """Remove the detector, its schedule and its results."""
        del wait_for_completion
        settings, home = self._settings, self.workspace.home
        if settings.target.time is not None:
            with suppress(NotFound):
                home.monitor(self.name).delete()
        shelf.forget(home.root, self.name)
        self._deleted = True

    def get_output(
        self, start_time: datetime | None = None, end_time: datetime | None = None, run_id: str | None = None
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return results and metrics in the shapes of the original.

        Parameters
        ----------
        start_time, end_time
            Windows that reach into this stretch; None: no limit.
        run_id
            Only this run, whenever it was.

        Returns
        -------
        tuple
            ``has_drift`` says whether the coefficient exceeds the threshold. Differs: a coefficient that cannot be told
            (fewer than 50 rows on a side) is None, and ``datadrift_contribution`` is a share of 1.

        Raises
        ------
        UserErrorException
            If there is no such run, or a time is none.
        """
        if run_id is None:
            return outputs(self._between(start_time, end_time))
        runs = [each for each in shelf.profiles(self.workspace.home.root, self.name) if each.run_id == run_id]
        if not runs:
            raise UserErrorException(f"drift detector {self.name!r} has no run {run_id!r}.")
        return outputs(runs)

    def show(self, start_time: datetime | None = None, end_time: datetime | None = None) -> DriftHistory:
        """Return the runs of a stretch of time, the oldest first; prints as a table. Raises UserErrorException."""
        return DriftHistory(tuple(self._between(start_time, end_time)))

    def _change(self, settings: Settings) -> None:
        if settings.target.time is not None:
            watch(self.workspace.home, settings, overwrite=True)
        shelf.write(self.workspace.home.root, settings)

    def _between(self, start: Any, end: Any) -> Sequence[DataDriftProfile]:
        first = None if start is None else utc(start, "start_time")
        last = None if end is None else utc(end, "end_time")
        return [
            each
            for each in found(self.workspace.home, self._settings)
            if (first is None or each.end >= first) and (last is None or each.start <= last)
        ]

    @staticmethod
    def list(
        workspace: Workspace, baseline_dataset: Any = None, target_dataset: Any = None
    ) -> "list[DataDriftDetector]":
        """Return the detectors of a workspace; with datasets, those that compare these."""
        every = [DataDriftDetector(workspace, name) for name in shelf.names(workspace.home.root)]
        ids = [getattr(given, "id", None) for given in (baseline_dataset, target_dataset)]
        return [
            each
            for each in every
            if ids[0] in (None, each.baseline_dataset.id) and ids[1] in (None, each.target_dataset.id)
        ]
