"""``azureml.core.Dataset``: tables by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from holter.compat.azureml.core.datasets import Kept, all_of, find, keep
from holter.compat.azureml.exceptions import UserErrorException
from holter.errors import HolterError

if TYPE_CHECKING:
    import pyarrow as pa

    from holter.compat.azureml.core.workspace import Workspace

Step = Callable[["pa.Table"], "pa.Table"]


@dataclass(frozen=True, eq=False)
class TabularDataset:
    """A table, and what is to be done with it before it is read; every method returns another one.

    Parameters
    ----------
    source
        What is read: paths, or a table.
    steps
        What is done then, in order.
    timestamp
        Column that holds the event time, where one was named.
    name, version, id
        Of a registered one; ``id`` always tells two datasets apart.
    """

    source: Any
    steps: tuple[Step, ...] = ()
    timestamp: str | None = None
    name: str | None = None
    version: int | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid4().hex)

    def to_arrow(self) -> "pa.Table":
        """Read it. Differs: not in the original.

        Raises
        ------
        UserErrorException
            If it cannot be read; with the file and the reason.
        """
        table = _read(self.source)
        for step in self.steps:
            table = step(table)
        return table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Give its rows to whatever reads Arrow."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> Any:
        """Read it as a pandas frame; pandas must be installed."""
        del on_error, out_of_range_datetime
        return self.to_arrow().to_pandas()

    def take(self, count: int, offset: int = 0) -> "TabularDataset":
        """Keep ``count`` rows after the first ``offset``.

        Differs: ``offset`` is not in the original, although its documentation has used it.

        Raises
        ------
        UserErrorException
            If either is negative.
        """
        if count < 0 or offset < 0:
            raise UserErrorException(f"take({count}, offset={offset}): neither may be negative.")
        return self._then(lambda table: table.slice(offset, count))

    def skip(self, count: int) -> "TabularDataset":
        """Leave out the first rows. Raises UserErrorException for a negative number."""
        if count < 0:
            raise UserErrorException(f"skip({count}): it may not be negative.")
        return self._then(lambda table: table.slice(count))

    def keep_columns(self, columns: str | Sequence[str], validate: bool = False) -> "TabularDataset":
        """Keep these columns."""
        del validate
        names = [columns] if isinstance(columns, str) else list(columns)
        return self._then(lambda table: table.select(_there(names, table)))

    def drop_columns(self, columns: str | Sequence[str]) -> "TabularDataset":
        """Leave out these columns."""
        names = [columns] if isinstance(columns, str) else list(columns)
        return self._then(lambda table: table.drop_columns(_there(names, table)))

    def with_timestamp_columns(
        self,
        timestamp: str | None = None,
        partition_timestamp: str | None = None,
        validate: bool = False,
        **others: Any,
    ) -> "TabularDataset":
        """Say which column holds the event time."""
        del partition_timestamp, validate, others
        return replace(self, timestamp=timestamp, id=uuid4().hex)

    def time_before(self, end_time: datetime, include_boundary: bool = True, validate: bool = True) -> "TabularDataset":
        """Keep rows up to a moment."""
        del validate
        return self._between(None, end_time, include_boundary)

    def time_after(
        self, start_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> "TabularDataset":
        """Keep rows from a moment on."""
        del validate
        return self._between(start_time, None, include_boundary)

    def time_between(
        self, start_time: datetime, end_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> "TabularDataset":
        """Keep rows between two moments."""
        del validate
        return self._between(start_time, end_time, include_boundary)

    def time_recent(
        self, time_delta: timedelta, include_boundary: bool = True, validate: bool = True
    ) -> "TabularDataset":
        """Keep rows of the last while."""
        del validate
        return self._between(datetime.now(UTC) - time_delta, None, include_boundary)

    def _between(self, start: datetime | None, end: datetime | None, inclusive: bool) -> "TabularDataset":
        column = self.timestamp
        if column is None:
            raise UserErrorException("say which column holds the time: with_timestamp_columns(timestamp='...').")
        return self._then(lambda table: _within(table, column, (start, end), inclusive=inclusive))

    def _then(self, step: Step) -> "TabularDataset":
        return replace(self, steps=(*self.steps, step), name=None, version=None, id=uuid4().hex)

    def register(
        self,
        workspace: "Workspace",
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        create_new_version: bool = False,
    ) -> "TabularDataset":
        """Keep its rows under a name.

        Raises
        ------
        UserErrorException
            If the name is taken and ``create_new_version`` is False, or cannot be a folder.
        """
        labels = {"description": description, "tags": dict(tags or {}), "timestamp": self.timestamp}
        return _registered(keep(workspace.home.root, name, self.to_arrow(), labels, again=create_new_version))

    def __repr__(self) -> str:
        return f"<TabularDataset {self.name}:{self.version}>" if self.name else "<TabularDataset>"


class TabularDatasetFactory:
    """Makes datasets from files and frames; reached as ``Dataset.Tabular``."""

    @staticmethod
    def from_delimited_files(path: Any, *args: Any, **others: Any) -> TabularDataset:
        """Return the rows of CSV files: a path, a glob, or a list of them."""
        del args, others
        return TabularDataset(_paths(path))

    @staticmethod
    def from_parquet_files(path: Any, *args: Any, **others: Any) -> TabularDataset:
        """Return the rows of Parquet files: a path, a glob, or a list of them."""
        del args, others
        return TabularDataset(_paths(path))

    @staticmethod
    def register_pandas_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,
        **others: Any,
    ) -> TabularDataset:
        """Keep a frame under a name; ``target``, a datastore or a workspace, says where."""
        del show_progress, others
        workspace = getattr(target[0] if isinstance(target, list | tuple) else target, "workspace", target)
        found = TabularDataset(dataframe)
        return found.register(workspace, name, description, tags, create_new_version=True)


class Dataset:
    """Finds registered datasets, and makes new ones: ``Dataset.Tabular``."""

    Tabular = TabularDatasetFactory

    @staticmethod
    def get_by_name(workspace: "Workspace", name: str, version: int | str = "latest") -> TabularDataset:
        """Return a registered dataset. Raises UserErrorException."""
        return _registered(find(workspace.home.root, name, _version(version)))

    @staticmethod
    def get_by_id(workspace: "Workspace", id: str, **others: Any) -> TabularDataset:
        """Return a registered dataset by its id, ``name:version``. Raises UserErrorException."""
        del others
        name, _, version = id.partition(":")
        return Dataset.get_by_name(workspace, name, version or "latest")

    @staticmethod
    def get_all(workspace: "Workspace") -> Mapping[str, TabularDataset]:
        """Return the newest version of each registered dataset, by name."""
        return {name: _registered(kept) for name, kept in all_of(workspace.home.root).items()}


def _registered(kept: Kept) -> TabularDataset:
    ident = f"{kept.name}:{kept.version}"
    return TabularDataset([str(kept.file)], name=kept.name, version=kept.version, id=ident, **kept.labels)


def _version(version: int | str) -> int | None:
    if version == "latest":
        return None
    try:
        return int(version)
    except (TypeError, ValueError) as error:
        raise UserErrorException(f"{version!r} is no version of a dataset; give a number or 'latest'.") from error


def _paths(path: Any) -> list[str]:
    """Take a path, several, or a pair of a datastore and a path in it."""
    if isinstance(path, tuple) and len(path) == 2 and hasattr(path[0], "folder"):
        return [str(path[0].folder / path[1])]
    if isinstance(path, list | tuple):
        return [each for part in path for each in _paths(part)]
    return [str(Path(path)) if "://" not in str(path) else str(path)]


def _read(source: Any) -> "pa.Table":
    import pyarrow as pa

    from holter.source import stream

    parts = source if isinstance(source, list) else [source]
    try:
        tables = [stream(part).read_all() for part in parts]
    except HolterError as error:
        raise UserErrorException(str(error)) from error
    return pa.concat_tables(tables, promote_options="permissive") if len(tables) > 1 else tables[0]


def _there(names: Sequence[str], table: "pa.Table") -> list[str]:
    for name in names:
        if name not in table.column_names:
            raise UserErrorException(f"there is no column {name!r}; there are {', '.join(table.column_names)}.")
    return list(names)


def _within(
    table: "pa.Table", column: str, limits: tuple[datetime | None, datetime | None], *, inclusive: bool
) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    _there([column], table)
    kind = pa.timestamp("us", "UTC")
    moments = table[column]
    try:
        moments = moments.cast(pa.timestamp("us")) if not pa.types.is_timestamp(moments.type) else moments
        plain = moments.cast(pa.timestamp("us", moments.type.tz)).cast(pa.int64())
    except pa.ArrowException as error:
        raise UserErrorException(f"column {column!r} holds no times: {error}") from error
    kept = pa.scalar(value=True)
    for limit, (loose, strict) in zip(limits, ((pc.greater_equal, pc.greater), (pc.less_equal, pc.less)), strict=True):
        if limit is not None:
            aware = limit.replace(tzinfo=UTC) if limit.tzinfo is None else limit
            at = pa.scalar(aware, kind).cast(pa.int64())
            kept = pc.and_(kept, (loose if inclusive else strict)(plain, at))
    return table.filter(pc.fill_null(kept, fill_value=False)) if any(limits) else table
