"""Tables in files: which files they are, of which format, and what columns all of them have."""

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.dataset as ds

from holter.errors import UnreadableTable

_FORMATS: Final = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".arrow": "ipc",
    ".ipc": "ipc",
    ".feather": "ipc",
}
_COMPRESSED: Final = frozenset({".gz", ".bz2", ".zst"})
_CSV_BLOCK: Final = 8 * 1024 * 1024
"""Bytes of a CSV file from which its types are guessed; the default of 1 MiB guesses wrong more often."""


def is_delta(path: str) -> bool:
    """Tell whether a folder is a Delta table."""
    return (Path(path) / "_delta_log").is_dir()


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
            raise UnreadableTable(path, f"the folder has no file ending in {', '.join(_FORMATS)}.")
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
    return not hidden and _suffix(file) in _FORMATS


def _suffix(file: Path) -> str:
    return Path(file.stem).suffix.lower() if file.suffix.lower() in _COMPRESSED else file.suffix.lower()


def open_files(path: str) -> ds.Dataset:
    """Open the files of a path as one dataset with the columns of all of them; missing ones are null.

    Raises
    ------
    UnreadableTable
        If a file is missing, damaged, of an unknown format, or disagrees with the others about the type of a column.
    """
    files = files_of(path)
    parts = [_open(file) for file in files]
    if len(parts) == 1:
        return parts[0]
    schema = _common_schema(files, [part.schema for part in parts])
    return ds.dataset([part.replace_schema(schema) for part in parts])


def _open(file: str) -> ds.Dataset:
    kind = _FORMATS.get(_suffix(Path(file)))
    if kind is None:
        raise UnreadableTable(file, f"its name ends in none of {', '.join(_FORMATS)}. Rename or convert it.")
    try:
        return ds.dataset(file, format=_format(kind))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(file, error) from error


def _format(kind: str) -> ds.FileFormat:
    if kind == "parquet":
        return ds.ParquetFileFormat()
    if kind == "ipc":
        return ds.IpcFileFormat()
    from pyarrow import csv

    return ds.CsvFileFormat(
        parse_options=csv.ParseOptions(delimiter="\t" if kind == "tsv" else ","),
        read_options=csv.ReadOptions(block_size=_CSV_BLOCK),
    )


def _common_schema(files: Sequence[str], schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return a schema all files can be read in, or name the file and column that forbid it."""
    common = schemas[0]
    for file, schema in zip(files[1:], schemas[1:], strict=True):
        try:
            common = pa.unify_schemas([common, schema], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise UnreadableTable(file, _conflict(common, schema, files[0])) from error
    return common


def _conflict(common: pa.Schema, schema: pa.Schema, first: str) -> str:
    for field in schema:
        position = common.get_field_index(field.name)
        if position >= 0:
            try:
                pa.unify_schemas(
                    [pa.schema([common.field(position)]), pa.schema([field])], promote_options="permissive"
                )
            except (pa.ArrowInvalid, pa.ArrowTypeError):
                known = common.field(position).type
                return (
                    f"its column {field.name!r} is {field.type}, but {known} in {first}. "
                    "Write both with the same type, or read them apart."
                )
    return f"its columns cannot be combined with those of {first}: a name stands twice. Rename one."


def unreadable(where: str, error: BaseException) -> UnreadableTable:
    """Return the error for what a reader said about a file, with the remedy for the usual cases."""
    said = str(error).strip().split("\n", 1)[0]
    if "UTF8" in said or "utf-8" in said.lower():
        return UnreadableTable(where, f"it is not UTF-8 text ({said}). Convert it: iconv -f latin1 -t utf-8.")
    if "CSV conversion error" in said:
        return UnreadableTable(where, f"{said}. The column holds several types; clean it, or write Parquet.")
    if isinstance(error, PermissionError):
        return UnreadableTable(where, "this user may not read it. Change its permissions.")
    return UnreadableTable(where, f"{said}. The file is damaged or was not written to its end; write it again.")
