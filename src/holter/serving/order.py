"""What a supervisor tells a worker to be, and the messages the two exchange while it runs.

The order travels in one environment variable, which the worker removes before the user's code sees it. The messages are
JSON, one a line, over a socket pair that both inherit; the end of that stream tells either side that the other is gone.
"""

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from holter.capture.places import TELEMETRY
from holter.capture.terms import Terms

VARIABLE: Final = "HOLTER_WORKER"
THREAD_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""What the numeric libraries read, once, when they are first loaded."""
MODELS: Final = "azureml-models"
"""Name Azure gives the folder of models; score scripts join it by hand."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One worker: which code, which model, how it answers.

    ``listener`` and ``control`` are inherited file descriptors: the listening socket and this worker's end of the pair.
    ``journal`` is None where nothing is recorded, ``keys`` None where anyone may score; ``timeout_ms`` and
    ``max_request_bytes`` 0: no limit. ``cpus`` are those it may run on; none: all. ``smoke`` is a file with a request
    that it must be able to answer before it is ready, ``offsets`` the file in which a shadow notes how far it has come.
    ``also`` are further models (name, version, path), ``preload`` modules to import before the user's code, ``python``
    the interpreter (empty: this one), ``telemetry`` the folder of what the code measures of itself.
    """

    deployment: str
    model: str
    version: int
    code: str
    entry_script: str
    model_path: str
    app_root: str
    listener: int = -1
    control: int = -1
    role: str = "champion"
    journal: str | None = None
    timeout_ms: int = 60_000
    max_request_bytes: int = 64 << 20
    event_time_header: bool = False
    keys: str | None = None
    cors_origins: str = ""
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    threads: int = 1
    environment: dict[str, str] = {}
    cpus: tuple[int, ...] = ()
    smoke: str = ""
    offsets: str = ""
    also: tuple[tuple[str, int, str], ...] = ()
    preload: tuple[str, ...] = ()
    python: str = ""
    telemetry: str = ""
    terms: Terms = Terms()

    @property
    def script(self) -> Path:
        """The entry script."""
        return Path(self.code) / self.entry_script


class Tell(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the conversation.

    A worker says ``ready`` (init is done), ``listening``, ``beat`` (its event loop turns; with what it has answered,
    what of that with 500 or more, what it could not record, and how long it was busy so far; and how many requests
    wait), ``closed`` (it takes no new connection) or ``failed`` (with the reason). A supervisor says ``listen``,
    ``drain`` (with the seconds that idle connections may stay) or ``split`` (hand ``weight`` percent on to ``version``
    at ``address``, by the header ``key``, or by a field of the body: ``body:`` and its name).
    """

    word: Literal["ready", "listening", "beat", "closed", "failed", "listen", "drain", "split"]
    reason: str = ""
    patience: float = 0.0
    answered: int = 0
    failed: int = 0
    gaps: int = 0
    busy_us: int = 0
    waiting: int = 0
    weight: float = 0.0
    version: int = 0
    address: str = ""
    key: str = ""


_TELL: Final = msgspec.json.Decoder(Tell)
_ORDER: Final = msgspec.json.Decoder(Order)


def line(tell: Tell) -> bytes:
    r"""Return the bytes of a line.

    Examples
    --------
    >>> line(Tell("drain", patience=2.0))
    b'{"word":"drain","patience":2.0}\n'
    """
    return msgspec.json.encode(tell) + b"\n"


def heard(data: bytes) -> tuple[list[Tell], bytes]:
    """Return the whole lines in what was read so far, and the rest that is still to be completed."""
    *lines, rest = data.split(b"\n")
    return [_TELL.decode(text) for text in lines if text], rest


def take(environ: MutableMapping[str, str]) -> Order:
    """Read the order and remove it from the environment.

    Raises
    ------
    KeyError
        If there is none: a worker is started by a supervisor only.
    """
    return _ORDER.decode(environ.pop(VARIABLE))


def model_folder(order: Order) -> Path:
    """Return the folder that holds the model's one entry, in the layout Azure's score scripts expect."""
    return Path(order.app_root) / MODELS / order.model / str(order.version)


def user_environment(order: Order) -> dict[str, str]:
    """Return the variables that the user's code may rely on; those of the deployment itself win.

    ``AML_APP_ROOT``, ``AZUREML_MODEL_DIR``, ``AZUREML_ENTRY_SCRIPT``, ``AZUREML_SOURCE_DIRECTORY`` and ``SERVICE_NAME``
    are Azure's; ``AZUREML_MODEL_DIR`` is the folder of the model, or of all models where there are several.
    ``HOLTER_MODEL_PATH`` is the registered file or folder itself, ``HOLTER_MODEL_VERSION`` its number, and
    ``HOLTER_TELEMETRY`` the folder that takes custom metrics and events.
    """
    own = {
        "AML_APP_ROOT": order.app_root,
        "AZUREML_MODEL_DIR": str(Path(order.app_root) / MODELS if order.also else model_folder(order)),
        "AZUREML_ENTRY_SCRIPT": order.entry_script,
        "AZUREML_SOURCE_DIRECTORY": order.code,
        "SERVICE_NAME": order.deployment,
        "HOLTER_MODEL_PATH": order.model_path,
        "HOLTER_MODEL_VERSION": str(order.version),
        TELEMETRY: order.telemetry,
    }
    return own | dict.fromkeys(THREAD_VARIABLES, str(order.threads)) | order.environment


def worker_environment(order: Order, inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of the worker's process: what is inherited, what the user's code gets, the order."""
    base = dict(os.environ if inherited is None else inherited)
    return base | {"PYTHONUNBUFFERED": "1"} | user_environment(order) | {VARIABLE: msgspec.json.encode(order).decode()}


def lay_out_model(order: Order) -> None:
    """Make its models reachable under ``AML_APP_ROOT`` as Azure lays them out. Nothing is copied."""
    for model, version, path in ((order.model, order.version, order.model_path), *order.also):
        folder, entry = Path(order.app_root) / MODELS / model / str(version), Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / entry.name
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(entry.absolute())
