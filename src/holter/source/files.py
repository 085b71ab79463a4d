"""Tables in files: which files a path stands for, and what columns all of them have.

Files are read with the readers of their formats and not through ``pyarrow.dataset``, whose import alone imports pandas
where it is installed.
"""

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from holter.errors import UnreadableTable
from holter.profile.kinds import is_text, plain_type
from holter.source.formats import OPENERS
from holter.source.part import Part, Stamp, Within, reading

_COMPRESSED: Final = frozenset({".gz", ".bz2"})
_CODED: Final = pa.dictionary(pa.int32(), pa.string())
"""What Parquet's dictionary pages are read as."""
_CHANGED: Final = (
    "it was written to while it was read. Read it again when its writer is done, or replace it by renaming."
)


@dataclass(frozen=True)
class Files:
    """Files that together are one table; a column a file does not have is null in its rows."""

    parts: Sequence[Part]
    schema: pa.Schema
    stamps: Sequence[Stamp | None]

    def batches(self, schema: pa.Schema, within: Within | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of all files, in order, in the columns and types of ``schema``.

        It is :attr:`schema` or :meth:`coded`, or some of the columns of one of them. ``within`` lets files skip what
        lies outside of a stretch of time; what it leaves may still lie outside.
        """
        names = schema.names
        for part, stamp in zip(self.parts, self.stamps, strict=True):
            there = set(part.schema.names)
            mine = [name for name in names if name in there]
            with _unchanged(part, stamp), reading(part.name):
                for batch in part.batches(mine, schema, within):
                    yield _aligned(batch, schema)

    def coded(self) -> pa.Schema:
        """Return the schema with dictionaries for the columns of text that a file stores so."""
        names = frozenset[str]().union(*(part.dictionaries for part in self.parts))
        return pa.schema([f.with_type(_CODED) if f.name in names and is_text(f.type) else f for f in self.schema])


@contextmanager
def _unchanged(part: Part, opened: Stamp | None) -> Iterator[None]:
    """Refuse what was read of a file that somebody wrote over meanwhile; text that was only added to is what it was."""
    begun = Stamp.of(part.name)
    if opened is not None and begun is not None and begun != opened and not (part.grows and opened.grown(begun)):
        raise UnreadableTable(part.name, _CHANGED)
    try:
        yield
    except UnreadableTable as error:
        if begun is not None and begun.overwritten(Stamp.of(part.name)):
            raise UnreadableTable(part.name, _CHANGED) from error
        raise
    now = Stamp.of(part.name)
    if begun is not None and begun.overwritten(now) and not (now and part.grows and begun.grown(now)):
        raise UnreadableTable(part.name, _CHANGED)


def open_files(path: str) -> Files:
    """Open the files of a path; nothing but their headers is read.

    Raises
    ------
    UnreadableTable
        If a file is missing, damaged, of an unknown format, has a column name twice, or disagrees with the others about
        the type of a column.
    """
    files = files_of(path)
    stamps = [Stamp.of(file) for file in files]  # before the first look, so that no change falls between the two
    parts = [_open(file) for file in files]
    return Files(parts, _common_schema(parts), stamps)


def files_of(path: str) -> list[str]:
    """Return the data files a path, folder or glob stands for, in the order of their names.

    Raises
    ------
    UnreadableTable
        If there is none.
    """
    if Path(path).is_dir():
        found = [str(file) for file in sorted(_walked(path)) if file.is_file() and _is_data(file, path)]
        if not found:
            raise UnreadableTable(path, f"the folder has no file ending in {', '.join(OPENERS)}.")
        return found
    if Path(path).is_file():
        return [path]
    found = [file for file in sorted(glob.glob(path, recursive=True)) if Path(file).is_file()]  # noqa: PTH207
    if not found:
        raise UnreadableTable(path, "there is no such file. Check the path; it is relative to the working folder.")
    return found


def _walked(folder: str) -> Iterator[Path]:
    """Yield all files of a folder; one that may not be looked into is an error and no empty folder."""

    def refuse(error: OSError) -> None:
        raise error

    with reading(folder):
        for parent, _, names in os.walk(folder, onerror=refuse):
            yield from (Path(parent) / name for name in names)


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
    """Combine columns; null, narrower integers and integers beside floats give way to the wider type.

    A dictionary in one file and its values in another are the same column, stored in two ways.
    """
    b = b.remove_metadata()
    try:
        return pa.unify_schemas([a, b], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.unify_schemas([_plain(a), _plain(b)], promote_options="permissive")


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_type(plain_type(field.type)) for field in schema])


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
