"""What capture costs a request, how fast journals become rows, and whether a backlog drains in bounded memory.

Each step runs in a process of its own; processor time, the best of several runs.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import numpy as np

from holter.capture.compactor import Compactor
from holter.capture.frame import Frame
from holter.capture.intake import Intake
from holter.capture.journal import Journal
from holter.capture.redaction import Redactor
from holter.capture.rows import Layout, Rows
from holter.capture.slot import CRASHED
from holter.registry import Shelves
from holter.types import Feature, Kind, Schema, Task

FEATURES, ROWS = 30, 40_000
NAMES = tuple(f"feature_{place}" for place in range(FEATURES))
SCHEMA = Schema(tuple(Feature(name, Kind.NUMERIC, "double") for name in NAMES), Task.BINARY)
RUNS = 5
SHAPES = {
    "lists": lambda rows: {"data": rows},
    "records": lambda rows: [dict(zip(NAMES, row, strict=True)) for row in rows],
    "split": lambda rows: {"input_data": {"columns": NAMES, "data": rows}},
    "OIP v2 tensor": lambda rows: {
        "inputs": [
            {"name": "x", "shape": [len(rows), FEATURES], "datatype": "FP64", "data": list(chain.from_iterable(rows))}
        ]
    },
}


def frames(shape: str, total: int, each: int) -> list[Frame]:
    """Make requests of ``each`` rows, with replies of a binary classifier."""
    random = np.random.default_rng(1)
    start = time.time_ns() // 1000
    made = []
    for number in range(total // each):
        rows = np.round(random.normal(size=(each, FEATURES)), 6).tolist()
        body, reply = json.dumps(SHAPES[shape](rows)).encode(), json.dumps(random.random(each).tolist()).encode()
        made.append(Frame(f"r{number}", start + number, None, 200, 1, "champion", 900, False, False, body, reply))
    return made


def best(run) -> float:
    """Return the least processor time of several runs, in seconds."""
    seconds = []
    for _ in range(RUNS):
        began = time.process_time()
        run()
        seconds.append(time.process_time() - began)
    return min(seconds)


def parse(shape: str, each: int) -> float:
    """Return rows a second from frames to an Arrow table."""
    made = frames(shape, ROWS, each)

    def run() -> None:
        rows = Rows(Layout(SCHEMA))
        for frame in made:
            rows.add(frame)
        rows.take()

    return ROWS / best(run)


def record() -> dict[str, float]:
    """Return microseconds of processor time for one request of one row, by what is done for it."""
    (frame,) = frames("lists", 1, 1)
    crash = Frame("r", 1, None, CRASHED, 1, "champion", 0, False, False, frame.request, b"")
    redactor = Redactor({NAMES[0]: "hash", NAMES[1]: "drop"}, NAMES, b"key")
    found, count = {}, 20_000
    with tempfile.TemporaryDirectory(dir=".bench") as folder, Journal(Path(folder)) as journal:
        steps = {
            "frame into the journal": lambda: journal.append(frame),
            "request into the slot": lambda: journal.begin(crash),
            "redaction (hash one, drop one)": lambda: redactor.request(frame.request),
        }
        for name, step in steps.items():
            found[name] = best(lambda step=step: [step() for _ in range(count)]) / count * 1e6
    return found


def workspace(root: Path) -> Shelves:
    """Make a workspace with a deployment."""
    shelves = Shelves.open(root / "workspace", create=True)
    (root / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (root / "model.bin").write_bytes(b"")
    version = shelves.registry.register("model", root / "model.bin", schema=SCHEMA)
    shelves.registry.deploy("bench", version, entry_script=str(root / "score.py"))
    return shelves


def drain(total: int) -> dict[str, float]:
    """Fill a journal with requests of 100 rows, drain it, and return the rate and the memory."""
    with tempfile.TemporaryDirectory(dir=".bench") as folder:
        shelves = workspace(Path(folder))
        made = frames("lists", 10_000, 100)
        with Journal(shelves.root / "journal" / "bench") as journal:
            for number in range(total // 100):
                frame = made[number % len(made)]
                journal.append(Frame(f"{number}", *tuple(getattr(frame, name) for name in frame.__struct_fields__[1:])))
        start, wall = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        done = Compactor(shelves).once(datetime.now(UTC), flush=True)
        end, took = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - wall
        assert done.rows == total, done
        cpu = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
        return {"rows": total, "seconds": took, "rows_per_cpu_s": total / cpu, "peak_mb": end.ru_maxrss / 1024}


def take(each: int) -> float:
    """Return rows a second of processor time from journal files to an Arrow table, traffic counted, commit excluded."""
    os.environ["HOLTER_COMPACT_ROWS"] = str(10 * ROWS)
    with tempfile.TemporaryDirectory(dir=".bench") as folder:
        shelves = workspace(Path(folder))
        with Journal(shelves.root / "journal" / "bench") as journal:
            for frame in frames("lists", ROWS, each):
                journal.append(frame)
        shelf, seconds = shelves.registry.shelves("bench")[0], []
        for _ in range(RUNS):
            intake = Intake(shelves, shelf)
            began = time.process_time()
            intake.take(datetime.fromtimestamp(0, UTC), flush=False)
            tables = [rows.take() for rows in intake._rows.values()]  # noqa: SLF001
            seconds.append(time.process_time() - began)
            assert sum(map(len, tables)) == ROWS
        return ROWS / min(seconds)


STEPS = {"parse": parse, "record": record, "drain": drain, "take": take}


def measured(step: str, *arguments: object):
    """Run one step in a process of its own."""
    command = [sys.executable, __file__, step, *(json.dumps(each) for each in arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Print everything as tables."""
    Path(".bench").mkdir(exist_ok=True)
    print("| one request of one row, 30 features | CPU us |\n|---|---|")
    for name, cost in measured("record").items():
        print(f"| {name} | {cost:.1f} |")
    print("\n| bodies to typed columns, 30 features | 1 row a request | 100 rows |\n|---|---|---|")
    for shape in SHAPES:
        one, many = measured("parse", shape, 1), measured("parse", shape, 100)
        print(f"| {shape} | {one:,.0f} rows/s | {many:,.0f} rows/s |")
    print(f"| journal to columns (lists) | {measured('take', 1):,.0f} rows/s | {measured('take', 100):,.0f} rows/s |")
    print("\n| backlog, commits included | rows a CPU second | peak MB |\n|---|---|---|")
    for total in (100_000, 1_000_000):
        found = measured("drain", total)
        what = f"{found['rows']:,} rows in {found['seconds']:.0f} s"
        print(f"| {what} | {found['rows_per_cpu_s']:,.0f} | {found['peak_mb']:.0f} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(STEPS[sys.argv[1]](*map(json.loads, sys.argv[2:]))))
    else:
        main()
