"""One Delta table on local disk: opened once, refreshed before each use, synced after each commit."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any, Final
from urllib.parse import unquote

import deltalake
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from pyarrow import fs

from holter.store.disk import sync_commits
from holter.types import EVENT_DAY

_WRITER: Final = deltalake.WriterProperties(compression="ZSTD")
_CREATE_ATTEMPTS: Final = 20
_APPEND_ATTEMPTS: Final = 10
_FORGETTING: Final = {
    "delta.logRetentionDuration": "interval 1 hours",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
"""How long commits and merged files are kept; delta-rs itself keeps them 30 days and a week.

A commit every two seconds is 43,200 a day, and each lists the whole log: measured, 20 ms with a short one, 720 ms with
50,000 files in it.
"""
_PARQUET: Final = ds.ParquetFileFormat()
_LOCAL: Final = fs.LocalFileSystem()


@dataclass(frozen=True)
class DataFile:
    """A file of the table: its day (None: unknown), rows, and the range of the column that has statistics."""

    path: str
    day: str | None
    rows: int
    oldest: datetime | None
    newest: datetime | None
    written: int


class Table:
    """A table partitioned by day.

    Parameters
    ----------
    root
        Its folder; made by the first append.
    clock
        The column whose smallest and largest value each file states.
    """

    def __init__(self, root: Path, clock: str) -> None:
        self.root, self._clock = root, clock
        self._lock = RLock()
        self._open: deltalake.DeltaTable | None = None
        self._seen = 0
        self._listed: tuple[int, list[DataFile]] | None = None

    def fields(self) -> dict[str, pa.DataType]:
        """Return names and types of the columns; empty when there is no table."""
        with self._lock:
            table = self._current()
            if table is None:
                return {}
            schema = pa.schema(table.schema().to_arrow())
            return dict(zip(schema.names, schema.types, strict=True))

    def offset(self, name: str) -> int:
        """Return the number last committed under a name; 0 if never."""
        with self._lock:
            table = self._current()
            return 0 if table is None else table.transaction_version(name) or 0

    def files(self) -> list[DataFile]:
        """Return every file of the newest version, in the order they were written."""
        with self._lock:
            table = self._current()
            if table is None:
                return []
            if self._listed is None or self._listed[0] != table.version():
                self._listed = table.version(), self._list(table)
            return self._listed[1]

    def append(self, rows: pa.Table, offsets: Mapping[str, int]) -> None:
        """Add rows and numbers in one commit, and wait for the disk. New columns are added to the table."""
        with self._lock:
            table = self._current() or self._create(rows.schema)
            before = table.version()
            marks = [deltalake.Transaction(name, number) for name, number in sorted(offsets.items())]
            properties = deltalake.CommitProperties(app_transactions=marks)
            for attempt in range(_APPEND_ATTEMPTS):
                try:
                    deltalake.write_deltalake(
                        table,
                        rows,
                        mode="append",
                        schema_mode="merge",
                        writer_properties=_WRITER,
                        commit_properties=properties,
                    )
                    break
                except CommitFailedError:  # another process has just added a column; nothing of ours is in
                    if attempt == _APPEND_ATTEMPTS - 1:
                        raise
                    table.update_incremental()
            table.update_incremental()
            sync_commits(self.root, before + 1, table.version())

    def read(
        self, files: list[DataFile], fields: Mapping[str, pa.DataType], keep: ds.Expression | None = None
    ) -> pa.Table:
        """Return the rows of files that pass a filter: these columns, the day among them, missing ones null."""
        whole = pa.schema(list(fields.items()))
        parts = [
            _PARQUET.make_fragment(str(self.root / file.path), _LOCAL, partition_expression=_day_is(file.day))
            for file in sorted(files, key=lambda file: file.day or "")
        ]
        # One scan over all files: a scan has a price of its own, a file hardly any.
        dataset = ds.FileSystemDataset(parts, whole, _PARQUET, _LOCAL)
        try:
            return dataset.to_table(filter=keep)
        except pa.ArrowNotImplementedError:
            # A file that delta-rs wrote anew, after an erasure, holds text as views, and Arrow cannot compare the
            # statistics of those with text: it filters what it has read, batch by batch, instead of whole row groups.
            found = [pa.table(batch).filter(keep) for batch in dataset.to_batches()]
            return pa.concat_tables(found) if found else whole.empty_table()

    @contextmanager
    def unknown_day(self, fields: Mapping[str, pa.DataType]) -> Iterator[tuple[pa.Table, Callable[[pa.Table], None]]]:
        """Give the rows without a day, and a function that keeps only some of them.

        It keeps all of them where another process has added some meanwhile: a later pass then tries again.
        """
        with self._lock:
            files = [file for file in self.files() if file.day is None]
            version = None if self._open is None else self._open.version()

            def keep(rows: pa.Table) -> None:
                table = deltalake.DeltaTable(str(self.root), version=version)
                with suppress(CommitFailedError):
                    deltalake.write_deltalake(table, rows, mode="overwrite", predicate=f"{EVENT_DAY} IS NULL")
                    sync_commits(self.root, table.version(), table.version())

            yield self.read(files, fields), keep

    def compact(self) -> int:
        """Merge the small files of each day; return how many files that took away. The content stays the same."""
        with self._lock:
            table = self._current()
            if table is None:
                return 0
            before = table.version()
            try:
                metrics = table.optimize.compact(writer_properties=_WRITER)
            except CommitFailedError:  # another process was quicker; the next pass will find what is left
                self._open = None
                return 0
            table.update_incremental()
            if table.version() > before:
                sync_commits(self.root, before + 1, table.version())
            if table.vacuum(dry_run=True):  # files that were merged a day ago: no reader can still want them
                table.vacuum(dry_run=False)
            return int(metrics["numFilesRemoved"]) - int(metrics["numFilesAdded"])

    def delete(self, predicate: str) -> int:
        """Remove the rows for which an SQL condition holds, and return how many; off the disk takes :meth:`vacuum`.

        A condition on the day alone removes whole files, any other writes the files anew without the rows.
        """
        with self._lock:
            table = self._current()
            if table is None:
                return 0
            before = table.version()
            for attempt in range(_APPEND_ATTEMPTS):
                try:
                    metrics = table.delete(predicate, writer_properties=_WRITER)
                    break
                except CommitFailedError:  # another process has just merged the same files
                    if attempt == _APPEND_ATTEMPTS - 1:
                        raise
                    table.update_incremental()
            table.update_incremental()
            if table.version() > before:
                sync_commits(self.root, before + 1, table.version())
            return int(metrics["num_deleted_rows"] or 0)

    def vacuum(self) -> int:
        """Take every file off the disk that is not part of the newest version; return how many.

        Who reads an older version at this moment fails, and finds the newer one when it tries again.
        """
        with self._lock:
            table = self._current()
            if table is None:
                return 0
            return len(table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False))

    def _current(self) -> deltalake.DeltaTable | None:
        if self._open is not None:
            # Looking at the folder costs a thousandth of asking delta-rs to look. Its time alone would not do: two
            # commits may fall into one tick of it. Nor would the next commit alone: old ones are cleaned up.
            log = self.root / "_delta_log"
            changed = log.stat().st_mtime_ns
            if changed != self._seen or (log / f"{self._open.version() + 1:020}.json").exists():
                self._open.update_incremental()
                self._seen = changed
            return self._open
        if not (self.root / "_delta_log").is_dir():
            return None
        try:
            self._open = deltalake.DeltaTable(str(self.root))
        except TableNotFoundError:  # another process is just making it
            return None
        return self._open

    def _create(self, schema: pa.Schema) -> deltalake.DeltaTable:
        for attempt in range(_CREATE_ATTEMPTS):
            try:
                self._open = deltalake.DeltaTable.create(
                    str(self.root),
                    schema=schema,
                    mode="ignore",
                    partition_by=[EVENT_DAY],
                    configuration={"delta.dataSkippingStatsColumns": self._clock, **_FORGETTING},
                )
                break
            except deltalake.exceptions.DeltaError:  # two processes made it at once; one of them did
                if attempt == _CREATE_ATTEMPTS - 1:
                    raise
        assert self._open is not None  # noqa: S101
        self._open.update_incremental()
        sync_commits(self.root, 0, 0)
        return self._open

    def _list(self, table: deltalake.DeltaTable) -> list[DataFile]:
        rows: list[dict[str, Any]] = pa.table(table.get_add_actions(flatten=True)).to_pylist()
        files = [
            DataFile(
                unquote(row["path"]),
                row.get(f"partition.{EVENT_DAY}"),
                row["num_records"] or 0,
                row.get(f"min.{self._clock}"),
                row.get(f"max.{self._clock}"),
                row["modification_time"],
            )
            for row in rows
        ]
        return sorted(files, key=lambda file: (file.written, file.path))


def _day_is(day: str | None) -> ds.Expression:
    return ds.field(EVENT_DAY).is_null() if day is None else ds.field(EVENT_DAY) == day
