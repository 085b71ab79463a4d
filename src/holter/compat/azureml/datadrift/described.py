"""What a detector says of itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holter.compat.azureml.datadrift import shelf
from holter.compat.azureml.datadrift.alert_configuration import AlertConfiguration
from holter.compat.azureml.datadrift.settings import Settings

if TYPE_CHECKING:
    from holter.compat.azureml.core import Workspace
    from holter.compat.azureml.core.dataset import TabularDataset


class Described:
    """The properties of a detector, each read anew: another process may have changed it.

    Parameters
    ----------
    workspace, name
        Of a detector that exists.

    Raises
    ------
    UserErrorException
        If there is none of that name.
    """

    def __init__(self, workspace: "Workspace", name: str) -> None:
        self.workspace = workspace
        self.name = name
        self._deleted = False
        shelf.read(workspace.home.root, name)

    @property
    def state(self) -> str:
        """``Enabled`` while the schedule runs, else ``Disabled``; ``Deleted`` after :meth:`delete`."""
        if self._deleted:
            return "Deleted"
        return "Enabled" if self.enabled else "Disabled"

    @property
    def enabled(self) -> bool:
        """Whether the schedule runs."""
        return self._settings.enabled

    @property
    def frequency(self) -> str | None:
        """``Day``, ``Week`` or ``Month``; None for another interval."""
        return self._settings.frequency

    @property
    def interval(self) -> int:
        """Length of a window in days."""
        return self._settings.interval

    @property
    def feature_list(self) -> Sequence[str]:
        """The columns that are compared."""
        return [*self._settings.features]

    @property
    def drift_threshold(self) -> float:
        """What the coefficient must exceed."""
        return self._settings.threshold

    @property
    def latency(self) -> int:
        """Hours to wait for late rows."""
        return self._settings.latency

    @property
    def alert_config(self) -> AlertConfiguration | None:
        """Who is told."""
        addresses = self._settings.addresses
        return AlertConfiguration(addresses) if addresses else None

    @property
    def compute_target(self) -> str | None:
        """A label."""
        return self._settings.compute_target

    @property
    def baseline_dataset(self) -> "TabularDataset":
        """What is compared with."""
        return self._settings.baseline.dataset

    @property
    def target_dataset(self) -> "TabularDataset":
        """What is compared."""
        return self._settings.target.dataset

    def __repr__(self) -> str:
        return f"<DataDriftDetector {self.name}: {self.state}>"

    @property
    def _settings(self) -> Settings:
        return shelf.read(self.workspace.home.root, self.name)
