"""How sums over pairs of columns are stored."""

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from holter.profile.joint import JOINT_COLUMNS, Joint

_COUNT: Final = "<i8"
_SUM: Final = "<f8"


class StoredJoint(msgspec.Struct, array_like=True):
    """The fields of a :class:`~holter.profile.Joint`; of symmetric tables the upper triangle."""

    names: list[str]
    n: bytes
    mean: bytes
    m2: bytes
    cross: bytes

    @classmethod
    def of(cls, joint: Joint) -> "StoredJoint":
        """Return what is stored of the sums."""
        upper = np.triu_indices(len(joint.names))
        return cls(
            list(joint.names),
            joint.n[upper].astype(_COUNT).tobytes(),
            joint.mean.astype(_SUM).tobytes(),
            joint.m2.astype(_SUM).tobytes(),
            joint.cross[upper].astype(_SUM).tobytes(),
        )

    def joint(self) -> Joint:
        """Return the sums that were stored.

        Raises
        ------
        ValueError
            If the bytes are not the tables of so many columns.
        """
        width = len(self.names)
        if width > JOINT_COLUMNS or self.names != sorted(set(self.names)):
            raise ValueError("the columns of the joint sums are not in order")
        mean, m2 = (_table(raw, _SUM, width * width).reshape(width, width) for raw in (self.mean, self.m2))
        return Joint(tuple(self.names), _mirrored(self.n, _COUNT, width), mean, m2, _mirrored(self.cross, _SUM, width))


def _table(raw: bytes, dtype: str, size: int) -> npt.NDArray[Any]:
    if len(raw) != size * np.dtype(dtype).itemsize:
        raise ValueError(f"{len(raw)} bytes are not {size} numbers")
    return np.frombuffer(raw, dtype).astype(np.dtype(dtype).newbyteorder("="))


def _mirrored(raw: bytes, dtype: str, width: int) -> npt.NDArray[Any]:
    values = _table(raw, dtype, width * (width + 1) // 2)
    rows, columns = np.triu_indices(width)
    square = np.zeros((width, width), values.dtype)
    square[rows, columns] = square[columns, rows] = values
    return square
