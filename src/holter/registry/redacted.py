"""What a redaction policy makes of the features of a model."""

from collections.abc import Mapping
from dataclasses import replace

from holter.types import Kind, Schema


def recorded_schema(schema: Schema | None, redact: Mapping[str, str]) -> Schema | None:
    """Return the schema that records have: a column that is hashed or cut is text, whatever it was."""
    if schema is None or not redact:
        return schema
    features = tuple(
        replace(each, kind=Kind.CATEGORICAL, dtype="string") if redact.get(each.name, "drop") != "drop" else each
        for each in schema.features
    )
    return replace(schema, features=features)


def watched_schema(schema: Schema, redact: Mapping[str, str]) -> Schema:
    """Return the schema without the columns that cannot be compared with a baseline, where they are what they were."""
    return replace(schema, features=tuple(each for each in schema.features if each.name not in redact))
