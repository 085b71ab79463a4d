"""Outcomes as bytes: magic, format version, checksum, then msgpack with the arrays as raw little-endian bytes."""

import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from holter.errors import DamagedProfile, NewerFormat
from holter.profile.format.numeric import StoredRanks
from holter.profile.outcomes.co_moments import CoMoments
from holter.profile.outcomes.confusion import Confusion
from holter.profile.outcomes.score_cells import ScoreCells
from holter.types import Task

if TYPE_CHECKING:
    from holter.profile.outcomes.outcomes import Outcomes

MAGIC: Final = b"HLTO"
FORMAT: Final = 1
_HEAD: Final = struct.Struct("<4sHI")


class _Cells(msgspec.Struct, array_like=True):
    scores: bytes
    positives: bytes
    negatives: bytes
    bits: int | None
    keys: bytes | None


class _Moments(msgspec.Struct, array_like=True):
    names: list[str]
    n: int
    means: bytes
    products: bytes


class _Confusion(msgspec.Struct, array_like=True):
    classes: list[str]
    labels: bytes
    predictions: bytes
    counts: bytes


class _Body(msgspec.Struct, array_like=True):
    task: Task
    rows: int
    labelled: int
    confusion: _Confusion
    scores: dict[str, _Cells]
    moments: dict[str, _Moments]
    errors: StoredRanks | None
    origin: float
    why: str
    delays: StoredRanks | None = None


def encode(outcomes: "Outcomes") -> bytes:
    """Return the sums as bytes; :func:`decode` gives back what they were made of, to the last bit."""
    body = _Body(
        outcomes.task,
        outcomes.rows,
        outcomes.labelled,
        _stored_confusion(outcomes.confusion),
        {name: _stored_cells(cells) for name, cells in outcomes.scores.items()},
        {
            name: _Moments(list(each.names), each.n, _raw(each.means), _raw(each.products))
            for name, each in outcomes.moments.items()
        },
        None if outcomes.errors is None else StoredRanks.of(outcomes.errors),
        outcomes.origin,
        outcomes.why,
        None if outcomes.delays is None else StoredRanks.of(outcomes.delays),
    )
    plain = zlib.compress(msgspec.msgpack.encode(body), 1)
    return _HEAD.pack(MAGIC, FORMAT, zlib.crc32(plain)) + plain


def decode(data: bytes) -> dict[str, Any]:
    """Return the fields of what :func:`encode` wrote, by name.

    Raises
    ------
    DamagedProfile
        If the bytes are not what was written.
    NewerFormat
        If a newer Holter wrote them.
    """
    if len(data) < _HEAD.size:
        raise DamagedProfile(f"{len(data)} bytes are too few")
    magic, version, checksum = _HEAD.unpack_from(data)
    plain = data[_HEAD.size :]
    if magic != MAGIC:
        raise DamagedProfile("it does not begin like outcomes")
    if version > FORMAT:
        raise NewerFormat("outcomes", version, FORMAT)
    if zlib.crc32(plain) != checksum:
        raise DamagedProfile("the checksum does not match")
    try:
        return _fields(msgspec.msgpack.decode(zlib.decompress(plain), type=_Body))
    except (msgspec.MsgspecError, zlib.error, ValueError) as error:
        raise DamagedProfile(str(error)) from error


def _fields(body: _Body) -> dict[str, Any]:
    return {
        "task": body.task,
        "rows": body.rows,
        "labelled": body.labelled,
        "confusion": _confusion(body.confusion),
        "scores": {name: _cells(cells) for name, cells in body.scores.items()},
        "moments": {name: _moments(each) for name, each in body.moments.items()},
        "errors": None if body.errors is None else body.errors.ranks(),
        "origin": body.origin,
        "why": body.why,
        "delays": None if body.delays is None else body.delays.ranks(),
    }


def _stored_confusion(matrix: Confusion) -> _Confusion:
    return _Confusion(list(matrix.classes), _raw(matrix.labels), _raw(matrix.predictions), _raw(matrix.counts))


def _confusion(stored: _Confusion) -> Confusion:
    labels, predictions = (_array(raw, "<i8", None) for raw in (stored.labels, stored.predictions))
    counts, most = _array(stored.counts, "<f8", len(labels)), len(stored.classes)
    if len(labels) != len(predictions) or not (_among(labels, most) and _among(predictions, most)):
        raise ValueError("a confusion matrix of other classes")
    return Confusion(tuple(stored.classes), labels, predictions, counts)


def _among(places: npt.NDArray[Any], most: int) -> bool:
    return not len(places) or bool(0 <= places.min() <= places.max() < most)


def _stored_cells(cells: ScoreCells) -> _Cells:
    keys = None if cells.keys is None else _raw(cells.keys)
    return _Cells(_raw(cells.scores), _raw(cells.positives), _raw(cells.negatives), cells.bits, keys)


def _cells(stored: _Cells) -> ScoreCells:
    scores = _array(stored.scores, "<f8", None)
    positives, negatives = (_array(raw, "<f8", len(scores)) for raw in (stored.positives, stored.negatives))
    keys = None if stored.keys is None else _array(stored.keys, "<i8", len(scores))
    if (keys is None) != (stored.bits is None):
        raise ValueError("cells without keys")
    return ScoreCells(scores, positives, negatives, stored.bits, keys)


def _moments(stored: _Moments) -> CoMoments:
    many = len(stored.names)
    products = _array(stored.products, "<f8", many * many).reshape(many, many)
    return CoMoments(tuple(stored.names), stored.n, _array(stored.means, "<f8", many), products)


def _raw(array: npt.NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _array(raw: bytes, dtype: str, size: int | None) -> npt.NDArray[Any]:
    found = np.frombuffer(raw, dtype).astype(np.dtype(dtype).newbyteorder("="))
    if size is not None and len(found) != size:
        raise ValueError(f"{len(found)} numbers where {size} belong")
    return found
