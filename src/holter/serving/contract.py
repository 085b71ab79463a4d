"""How a ``run()`` is asked and how its result is written: what its signature and its decorators say.

Azure's contract is ``run(data)`` with the body as text, and stays what a ``run`` without an annotation gets. A ``run``
whose parameter says what it takes is given that: msgspec reads the body in one pass, refuses what does not fit with a
sentence that says where, and costs a quarter of ``json.loads`` and ``numpy.array`` in the script.
"""

import asyncio
import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from holter.serving.arrays import array_of
from holter.serving.raw_http import RAW, Request
from holter.serving.scope import Scope

_ENCODE_TEXT: Final = json.encoder.encode_basestring_ascii
AS_JSON: Final = ((b"content-type", b"application/json"),)
"""Headers of a request that carries JSON."""
_TEXT: Final = (str, Any, object, inspect.Parameter.empty)


class Unreadable(Exception):
    """A request that ``run()`` cannot be asked; its text says why, ``status`` is the HTTP status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Contract:
    """How to ask.

    ``ask`` is called with what ``read`` made of a body, ``write`` makes the bytes of a reply from its result.
    ``kind`` is the type that the parameter asks for, None for text; ``schema`` what inference-schema knows of it.
    ``raw`` says that ``run`` answers any method, and gets the request itself; ``takes_object`` that values of ``kind``
    are JSON objects, ``is_json`` that msgspec can describe them. ``names`` are the parameters that inference-schema
    knows.
    """

    ask: Callable[[Any], object]
    read: Callable[[bytes, Scope], Any]
    write: Callable[[object], bytes]
    kind: Any = None
    schema: Mapping[str, Any] | None = None
    raw: bool = False
    asynchronous: bool = False
    takes_object: bool = False
    is_json: bool = False
    names: tuple[str, ...] = ()


def contract_of(run: Callable[..., object]) -> Contract:
    """Return how a ``run`` wants to be asked.

    Raises
    ------
    TypeError
        If its parameter is annotated with a type that JSON cannot be read into.

    Examples
    --------
    >>> def run(data: list[list[float]]):
    ...     return sum(map(sum, data))
    >>> contract = contract_of(run)
    >>> contract.ask(contract.read(b'{"data": [[1, 2], [3, 4]]}', {}))
    10.0
    """
    waits = inspect.iscoroutinefunction(run)
    if getattr(run, RAW, False):
        return Contract(run, Request.of, _text, raw=True, asynchronous=waits)
    schema = _decorated(run)
    if schema is not None:
        said = inspect.getfullargspec(inspect.unwrap(run))
        ask, names = (lambda given: run(**given)), tuple(said.args)
        return Contract(ask, _Named(said).read, _text, schema=schema, asynchronous=waits, names=names)
    name, kind = _parameter(run)
    if kind in _TEXT:
        return Contract(run, _decoded, _text, asynchronous=waits)
    if kind is bytes:
        return Contract(run, lambda body, _: body, _text, asynchronous=waits)
    return Contract(
        run,
        _typed(name, kind),
        _typed_text,
        kind=kind,
        asynchronous=waits,
        takes_object=_is_object(kind),
        is_json=array_of(kind) is None,
    )


def ask_now(contract: Contract, body: bytes) -> bytes:
    """Return what ``run()`` answers to a body, where no server stands between: whatever it raises is raised.

    Raises
    ------
    Unreadable
        If the body is not what it takes.
    """
    result: Any = contract.ask(contract.read(body, {"method": "POST", "path": "/score", "headers": AS_JSON}))
    if contract.asynchronous:
        result = asyncio.run(result)
    if result is None:
        return b"{}"
    return bytes(result.get_data()) if hasattr(result, "status_code") else contract.write(result)


def _decoded(body: bytes, _: Scope) -> str:
    return body.decode()


def _text(result: object) -> bytes:
    """Return a result as ``json.dumps`` writes it.

    Its encoder is made once here, and looks for no circle but that which ends in a RecursionError: ``json.dumps`` makes
    one for each call, which costs as much as the rest.
    """
    return (_ENCODE_TEXT(result) if type(result) is str else "".join(_ENCODE_JSON(result, 0))).encode()


def _refused(value: object) -> object:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_ENCODE_JSON: Final = json.encoder.c_make_encoder(  # type: ignore[attr-defined]  # the C half of json, of every CPython
    None, _refused, _ENCODE_TEXT, None, ": ", ", ", False, False, True
)


def _parameter(run: Callable[..., object]) -> tuple[str, Any]:
    """Return name and type of what a ``run`` takes."""
    try:
        first = next(iter(inspect.signature(run).parameters.values()), None)
    except (TypeError, ValueError):  # made in C: it says nothing
        return "", str
    if first is None:
        return "", str
    function = run if inspect.isroutine(run) else type(run).__call__
    try:
        kind = typing.get_type_hints(function, include_extras=True).get(first.name, first.annotation)
    except (NameError, TypeError):  # a name that exists for a type checker only
        kind = str
    return first.name, kind


def _typed(name: str, kind: Any) -> Callable[[bytes, Scope], Any]:
    """Return a reader of values of a type; what is no object may also come as the member of one, under its name."""

    def wrap(whole: Any) -> Callable[[bytes], Any]:
        bare = msgspec.json.Decoder(whole).decode
        if _is_object(whole):
            return bare
        wrapped = msgspec.json.Decoder(msgspec.defstruct("Body", [(name, whole)])).decode
        return lambda body: getattr(wrapped(body), name) if body.lstrip()[:1] == b"{" else bare(body)

    arrays = array_of(kind)
    value_of = wrap(kind) if arrays is None else arrays.reader(wrap)

    def read(body: bytes, _: Scope) -> Any:
        try:
            return value_of(body)
        except msgspec.ValidationError as error:
            raise Unreadable(422, f"The body does not fit what run({name}) takes: {error}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreadable(400, f"The body is no JSON: {error}") from error
        except (TypeError, ValueError) as error:
            raise Unreadable(422, f"The body does not fit what run({name}) takes: {error}") from error

    return read


def _is_object(kind: Any) -> bool:
    """Whether values of a type are JSON objects themselves."""
    info = msgspec.inspect.type_info(kind) if array_of(kind) is None else None
    kinds = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    objects = (
        msgspec.inspect.StructType,
        msgspec.inspect.DictType,
        msgspec.inspect.TypedDictType,
        msgspec.inspect.DataclassType,
    )
    return any(isinstance(each, objects) for each in kinds)


def _typed_text(result: object) -> bytes:
    return msgspec.json.encode(result, enc_hook=_plain)


def _plain(value: Any) -> Any:
    """Return arrays and frames, which JSON does not know, as lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict("records")
    raise TypeError(f"{type(value).__name__} is not JSON")


def _decorated(run: Callable[..., object]) -> Mapping[str, Any] | None:
    """Return what the decorators of inference-schema know of a ``run``, if the script has used them."""
    known = sys.modules.get("inference_schema.schema_util")
    if known is None or not known.is_schema_decorated(run):
        return None
    return {
        "input": known.get_input_schema(run),
        "output": known.get_output_schema(run),
        "versions": known.get_supported_versions(run),
    }


class _Named:
    """Reads the parameters of a decorated ``run`` from the members of a JSON object, as Azure does."""

    def __init__(self, said: inspect.FullArgSpec) -> None:
        given = said.defaults or ()
        self._names, self._required = said.args, said.args[: len(said.args) - len(given)]
        # Filled in here: the decorators look for each parameter that they know, and fail where it is absent.
        self._defaults = dict(zip(said.args[len(self._required) :], given, strict=True))

    def read(self, body: bytes, scope: Scope) -> dict[str, Any]:
        """Return the parameters by name."""
        kinds = [value for name, value in scope.get("headers", ()) if name == b"content-type"]
        if scope.get("method") == "POST" and not (kinds and _is_json(kinds[0])):
            raise Unreadable(
                415, "This model has an input schema: send its parameters with Content-Type: application/json"
            )
        try:
            given = json.loads(body)
        except ValueError as error:
            raise Unreadable(400, f"The body is no JSON: {error}") from error
        if not isinstance(given, dict):
            raise Unreadable(400, f"Send a JSON object with the parameters {', '.join(self._names)}.")
        missing = [name for name in self._required if name not in given]
        unknown = [name for name in given if name not in self._names]
        if missing or unknown:
            what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}"
            raise Unreadable(400, f"The body {what}; the parameters are {', '.join(self._names)}.")
        return {**self._defaults, **given}


def _is_json(kind: bytes) -> bool:
    """Whether a content type is JSON.

    Examples
    --------
    >>> _is_json(b"application/json; charset=utf-8"), _is_json(b"application/vnd.x+json"), _is_json(b"text/plain")
    (True, True, False)
    """
    name = kind.partition(b";")[0].strip().lower()
    return name == b"application/json" or (name.startswith(b"application/") and name.endswith(b"+json"))
