"""JSON into numpy arrays, for a ``run()`` whose annotation asks for one.

numpy is not imported here: a script that names it in an annotation has done so.
"""

import sys
import typing
from collections.abc import Callable
from itertools import chain
from typing import Any, Final

import msgspec

_TABLE: Final = list[list[float]]


def array_of(kind: Any) -> "Arrays | None":
    """Return what reads arrays, for an annotation that asks for one; None for any other."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if kind is numpy.ndarray:
        return Arrays(numpy, None)
    if typing.get_origin(kind) is not numpy.ndarray:
        return None
    scalar = typing.get_args(typing.get_args(kind)[1])
    known = scalar and isinstance(scalar[0], type) and issubclass(scalar[0], numpy.generic)
    return Arrays(numpy, scalar[0] if known else None)


class Arrays:
    """Reads bodies as arrays of a type; without one, a table of numbers is float64, and anything else what numpy makes.

    A table of numbers is read in one pass and copied once: numpy alone looks at each value twice, and takes 2.5 times
    as long.
    """

    def __init__(self, numpy: Any, scalar: Any) -> None:
        self._numpy, self._scalar = numpy, scalar
        self._fast = scalar is None or issubclass(scalar, numpy.floating)

    def reader(self, wrap: Callable[[Any], Callable[[bytes], Any]]) -> Callable[[bytes], Any]:
        """Return a reader of bodies; ``wrap`` gives one for a type, with or without the name of the parameter.

        The reader raises what msgspec does, and ValueError or TypeError where the values make no array.
        """
        table, anything = wrap(_TABLE), wrap(list[Any])
        if not self._fast:
            return lambda body: self._made(anything(body))

        def read(body: bytes) -> Any:
            try:
                rows = table(body)
            except msgspec.ValidationError:  # one row, three dimensions, a null, text
                return self._made(anything(body))
            return self._table(rows)

        return read

    def _table(self, rows: list[list[float]]) -> Any:
        widths = set(map(len, rows)) or {0}
        if len(widths) > 1:
            raise ValueError(f"its rows have {min(widths)} to {max(widths)} values")
        (width,) = widths
        kind = self._numpy.float64 if self._scalar is None else self._scalar
        flat = self._numpy.fromiter(chain.from_iterable(rows), kind, len(rows) * width)
        return flat.reshape(len(rows), width)

    def _made(self, value: list[Any]) -> Any:
        return self._numpy.array(value, self._scalar)
