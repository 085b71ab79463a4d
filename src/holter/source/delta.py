"""Delta tables as streams."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from holter.errors import UnreadableTable
from holter.source.part import BATCH_ROWS, Within, reading
from holter.source.remedies import first_line


def is_delta(path: str) -> bool:
    """Tell whether a folder is a Delta table."""
    return (Path(path) / "_delta_log").is_dir()


class Delta:
    """The newest version of a Delta table.

    Read with the table's own engine where it has deletion vectors or renamed columns, which Arrow cannot read.
    """

    def __init__(self, path: str) -> None:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, DeltaProtocolError

        self.name = path
        self._dataset: Any = None
        try:
            self._table = DeltaTable(path)
            self.schema: pa.Schema = pa.schema(self._table.schema().to_arrow())
            self._dataset = self._table.to_pyarrow_dataset()
        except DeltaProtocolError as error:
            if not hasattr(self._table, "scan"):
                raise UnreadableTable(path, f"{first_line(error)}. Update the deltalake package.") from error
        except (DeltaError, OSError) as error:
            damaged = f"{first_line(error)}. The table is damaged; restore an older version of it."
            raise UnreadableTable(path, damaged) from error

    def batches(self, schema: pa.Schema, within: Within | None = None) -> Iterator[pa.RecordBatch]:
        """Yield its rows in some of its columns; ``within`` skips files and row groups outside of a stretch of time."""
        with reading(self.name):
            yield from (batch.cast(schema) for batch in self._read(schema.names, within))

    def coded(self) -> pa.Schema:
        """Return the schema: the engine decodes dictionaries."""
        return self.schema

    def _read(self, columns: list[str], within: Within | None) -> Any:
        if self._dataset is None:
            return pa.RecordBatchReader.from_stream(self._table.scan(columns=columns))
        limits = {"batch_size": BATCH_ROWS, "batch_readahead": 2, "fragment_readahead": 1}
        return self._dataset.scanner(columns, filter=self._filter(within), **limits).to_reader()

    def _filter(self, within: Within | None) -> Any:
        if within is None:
            return None
        import pyarrow.compute as pc

        found = self.schema.field(within.time).type
        if not pa.types.is_timestamp(found):
            return None
        # a moment without a zone compares with a column without one; both mean UTC
        ends = [end if found.tz else end.replace(tzinfo=None) for end in (within.span.start, within.span.end)]
        low, high = (pa.scalar(end, pa.timestamp("us", found.tz)) for end in ends)
        return (pc.field(within.time) >= low) & (pc.field(within.time) < high)
