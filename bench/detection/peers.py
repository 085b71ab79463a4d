"""Run a peer, in its own environment, on a stream of the benchmark; a stream it does not end in ten minutes is left."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from detection.streams import TIME, Stream
from peers import prepared

PATIENCE = 600.0


def run(peer: str, stream: Stream) -> dict[str, Any]:
    """Return for every window whether any column is called drifted, and how many; nothing when it took too long."""
    python = prepared(peer)
    if python is None:
        return {"alarm": [], "counts": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        baseline = stream.baseline()
        timed = [TIME] if TIME in baseline.column_names else []
        pq.write_table(baseline.drop_columns(timed), folder / "baseline.parquet")
        for number, window in enumerate(stream.windows()):
            pq.write_table(window.table.drop_columns([TIME]), folder / f"{number:03d}.parquet")
        command = [python, Path(__file__).with_name("beside.py"), peer, folder]
        try:
            subprocess.run(command, check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return {"alarm": [], "counts": [], "late": True}
        counts = json.loads((folder / f"{peer}.json").read_text())
    return {"alarm": [int(each > 0) for each in counts], "counts": counts}
