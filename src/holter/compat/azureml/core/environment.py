"""``azureml.core.Environment``: which packages a score script finds."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holter.compat.azureml.core.conda_dependencies import CondaDependencies
from holter.compat.azureml.exceptions import UserErrorException
from holter.workspace.environments import make_environment

if TYPE_CHECKING:
    from holter.compat.azureml.core.workspace import Workspace


class PythonSection:
    """The part about Python: its packages."""

    def __init__(self) -> None:
        self.conda_dependencies = CondaDependencies()
        self.user_managed_dependencies = False


class Environment:
    """Packages and variables of a service.

    Without packages of its own it runs with those of this interpreter. With pip requirements it gets a virtual
    environment of its own, made once for each set of them; Holter and this interpreter's packages stay importable
    there, its own come first.

    Parameters
    ----------
    name
        Its name.
    """

    def __init__(self, name: str, **others: Any) -> None:
        del others
        if not name or name.startswith(".") or "/" in name:
            raise UserErrorException(f"{name!r} is no name for an environment.")
        self.name = name
        self.version: str | None = None
        self.environment_variables: dict[str, str] = {}
        self.python = PythonSection()

    @staticmethod
    def from_pip_requirements(name: str, file_path: str | Path, pip_version: str | None = None) -> "Environment":
        """Return an environment with the packages of a requirements file.

        Raises
        ------
        UserErrorException
            If the file cannot be read.
        """
        del pip_version
        made = Environment(name)
        try:
            lines = Path(file_path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserErrorException(f"{file_path} cannot be read: {error}") from error
        for line in lines:
            text = line.partition(" #")[0].strip()
            if text and not text.startswith("#"):
                made.python.conda_dependencies.add_pip_package(text)
        return made

    @staticmethod
    def from_conda_specification(name: str, file_path: str | Path) -> "Environment":
        """Return an environment with the packages of a conda file; conda's own packages are taken from PyPI.

        Raises
        ------
        UserErrorException
            If the file cannot be read.
        """
        made = Environment(name)
        made.python.conda_dependencies = CondaDependencies(file_path)
        return made

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> "Environment":
        """Refuse: nothing here runs conda. Raises UserErrorException."""
        raise UserErrorException(
            f"conda environment {conda_environment_name!r} cannot be used for {name!r}: write its packages down with "
            "'conda env export' and read them with Environment.from_conda_specification."
        )

    @staticmethod
    def get(workspace: "Workspace", name: str, version: str | None = None) -> "Environment":
        """Return a registered environment; None takes the newest version.

        Raises
        ------
        UserErrorException
            If there is none.
        """
        versions = _versions(workspace, name)
        number = version or (versions[-1] if versions else None)
        if number is None or str(number) not in versions:
            raise UserErrorException(f"there is no environment {name!r}{f' of version {version}' if version else ''}.")
        found = json.loads((_folder(workspace, name) / f"{number}.json").read_text(encoding="utf-8"))
        made = Environment(name)
        made.version, made.environment_variables = str(number), dict(found["variables"])
        for each in found["pip"]:
            made.python.conda_dependencies.add_pip_package(each)
        return made

    @staticmethod
    def list(workspace: "Workspace") -> "dict[str, Environment]":
        """Return the newest version of each registered environment, by name."""
        folders = sorted((workspace.home.root / "azureml" / "environments").glob("*"))
        return {folder.name: Environment.get(workspace, folder.name) for folder in folders}

    def register(self, workspace: "Workspace") -> "Environment":
        """Keep it under its name, as the next version, and return that."""
        folder, versions = _folder(workspace, self.name), _versions(workspace, self.name)
        folder.mkdir(parents=True, exist_ok=True)
        number = int(versions[-1]) + 1 if versions else 1
        plain = {"pip": self.requirements, "variables": self.environment_variables}
        (folder / f"{number}.json").write_text(json.dumps(plain, indent=1), encoding="utf-8")
        return Environment.get(workspace, self.name, str(number))

    @property
    def requirements(self) -> Sequence[str]:
        """What pip is asked for. Differs: not in the original."""
        return list(self.python.conda_dependencies.pip_packages)

    def interpreter(self, root: Path) -> Path | None:
        """Return the interpreter of its virtual environment below a workspace, which is made if need be.

        None where it needs no packages of its own. Differs: not in the original.

        Raises
        ------
        EnvironmentFailed
            If pip cannot install them; with what pip said.
        """
        return make_environment(root, self.requirements) if self.requirements else None

    def __repr__(self) -> str:
        return f"Environment(name={self.name}, version={self.version}, pip={list(self.requirements)})"


def _folder(workspace: "Workspace", name: str) -> Path:
    folder: Path = workspace.home.root / "azureml" / "environments" / name
    return folder


def _versions(workspace: "Workspace", name: str) -> Sequence[str]:
    return [str(number) for number in sorted(int(each.stem) for each in _folder(workspace, name).glob("*.json"))]
