"""Arrays of numbers as text of JSON, bit for bit."""

from base64 import b64decode, b64encode
from typing import Any

import numpy as np
import numpy.typing as npt


def packed(array: npt.NDArray[Any]) -> list[Any]:
    """Return type, shape and bytes; :func:`unpacked` reads them."""
    plain = array.astype(array.dtype.newbyteorder("<"))
    return [plain.dtype.str, list(plain.shape), b64encode(plain.tobytes()).decode()]


def unpacked(plain: list[Any]) -> npt.NDArray[Any]:
    """Return the array that was packed.

    Examples
    --------
    >>> unpacked(packed(np.array([[0.1, 0.2]]))).tolist()
    [[0.1, 0.2]]
    """
    dtype, shape, data = plain
    found: npt.NDArray[Any] = np.frombuffer(b64decode(data), np.dtype(dtype)).reshape(shape).copy()
    return found
