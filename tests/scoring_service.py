"""A workspace whose process tree serves scripts, and a client that can say anything at all to them."""

import http.client
import importlib.util
import socket
import ssl
import textwrap
from dataclasses import dataclass
from pathlib import Path

import holter
from holter.workspace import Deployment, Workspace, tree

PATIENCE_SECONDS = 60.0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Service:
    """A workspace folder; scripts are put behind ports by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace: Workspace = holter.open(folder / "workspace")
        (folder / "model.txt").write_text("weights")
        self.model = self.workspace.models.register("m", folder / "model.txt")

    def deploy(self, name: str, script: str, *, beside: dict[str, str] | None = None, **settings: object) -> Deployment:
        code = self.folder / name
        code.mkdir()
        text = textwrap.dedent(script)
        (code / "score.py").write_text(text if "def init()" in text else f"{text}\n\ndef init():\n    pass\n")
        for file, text in (beside or {}).items():
            (code / file).parent.mkdir(parents=True, exist_ok=True)
            (code / file).write_text(text)
        return self.workspace.deploy(name, self.model, source=code, entry_script="score.py", **settings)

    def port(self, name: str) -> int:
        return self.workspace.deployment(name).entry.port

    def ask(self, name: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port(name), timeout=PATIENCE_SECONDS)
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request(method, path, body, sent)
        reply = connection.getresponse()
        answer = Answer(reply.status, {key.lower(): value for key, value in reply.getheaders()}, reply.read())
        connection.close()
        return answer

    def close(self) -> None:
        tree.stop(self.workspace.root)


def said(port: int, *pieces: bytes, half_close: bool = False, tls: ssl.SSLContext | None = None) -> bytes:
    """Send bytes as they are, and return all that comes until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as plain:
        wire = plain if tls is None else tls.wrap_socket(plain, server_hostname="localhost")
        for piece in pieces:
            wire.sendall(piece)
        if half_close:
            wire.shutdown(socket.SHUT_WR)
        found = b""
        while piece := wire.recv(65_536):
            found += piece
        return found


INFERENCE_SCHEMA = {
    "__init__.py": "",
    "schema_util.py": """
        KNOWN = {}

        def innermost(run):
            return getattr(run, "__wrapped__", run)

        def is_schema_decorated(run):
            return innermost(run).__name__ in KNOWN

        def get_input_schema(run):
            return KNOWN[innermost(run).__name__]["input"]

        def get_output_schema(run):
            return KNOWN[innermost(run).__name__]["output"]

        def get_supported_versions(run):
            return ["2.0", "3.0", "3.1"]
    """,
    "schema_decorators.py": """
        import functools
        from inference_schema.schema_util import KNOWN, innermost

        def known(run):
            fresh = {"input": {"type": "object", "properties": {}}, "output": {"type": "object"}}
            return KNOWN.setdefault(innermost(run).__name__, fresh)

        def input_schema(name, kind):
            def decorate(run):
                known(run)["input"]["properties"][name] = {"type": "array"}

                @functools.wraps(run)
                def converted(**given):
                    return run(**{**given, name: kind.convert(given[name])})

                converted.__wrapped__ = innermost(run)
                return converted

            return decorate

        def output_schema(kind):
            def decorate(run):
                known(run)["output"] = {"type": "array"}
                return run

            return decorate
    """,
    "parameter_types/__init__.py": "",
    "parameter_types/numpy_parameter_type.py": """
        import numpy

        class NumpyParameterType:
            def __init__(self, sample):
                self.sample = sample

            def convert(self, value):
                return numpy.array(value, self.sample.dtype)
    """,
    "parameter_types/standard_py_parameter_type.py": """
        class StandardPythonParameterType:
            def __init__(self, sample):
                self.sample = sample

            def convert(self, value):
                return type(self.sample)(value)
    """,
}
"""What this server uses of inference-schema, for where the real one is not installed: it cannot be installed beside
deltalake by a resolver, since both ask for a wrapt that the other refuses. The real one goes first."""


def inference_schema() -> dict[str, str]:
    """Return files to lay beside a script that imports inference-schema; none where the real one is installed."""
    return (
        {}
        if importlib.util.find_spec("inference_schema")
        else {f"inference_schema/{name}": textwrap.dedent(text) for name, text in INFERENCE_SCHEMA.items()}
    )
