"""Tensors of the Open Inference Protocol, version 2: into what ``run()`` takes, and back from what it gives.

The protocol knows tensors by name, a ``run()`` knows rows. One tensor is its rows; several are the columns of a table,
in the order in which they come. Source: https://github.com/kserve/open-inference-protocol (REST, inference API).
"""

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any, Final

import msgspec

from holter.serving.contract import Contract, Unreadable
from holter.serving.reply import JSON, Reply

_NUMBERS: Final = frozenset((int, float, type(None)))
_TYPES: Final[Mapping[str, frozenset[Any]]] = {
    "BOOL": frozenset((bool, int)),
    **dict.fromkeys(("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"), frozenset((int,))),
    **dict.fromkeys(("FP16", "FP32", "FP64", "BF16"), _NUMBERS),
    "BYTES": frozenset((str, type(None))),
}
"""What JSON may hold for each data type; null stands for a number or text that is missing."""
PREDICT: Final = "predict"
"""Name of the output of a ``run()`` that gives a bare list."""


class Tensor(msgspec.Struct):
    """An input: flat in row-major order, or nested as its shape says."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]
    parameters: dict[str, Any] = {}


class Wanted(msgspec.Struct):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] = {}


class Inference(msgspec.Struct):
    """A request for inference."""

    inputs: list[Tensor]
    id: str | None = None
    outputs: list[Wanted] = []
    parameters: dict[str, Any] = {}


_DECODER: Final = msgspec.json.Decoder(Inference)


def inference_of(body: bytes, *, binary: bool = False) -> Inference:
    """Read a request; ``binary`` says that tensors follow the JSON, as an extension of the protocol allows.

    Raises
    ------
    Unreadable
        If it is none, or in binary.
    """
    if binary:
        raise Unreadable(400, "Tensors in binary are not read here; send them as JSON.")
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(400, f"This is no inference request: {error}") from error


def is_inference(body: bytes) -> bool:
    """Tell whether the body of a record came to the protocol's path, and not to ``/score``.

    Examples
    --------
    >>> is_inference(b'{"data": [[1]]}')
    False
    """
    if b'"inputs"' not in body:
        return False
    try:
        return bool(_DECODER.decode(body).inputs)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def body_of(inference: Inference, contract: Contract) -> bytes:
    """Return the body that ``run()`` would get for these rows from a client of ``/score``.

    Raises
    ------
    Unreadable
        If the tensors are not what they say, or have not all the same number of rows.

    Examples
    --------
    >>> asked = inference_of(b'{"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}]}')
    >>> from holter.serving.contract import contract_of
    >>> body_of(asked, contract_of(lambda data: data))
    b'{"data":[[1.0,2.0],[3.0,4.0]]}'
    """
    if contract.raw:
        raise Unreadable(400, "This model takes raw requests; ask it at /score.")
    names, rows = _table(inference)
    if _content(inference) == "pd" and names:
        rows = [dict(zip(names, row, strict=True)) for row in rows]
    if contract.schema is not None:
        return msgspec.json.encode({contract.names[0]: rows})
    if contract.kind is not None and not contract.takes_object:
        return msgspec.json.encode(rows)
    return msgspec.json.encode({"data": rows, "columns": names} if names else {"data": rows})


def _content(inference: Inference) -> object:
    return inference.parameters.get("content_type")


def _table(inference: Inference) -> tuple[list[str], list[Any]]:
    """Return names of columns, none for a single tensor, and rows."""
    if not inference.inputs:
        raise Unreadable(400, "There is no input.")
    tensors = [_rows(tensor) for tensor in inference.inputs]
    if len(tensors) == 1:
        named = _content(inference) == "pd" and len(inference.inputs[0].shape) == 1
        return [inference.inputs[0].name] if named else [], tensors[0]
    if len({len(rows) for rows in tensors}) > 1:
        found = ", ".join(f"{tensor.name} {tensor.shape}" for tensor in inference.inputs)
        raise Unreadable(400, f"The inputs have not the same number of rows: {found}.")
    widths = [len(rows[0]) if rows else 1 for rows in tensors]
    names = [
        tensor.name if width == 1 else f"{tensor.name}_{place}"
        for tensor, width in zip(inference.inputs, widths, strict=True)
        for place in range(width)
    ]
    return names, [list(chain.from_iterable(row)) for row in zip(*tensors, strict=True)]


def _rows(tensor: Tensor) -> list[Any]:
    """Return a tensor as a list of its rows, each a list."""
    flat = tensor.data
    while flat and isinstance(flat[0], list):
        flat = [value for part in flat for value in (part if isinstance(part, list) else [part])]
    if not tensor.shape or min(tensor.shape) < 0 or prod(tensor.shape) != len(flat):
        raise Unreadable(400, f"Input {tensor.name} has {len(flat)} values, which shape {tensor.shape} does not hold.")
    known = _TYPES.get(tensor.datatype)
    if known is None:
        raise Unreadable(400, f"Input {tensor.name}: {tensor.datatype} is no data type. Known: {', '.join(_TYPES)}.")
    odd = set(map(type, flat)) - known
    if odd:
        raise Unreadable(400, f"Input {tensor.name} is {tensor.datatype} and holds {odd.pop().__name__} values.")
    if int in set(map(type, flat)) and float in known:
        flat = [None if value is None else float(value) for value in flat]
    nested: list[Any] = flat
    for width in reversed(tensor.shape[1:] or [1]):
        nested = [nested[start : start + width] for start in range(0, len(nested), width)] if width else []
    return nested if prod(tensor.shape[1:]) else [[] for _ in range(tensor.shape[0])]


def reply_of(reply: Reply, inference: Inference, model: str, version: int) -> Reply:
    """Return what ``run()`` gave, as the protocol has it.

    A list is one output, ``predict``; of an object each member is one, unless it has ``error``: that is an error here.
    """
    if reply.status != 200:
        return refusal(reply, _words(reply))
    value = msgspec.json.decode(reply.body)
    if isinstance(value, str):
        value = _read(value)
    if isinstance(value, dict) and "error" in value:
        return refusal(reply._replace(status=500), str(value["error"]))
    found = value if isinstance(value, dict) else {PREDICT: value}
    wanted = [each.name for each in inference.outputs] or list(found)
    missing = [name for name in wanted if name not in found]
    if missing:
        return refusal(reply._replace(status=400), f"There is no output {missing[0]}; there is {', '.join(found)}.")
    answer: dict[str, Any] = {"model_name": model, "model_version": str(version)}
    answer |= {} if inference.id is None else {"id": inference.id}
    answer["outputs"] = [_tensor(name, found[name]) for name in wanted]
    return reply._replace(body=msgspec.json.encode(answer), content_type=JSON)


def refusal(reply: Reply, text: str) -> Reply:
    """Return a reply ``{"error": text}``, of the status and with the marks of another."""
    return reply._replace(body=msgspec.json.encode({"error": text}), content_type=JSON, soft_failed=False)


def _words(reply: Reply) -> str:
    try:
        said = json.loads(reply.body)
    except ValueError:
        return reply.body.decode(errors="replace")
    return str(said.get("message", said)) if isinstance(said, dict) else str(said)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _tensor(name: str, value: Any) -> dict[str, Any]:
    whole = value if isinstance(value, list) else [value]
    shape, flat = _shape(whole)
    kinds = set(map(type, flat))
    if dict in kinds or list in kinds or (str in kinds and kinds - {str, type(None)}):
        shape, flat, kinds = [len(whole)], [json.dumps(each) for each in whole], {str}
    return {"name": name, "shape": shape, "datatype": _datatype(kinds), "data": flat}


def _shape(value: list[Any]) -> tuple[list[int], list[Any]]:
    """Return shape and flat values; where the nesting is not regular, only as deep as it is."""
    shape, flat = [len(value)], value
    while flat and all(isinstance(part, list) and len(part) == len(flat[0]) for part in flat) and flat[0]:
        shape.append(len(flat[0]))
        flat = [each for part in flat for each in part]
    return shape, flat


def _datatype(kinds: Sequence[type] | set[type]) -> str:
    if kinds == {bool}:
        return "BOOL"
    if kinds == {int}:
        return "INT64"
    return "BYTES" if str in kinds else "FP64"
