"""A workspace with one deployment, and frames to fill its journal."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holter.capture.frame import Frame
from holter.registry import DeploymentSettings, Shelves
from holter.types import Feature, Kind, Schema, Task

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
BINARY = Schema((Feature("age", Kind.NUMERIC, "int64"), Feature("city", Kind.CATEGORICAL, "string")), Task.BINARY)


def a_frame(number: int = 0, body: Any = None, reply: Any = None, **changes: Any) -> Frame:
    body = {"data": [[number, "rome"]]} if body is None else body
    reply = {"result": [0.25]} if reply is None else reply
    fields: dict[str, Any] = {
        "request_id": f"r{number}",
        "received_us": NOW_US + number,
        "event_us": None,
        "status": 200,
        "version": 1,
        "role": "champion",
        "latency_us": 900,
        "soft_failed": False,
        "timed_out": False,
        "request": body if isinstance(body, bytes) else json.dumps(body).encode(),
        "response": reply if isinstance(reply, bytes) else json.dumps(reply).encode(),
    }
    return Frame(**{**fields, **changes})


def workspace(root: Path, *schemas: Schema | None) -> Shelves:
    """Make a workspace whose deployment ``credit`` runs the first of some versions of a model."""
    shelves = Shelves.open(root / "workspace", create=True)
    model, source = root / "model.bin", root / "source"
    source.mkdir()
    (source / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    versions = []
    for schema in schemas:
        model.write_bytes(f"{len(versions)}".encode())
        versions.append(shelves.registry.register("risk", model, schema=schema, baseline=None, actor="test"))
    shelves.registry.deploy(
        "credit", versions[0], source=source, entry_script="score.py", settings=DeploymentSettings(), actor="test"
    )
    return shelves


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def frame() -> Callable[..., Frame]:
    return a_frame


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Shelves]:
    return lambda *schemas: workspace(tmp_path, *schemas)


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    return workspace(tmp_path, BINARY)
