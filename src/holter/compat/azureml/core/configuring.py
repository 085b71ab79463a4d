"""From the arguments of ``deploy_configuration`` to how a service is to run."""

import warnings
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from holter.compat.azureml.core.webservice import DeploymentConfiguration

_RENAMED: Final = {"num_replicas": "workers", "scoring_timeout_ms": "timeout_ms"}
_IMPLIED: Final = frozenset({"ssl_enabled", "port", "token_auth_enabled", "autoscale_enabled"})
"""Said by other arguments, or true without being said."""


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
