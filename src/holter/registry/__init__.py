"""What exists: models with their baselines, deployments, monitors; and the folder that holds them.

The doors are loaded when first asked for: a scoring worker needs the words of :mod:`holter.registry.entries` only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from holter.registry.entries import (
    Canary,
    Deployment,
    DeploymentSettings,
    DeploymentState,
    ModelVersion,
    MonitorEntry,
    Observed,
    TableTarget,
    Wanted,
)

if TYPE_CHECKING:
    from holter.registry.baseline import baseline_window, profile_kinds
    from holter.registry.register import Registry
    from holter.registry.settings import Settings
    from holter.registry.shelves import Shelves

__all__ = [
    "Canary",
    "Deployment",
    "DeploymentSettings",
    "DeploymentState",
    "ModelVersion",
    "MonitorEntry",
    "Observed",
    "Registry",
    "Settings",
    "Shelves",
    "TableTarget",
    "Wanted",
    "baseline_window",
    "profile_kinds",
]

_DOORS: Final = {
    "Registry": "register",
    "Settings": "settings",
    "Shelves": "shelves",
    "baseline_window": "baseline",
    "profile_kinds": "baseline",
}


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(f"holter.registry.{_DOORS[name]}"), name)
    raise AttributeError(name)
