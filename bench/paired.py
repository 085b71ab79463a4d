"""Time whole processes in pairs (A, B, A, B, ...), so that noise disturbs both alike; quote medians and ratios."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """What one process cost: CPU and wall seconds, peak resident megabytes (the largest of it and its children)."""

    cpu: float
    wall: float
    peak_mb: float


def run(command: Sequence[str], patience: float | None = None) -> Run | None:
    """Run a command to its end; its output is discarded, a failure stops the benchmark.

    None when it took longer than ``patience`` seconds, after which it was killed.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    late = threading.Event()
    timer = threading.Timer(patience or threading.TIMEOUT_MAX, lambda: (late.set(), process.kill()))
    timer.daemon = True
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if late.is_set():
        return None
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def paired(commands: dict[str, Sequence[str]], rounds: int) -> dict[str, list[Run]]:
    """Run every command in turn, ``rounds`` times after one round that does not count."""
    results: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            cost = run(command)
            if number and cost is not None:
                results[name].append(cost)
    return results


def table(results: dict[str, list[Run]], against: str) -> str:
    """Return a Markdown table of medians, with the median of the pairwise ratios of wall time."""
    lines = ["| process | wall s | CPU s | peak MB | wall ratio |", "|---|---|---|---|---|"]
    for name, runs in results.items():
        ratio = statistics.median(one.wall / other.wall for one, other in zip(runs, results[against], strict=True))
        wall, cpu, peak = (
            statistics.median(getattr(one, field) for one in runs) for field in ("wall", "cpu", "peak_mb")
        )
        lines.append(f"| {name} | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {ratio:.2f} |")
    return "\n".join(lines)
