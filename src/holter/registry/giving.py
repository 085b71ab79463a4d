"""Giving a version its baseline later: a retrained candidate is registered before it has answered held-out rows."""

from datetime import datetime
from uuid import uuid4

import pyarrow as pa

from holter.registry.baseline import write_baseline
from holter.registry.entries import ModelVersion
from holter.registry.rows import stored
from holter.registry.shelves import Shelves
from holter.store.kept import Entry
from holter.store.tables import MODEL_VERSION


def give_baseline(
    shelves: Shelves, version: ModelVersion, rows: pa.Table, *, held_out: bool, entry: Entry, at: datetime
) -> ModelVersion:
    """Give a version the rows that later windows are compared with; giving again replaces them.

    Parameters
    ----------
    shelves
        The workspace.
    version
        A registered version.
    rows
        As :attr:`ModelVersion.baseline` describes.
    held_out
        Whether the model was not fitted on them.
    entry, at
        What the ledger keeps of it, and when.

    Raises
    ------
    UnknownColumn
        If a feature of its schema is missing.
    """
    path = shelves.root / "baselines" / version.model / f"{version.version}.parquet"
    incoming = path.with_name(f".{uuid4().hex}.parquet")
    try:
        write_baseline(rows, incoming, version.schema)
        incoming.rename(path)
    finally:
        incoming.unlink(missing_ok=True)
    same = (MODEL_VERSION.c.model == version.model) & (MODEL_VERSION.c.version == version.version)
    values = {"baseline": stored(path, shelves.root), "held_out": held_out}
    with shelves.facts.begin() as transaction:
        transaction.connection.execute(MODEL_VERSION.update().where(same).values(**values))
        transaction.record(entry, at)
    return shelves.registry.version(version.model, version.version)
