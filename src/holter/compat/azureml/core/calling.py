"""Asking a service over HTTP, as any client would."""

import http.client
import json
from typing import Any, Final
from urllib.parse import urlsplit

from holter.compat.azureml.exceptions import WebserviceException

_TIMEOUT_SECONDS: Final = 310.0


def call(uri: str, body: str | bytes, key: str | None) -> Any:
    """Post a body and return the reply, decoded from JSON once.

    Raises
    ------
    WebserviceException
        If the service cannot be reached, or answers with an error.
    """
    where = urlsplit(uri)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "", where.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("POST", where.path, body.encode() if isinstance(body, str) else body, headers)
        reply = connection.getresponse()
        text = reply.read().decode("utf-8", "replace")
    except OSError as error:
        raise WebserviceException(f"{uri} cannot be reached: {error}") from error
    finally:
        connection.close()
    if reply.status >= http.client.BAD_REQUEST:
        raise WebserviceException(f"{uri} answered {reply.status}: {text}")
    try:
        return json.loads(text)
    except ValueError:
        return text
