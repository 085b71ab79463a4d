"""What it costs a request to track a metric, an event and to flush: on a good disk, a full one, one that refuses.

Beside it the real Application Insights client, whose server does not answer, in a process that is ended after some
seconds. Each setting runs in a process of its own; every call is timed.
"""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CALLS = 2_000
PAUSE_SECONDS = 0.001
PATIENCE_SECONDS = 8.0
OURS, THEIRS = "holter", "applicationinsights 0.11.10"
SETTINGS = (
    (OURS, "disk"),
    (OURS, "disk full"),
    (OURS, "folder cannot be made"),
    (OURS, "spool at its bound"),
    (THEIRS, "server answers"),
    (THEIRS, "nobody listens"),
    (THEIRS, "never answers"),
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def quantile(values: list[float], share: float) -> float:
    """Return a quantile, in microseconds."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1e6


def timed(client, calls: int) -> dict[str, list[float]]:
    """Do what the page's score.py does, again and again, and note how long each call took."""
    spent: dict[str, list[float]] = {"track_metric": [], "track_event": [], "flush": []}

    def give_up(*_) -> None:
        print(json.dumps({"spent": spent, "dropped": None, "late": True}), flush=True)
        os._exit(0)  # an exception would be swallowed by the client's own retrying

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS if calls < CALLS else 0)
    steps = (
        ("track_metric", lambda: client.track_metric("PredictionCount", 3)),
        ("track_event", lambda: client.track_event("ModelPrediction", {"result": "[1 0 1]"})),
        ("flush", client.flush),
    )
    for _ in range(calls):
        for name, step in steps:
            begun = time.perf_counter()
            step()
            spent[name].append(time.perf_counter() - begun)
        time.sleep(PAUSE_SECONDS)
    return spent


def ours(setting: str, folder: Path) -> dict:
    """Measure Holter's client."""
    os.environ["HOLTER_TELEMETRY"] = str(folder / "spool")
    if setting == "disk full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # the kernel then refuses, as a full disk does
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if setting == "folder cannot be made":
        (folder / "spool").touch()
    if setting == "spool at its bound":
        (folder / "spool").mkdir()
        with (folder / "spool" / "old.items").open("wb") as old:
            old.truncate(64 << 20)
    from holter.compat.applicationinsights import TelemetryClient

    client = TelemetryClient("key")
    spent = timed(client, CALLS)
    return {"spent": spent, "dropped": client.channel.spool.dropped}


def theirs(setting: str) -> dict:
    """Measure the real client, by its own defaults, with a server that behaves as the setting says."""
    from applicationinsights import TelemetryClient, channel

    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/v2/track"
    if setting == "nobody listens":
        listener.close()
    if setting == "server answers":
        serve(listener)
    sender = channel.SynchronousSender(address)
    client = TelemetryClient("key", channel.TelemetryChannel(None, channel.SynchronousQueue(sender)))
    return {"spent": timed(client, CALLS // 10), "dropped": None}


def serve(listener: socket.socket) -> None:
    """Answer everything with 200, in another process: a thread would take turns with what is measured."""
    if os.fork():
        listener.close()
        return
    os.close(1)  # whoever reads what this process says must not wait for the server
    while True:
        connection, _ = listener.accept()
        with connection:
            head = connection.recv(65536)
            head, _, body = head.partition(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            while len(body) < length:
                body += connection.recv(65536)
            connection.sendall(ANSWER)


def measured(client: str, setting: str) -> dict | None:
    """Measure one setting in a process; None when it does not end in time, and has to be killed."""
    command = [sys.executable, __file__, client, setting]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        said, _ = process.communicate(timeout=120)
        return json.loads(said)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def main() -> None:
    """Print a table."""
    print("| client | setting | call | p50 us | p99 us | largest ms | dropped |")
    print("|---|---|---|---|---|---|---|")
    for client, setting in SETTINGS:
        found = measured(client, setting)
        if found is None:
            print(f"| {client} | {setting} | all | did not end and was killed | | | |")
            continue
        if found.get("late"):
            ended = ", ".join(f"{len(spent)} {call}" for call, spent in found["spent"].items())
            print(f"| {client} | {setting} | in {PATIENCE_SECONDS:.0f} s | ended: {ended} | | | |")
            continue
        for call, spent in found["spent"].items():
            numbers = f"{quantile(spent, 0.5):,.1f} | {quantile(spent, 0.99):,.1f} | {max(spent) * 1000:,.1f}"
            dropped = "" if found["dropped"] is None else f"{found['dropped']:,} of {2 * CALLS:,}"
            print(f"| {client} | {setting} | {call} | {numbers} | {dropped} |")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        place = Path(tempfile.mkdtemp())
        try:
            result = ours(sys.argv[2], place) if sys.argv[1] == OURS else theirs(sys.argv[2])
            print(json.dumps(result), flush=True)
            os._exit(0)  # without the last wait for the disk
        finally:
            shutil.rmtree(place, ignore_errors=True)
