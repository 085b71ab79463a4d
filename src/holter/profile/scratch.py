"""Memory for what lives only as long as one call: fresh pages for it would cost more than the arithmetic."""

import threading
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_LARGEST: Final = 1 << 20
"""Elements up to which memory is kept for the next call: 8 MB."""


class _Kept(threading.local):
    """Arrays by their use, each thread its own: what one thread writes no other sees."""

    def __init__(self) -> None:
        self.arrays: dict[tuple[str, Any], npt.NDArray[Any]] = {}


_KEPT = _Kept()


def scratch(use: str, size: int, dtype: Any = np.float64) -> npt.NDArray[Any]:
    """Return an array of any content, which is the caller's until the same thread asks for the same use again.

    Examples
    --------
    >>> first = scratch("example", 4)
    >>> scratch("example", 3).base is first.base
    True
    """
    key = (use, dtype)
    array = _KEPT.arrays.get(key)
    if array is None or len(array) < size:
        array = np.empty(size, dtype)
        if size <= _LARGEST:
            _KEPT.arrays[key] = array
    return array[:size]
