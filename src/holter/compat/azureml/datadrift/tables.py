"""The two tables of a detector, kept so that another process finds them."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from holter.compat.azureml.core.dataset import TabularDataset
from holter.compat.azureml.exceptions import UserErrorException
from holter.errors import HolterError
from holter.types import Span

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class KeptTable:
    """A table that outlives the process.

    Parameters
    ----------
    path
        Where its rows are: a copy in the workspace, or files that others go on writing to.
    columns
        Its columns when it was given.
    time
        The column of event times, where there is one.
    id, name
        Those of the dataset.
    """

    path: str
    columns: tuple[str, ...]
    time: str | None
    id: str
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))

    @property
    def dataset(self) -> TabularDataset:
        """Return it as a dataset."""
        return TabularDataset([self.path], timestamp=self.time, name=self.name, id=self.id)

    def rows(self, span: Span | None = None) -> "pa.Table":
        """Read it, or what lies in a span. Raises UserErrorException."""
        from holter.source import read_span, stream

        try:
            if span is None or self.time is None:
                return stream(self.path).read_all()
            return read_span(self.path, self.time, span)
        except HolterError as error:
            raise UserErrorException(str(error)) from error

    def times(self) -> tuple[datetime, datetime] | None:
        """Return the oldest and the newest event time; None where there is none. Raises UserErrorException."""
        from holter.source import time_range

        try:
            return None if self.time is None else time_range(self.path, self.time)
        except HolterError as error:
            raise UserErrorException(str(error)) from error


def keep(given: Any, copy: Path, *, live: bool) -> KeptTable:
    """Keep a table: a dataset, a data frame, Arrow, a path.

    Parameters
    ----------
    given
        The table.
    copy
        The file to write a copy to.
    live
        Whether one path, unfiltered, stays where it is, so that rows which others add later are seen; all else is
        copied as it is now.

    Raises
    ------
    UserErrorException
        If it is no table, cannot be read, or does not have its column of times.
    """
    from holter.source import schema_of

    dataset = given if isinstance(given, TabularDataset) else TabularDataset(_plain(given))
    try:
        path = _live_path(dataset) if live else None
        if path is None:
            path = _copied(dataset, copy)
        columns = tuple(schema_of(path).names)
    except HolterError as error:
        raise UserErrorException(str(error)) from error
    if dataset.timestamp is not None and dataset.timestamp not in columns:
        raise UserErrorException(f"there is no column {dataset.timestamp!r}; there are {', '.join(columns)}.")
    kept = KeptTable(path, columns, dataset.timestamp, dataset.id, dataset.name)
    kept.times()  # times that cannot be read are refused now
    return kept


def _plain(given: Any) -> Any:
    if isinstance(given, str | os.PathLike):
        text = os.fspath(given)
        return [text if "://" in text else str(Path(text).absolute())]
    return given


def _live_path(dataset: TabularDataset) -> str | None:
    source = dataset.source
    alone = isinstance(source, list) and len(source) == 1 and isinstance(source[0], str) and not dataset.steps
    if not alone:
        return None
    return source[0] if "://" in source[0] else str(Path(source[0]).absolute())


def _copied(dataset: TabularDataset, copy: Path) -> str:
    import pyarrow.parquet as pq

    copy.parent.mkdir(parents=True, exist_ok=True)
    half = copy.with_suffix(f".{uuid4().hex}")
    pq.write_table(dataset.to_arrow(), half, compression="zstd")
    half.replace(copy)
    return str(copy.absolute())
