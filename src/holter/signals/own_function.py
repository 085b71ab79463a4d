"""A user's own measure of performance: a Python function of labelled rows."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import BadSetting
from holter.profile.row_hash import hash_rows
from holter.signals.enough import enough, insufficient, undefined
from holter.signals.estimate import Estimate
from holter.types import LABEL

GROUPS: Final = 20
"""Parts of the rows that are left out in turn. More cost more calls and settle the error little better."""
Function = Callable[[pa.Table], Any]


def function_name(path: str) -> str:
    """Return what the metric of an import path is called: the part behind the colon.

    Raises
    ------
    BadSetting
        If it is no ``package.module:function``.

    Examples
    --------
    >>> function_name("my_shop.margins:lost_margin")
    'lost_margin'
    """
    module, _, name = path.partition(":")
    if not name.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
        raise BadSetting("function", f"{path!r} is not of the form package.module:function")
    return name


def load_function(path: str) -> Function:
    """Import a function by its path.

    Raises
    ------
    BadSetting
        If there is no such module or function, or the module cannot be imported.
    """
    from importlib import import_module

    name = function_name(path)
    try:
        found: Function = getattr(import_module(path.partition(":")[0]), name)
    except (ImportError, AttributeError) as error:
        raise BadSetting("function", f"{path!r} cannot be imported: {error}") from error
    return found


def own_estimate(rows: pa.Table | None, function: Function) -> Estimate:
    r"""Return what a user's function makes of the rows that have a label.

    Parameters
    ----------
    rows
        Records; the function sees those with a label, in all their columns.
    function
        Takes a :class:`pyarrow.Table` and returns one number for each row (then the value is their mean, with the error
        of a mean), or one number for all of them. None and NaN for a row leave it out.

    Notes
    -----
    The error of one number for all rows is that of the delete-a-group jackknife,
    :math:`se^2 = \frac{G - 1}{G} \sum_g (\theta_{(g)} - \bar\theta)^2` (Kott, The delete-a-group jackknife, Journal of
    Official Statistics 17 (2001), 521). Which group a row is in depends on what is in it, not on where it stands.
    """
    if rows is None:
        return undefined("the function needs the rows, and only their sums are kept")
    if LABEL not in rows.column_names:
        return insufficient(0)
    label = rows.column(LABEL)
    known = rows.filter(pc.is_finite(label) if pa.types.is_floating(label.type) else pc.is_valid(label))
    refusal = enough(known.num_rows)
    if refusal is not None:
        return refusal
    found = function(known)
    each = np.asarray(found.to_pylist() if isinstance(found, pa.ChunkedArray | pa.Array) else found, np.float64)
    return _of_rows(each, known.num_rows) if each.ndim else _of_all(float(each), known, function)


def _of_rows(each: Any, rows: int) -> Estimate:
    if each.shape != (rows,):
        return undefined(f"the function gave {each.size} numbers for {rows} rows", rows)
    there = each[np.isfinite(each)]
    refusal = enough(len(there), "rows with a number")
    return refusal or Estimate(float(there.mean()), len(there), float(there.std(ddof=1)) / len(there) ** 0.5)


def _of_all(value: float, rows: pa.Table, function: Function) -> Estimate:
    if not np.isfinite(value):
        return undefined("the function gave no number", rows.num_rows)
    columns: Mapping[str, pa.Array] = {
        name: rows.column(name).combine_chunks()
        for name in rows.column_names
        if not pa.types.is_nested(rows.schema.field(name).type)
    }
    # equal rows may change places, and nothing else can: the groups are those of the rows in whatever order
    group = np.empty(rows.num_rows, np.int64)
    group[np.argsort(hash_rows(columns, rows.num_rows), kind="stable")] = np.arange(rows.num_rows) % GROUPS
    without = np.array([float(function(rows.filter(pa.array(group != place)))) for place in range(GROUPS)])
    if not np.isfinite(without).all():
        return undefined("the function gave no number for a part of the rows", rows.num_rows)
    spread = float(((without - without.mean()) ** 2).sum()) * (GROUPS - 1) / GROUPS
    return Estimate(value, rows.num_rows, spread**0.5)
