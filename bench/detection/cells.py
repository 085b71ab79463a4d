"""A cell of the benchmark (system, family, rows, pace, place of the change) and its file: a JSON line for each stream.

A run that was stopped goes on where it was: a stream whose line is there is not run again. Lines of Holter belong to
one state of its code and stand in a folder named by it; the others do not change.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from detection.streams import CHANGE_AT, WINDOWS, Stream

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".bench" / "detection"
ROOMS = ("workspace", "signals", "rules", "stats", "profile", "types")


@dataclass(frozen=True)
class Cell:
    """What is run on how many streams."""

    system: str
    family: str
    rows: int
    pace: str = "daily"
    change_at: int = CHANGE_AT
    windows: int = WINDOWS

    def stream(self, seed: int) -> Stream:
        """Return a stream of this cell."""
        return Stream(self.family, self.rows, seed, self.pace, self.change_at, self.windows)

    @property
    def file(self) -> Path:
        """Where the lines are."""
        place = f"{self.family}-{self.rows}-{self.pace}"
        place += f"-{self.change_at}" if self.change_at != CHANGE_AT else ""
        place += f"-{self.windows}w" if self.windows != WINDOWS else ""
        state = os.environ.get("DETECTION_STATE") or state_of_code()
        return FOLDER / (state if self.system == "holter" else self.system) / f"{place}.jsonl"

    def lines(self) -> list[dict[str, Any]]:
        """Return what is known, in the order of seeds."""
        if not self.file.exists():
            return []
        found = {each["seed"]: each for each in map(json.loads, self.file.read_text().splitlines())}
        return [found[seed] for seed in sorted(found)]


def state_of_code() -> str:
    """Return a name for the code that decides: a digest of its rooms."""
    digest = hashlib.sha256()
    source = ROOT / "src" / "holter"
    for path in sorted(path for room in ROOMS for path in (source / room).rglob("*.py")):
        digest.update(path.relative_to(source).as_posix().encode() + path.read_bytes())
    return f"holter-{digest.hexdigest()[:10]}"


def one(cell: Cell, seed: int) -> dict[str, Any]:
    """Run one stream."""
    begun = _cpu()
    result = _runner(cell.system)(cell.stream(seed))
    return {"seed": seed, **result, "cpu": round(_cpu() - begun, 3)}


def _cpu() -> float:
    """Return the CPU seconds of this process and of those it waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _runner(system: str) -> Callable[[Stream], dict[str, Any]]:
    if system == "holter":
        from detection.watching import run
    elif system == "rivals":
        from detection.rivals import run
    else:
        from detection import peers

        return partial(peers.run, system)
    return run


def run(cells: Sequence[Cell], seeds: int, *, cores: int = 2, most_seconds: float = float("inf")) -> None:
    """Run what is missing of every cell, a seed of all cells before the next: stopped, it has a bit of all."""
    state = os.environ.setdefault("DETECTION_STATE", state_of_code())
    todo = list(_missing(cells, seeds))
    print(f"{state}: {len(todo)} streams to run", flush=True)
    begun = time.monotonic()
    with ProcessPoolExecutor(cores) as pool:
        futures = {pool.submit(one, cell, seed): (cell, seed) for cell, seed in todo}
        for future in as_completed(futures):
            cell, seed = futures[future]
            if (error := future.exception()) is not None:
                print(f"{cell} seed {seed}: {type(error).__name__}: {error}", flush=True)
                continue
            cell.file.parent.mkdir(parents=True, exist_ok=True)
            with cell.file.open("a") as file:
                file.write(json.dumps(future.result()) + "\n")
            if time.monotonic() - begun > most_seconds:
                print(f"Stopped after {most_seconds:.0f} s; run again to go on.", flush=True)
                pool.shutdown(cancel_futures=True)
                break


def _missing(cells: Sequence[Cell], seeds: int) -> Iterator[tuple[Cell, int]]:
    known = {cell: {each["seed"] for each in cell.lines()} for cell in cells}
    for seed in range(1, seeds + 1):
        yield from ((cell, seed) for cell in cells if seed not in known[cell])
