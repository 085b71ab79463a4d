"""Registered datasets: Parquet files of a workspace, by name and version."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from holter.compat.azureml.exceptions import UserErrorException

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Kept:
    """A version of a name: its file, and the fields that were registered with it."""

    name: str
    version: int
    file: Path
    labels: Mapping[str, Any]


def keep(root: Path, name: str, table: "pa.Table", labels: Mapping[str, Any], *, again: bool) -> Kept:
    """Write rows as the next version of a name, and return it. Raises UserErrorException."""
    import pyarrow.parquet as pq

    folder = _folder(root, name)
    if _versions(folder) and not again:
        raise UserErrorException(f"there is a dataset {name!r} already; create_new_version=True adds one.")
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".{uuid4().hex}"
    pq.write_table(table, half, compression="zstd")
    number = _number(folder, half)
    (folder / f"{number}.json").write_text(json.dumps(labels), encoding="utf-8")
    return find(root, name, number)


def _number(folder: Path, half: Path) -> int:
    """Give a file the next number; a link fails where another process took it first."""
    while True:
        number = max(_versions(folder), default=0) + 1
        try:
            os.link(half, folder / f"{number}.parquet")
        except FileExistsError:
            continue
        half.unlink()
        return number


def find(root: Path, name: str, version: int | None) -> Kept:
    """Return a version; None: the newest. Raises UserErrorException."""
    folder = _folder(root, name)
    versions = _versions(folder)
    number = version if version is not None else max(versions, default=None)
    if number not in versions or number is None:
        known = ", ".join(sorted(all_of(root))) or "none"
        raise UserErrorException(
            f"there is no dataset {name!r}{'' if version is None else f' of version {version}'}; known: {known}."
        )
    labels = folder / f"{number}.json"
    found = json.loads(labels.read_text(encoding="utf-8")) if labels.exists() else {}
    return Kept(name, number, folder / f"{number}.parquet", found)


def all_of(root: Path) -> Mapping[str, Kept]:
    """Return the newest version of each name."""
    folders = sorted(each for each in (root / "azureml" / "datasets").glob("*") if _versions(each))
    return {folder.name: find(root, folder.name, None) for folder in folders}


def _folder(root: Path, name: str) -> Path:
    if not name or name.startswith(".") or "/" in name:
        raise UserErrorException(f"{name!r} is no name for a dataset; use letters, digits, '-' and '_'.")
    return root / "azureml" / "datasets" / name


def _versions(folder: Path) -> set[int]:
    return {int(each.stem) for each in folder.glob("*.parquet") if each.stem.isdigit()}
