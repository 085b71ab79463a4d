"""The description of a scoring server for machines: OpenAPI 2, 3.0 and 3.1, made from what ``run()`` takes.

A description that lies beside the entry script wins: ``swagger2.json``, ``swagger3.json``, ``swagger3.1.json``, or
``swagger.json`` for the version that it says it is.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from holter.serving.contract import Contract
from holter.serving.reply import Reply, message

VERSIONS: Final[Mapping[str, str]] = {"2": "2.0", "3": "3.0.3", "3.1": "3.1.0"}
"""The versions that can be asked for, and what the documents call themselves."""
_DEFAULT: Final = "2"
_FREE: Final[Mapping[str, Any]] = {"type": "object", "example": {"data": [[1.0, 2.0]]}}
"""What is known of a body that only the script understands."""


def version_asked(query: bytes) -> str:
    """Return the version that a query asks for: ``?version=3``; 2 unless it says.

    Examples
    --------
    >>> version_asked(b"version=3.1"), version_asked(b"")
    ('3.1', '2')
    """
    return parse_qs(query.decode("latin-1")).get("version", [_DEFAULT])[-1]


def description(version: str, contract: Contract, folder: Path, name: str, number: int) -> Reply:
    """Return the description of a deployment; 404 where there is none of that version.

    Parameters
    ----------
    version
        ``2``, ``3`` or ``3.1``.
    contract
        How ``run()`` is asked.
    folder
        Where the user's own descriptions lie.
    name, number
        Deployment and version of its model.
    """
    own = _own(version, folder)
    if own is not None:
        return Reply(200, own)
    supported = contract.schema is None or f"{version}.0"[:3] in contract.schema["versions"]
    if version not in VERSIONS or not supported:
        return message(404, f"There is no description of version {version}. Ask for one of {', '.join(VERSIONS)}.")
    takes, gives, parts = _schemas(version, contract)
    info = {"title": name, "description": f"API of {name}", "version": str(number)}
    made = (
        _second(info, takes, gives, parts) if version == "2" else _third(VERSIONS[version], info, takes, gives, parts)
    )
    return Reply(200, json.dumps(made).encode())


def _own(version: str, folder: Path) -> bytes | None:
    if version not in VERSIONS:
        return None
    exact, free = folder / f"swagger{version}.json", folder / "swagger.json"
    if exact.is_file():
        return exact.read_bytes()
    if not free.is_file():
        return None
    data = free.read_bytes()
    return data if _called(data).startswith(VERSIONS[version][:3]) else None


def _called(data: bytes) -> str:
    try:
        said = json.loads(data)
        return str(said.get("openapi") or said.get("swagger") or _DEFAULT + ".0")
    except (ValueError, AttributeError):
        return _DEFAULT + ".0"


def _schemas(version: str, contract: Contract) -> tuple[Any, Any, dict[str, Any]]:
    """Return the schema of body and reply, and what both refer to."""
    if contract.schema is not None:
        return contract.schema["input"], contract.schema["output"], {}
    if contract.kind is None or not contract.is_json:
        return _FREE, {}, {}
    home = "#/definitions/{name}" if version == "2" else "#/components/schemas/{name}"
    (takes,), parts = msgspec.json.schema_components([contract.kind], ref_template=home)
    return takes, {}, parts


def _second(info: Mapping[str, Any], takes: Any, gives: Any, parts: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        "name": "serviceInputPayload",
        "in": "body",
        "required": True,
        "schema": {"$ref": "#/definitions/ServiceInput"},
    }
    reply = {"description": "The result", "schema": {"$ref": "#/definitions/ServiceOutput"}}
    fault = {"description": "No result", "schema": {"$ref": "#/definitions/ErrorResponse"}}
    score = {**_SCORE, "consumes": ["application/json"], "produces": ["application/json"], "parameters": [body]}
    return {
        "swagger": VERSIONS["2"],
        "info": info,
        "schemes": ["http", "https"],
        "securityDefinitions": {"Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}},
        "paths": {
            "/": {"get": {**_HEALTH, "produces": ["text/html"], "responses": {"200": {"description": "Healthy"}}}},
            "/score": {"post": {**score, "responses": {"200": reply, "default": fault}}},
        },
        "definitions": {"ServiceInput": takes, "ServiceOutput": gives, "ErrorResponse": _ERROR, **parts},
    }


def _third(called: str, info: Mapping[str, Any], takes: Any, gives: Any, parts: Mapping[str, Any]) -> dict[str, Any]:
    def content(name: str) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}

    reply = {"description": "The result", "content": content("ServiceOutput")}
    fault = {"description": "No result", "content": content("ErrorResponse")}
    score = {**_SCORE, "requestBody": {"required": True, "content": content("ServiceInput")}}
    return {
        "openapi": called,
        "info": info,
        "paths": {
            "/": {"get": {**_HEALTH, "responses": {"200": {"description": "Healthy"}}}},
            "/score": {"post": {**score, "responses": {"200": reply, "default": fault}}},
        },
        "components": {
            "securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"ServiceInput": takes, "ServiceOutput": gives, "ErrorResponse": _ERROR, **parts},
        },
    }


_HEALTH: Final = {"operationId": "ServiceHealthCheck", "description": "Whether the service is up"}
_SCORE: Final = {"operationId": "RunMLService", "description": "Ask the model", "security": [{"Bearer": []}]}
_ERROR: Final = {"type": "object", "properties": {"message": {"type": "string"}}}
