"""How the JSON of a request and of its reply becomes rows.

Nobody registers a format: a deployed model takes and gives what its author liked. These shapes are understood.

======================================================  ================================================================
request                                                 rows
======================================================  ================================================================
``[[..], ..]``, ``{"data": [[..], ..]}``                lists in the order of the model's features
``[{..}, ..]``, ``{"data": [{..}, ..]}``                records by name
``{..}``, ``{"data": {..}}``                            one record; columns, when every value is a list of one length
``[1, 2, 3]``, ``{"data": [1, 2, 3]}``                  one row; as many rows, when the model has one feature
``{"columns": [..], "data" or "rows": [[..], ..]}``     lists in the order of ``columns``; ``index`` is left alone
``{"inputs": [tensor, ..]}``                            Open Inference Protocol v2: see :mod:`holter.capture.tensors`
======================================================  ================================================================

``data`` may be called ``inputs``, ``input_data``, ``Inputs``, ``instances``, ``dataframe_records``,
``dataframe_split`` or ``rows``, unless the model has a feature of that name. What holds ``data`` may hold it again.

======================================================  ================================================================
reply                                                   predictions
======================================================  ================================================================
``[..]``, ``{"result": [..]}``, ``{"predictions": ..}``  one for each row; a bare value is a list of one
``{"prediction": .., "score": ..}``, or a list of such  both as given
``"[..]"``                                              JSON inside a JSON string, as an entry script returns it
``{"outputs": [tensor, ..]}``                           Open Inference Protocol v2
binary: all 0, 1 or booleans                            predictions
binary: others from 0 to 1                              scores; the prediction is ``score >= 0.5``
binary: ``[[p0, p1], ..]``                              scores ``p1``
multiclass                                              text; of a list of probabilities, the place of the largest
regression, no task                                     numbers; a list of one number is that number
======================================================  ================================================================

``result`` may be called ``results``, ``predictions``, ``prediction``, ``output``, ``outputs`` or ``data``; ``score``
may be called ``scores``, ``probability`` or ``probabilities`` and is the probability of the positive class. A list of
exactly 0.0 and 1.0 reads as predictions, but says that it may be scores: only other replies of the model can tell.

NaN and infinities, which are not JSON but which Python writes, are read.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import msgspec

from holter.capture.tensors import answers_of, is_tensors, table_of
from holter.types import Task

WRAPPERS: Final = (
    "data",
    "input_data",
    "inputs",
    "Inputs",
    "instances",
    "dataframe_records",
    "dataframe_split",
    "rows",
)
PREDICTIONS: Final = ("predictions", "prediction", "result", "results", "output", "outputs", "data")
SCORES: Final = ("scores", "score", "probabilities", "probability")
THRESHOLD: Final = 0.5
"""A score of at least this is a positive prediction, as scikit-learn's ``predict`` has it."""
_CLASSES: Final = frozenset({0.0, 1.0})
_DEPTH: Final = 4
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True)
class Request:
    """The rows of a request: ``rows`` are lists in the order of ``names``, or records where ``names`` is None."""

    names: tuple[str, ...] | None
    rows: Sequence[Any]


@dataclass(frozen=True)
class Reply:
    """The predictions of a reply and their scores, in the order of the rows; None where a value cannot be read.

    ``bare`` means one list of fractions held both, or would have: 0.0 and 1.0 only, then read as predictions.
    """

    predictions: Sequence[float | str | None] = ()
    scores: Sequence[float | None] = ()
    bare: bool = False


def load(data: bytes) -> Any:
    """Read JSON, NaN and infinities included.

    Raises
    ------
    ValueError
        If it is no JSON.
    """
    try:
        return _decode(data)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_request(body: bytes, features: tuple[str, ...] | None = None) -> Request | None:
    """Return the rows of a request body; None where it has none or is of no known shape.

    Parameters
    ----------
    body
        JSON as the caller sent it.
    features
        Names of the model's features in its order; None where nobody has told them, and lists are then called
        ``f0``, ``f1`` and so on.

    Examples
    --------
    >>> parse_request(b'{"data": [[1, 2.5]]}', ("a", "b"))
    Request(names=('a', 'b'), rows=[[1, 2.5]])
    """
    try:
        request = _rows(load(body), features, _DEPTH)
    except ValueError:
        return None
    return request if request is not None and request.rows else None


def _rows(value: Any, features: tuple[str, ...] | None, depth: int) -> Request | None:
    if isinstance(value, list):
        return _listed(value, features)
    if not isinstance(value, dict) or not depth:
        return None
    columns = value.get("columns")
    if isinstance(columns, list) and (features is None or "columns" not in features):
        return _split(columns, value.get("data", value.get("rows")))
    if is_tensors(value.get("inputs")) and (features is None or "inputs" not in features):
        table = table_of(value["inputs"], features)
        return None if table is None else Request(*table)
    for wrapper in WRAPPERS:
        if isinstance(value.get(wrapper), list | dict) and (features is None or wrapper not in features):
            return _rows(value[wrapper], features, depth - 1)
    return _record(value)


def _record(value: dict[str, Any]) -> Request:
    columns = list(value.values())
    if columns and all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        return Request(tuple(value), list(zip(*columns, strict=True)))
    return Request(None, [value])


def _listed(value: list[Any], features: tuple[str, ...] | None) -> Request | None:
    kinds = set(map(type, value))
    if kinds == {dict}:
        return Request(None, value)
    if kinds == {list}:
        return _positional(value, features)
    if not value or kinds & {dict, list}:
        return None
    return _positional([[item] for item in value] if features and len(features) == 1 else [value], features)


def _positional(rows: list[list[Any]], features: tuple[str, ...] | None) -> Request | None:
    lengths = set(map(len, rows))
    if features is None:
        features = tuple(f"f{place}" for place in range(max(lengths)))
    return Request(features, rows) if lengths == {len(features)} else None


def _split(columns: list[Any], rows: Any) -> Request | None:
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        return None
    names = tuple(map(str, columns))
    return Request(names, rows) if len(set(names)) == len(names) else None


def align(request: Request, names: tuple[str, ...]) -> tuple[Sequence[Sequence[Any]], int]:
    """Return the rows of a request in the order of ``names``, and how many values had no place there.

    A value that is missing is None.
    """
    if request.names == names:
        return request.rows, 0
    if request.names is not None:
        return _reordered(request.rows, request.names, names)
    rows, wanted = request.rows, len(names)
    try:
        if wanted > 1 and all(len(row) == wanted for row in rows):
            return list(map(itemgetter(*names), rows)), 0
    except KeyError:
        pass
    known = frozenset(names)
    extra = sum(len(row.keys() - known) for row in rows)
    return [[row.get(name) for name in names] for row in rows], extra


def _reordered(
    rows: Sequence[Sequence[Any]], have: tuple[str, ...], want: tuple[str, ...]
) -> tuple[Sequence[Sequence[Any]], int]:
    place = {name: index for index, name in enumerate(have)}
    order = [place.get(name) for name in want]
    extra = len(place.keys() - set(want)) * len(rows)
    return [[None if index is None else row[index] for index in order] for row in rows], extra


def parse_reply(response: bytes, task: Task | None = None, rows: int | None = None) -> Reply:
    """Return the predictions and scores in a reply; an empty :class:`Reply` where it is of no known shape.

    Parameters
    ----------
    response
        JSON as the model answered it.
    task
        What the model answers; None reads numbers as they are.
    rows
        How many rows were asked, where known: it tells ``[p0, p1]`` for one row from two predictions.

    Examples
    --------
    >>> parse_reply(b'{"result": [0.2, 0.7]}', Task.BINARY)
    Reply(predictions=[0.0, 1.0], scores=[0.2, 0.7], bare=True)
    """
    try:
        value = load(response)
        if isinstance(value, str):
            value = _inner(value)
    except ValueError:
        return Reply()
    predictions, scores = _unwrap(value, _DEPTH)
    return _read(predictions, scores, task, rows)


def _inner(text: str) -> Any:
    try:
        return load(text.encode())
    except ValueError:
        return text  # a class name by itself


def _unwrap(value: Any, depth: int) -> tuple[Any, Any]:
    if not isinstance(value, dict):
        return value, None
    if is_tensors(value.get("outputs")):
        return answers_of(value["outputs"])
    scores = next((value[key] for key in SCORES if value.get(key) is not None), None)
    predictions = next((value[key] for key in PREDICTIONS if value.get(key) is not None), None)
    if isinstance(predictions, dict) and depth:
        return _unwrap(predictions, depth - 1)
    return predictions, scores


def _read(predictions: Any, scores: Any, task: Task | None, rows: int | None) -> Reply:
    predictions, scores = _as_list(predictions), _as_list(scores)
    if predictions and all(isinstance(item, dict) for item in predictions):
        pairs = [_unwrap(item, 1) for item in predictions]
        predictions = [prediction for prediction, _ in pairs]
        scores = [score for _, score in pairs] if any(score is not None for _, score in pairs) else []
    if rows == 1 and len(predictions) > 1 and all(map(_is_number, predictions)):
        predictions = [predictions]
    if rows == 1 and len(scores) > 1:
        scores = [scores]
    if task is Task.MULTICLASS:
        texts = [_class(item) for item in predictions or scores]
        return Reply(texts, [None] * len(texts))
    if task is Task.BINARY or scores or _in_pairs(predictions):
        return _binary(predictions, scores)
    numbers = _numbers(predictions)
    return Reply(numbers, [None] * len(numbers))


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _in_pairs(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, list) and len(value) == 2 for value in values)


def _binary(predictions: list[Any], scores: list[Any]) -> Reply:
    likely = [_share(item) for item in scores]
    if likely and all(item is None for item in predictions):
        return _from_scores(likely)
    if not likely and _in_pairs(predictions):
        return _from_scores([_share(item) for item in predictions])
    numbers = _numbers(predictions)
    known = {number for number in numbers if number is not None}
    if not likely and not known <= _CLASSES and min(known) >= 0 and max(known) <= 1:
        return _from_scores(numbers, bare=True)
    kept = numbers if known <= _CLASSES else [number if number in _CLASSES else None for number in numbers]
    if len(likely) == len(kept):
        return Reply(kept, likely)
    return Reply(
        kept, [None] * len(kept), bare=None not in kept and all(isinstance(item, float) for item in predictions)
    )


def _from_scores(scores: list[float | None], *, bare: bool = False) -> Reply:
    return Reply([None if score is None else float(score >= THRESHOLD) for score in scores], scores, bare)


def _share(value: Any) -> float | None:
    number = _number(value[1] if isinstance(value, list) and len(value) == 2 else value)
    return number if number is not None and 0 <= number <= 1 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _numbers(values: list[Any]) -> list[float | None]:
    if set(map(type, values)) == {float} and math.isfinite(sum(values)):  # a sum is finite only of finite numbers
        return values
    return [_number(value) for value in values]


def _number(value: Any) -> float | None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _class(value: Any) -> str | None:
    if isinstance(value, list):
        if len(value) == 1:
            return _class(value[0])
        numbers = [_number(item) for item in value]
        known = [number for number in numbers if number is not None]
        return str(numbers.index(max(known))) if known and len(known) == len(numbers) else None
    return class_text(value)


def class_text(value: Any) -> str | None:
    """Return a class as text, the same for ``2``, ``2.0`` and ``"2"``; None for null, NaN and what is no scalar."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    number = _number(value) if isinstance(value, int | float) else None
    if number is None:
        return None
    return str(int(number)) if number.is_integer() else repr(number)
