"""How a service is to run, and how the arguments of ``deploy_configuration`` say it."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from holter.compat.azureml.exceptions import WebserviceException

_RENAMED: Final = {"num_replicas": "workers", "scoring_timeout_ms": "timeout_ms"}
_IMPLIED: Final = frozenset({"ssl_enabled", "port", "token_auth_enabled", "autoscale_enabled"})
"""Said by other arguments, or true without being said."""


@dataclass(frozen=True)
class DeploymentConfiguration:
    """How a service is to run. What only a cloud can do is in ``recorded`` and has no effect."""

    cpu_cores: float = 0.1
    memory_gb: float = 0.5
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    auth_enabled: bool = False
    enable_app_insights: bool = False
    collect_model_data: bool = False
    ssl_cert_pem_file: str | None = None
    ssl_key_pem_file: str | None = None
    primary_key: str | None = None
    secondary_key: str | None = None
    cors: str = ""
    workers: int = 1
    timeout_ms: int = 60_000
    recorded: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("cpu_cores", "memory_gb"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not value > 0:
                raise WebserviceException(f"{name} is {value!r}; it must be a number of more than 0.")


def configuration(kind: str, given: Mapping[str, Any]) -> DeploymentConfiguration:
    """Return the configuration; what only a cloud can do is kept in ``recorded``, with one warning.

    Raises
    ------
    WebserviceException
        If cores or memory are not more than 0.
    """
    known = {field.name for field in fields(DeploymentConfiguration)} - {"recorded"}
    renamed = {_RENAMED.get(name, name): value for name, value in given.items()}
    recorded = {name: value for name, value in renamed.items() if name not in known and name not in _IMPLIED}
    if recorded:
        names = ", ".join(sorted(recorded))
        warnings.warn(f"{kind}: {names} concern a cloud; they are kept and have no effect here.", stacklevel=4)
    return DeploymentConfiguration(
        **{name: value for name, value in renamed.items() if name in known}, recorded=recorded
    )
