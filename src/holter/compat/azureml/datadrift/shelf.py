"""Where detectors and what they found are kept: ``azureml/drift/NAME`` of the workspace."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from holter.compat.azureml.datadrift.profile import DataDriftProfile
from holter.compat.azureml.datadrift.settings import Settings
from holter.compat.azureml.datadrift.tables import KeptTable
from holter.compat.azureml.exceptions import UserErrorException
from holter.errors import HolterError
from holter.registry.names import check_model


def folder(root: Path, name: str) -> Path:
    """Return the folder of a detector. Raises UserErrorException for what can be no name."""
    try:
        check_model(name, "drift detector")
    except (HolterError, TypeError) as error:
        raise UserErrorException(str(error)) from error
    return root / "azureml" / "drift" / name


def exists(root: Path, name: str) -> bool:
    """Tell whether there is a detector of that name."""
    return (folder(root, name) / "detector.json").is_file()


def names(root: Path) -> list[str]:
    """Return the names of all detectors."""
    return sorted(file.parent.name for file in (root / "azureml" / "drift").glob("*/detector.json"))


def read(root: Path, name: str) -> Settings:
    """Return what a detector is told to do. Raises UserErrorException if there is none of that name."""
    if not exists(root, name):
        known = ", ".join(names(root)) or "none"
        raise UserErrorException(f"there is no drift detector {name!r}; known: {known}.")
    found = json.loads((folder(root, name) / "detector.json").read_text(encoding="utf-8"))
    tables = {side: KeptTable(**found[side]) for side in ("baseline", "target")}
    return Settings(**{**found, **tables})


def add_detector(root: Path, settings: Settings) -> None:
    """Keep a new detector. Raises UserErrorException where another process was first."""
    file = folder(root, settings.name) / "detector.json"
    half = _half(file, asdict(settings))
    try:
        os.link(half, file)
    except FileExistsError as error:
        raise taken(settings.name) from error
    finally:
        half.unlink()


def write(root: Path, settings: Settings) -> None:
    """Keep what a detector is told to do from now on."""
    _write(folder(root, settings.name) / "detector.json", asdict(settings))


def taken(name: str) -> UserErrorException:
    """Return what is raised for a name that a detector has already."""
    return UserErrorException(
        f"there is a drift detector {name!r} already; get_by_name opens it, and its delete() removes it."
    )


def forget(root: Path, name: str) -> None:
    """Remove a detector, its copies and its results."""
    shutil.rmtree(folder(root, name), ignore_errors=True)


def add(root: Path, profile: DataDriftProfile) -> None:
    """Keep a result."""
    _write(folder(root, profile.detector) / "runs" / f"{profile.run_id}.json", profile.to_dict())


def profiles(root: Path, name: str) -> Sequence[DataDriftProfile]:
    """Return the results of a detector, the oldest first."""
    files = (folder(root, name) / "runs").glob("*.json")
    found = [DataDriftProfile.from_dict(json.loads(file.read_text(encoding="utf-8"))) for file in files]
    return sorted(found, key=lambda each: (each.start, each.made_at))


def _write(file: Path, plain: Any) -> None:
    _half(file, plain).replace(file)


def _half(file: Path, plain: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(f".{uuid4().hex}.new")
    half.write_text(json.dumps(plain, indent=1, allow_nan=False), encoding="utf-8")
    return half
