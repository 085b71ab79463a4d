"""``azureml.core.Workspace``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holter.compat.azureml.core.config import Config, find, home, root_of, write
from holter.compat.azureml.exceptions import ProjectSystemException, UserErrorException
from holter.workspace import Workspace as Home
from holter.workspace import open as open_workspace

if TYPE_CHECKING:
    from holter.compat.azureml.core.dataset import TabularDataset
    from holter.compat.azureml.core.environment import Environment
    from holter.compat.azureml.core.model import Model
    from holter.compat.azureml.core.webservice import Webservice


class Workspace:
    """A workspace of this machine, under the name that Azure's file gives it.

    Parameters
    ----------
    subscription_id, resource_group
        Kept as labels.
    workspace_name
        Chooses the folder: see :func:`holter.compat.azureml.core.config.root_of`.

    Raises
    ------
    ProjectSystemException
        If there is no such workspace; :meth:`create` makes one.
    """

    def __init__(
        self, subscription_id: str = "", resource_group: str = "", workspace_name: str = "", **others: Any
    ) -> None:
        del others
        self._config = Config(workspace_name, {"subscription_id": subscription_id, "resource_group": resource_group})
        root = root_of(workspace_name)
        if not _exists(root):
            raise ProjectSystemException(
                f"there is no workspace {workspace_name!r} at {root}. "
                f"Make it: Workspace.create({workspace_name!r}), or let HOLTER_WORKSPACE name the folder of one."
            )
        self._home = open_workspace(root, create=False)

    @classmethod
    def _at(cls, config: Config) -> "Workspace":
        return cls(config.subscription_id, config.resource_group, config.name)

    @classmethod
    def from_config(cls, path: str | Path | None = None, auth: Any = None, **others: Any) -> "Workspace":
        """Open the workspace that a ``config.json`` names, and make it when it is not there yet.

        Differs: Azure's file only ever named a workspace that somebody had made before.

        Raises
        ------
        ProjectSystemException
            If no file is found, or it names none.
        """
        del auth, others
        config = find(path)
        open_workspace(root_of(config.name))
        return cls._at(config)

    @classmethod
    def create(
        cls,
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        exist_ok: bool = False,
        **others: Any,
    ) -> "Workspace":
        """Make a workspace. What concerns a cloud (location, storage, keys) is taken and has no effect.

        Raises
        ------
        UserErrorException
            If it exists and ``exist_ok`` is False.
        """
        del auth, location, others
        if _exists(root_of(name)) and not exist_ok:
            raise UserErrorException(f"there is a workspace {name!r} already; exist_ok=True opens it.")
        open_workspace(root_of(name))
        return cls._at(Config(name, {"subscription_id": subscription_id or "", "resource_group": resource_group or ""}))

    @classmethod
    def get(
        cls,
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        **others: Any,
    ) -> "Workspace":
        """Open a workspace by name. Raises ProjectSystemException."""
        del auth, others
        return cls(subscription_id or "", resource_group or "", name)

    @staticmethod
    def list(
        subscription_id: str = "", auth: Any = None, resource_group: str | None = None
    ) -> dict[str, list["Workspace"]]:
        """Return the workspaces below :func:`holter.compat.azureml.core.config.home`, by name."""
        del subscription_id, auth, resource_group
        folders = sorted(folder for folder in home().glob("*") if _exists(folder))
        return {folder.name: [Workspace(workspace_name=folder.name)] for folder in folders}

    def write_config(self, path: str | Path | None = None, file_name: str | None = None) -> None:
        """Write the file that :meth:`from_config` reads, to ``PATH/.azureml/config.json``."""
        write(self._config, Path(path or ".") / ".azureml", file_name or "config.json")

    @property
    def home(self) -> Home:
        """The workspace itself, in Holter's own words. Differs: not in the original."""
        return self._home

    @property
    def name(self) -> str:
        """The name."""
        return self._config.name

    @property
    def subscription_id(self) -> str:
        """A label."""
        return self._config.subscription_id

    @property
    def resource_group(self) -> str:
        """A label."""
        return self._config.resource_group

    @property
    def location(self) -> str:
        """Where it is: on this machine."""
        return "local"

    @property
    def models(self) -> Mapping[str, "Model"]:
        """The newest version of each model, by name."""
        from holter.compat.azureml.core.model import Model

        return {name: Model(self, name) for name in self._home.shelves.registry.models()}

    @property
    def webservices(self) -> Mapping[str, "Webservice"]:
        """The services, by name."""
        from holter.compat.azureml.core.webservice import Webservice

        return {entry.name: Webservice(self, entry.name) for entry in self._home.shelves.registry.deployments()}

    @property
    def datasets(self) -> Mapping[str, "TabularDataset"]:
        """The newest version of each registered dataset, by name."""
        from holter.compat.azureml.core.dataset import Dataset

        return Dataset.get_all(self)

    @property
    def environments(self) -> Mapping[str, "Environment"]:
        """The registered environments, by name."""
        from holter.compat.azureml.core.environment import Environment

        return Environment.list(self)

    def get_details(self) -> dict[str, Any]:
        """Return what is known of it, as plain values."""
        return {
            "id": f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}/providers/"
            f"Microsoft.MachineLearningServices/workspaces/{self.name}",
            "name": self.name,
            "location": self.location,
            "folder": str(self._home.root),
            "dashboard": self._home.dashboard,
        }

    def __repr__(self) -> str:
        return f"<Workspace {self.name}: {self._home.root}>"


def _exists(root: Path) -> bool:
    return (root / "holter.db").is_file()
