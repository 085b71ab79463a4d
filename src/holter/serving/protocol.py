"""The paths of the Open Inference Protocol, version 2: what a server says about itself and its model."""

from typing import Final

import msgspec

from holter.serving.reply import Reply, message

_READS, _ASKS = "GET, HEAD, OPTIONS", "POST, OPTIONS"
_INFER: Final = "infer"


class Protocol:
    """The paths of one version of a model.

    Examples
    --------
    >>> protocol = Protocol("churn", 3)
    >>> protocol.allows("/v2/models/churn/versions/3/infer"), protocol.allows("/v2/repository")
    ('POST, OPTIONS', '')
    >>> protocol.about("/v2/models/churn/ready").body
    b'{"name":"churn","ready":true}'
    """

    def __init__(self, model: str, version: int) -> None:
        self._model, self._version = model, str(version)

    def allows(self, path: str) -> str:
        """Return the methods of a path; empty where there is none."""
        if path in {"/v2", "/v2/health/live", "/v2/health/ready"}:
            return _READS
        place = _place(path)
        return "" if place is None else _ASKS if place[2] == _INFER else _READS

    def unknown(self, path: str) -> Reply | None:
        """Return the reply to a path of another model or version than this; None: it is this one."""
        place = _place(path)
        if place is None:
            return None
        model, version, _ = place
        if model != self._model:
            return _error(404, f"There is no model {model} here; there is {self._model}.")
        if version not in {None, self._version}:
            return _error(404, f"Version {version} of {model} does not answer here; version {self._version} does.")
        return None

    def about(self, path: str) -> Reply:
        """Return what a path says that asks for no inference."""
        if path == "/v2":
            from importlib.metadata import version  # loaded by the few who ask

            return _said({"name": "holter", "version": version("holter"), "extensions": []})
        if path == "/v2/health/live":
            return _said({"live": True})
        if path == "/v2/health/ready":
            return _said({"ready": True})
        place = _place(path)
        other = self.unknown(path)
        if other is not None:
            return other
        if place is not None and place[2] == "ready":
            return _said({"name": self._model, "ready": True})
        return _said(
            {"name": self._model, "versions": [self._version], "platform": "python", "inputs": [], "outputs": []}
        )


def _place(path: str) -> tuple[str, str | None, str] | None:
    """Return model, version and verb of a path below ``/v2/models``; None: it is no such path.

    Examples
    --------
    >>> _place("/v2/models/m/versions/3/infer"), _place("/v2/models/m"), _place("/v2/models/m/x")
    (('m', '3', 'infer'), ('m', None, ''), None)
    """
    if not path.startswith("/v2/models/"):
        return None
    model, *rest = path.removeprefix("/v2/models/").split("/")
    version = None
    if rest[:1] == ["versions"] and len(rest) > 1:
        version, rest = rest[1], rest[2:]
    if not model or rest not in ([], ["ready"], [_INFER]):
        return None
    return model, version, rest[0] if rest else ""


def _said(what: dict[str, object]) -> Reply:
    return Reply(200, msgspec.json.encode(what))


def _error(status: int, text: str) -> Reply:
    return message(status, text)._replace(body=msgspec.json.encode({"error": text}))
