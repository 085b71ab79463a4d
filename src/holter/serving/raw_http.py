"""The whole request in ``run()``, for a script that wants it: ``@rawhttp``, ``AMLRequest`` and ``AMLResponse``.

A script imports them from ``azureml.contrib.services`` or ``azureml_inference_server_http.api``. Where those packages
are not installed, :func:`make_importable` lets these classes answer to their names, so that it works unchanged.
"""

import importlib.abc
import importlib.machinery
import json
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from io import BytesIO
from types import ModuleType
from typing import Any, Final
from urllib.parse import parse_qsl

from holter.serving.scope import Scope

RAW: Final = "_holter_raw_http"
"""Attribute that marks a ``run`` as one that wants the request."""


def rawhttp(run: Callable[..., object]) -> Callable[..., object]:
    """Mark a ``run`` so that it is given the request, whatever its method, and not the body."""
    setattr(run, RAW, True)
    return run


class Headers(MutableMapping[str, str]):
    """Headers by name, whatever the case.

    Examples
    --------
    >>> Headers({"Content-Type": "text/plain"})["content-type"]
    'text/plain'
    """

    def __init__(self, given: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> None:
        self._values: dict[str, tuple[str, str]] = {}
        for name, value in given.items() if isinstance(given, Mapping) else given:
            self[name] = value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][1]

    def __setitem__(self, name: str, value: str) -> None:
        self._values[name.lower()] = (name, str(value))

    def __delitem__(self, name: str) -> None:
        del self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._values.values())

    def __len__(self) -> int:
        return len(self._values)


class Several(dict[str, Any]):
    """Values by name, the first of each; :meth:`getlist` gives all of them."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__()
        self._all: dict[str, list[Any]] = {}
        for name, value in pairs:
            self._all.setdefault(name, []).append(value)
            self.setdefault(name, value)

    def getlist(self, name: str) -> list[Any]:
        """Return every value of a name, in order; none: an empty list."""
        return list(self._all.get(name, ()))


class Upload(BytesIO):
    """A file of a multipart form: it is read like a file, and knows its ``filename``."""

    def __init__(self, data: bytes, filename: str) -> None:
        super().__init__(data)
        self.filename = filename


class Request:
    """What a client sent, under the names that scripts for Azure know from Flask."""

    def __init__(self, body: bytes, scope: Scope) -> None:
        self._body, self._form = body, _Form()
        self.method: str = scope.get("method", "POST")
        self.path: str = scope.get("path", "/score")
        self.query_string: bytes = scope.get("query_string", b"")
        self.headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
        client = scope.get("client")
        self.remote_addr: str | None = client[0] if client else None
        self.scheme: str = scope.get("scheme") or "http"

    @classmethod
    def of(cls, body: bytes, scope: Scope) -> "Request":
        """Return the request of a body and what came with it."""
        return cls(body, scope if "headers" in scope else {"headers": (), **scope})

    @property
    def full_path(self) -> str:
        """Path and query; the question mark stands there in any case, as in Flask."""
        return f"{self.path}?{self.query_string.decode('latin-1')}"

    @property
    def host(self) -> str:
        """Host and port that the client has named."""
        return self.headers.get("host", "")

    @property
    def url(self) -> str:
        """The whole address."""
        query = f"?{self.query_string.decode('latin-1')}" if self.query_string else ""
        return f"{self.scheme}://{self.host}{self.path}{query}"

    @property
    def args(self) -> Several:
        """The query's values, as text."""
        return Several(parse_qsl(self.query_string.decode("latin-1"), keep_blank_values=True))

    @property
    def content_type(self) -> str:
        """Content type with its parameters; empty where there is none."""
        return self.headers.get("content-type", "")

    @property
    def mimetype(self) -> str:
        """Content type without its parameters."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def content_length(self) -> int:
        """Bytes of the body."""
        return len(self._body)

    @property
    def is_json(self) -> bool:
        """Whether the client calls its body JSON."""
        return self.mimetype == "application/json" or self.mimetype.endswith("+json")

    @property
    def data(self) -> bytes:
        """The body."""
        return self._body

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return self.get_json()

    @property
    def form(self) -> Several:
        """Fields of a form."""
        return self._parsed.fields

    @property
    def files(self) -> Several:
        """Files of a form, each an :class:`Upload`."""
        return self._parsed.files

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:  # noqa: ARG002
        """Return the body, as bytes or text."""
        return self._body.decode() if as_text else self._body

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002
        """Return the body read as JSON; None if it is not called JSON, or ``silent`` and none."""
        if not (force or self.is_json):
            return None
        try:
            return json.loads(self._body)
        except ValueError:
            if silent:
                return None
            raise

    @property
    def _parsed(self) -> "_Form":
        if not self._form.read:
            self._form = _Form(self.content_type, self._body)
        return self._form


class _Form:
    """A body that is a form, taken apart; python-multipart is loaded by the first in parts."""

    def __init__(self, kind: str = "", body: bytes = b"") -> None:
        self.read = bool(kind)
        fields: list[tuple[str, Any]] = []
        files: list[tuple[str, Any]] = []
        if kind.lower().startswith("multipart/form-data"):
            self._take_apart(kind, body, fields, files)
        elif kind.lower().startswith("application/x-www-form-urlencoded"):
            fields += parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        self.fields, self.files = Several(fields), Several(files)

    @staticmethod
    def _take_apart(kind: str, body: bytes, fields: list[tuple[str, Any]], files: list[tuple[str, Any]]) -> None:
        from python_multipart import parse_form

        def field(found: Any) -> None:
            fields.append((_str(found.field_name), _str(found.value)))

        def file(found: Any) -> None:
            found.file_object.seek(0)
            files.append((_str(found.field_name), Upload(found.file_object.read(), _str(found.file_name))))

        headers = {"Content-Type": kind.encode("latin-1"), "Content-Length": str(len(body)).encode()}
        parse_form(headers, BytesIO(body), field, file)


def _str(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")


class Response:
    """What a ``run()`` answers when it chooses status and headers itself.

    ``message`` is bytes or text as they are; with ``json_str``, or anything else, it becomes JSON.
    """

    def __init__(
        self,
        message: Any = b"",
        status_code: int = 200,
        response_headers: Mapping[str, str] | None = None,
        json_str: bool = False,
        run_function_failed: bool = False,
        **_: Any,
    ) -> None:
        as_json = json_str or not isinstance(message, bytes | bytearray | str)
        text = json.dumps(message) if as_json else message
        self._body = text.encode() if isinstance(text, str) else bytes(text)
        self.status_code, self.run_function_failed = int(status_code), run_function_failed
        self.headers = Headers({"Content-Type": "application/json" if as_json else "text/html; charset=utf-8"})
        self.headers.update(response_headers or {})

    def get_data(self, as_text: bool = False) -> Any:
        """Return the body, as bytes or text."""
        return self._body.decode() if as_text else self._body


_MODULES: Final[Mapping[str, Mapping[str, Any]]] = {
    "azureml.contrib.services.aml_request": {"AMLRequest": Request, "rawhttp": rawhttp},
    "azureml.contrib.services.aml_response": {"AMLResponse": Response},
    "azureml_inference_server_http.api.aml_request": {"AMLRequest": Request, "rawhttp": rawhttp},
    "azureml_inference_server_http.api.aml_response": {"AMLResponse": Response},
}


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds these modules and the packages above them, when nobody else has."""

    def __init__(self) -> None:
        above = (name.split(".") for name in _MODULES)
        self._packages = {".".join(parts[:count]) for parts in above for count in range(1, len(parts))}

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:  # noqa: ARG002
        """Return a spec for what is ours."""
        if name not in _MODULES and name not in self._packages:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name in self._packages)

    def exec_module(self, module: ModuleType) -> None:
        """Fill a module."""
        vars(module).update(_MODULES.get(module.__name__, {}))


_FINDER: Final = _Finder()


def make_importable() -> None:
    """Let Azure's names lead here where Azure's packages are absent. It asks last, so it hides nothing."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.append(_FINDER)
