"""What merely reading costs: sum, minimum and maximum of every column, each library in the fastest way it has.

``python bench/scans.py pyarrow january.parquet february.parquet``
"""

import sys
from pathlib import Path
from typing import Any


def with_pyarrow(path: str) -> None:
    """Row group after row group, columns in parallel, text as dictionaries: the fastest of fourteen ways tried."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        text = [field.name for field in file.schema_arrow if str(field.type) == "string"]
    with pq.ParquetFile(path, read_dictionary=text, pre_buffer=False) as file:
        for number in range(file.num_row_groups):
            for column in file.read_row_group(number, use_threads=True).columns:
                if str(column.type).startswith("dictionary"):
                    for chunk in column.chunks:
                        pc.min_max(chunk.dictionary)
                else:
                    pc.min_max(column)
                    pc.sum(column)


def with_polars(path: str) -> None:
    """A lazy query on the streaming engine."""
    import polars as pl
    import polars.selectors as cs

    every: Any = pl.all()
    pl.scan_parquet(path).select(
        cs.numeric().sum().name.suffix("_sum"), every.min().name.suffix("_min"), every.max().name.suffix("_max")
    ).collect(engine="streaming")


def with_duckdb(path: str) -> None:
    """One query over all columns."""
    import duckdb

    duckdb.sql(
        f"select sum(columns('number_.*')), min(columns(*)), max(columns(*)) from read_parquet('{path}')"
    ).fetchall()


SCANS = {"pyarrow": with_pyarrow, "polars": with_polars, "duckdb": with_duckdb}

if __name__ == "__main__":
    for table in map(Path, sys.argv[2:]):
        for file in sorted(table.iterdir()) if table.is_dir() else [table]:
            SCANS[sys.argv[1]](str(file))
