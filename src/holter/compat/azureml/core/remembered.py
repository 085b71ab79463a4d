"""What Azure's SDK reads back of a service and Holter has no use for: tags, and rules as they were given."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def _file(root: Path, service: str) -> Path:
    return root / "azureml" / f"{service}.json"


def read(root: Path, service: str) -> dict[str, Any]:
    """Return what is remembered of a service; empty: nothing."""
    try:
        found = json.loads(_file(root, service).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found if isinstance(found, dict) else {}


def write(root: Path, service: str, changes: Mapping[str, Any]) -> None:
    """Remember something more, or something else."""
    file = _file(root, service)
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(f".{os.getpid()}.new")
    half.write_text(json.dumps({**read(root, service), **changes}, indent=1), encoding="utf-8")
    half.replace(file)


def forget(root: Path, service: str) -> None:
    """Remember nothing of a service."""
    _file(root, service).unlink(missing_ok=True)
