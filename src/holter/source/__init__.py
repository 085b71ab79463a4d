"""Anything tabular becomes an Arrow stream: files, globs, Delta tables, data frames of any library."""

from holter.source.inference import infer_schema
from holter.source.part import reading
from holter.source.span import beginnings, fingerprint, read_span, time_range
from holter.source.stream import column_blocks, schema_of, size_of, stream

__all__ = [
    "beginnings",
    "column_blocks",
    "fingerprint",
    "infer_schema",
    "read_span",
    "reading",
    "schema_of",
    "size_of",
    "stream",
    "time_range",
]
