"""Whether labels are what the model answers."""

import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import BadLabels
from holter.store.arrow_shape import INSTANT, fit
from holter.types import LABEL, LABELLED_AT, REQUEST_ID, ROW, Task


def checked_labels(labels: pa.Table, answer: pa.DataType, task: Task | None) -> pa.Table:
    """Return labels in the types they rest in, without null ones. A missing row number is row 0.

    Raises
    ------
    BadLabels
        For a missing column or id, a label of another type than the predictions, or one that is neither 0 nor 1.
    """
    for name in (REQUEST_ID, LABEL, LABELLED_AT):
        if name not in labels.column_names:
            raise BadLabels(f"the column {name} is missing")
    row = labels[ROW] if ROW in labels.column_names else pa.chunked_array([pa.nulls(len(labels), pa.int32())])
    table = pa.table(
        {
            REQUEST_ID: fit(labels[REQUEST_ID], pa.string()),
            ROW: pc.fill_null(fit(row, pa.int32()), 0),
            LABEL: _answers(labels[LABEL], answer),
            LABELLED_AT: fit(labels[LABELLED_AT], INSTANT),
        }
    )
    for name in (REQUEST_ID, LABELLED_AT):
        if table[name].null_count:
            raise BadLabels(f"{table[name].null_count} of {len(table)} rows have no {name}")
    table = table.filter(pc.is_valid(table[LABEL]))
    if task is Task.BINARY and len(table):
        _check_binary(table[LABEL])
    return table


def _answers(column: pa.ChunkedArray, answer: pa.DataType) -> pa.ChunkedArray:
    text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    if pa.types.is_dictionary(column.type):
        return _answers(column.cast(column.type.value_type), answer)
    if text and answer != pa.string():
        raise BadLabels(f"they are text, the predictions are {answer}")
    fitted = fit(column, answer)
    if pa.types.is_floating(fitted.type):
        fitted = pc.if_else(pc.is_finite(fitted), fitted, None)
    if pc.sum(pc.is_null(fitted, nan_is_null=True)).as_py() != pc.sum(pc.is_null(column, nan_is_null=True)).as_py():
        raise BadLabels(f"some are {column.type} and cannot be read as {answer}, the type of the predictions")
    return fitted


def _check_binary(column: pa.ChunkedArray) -> None:
    wrong = column.filter(pc.invert(pc.is_in(column, pa.array([0.0, 1.0]))))
    if len(wrong):
        raise BadLabels(f"{wrong[0].as_py():g} is neither 0 nor 1 ({len(wrong)} such rows)")
