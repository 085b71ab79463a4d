"""Every acknowledged request is in the table and in the counts exactly once, whoever is killed when."""

import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from holter.capture.compactor import Compactor
from holter.capture.segments import segments
from holter.registry import DeploymentSettings, Shelves
from holter.types import Feature, Kind, Schema, Span, Task

pytestmark = pytest.mark.e2e

WRITER = """
    import sys, time
    from pathlib import Path
    from holter.capture.frame import Frame
    from holter.capture.journal import Journal
    name, number = sys.argv[2], 0
    with Journal(Path(sys.argv[1]), segment_bytes=30_000, sync_seconds=0.01) as journal:
        while True:
            number += 1
            identity = f"{name}-{number}"
            journal.append(Frame(identity, time.time_ns() // 1000, None, 200, 1, "champion", 700, False, False,
                                 b'{"data": [[%d, "rome"]]}' % number, b'{"result": [0.25]}'))
            sys.stdout.write(identity + "\\n")
            sys.stdout.flush()
            time.sleep(0.0005)
    """
COMPACTOR = """
    import sys
    from datetime import UTC, datetime
    from holter.capture.compactor import Compactor
    from holter.registry import Shelves
    compactor = Compactor(Shelves.open(sys.argv[1]))
    print("ready", flush=True)
    while True:
        assert not compactor.once(datetime.now(UTC), flush=True).failed
    """
KILLS = 12


class Process:
    """A Python process whose lines are collected until it is killed."""

    def __init__(self, code, *arguments):
        self.lines = []
        command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._collect)
        self._reader.start()

    def _collect(self):
        self.lines.extend(line.strip() for line in self._process.stdout if line.endswith("\n"))

    def kill(self):
        """End it as the kernel would for want of memory; tell whether it was still running."""
        lived = self._process.poll() is None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        return lived


@pytest.fixture
def shelves(tmp_path):
    shelves = Shelves.open(tmp_path / "workspace", create=True)
    model, source = tmp_path / "model.bin", tmp_path / "source"
    model.write_bytes(b"model")
    source.mkdir()
    (source / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    features = (Feature("age", Kind.NUMERIC, "int64"), Feature("city", Kind.CATEGORICAL, "string"))
    version = shelves.registry.register(
        "risk", model, schema=Schema(features, Task.BINARY), baseline=None, actor="test"
    )
    shelves.registry.deploy(
        "credit", version, source=source, entry_script="score.py", settings=DeploymentSettings(), actor="test"
    )
    return shelves


def test_writers_and_compactors_are_killed_at_random_and_nothing_is_lost_or_doubled(shelves):
    rng = random.Random(20260301)
    folder = shelves.root / "journal" / "credit"
    acknowledged, killed_compactors = [], 0
    writers = [Process(WRITER, folder, f"w{number}") for number in range(2)]
    compactor = Process(COMPACTOR, shelves.root)
    for kill in range(KILLS):
        time.sleep(rng.uniform(0.4, 2.0))
        if rng.random() < 0.4:
            victim = writers.pop(0)
            assert victim.kill()
            acknowledged += victim.lines
            writers.append(Process(WRITER, folder, f"x{kill}"))
        else:
            assert compactor.kill(), "it ended by itself"
            killed_compactors += 1
            compactor = Process(COMPACTOR, shelves.root)
    for process in (*writers, compactor):
        process.kill()
    acknowledged += [line for writer in writers for line in writer.lines]

    now = datetime.now(UTC)
    done = Compactor(Shelves.open(shelves.root)).once(now, flush=True)
    assert not done.failed
    assert segments(folder) == []
    span = Span(now - timedelta(days=1), now + timedelta(days=1))
    stored = _every_row(shelves, span)
    assert len(acknowledged) > 500
    assert killed_compactors >= 4
    assert len(stored) == len(set(stored)), "a row was committed twice"
    assert set(acknowledged) <= set(stored), "an acknowledged request was lost"
    assert len(stored) - len(acknowledged) <= KILLS + 2, "at most one request per killed writer was not acknowledged"
    assert shelves.facts.traffic("credit", span).requests == len(stored)


def _every_row(shelves, span):
    # Not through read(), which would hide a doubled row.
    from deltalake import DeltaTable

    table = DeltaTable(shelves.root / "records" / "credit").to_pyarrow_table(columns=["_request_id"])
    assert set(table["_request_id"].to_pylist()) == set(shelves.records("credit").read(span)["_request_id"].to_pylist())
    return table["_request_id"].to_pylist()
