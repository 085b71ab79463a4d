"""Tables in files: which files a path stands for, and what columns all of them have.

Files are read with the readers of their formats and not through ``pyarrow.dataset``, whose import alone imports pandas
where it is installed.
"""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from holter.errors import UnreadableTable
from holter.source.formats import OPENERS, Part, Within, reading

_COMPRESSED: Final = frozenset({".gz", ".bz2"})


@dataclass(frozen=True)
class Files:
    """Files that together are one table; a column a file does not have is null in its rows."""

    parts: Sequence[Part]
    schema: pa.Schema

    def batches(self, columns: Sequence[str], within: Within | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of all files, in order, with these columns in the types of :attr:`schema`.

        ``within`` lets files skip what lies outside of a stretch of time; what it leaves may still lie outside.
        """
        schema = pa.schema([self.schema.field(name) for name in columns])
        for part in self.parts:
            there = set(part.schema.names)
            mine = [name for name in columns if name in there]
            with reading(part.name):
                for batch in part.batches(mine, self.schema, within):
                    yield _aligned(batch, schema)


def open_files(path: str) -> Files:
    """Open the files of a path; nothing but their headers is read.

    Raises
    ------
    UnreadableTable
        If a file is missing, damaged, of an unknown format, has a column name twice, or disagrees with the others about
        the type of a column.
    """
    parts = [_open(file) for file in files_of(path)]
    return Files(parts, _common_schema(parts))


def files_of(path: str) -> list[str]:
    """Return the data files a path, folder or glob stands for, in the order of their names.

    Raises
    ------
    UnreadableTable
        If there is none.
    """
    if Path(path).is_dir():
        found = [str(file) for file in sorted(Path(path).rglob("*")) if file.is_file() and _is_data(file, path)]
        if not found:
            raise UnreadableTable(path, f"the folder has no file ending in {', '.join(OPENERS)}.")
        return found
    if Path(path).is_file():
        return [path]
    found = [file for file in sorted(glob.glob(path, recursive=True)) if Path(file).is_file()]  # noqa: PTH207
    if not found:
        raise UnreadableTable(path, "there is no such file. Check the path; it is relative to the working folder.")
    return found


def _is_data(file: Path, root: str) -> bool:
    """Tell whether a file in a folder is data; Spark and others leave ``_SUCCESS`` and ``.crc`` files beside it."""
    hidden = any(part.startswith(("_", ".")) for part in file.relative_to(root).parts)
    return not hidden and _suffix(file) in OPENERS


def _suffix(file: Path) -> str:
    return Path(file.stem).suffix.lower() if file.suffix.lower() in _COMPRESSED else file.suffix.lower()


def _open(file: str) -> Part:
    opener = OPENERS.get(_suffix(Path(file)))
    if opener is None:
        raise UnreadableTable(file, f"its name ends in none of {', '.join(OPENERS)}. Rename or convert it.")
    with reading(file):
        part = opener(file)
        names = part.schema.names
    twice = [name for name in names if names.count(name) > 1] if len(set(names)) < len(names) else []
    if twice:
        raise UnreadableTable(file, f"it has two columns {twice[0]!r}. Rename one.")
    return part


def _common_schema(parts: Sequence[Part]) -> pa.Schema:
    """Return a schema all files can be read in, or name the file and column that forbid it."""
    common = parts[0].schema.remove_metadata()
    for part in parts[1:]:
        try:
            common = _unified(common, part.schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise UnreadableTable(part.name, _conflict(common, part.schema, parts[0].name)) from error
    return common


def _unified(a: pa.Schema, b: pa.Schema) -> pa.Schema:
    """Combine columns; null, narrower integers and integers beside floats give way to the wider type."""
    return pa.unify_schemas([a, b.remove_metadata()], promote_options="permissive")


def _conflict(common: pa.Schema, schema: pa.Schema, first: str) -> str:
    for field in schema:
        position = common.get_field_index(field.name)
        if position < 0:
            continue
        known = common.field(position)
        try:
            _unified(pa.schema([known]), pa.schema([field]))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            return (
                f"its column {field.name!r} is {field.type}, but {known.type} in {first}. "
                "Write both with the same type, or read them apart."
            )
    raise AssertionError("schemas disagree though no column does")


def _aligned(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    there = dict(zip(batch.schema.names, batch.columns, strict=True))
    arrays = []
    for field in schema:
        array = there.get(field.name)
        if array is None:
            array = pa.nulls(batch.num_rows, field.type)
        arrays.append(array if array.type == field.type else array.cast(field.type))
    if not arrays:  # a batch without columns keeps its number of rows
        return batch.select([])
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
