"""Fit the sign and size of the one weight from what was recorded."""

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq

past, output = sys.argv[1:]
rows = pq.read_table(past, columns=["x", "_label"]).to_pylist()
lift = sum(row["x"] * (row["_label"] - 0.5) for row in rows) / sum(row["x"] ** 2 for row in rows)
Path(output, "model.json").write_text(json.dumps({"weight": 6 * lift}))
