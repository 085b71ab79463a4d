"""What serves the same ``score.py`` in each of the servers that are compared, one worker each.

Each is started as its own documents say, by the Python of its own environment (see ``peers.py``). A server is a name, a
command, its environment, where to post, and what to post there.
"""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from peers import prepared

TRIVIAL = """
    def init():
        pass

    def run(data):
        return {"result": [0]}
"""
BOOSTING = """
    import json
    import os
    import joblib
    import numpy as np

    def init():
        global model
        model = joblib.load(os.environ["BENCH_MODEL"])

    def run(data: np.ndarray):
        if isinstance(data, str):
            data = np.array(json.loads(data)["data"])
        return {"result": model.predict(data).tolist()}
"""
FEATURES = 30
BARE = """
    import sys
    import json
    sys.path.insert(0, sys.argv[1])
    import score, uvicorn

    async def application(scope, receive, send):
        body, more = b"", True
        while more:
            event = await receive()
            body += event["body"]
            more = event["more_body"]
        answer = json.dumps(score.run(body.decode())).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    score.init()
    uvicorn.run(application, port=int(sys.argv[2]), loop="uvloop", http="httptools", lifespan="off", ws="none",
                access_log=False, log_level="error")
"""
HOLTER = """
    import logging, sys
    from pathlib import Path
    from holter.registry import DeploymentSettings, Shelves
    from holter.serving.supervisor import Supervisor

    code, name, capture = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "on"
    shelves = Shelves.open(code / ("workspace-" + name), create=True)
    version = shelves.registry.register("m", code / "model.joblib")
    settings = DeploymentSettings(capture=capture)
    made = shelves.registry.deploy(name, version, source=None, entry_script=str(code / "score.py"), settings=settings)
    print(made.port, flush=True)
    Supervisor(shelves).run()
"""
LITSERVE = """
    import sys
    sys.path.insert(0, sys.argv[1])
    import litserve, score
    import json

    class Api(litserve.LitAPI):
        def setup(self, device):
            score.init()

        def decode_request(self, request):
            return json.dumps(request)

        def predict(self, text):
            return score.run(text)

        def encode_response(self, output):
            return output

    if __name__ == "__main__":
        litserve.LitServer(Api(), accelerator="cpu").run(port=int(sys.argv[2]), generate_client_file=False,
                                                         num_api_servers=1, log_level="error")
"""
MLSERVER = """
    import json
    import score
    from mlserver import MLModel
    from mlserver.codecs import NumpyCodec
    from mlserver.types import InferenceResponse

    class Scored(MLModel):
        async def load(self):
            score.init()
            return True

        async def predict(self, payload):
            rows = NumpyCodec.decode_input(payload.inputs[0])
            answer = score.run(rows)["result"]
            import numpy
            output = NumpyCodec.encode_output("predict", numpy.array(answer))
            return InferenceResponse(model_name=self.name, outputs=[output])
"""
MLFLOW = """
    import sys
    sys.path.insert(0, sys.argv[1])
    import mlflow

    class Scored(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            import score
            score.init()

        def predict(self, context, model_input, params=None):
            import score
            import numpy
            return score.run(numpy.asarray(model_input))

    mlflow.pyfunc.save_model(sys.argv[2], python_model=Scored(), code_paths=[sys.argv[1] + "/score.py"])
"""
BENTOML = """
    import os, sys
    sys.path.insert(0, os.environ["BENCH_CODE"])
    import bentoml
    import numpy as np
    import score

    @bentoml.service(workers=1, traffic={"timeout": 60})
    class Scored:
        def __init__(self):
            score.init()

        @bentoml.api
        def predict(self, data: np.ndarray) -> dict:
            return score.run(data)
"""


@dataclass(frozen=True)
class Work:
    """A model and a request: its folder holds ``score.py`` and ``model.joblib``."""

    name: str
    folder: Path
    rows: list[list[float]]


@dataclass(frozen=True)
class Server:
    """How a server is started, and where and what to post; a command that prints its port first has 0."""

    name: str
    command: Sequence[str]
    port: int
    path: str = "/score"
    body: Mapping[str, object] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


def script(work: Work, name: str, text: str) -> Path:
    """Write a program beside the model."""
    path = work.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


def holter(work: Work, _port: int, capture: str = "on") -> Server:
    program = script(work, "serve_holter.py", HOLTER)
    name = f"capture-{capture}"
    return Server(f"holter, capture {capture}", [sys.executable, str(program), str(work.folder), name, capture], 0)


def holter_off(work: Work, port: int) -> Server:
    return holter(work, port, "off")


def bare(work: Work, port: int) -> Server:
    program = script(work, "bare.py", BARE)
    return Server("raw ASGI on uvicorn, no capture", [sys.executable, str(program), str(work.folder), str(port)], port)


def azureml(work: Work, port: int) -> Server | None:
    python = prepared("azureml")
    entry = str(work.folder / "score.py")
    command = [str(python and python.parent / "azmlinfsrv"), "--entry_script", entry, "--port", str(port)]
    environment = {"WORKER_COUNT": "1", "AML_APP_ROOT": str(work.folder)}
    name = "azureml-inference-server-http 1.5.1"
    return python and Server(name, command, port, environment=environment, cwd=work.folder)


def litserve(work: Work, port: int) -> Server | None:
    python, program = prepared("litserve"), script(work, "serve_litserve.py", LITSERVE)
    command = [str(python), str(program), str(work.folder), str(port)]
    return python and Server("LitServe 0.2.19", command, port, "/predict")


def mlserver(work: Work, port: int) -> Server | None:
    python = prepared("mlserver")
    script(work, "mlserver/scored.py", MLSERVER)
    settings = {"http_port": port, "grpc_port": port + 1, "metrics_port": port + 2, "parallel_workers": 0}
    script(work, "mlserver/settings.json", json.dumps({**settings, "debug": False}))
    script(work, "mlserver/model-settings.json", json.dumps({"name": "m", "implementation": "scored.Scored"}))
    flat = [value for row in work.rows for value in row]
    tensor = {"name": "x", "shape": [len(work.rows), FEATURES], "datatype": "FP64", "data": flat}
    home = work.folder / "mlserver"
    command = [str(python and python.parent / "mlserver"), "start", str(home)]
    environment = {"PYTHONPATH": f"{work.folder}:{home}"}
    body = {"inputs": [tensor]}
    return python and Server("MLServer 1.7.1", command, port, "/v2/models/m/infer", body, environment, home)


def mlflow(work: Work, port: int) -> Server | None:
    python, saved = prepared("mlflow"), work.folder / "mlflow"
    if python is None:
        return None
    program = script(work, "save_mlflow.py", MLFLOW)
    if not saved.exists():
        subprocess.run([python, program, work.folder, saved], check=True, env={**os.environ, **_of(work)})
    options = ["--env-manager", "local", "--workers", "1", "--port", str(port)]
    command = [str(python.parent / "mlflow"), "models", "serve", "--model-uri", str(saved), *options]
    environment = {"PATH": f"{python.parent}:{os.environ['PATH']}"}
    return Server("mlflow 3.17.2 models serve", command, port, "/invocations", {"inputs": work.rows}, environment)


def bentoml(work: Work, port: int) -> Server | None:
    python = prepared("bentoml")
    script(work, "bentoml/service.py", BENTOML)
    command = [str(python and python.parent / "bentoml"), "serve", "service:Scored", "--port", str(port)]
    environment = {"BENCH_CODE": str(work.folder), "BENTOML_DO_NOT_TRACK": "True"}
    home = work.folder / "bentoml"
    return python and Server("BentoML 1.4.40", command, port, "/predict", {"data": work.rows}, environment, home)


SERVERS: tuple[Callable[[Work, int], Server | None], ...] = (
    holter, holter_off, bare, azureml, litserve, mlserver, mlflow, bentoml,
)  # fmt: skip


def _of(work: Work) -> dict[str, str]:
    return {"BENCH_MODEL": str(work.folder / "model.joblib")}
