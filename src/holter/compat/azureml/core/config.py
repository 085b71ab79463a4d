"""Which workspace a ``config.json`` names, and where a workspace of that name lies on this machine."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from holter.compat.azureml.exceptions import ProjectSystemException, UserErrorException

FOLDERS: Final = (".azureml", "aml_config", "")
FILES: Final = ("config.json", "project.json")
_FIELDS: Final = ("subscription_id", "resource_group", "workspace_name")
_SCOPE: Final = {"subscription_id": 2, "resource_group": 4, "workspace_name": 8}
"""Pieces of an ARM id: /subscriptions/S/resourceGroups/G/providers/Microsoft.X/workspaces/W."""


@dataclass(frozen=True)
class Config:
    """What such a file says. Only ``name`` chooses the workspace; the rest are labels that code may read back."""

    name: str
    labels: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subscription_id(self) -> str:
        """Kept as it was written; nothing is paid for here."""
        return str(self.labels.get("subscription_id", ""))

    @property
    def resource_group(self) -> str:
        """Kept as it was written."""
        return str(self.labels.get("resource_group", ""))


def home() -> Path:
    """Return the folder of all named workspaces: ``HOLTER_HOME``, else ``~/.holter``."""
    return Path(os.environ.get("HOLTER_HOME") or Path.home() / ".holter")


def root_of(name: str) -> Path:
    """Return where the workspace of a name lies: what ``HOLTER_WORKSPACE`` says, else a folder of :func:`home`.

    Raises
    ------
    UserErrorException
        If the name cannot be a folder.
    """
    told = os.environ.get("HOLTER_WORKSPACE")
    if told:
        return Path(told)
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise UserErrorException(f"{name!r} is no name for a workspace; use letters, digits, '-' and '_'.")
    return home() / name


def find(path: str | Path | None = None) -> Config:
    """Read the file that names a workspace.

    Parameters
    ----------
    path
        The file itself, or a folder to look in; None: the working directory. A folder is searched as Azure's SDK does:
        ``.azureml``, ``aml_config`` and the folder itself, for ``config.json`` and ``project.json``, then the same in
        each folder above.

    Raises
    ------
    ProjectSystemException
        If there is none, naming where it was looked for, or it cannot be read.
    """
    start = Path(path) if path is not None else Path.cwd()
    if start.is_file():
        return read(start)
    for candidate in _candidates(start.absolute()):
        if candidate.is_file():
            return read(candidate)
    raise ProjectSystemException(
        f"no config.json names a workspace: looked for {' and '.join(FILES)} in {start.absolute()}, its folders "
        f'.azureml and aml_config, and all folders above. Write one: {{"workspace_name": "NAME"}}'
    )


def _candidates(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        for inner in FOLDERS:
            for name in FILES:
                yield folder / inner / name


def read(file: Path) -> Config:
    """Read a file of Azure's, unmodified: the three fields, or ``Scope`` with an ARM id.

    Raises
    ------
    ProjectSystemException
        If it is no JSON object, or does not name a workspace.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectSystemException(f"{file} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ProjectSystemException(f"{file} holds no JSON object.")
    labels = {**found, **_of_scope(found.get("Scope"))}
    name = labels.get("workspace_name") or labels.get("Workspace")
    if not isinstance(name, str) or not name:
        raise ProjectSystemException(f"{file} names no workspace: give it a field workspace_name.")
    return Config(name, {key: value for key, value in labels.items() if key not in ("Scope", "workspace_name")})


def _of_scope(scope: Any) -> dict[str, str]:
    pieces = str(scope or "").split("/")
    return {field: pieces[place] for field, place in _SCOPE.items() if len(pieces) > place and pieces[place]}


def write(config: Config, folder: Path, name: str) -> Path:
    """Write such a file and return where it is."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    fields = {"subscription_id": config.subscription_id, "resource_group": config.resource_group}
    file.write_text(json.dumps({**fields, "workspace_name": config.name}, indent=4) + "\n", encoding="utf-8")
    return file
