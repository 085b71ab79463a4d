"""``azureml.core``: workspace, models, services, datasets, environments. Each name is loaded when it is asked for."""

from importlib import import_module
from typing import Any, Final

_HOMES: Final = {
    "Dataset": "dataset",
    "Environment": "environment",
    "Model": "model",
    "Webservice": "webservice",
    "Workspace": "workspace",
}

__all__ = ["Dataset", "Environment", "Model", "Webservice", "Workspace"]


def __getattr__(name: str) -> Any:
    """Load a name: a scoring worker that asks for Model must not load a database for Workspace."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
