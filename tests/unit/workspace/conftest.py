import numpy as np
import pyarrow as pa
import pytest

import holter

SCRIPT = """
import json


def init():
    pass


def run(data):
    return [float(row[0]) / 10 for row in json.loads(data)["data"]]
"""


def truth(n=2000, seed=0):
    """Rows whose label is 1 with probability x / 10, scored by exactly that."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n)
    return pa.table(
        {
            "x": x,
            "late": (rng.random(n) < x / 10).astype(np.int64),
            "probability": x / 10,
            "answer": (x > 5).astype(np.int64),
        }
    )


ROLES = {"label": "late", "score": "probability", "prediction": "answer"}


@pytest.fixture
def ws(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLTER_PORT", "0")
    return holter.open(tmp_path / "ws")


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "score.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def registered(ws, model_file):
    return ws.models.register("late", model_file, baseline=truth(), **ROLES)


@pytest.fixture
def deployed(ws, registered, script):
    """A deployment that nobody serves: what is wanted and what is recorded needs no process."""
    return ws.deploy("late-api", registered, entry_script=script, start=False)
